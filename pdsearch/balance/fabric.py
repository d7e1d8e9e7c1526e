"""Flows of all leaves of a leaf-spine network on its spines, at once.

Every leaf has one link to every spine. Ideal packet spraying sends 1 / S of every flow over each of the S spines; its
fullest link carries Delta / S flows, where Delta is the most flows that a leaf sends or receives. Splitting leaf by
leaf evens out the links up, and leaves those down to chance: all to all between four leaves on four spines may put
four flows on one link down.

Here the flows are first coloured with Delta colours so that no leaf sends or receives two of one colour, which a
bipartite graph allows (König, 1916, "Über Graphen und ihre Anwendung auf Determinantentheorie und Mengenlehre",
Mathematische Annalen 77; by alternating paths). Flows of one colour meet on no link, so a colour is put on spines
as one flow is on the links of one bundle (:func:`pdsearch.balance.splitting.split_flows`): all but Delta mod S colours
whole. No link, up or down, carries more than Delta / S, as with ideal spraying, which is what "Ethereal", arXiv
2407.00550 (2024), states. Flows are equally large; what the paper says about retransmission and about flows that do
not start together is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.balance._values import as_array
from pdsearch.balance.splitting import Ints, split_flows
from pdsearch.errors import BadInputError

_MOST_FLOWS = 10_000_000
_MOST_CELLS = 50_000_000  # leaves times colours: 800 MB of tables


class FabricFlows(NamedTuple):
    """Where the flows go: entry i puts ``parts[i]`` parts of flow ``flow[i]`` on spine ``spine[i]``.

    Flow f goes from leaf ``source[f]`` to leaf ``destination[f]`` and has ``parts_per_flow`` parts.
    """

    source: Ints
    destination: Ints
    flow: Ints
    spine: Ints
    parts: Ints
    parts_per_flow: int

    @property
    def n_split(self) -> int:
        """Return the number of flows that use more than one spine."""
        return int((np.bincount(self.flow, minlength=len(self.source)) > 1).sum())

    def link_loads(self, n_leaves: int, n_spines: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return what the links up, float64[leaf, spine], and down, float64[spine, leaf], carry, in flows."""
        up, down = np.zeros((n_leaves, n_spines), np.int64), np.zeros((n_spines, n_leaves), np.int64)
        np.add.at(up, (self.source[self.flow], self.spine), self.parts)
        np.add.at(down, (self.spine, self.destination[self.flow]), self.parts)
        return up / self.parts_per_flow, down / self.parts_per_flow


def split_on_spines(demand: npt.ArrayLike, n_spines: int) -> FabricFlows:
    """Put the flows between leaves on spines so that no link carries more than with ideal spraying.

    Parameters
    ----------
    demand : array_like[n_leaves, n_leaves] of int
        Equally large flows from each leaf (row) to each leaf (column); those from a leaf to itself cross a spine, too.
    n_spines : int
        Each with a link from and to every leaf.

    Returns
    -------
    FabricFlows
        The largest link load is max(row sums, column sums) / n_spines.

    Raises
    ------
    BadInputError
        If the demand is no square matrix of counts, has no flow, or there is no spine.

    Examples
    --------
    >>> flows = split_on_spines(np.ones((4, 4), int), n_spines=4)
    >>> [float(loads.max()) for loads in flows.link_loads(4, 4)], flows.n_split
    ([1.0, 1.0], 0)
    """
    counts = _as_demand(demand)
    if n_spines < 1:
        raise BadInputError(f"{n_spines} spines; need at least one")
    source, destination = (np.repeat(ends.ravel(), counts.ravel()) for ends in np.indices(counts.shape))
    degree = int(max(counts.sum(axis=0).max(), counts.sum(axis=1).max()))
    if degree * len(counts) > _MOST_CELLS:
        raise BadInputError(f"{len(counts)} leaves with up to {degree} flows each are too many; scale the demand down")
    colour = edge_colours(source, destination, len(counts), degree)
    bundle = split_flows(degree, n_spines)
    starts = np.searchsorted(bundle.flow, np.arange(degree + 1))  # split_flows lists the parts of a flow together
    size = np.diff(starts)[colour]
    flow = np.repeat(np.arange(len(source)), size)
    entry = np.arange(len(flow)) - np.repeat(np.cumsum(size) - size, size) + starts[colour][flow]
    return FabricFlows(source, destination, flow, bundle.link[entry], bundle.parts[entry], bundle.parts_per_flow)


def edge_colours(source: Ints, destination: Ints, n_leaves: int, n_colours: int) -> Ints:
    """Colour edges from left to right nodes so that no node has two of one colour.

    Parameters
    ----------
    source, destination : int64[n_edges]
        Nodes on the left and on the right, from 0 to ``n_leaves`` - 1 each.
    n_leaves, n_colours : int
        At least as many colours as the most edges of a node.

    Returns
    -------
    int64[n_edges]

    Examples
    --------
    >>> edge_colours(np.array([0, 0, 1]), np.array([0, 1, 0]), n_leaves=2, n_colours=2)
    array([1, 0, 0])
    """
    colour = np.full(len(source), -1, dtype=np.int64)
    at_left, at_right = (np.full((n_leaves, n_colours), -1, dtype=np.int64) for _ in range(2))
    path = np.empty(2 * n_leaves + 1, dtype=np.int64)
    _colour(source, destination, at_left, at_right, colour, path)
    return colour


@kernel
def _colour(source, destination, at_left, at_right, colour, path):
    """Colour the edges one by one; where the ends have no free colour in common, swap two along a path."""
    for edge in range(source.shape[0]):
        u, v = source[edge], destination[edge]
        free_u, free_v = _free(at_left[u]), _free(at_right[v])
        if free_u != free_v and at_right[v, free_u] >= 0:
            # The path from v of colours free_u, free_v, free_u, ... cannot reach u, which lacks free_u.
            length, node, on_right, wanted = 0, v, True, free_u
            while True:
                following = at_right[node, wanted] if on_right else at_left[node, wanted]
                if following < 0:
                    break
                path[length] = following
                length += 1
                node = source[following] if on_right else destination[following]
                on_right = not on_right
                wanted = free_v if wanted == free_u else free_u
            for i in range(length):
                at_left[source[path[i]], colour[path[i]]] = -1
                at_right[destination[path[i]], colour[path[i]]] = -1
            for i in range(length):
                swapped = free_v if colour[path[i]] == free_u else free_u
                colour[path[i]] = swapped
                at_left[source[path[i]], swapped] = path[i]
                at_right[destination[path[i]], swapped] = path[i]
        colour[edge] = free_u
        at_left[u, free_u] = edge
        at_right[v, free_u] = edge


@kernel
def _free(row):
    for colour in range(row.shape[0]):
        if row[colour] < 0:
            return colour
    return -1


def _as_demand(demand: npt.ArrayLike) -> Ints:
    counts = as_array(demand, "demands")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.dtype.kind not in "iu" or not counts.size:
        raise BadInputError(
            f"demand has shape {counts.shape} and type {counts.dtype}; need whole numbers (leaves, leaves)"
        )
    if counts.min() < 0 or not 1 <= counts.sum(dtype=np.float64) <= _MOST_FLOWS:
        raise BadInputError(f"demands add up to {counts.sum()} flows; give counts of 1 to {_MOST_FLOWS} flows in all")
    return counts.astype(np.int64)
