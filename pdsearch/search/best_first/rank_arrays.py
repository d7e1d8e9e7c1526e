"""The arrays of one rank, the table and the open list above all: how they begin, how large they are, how they grow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.errors import TooLittleMemoryError
from pdsearch.kernels import frame as slots
from pdsearch.kernels.bucket import BucketOpen
from pdsearch.kernels.frame import Frame
from pdsearch.kernels.growth import lines_to_copy
from pdsearch.kernels.heap import HeapOpen
from pdsearch.kernels.layout import limits_of
from pdsearch.kernels.passes import SLACK, new_batch
from pdsearch.kernels.protocol import INFINITY, new_moves
from pdsearch.kernels.store import LINE, MAX_FILL, capacity, new_index, new_table
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import (
    BATCHES,
    LAYERS,
    MemoryLimitError,
    allocated,
    batch_within,
    new_open_list,
    outbox,
    room,
)
from pdsearch.search.best_first.lessons import Lessons
from pdsearch.search.best_first.pipeline import addresses
from pdsearch.search.best_first.step import GOAL_COST
from pdsearch.search.task import Task

_RESERVE_FROM = 1 << 16  # from this many nodes on, address space for all that memory allows is reserved at once
_EARLY = 0.85  # of the nodes at which an index doubles: one whose rank has nothing to do may double from here on


class RankArrays:
    """What a rank keeps between two calls, and room for more; parameters and errors are those of ``LocalSearch``."""

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
        batch = batch or batch_within(task, memory_bytes)
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
        self._lessons = Lessons(task.heuristic)
        self._passes = self._addresses()
        self._place_tables()
        self._measure()
        if self.granted_bytes > memory_bytes:
            raise TooLittleMemoryError(
                f"memory limit {memory_bytes} bytes is too small for the first tables and buffers of a rank; "
                f"give at least {self.granted_bytes}"
            )
        self._check_memory(0)

    def _first_arrays(self) -> None:
        """Make an empty table and open list."""
        moves = self._most_moves
        self._table = new_table(self.task.node_words, BATCHES * moves, 1 << (32 * moves).bit_length())
        self._reserved, self._index_room = self._table.nodes, self._table.index
        self._open_list, self.shift = self._first_open_list(self._kind, moves)
        n_layers = min(self._open_list.f_end, LAYERS)
        self.layers = np.concatenate([self.layers, np.zeros(max(0, n_layers - len(self.layers)), np.int64)])

    def _addresses(self) -> npt.NDArray[np.int64]:
        """Return where the passes are."""
        return addresses(self.task, self._layout, self._open_list)

    def _first_open_list(self, kind: str, moves: int) -> tuple[BucketOpen | HeapOpen, int]:
        """Return an empty open list, and the shift by which expansions are counted by what it is ordered by."""
        return new_open_list(self.task, kind, moves)

    # --- how much there is ---

    @property
    def least_open_f(self) -> int:
        """Return the least f of the open list, INFINITY when it is empty (a bound from below, with stale entries)."""
        return self._open_list.least_f

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

    @property
    def own_bytes(self) -> int:
        """Return the memory of the rank's own arrays."""
        return self._own_bytes

    @property
    def _rows(self) -> npt.NDArray[np.uint32]:
        """Return the places for nodes, a row each."""
        return self._table.nodes.reshape(-1, self.task.node_words)

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

    def grow_early(self) -> bool:
        """Double the index, while there is nothing else to do, if it is nearly full and memory is not; say whether.

        A rank that waits for long mostly waits for one that doubles its own. Ranks have about as many nodes, and
        would otherwise wait for each other in turn.
        """
        size = 4 * len(self._table.index)
        is_due = self.n_nodes > _EARLY * MAX_FILL * len(self._table.index)
        if not is_due or len(self._table.index) < _RESERVE_FROM or self.granted_bytes + 4 * size > self.memory_limit:
            return False
        try:
            self._grow_index()
        except MemoryLimitError:  # the system refuses
            return False
        return True

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
        self._extend_nodes(more, stride)

    def _extend_nodes(self, more: int, stride: int) -> None:
        """Make room for nodes of so many words more."""
        now = len(self._table.nodes)
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
