"""One rank's work in a search by layers of g within a bound on f, below some open nodes of a search that is frozen.

It is the rank of A* and HDA* but for the order, the passes of :mod:`pdsearch.kernels.layers`, and what it does when
memory is full: it forgets closed nodes of low g. Whatever the order, a state that was forgotten and is reached again is
searched again, at a larger g than before, for nothing below the floor is reached any more and only nodes below it are
forgotten. So a state is searched once for each g at most, and the search ends however much is forgotten; moves that
cost nothing stay in one layer, which is remembered while it is searched.

Sources: Zhou and Hansen (2006), "Breadth-first heuristic search", Artificial Intelligence 170, sections 3 and 4; Bu and
Korf (2021), "A*+BFHS: a hybrid heuristic search algorithm", arXiv 2103.12701. That layers are kept for as long as
there is room is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains import State
from pdsearch.kernels import frame as slots
from pdsearch.kernels import insertion, layers
from pdsearch.kernels.bucket import CHUNK, BucketOpen, new_bucket_open
from pdsearch.kernels.heap import HeapOpen, new_heap_open
from pdsearch.kernels.layout import Integers, g_of
from pdsearch.kernels.naming import name_nodes
from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.store import MAX_FILL
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.archive import Archive
from pdsearch.search.best_first.arrays import MemoryLimitError, allocated
from pdsearch.search.best_first.layered_task import LayeredTask
from pdsearch.search.best_first.layers_pipeline import layered_pipeline
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.pipeline import addresses_of
from pdsearch.search.best_first.under_way import Goal, LayersUnderWay

_FED = 4096  # roots entered at once
_LEAST_FORGOTTEN = 8  # of the nodes, one in so many: or it would be done too often
_AT_ONCE = 1 << 12  # nodes moved at once: some hundred kilobytes
_SAMPLED = 1 << 14
_DOUBLED = 1 << 16  # nodes
_MAIL = 16  # one part of the memory in so many is left for messages
_BUCKET_ENTRY, _HEAP_ENTRY = 4 * CHUNK / (CHUNK - 1), 24  # bytes
_SLOTS = [1 << bits for bits in range(4, 33)]
_ONE_CLASS = 62  # expansions are not counted by g
N_COUNTS = 1024  # classes of the f beyond the bound


class Waiting(NamedTuple):
    """Roots in ascending order of g.

    Attributes
    ----------
    g : int64[n]
        Of each.
    records : callable
        Returns those from a number to another as linked records.
    """

    g: Integers
    records: Callable[[int, int], npt.NDArray[np.uint32]]


class Layered(LayersUnderWay):
    """A rank of such a search.

    Parameters
    ----------
    task : LayeredTask
        The same on all ranks.
    rank : int
        Which of them this is.
    memory_bytes : int
        For it alone, with the tables of domain, heuristic and distribution.
    frozen : LocalSearch or None
        What it reached at no more cost is not searched.
    waiting : Waiting
        This rank's roots; each is entered when its g is due.
    message, batch : int
        As of :class:`LocalSearch`.
    known : dict, optional
        Where the passes are, by kind of open list: kept from one search to the next.
    archive : Archive, optional
        Where to write down what is expanded, so that the way to a goal is known.

    Attributes
    ----------
    floor : int
        No rank will reach a state at less cost; who drives several ranks raises it.
    found : (int, int, tuple of int) or None
        Cost of the cheapest goal, the way to its parent or without an archive to its root, and its state.
    taken : list of (int, int)
        Destination and least g of the messages handed out.
    has_failed : bool
        The archive could not be written, which is reported as memory that is full.
    """

    task: LayeredTask

    def __init__(
        self,
        task: LayeredTask,
        rank: int,
        memory_bytes: int,
        frozen: LocalSearch | None,
        waiting: Waiting,
        message: int = 500,
        batch: int | None = None,
        known: dict[type, npt.NDArray[np.int64]] | None = None,
        archive: Archive | None = None,
    ) -> None:
        self.archive, self.has_failed = archive, False
        self._known = {} if known is None else known
        self._frozen, self._waiting, self._n_fed = frozen, waiting, 0
        self._counts = np.zeros(N_COUNTS, np.int64)
        self.floor = 0
        self.found: Goal | None = None
        self.taken: list[tuple[int, int]] = []
        super().__init__(task, rank, memory_bytes, message, batch)

    def roots(self) -> list[tuple[State, npt.NDArray[np.uint32]]]:
        """Return nothing: they wait."""
        return []

    @property
    def pruned(self) -> tuple[int, Integers]:
        """Return the least f beyond the bound, INFINITY without, and how many there were of each class."""
        return int(self._frame.words[layers.LEAST]), self._counts

    @property
    def _own_rank(self) -> int:
        """Return the rank that what is expanded here is written down for."""
        return self.rank

    # --- the order of g ---

    @property
    def _next_g(self) -> int:
        """Return the least g of the roots that still wait."""
        return int(self._waiting.g[self._n_fed]) if self._n_fed < len(self._waiting.g) else INFINITY

    @property
    def least_open_f(self) -> int:
        """Return the least g of what is open, by which this search is ordered."""
        return min(self._open_list.least_f, self._next_g)

    def least_f_of(self, records: npt.NDArray[np.uint32]) -> int:
        """Return the least g of records."""
        return int(g_of(self._layout, records.reshape(-1, self.task.record_words)).min(initial=INFINITY))

    def expand(self, budget: int, f_limit: int = INFINITY, most: int = INFINITY) -> int:
        """Expand nodes of g up to a limit, as :meth:`LocalSearch.expand` does those of f."""
        f_limit = min(f_limit, self.incumbent - 1)
        while self._next_g <= min(f_limit, self._open_list.least_f):
            self._feed()
        if self.archive is not None:
            self._make_room_to_write(budget + self._batch_size)
            budget = min(budget, self.archive.room - self._batch_size)
        return super().expand(budget, min(f_limit, self._next_g - 1), most)

    def _make_room_to_write(self, n: int) -> None:
        assert self.archive is not None
        try:
            if self.archive.room < n:
                self.archive.flush()
        except OSError as error:
            self.has_failed = True
            raise MemoryLimitError from error

    def _feed(self) -> None:
        """Enter the next roots; they are not looked up in the frozen table, where they are, nor evaluated again."""
        end = min(self._n_fed + _FED, len(self._waiting.g))
        words, passes = self._frame.words, self._passes
        words[layers.LOOKS], self._passes = 0, self._feeding
        self.absorb(self._waiting.records(self._n_fed, end))
        words[layers.LOOKS], self._passes = 1, passes
        self._n_fed = end

    def step(self, budget: int, f_limit: int) -> int:
        """Run the kernel once; keep the root of a goal, for the goal may be forgotten."""
        why = super().step(budget, f_limit)
        if why == kernels.FOUND:
            way = self._way_to_node(self.goal_node())[1]
            self.found = int(self.statistics[kernels.GOAL_COST]), way, self.goal_state()
        return why

    def take(self, destinations: list[int]) -> tuple[npt.NDArray[np.uint32], list[int]]:
        """Return the records waiting for some ranks, and note the least g of each message in :attr:`taken`."""
        self.taken += [(to, int(self._outbox.least_f[to])) for to in destinations]
        return super().take(destinations)

    # --- what is forgotten ---

    def _grow_nodes(self, stride: int) -> None:
        """Double the nodes while they are few, then add an eighth, up to what is there for them."""
        now = len(self._table.nodes)
        more = min(now if now < _DOUBLED * stride else now // 8 // stride * stride, self._most_words - now)
        if now + more < (self.n_nodes + self._most_moves) * stride:
            raise MemoryLimitError
        self._extend_nodes(more, stride)

    def _grow_index(self) -> None:
        """Double the index, unless the nodes it would be for have no room."""
        if 2 * len(self._table.index) > self._most_slots:
            raise MemoryLimitError
        super()._grow_index()

    def grow_early(self) -> bool:
        """Double the index early, unless the nodes it would be for have no room; say whether."""
        return 2 * len(self._table.index) <= self._most_slots and super().grow_early()

    def _grow(self, f: int) -> None:
        try:
            super()._grow(f)
        except MemoryLimitError:
            self._forget()
            if self.n_nodes + self._most_moves > self._frame.words[slots.MAX_NODES] or not self._open_list.has_room(
                self._most_moves
            ):
                raise

    def _forget(self) -> None:
        """Forget closed nodes of low g, about half of all.

        Raises
        ------
        MemoryLimitError
            If those below the floor are too few, or have entries in the open list that are stale.
        """
        floor, before = self.floor if self.task.n_ranks > 1 else self.least_open_f, self.n_nodes
        self._forget_below(self._least_kept(floor))
        if self.n_nodes == before:
            raise MemoryLimitError

    def _forget_below(self, least_g: int) -> None:
        """Forget closed nodes below a g."""
        self._compact(least_g)
        table = self._table
        name_nodes(self._layout, table.nodes, table.index, self._moves.parent, 0, self.n_nodes)
        self._measure()

    def _least_kept(self, floor: int) -> int:
        """Return the g below which closed nodes are forgotten, by a sample of all nodes."""
        rows = self._rows[: self.n_nodes : max(1, self.n_nodes // _SAMPLED)]
        g = np.sort(self._g_of_closed(rows))
        for limit in self._forgettable(floor):
            n = int(np.searchsorted(g, limit))
            if n >= max(1, len(rows) // _LEAST_FORGOTTEN):
                return int(g[min(n, max(1, len(rows) // 2)) - 1]) + 1
        raise MemoryLimitError

    def _forgettable(self, floor: int) -> list[int]:
        """Return the g below which closed nodes may be forgotten, the least first.

        What is expanded leads a step back, to layers just below the floor; what arrives late, two.
        """
        step = self.task.domain.max_cost
        return [floor - 2 * step, floor - step, floor][self.task.n_ranks == 1 :]

    def _g_of_closed(self, rows: npt.NDArray[np.uint32]) -> Integers:
        """Return the g of the closed ones among some nodes: int64[n]."""
        return g_of(self._layout, rows[rows[:, -1] & 1 == 1])

    def _compact(self, least_g: int) -> None:
        """Move the nodes that stay to the front, tell the open list their new numbers, and empty the index.

        The index, whose slots are more than the nodes, holds the marks of what is open, then the new numbers.
        """
        n, rows, index, to = self.n_nodes, self._rows, self._table.index, 0
        index[:] = 0
        self._open_list.mark(index)
        for start in range(0, n, _AT_ONCE):
            places = slice(start, min(start + _AT_ONCE, n))
            stays = (g_of(self._layout, rows[places]) >= least_g) | (index[places] == 1)
            kept = rows[places][stays]
            index[places] = np.cumsum(stays) + (to - 1)
            rows[to : to + len(kept)] = kept
            to += len(kept)
        self._open_list.renumber(index)
        index[:] = 0
        self._table.n_nodes[0] = to

    # --- arrays ---

    def _first_open_list(self, kind: str, moves: int) -> tuple[BucketOpen | HeapOpen, int]:
        nodes, self._most_slots = self._room(_HEAP_ENTRY / 2 if self.task.needs_heap else _BUCKET_ENTRY)
        self._most_words = nodes * self.task.node_words
        if self.task.needs_heap:
            return allocated(lambda: new_heap_open(max(16 * moves, nodes // 2))), _ONE_CLASS
        n_f, n_h = self.task.places
        chunks = 4 * moves + nodes // (CHUNK - 1)
        return allocated(lambda: new_bucket_open(n_f, n_h, chunks)), _ONE_CLASS

    def _room(self, entry_bytes: float) -> tuple[int, int]:
        """Return for how many nodes there is memory, each with its entry in the open list, and slots of the index."""
        others = (self._outbox, self._moves, self._batch)
        free = self.memory_limit - self.task.table_bytes - sum(array.nbytes for part in others for array in part)
        if self.task.n_ranks > 1:
            free -= free // _MAIL
        if not self.task.needs_heap:
            n_f, n_h = self.task.places
            free -= 4 * (n_f * n_h + 4 * CHUNK * self._most_moves) + 8 * n_f
        each = 4 * self.task.node_words + entry_bytes
        rooms = [(min(int(slots * MAX_FILL), int((free - 4 * slots) / each)), slots) for slots in _SLOTS]
        nodes, slots = max(rooms)
        return max(0, nodes), slots

    def _addresses(self) -> npt.NDArray[np.int64]:
        kind = type(self._open_list)
        if kind not in self._known:
            self._known[kind] = addresses_of(layered_pipeline(self.task, self._layout, self._open_list))
        found = self._known[kind]
        self._feeding = found.copy()
        self._feeding[kernels.EVALUATE] = 0
        return found

    def _place_tables(self) -> None:
        super()._place_tables()
        words = self._frame.words
        if self._frozen is not None:
            self._frame.place(layers.FROZEN, self._frozen.table)
            words[layers.LOOK] = layers.look.made_for(self._frozen.task.layout).address
        words[layers.UNPACK] = insertion.unpack.made_for(self._layout).address
        self._frame.place(layers.COUNTS, self._counts)
        words[layers.FIRST], words[layers.SHIFT] = self.task.bound + 1, self.task.count_shift
        words[layers.LEAST], words[layers.LOOKS] = INFINITY, 1
        if self.archive is not None:
            self._frame.place(layers.WRITTEN, self.archive.written)
            words[layers.OWN_RANK] = self._own_rank
        words[slots.RISE] = 0  # f may rise from any node up to the bound: see the pass that loads
