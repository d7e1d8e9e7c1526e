"""Breadth-first search and single-source shortest paths, round by round, with the work split over threads.

A round takes the edges of all nodes whose distance fell in the last one. How they are split over threads is
the strategy; the answer does not depend on it, the loads do. Here one core plays all threads in turn and
counts what each would do; :mod:`pdsearch.gpu.traversal` shares the work of CUDA threads in the same ways.

Source: Raval et al. (2017), "Dynamic Load Balancing Strategies for Graph Applications on GPUs",
arXiv 1711.00231.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.balance._values import as_array
from pdsearch.balance.splitting import (
    Ints,
    Pieces,
    by_edges,
    by_nodes,
    by_split_nodes,
    degree_limit,
    in_rounds,
)
from pdsearch.errors import BadInputError, UnknownNameError

Splitter = Callable[[Ints, int, int], Iterator[Pieces]]  # degrees, threads, limit
STRATEGIES: dict[str, Splitter] = {
    "nodes": lambda degrees, n_threads, limit: iter([by_nodes(degrees, n_threads)]),
    "edges": lambda degrees, n_threads, limit: iter([by_edges(degrees, n_threads)]),
    "split-nodes": lambda degrees, n_threads, limit: iter([by_split_nodes(degrees, n_threads, limit)]),
    "rounds": lambda degrees, n_threads, limit: in_rounds(degrees, n_threads, limit),
}


class Graph(NamedTuple):
    """A directed graph in compressed rows: node u has targets[first[u]] to targets[first[u + 1] - 1].

    ``lengths`` are of the edges, not negative; None makes all of them 1.
    """

    first: Ints
    targets: Ints
    lengths: npt.NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Traversal:
    """Distances, and how even the work was.

    Attributes
    ----------
    distance : int64[n_nodes] or float64[n_nodes]
        From the source; -1 where no path leads.
    loads : int64[n_rounds, n_threads]
        Edges that each thread processed in each launch; for :func:`pdsearch.balance.report.balance_report`.
    """

    distance: npt.NDArray[Any]
    loads: Ints


class _Relaxer:
    """Runs pieces on one core.

    ``relax`` lowers the distances behind the edges of some pieces, ``collect`` returns the nodes
    whose distance fell since it was last called.
    """

    def __init__(self, graph: Graph, lengths: npt.NDArray[Any], source: int, far: float) -> None:
        self._graph, self._lengths = graph, lengths
        self._distance = np.full(len(graph.first) - 1, far, dtype=lengths.dtype)
        self._distance[source] = 0
        self._fell = np.zeros(len(self._distance), dtype=np.bool_)

    def relax(self, frontier: Ints, pieces: Pieces, n_threads: int) -> None:
        """Lower the distances behind the edges of the pieces."""
        node = frontier[pieces.node]
        edge = self._graph.first[node] + pieces.first
        _relax(node, edge, pieces.size, self._graph.targets, self._lengths, self._distance, self._fell)

    def collect(self) -> Ints:
        """Return the nodes whose distance fell since the last call, in ascending order."""
        frontier = np.flatnonzero(self._fell)
        self._fell[frontier] = False
        return frontier

    def distances(self) -> npt.NDArray[Any]:
        """Return the distances reached."""
        return self._distance


def traverse(
    graph: Graph,
    source: int,
    strategy: str = "edges",
    n_threads: int = 32,
    limit: int | None = None,
) -> Traversal:
    """Compute the distances from a node: BFS without lengths, SSSP with them.

    Parameters
    ----------
    graph : Graph
        Lengths, if any, not negative.
    source : int
        A node.
    strategy : str
        ``nodes``, ``edges``, ``split-nodes`` or ``rounds``.
    n_threads : int
        At least 1.
    limit : int, optional
        Edges of a node in one piece, for the last two; by default
        :func:`pdsearch.balance.splitting.degree_limit`.

    Returns
    -------
    Traversal

    Raises
    ------
    BadInputError
        If the graph, the source or a number makes no sense.
    UnknownNameError
        If there is no such strategy.

    Examples
    --------
    >>> graph = Graph(np.array([0, 2, 3, 3]), np.array([1, 2, 2]), np.array([1, 5, 1]))
    >>> traverse(graph, 0).distance
    array([0, 1, 2])
    """
    if strategy not in STRATEGIES:
        raise UnknownNameError(f"no strategy is called {strategy!r}; known: {', '.join(STRATEGIES)}")
    graph, lengths = checked(graph, source)
    degrees = np.diff(graph.first)
    most = degree_limit(degrees) if limit is None else limit
    far = far_from(lengths)
    engine = _Relaxer(graph, lengths, source, far)
    frontier, loads = np.array([source]), [np.zeros(n_threads if n_threads > 0 else 1, dtype=np.int64)]
    while len(frontier):
        for pieces in STRATEGIES[strategy](degrees[frontier], n_threads, most):
            engine.relax(frontier, pieces, n_threads)
            loads.append(pieces.loads(n_threads))
        frontier = engine.collect()
    distance = engine.distances()
    return Traversal(np.where(distance == far, -1, distance), np.stack(loads)[1:])


def far_from(lengths: npt.NDArray[Any]) -> float:
    """Return the distance of a node that no path reaches."""
    return np.iinfo(np.int64).max // 2 if lengths.dtype == np.int64 else np.inf


def checked(graph: Graph, source: int) -> tuple[Graph, npt.NDArray[Any]]:
    """Return the graph as int64, and its lengths, 1 each where there are none; BadInputError if they make no sense."""
    first, targets = (as_array(part, "edges") for part in graph[:2])
    if not all(part.ndim == 1 and (part.dtype.kind in "iu" or not part.size) for part in (first, targets)):
        raise BadInputError(
            f"row starts are {first.dtype}{list(first.shape)} and targets {targets.dtype}{list(targets.shape)}; "
            "give two lists of integers"
        )
    first, targets = first.astype(np.int64), targets.astype(np.int64)
    n_nodes = len(first) - 1
    if n_nodes < 1 or first[0] != 0 or first[-1] != len(targets) or (np.diff(first) < 0).any():
        raise BadInputError(f"{len(first)} row starts for {len(targets)} edges; need 0, ascending, up to the edges")
    if len(targets) and (targets.min() < 0 or targets.max() >= n_nodes):
        raise BadInputError(f"an edge leads to no node; nodes are 0 to {n_nodes - 1}")
    if not 0 <= source < n_nodes:
        raise BadInputError(f"the source is {source}; nodes are 0 to {n_nodes - 1}")
    return Graph(first, targets), _checked_lengths(graph.lengths, len(targets))


def _checked_lengths(given: npt.NDArray[Any] | None, n_edges: int) -> npt.NDArray[Any]:
    lengths = np.ones(n_edges, dtype=np.int64) if given is None else as_array(given, "lengths")
    if lengths.dtype.kind not in "biuf" or lengths.shape != (n_edges,):
        raise BadInputError(
            f"lengths are {lengths.dtype}{list(lengths.shape)}; need a number for each of {n_edges} edges"
        )
    if not ((lengths >= 0).all() and np.isfinite(lengths).all()):
        raise BadInputError("a length is negative, infinite or nan; lengths are finite and not negative")
    return lengths.astype(np.int64 if lengths.dtype.kind in "biu" else np.float64)


@kernel
def _relax(node, edge, size, targets, lengths, distance, fell):
    """Lower the distance of each target that an edge of a piece reaches by a shorter way."""
    for piece in range(node.shape[0]):
        here = distance[node[piece]]
        for e in range(edge[piece], edge[piece] + size[piece]):
            reach = here + lengths[e]
            if reach < distance[targets[e]]:
                distance[targets[e]] = reach
                fell[targets[e]] = True
