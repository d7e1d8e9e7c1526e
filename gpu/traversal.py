"""BFS and SSSP on a CUDA GPU: the pieces of :mod:`pdsearch.balance.splitting`, one thread after its own.

The host splits each frontier with the same functions as on the CPU; a thread walks its pieces and
lowers distances with an atomic minimum. Distances only fall, so the result is independent of the order.

This demonstrates the splits; it is no performance code: each round copies pieces to the device and all flags back.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.splitting import Ints, Pieces
from pdsearch.balance.traversal import Graph, Relaxer, Traversal, traverse
from pdsearch.gpu.cuda import cuda, require_gpu

_BLOCK = 128  # threads; small, since the splits are even and blocks need not hide skew

SIGNATURES = [f"void({'int64[::1], ' * 5}{length}[::1], {length}[::1], uint8[::1])" for length in ("int64", "float64")]


def traverse_on_gpu(
    graph: Graph, source: int, strategy: str = "edges", n_threads: int = 4096, limit: int | None = None
) -> Traversal:
    """Compute the distances from a node on the GPU; see :func:`pdsearch.balance.traversal.traverse`.

    Raises
    ------
    MissingDependencyError
        If there is no GPU.
    BadInputError
        If the graph, the source or a number makes no sense.
    """
    require_gpu()
    return traverse(graph, source, strategy, n_threads, limit, relaxer=_GpuRelaxer)


def relax_body() -> Callable[..., None]:
    """Return the kernel as a Python function, to compile or to launch."""
    global numba_cuda
    numba_cuda = cuda()
    return _relax


numba_cuda: Any = None  # a global, and late: the simulator swaps modules it finds among a kernel's globals


def _relax(starts, node, edge, size, targets, lengths, distance, fell):
    """Walk this thread's pieces; each edge may lower the distance of its target."""
    thread = numba_cuda.grid(1)
    if thread >= starts.shape[0] - 1:
        return
    for piece in range(starts[thread], starts[thread + 1]):
        # Read once: a distance that falls later puts its node into the next frontier anyway.
        here = distance[node[piece]]
        for e in range(edge[piece], edge[piece] + size[piece]):
            target = targets[e]
            reach = here + lengths[e]
            if reach < numba_cuda.atomic.min(distance, target, reach):
                fell[target] = 1


@functools.cache
def _relax_kernel() -> Any:
    return cuda().jit(relax_body())


class _GpuRelaxer(Relaxer):
    """The same methods with all arrays on the device."""

    def __init__(self, graph: Graph, lengths: npt.NDArray[Any], source: int, far: float) -> None:
        cu = require_gpu()
        distance = np.full(len(graph.first) - 1, far, dtype=lengths.dtype)
        distance[source] = 0
        self._graph, self._cu = graph, cu
        self._device = [
            cu.to_device(np.ascontiguousarray(array))
            for array in (
                graph.targets.astype(np.int64),
                lengths,
                distance,
                np.zeros(len(distance), np.uint8),
            )
        ]

    def relax(self, frontier: Ints, pieces: Pieces, n_threads: int) -> None:
        """Launch a thread for every thread of the split."""
        node = frontier[pieces.node]
        edge = self._graph.first[node] + pieces.first
        starts = np.searchsorted(pieces.thread, np.arange(n_threads + 1))
        moved = [self._cu.to_device(np.ascontiguousarray(a, np.int64)) for a in (starts, node, edge, pieces.size)]
        _relax_kernel()[-(-n_threads // _BLOCK), _BLOCK](*moved, *self._device)

    def collect(self) -> Ints:
        """Copy the flags to the host and clear them on the device."""
        fell = self._device[3].copy_to_host()
        self._device[3].copy_to_device(np.zeros_like(fell))
        return np.flatnonzero(fell)

    def distances(self) -> npt.NDArray[Any]:
        """Copy the distances to the host."""
        return np.asarray(self._device[2].copy_to_host())
