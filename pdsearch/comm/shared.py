"""Arrays that the ranks of one machine build once and read together, from one piece of memory.

The first rank of a machine builds; the others see its result through an MPI window. P copies of a table would take
P times the memory, and P ranks that build it P times the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pdsearch.comm.together import once

Arrays = tuple[Any, ...]  # of numpy arrays
_ALIGNED = 64  # bytes: a cache line


class SharedArrays:
    """What a communicator's ranks share, machine by machine.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
        All its ranks must make one, and call it alike.
    """

    def __init__(self, comm: Any) -> None:
        from mpi4py import MPI

        self._mpi = MPI
        self._machine = comm.Split_type(MPI.COMM_TYPE_SHARED)
        self._windows: list[Any] = []

    def __call__(self, build: Callable[[], Arrays]) -> Arrays:
        """Return the arrays that ``build`` makes on the machine's first rank, on all of them.

        Raises
        ------
        PdsearchError
            On every rank of the machine, if ``build`` raises one.
        """
        built: list[Arrays] = []

        def describe() -> list[tuple[str, tuple[int, ...]]]:
            built.append(build())
            return [(array.dtype.str, array.shape) for array in built[0]]

        described = once(self._machine, describe)
        if self._machine.Get_size() == 1:
            return built[0]
        ends = np.cumsum([_room(np.dtype(dtype).itemsize * int(np.prod(shape))) for dtype, shape in described])
        memory = self._memory(int(ends[-1]) if len(ends) else 0)
        starts = [0, *ends.tolist()]
        arrays = tuple(
            np.ndarray(shape, np.dtype(dtype), memory, start)
            for (dtype, shape), start in zip(described, starts, strict=False)
        )
        for array, source in zip(arrays, built[0] if built else (), strict=False):
            array[...] = source
        self._machine.Barrier()
        return arrays

    def _memory(self, n_bytes: int) -> Any:
        """Return memory of the first rank that all ranks of the machine see."""
        is_first = self._machine.Get_rank() == 0
        window = self._mpi.Win.Allocate_shared(max(1, n_bytes) if is_first else 0, 1, comm=self._machine)
        self._windows.append(window)
        return window.Shared_query(0)[0]

    def close(self) -> None:
        """Give the memory back; all ranks must call, and none may look at the arrays again."""
        for window in self._windows:
            window.Free()
        self._machine.Free()


def _room(n_bytes: int) -> int:
    return -(-n_bytes // _ALIGNED) * _ALIGNED
