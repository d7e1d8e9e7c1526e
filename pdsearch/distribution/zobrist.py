"""Zobrist hashing: an independent random word for every feature.

The load is as even as chance allows, and a share of 1 - 1/p of all successors is sent.

Source: Kishimoto, Fukunaga and Botea (2013), "Evaluation of a simple, scalable, parallel
best-first search strategy", AIJ 195.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.feature_sum import FeatureSum
from pdsearch.domains import Domain


@DISTRIBUTIONS.add("zobrist")
class Zobrist(FeatureSum):
    """One random word per (variable, value).

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> puzzle = Tiles.korf(1)
    >>> 0 <= Zobrist(puzzle, n_ranks=8).owner_of(puzzle.initial) < 8
    True
    """

    name = "zobrist"
    source = "Kishimoto, Fukunaga and Botea (2013), AIJ 195"

    @property
    def may_be_idle(self) -> bool:
        """Nothing is finer."""
        return True

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every domain."""
        return True

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw the words."""
        return rng.integers(self.n_ranks, size=(self.domain.n_variables, self.domain.n_values), dtype=np.int64)
