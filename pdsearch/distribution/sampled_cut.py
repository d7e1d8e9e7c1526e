"""Cuts and words chosen together, for few nodes sent and an even load on states a search meets.

GRAZHDA* cuts every variable, and draws the words. But for p ranks far fewer cuts than variables
are enough to tell ranks apart, every cut costs communication, and words drawn at random
load ranks unevenly when few variables are cut. So here a short search gives a sample of states
and moves, and then

1. each variable is cut in two where the sparsity of the *sampled* graph is greatest: edges
   weigh the moves seen, values the states seen;
2. each cut gets a difference from 0 .. p - 1, where 0 leaves the cut out, by coordinate descent
   from several starts on the estimated slow-down

    (1 + CO) * LB,

   with CO the share of the sampled moves that cross a cut with a difference, and LB estimated
   from the spread of the sampled owners, less what chance alone would give.

Source: ours; sparsity and the estimate eff = 1 / ((1 + CO)(1 + SO)) with SO = LB - 1 from Jinnai
and Fukunaga (2017), HSDIP, sections 3 to 5.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.cuts import sparsest_cut
from pdsearch.distribution.feature_sum import FeatureSum
from pdsearch.distribution.sampling import Sample, Sampler
from pdsearch.domains import Domain

STATES_PER_RANK = 200
FEWEST_STATES, MOST_STATES = 4_000, 100_000
_STARTS, _SWEEPS, _CANDIDATES = 3, 4, 12
_EXTREME = 2.2  # the largest of about fifty normal deviates


@DISTRIBUTIONS.add("sampled-cut")
class SampledCut(FeatureSum):
    """Cuts and differences chosen by the slow-down they would have caused on a sample."""

    name = "sampled-cut"
    source = "ours, after Jinnai and Fukunaga (2017), HSDIP, sections 3 to 6"
    is_sampled = True

    def __init__(
        self,
        domain: Domain,
        n_ranks: int,
        seed: int = 0,
        option: str | None = None,
        sampler: Sampler | None = None,
    ) -> None:
        n_states = int(np.clip(STATES_PER_RANK * n_ranks, FEWEST_STATES, MOST_STATES))
        self._sample = Sample.of(domain, (sampler or _random_walk(domain, seed))(n_states))
        super().__init__(domain, n_ranks, seed, option)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every domain."""
        return True

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Choose cuts, then differences."""
        words = np.zeros((self.domain.n_variables, self.domain.n_values), np.int64)
        variables = [v for v in range(len(words)) if len(np.unique(self._sample.values[:, v])) > 1]
        if not variables or self.n_ranks == 1:
            return words
        sides = [self._side(v) for v in variables]
        crossing = np.array([self._crossing(v, side) for v, side in zip(variables, sides, strict=True)])
        seen = np.stack(
            [side[self._sample.values[:, v]] for v, side in zip(variables, sides, strict=True)], axis=1
        ).astype(np.int64)
        differences = choose_differences(seen, crossing / self._sample.n_moves, self.n_ranks, rng)
        for v, side, difference in zip(variables, sides, differences, strict=True):
            words[v] = np.where(side, difference, 0)
        return words

    def _side(self, variable: int) -> npt.NDArray[np.bool_]:
        """Cut the sampled graph of one variable: bool[n_values]."""
        moves = self._sample.moves[variable]
        column = self._sample.values[:, variable]
        sizes = np.bincount(column[column >= 0], minlength=self.domain.n_values).astype(np.float64)
        present = np.flatnonzero((sizes > 0) | (moves.sum(axis=0) + moves.sum(axis=1) > 0))
        weights = (moves + moves.T)[np.ix_(present, present)].astype(np.float64)
        side = np.zeros(self.domain.n_values, bool)
        side[present] = sparsest_cut(weights, sizes[present] + 1e-3, exact_up_to=0)
        return side

    def _crossing(self, variable: int, side: npt.NDArray[np.bool_]) -> int:
        moves = self._sample.moves[variable]
        return int(moves[side][:, ~side].sum() + moves[~side][:, side].sum())


def choose_differences(
    seen: npt.NDArray[np.int64], crossing: npt.NDArray[np.float64], n_ranks: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return a difference for each cut that minimises the estimated slow-down.

    Parameters
    ----------
    seen : int64[n_states, n_cuts]
        1 where a state lies on the second side of a cut.
    crossing : float64[n_cuts]
        Share of all moves that cross each cut.
    n_ranks : int
        Differences lie in 0 .. n_ranks - 1.
    """
    best: npt.NDArray[np.int64] = np.zeros(seen.shape[1], np.int64)
    best_cost = np.inf
    for _ in range(_STARTS):
        chosen = np.array([rng.integers(n_ranks) for _ in range(seen.shape[1])], np.int64)
        owners = np.asarray(seen @ chosen % n_ranks)
        cost = slow_down(owners, float(crossing[chosen != 0].sum()), n_ranks)
        for _ in range(_SWEEPS):
            before = cost
            for cut in rng.permutation(len(chosen)).tolist():
                for candidate in _candidates(n_ranks, rng):
                    others = crossing[chosen != 0].sum() - (crossing[cut] if chosen[cut] else 0)
                    moved = (owners + seen[:, cut] * (candidate - chosen[cut])) % n_ranks
                    now = slow_down(moved, float(others + (crossing[cut] if candidate else 0)), n_ranks)
                    if now < cost:
                        cost, owners = now, moved
                        chosen[cut] = candidate
            if cost == before:
                break
        if cost < best_cost:
            best, best_cost = chosen.copy(), cost
    return best


def _candidates(n_ranks: int, rng: np.random.Generator) -> list[int]:
    if n_ranks <= _CANDIDATES:
        return list(range(n_ranks))
    return [0, *rng.integers(1, n_ranks, size=_CANDIDATES).tolist()]


def slow_down(owners: npt.NDArray[np.int64], overhead: float, n_ranks: int) -> float:
    """Return (1 + CO) * LB, with LB estimated from the spread of sampled owners.

    >>> slow_down(np.array([0, 1] * 500), 0.0, 2)
    1.0
    """
    loads = np.bincount(owners, minlength=n_ranks)
    mean = len(owners) / n_ranks
    by_chance = 1 / mean
    spread = float(np.sqrt(max(0.0, float(loads.var()) / mean**2 - by_chance)))
    return (1 + overhead) * (1 + _EXTREME * spread)


def _random_walk(domain: Domain, seed: int) -> Sampler:
    """Return a sampler for use without a search: the states of one long walk."""

    def sample(n_states: int) -> list[tuple[int, ...]]:
        rng = np.random.default_rng(seed)
        states = [domain.initial]
        while len(states) < n_states:
            operators = domain.operators(states[-1])
            if not operators:
                states.append(domain.initial)
                continue
            states.append(domain.apply(states[-1], operators[rng.integers(len(operators))])[0])
        return states

    return sample
