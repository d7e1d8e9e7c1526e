"""BFS and SSSP on a CUDA GPU, the frontiers staying on the device.

A round relaxes the edges of all nodes whose distance fell in the last one. A node that a shorter way reaches is
appended to the next frontier by the thread that found the way. One atomic addition to a word that holds the number of
nodes above and the number of their *units* below gives both its place and the number of units before it, so the
frontier comes with its prefix sum and needs no scan. Units are what threads share evenly:

* ``nodes``: a node; the baseline;
* ``edges``: an edge, so that the loads of threads differ by at most one;
* ``split-nodes``: a piece of a node, of at most ``limit`` edges;
* ``rounds``: the next ``limit`` edges of a node; nodes with more are appended to a list on the device, which makes the
  next launch, and are shared out by edges when no more of them than threads are left.

The units of a warp are consecutive and its lanes take every 32nd, so that neighbours read neighbouring edges; a lane
finds its first unit by binary search and walks on from there. The host reads two words after each launch, the number
of nodes in both lists. Distances only fall, so the result does not depend on the order; a node whose distance falls
while it is relaxed is in the next frontier.

Source: Raval et al. (2017), "Dynamic Load Balancing Strategies for Graph Applications on GPUs", arXiv 1711.00231; the
prefix sum by one addition is ours.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.splitting import degree_limit
from pdsearch.balance.traversal import STRATEGIES, Graph, Traversal, checked, far_from
from pdsearch.errors import BadInputError, UnknownNameError
from pdsearch.gpu.cuda import cuda, require_gpu

_BLOCK = 128  # threads of a block
_LANES = 32
_COUNT_AT = 36  # nodes of a list in the bits above, their units below
_UNITS = (1 << _COUNT_AT) - 1
MAX_NODES = 1 << 27  # so that numbers of nodes and of rounds fit
EDGES, PIECES, SLICES = range(3)  # kinds of units
KINDS = {"nodes": PIECES, "edges": EDGES, "split-nodes": PIECES, "rounds": SLICES}
NEXT, LEFT = range(2)  # lists that a launch appends to
_ROUNDS = 64  # of loads that are kept on the device at a time

_LIST = "int32[::1], int64[::1], "
SIGNATURES = [
    f"void(int64[::1], int32[::1], {length}[::1], {length}[::1], int32[::1], {_LIST * 3}int64[::1], int64[:, ::1], "
    "int64, int64, int64, int64, int64, int64, int64)"
    for length in ("int64", "float64")
]


def traverse_on_gpu(
    graph: Graph, source: int, strategy: str = "edges", n_threads: int = 2**16, limit: int | None = None
) -> Traversal:
    """Compute the distances from a node on the GPU; see :func:`pdsearch.balance.traversal.traverse`.

    Raises
    ------
    MissingDependencyError
        If there is no GPU.
    BadInputError, UnknownNameError
        If the graph, the source, a number or the strategy makes no sense.
    """
    require_gpu()
    if strategy not in STRATEGIES:
        raise UnknownNameError(f"no strategy is called {strategy!r}; known: {', '.join(STRATEGIES)}")
    graph, lengths = checked(graph, source)
    degrees = np.diff(graph.first)
    most = degree_limit(degrees) if limit is None else limit
    if n_threads < 1 or most < 1 or len(degrees) >= MAX_NODES or len(graph.targets) > _UNITS:
        raise BadInputError(
            f"{n_threads} threads, a limit of {most} edges, {len(degrees):,} nodes and {len(graph.targets):,} edges; "
            f"need at least 1 thread and edge, fewer than {MAX_NODES:,} nodes and at most {_UNITS:,} edges"
        )
    if strategy == "nodes":
        most = max(1, int(degrees.max()))
    search = _Search(graph, lengths, source, KINDS[strategy], n_threads, most)
    search.run()
    return search.result()


class _Search:
    """The arrays of one traversal on the device."""

    def __init__(
        self, graph: Graph, lengths: npt.NDArray[Any], source: int, kind: int, n_threads: int, limit: int
    ) -> None:
        cu, n = require_gpu(), len(graph.first) - 1
        self._kind, self._limit, self._n_threads = kind, limit, n_threads
        self._far = far_from(lengths)
        distance, mark = np.full(n, self._far, lengths.dtype), np.zeros(n, np.int32)
        distance[source] = 0
        self._arrays = [cu.to_device(a) for a in (graph.first, graph.targets.astype(np.int32), lengths, distance, mark)]
        self._lists = [[cu.device_array(n, np.int32), cu.device_array(n, np.int64)] for _ in range(4)]
        self._tails = cu.to_device(np.zeros(2, np.int64))
        self._loads, self._kept = cu.to_device(np.zeros((_ROUNDS, n_threads), np.int64)), [np.zeros((0, n_threads))]
        self._launches = 0
        degree = int(graph.first[source + 1] - graph.first[source])
        self._lists[0][0][:1].copy_to_device(np.array([source], np.int32))
        self._lists[0][1][:1].copy_to_device(np.zeros(1, np.int64))
        self._begin = int(degree > 0), {EDGES: degree, PIECES: -(-degree // limit), SLICES: 1}[kind]

    def run(self) -> None:
        """Launch until no distance falls."""
        (count, units), round_ = self._begin, 0
        while count:
            round_ += 1
            self._tails.copy_to_device(np.zeros(2, np.int64))
            tail = self._launch(0, count, units, round_, self._kind, 0)
            done = self._limit
            while self._kind == SLICES and tail[LEFT]:  # nodes with edges left
                n_left, edges = tail[LEFT] >> _COUNT_AT, tail[LEFT] & _UNITS
                self._lists[2], self._lists[3] = self._lists[3], self._lists[2]
                self._tails.copy_to_device(np.array([tail[NEXT], 0], np.int64))
                if n_left <= self._n_threads:
                    tail = self._launch(3, n_left, edges, round_, EDGES, done)
                else:
                    tail = self._launch(3, n_left, n_left, round_, SLICES, done)
                done += self._limit
            count, units = tail[NEXT] >> _COUNT_AT, tail[NEXT] & _UNITS
            self._lists[0], self._lists[1] = self._lists[1], self._lists[0]

    def _launch(self, which: int, count: int, units: int, round_: int, kind: int, done: int) -> tuple[int, int]:
        """Relax the units of a list; return the tails of both lists that grew."""
        row = self._launches % _ROUNDS
        if self._launches and row == 0:
            self._kept.append(self._loads.copy_to_host())
        self._launches += 1
        _relax_kernel()[-(-self._n_threads // _BLOCK), _BLOCK](
            *self._arrays, *self._lists[which], *self._lists[1], *self._lists[2], self._tails, self._loads,
            *map(np.int64, (count, units, round_, kind, self._kind, self._limit, done << 8 | row)),
        )  # fmt: skip
        following, left = self._tails.copy_to_host().tolist()
        return following, left

    def result(self) -> Traversal:
        """Copy distances and loads to the host."""
        distance = self._arrays[3].copy_to_host()
        kept = np.concatenate([*self._kept, self._loads.copy_to_host()])[: self._launches]
        return Traversal(np.where(distance == self._far, -1, distance), kept.astype(np.int64))


def relax_body() -> Any:
    """Return the kernel as a Python function, to compile or to launch."""
    global numba_cuda
    numba_cuda = cuda()
    return _relax


numba_cuda: Any = None  # a global, and late: the simulator swaps modules it finds among a kernel's globals


def _relax(
    first, targets, lengths, distance, mark, nodes, before, next_nodes, next_before, left_nodes, left_before, tails,
    loads, count, units, round_, kind, next_kind, limit, done_and_row,
):  # fmt: skip
    """Walk this thread's units; each edge may lower the distance of its target."""
    n_threads, thread = loads.shape[1], numba_cuda.grid(1)
    if thread >= n_threads:
        return
    done, row = done_and_row >> 8, done_and_row & 255
    lanes = _LANES if n_threads % _LANES == 0 else 1
    group, n_groups = thread // lanes, n_threads // lanes
    unit, end = group * units // n_groups + thread % lanes, (group + 1) * units // n_groups
    low, high = 0, count  # the last node whose units begin at this one or before it
    while high - low > 1:
        middle = (low + high) // 2
        if (before[middle] if kind != SLICES else middle) <= unit:
            low = middle
        else:
            high = middle
    load = 0
    while unit < end:
        start = low
        if kind != SLICES:
            while low + 1 < count and before[low + 1] <= unit:
                low += 1
            start = before[low]
        else:
            low = start = unit
        node = nodes[low]
        edge, degree = first[node], first[node + 1] - first[node]
        begin, stop = done + (unit - start), done + (unit - start) + 1
        if kind == PIECES:
            pieces = (degree + limit - 1) // limit
            begin, stop = (unit - start) * degree // pieces, (unit - start + 1) * degree // pieces
        elif kind == SLICES:
            begin, stop = done, min(done + limit, degree)
            if stop < degree:
                grown = numba_cuda.atomic.add(tails, LEFT, (1 << _COUNT_AT) + degree - stop)
                left_nodes[grown >> _COUNT_AT], left_before[grown >> _COUNT_AT] = node, grown & _UNITS
        here = distance[node]  # a distance that falls later puts its node into the next frontier anyway
        for e in range(edge + begin, edge + stop):
            target, reach = targets[e], here + lengths[e]
            if reach < distance[target] and reach < numba_cuda.atomic.min(distance, target, reach):
                more = first[target + 1] - first[target]
                if more > 0 and numba_cuda.atomic.exch(mark, target, round_) != round_:
                    if next_kind == PIECES:
                        more = (more + limit - 1) // limit
                    elif next_kind == SLICES:
                        more = 1
                    grown = numba_cuda.atomic.add(tails, NEXT, (1 << _COUNT_AT) + more)
                    next_nodes[grown >> _COUNT_AT], next_before[grown >> _COUNT_AT] = target, grown & _UNITS
        load += stop - begin
        unit += lanes
    loads[row, thread] = load


@functools.cache
def _relax_kernel() -> Any:
    return cuda().jit(relax_body())
