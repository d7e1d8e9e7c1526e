"""Numbering the places of k distinct things among n cells: perfect, and invertible.

Places are packed 5 bits each, the first thing lowest, so n is at most 32 and k at most 12. The
number is that of the Lehmer code: digit i is the cell of thing i less the cells below it that
earlier things hold.

Source: Korf and Schultze (2005), "Large-scale parallel breadth-first search", AAAI, section
"Mapping permutations to integers" (bit counts instead of a loop over the earlier things).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import types
from numba.extending import intrinsic

from pdsearch._jit import inlined

FIELD = 5


@intrinsic
def ones(typing_context, word):
    """Return the number of set bits of a uint64."""
    if word != types.uint64:
        return None
    signature = types.int64(types.uint64)

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return signature, generate


def n_placements(n: int, k: int) -> int:
    """Return in how many ways k things lie on n cells.

    >>> n_placements(16, 2)
    240
    """
    count = 1
    for i in range(k):
        count *= n - i
    return count


def lehmer(places: Sequence[int], n: int) -> int:
    """Return the number of a placement, by definition.

    >>> [lehmer(places, 3) for places in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))]
    [0, 1, 2, 3, 4, 5]
    """
    rank = 0
    for i, place in enumerate(places):
        rank = rank * (n - i) + place - sum(earlier < place for earlier in places[:i])
    return rank


@inlined
def rank_of(places, k, n):
    """Return the number of packed places (uint64)."""
    held = np.uint64(0)
    rank = 0
    for i in range(k):
        cell = (places >> np.uint64(FIELD * i)) & np.uint64(31)
        bit = np.uint64(1) << cell
        rank = rank * (n - i) + np.int64(cell) - ones(held & (bit - np.uint64(1)))
        held |= bit
    return rank


@inlined
def unrank(rank, k, n, places):
    """Write the cells of the placement of a number to ``places`` (int64[k])."""
    for i in range(k - 1, -1, -1):
        radix = n - i
        places[i] = rank % radix
        rank //= radix
        for j in range(i + 1, k):
            if places[j] >= places[i]:
                places[j] += 1


@inlined
def pack_places(places, k):
    """Return the cells in ``places`` (int64[k]) as one uint64."""
    packed = np.uint64(0)
    for i in range(k):
        packed |= np.uint64(places[i]) << np.uint64(FIELD * i)
    return packed
