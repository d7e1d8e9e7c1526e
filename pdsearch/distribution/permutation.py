"""PHDA*: the owner is the lexicographic rank of the state as a permutation, modulo p.

The place values (n - 1 - i)! are multiples of p for all but the last few places, so the owner
depends on the order of the last entries only: few nodes are sent, and the load is uneven.

Source: Korf and Schultze (2005), "Large-scale parallel breadth-first search", AAAI (the
ranking); Burns, Lemons, Ruml and Zhou (2010), JAIR 39 (as an owner).
"""

from __future__ import annotations

from math import factorial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.distribution import DISTRIBUTIONS, Distribution
from pdsearch.distribution.walk import Walk, check_reached
from pdsearch.domains import Domain, State
from pdsearch.domains.permutations import item_at
from pdsearch.kernels.protocol import owner, width


class PermutationTables(NamedTuple):
    """Place values modulo p."""

    value: npt.NDArray[np.int64]  # (n,) (n - 1 - i)! modulo n_ranks
    n_ranks: int


@implements(owner, PermutationTables)
def _owner(distribution, rank, space, moves, c):
    n = len(distribution.value)
    at = c * width(space)
    unused = (1 << n) - 1
    total = 0
    for place in range(n):
        item = item_at(space, moves.states, at, place)
        below = unused & ((1 << item) - 1)
        unused &= ~(1 << item)
        if distribution.value[place] != 0:
            digit = 0
            while below:
                below &= below - 1
                digit += 1
            total += digit * distribution.value[place]
    return total % distribution.n_ranks


@DISTRIBUTIONS.add("permutation")
class Permutation(Distribution):
    """The lexicographic rank of a permutation modulo p."""

    name = "permutation"
    source = "Korf and Schultze (2005), AAAI; Burns et al. (2010), JAIR 39"
    is_seeded = False

    def __init__(self, domain: Domain, n_ranks: int, seed: int = 0, option: str | None = None) -> None:
        super().__init__(domain, n_ranks, seed, option)
        n = domain.n_variables
        self.tables = PermutationTables(np.array([factorial(n - 1 - i) % n_ranks for i in range(n)], np.int64), n_ranks)
        check_reached(self.name, self._owners(Walk.for_ranks(domain, n_ranks).features), n_ranks)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains whose states are permutations."""
        return domain.is_permutation

    def _owners(self, features: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """LocalSearch the permutations of the features of states, by definition: int64[n_states]."""
        n = self.domain.n_variables
        items = np.zeros((len(features), n), np.int64)
        rows, columns = np.nonzero(features >= 0)  # what is not hashed, a blank, is item 0
        hashed = features[rows, columns]
        items[rows, hashed % self.domain.n_values] = hashed // self.domain.n_values
        total = np.zeros(len(features), np.int64)
        for place in np.flatnonzero(self.tables.value):
            later_and_less = (items[:, place + 1 :] < items[:, place : place + 1]).sum(axis=1)
            total += later_and_less * self.tables.value[place]
        return total % self.n_ranks

    def owner_of(self, state: State) -> int:
        """LocalSearch one permutation."""
        return int(self._owners(self.domain.features(state)[None, :])[0])
