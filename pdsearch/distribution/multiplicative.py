"""GOHA: multiplicative (Fibonacci) hashing of the packed state.

owner = floor(p * frac(k * A)) with A the golden ratio's fraction; in integers, because a
60-bit key in a double has no fraction left: r = k * floor(2**64 A) modulo 2**64, owner =
floor(r p / 2**64). A state of several words is folded into one key first.

Source: Mahapatra and Dutt (1997), "Scalable global and local hashing strategies for duplicate
pruning in parallel A* graph search", IEEE TPDS 8; as a baseline in Fukunaga et al. (2017),
"A Survey of Parallel A*", section 6.1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pdsearch._jit import implements, inlined
from pdsearch.distribution import DISTRIBUTIONS, Distribution
from pdsearch.domains import Domain, State
from pdsearch.kernels.protocol import owner, width

_GOLDEN = 0x9E3779B97F4A7C15
_FOLD = 0xBF58476D1CE4E5B9  # any odd number unrelated to the golden ratio


class MultiplicativeTables(NamedTuple):
    """Only the number of ranks."""

    n_ranks: int


@inlined
def _scaled(word, n):
    """Return floor(word * n / 2**64) for n below 2**32."""
    low = (word & np.uint64(0xFFFFFFFF)) * np.uint64(n)
    high = (word >> np.uint64(32)) * np.uint64(n)
    return np.int64((high + (low >> np.uint64(32))) >> np.uint64(32))


@implements(owner, MultiplicativeTables)
def _owner(distribution, rank, space, moves, c):
    n_words = width(space)
    key = moves.states[c * n_words]
    for word in range(1, n_words):
        key = key * np.uint64(_FOLD) + moves.states[c * n_words + word]
    return _scaled(key * np.uint64(_GOLDEN), distribution.n_ranks)


@DISTRIBUTIONS.add("multiplicative")
class Multiplicative(Distribution):
    """The packed state times the golden ratio, scaled to the number of ranks."""

    name = "multiplicative"
    source = "Mahapatra and Dutt (1997), IEEE TPDS 8"
    is_seeded = False

    def __init__(self, domain: Domain, n_ranks: int, seed: int = 0, option: str | None = None) -> None:
        super().__init__(domain, n_ranks, seed, option)
        self.tables = MultiplicativeTables(n_ranks)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every domain."""
        return True

    def owner_of(self, state: State) -> int:
        """Compute the owner in Python's integers."""
        key = 0
        for word in state:
            key = (key * _FOLD + word) % 2**64
        return key * _GOLDEN % 2**64 * self.n_ranks >> 64
