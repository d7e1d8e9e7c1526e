"""Two-way cuts of a variable's values: what the graph-partitioning methods choose.

A cut is good when few moves cross it and both sides are large. Its measure is sparsity,

    |S1| * |S2| / weight of the edges between S1 and S2,

to be maximised. Exact by branch and bound for small graphs (:mod:`pdsearch.distribution.exact_cut`),
by local search from several starts for larger ones, and by general partitioners to compare with.

Source: Jinnai and Fukunaga (2017), "A Graph-Partitioning Based Approach for Parallel Best-First
Search", HSDIP, sections 5 and 6 (sparsity); (2016), AAAI, section 4.4 (the greedy cut).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pdsearch.distribution.exact_cut import branch_and_bound
from pdsearch.domains import TransitionGraph

Side = npt.NDArray[np.bool_]  # (n_values,) true = on the side of the first value
Floats = npt.NDArray[np.float64]
EXACT_UP_TO = 20  # values; at worst, where all cuts are alike, half a million are looked at
_STARTS = 8


def matrix(graph: TransitionGraph) -> Floats:
    """Return the symmetric weights between the graph's values by position: float64[n, n]."""
    position = {int(value): i for i, value in enumerate(graph.values)}
    weights = np.zeros((len(position), len(position)))
    for (u, v), weight in zip(graph.edges.tolist(), graph.weights.tolist(), strict=True):
        weights[position[u], position[v]] += weight
        weights[position[v], position[u]] += weight
    return weights


def sparsity(weights: Floats, sizes: Floats, side: Side) -> float:
    """Return the product of the sides' sizes over the weight between them; 0 for an empty side.

    Without any edge between the sides it is above that of every cut with one, and larger the
    more even the sides are.

    >>> path = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0.0]])
    >>> sparsity(path, np.ones(4), np.array([True, True, False, False]))
    4.0
    """
    between = float(weights[side][:, ~side].sum())
    return float(_sparsity(np.array(sizes[side].sum() * sizes[~side].sum()), np.array(between), weights, sizes))


def _sparsity(product: Floats, between: Floats, weights: Floats, sizes: Floats) -> Floats:
    """Return the sparsity of cuts whose sides have these products of sizes and weights between them."""
    least = weights[weights > 0].min(initial=np.inf)
    unconnected = product * sizes.sum() ** 2 / (least if np.isfinite(least) else 1.0)
    # sums of floats that should cancel leave something
    none = between <= 1e-12 * weights.sum()
    values: Floats = np.where(none, unconnected, product / np.where(none, 1.0, between))
    return values


