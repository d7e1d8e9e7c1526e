"""Arrays that the ranks of one machine build once and read together, from one piece of memory.

One rank of a machine builds, the first where no other is named; the others see its result through a file without a
name, which the system frees with the last process that has it open, however that ends. P copies of a table would take
P times the memory, and P ranks that build it P times the time.

The memory is asked for before it is written to: a file in a full ``/dev/shm`` grows as far as one likes, and then ends
whoever touches it by SIGBUS. Where it cannot be had, each rank has a copy of its own.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from pdsearch.comm.segment import unnamed_file
from pdsearch.comm.together import machine_of, once

Arrays = tuple[Any, ...]  # of numpy arrays
_ALIGNED = 64  # bytes: a cache line
_AT_ONCE = 2**30  # bytes of one message


class SharedArrays:
    """What a communicator's ranks share, machine by machine.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm or LocalRanks
        All its ranks must make one, and call it alike.
    """

    def __init__(self, comm: Any) -> None:
        self._machine = machine_of(comm)
        self._are_copies = False

    def __call__(self, build: Callable[[], Arrays], root: int = 0) -> Arrays:
        """Return the arrays that ``build`` makes on one of the machine's ranks, the first say, on all of them.

        Raises
        ------
        PdsearchError
            On every rank of the machine, if ``build`` raises one.
        """
        built: list[Arrays] = []

        def describe() -> list[tuple[str, tuple[int, ...]]]:
            built.append(build())
            return [(array.dtype.str, array.shape) for array in built[0]]

        described = once(self._machine, describe, root)
        if self._machine.Get_size() == 1:
            return built[0]
        ends = np.cumsum([_room(np.dtype(dtype).itemsize * int(np.prod(shape))) for dtype, shape in described])
        n_bytes = int(ends[-1]) if len(ends) else 0
        memory = common_memory(self._machine, max(1, n_bytes), root)
        is_copied = memory is None
        if memory is None:
            memory = mmap.mmap(-1, max(1, n_bytes))
        starts = [0, *ends.tolist()]
        arrays = tuple(
            np.ndarray(shape, np.dtype(dtype), memory, start)
            for (dtype, shape), start in zip(described, starts, strict=False)
        )
        for array, source in zip(arrays, built[0] if built else (), strict=False):
            array[...] = source
        if is_copied:
            self._are_copies = True
            self._copy(np.frombuffer(memory, np.uint8), root)
        self._machine.Barrier()
        return arrays

    def _copy(self, content: Any, root: int) -> None:
        """Send the bytes of one rank to the others."""
        for start in range(0, len(content), _AT_ONCE):
            self._machine.Bcast(content[start : start + _AT_ONCE], root)

    def first(self, rank: int) -> int:
        """Return the lowest rank that sees the arrays of ``rank``, this one; all ranks of the machine must call."""
        lowest = int(self._machine.bcast(rank, 0))
        return rank if self._are_copies else lowest

    def close(self) -> None:
        """Leave the communicator; all ranks must call. Memory is given back with the last array in it."""
        self._machine.Free()


def common_memory(machine: Any, n_bytes: int, root: int = 0) -> mmap.mmap | None:
    """Return memory that all ranks of a machine see, or None on all where there is too little; all must call.

    Parameters
    ----------
    machine : mpi4py.MPI.Comm or LocalRanks
        Of ranks of one machine.
    n_bytes : int
        At least 1.
    root : int
        Which of them asks the system for it.
    """
    file = unnamed_file(n_bytes) if machine.Get_rank() == root else None
    told = None if file is None else (f"/proc/{os.getpid()}/fd/{file}", _identity(file))
    told = machine.bcast(told, root)
    if told is None:
        return None
    memory = None
    with suppress(OSError, ValueError):
        if file is None:
            file = os.open(told[0], os.O_RDWR)
        if _identity(file) == told[1]:  # where processes have other numbers it may be another file
            memory = mmap.mmap(file, n_bytes)
    all_have_it = all(machine.allgather(memory is not None))
    if file is not None:
        os.close(file)
    return memory if all_have_it else None


def _identity(file: int) -> tuple[int, int, int]:
    found = os.fstat(file)
    return found.st_dev, found.st_ino, found.st_size


def _room(n_bytes: int) -> int:
    return -(-n_bytes // _ALIGNED) * _ALIGNED
