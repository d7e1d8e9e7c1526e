"""One rank's work: its node table, its open list and its outgoing records.

A rank does not know who carries its mail. It is told what arrived (:meth:`LocalSearch.absorb`),
expands (:meth:`LocalSearch.expand`), and its full messages are taken from it. The same object
serves A* on one rank, HDA* over MPI, and HDA* in the simulator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.domains import State
from pdsearch.errors import BadInputError
from pdsearch.kernels import frame as slots
from pdsearch.kernels.layout import f_of, g_and_origin, new_record, ways_of
from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.store import LINE, NodeTable, new_table
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import new_open_list
from pdsearch.search.best_first.kept_rank import KeptRank
from pdsearch.search.best_first.lessons import Others
from pdsearch.search.best_first.pipeline import compile_kernels as compile_kernels
from pdsearch.search.best_first.pipeline import fault_of
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.best_first.step import GOAL_COST, OPEN_FULL, OUTBOX_FULL, TABLE_FULL

_NONE = np.zeros(0, np.int64)
Costs = npt.NDArray[np.int32] | npt.NDArray[np.int64]
_AT_ONCE = 1 << 16  # nodes taken from the open list at once when it is given up


class LocalSearch(KeptRank):
    """The state of one rank between two calls.

    Parameters
    ----------
    task : Task
        Must be the same on every rank.
    rank : int
        Which of ``task.n_ranks`` this is.
    memory_bytes : int
        Node table, open list, buffers and the tables of domain, heuristic and distribution may take this much.
    message : int
        Records that make a message worth sending, until :attr:`message_size` is changed.
    batch : int, optional
        Nodes expanded together; what suits the heuristic when left out.
    open_list : {"auto", "bucket", "heap"}
        The open list; buckets when costs are small enough for them.

    Raises
    ------
    MemoryLimitError
        From any method that needs to grow; the rank stays usable for reading.
    """

    takes_ring_turns: ClassVar[bool] = True  # no subclass that has an ``expand`` of its own may

    def begin_again(self) -> None:
        """Forget all nodes and unsent records; what was counted and the incumbent stay, but not the way to its goal."""
        self.take(self.addressees())
        self._first_arrays()
        self.statistics[GOAL_COST] = INFINITY
        self._measure()

    # --- what a rank does ---

    def roots(self) -> list[tuple[State, npt.NDArray[np.uint32]]]:
        """Return the states where the search begins, each with its record, which its owner is to enter."""
        return [(self.task.domain.initial, initial_record(self.task))]

    def absorb(self, records: npt.NDArray[np.uint32]) -> None:
        """Enter records from another rank (or the initial state): uint32[n_records * record_words]."""
        n_records = len(records) // self.task.record_words
        start = 0
        while start < n_records:
            start = self._absorb(records, start, n_records)
            if start < n_records:
                stride = self.task.record_words
                self._grow(self._place_of(records[start * stride : (start + 1) * stride]) + self._lazy_rise)

    def _place_of(self, record: npt.NDArray[np.uint32]) -> int:
        """Return by what the open list orders a record: its f."""
        return int(f_of(self._layout, record)[0])

    def _absorb(self, records: npt.NDArray[np.uint32], start: int, end: int, enters: bool = True) -> int:
        """Enter some of the records, or only look for the state of the first; return how many are dealt with."""
        words = self._frame.words
        self._frame.place(slots.RECORDS, records)
        words[slots.AT], words[slots.N_RECORDS], words[slots.ENTERS] = start, end, enters
        words[slots.INCUMBENT] = self.unwanted_f if enters else INFINITY
        dealt_with = int(kernels.absorb(words, self._passes))
        self._check_domain()
        return dealt_with

    def _check_domain(self) -> None:
        """BadInputError where domain or heuristic broke a bound that they declare."""
        fault = int(self._frame.words[slots.FAULT])
        if fault:
            raise BadInputError(fault_of(self.task, fault))

    def expand(self, budget: int, f_limit: int = INFINITY, most: int = INFINITY) -> int:
        """Expand about ``budget`` nodes of f at most ``f_limit``, and never more than ``most``; return why it ended.

        BUDGET, EMPTY (nothing of such f is open), MESSAGE_FULL (one is worth sending and must be
        taken first) or FOUND (``statistics`` hold a cheaper goal).
        """
        if self.least_open_f > min(f_limit, self.incumbent - 1):
            return kernels.EMPTY
        if self.ready():  # or the records for a rank that is far behind would take all memory
            return kernels.MESSAGE_FULL
        before = int(self.statistics[kernels.EXPANDED])
        self._frame.words[slots.NODES_LEFT] = most
        while True:
            expanded = int(self.statistics[kernels.EXPANDED])
            why = self.step(self.until_lesson(budget - expanded + before), f_limit)
            if self.give_lesson() and why == kernels.BUDGET:
                continue
            if why == kernels.FOUND:
                self.incumbent = min(self.incumbent, int(self.statistics[GOAL_COST]))
            if not self.make_room(why):
                return why

    def make_room(self, why: int) -> bool:
        """Let grow what a step has ended for; say whether it has ended for want of room."""
        if why == OUTBOX_FULL:
            self._grow_outbox()
        elif why in (TABLE_FULL, OPEN_FULL):
            self._grow(self.least_open_f + self.task.heuristic.max_rise)
        else:
            return False
        return True

    def step(self, budget: int, f_limit: int) -> int:
        """Run the kernel once and return why it ended."""
        words = self._frame.words
        words[slots.BUDGET_LEFT], words[slots.F_LIMIT] = budget, min(f_limit, INFINITY)
        words[slots.INCUMBENT] = self.unwanted_f
        why = int(kernels.step(words, self._passes))
        self._check_domain()
        return why

    @property
    def unwanted_f(self) -> int:
        """Return the f from which on nodes are dropped: no plan through them is wanted."""
        return self.incumbent

    @property
    def unsent_b(self) -> npt.NDArray[np.int64]:
        """Return of a search with two sides the least b of each that waits for each rank: int64[2 * n_ranks]."""
        return _NONE

    def note_taken(self, messages: list[list[int]]) -> None:
        """Take note of messages that compiled code has sent, by receiver and least b of each side."""

    def take_turns(
        self, inbox: npt.NDArray[np.uint32], take: Callable[..., None], turns: npt.NDArray[np.int64]
    ) -> None:
        """Let compiled code receive into ``inbox``, expand and send: see :mod:`.ring_turns`."""
        words = self._frame.words
        self._frame.place(slots.RECORDS, inbox)
        words[slots.NODES_LEFT], words[slots.INCUMBENT] = INFINITY, self.unwanted_f
        take(words, self._passes, turns)
        self._check_domain()
        self.incumbent = min(self.incumbent, int(words[slots.INCUMBENT]))

    def until_lesson(self, budget: int) -> int:
        """Return how many nodes may be expanded before a heuristic that learns is to be shown a state."""
        return self._lessons.portion(budget, int(self.statistics[kernels.EXPANDED]))

    def give_lesson(self) -> bool:
        """Show the heuristic a state if it is time; say whether it was time to look."""
        return self._lessons.give(self)

    def tell_lessons_to(self, others: Others) -> None:
        """Say from now on to others what the heuristic has learnt, and hear it of them."""
        self._lessons.others = others

    def end_lessons(self) -> None:
        """Show the heuristic nothing from now on."""
        self._lessons.end()

    @property
    def message_size(self) -> npt.NDArray[np.int64]:
        """Return the records for each rank that make a message worth sending; write to it to change them."""
        return self._outbox.message_size

    def ready(self) -> list[int]:
        """Return the ranks for which a message is worth sending."""
        ready: list[int] = (
            np.flatnonzero(self._outbox.waiting >= self._outbox.message_size).tolist() if self.unsent else []
        )
        return ready

    def addressees(self, f: int = INFINITY) -> list[int]:
        """Return the ranks for which a record of at most this f waits."""
        if not self.unsent:
            return []
        waiting: list[int] = np.flatnonzero((self._outbox.waiting > 0) & (self._outbox.least_f <= f)).tolist()
        return waiting

    def least_f_of(self, records: npt.NDArray[np.uint32]) -> int:
        """Return the least f of records."""
        return int(f_of(self._layout, records).min(initial=INFINITY))

    def take(self, destinations: list[int]) -> tuple[npt.NDArray[np.uint32], list[int]]:
        """Return the records waiting for some ranks, one rank after the other, and the end of each; forget them.

        Valid until the next call.
        """
        if not destinations:
            return self._collected[:0], []
        ranks = np.array(destinations, np.int64)
        ends: list[int] = (np.cumsum(self._outbox.waiting[ranks]) * self.task.record_words).tolist()
        if len(self._collected) < ends[-1]:
            self._collected = np.empty(2 * ends[-1], np.uint32)
            self._measure()
        kernels.collect(self.task.record_words, self._outbox, ranks, self._collected)
        return self._collected[: ends[-1]], ends

    # --- what others ask ---

    @property
    def least_f(self) -> int:
        """Return the least f of all that the rank holds, unsent records included."""
        return min(self.least_open_f, int(self._outbox.least_f.min())) if self.unsent else self.least_open_f

    @property
    def table(self) -> NodeTable:
        """Return the nodes and their index, until the next call that may let them grow."""
        return self._table

    def go_through_goals(self) -> None:
        """Expand goals as other nodes from now on: ``statistics[GOAL_COST]`` is the least g of one, no incumbent."""
        self._frame.words[slots.THROUGH_GOALS] = 1

    def origin_of(self, state: tuple[int, ...]) -> tuple[int, int] | None:
        """Return g of a stored state and the way there; None if it is not stored."""
        node = self._find(state)
        return None if node < 0 else self._way_to_node(node)

    def _find(self, state: tuple[int, ...]) -> int:
        """Return the number of the node that holds a state, -1 if none does."""
        self._absorb(new_record(self._layout, state, 0, 0, 0), 0, 1, enters=False)
        self._frame.words[slots.ENTERS] = 1
        return int(self._batch.stored[0])

    def _way_to_node(self, node: int) -> tuple[int, int]:
        stride = self.task.node_words
        return g_and_origin(self._layout, self._table.nodes[node * stride : (node + 1) * stride])

    def node_at(self, node: int) -> tuple[tuple[int, ...], int]:
        """Return the state of a node by its number, and the way there."""
        return self.state_of(node), self._way_to_node(node)[1]

    def state_of(self, node: int) -> tuple[int, ...]:
        """Return the state of a node by its number."""
        start = node * self.task.node_words
        words = self._table.nodes[start : start + 2 * self._n_words].copy()
        return tuple(int(word) for word in words.view(np.uint64))

    def goal_node(self) -> int:
        """Return the number of the goal node last found."""
        return int(self.statistics[kernels.GOAL_NODE])

    def goal_state(self) -> tuple[int, ...]:
        """Return the goal state last found."""
        return self.state_of(self.goal_node())

    def give_up_open(self) -> tuple[npt.NDArray[np.uint32], Costs, Costs]:
        """Return numbers, f and h of the open nodes, those of low h first, and free the open list.

        The nodes stay, so that plans can be traced; nothing may be expanded any more. Costs that may be large are
        int64, others int32.
        """
        kind = np.int32 if self._open_list.f_end < 2**31 - 1 else np.int64
        numbers, f, h = np.empty(self.n_open, np.uint32), *np.empty((2, self.n_open), kind)
        end = 0
        for some, their_f, their_h in self._drained():
            part = slice(end, end := end + len(some))
            numbers[part], f[part], h[part] = some, their_f, their_h
        self._open_list, _ = new_open_list(self.task, "auto", 1)
        self._table = self._table._replace(nodes=self._reserved[: self.n_nodes * self.task.node_words])
        self._measure()
        order = np.argsort(h[:end].astype(np.uint16) if self.task.heuristic.max_h < 2**16 else h[:end], kind="stable")
        return numbers[order], f[order], h[order]

    def _drained(self) -> Iterator[tuple[npt.NDArray[np.int64], int, npt.NDArray[np.int64]]]:
        """Yield numbers, their f, and h of the nodes that are open, and take them from the list."""
        nodes, hs = np.empty((2, _AT_ONCE), np.int64)
        while self.n_open:
            n, f = kernels.take(self._open_list, nodes, hs)
            is_open = self._are_open(nodes[:n], f, hs[:n])
            yield nodes[:n][is_open], f, hs[:n][is_open]

    def free(self) -> None:
        """Give up all nodes."""
        self._table = new_table(self.task.node_words, 0, LINE)
        self._reserved, self._index_room = self._table.nodes, self._table.index
        self._open_list, _ = new_open_list(self.task, "auto", 1)
        self._measure()

    def states_at(self, numbers: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
        """Return the states of nodes by their numbers: uint64[n, n_words]."""
        return states_of(self._rows[numbers], self._n_words)

    def nodes_at(
        self, numbers: npt.NDArray[np.uint32]
    ) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return states (uint64[n, n_words]), g and operators of nodes by their numbers."""
        rows = self._rows[numbers]
        return states_of(rows, self._n_words), *ways_of(self._layout, rows)

    def stored_states(self) -> list[tuple[int, ...]]:
        """Return every stored state; for tests."""
        return [self.state_of(node) for node in range(self.n_nodes)]


def states_of(rows: npt.NDArray[np.uint32], n_words: int) -> npt.NDArray[np.uint64]:
    """Return the states of nodes or records, a row each."""
    return np.ascontiguousarray(rows[:, : 2 * n_words]).view(np.uint64)