def greedy_cut(weights: Floats) -> Side:
    """Grow one side from a value of least degree by the value with most edges into it, up to half.

    GreedyAFG of Jinnai and Fukunaga (2016): edges count, not their weights; ties go to the lowest value.
    """
    adjacent = (weights > 0).astype(np.int64)
    n = len(weights)
    side = np.zeros(n, bool)
    chosen = int(adjacent.sum(axis=1).argmin())
    shared = np.zeros(n, np.int64)
    for _ in range(-(-n // 2)):
        side[chosen] = True
        shared += adjacent[chosen]
        chosen = int(np.where(side, -1, shared).argmax())
    return side if side[0] else ~side


def published_greedy_groups(weights: Floats) -> npt.NDArray[np.int64]:
    """Return the group of each value, 0, 1 or -1 for none, as the published code grows them.

    It stops a value earlier when their number is odd, adds to a candidate's edges into the group
    all it has, grows the second group from the best neighbour of the first, and leaves in no group
    what has no edge to either, and a second group of one.

    Source: the planner of Jinnai and Fukunaga (2016), AAAI, cut two_groups_and_rest.
    """
    adjacent = (weights > 0).astype(np.int64)
    degree = adjacent.sum(axis=1)
    groups = np.full(len(weights), -1, np.int64)
    groups[int(degree.argmin())] = 0

    def grow(group: int, into: int) -> bool:
        edges = adjacent[:, groups == into].sum(axis=1)
        candidates = np.where((groups < 0) & (edges > 0), edges + degree, -1)
        if candidates.max() > 0:
            groups[int(candidates.argmax())] = group
        return bool(candidates.max() > 0)

    while (groups == 0).sum() < len(weights) // 2 and grow(0, 0):
        pass
    if grow(1, 0):
        while grow(1, 1):
            pass
    if (groups == 1).sum() == 1:
        groups[groups == 1] = -1
    return groups


def sparsest_cut(weights: Floats, sizes: Floats | None = None, exact_up_to: int = EXACT_UP_TO) -> Side:
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
        return branch_and_bound(weights, sizes, _improve(weights, sizes, greedy_cut(weights), _sparsity))
    return _best_of_starts(weights, sizes, _sparsity)


def published_cut(weights: Floats) -> Side:
    """Return a cut, by local search, that is best by the measure of the published code.

    It minimises cut / (in_0 in_1), with cut, in_0 and in_1 the shares of all weight that edges
    between and within the sides have; 0.001 stands for a cut without weight, and half of the least
    share for a side without any. Its own search is by a bound that is none, so that its cut need not be the best.

    Parameters
    ----------
    weights : float64[n, n]
        Symmetric; the diagonal holds twice the weight of loops, which are within a side.

    Source: the planner of Jinnai and Fukunaga (2017), HSDIP, cut=sparsest_cut.
    """
    return _best_of_starts(weights, weights.sum(axis=1), _edge_weight)


def _edge_weight(product: Floats, between: Floats, weights: Floats, sizes: Floats) -> Floats:
    """Return the measure from the sides' sums of degrees, each of which is twice in_i and the cut."""
    total = float(weights.sum()) / 2 or 1.0
    both = float(sizes.sum())
    one = (both + np.sqrt(np.maximum(both**2 - 4 * product, 0))) / 2  # product = one (both - one)
    least = 0.5 / total
    within = [np.maximum((side - between) / 2 / total, least) for side in (one, both - one)]
    values: Floats = within[0] * within[1] / np.maximum(between / total, 0.001)
    return values


Measure = Callable[[Floats, Floats, Floats, Floats], Floats]


def _best_of_starts(weights: Floats, sizes: Floats, measure: Measure) -> Side:
    """Return the best cut found; of those that are as good as each other, the one found from the first value alone.

    Where every value leads to every other one at the same weight, all cuts are equally sparse, and that is the one
    which the exact search takes.
    """
    rng = np.random.default_rng(0)
    drawn = [rng.random(len(weights)) < 0.5 for _ in range(_STARTS)]
    alone = np.arange(len(weights)) == 0
    starts = [alone, greedy_cut(weights), *(start for start in drawn if start.any() and not start.all())]
    sides = [_improve(weights, sizes, start, measure) for start in starts]
    values = [_value(weights, sizes, side, measure) for side in sides]
    return next(side for side, value in zip(sides, values, strict=True) if value >= max(values) * (1 - 1e-9))


def _value(weights: Floats, sizes: Floats, side: Side, measure: Measure) -> float:
    product, between = sizes[side].sum() * sizes[~side].sum(), weights[side][:, ~side].sum()
    return float(measure(np.array(product), np.array(between), weights, sizes))


def _improve(weights: Floats, sizes: Floats, start: Side, measure: Measure) -> Side:
    """Move single values to the other side, the best first, as long as the cut becomes better.

    What every move would change is kept up to date: a step costs as many operations as there are values.
    """
    side = start.copy()
    sign = np.where(side, 1.0, -1.0)
    gain = sign * (weights @ sign) - np.diag(weights)  # weight to the own side less that to the other
    between, first = float(weights[side][:, ~side].sum()), float(sizes[side].sum())
    best = _value(weights, sizes, side, measure)
    while True:
        after = first - sign * sizes
        values = measure(after * (sizes.sum() - after), between + gain, weights, sizes)
        values[np.where(side, side.sum(), (~side).sum()) == 1] = 0.0  # its side's last
        i = int(np.argmax(values))
        if values[i] <= best * (1 + 1e-12):
            return side if side[0] else ~side
        best, between, first = float(values[i]), between + float(gain[i]), float(after[i])
        side[i], sign[i], gain[i] = not side[i], -sign[i], -gain[i]
        moved = 2 * sign[i] * sign * weights[i]
        moved[i] = 0.0
        gain += moved


def metis_cut(weights: Floats) -> Side:
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


def networkx_cut(weights: Floats) -> Side:
    """Return networkx' Kernighan-Lin bisection (1970)."""
    import networkx

    halves = networkx.algorithms.community.kernighan_lin_bisection(networkx.from_numpy_array(weights), seed=0)
    side = np.zeros(len(weights), bool)
    side[list(halves[0])] = True
    return side if side[0] else ~side
