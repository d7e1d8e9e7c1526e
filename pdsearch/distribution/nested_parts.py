"""A variable's values in two, three, four ... parts: each time the largest part is cut in two.

Parts are numbered so that neighbours have numbers next to each other where that is possible:
ranks then send to few others.

Source: the cut from Jinnai and Fukunaga (2017), HSDIP, section 5; that it is repeated is ours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.distribution.cuts import Floats, sparsest_cut

Parts = npt.NDArray[np.int64]  # (n_values,) number of the part of each value


def nested_parts(weights: Floats, sizes: Floats, most: int) -> list[Parts]:
    """Return partitions into 2, 3 ... ``most`` parts, or fewer where a part has a single value.

    Parameters
    ----------
    weights : float64[n_values, n_values]
        Symmetric; how often a move leads from a value to another.
    sizes : float64[n_values]
        How often states have each value; above 0.

    Examples
    --------
    >>> path = np.eye(4, k=1) + np.eye(4, k=-1)
    >>> [parts.tolist() for parts in nested_parts(path, np.ones(4), 4)]
    [[0, 0, 1, 1], [0, 1, 2, 2], [0, 1, 2, 3]]
    """
    parts = np.zeros(len(sizes), np.int64)
    found: list[Parts] = []
    while len(found) + 1 < most:
        members = np.bincount(parts)
        loads = np.where(members > 1, np.bincount(parts, weights=sizes), 0.0)
        largest = int(loads.argmax())
        if members[largest] < 2:
            break
        parts = _cut(parts, largest, weights, sizes)
        found.append(parts)
    return found


def _cut(parts: Parts, number: int, weights: Floats, sizes: Floats) -> Parts:
    """Cut one part in two; the half that has more to do with lower numbers gets the lower one."""
    values = np.flatnonzero(parts == number)
    side = sparsest_cut(weights[np.ix_(values, values)], sizes[values], exact_up_to=0)
    to_lower = weights[:, parts < number].sum(axis=1) - weights[:, parts > number].sum(axis=1)
    if to_lower[values[side]].sum() < to_lower[values[~side]].sum():
        side = ~side
    after = np.where(parts > number, parts + 1, parts)
    after[values[~side]] += 1
    return after
