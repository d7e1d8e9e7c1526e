"""Who takes which subtrees: chunks of roots handed out in order, to threads or to ranks.

Early chunks are large and late ones single roots (guided self-scheduling: Polychronopoulos and
Kuck 1987, IEEE Transactions on Computers 36), because a few subtrees hold much of the work.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

import numpy as np

from pdsearch.kernels.protocol import INFINITY
from pdsearch.subtrees import LEAST_PRUNED, Integers

_SHARE = 64  # a chunk is this part of what remains for each worker; also bounds the work behind a first solution


def chunk_ends(n_roots: int, n_workers: int) -> list[int]:
    """Return the ends of the chunks; one worker takes all roots at once, as it shares with nobody.

    >>> chunk_ends(1000, 2)[:3], chunk_ends(1000, 2)[-1]
    ([7, 14, 21], 1000)
    """
    if n_workers == 1:
        return [n_roots] if n_roots else []
    ends, at = [], 0
    while at < n_roots:
        at += max(1, (n_roots - at) // (_SHARE * n_workers))
        ends.append(at)
    return ends


class Queue(Protocol):
    """Shared by all workers of a search.

    Attributes
    ----------
    rank, size : int
        Of the processes that share it.
    last : int64[1]
        No root beyond this one needs to be searched.
    """

    rank: int
    size: int
    last: Integers

    def begin(self) -> None:
        """Start an iteration; all ranks must call."""

    def take(self) -> int:
        """Return the number of the next chunk; each is given out once."""

    def lower(self, root: int) -> None:
        """Announce a root with a goal below it."""

    def stop(self, status: int) -> None:
        """Ask all workers to stop, and why."""

    def look(self) -> int:
        """Bring ``last`` up to date and return why to stop, 0 when nobody asked."""

    def add_up(self, counts: Integers, loads: Integers) -> tuple[Integers, Integers]:
        """Return the counts of all ranks' subtrees, and the loads of all workers; all ranks must call."""

    def close(self) -> None:
        """Give back what is shared; all ranks must call."""


class ThreadQueue:
    """The threads of one process."""

    rank, size = 0, 1

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.last = np.array([INFINITY], np.int64)
        self._next, self._stop = 0, 0

    def begin(self) -> None:
        """Give out chunk 0 next."""
        self._next = 0
        self.last[0] = INFINITY

    def take(self) -> int:
        """Count up."""
        with self._lock:
            self._next += 1
            return self._next - 1

    def lower(self, root: int) -> None:
        """Keep the least."""
        with self._lock:
            self.last[0] = min(int(self.last[0]), root)

    def stop(self, status: int) -> None:
        """Keep the reason."""
        self._stop = self._stop or status

    def look(self) -> int:
        """Return the reason."""
        return self._stop

    def add_up(self, counts: Integers, loads: Integers) -> tuple[Integers, Integers]:
        """Return what is here: there are no other ranks."""
        return counts, loads

    def close(self) -> None:
        """Nothing is shared with other processes."""


_NEXT, _LEAST, _STOP = range(3)


class RankQueue:
    """The threads of all ranks of an MPI communicator: three integers in the memory of rank 0.

    Ranks reach them with one-sided atomic operations, so that no rank has to answer another.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
        Duplicated; all its ranks take part in every search.
    """

    def __init__(self, comm: Any) -> None:
        from mpi4py import MPI

        self._mpi = MPI
        self._comm = comm.Dup()
        self.rank, self.size = self._comm.Get_rank(), self._comm.Get_size()
        self._lock = threading.Lock()
        self._window = MPI.Win.Allocate(24 if self.rank == 0 else 0, 8, comm=self._comm)
        self._window.Lock_all()
        self.last = np.array([INFINITY], np.int64)
        for entry, value in ((_NEXT, 0), (_LEAST, INFINITY), (_STOP, 0)):
            self._reset(entry, value)

    def begin(self) -> None:
        """Reset the ticket and the least root on rank 0; nobody is inside an iteration."""
        self._comm.Barrier()
        self.last[0] = INFINITY
        self._reset(_NEXT, 0)
        self._reset(_LEAST, INFINITY)
        self._comm.Barrier()

    def take(self) -> int:
        """Fetch and add one."""
        return self._atomic(_NEXT, 1, self._mpi.SUM)

    def lower(self, root: int) -> None:
        """Fetch and take the minimum."""
        self._atomic(_LEAST, root, self._mpi.MIN)
        with self._lock:
            self.last[0] = min(int(self.last[0]), root)

    def stop(self, status: int) -> None:
        """Fetch and take the maximum."""
        self._atomic(_STOP, status, self._mpi.MAX)

    def look(self) -> int:
        """Fetch both."""
        self.last[0] = min(int(self.last[0]), self._atomic(_LEAST, 0, self._mpi.NO_OP))
        return self._atomic(_STOP, 0, self._mpi.NO_OP)

    def add_up(self, counts: Integers, loads: Integers) -> tuple[Integers, Integers]:
        """Reduce the counts; each root was searched on one rank, the others hold zeros there."""
        total, least = np.empty_like(counts), np.empty_like(counts[:, LEAST_PRUNED])
        mine = counts[:, LEAST_PRUNED].copy()
        mine[mine == 0] = INFINITY
        self._comm.Allreduce(counts, total, self._mpi.SUM)
        self._comm.Allreduce(mine, least, self._mpi.MIN)
        total[:, LEAST_PRUNED] = least
        return total, np.concatenate(self._comm.allgather(loads))

    def close(self) -> None:
        """Give the window back; all ranks must call."""
        self._window.Unlock_all()
        self._window.Free()
        self._comm.Free()

    def _reset(self, entry: int, value: int) -> None:
        if self.rank == 0:
            self._atomic(entry, value, self._mpi.REPLACE)

    def _atomic(self, entry: int, value: int, operation: Any) -> int:
        result = np.zeros(1, np.int64)
        with self._lock:
            self._window.Fetch_and_op(np.array([value], np.int64), result, 0, entry, operation)
            self._window.Flush(0)
        return int(result[0])
