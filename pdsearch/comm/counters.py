"""Integers that all ranks change without asking one another: tickets, a least root, a wish to stop.

On one machine they lie in shared memory and are changed by the processor's undivided instructions; over MPI they lie
with rank 0, and the others reach them by one-sided operations. Threads of a rank may use them at the same time.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from pdsearch._jit import kernel
from pdsearch.comm.local import LocalRanks
from pdsearch.comm.segment import N_ATOMS
from pdsearch.kernels.intrinsics import fetch_add, fetch_max, fetch_min, load_acquire, store_release

_ADD, _LOWER, _RAISE, _READ, _SET = range(5)


@kernel
def _change(atoms, entry, value, how):
    """Change an integer in one of five ways; return what it was, or for _SET what it is."""
    if how == _ADD:
        return fetch_add(atoms, entry, value)
    if how == _LOWER:
        return fetch_min(atoms, entry, value)
    if how == _RAISE:
        return fetch_max(atoms, entry, value)
    if how == _READ:
        return load_acquire(atoms, entry)
    store_release(atoms, entry, value)
    return value


class SharedCounters:
    """Those of ranks on one machine.

    Parameters
    ----------
    ranks : LocalRanks
        All must make them together.
    n : int
        At most N_ATOMS.
    """

    def __init__(self, ranks: LocalRanks, n: int) -> None:
        assert n <= N_ATOMS
        self._atoms = ranks.segment.atoms

    def add(self, entry: int, value: int) -> int:
        """Add, and return what it was."""
        return int(_change(self._atoms, entry, value, _ADD))

    def lower(self, entry: int, value: int) -> None:
        """Take the minimum."""
        _change(self._atoms, entry, value, _LOWER)

    def raise_to(self, entry: int, value: int) -> None:
        """Take the maximum."""
        _change(self._atoms, entry, value, _RAISE)

    def read(self, entry: int) -> int:
        """Return the value."""
        return int(_change(self._atoms, entry, 0, _READ))

    def set(self, entry: int, value: int) -> None:
        """Write; for one rank, between two barriers."""
        _change(self._atoms, entry, value, _SET)

    def close(self) -> None:
        """Nothing is held."""


class MpiCounters:
    """Those of an MPI communicator.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
        Duplicated; all its ranks must make them together.
    n : int
        How many.
    """

    def __init__(self, comm: Any, n: int) -> None:
        from mpi4py import MPI

        self._mpi, self._comm = MPI, comm.Dup()
        self._lock = threading.Lock()
        self._window = MPI.Win.Allocate(8 * n if self._comm.Get_rank() == 0 else 0, 8, comm=self._comm)
        self._window.Lock_all()

    def add(self, entry: int, value: int) -> int:
        """Add, and return what it was."""
        return self._atomic(entry, value, self._mpi.SUM)

    def lower(self, entry: int, value: int) -> None:
        """Take the minimum."""
        self._atomic(entry, value, self._mpi.MIN)

    def raise_to(self, entry: int, value: int) -> None:
        """Take the maximum."""
        self._atomic(entry, value, self._mpi.MAX)

    def read(self, entry: int) -> int:
        """Return the value."""
        return self._atomic(entry, 0, self._mpi.NO_OP)

    def set(self, entry: int, value: int) -> None:
        """Write; for one rank, between two barriers."""
        self._atomic(entry, value, self._mpi.REPLACE)

    def close(self) -> None:
        """Give the window back; all ranks must call."""
        self._window.Unlock_all()
        self._window.Free()
        self._comm.Free()

    def _atomic(self, entry: int, value: int, operation: Any) -> int:
        result = np.zeros(1, np.int64)
        with self._lock:
            self._window.Fetch_and_op(np.array([value], np.int64), result, 0, entry, operation)
            self._window.Flush(0)
        return int(result[0])
