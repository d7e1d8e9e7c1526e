"""One rank's work: its node table, its open list and its outgoing records.

A rank does not know who carries its mail. It is told what arrived (:meth:`LocalSearch.absorb`),
expands (:meth:`LocalSearch.expand`), and its full messages are taken from it. The same object
serves A* on one rank, HDA* over MPI, and HDA* in the simulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains import State
from pdsearch.errors import BadInputError
from pdsearch.kernels import frame as slots
from pdsearch.kernels.bucket import BucketOpen
from pdsearch.kernels.frame import Frame
from pdsearch.kernels.growth import lines_to_copy
from pdsearch.kernels.heap import HeapOpen
from pdsearch.kernels.layout import Layout, f_of, g_and_origin, g_of, limits_of, new_record, ways_of
from pdsearch.kernels.naming import name_nodes
from pdsearch.kernels.passes import SLACK, new_batch
from pdsearch.kernels.protocol import INFINITY, new_moves
from pdsearch.kernels.store import LINE, MAX_FILL, NodeTable, capacity, new_index, new_table
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import LAYERS, MemoryLimitError, allocated, new_open_list, outbox, room
from pdsearch.search.best_first.lessons import Lessons
from pdsearch.search.best_first.pipeline import addresses, fault_of
from pdsearch.search.best_first.pipeline import compile_kernels as compile_kernels
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.best_first.step import GOAL_COST, OPEN_FULL, OUTBOX_FULL, TABLE_FULL
from pdsearch.search.task import Task

Costs = npt.NDArray[np.int32] | npt.NDArray[np.int64]
_AT_ONCE = 1 << 16  # nodes taken from the open list at once when it is given up
_RESERVE_FROM = 1 << 16  # from this many nodes on, address space for all that memory allows is reserved at once


class LocalSearch:
    """The state of one rank between two calls.

    Parameters
    ----------
    problem : Task
        Must be the same on every rank.
    rank : int
        Which of ``problem.n_ranks`` this is.
    memory_bytes : int
        Node table, open list, buffers and the tables of domain, heuristic and distribution may take this much.
    message : int
        Records that make a message worth sending, until :attr:`enough` is changed.
    batch : int, optional
        Nodes expanded together; what suits the heuristic when left out.
    open_list : {"auto", "bucket", "heap"}
        The open list; buckets when costs are small enough for them.

    Raises
    ------
    MemoryLimitError
        From any method that needs to grow; the rank stays usable for reading.
    """

    def __init__(
        self,
        task: Task,
        rank: int,
        memory_bytes: int,
        message: int = 1000,
        batch: int | None = None,
        open_list: str = "auto",
    ) -> None:
        self.task, self.rank = task, rank
        self.memory_limit = memory_bytes
        batch = batch or task.heuristic.batch
        n_words, moves = task.n_words, batch * task.domain.max_moves
        self.incumbent = task.upper_bound
        self._lazy_rise = task.heuristic.max_h if task.heuristic.is_lazy else 0
        self._layout = task.layout
        self._frame = Frame()
        self._frame.words[slots.NODES_LEFT], self._frame.words[slots.ENTERS] = INFINITY, 1
        self.statistics = self._frame.words[slots.STATISTICS : slots.STATISTICS + kernels.N_STATISTICS]
        self.statistics[GOAL_COST] = INFINITY
        self.most_bytes = 0
        self.mail_bytes = 0  # of the messages of this rank, as who drives it says
        self._n_words, self._most_moves, self._batch_size = n_words, moves, batch
        self._moves = new_moves(n_words, moves + SLACK, task.domain.n_changes)
        self._batch = new_batch(n_words, batch, moves + SLACK)
        self._outbox = outbox(task.n_ranks if task.n_ranks > 1 else 0, moves, task.record_words, message)
        self._collected, self._kind = np.empty(0, np.uint32), open_list
        self.layers = np.zeros(0, np.int64)
        self._first_arrays()
        self._lessons = Lessons(task.heuristic, rank, task.n_ranks)
        self._passes = self._addresses()
        self._place_tables()
        self._measure()
        if self.granted_bytes > memory_bytes:
            raise BadInputError(
                f"memory limit {memory_bytes} bytes is too small for the first tables and buffers of a rank; "
                f"give at least {self.granted_bytes}"
            )
        self._check_memory(0)

    def _first_arrays(self) -> None:
        """Make an empty table and open list."""
        moves = self._most_moves
        self._table = new_table(self.task.node_words, 16 * moves, 1 << (32 * moves).bit_length())
        self._reserved, self._index_room = self._table.nodes, self._table.index
        self._open_list, self.shift = self._first_open_list(self._kind, moves)
        n_layers = min(self._open_list.f_end, LAYERS)
        self.layers = np.concatenate([self.layers, np.zeros(max(0, n_layers - len(self.layers)), np.int64)])

    def begin_again(self) -> None:
        """Forget all nodes and unsent records; what was counted and the incumbent stay, but not the way to its goal."""
        self.take(self.addressees())
        self._first_arrays()
        self.statistics[GOAL_COST] = INFINITY
        self._measure()

    def _addresses(self) -> npt.NDArray[np.int64]:
        """Return where the passes are."""
        return addresses(self.task, self._layout, self._open_list)

    def _first_open_list(self, kind: str, moves: int) -> tuple[BucketOpen | HeapOpen, int]:
        """Return an empty open list, and the shift by which expansions are counted by what it is ordered by."""
        return new_open_list(self.task, kind, moves)

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
        words[slots.INCUMBENT] = self.incumbent if enters else INFINITY
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
            left = budget - expanded + before
            why = self.step(self._lessons.portion(left, expanded), f_limit)
            if self._lessons.give(self) and why == kernels.BUDGET:
                continue
            if why == kernels.FOUND:
                self.incumbent = min(self.incumbent, int(self.statistics[GOAL_COST]))
            if why == OUTBOX_FULL:
                self._grow_outbox()
                continue
            if why not in (TABLE_FULL, OPEN_FULL):
                return why
            self._grow(self.least_open_f + self.task.heuristic.max_rise)

    def step(self, budget: int, f_limit: int) -> int:
        """Run the kernel once and return why it ended."""
        words = self._frame.words
        words[slots.BUDGET_LEFT], words[slots.F_LIMIT] = budget, min(f_limit, INFINITY)
        words[slots.INCUMBENT] = self.incumbent
        why = int(kernels.step(words, self._passes))
        self._check_domain()
        return why

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
    def least_open_f(self) -> int:
        """Return the least f of the open list, INFINITY when it is empty (a bound from below, with stale entries)."""
        return self._open_list.least_f

    @property
    def least_f(self) -> int:
        """Return the least f of all that the rank holds, unsent records included."""
        return min(self.least_open_f, int(self._outbox.least_f.min())) if self.unsent else self.least_open_f

    @property
    def layout(self) -> Layout:
        """Return how nodes lie in the table."""
        return self._layout

    @property
    def table(self) -> NodeTable:
        """Return the nodes and their index, until the next call that may let them grow."""
        return self._table

    def go_through_goals(self) -> None:
        """Expand goals as other nodes from now on: ``statistics[GOAL_COST]`` is the least g of one, no incumbent."""
        self._frame.words[slots.THROUGH_GOALS] = 1

    @property
    def unsent(self) -> int:
        """Return the records waiting to be sent."""
        return len(self._outbox.link) - int(self._outbox.free[1])

    @property
    def n_open(self) -> int:
        """Return the entries of the open list."""
        return self._open_list.n_open

    @property
    def n_nodes(self) -> int:
        """Return the nodes stored."""
        return int(self._table.n_nodes[0])

    @property
    def used_bytes(self) -> int:
        """Return the memory in use; places for nodes that were never touched take none."""
        return self.granted_bytes - self._table.nodes.nbytes + 4 * self.n_nodes * self.task.node_words

    @property
    def granted_bytes(self) -> int:
        """Return the memory that may come to be used without asking: this is what the limit holds for."""
        return self._own_bytes + self.mail_bytes + self.task.table_bytes

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
            rows = self._rows[nodes[:n]]
            is_open = (rows[:, -1] & 1 == 0) & (g_of(self._layout, rows) + hs[:n] == f)
            yield nodes[:n][is_open], f, hs[:n][is_open]

    @property
    def _rows(self) -> npt.NDArray[np.uint32]:
        """Return the places for nodes, a row each."""
        return self._table.nodes.reshape(-1, self.task.node_words)

    @property
    def own_bytes(self) -> int:
        """Return the memory of the rank's own arrays."""
        return self._own_bytes

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

    # --- checkpoints ---

    def saved(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays that hold all the rank knows but unsent records; valid until it goes on."""
        nodes = self._table.nodes[: self.n_nodes * self.task.node_words].reshape(-1, self.task.node_words)
        return {"nodes": nodes, "layers": self.layers, "statistics": self.statistics, **self._open_list.saved()}

    def reserve(self, n_nodes: int, f_end: int, n_chunks: int) -> None:
        """Make room, in a rank without nodes, for all that a checkpoint holds for it.

        ``n_chunks`` are those of a bucket queue.
        """
        stride = self.task.node_words
        if self._open_list.f_end < f_end < INFINITY:
            self._widen(f_end - 1)
        while not self._open_list.has_room(n_chunks):
            self._check_memory(2 * self._open_list_bytes())
            self._open_list = allocated(lambda: self._open_list.doubled())
            self._measure()
        slots = len(self._table.index)
        while slots * MAX_FILL < n_nodes + self._most_moves:
            slots *= 2
        words = max(len(self._table.nodes), (n_nodes + 4 * self._most_moves) * stride)
        self._check_memory(4 * (slots - len(self._table.index) + words - len(self._table.nodes)))
        if slots > len(self._table.index):
            self._index_room = allocated(lambda: new_index(slots))
        if words > len(self._table.nodes):
            self._reserved = self._address_space(words, stride)
        self._table = self._table._replace(nodes=self._reserved[:words], index=self._index_room[:slots])
        self._measure()

    def enter_nodes(self, rows: npt.NDArray[np.uint32]) -> None:
        """Add nodes, a row each, of states that are not stored yet; there must be room."""
        stride, start = self.task.node_words, self.n_nodes
        end = start + len(rows)
        self._table.nodes[start * stride : end * stride] = rows.reshape(-1)
        name_nodes(self._layout, self._table.nodes, self._table.index, self._moves.parent, start, end)
        self._table.n_nodes[0] = end

    def enter_open(self, nodes: npt.NDArray[np.int64], f: npt.NDArray[np.int64], h: npt.NDArray[np.int64]) -> None:
        """Enter stored nodes into the open list, the last first out, but for those that are not open with this f."""
        rows = self._table.nodes.reshape(-1, self.task.node_words)[nodes]
        is_open = (rows[:, -1] & 1 == 0) & (g_of(self._layout, rows) + h == f)
        nodes, f, h = nodes[is_open], f[is_open], h[is_open]
        if len(f) and (int(h.min()) < 0 or int(h.max()) > self.task.heuristic.max_h):
            raise BadInputError(f"a checkpoint holds an h beyond {self.task.heuristic.max_h}, the largest there is")
        if self._open_list.f_end <= int(f.max(initial=0)):
            self._widen(int(f.max()))
        while not self._open_list.has_room(self._open_list.needed(f, h)):
            self._check_memory(2 * self._open_list_bytes())
            self._open_list = allocated(lambda: self._open_list.doubled())
        kernels.give(self._open_list, nodes, f, h)
        self._measure()

    def go_on_from(
        self, incumbent: int, goal: tuple[int, int] | None, statistics: npt.NDArray[np.int64], layers: list[Any]
    ) -> None:
        """Take over the cost of the best plan, a goal's node and cost if it is stored here, and what was counted."""
        self.incumbent = min(self.incumbent, incumbent)
        self.statistics[:] = statistics
        self.statistics[kernels.GOAL_NODE], self.statistics[GOAL_COST] = goal or (0, INFINITY)
        size = max([len(self.layers), *map(len, layers)])
        self.layers = sum((np.pad(one, (0, size - len(one))) for one in layers), np.zeros(size, np.int64))
        self._measure()

    # --- growth ---

    def _grow(self, f: int) -> None:
        """Make room in whatever is short: nodes, index, open list, or the range of f."""
        moves = self._most_moves
        stride = self.task.node_words
        if self.n_nodes + moves > len(self._table.nodes) // stride:
            self._grow_nodes(stride)
        if self.n_nodes + moves > int(len(self._table.index) * MAX_FILL):
            self._grow_index()
        if not self._open_list.has_room(moves):
            self._grow_open_list()
        if self._open_list.f_end <= f < INFINITY:
            self._widen(f)

    def _grow_open_list(self) -> None:
        """Double the places of the open list; where that is too much add an eighth."""
        now = self._open_list_bytes()
        share = 1 if self.granted_bytes + 2 * now <= self.memory_limit else 8
        self._check_memory(now + now // share)  # for a moment there are both
        self._open_list = allocated(lambda: self._open_list.grown(share))
        self._measure()
        if not self._open_list.has_room(self._most_moves):
            raise MemoryLimitError

    def _grow_nodes(self, stride: int) -> None:
        """Double the nodes while they are few, then add an eighth; leave room for the index and the open list."""
        now = len(self._table.nodes)
        least = 4 * self._most_moves * stride
        wanted = max(least, now if now < _RESERVE_FROM * stride else now // 8 // stride * stride)
        free = self.memory_limit - self.granted_bytes
        more = min(wanted, free // 16 // stride * stride)
        if more < least:
            raise MemoryLimitError
        self._check_memory(4 * more)
        if now + more > len(self._reserved):
            self._check_memory(4 * (now + more))  # for a moment there are both
            reserved = self._address_space(now + more, stride)
            reserved[:now] = self._table.nodes
            self._reserved = reserved
        self._table = self._table._replace(nodes=self._reserved[: now + more])
        self._measure()

    def _address_space(self, size: int, stride: int) -> npt.NDArray[np.uint32]:
        """Return room for ``size`` words; if they are many, for as much as memory and the system allow."""
        most = size
        if size // stride >= _RESERVE_FROM:
            most = min(max(self.memory_limit // 4, size), 2**32 * stride)
        return room(size, most, lambda n_words: np.empty(n_words, np.uint32))

    def _grow_index(self) -> None:
        """Double the index in place; where there is no room left move it first."""
        old = self._table.index
        size = 2 * len(old)
        self._check_memory(4 * (size - len(old)))
        if size > len(self._index_room):
            self._check_memory(4 * size)  # for a moment there are both
            most = size if size < _RESERVE_FROM else max(size, 1 << min(self.memory_limit // 4, 2**32).bit_length() - 1)
            self._index_room = room(size, most, new_index)
            self._index_room[: len(old)] = old
        first = self._index_room[: LINE * lines_to_copy(self._index_room[: len(old)])]
        first = np.concatenate([first, np.empty(LINE, np.uint32)])
        self._table = self._table._replace(index=self._index_room[:size])
        self._measure()
        self._frame.place(slots.RECORDS, first)
        kernels.split_index(self._frame.words, self._passes)

    def _grow_outbox(self) -> None:
        """Double the slots; the new ones come before the free ones that are left."""
        old = self._outbox
        n_slots = len(old.link)
        self._check_memory(old.records.nbytes + old.link.nbytes)
        link = allocated(lambda: np.concatenate([old.link, np.arange(n_slots + 1, 2 * n_slots + 1)]))
        link[-1] = old.free[0]
        records = allocated(lambda: np.concatenate([old.records, np.empty_like(old.records)]))
        self._outbox = old._replace(records=records, link=link, free=np.array([n_slots, old.free[1] + n_slots]))
        self._measure()

    def _widen(self, f: int) -> None:
        """Make room for larger f."""
        n_f = max(2 * self._open_list.f_end, f + 1)
        self._check_memory(8 * n_f + self._open_list[0].nbytes * n_f // self._open_list.f_end)
        layers = np.zeros(max(n_f, len(self.layers)), np.int64)
        layers[: len(self.layers)] = self.layers
        self.layers = layers
        self._open_list = allocated(lambda: self._open_list.widened(n_f))
        self._measure()

    def _measure(self) -> None:
        """Add up what the rank's own arrays take, and tell compiled code; to be called when one of them has grown."""
        parts = (self._table, self._outbox, self._moves, self._batch, (self._collected, self.layers))
        self._own_bytes = self._open_list_bytes() + sum(array.nbytes for part in parts for array in part)
        words = self._frame.words
        self._frame.place(slots.TABLE, self._table)
        self._frame.place(slots.OPEN, self._open_list)
        self._frame.place(slots.OUTBOX, self._outbox)
        self._frame.place(slots.LAYERS, (self.layers,))
        words[slots.MAX_NODES] = capacity(self._table, self.task.node_words)
        words[slots.F_END], words[slots.ROOM] = self._open_list.f_end, self._open_list.room

    def _place_tables(self) -> None:
        """Tell compiled code what never changes."""
        domain, heuristic, words = self.task.domain, self.task.heuristic, self._frame.words
        for slot, tables in [
            (slots.SPACE, domain.space),
            (slots.HEURISTIC, heuristic.tables),
            (slots.DISTRIBUTION, self.task.sharing),
            (slots.MOVES, self._moves),
            (slots.BATCH, self._batch),
        ]:
            self._frame.place(slot, tables)
        words[slots.RANK], words[slots.N_RANKS], words[slots.SHIFT] = self.rank, self.task.n_ranks, self.shift
        words[slots.RISE], words[slots.LAZY_RISE] = heuristic.max_rise, self._lazy_rise
        words[slots.MOST_MOVES], words[slots.BATCH_SIZE] = self._most_moves, self._batch_size
        words[slots.MAX_COST], words[slots.MAX_H], words[slots.MAX_MOVES] = (
            domain.max_cost,
            heuristic.max_h,
            domain.max_moves,
        )
        words[slots.MAX_G], words[slots.MAX_OPERATOR] = limits_of(self._layout)

    def _check_memory(self, more: int) -> None:
        if self.granted_bytes + more > self.memory_limit:
            raise MemoryLimitError
        self.most_bytes = max(self.most_bytes, self.used_bytes + more)

    def _open_list_bytes(self) -> int:
        return sum(array.nbytes for array in self._open_list)


def states_of(rows: npt.NDArray[np.uint32], n_words: int) -> npt.NDArray[np.uint64]:
    """Return the states of nodes or records, a row each."""
    return np.ascontiguousarray(rows[:, : 2 * n_words]).view(np.uint64)
