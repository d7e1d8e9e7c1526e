"""Two-way cuts of a variable's values: what the graph-partitioning methods choose.

A cut is good when few moves cross it and both sides are large. Its measure is sparsity,

    |S1| * |S2| / weight of the edges between S1 and S2,

to be maximised. Exact by branch and bound for small graphs, by local search from several
starts for larger ones, and by general partitioners to compare with.

Source: Jinnai and Fukunaga (2017), "A Graph-Partitioning Based Approach for Parallel Best-First
Search", HSDIP, sections 5 and 6 (sparsity); (2016), AAAI, section 4.4 (the greedy cut).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pdsearch.domains import TransitionGraph

Side = npt.NDArray[np.bool_]  # (n_values,) true = on the side of the first value
EXACT_UP_TO = 16  # values; a 4 x 4 grid takes well under a second
_STARTS = 8


def matrix(graph: TransitionGraph) -> npt.NDArray[np.float64]:
    """Return the symmetric weights between the graph's values by position: float64[n, n]."""
    position = {int(value): i for i, value in enumerate(graph.values)}
    weights = np.zeros((len(position), len(position)))
    for (u, v), weight in zip(graph.edges.tolist(), graph.weights.tolist(), strict=True):
        weights[position[u], position[v]] += weight
        weights[position[v], position[u]] += weight
    return weights


def sparsity(weights: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], side: Side) -> float:
    """Return the product of the sides' sizes over the weight between them; 0 for an empty side.

    Without any edge between the sides it is above that of every cut with one, and larger the
    more even the sides are.

    >>> path = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0.0]])
    >>> sparsity(path, np.ones(4), np.array([True, True, False, False]))
    4.0
    """
    product = float(sizes[side].sum() * sizes[~side].sum())
    between = float(weights[side][:, ~side].sum())
    if product == 0:
        return 0.0
    least = weights[weights > 0].min() if (weights > 0).any() else 1.0
    return product / between if between > 0 else product * float(sizes.sum()) ** 2 / float(least)


def greedy_cut(weights: npt.NDArray[np.float64]) -> Side:
    """Grow one side from a value of least degree by the value with most edges into it, up to half.

    GreedyAFG of Jinnai and Fukunaga (2016): edges count, not their weights; ties go to the lowest value.
    """
    adjacent = weights > 0
    n = len(weights)
    side = np.zeros(n, bool)
    side[int(adjacent.sum(axis=1).argmin())] = True
    while side.sum() < n / 2:
        shared = np.where(side, -1, adjacent[:, side].sum(axis=1))
        side[int(shared.argmax())] = True
    return side if side[0] else ~side


def sparsest_cut(
    weights: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64] | None = None, exact_up_to: int = EXACT_UP_TO
) -> Side:
    """Return a cut of greatest sparsity: exactly up to ``exact_up_to`` values, by local search beyond.

    Among equally sparse cuts the one whose side of value 0, as a sorted list, comes first, so
    that variables with the same graph are cut alike.

    Parameters
    ----------
    weights : float64[n, n]
        Symmetric, 0 where there is no edge.
    sizes : float64[n], optional
        What each value adds to the size of its side; 1 when left out.

    Examples
    --------
    >>> path = np.array([[0, 1, 0, 0], [1, 0, 9, 0], [0, 9, 0, 1], [0, 0, 1, 0.0]])
    >>> sparsest_cut(path).tolist()
    [True, False, False, False]
    """
    sizes = np.ones(len(weights)) if sizes is None else sizes
    if len(weights) <= exact_up_to:
        return _branch_and_bound(weights, sizes)
    rng = np.random.default_rng(0)
    starts = [greedy_cut(weights), *(rng.random(len(weights)) < 0.5 for _ in range(_STARTS))]
    return max((_improve(weights, sizes, start) for start in starts), key=lambda s: sparsity(weights, sizes, s))


def _improve(weights: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], start: Side) -> Side:
    """Move single values to the other side, the best first, as long as sparsity grows."""
    side = start.copy()
    best = sparsity(weights, sizes, side)
    while True:
        values = []
        for i in range(len(side)):
            side[i] = not side[i]
            values.append(sparsity(weights, sizes, side))
            side[i] = not side[i]
        i = int(np.argmax(values))
        if values[i] <= best * (1 + 1e-12):
            return side if side[0] else ~side
        best = values[i]
        side[i] = not side[i]


def _branch_and_bound(weights: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64]) -> Side:
    """Place values one after the other; drop a branch that cannot beat the best cut.

    Bound: the product can at most become that of an even split of what is left to place, and
    each unplaced value must at least pay its cheaper side.
    """
    n = len(weights)
    order = [0, *sorted(range(1, n), key=lambda i: -weights[i].sum())]
    start = _improve(weights, sizes, greedy_cut(weights)) if n > 1 else np.ones(1, bool)
    best, best_side = sparsity(weights, sizes, start), start.copy()
    side = np.zeros(n, bool)
    to = np.zeros((2, n))  # weight from each value to what is placed on either side
    placed = np.zeros(n, bool)

    def place(depth: int, between: float, first: float, second: float) -> None:
        nonlocal best, best_side
        if depth == n:
            value = sparsity(weights, sizes, side)
            if value > best * (1 + 1e-9) or (value >= best * (1 - 1e-9) and _comes_first(side, best_side)):
                best, best_side = max(value, best), side.copy()
            return
        left = ~placed
        least = between + np.minimum(to[0, left], to[1, left]).sum()
        rest = float(sizes[left].sum())
        share = min(max((second - first + rest) / 2, 0.0), rest)
        bound = (first + share) * (second + rest - share) / least if least > 0 else math.inf
        if bound < best * (1 - 1e-9):
            return
        i = order[depth]
        placed[i] = True
        for where in (0, 1) if depth else (0,):
            side[i] = where == 0
            cost = to[1 - where, i]
            to[where] += weights[i]
            place(depth + 1, between + cost, first + sizes[i] * (where == 0), second + sizes[i] * (where == 1))
            to[where] -= weights[i]
        side[i] = placed[i] = False

    place(0, 0.0, 0.0, 0.0)
    return best_side


def _comes_first(side: Side, other: Side) -> bool:
    return np.flatnonzero(side).tolist() < np.flatnonzero(other).tolist()


def metis_cut(weights: npt.NDArray[np.float64]) -> Side:
    """Return METIS' two-way partition (Karypis and Kumar, 1998), which asks for even sides first."""
    import pymetis

    neighbours = [np.flatnonzero(row).tolist() for row in weights]
    starts = np.cumsum([0] + [len(row) for row in neighbours]).tolist()
    adjacency = pymetis.CSRAdjacency(starts, [j for row in neighbours for j in row])
    scale = weights[weights > 0].min() if starts[-1] else 1.0
    edge_weights = [max(1, round(float(weights[i, j] / scale))) for i, row in enumerate(neighbours) for j in row]
    _, membership = pymetis.part_graph(2, adjacency=adjacency, eweights=edge_weights)
    side = np.array(membership) == membership[0]
    return side if not side.all() else greedy_cut(weights)


def networkx_cut(weights: npt.NDArray[np.float64]) -> Side:
    """Return networkx' Kernighan-Lin bisection (1970)."""
    import networkx

    halves = networkx.algorithms.community.kernighan_lin_bisection(networkx.from_numpy_array(weights), seed=0)
    side = np.zeros(len(weights), bool)
    side[list(halves[0])] = True
    return side if side[0] else ~side
