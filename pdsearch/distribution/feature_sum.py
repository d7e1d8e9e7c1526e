"""The owner as a sum over features: what all Zobrist-like methods share.

Each feature has a word below the number of ranks p, and

    owner(s) = sum of the words of the features of s, modulo p.

The published methods xor 64-bit words and take the result modulo p. The sum is the same
idea in another group (for p = 2 it is the xor), and it has two advantages. It is uniform
for every p, not only for powers of two. And it needs no memory: a rank only ever expands
states it owns, so the sum of the parent is the rank's own number, and the owner of a
successor is two look-ups away.

Source: Zobrist (1970), "A new hashing method with application for game playing", TR 88,
University of Wisconsin; Kishimoto, Fukunaga and Botea (2009), ICAPS (HDA*). The group is ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.distribution import Distribution
from pdsearch.distribution.walk import Walk, check_reached, sums
from pdsearch.domains import Domain, State
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import changes, owner

DRAWS = 64


class FeatureSumTables(NamedTuple):
    """Words by feature, each in 0 .. n_ranks - 1."""

    words: npt.NDArray[np.int64]  # (n_variables * n_values,)
    n_ranks: int


@implements(owner, FeatureSumTables)
def _owner(distribution, rank, space, moves, c):
    to = rank
    most = changes(space)
    for i in range(c * most, (c + 1) * most):
        if most > 1 and moves.added[i] < 0:
            break
        to += distribution.words[moves.added[i]] - distribution.words[moves.removed[i]]
        if to < 0:
            to += distribution.n_ranks
        elif to >= distribution.n_ranks:
            to -= distribution.n_ranks
    return to


class FeatureSum(Distribution):
    """Base of the methods that differ only in how they fill the words.

    Words drawn at random may leave ranks idle: with two groups per variable an owner is a sum of
    differences, one per variable. So they are drawn again until every rank owns a state of a walk.

    Attributes
    ----------
    candidate : object
        What the words are filled for, of what :meth:`candidates` yields.

    Raises
    ------
    BadInputError
        If no words give every rank a state.
    """

    only_made_with: ClassVar[tuple[str, ...]] = ("walk",)
    words: npt.NDArray[np.int64]
    candidate: Any = None

    def __init__(self, domain: Domain, n_ranks: int, seed: int = 0, option: str | None = None) -> None:
        super().__init__(domain, n_ranks, seed, option)
        self.walk = Walk.for_ranks(domain, n_ranks)
        self.words = self.covering(np.random.default_rng([seed, n_ranks]))
        self.tables = FeatureSumTables(self.words.reshape(-1), n_ranks)

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return a word for each feature: int64[n_variables, n_values]."""
        raise NotImplementedError

    @property
    def may_be_idle(self) -> bool:
        """Say whether ranks may be left without states: where nothing finer could take the method's place."""
        return False

    @property
    def n_draws(self) -> int:
        """Return how often words are filled until all ranks are reached."""
        return DRAWS if self.is_seeded else 1

    def candidates(self) -> Iterable[Any]:
        """Yield what words may be filled for, the best first; the next one is tried where one leaves ranks idle."""
        return (None,)

    def covering(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Fill the words for the first candidate that gives every rank a state of the walk."""
        refusals = []
        for candidate in self.candidates():
            self.candidate = candidate
            try:
                return self._drawn_for_all(rng)
            except BadInputError as refusal:
                refusals.append(refusal)
        raise refusals[0]

    def _drawn_for_all(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Fill the words until every rank owns a state of the walk."""
        drawn = (self.fill(rng) for _ in range(self.n_draws))
        words, most = None, 0
        for candidate in drawn:
            count = self.reached(candidate)
            if words is None or count > most:
                words, most = candidate, count
            if most == self.n_ranks:
                break
        assert words is not None
        if not self.may_be_idle:
            check_reached(self.name, self.owners(words), self.n_ranks)
        return words

    def owners(self, words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the owners of the states of the walk: int64[n_states]."""
        return self.walk.sums(words) % self.n_ranks

    def reached(self, words: npt.NDArray[np.int64]) -> int:
        """Return how many ranks own states of the walk."""
        return len(np.unique(self.owners(words)))

    def owner_of(self, state: State) -> int:
        """Add up the words of a state."""
        return int(self.tables.words[self.domain.features(state)].sum() % self.n_ranks)

    def owners_of(self, states: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Add up the words of many states."""
        return sums(self.tables.words, self.domain.features_of(states)) % self.n_ranks
