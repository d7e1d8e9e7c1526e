"""A fresh random owner each time a state is generated: the baseline that shows what duplicate detection is worth.

Equal states meet only by luck, so the search overhead is very high. The plan is still
optimal; to trace it every rank is asked for a state, and the cheapest answer counts.

Source: Kumar, Ramesh and Rao (1988), "Parallel best-first search of state-space graphs: a
summary of results", AAAI (random distribution).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.distribution import DISTRIBUTIONS, Distribution
from pdsearch.domains import Domain, State
from pdsearch.kernels.mixing import mix
from pdsearch.kernels.protocol import owner


class RandomTables(NamedTuple):
    """The state of the generator."""

    counter: npt.NDArray[np.uint64]  # (1,) another on each rank
    n_ranks: int


@implements(owner, RandomTables)
def _owner(distribution, rank, space, moves, c):
    distribution.counter[0] += np.uint64(1)
    drawn = mix(distribution.counter[0] + (np.uint64(rank) << np.uint64(48)))
    return np.int64((drawn >> np.uint64(33)) % np.uint64(distribution.n_ranks))


@DISTRIBUTIONS.add("random")
class RandomOwner(Distribution):
    """A random rank at each generation."""

    name = "random"
    source = "Kumar, Ramesh and Rao (1988), AAAI"
    is_function = False

    def __init__(self, domain: Domain, n_ranks: int, seed: int = 0, option: str | None = None) -> None:
        super().__init__(domain, n_ranks, seed, option)
        self.tables = RandomTables(np.array([seed], np.uint64), n_ranks)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every domain."""
        return True

    def owner_of(self, state: State) -> int:
        """Give the initial state to rank 0; no other state has an owner of its own."""
        return 0
