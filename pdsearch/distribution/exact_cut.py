"""The sparsest cut by branch and bound, compiled.

Values are placed on a side one after the other. Bound: the product of the sides' sizes can at
most become that of an even split of what is left to place, and each value left must at least pay
for its cheaper side.

Source: Jinnai and Fukunaga (2017), HSDIP, section 6 (that the cut is exact); bound and order ours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel

_SLACK = 1e-9


class _Search(NamedTuple):
    """Scratch of the search; ``depth`` values are placed."""

    order: npt.NDArray[np.int64]  # (n,)
    side: npt.NDArray[np.int64]  # (n,) 0 or 1 by value, -1 = not placed
    to: npt.NDArray[np.float64]  # (2, n) weight from each value to what is placed on either side
    size: npt.NDArray[np.float64]  # (2,) of the sides


def branch_and_bound(
    weights: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], start: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return the sparsest cut, and of equally sparse ones that whose first side comes first as a sorted list."""
    n = len(weights)
    order = np.array([0, *sorted(range(1, n), key=lambda i: -weights[i].sum())], np.int64)
    search = _Search(order, np.full(n, -1, np.int64), np.zeros((2, n)), np.zeros(2))
    least = weights[weights > 0].min(initial=np.inf)
    unconnected = float(sizes.sum()) ** 2 / (least if np.isfinite(least) else 1.0)
    best = np.where(start, 0, 1)
    _search(np.ascontiguousarray(weights), sizes, unconnected, search, best)
    side: npt.NDArray[np.bool_] = best == 0
    return side


@inlined
def _put(weights, sizes, search, value, where, direction):
    """Place a value on a side (direction 1) or take it off (-1)."""
    search.side[value] = where if direction == 1 else -1
    search.size[where] += direction * sizes[value]
    for other in range(len(sizes)):
        search.to[where, other] += direction * weights[value, other]


@inlined
def _sparsity(weights, sizes, unconnected, side):
    """Return the sparsity of a whole cut."""
    first = second = between = 0.0
    for i in range(len(side)):
        if side[i] == 0:
            first += sizes[i]
            for j in range(len(side)):
                if side[j] == 1:
                    between += weights[i, j]
        else:
            second += sizes[i]
    return first * second / between if between > 0 else first * second * unconnected


@inlined
def _comes_first(side, other):
    """Say whether the values of side 0, as a sorted list, come before those of another cut's."""
    for i in range(len(side)):
        if side[i] != other[i]:
            left = 0
            for j in range(i + 1, len(side)):
                left += (side[j] == 0) if side[i] == 1 else (other[j] == 0)
            return (left > 0) if side[i] == 0 else (left == 0)
    return False


@inlined
def _bound(sizes, search, between):
    """Return a sparsity that no cut with the values placed so far exceeds; infinity where nothing is crossed."""
    rest = 0.0
    for i in range(len(sizes)):
        if search.side[i] < 0:
            rest += sizes[i]
            between += min(search.to[0, i], search.to[1, i])
    share = min(max((search.size[1] - search.size[0] + rest) / 2, 0.0), rest)
    product = (search.size[0] + share) * (search.size[1] + rest - share)
    return product / between if between > 1e-12 else np.inf


@kernel
def _search(weights, sizes, unconnected, search, best):
    """Look at all cuts that may beat ``best`` (int64[n], 0 or 1), and leave the best there."""
    n = len(sizes)
    side = search.side
    most = _sparsity(weights, sizes, unconnected, best)
    _put(weights, sizes, search, 0, 0, 1)
    depth, where, between = 1, 0, 0.0  # the value at ``depth`` goes to ``where`` next
    while depth > 0:
        if depth == n:
            value = _sparsity(weights, sizes, unconnected, side)
            if value > most * (1 + _SLACK) or (value >= most * (1 - _SLACK) and _comes_first(side, best)):
                most = max(value, most)
                for i in range(n):
                    best[i] = side[i]
            where = 2
        elif where == 0 and _bound(sizes, search, between) < most * (1 - _SLACK):
            where = 2
        if where < 2:
            value_placed = search.order[depth]
            between += search.to[1 - where, value_placed]
            _put(weights, sizes, search, value_placed, where, 1)
            depth, where = depth + 1, 0
            continue
        depth -= 1
        if depth > 0:
            taken = search.order[depth]
            where = side[taken]
            _put(weights, sizes, search, taken, where, -1)
            between -= search.to[1 - where, taken]
            where += 1
