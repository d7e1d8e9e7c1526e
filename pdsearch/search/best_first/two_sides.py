"""One rank's work in a search from both ends: one table, two open lists, and the passes of two sides.

It is the rank of A* and HDA* in all else: the driver, the growth of its tables, its messages, its counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch._jit import Compiled
from pdsearch.domains import State
from pdsearch.errors import BadInputError
from pdsearch.kernels import frame as slots
from pdsearch.kernels import growth, side_insertion, side_passes, sides, successors
from pdsearch.kernels.layout import Layout
from pdsearch.kernels.passes import H_OUT_OF_RANGE, SLACK
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import allocated, new_open_list
from pdsearch.search.best_first.kept_rank import Enter
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.pipeline import addresses_of, fault_of
from pdsearch.search.best_first.two_sided_task import TwoSidedTask

_BACK = "back_"  # of the names of the backward side's arrays
_cost_bound = getattr(sides.cost_bound, "py_func", sides.cost_bound)


class TwoSides(LocalSearch):
    """A rank that searches from both ends; parameters and errors are those of :class:`LocalSearch`.

    Attributes
    ----------
    proved : list of int
        b of each side below which nothing is open on any rank, or on its way; of one rank alone without meaning.
    """

    task: TwoSidedTask

    def __init__(
        self,
        task: TwoSidedTask,
        rank: int,
        memory_bytes: int,
        message: int = 1000,
        batch: int | None = None,
        open_list: str = "auto",
    ) -> None:
        moves = (batch or task.heuristic.batch) * task.domain.max_moves
        self._back_list = new_open_list(task, open_list, moves)[0]
        self._others = np.zeros(moves + SLACK, np.int64)
        self._parents = np.zeros(batch or task.heuristic.batch, np.int64)
        self._unsent_b = np.full((2, task.n_ranks), INFINITY, np.int64)
        self.taken: list[tuple[int, int, int]] = []  # (destination, least b of each side) of messages handed out
        self.proved = [0, 0]
        super().__init__(task, rank, memory_bytes, message, batch, open_list)
        words = self._frame.words
        words[sides.LEASTS : sides.LEASTS + 2] = INFINITY
        words[sides.WINDOW : sides.WINDOW + 2] = INFINITY if task.n_ranks == 1 else 0

    def roots(self) -> list[tuple[State, npt.NDArray[np.uint32]]]:
        """Return both ends, each with its record."""
        found = []
        heuristics = self.task.heuristics
        for side, state in enumerate((self.task.domain.initial, self.task.back.initial)):
            own, other = heuristics[side].value(state), heuristics[1 - side].value(state)
            if not (0 <= own <= self.task.heuristic.max_h and other == 0):
                raise BadInputError(fault_of(self.task, H_OUT_OF_RANGE))
            found.append((state, sides.side_record(self._layout, state, side, (own, other))))
        return found

    # --- what is proved ---

    def learn(self, proved: list[int]) -> None:
        """Take note of a b of each side below which nothing is open on any rank, or on its way."""
        self.proved = [max(pair) for pair in zip(self.proved, proved, strict=True)]
        words = self._frame.words
        words[sides.PROVED : sides.PROVED + 2] = self.proved
        words[sides.TRUSTED : sides.TRUSTED + 2] = self.trusted()

    def trusted(self) -> list[int]:
        """Return the b of each side up to which a closed node is settled: reached there at its least cost."""
        return self.proved

    def open_window(self, ahead: bool) -> None:
        """Allow nodes of the proved b only, or also the best of what is open here."""
        words = self._frame.words
        words[sides.WINDOW : sides.WINDOW + 2] = INFINITY if ahead else self.proved

    @property
    def least_b(self) -> list[int]:
        """Return the least b that is open on each side, INFINITY where nothing is."""
        least: list[int] = self._frame.words[sides.LEASTS : sides.LEASTS + 2].tolist()
        return least

    @property
    def least_held_b(self) -> list[int]:
        """Return the same with the records that wait to be sent."""
        unsent: list[int] = self._unsent_b.min(axis=1).tolist()
        return [min(pair) for pair in zip(self.least_b, unsent, strict=True)]

    def cost_bound(self, one: int, other: int) -> int:
        """Return what plans cost at least when nothing open has a b below these, one of each side."""
        words = self._frame.words
        return int(_cost_bound(one, other, int(words[sides.F_STEP]), int(words[sides.F_BASE])))

    @property
    def least_open_f(self) -> int:
        """Return what plans through nodes that are open here cost at least."""
        forward, backward = self.least_b
        if self.task.n_ranks == 1:
            return self.cost_bound(forward, backward)
        return min(self.cost_bound(forward, self.proved[1]), self.cost_bound(backward, self.proved[0]))

    # --- the rank of A* with two sides ---

    def step(self, budget: int, f_limit: int) -> int:
        """Run the kernel once and return why it ended; sides that meet lower the incumbent."""
        why = super().step(budget, f_limit)
        self.incumbent = min(self.incumbent, int(self.statistics[kernels.GOAL_COST]))
        return why

    def _absorb(self, records: npt.NDArray[np.uint32], start: int, end: int, enters: bool = True) -> int:
        dealt_with = super()._absorb(records, start, end, enters)
        self.incumbent = min(self.incumbent, int(self.statistics[kernels.GOAL_COST]))
        return dealt_with

    def _place_of(self, record: npt.NDArray[np.uint32]) -> int:
        return int(sides.sides_and_b(self._layout, record)[1][0])

    def addressees(self, f: int = INFINITY) -> list[int]:
        """Return the ranks for which a record waits; below INFINITY those only for which one of a proved b does."""
        if f >= INFINITY or not self.unsent:
            return super().addressees()
        urgent = (self._unsent_b <= np.array(self.proved)[:, None]).any(axis=0)
        chosen: list[int] = np.flatnonzero(urgent & (self._outbox.waiting > 0)).tolist()
        return chosen

    def take(self, destinations: list[int]) -> tuple[npt.NDArray[np.uint32], list[int]]:
        """Return the records waiting for some ranks, and note the least b of each message in :attr:`taken`."""
        for to in destinations:
            self.taken.append((to, *self._unsent_b[:, to].tolist()))
        self._unsent_b[:, destinations] = INFINITY
        return super().take(destinations)

    @property
    def unsent_b(self) -> npt.NDArray[np.int64]:
        """Return the least b of each side that waits for each rank: int64[2 * n_ranks]."""
        return self._unsent_b.reshape(-1)

    def note_taken(self, messages: list[list[int]]) -> None:
        """Take note of messages that compiled code has sent, by receiver and least b of each side."""
        self.taken += [(to, forward, backward) for to, forward, backward in messages]

    def take_turns(
        self, inbox: npt.NDArray[np.uint32], take: Callable[..., None], turns: npt.NDArray[np.int64]
    ) -> None:
        """Let compiled code receive, expand and send; sides that meet lower the incumbent."""
        self.open_window(ahead=False)
        super().take_turns(inbox, take, turns)
        self.incumbent = min(self.incumbent, int(self.statistics[kernels.GOAL_COST]))

    def least_f_of(self, records: npt.NDArray[np.uint32]) -> int:
        """Return what plans through the states of records cost at least."""
        side, b = sides.sides_and_b(self._layout, records)
        least = [int(b[side == one].min(initial=INFINITY)) for one in (sides.FORWARD, sides.BACKWARD)]
        return min(self.cost_bound(least[0], self.proved[1]), self.cost_bound(least[1], self.proved[0]))

    def part_of(self, state: State, side: int) -> tuple[int, int] | None:
        """Return g of a stored state and the operator that led there, of one side; None if it does not know it."""
        node = self._find(state)
        stride = self.task.node_words
        return (
            None
            if node < 0
            else sides.part_of(self._layout, self._table.nodes[node * stride : (node + 1) * stride], side)
        )

    def _find(self, state: State) -> int:
        self._absorb(sides.side_record(self._layout, state, sides.FORWARD, (0, 0)), 0, 1, enters=False)
        return int(self._batch.stored[0])

    @property
    def n_open(self) -> int:
        """Return the entries of both open lists."""
        return super().n_open + self._back_list.n_open

    def _check_domain(self) -> None:
        if int(self._frame.words[slots.FAULT]) & side_passes.INCONSISTENT:
            raise BadInputError(
                f"heuristic {self.task.heuristic.label!r} is not consistent: it falls by more than a move costs; "
                "correct what it declares, or use astar"
            )
        super()._check_domain()

    # --- in checkpoints ---

    def saved(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays that hold all the rank knows but unsent records; valid until it goes on."""
        return {**super().saved(), **{_BACK + name: array for name, array in self._back_list.saved().items()}}

    @property
    def _stored_layout(self) -> Any:
        return sides.two_of(self._layout)

    def known_goal(self) -> dict[str, Any]:
        """Return what a rank knows of the best plan, the b of each side that are proved, and whose turn it is."""
        turn = int(self._frame.words[sides.TURN])
        return {**super().known_goal(), "proved": list(map(int, self.proved)), "turn": turn}

    def learn_again(self, facts: list[dict[str, Any]]) -> None:
        """Take over the b that were proved: what is open, or was on its way, is what it was."""
        self._frame.words[sides.TURN] = facts[self.rank % len(facts)]["turn"]
        if self.task.n_ranks > 1:
            self.learn([max(one["proved"][side] for one in facts) for side in (sides.FORWARD, sides.BACKWARD)])

    def open_lists(self) -> list[tuple[str, Enter]]:
        """Return what the names of the arrays of each open list begin with, and what enters nodes into it."""
        return [("", partial(self._enter_side, sides.FORWARD)), (_BACK, partial(self._enter_side, sides.BACKWARD))]

    def _enter_side(
        self, side: int, nodes: npt.NDArray[np.int64], b: npt.NDArray[np.int64], h: npt.NDArray[np.int64]
    ) -> None:
        """Enter stored nodes into the open list of a side, the last first out, but for those that it has closed."""
        part = sides.part_words(self._layout)
        is_open = self._rows[nodes, 2 * self._n_words + (side + 1) * part - 1] & 1 == 0
        nodes, b, h = nodes[is_open], b[is_open], h[is_open]
        if self._open_list.f_end <= int(b.max(initial=0)):
            self._widen(int(b.max()))
        while not (into := self._list_of(side)).has_room(into.needed(b, h)):
            self._check_memory(2 * self._open_list_bytes())
            setattr(self, ("_open_list", "_back_list")[side], allocated(into.doubled))
            self._measure()
        kernels.give(into, nodes, b, h)
        self._measure()
        self._frame.words[sides.LEASTS + side] = into.least_f

    def _list_of(self, side: int) -> Any:
        return (self._open_list, self._back_list)[side]

    # --- arrays ---

    def _addresses(self) -> npt.NDArray[np.int64]:
        return addresses_of(side_pipeline(self.task, self._layout, self._open_list))

    def _grow(self, f: int) -> None:
        least = [b for b in self.least_b if b < INFINITY]
        if not self._back_list.has_room(self._most_moves):
            self._check_memory(2 * sum(array.nbytes for array in self._back_list))
            self._back_list = allocated(lambda: self._back_list.doubled())
            self._measure()
        super()._grow(max([f, *least]) + self.task.heuristic.max_rise)

    def _widen(self, f: int) -> None:
        more = 2 * max(self._open_list.f_end, f + 1) - self._open_list.f_end
        self._check_memory(self._back_list[0].nbytes * more // self._open_list.f_end)
        super()._widen(f)
        self._back_list = allocated(lambda: self._back_list.widened(self._open_list.f_end))
        self._measure()

    def _measure(self) -> None:
        super()._measure()
        self._own_bytes += self._others.nbytes + self._parents.nbytes + self._unsent_b.nbytes
        words = self._frame.words
        for side, open_list in enumerate((self._open_list, self._back_list)):
            self._frame.place(sides.OPENS + side, open_list)
            words[sides.ROOMS + side] = open_list.room
        words[slots.ROOM] = min(words[sides.ROOMS : sides.ROOMS + 2].tolist())
        words[slots.OPEN] = words[sides.OPENS + int(words[sides.SIDE])]
        words[sides.B_END], words[slots.F_END] = self._open_list.f_end, 0  # whether b has a place, the passes ask

    def _open_list_bytes(self) -> int:
        return super()._open_list_bytes() + sum(array.nbytes for array in self._back_list)

    def _place_tables(self) -> None:
        super()._place_tables()
        task, words = self.task, self._frame.words
        pair = task.heuristic.tables
        for slot, tables in [
            (sides.PAIRS, pair),
            (sides.PAIRS + 1, sides.Pair(pair.other, pair.own)),
            (sides.SPACES, task.domain.space),
            (sides.SPACES + 1, task.back.space),
            (sides.OTHER_H, (self._others,)),
            (sides.PARENT_H, (self._parents,)),
            (sides.UNSENT_B, (self._unsent_b.reshape(-1),)),
        ]:
            self._frame.place(slot, tables)
        words[sides.B_RISE], words[slots.RISE] = task.heuristic.max_rise, 0
        words[sides.F_STEP], words[sides.F_BASE] = task.heuristic.f_step, task.heuristic.value(task.domain.initial)
        words[sides.UNKNOWN] = sides.unknown_g(self._layout)
        words[slots.MAX_G] = words[sides.UNKNOWN] - 1


def side_pipeline(task: TwoSidedTask, layout: Layout, opened: Any) -> Iterator[tuple[int, Compiled]]:
    """Yield each pass of a search from both ends, and its place in the arrays of addresses."""
    space = task.domain.space
    yield kernels.POP, side_passes.pop.made_for(opened)
    yield kernels.PUSH, side_passes.push_all.made_for(opened)
    yield kernels.EXPAND, successors.expand_all.made_for(space)
    yield kernels.ESTIMATE, side_passes.estimate_all.made_for(task.heuristic.tables, space)
    if task.n_ranks > 1:
        yield kernels.OWNER, successors.owner_all.made_for(task.sharing, space)
    for slot, one in [
        (kernels.LOAD, side_passes.load),
        (kernels.KEEP, side_insertion.keep),
        (kernels.UNPACK, side_insertion.unpack),
        (kernels.INSERT, side_insertion.insert),
    ]:
        yield slot, one.made_for(layout)
    yield kernels.SPLIT, growth.split.made_for(sides.two_of(layout))
