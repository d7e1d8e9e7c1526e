"""Cutting irregular work into equal pieces: edges over threads, flows over links.

The nodes of a frontier have very different numbers of edges. Three ways to even that out:

* workload decomposition: every thread gets equally many consecutive edges of the frontier;
* node splitting: a node with more than ``limit`` edges counts as several nodes;
* hierarchical rounds: in each round every node gives at most ``limit`` edges, the rest waits for the next.

Sources: Raval et al. (2017), "Dynamic Load Balancing Strategies for Graph Applications on GPUs",
arXiv 1711.00231; "Ethereal", arXiv 2407.00550 (2024), for the flows, whose construction is derived here
from the property it states.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.errors import BadInputError

Ints: TypeAlias = npt.NDArray[np.int64]


class Pieces(NamedTuple):
    """Runs of edges, in the order of the frontier, each for one thread.

    Piece i is edges ``first[i]`` to ``first[i] + size[i] - 1`` of node ``node[i]``, an index of a degree.
    """

    node: Ints
    first: Ints
    size: Ints
    thread: Ints

    def loads(self, n_threads: int) -> Ints:
        """Return int64[n_threads], the edges each thread processes."""
        return np.bincount(self.thread, weights=self.size, minlength=n_threads).astype(np.int64)


def by_nodes(degrees: npt.ArrayLike, n_threads: int) -> Pieces:
    """Give every thread equally many consecutive nodes, whatever their degrees: the baseline.

    >>> by_nodes([6, 1, 1, 0], 2).loads(2)
    array([7, 1])
    """
    counts = _as_degrees(degrees, n_threads)
    nodes = np.flatnonzero(counts)
    return Pieces(nodes, np.zeros_like(nodes), counts[nodes], nodes * n_threads // max(len(counts), 1))


def by_edges(degrees: npt.ArrayLike, n_threads: int) -> Pieces:
    """Give every thread equally many consecutive edges; the loads differ by at most one.

    Parameters
    ----------
    degrees : array_like[n_nodes] of int
        Edges of each node of the frontier.
    n_threads : int
        At least 1.

    Returns
    -------
    Pieces
        At most n_nodes + n_threads of them.

    Raises
    ------
    BadInputError
        If a degree is negative or there is no thread.

    Examples
    --------
    >>> pieces = by_edges([6, 1, 1, 0], 2)
    >>> pieces.node, pieces.first, pieces.size, pieces.thread
    (array([0, 0, 1, 2]), array([0, 4, 0, 0]), array([4, 2, 1, 1]), array([0, 1, 1, 1]))
    """
    counts = _as_degrees(degrees, n_threads)
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    bounds = np.arange(n_threads + 1) * total // n_threads
    cuts = np.unique(np.concatenate([ends, bounds, [0]]))
    starts, sizes = cuts[:-1], np.diff(cuts)
    node = np.searchsorted(ends, starts, side="right")
    thread = np.searchsorted(bounds, starts, side="right") - 1
    return Pieces(node, starts - (ends - counts)[node], sizes, thread)


def by_split_nodes(degrees: npt.ArrayLike, n_threads: int, limit: int) -> Pieces:
    """Split nodes into pieces of at most ``limit`` edges and give every thread equally many pieces.

    >>> by_split_nodes([6, 1, 1, 0], 2, limit=2).loads(2)
    array([6, 2])
    """
    counts = _as_degrees(degrees, n_threads)
    node, first, size = split_nodes(counts, limit)
    return Pieces(node, first, size, np.arange(len(node)) * n_threads // max(len(node), 1))


def in_rounds(degrees: npt.ArrayLike, n_threads: int, limit: int, small: int | None = None) -> Iterator[Pieces]:
    """Yield rounds in which a node gives at most ``limit`` edges; the nodes left over form the next round.

    Parameters
    ----------
    degrees : array_like[n_nodes] of int
        Edges of each node of the frontier.
    n_threads, limit : int
        At least 1.
    small : int, optional
        When at most this many nodes are left, their edges are shared out by :func:`by_edges` at once, since
        they would leave most threads idle; by default ``n_threads``.

    Yields
    ------
    Pieces
        All rounds together hold every edge once.

    Raises
    ------
    BadInputError
        If a degree is negative, or there is no thread or limit.

    Examples
    --------
    >>> [pieces.loads(2).tolist() for pieces in in_rounds([6, 1, 1, 3], 2, limit=2, small=1)]
    [[3, 3], [2, 1], [1, 1]]
    """
    counts = _as_degrees(degrees, n_threads)
    if limit < 1:
        raise BadInputError(f"the limit is {limit} edges; need at least 1")
    taken = np.zeros_like(counts)
    threshold = n_threads if small is None else small
    while True:
        nodes = np.flatnonzero(counts > taken)
        if len(nodes) == 0:
            return
        if taken.any() and len(nodes) <= threshold:
            rest = by_edges((counts - taken)[nodes], n_threads)
            yield Pieces(nodes[rest.node], rest.first + taken[nodes[rest.node]], rest.size, rest.thread)
            return
        size = np.minimum(counts[nodes] - taken[nodes], limit)
        yield Pieces(nodes, taken[nodes], size, np.arange(len(nodes)) * n_threads // len(nodes))
        taken[nodes] += size


def split_nodes(degrees: npt.ArrayLike, limit: int) -> tuple[Ints, Ints, Ints]:
    """Split every node into ceil(degree / limit) pieces whose sizes differ by at most one.

    Returns
    -------
    int64[n_pieces], int64[n_pieces], int64[n_pieces]
        Node, first edge and number of edges of each piece.

    Raises
    ------
    BadInputError
        If a degree is negative or the limit is below 1.

    Examples
    --------
    >>> split_nodes([5, 0, 2], limit=2)
    (array([0, 0, 0, 2]), array([0, 1, 3, 0]), array([1, 2, 2, 2]))
    """
    counts = _as_degrees(degrees, 1)
    if limit < 1:
        raise BadInputError(f"the limit is {limit} edges; need at least 1")
    pieces = -(-counts // limit)
    node = np.repeat(np.arange(len(counts)), pieces)
    number = np.arange(len(node)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    first = number * counts[node] // pieces[node]
    return node, first, (number + 1) * counts[node] // pieces[node] - first


def degree_limit(degrees: npt.ArrayLike, n_bins: int = 10) -> int:
    """Return a limit for node splitting: the upper end of the fullest bin of a histogram of the degrees.

    Most nodes then stay whole, and only the tail is split. The histogram has ``n_bins`` equal bins from 0 to
    the largest degree; nodes without edges do not count.

    >>> degree_limit([1, 2, 1, 2, 100])
    10
    """
    counts = _as_degrees(degrees, 1)
    if n_bins < 1:
        raise BadInputError(f"{n_bins} bins; need at least 1")
    counts = counts[counts > 0]
    if len(counts) == 0:
        return 1
    heights, edges = np.histogram(counts, bins=n_bins, range=(0, float(counts.max())))
    return max(1, math.ceil(float(edges[int(heights.argmax()) + 1]) - 1e-9))


class Flows(NamedTuple):
    """Equal flows on links: entry i puts ``parts[i]`` parts of flow ``flow[i]`` on link ``link[i]``."""

    flow: Ints
    link: Ints
    parts: Ints
    parts_per_flow: int


def split_flows(n_flows: int, n_links: int) -> Flows:
    """Load the links of one bundle equally, splitting as few flows as possible, each as little as possible.

    Whole flows are dealt round robin. Of the remaining r = n mod s, each is cut into s / gcd(r, s) equal
    parts on consecutive links. For the leaves of a network together: :func:`pdsearch.balance.fabric.split_on_spines`.

    Parameters
    ----------
    n_flows, n_links : int
        At least 1; the flows are equally large.

    Returns
    -------
    Flows
        Every link carries exactly n_flows / n_links flows.

    Raises
    ------
    BadInputError
        If there is no flow or no link.

    Examples
    --------
    >>> split_flows(3, 2)
    Flows(flow=array([0, 1, 2, 2]), link=array([0, 1, 0, 1]), parts=array([2, 2, 1, 1]), parts_per_flow=2)
    """
    if n_flows < 1 or n_links < 1:
        raise BadInputError(f"{n_flows} flows on {n_links} links; need at least one of each")
    remaining = n_flows % n_links
    pieces = n_links // math.gcd(remaining, n_links)
    whole = np.arange(n_flows - remaining)
    split = np.repeat(np.arange(n_flows - remaining, n_flows), pieces)
    links = np.concatenate([whole, np.arange(len(split))]) % n_links
    parts = np.concatenate([np.full(len(whole), pieces), np.ones(len(split), dtype=np.int64)])
    return Flows(np.concatenate([whole, split]), links, parts, pieces)


def _as_degrees(degrees: npt.ArrayLike, n_threads: int) -> Ints:
    counts = as_array(degrees, "degrees")
    if counts.ndim != 1 or (counts.size and (counts.dtype.kind not in "iu" or counts.min() < 0)):
        raise BadInputError(f"degrees have shape {counts.shape} and type {counts.dtype}; need a list of counts")
    if n_threads < 1:
        raise BadInputError(f"{n_threads} threads; need at least 1")
    return counts.astype(np.int64)
