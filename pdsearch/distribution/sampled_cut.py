"""Parts and words chosen together, for few nodes sent, to few ranks, and a bounded load on states a search meets.

GRAZHDA* cuts every variable in two and draws the words. But few variables are enough to tell p
ranks apart, every cut costs communication, words drawn at random load ranks unevenly, and
send to many ranks, each in messages of its own. So a short search gives a sample of states and
moves, and then

1. the values of each variable are cut into two, three and more parts at greatest sparsity of the
   *sampled* graph: edges weigh the moves seen, values the states seen;
2. each variable is left out, or gets a partition and a multiplier, so that

    owner = sum of multiplier * number of the part, modulo p,

   by coordinate descent from several starts on

    CO + 0.01 * (ranks that a rank sends to), as long as LB is at most a bound,

   with CO and the ranks counted on the sampled moves, and LB estimated from the spread of the
   sampled owners in each eighth of the sample, in the order of the search, less what chance alone would give: parts
   that are level on the whole, but not from one eighth to the next, are not going to stay so.

On few ranks the busiest one decides how long a search takes, so that the bound is tight there; on
many, what is sent and what ranks do while they wait cost as much, and it is 2.

Source: ours; sparsity and CO and LB as what decides from Jinnai and Fukunaga (2017), HSDIP,
sections 3 to 5.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.descent import Choice, descend
from pdsearch.distribution.feature_sum import FeatureSum
from pdsearch.distribution.nested_parts import nested_parts
from pdsearch.distribution.options import bound_in
from pdsearch.distribution.sampling import Sample, Sampler
from pdsearch.distribution.walk import Walk, sums
from pdsearch.domains import Domain

STATES_PER_RANK = 100
FEWEST_STATES, MOST_STATES = 4_000, 12_000
_NUMBERS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)  # of parts, the first five always
_UNSEEN = 1e-3  # size of a value that no state of the sample has


class _Candidate(NamedTuple):
    """A partition of a variable: the number of the part of each value."""

    variable: int
    parts: npt.NDArray[np.int64]  # (n_values,)


@DISTRIBUTIONS.add("sampled-cut")
class SampledCut(FeatureSum):
    """Parts and words that send least at a bounded load, by a sample; the option is the bound on LB."""

    name = "sampled-cut"
    source = "ours, after Jinnai and Fukunaga (2017), HSDIP, sections 3 to 6"
    option_help = "the most LB on the sample, as sampled-cut:1.5 (default 1 + p / 48, at most 2)"
    is_sampled = True
    only_made_with = (*FeatureSum.only_made_with, "_sample", "_candidates")
    n_draws = 3

    def __init__(
        self,
        domain: Domain,
        n_ranks: int,
        seed: int = 0,
        option: str | None = None,
        sampler: Sampler | None = None,
    ) -> None:
        self._bound = bound_in(option, min(2.0, 1 + n_ranks / 48), self.name)
        n_states = int(np.clip(STATES_PER_RANK * n_ranks, FEWEST_STATES, MOST_STATES))
        self._sample = Sample.of(domain, (sampler or _random_walk(domain, seed))(n_states))
        self._candidates = self._partitions(domain, n_ranks)
        super().__init__(domain, n_ranks, seed, option)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every domain."""
        return True

    def owners(self, words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the owners of the walk's states and of the sample's, for a walk may lead where no search goes."""
        values = self._sample.values
        features = np.where(values < 0, -1, values + np.arange(values.shape[1]) * self.domain.n_values)
        return np.concatenate([super().owners(words), sums(words, features) % self.n_ranks])

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Choose partitions and multipliers."""
        words = np.zeros((self.domain.n_variables, self.domain.n_values), np.int64)
        if self.n_ranks == 1:
            return words
        choices = [self._choice(candidate) for candidate in self._candidates]
        for chosen, multiplier in descend(choices, self.n_ranks, self._bound, rng):
            variable, parts = self._candidates[chosen]
            words[variable] = parts * multiplier % self.n_ranks
        return words

    def _partitions(self, domain: Domain, n_ranks: int) -> list[_Candidate]:
        """Return the partitions of all variables: finer ones where there are few variables for so many ranks."""
        most = min(n_ranks, max(8, 2 * math.ceil(n_ranks ** (1 / domain.n_variables))))
        candidates = []
        for variable in range(domain.n_variables):
            moves = self._sample.moves[variable]
            column = self._sample.values[:, variable]
            sizes = np.bincount(column[column >= 0], minlength=domain.n_values).astype(np.float64)
            present = np.flatnonzero((sizes > 0) | (moves.sum(axis=0) + moves.sum(axis=1) > 0))
            if len(present) < 2:
                continue
            weights = (moves + moves.T)[np.ix_(present, present)].astype(np.float64)
            for parts in nested_parts(weights, sizes[present] + _UNSEEN, most):
                if parts.max() + 1 in _NUMBERS:
                    of_values = np.zeros(domain.n_values, np.int64)
                    of_values[present] = parts
                    candidates.append(_Candidate(variable, of_values))
        return candidates

    def _choice(self, candidate: _Candidate) -> Choice:
        """Return what a partition says of each sampled state and move."""
        parts = np.append(candidate.parts, 0)  # for -1
        before = parts[self._sample.values[:, candidate.variable]]
        after = parts[self._sample.successors[:, candidate.variable]]
        return Choice(candidate.variable, int(parts.max()) + 1, before, after - before)


def _random_walk(domain: Domain, seed: int) -> Sampler:
    """Return a sampler for use without a search: the states of a walk."""
    return lambda n_states: [tuple(state) for state in Walk.through(domain, n_states, seed).states.tolist()]
