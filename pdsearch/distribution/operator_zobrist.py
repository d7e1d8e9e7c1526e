"""OZHDA*: Zobrist hashing with words made dependent, so that some operators change no hash.

For each operator, those with the fewest preconditions first, the word of one feature that no
earlier operator has touched is set so that the operator leaves the hash as it is. Words made
dependent without end collapse until one rank owns everything; so it ends before a rank is left
without a state.

A domain that gives no ground operators takes part with the changes of single variables, in
random order.

Source: Jinnai and Fukunaga (2016), "Automated Creation of Efficient Work Distribution Functions
for Parallel Best-First Search", ICAPS, section 4, algorithm 1; the end is ours (the published
rule gives one rank all the work of some tasks).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.feature_sum import FeatureSum
from pdsearch.distribution.options import share_in
from pdsearch.domains import Domain, GroundOperator

_Effects = tuple[tuple[int, ...], tuple[int, ...]]  # features removed and added


@DISTRIBUTIONS.add("operator-zobrist")
class OperatorZobrist(FeatureSum):
    """Random words, of which those that operators change are made to cancel out.

    The option is the share of the operators after which algorithm 1 ends (default 1: all).
    """

    name = "operator-zobrist"
    source = "Jinnai and Fukunaga (2016), ICAPS, section 4"
    option_help = "share of the operators made to cancel out, as operator-zobrist:0.3 (default 1)"

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains that give their transition graphs."""
        return bool(domain.transition_graphs())

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw words, then let operators take part while every rank still owns a state."""
        words = np.zeros((self.domain.n_variables, self.domain.n_values), np.int64)
        for graph in self.domain.transition_graphs():
            words[graph.variable, graph.values] = rng.integers(self.n_ranks, size=len(graph.values))
        operators = self._effects(rng)
        most = round(share_in(self.option, 1.0, self.name) * len(operators))
        owners, flat = self.owners(words), words.reshape(-1)
        for (feature, word), _ in zip(_changed_words(operators, flat, self.n_ranks), range(most), strict=False):
            has_it = self.walk.features[:, feature // self.domain.n_values] == feature
            moved = np.where(has_it, owners + word - flat[feature], owners) % self.n_ranks
            if np.bincount(moved, minlength=self.n_ranks).min() == 0:
                break
            owners, flat[feature] = moved, word
        return words

    def _effects(self, rng: np.random.Generator) -> list[_Effects]:
        """Return the effects of all operators whose old values are known."""
        operators = sorted(self.domain.ground_operators(), key=lambda operator: len(operator.preconditions))
        known = [(op.removed, op.added) for op in operators if _is_known(op)]
        if known:
            return known
        n_values = self.domain.n_values
        changes: list[_Effects] = [
            ((graph.variable * n_values + int(u),), (graph.variable * n_values + int(v),))
            for graph in self.domain.transition_graphs()
            for u, v in graph.edges
        ]
        rng.shuffle(changes)
        return changes


def _is_known(operator: GroundOperator) -> bool:
    """Say whether the old value of everything it changes is known."""
    return 0 < len(operator.added) == len(operator.removed)


def _changed_words(
    operators: Sequence[_Effects], words: npt.NDArray[np.int64], n_ranks: int
) -> Iterator[tuple[int, int]]:
    """Yield a feature and the word with which an operator changes no hash, for each that leaves one free."""
    fixed: set[int] = set()
    for removed, added in operators:
        free = next((feature for feature in (*added, *removed) if feature not in fixed), None)
        if free is None:
            continue
        fixed.update(removed, added)
        gain = int(words[list(added)].sum() - words[list(removed)].sum())
        yield free, int(words[free] + (-gain if free in added else gain)) % n_ranks
