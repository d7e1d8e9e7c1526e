"""Ranks that one launcher started on this machine, and what they do together, in memory that they share.

:class:`LocalRanks` answers to those methods of mpi4py's communicators that this library uses, so that what is
written for ranks does not ask which they are. Everything is built from turns: a rank writes on its board, then
counts up how often it has arrived, and reads the boards of the others once these have arrived as often. Boards are used
by turns, two of each rank: who writes on one again has seen all others arrive after they read it.

Memory order: the count is written by a store-release after the board and read by a load-acquire before it, on one word
with one writer. That is all that C11's model asks for, so it holds on ARM as on x86, where both are plain instructions.

Waiting is polite: a rank yields its core some times, then sleeps for pauses that grow with the time it has waited.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel, read_tables
from pdsearch.comm.segment import BOARD, LINE, Segment, bytes_of, in_process, views
from pdsearch.comm.shared import common_memory
from pdsearch.kernels.intrinsics import load_acquire, store_release

_YIELDS = 50
_LONGEST_NAP_S = 1e-3
_HEADER = 8  # bytes of a board that say how many the message has
_yield_core: Callable[[], object] = getattr(os, "sched_yield", lambda: time.sleep(0))  # macOS has none


@kernel
def _publish(words, index, value):
    """Write a word; who reads it by :func:`_all_reached` sees what was written before."""
    store_release(words, index, value)


@kernel
def _all_reached(words, step, value):
    """Say whether every ``step``-th word is at least ``value``."""
    for index in range(0, len(words), step):  # noqa: SIM110 - a kernel
        if load_acquire(words, index) < value:
            return False
    return True


class Patience:
    """Pauses between two looks at something that others have to do."""

    def __init__(self) -> None:
        self._looks, self._since = 0, 0.0

    def pause(self) -> None:
        """Yield the core, and after some times sleep for an eighth of the time waited so far."""
        self._looks += 1
        if self._looks <= _YIELDS:
            _yield_core()
            return
        now = time.perf_counter()
        self._since = self._since or now
        time.sleep(min(_LONGEST_NAP_S, max(20e-6, (now - self._since) / 8)))


class LocalRanks:
    """One rank's view of all.

    Parameters
    ----------
    segment : Segment
        What they share.
    rank, size : int
        Which of how many this is.

    Examples
    --------
    >>> alone = LocalRanks.alone()
    >>> alone.Get_size(), alone.allgather("word")
    (1, ['word'])
    """

    def __init__(self, segment: Segment, rank: int, size: int) -> None:
        self.segment, self.rank, self.size = segment, rank, size
        self._arrived = segment.arrived.reshape(-1)
        self._turn = 0
        self._compile()

    @classmethod
    def alone(cls) -> LocalRanks:
        """Return a single rank."""
        return cls(in_process(1), 0, 1)

    def _compile(self) -> None:
        """Have rank 0 compile what the others then find in the cache; they cannot wait by a kernel yet."""
        read_tables()
        while self.rank and not self.segment.ready[0]:
            time.sleep(_LONGEST_NAP_S)
        _publish(self._arrived, self.rank * LINE, 0)
        _all_reached(self._arrived, LINE, 0)
        self.segment.ready[0] = 1

    # --- as mpi4py names it ---

    def Get_rank(self) -> int:  # noqa: N802
        """Return which rank this is."""
        return self.rank

    def Get_size(self) -> int:  # noqa: N802
        """Return how many there are."""
        return self.size

    def machine(self) -> LocalRanks:
        """Return those that share this machine's memory: all."""
        return self

    def Split(self, colour: int) -> LocalRanks | None:  # noqa: N802
        """Return the ranks that give the same colour, in their order; None on all where there is no memory for it.

        All must call. Of an mpi4py communicator there always is one.
        """
        colours = self.allgather(colour)
        groups = {one: [rank for rank, other in enumerate(colours) if other == one] for one in dict.fromkeys(colours)}
        starts = dict(zip(groups, np.cumsum([0, *(bytes_of(len(ranks)) for ranks in groups.values())]), strict=False))
        mine = groups[colour]
        memory = common_memory(self, sum(bytes_of(len(ranks)) for ranks in groups.values()))
        if memory is None:
            return None
        return LocalRanks(views(memory, len(mine), int(starts[colour])), mine.index(self.rank), len(mine))

    def Free(self) -> None:  # noqa: N802
        """Nothing is held."""

    def Abort(self, code: int) -> None:  # noqa: N802
        """End this process; its launcher ends the others."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)

    def Ibarrier(self) -> Arrival:  # noqa: N802
        """Arrive, and return what says whether all have."""
        self._turn += 1
        _publish(self._arrived, self.rank * LINE, self._turn)
        return Arrival(self._arrived, self._turn)

    def Barrier(self) -> None:  # noqa: N802
        """Wait for all."""
        arrival, patience = self.Ibarrier(), Patience()
        while not arrival.Test():
            patience.pause()

    def allgather(self, value: Any) -> list[Any]:
        """Return every rank's value."""
        return [pickle.loads(part) for part in self.exchange(_pickled(value))]

    def gather(self, value: Any, root: int = 0) -> list[Any] | None:
        """Return every rank's value on one, None elsewhere."""
        parts = self.exchange(_pickled(value))
        return [pickle.loads(part) for part in parts] if self.rank == root else None

    def bcast(self, value: Any, root: int = 0) -> Any:
        """Return one rank's value on all."""
        part = self.exchange(_pickled(value) if self.rank == root else b"")[root]
        return value if self.rank == root else pickle.loads(part)

    def Bcast(self, array: npt.NDArray[Any], root: int = 0) -> None:  # noqa: N802
        """Copy one rank's array into those of the others."""
        part = self.exchange(array.tobytes() if self.rank == root else b"")[root]
        if self.rank != root:
            array[...] = np.frombuffer(part, array.dtype).reshape(array.shape)

    def exchange(self, mine: bytes) -> list[bytes]:
        """Return the bytes of every rank, which may be as many as one likes: they go in pieces of a board."""
        parts = [bytearray() for _ in range(self.size)]
        at, is_complete = 0, False
        while not is_complete:
            is_complete = True
            boards = self.segment.boards[:, (self._turn + 1) % 2]
            piece = mine[at : at + BOARD - _HEADER]
            self._write(boards[self.rank], len(mine), piece)
            at += len(piece)
            self.Barrier()
            for board, part in zip(boards, parts, strict=True):
                is_complete = _read(board, part) and is_complete
        return [bytes(part) for part in parts]

    def _write(self, board: npt.NDArray[np.uint8], n_bytes: int, piece: bytes) -> None:
        board[:_HEADER].view(np.int64)[0] = n_bytes
        board[_HEADER : _HEADER + len(piece)] = np.frombuffer(piece, np.uint8)


def _read(board: npt.NDArray[np.uint8], part: bytearray) -> bool:
    """Add a board's piece to a part; say whether it is complete."""
    n_bytes = int(board[:_HEADER].view(np.int64)[0])
    part += board[_HEADER : _HEADER + min(BOARD - _HEADER, n_bytes - len(part))].tobytes()
    return len(part) == n_bytes


class Arrival:
    """A barrier under way."""

    def __init__(self, arrived: npt.NDArray[np.int64], turn: int) -> None:
        self._arrived, self._turn = arrived, turn

    def Test(self) -> bool:  # noqa: N802
        """Say whether all have arrived."""
        return bool(_all_reached(self._arrived, LINE, self._turn))


def _pickled(value: Any) -> bytes:
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
