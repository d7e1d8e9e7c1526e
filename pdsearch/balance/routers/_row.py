"""The k largest of a row, in order, ties to the lowest index: the loop every router comes down to.

A sorted list of k that each element tries to enter mispredicts a branch for each that does: 36 times a row of
256 at k = 8. Here the row is first folded into 2 k lanes by vector maxima. The k-th largest lane is a bound
that at least k elements reach and few more (11 of 256 on average): only those are sorted.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import inlined

LEAST_LANES = 16  # one AVX-512 register of float32


def n_lanes(k: int) -> int:
    """Return the number of lanes for k: a power of two, at least 2 k."""
    return max(LEAST_LANES, 1 << (2 * k - 1).bit_length())


@inlined
def top_of_row(row, k, lanes, candidates, ids, token):
    """Write the indices of the k largest of ``row`` to ``ids[token, :k]``, the largest first.

    Scratch: ``lanes`` of type float[n_lanes(k)], ``candidates`` int32[E + 1].
    """
    bound = _lower_bound(row, k, lanes)
    n_candidates = 0
    for expert in range(row.shape[0]):
        candidates[n_candidates] = expert
        n_candidates += row[expert] >= bound
    filled = 0
    for c in range(n_candidates):
        expert = candidates[c]
        value = row[expert]
        if filled < k:
            place = filled
            filled += 1
        elif value > row[ids[token, k - 1]]:
            place = k - 1
        else:
            continue
        while place > 0 and value > row[ids[token, place - 1]]:
            ids[token, place] = ids[token, place - 1]
            place -= 1
        ids[token, place] = expert


@inlined
def _lower_bound(row, k, lanes):
    """Return a number that at least k elements of ``row`` reach."""
    n = lanes.shape[0]
    if row.shape[0] < 2 * n:
        return row.dtype.type(-np.inf)
    for lane in range(n):
        lanes[lane] = row[lane]
    # The elements of an incomplete last round are left out: the bound is lower, and still a bound.
    for start in range(n, row.shape[0] - n + 1, n):
        for lane in range(n):
            value = row[start + lane]
            lanes[lane] = value if value > lanes[lane] else lanes[lane]
    bound = row.dtype.type(np.inf)
    for lane in range(n):
        n_larger = 0
        for other in range(n):
            n_larger += lanes[other] > lanes[lane]
        if n_larger < k and lanes[lane] < bound:
            bound = lanes[lane]
    return bound
