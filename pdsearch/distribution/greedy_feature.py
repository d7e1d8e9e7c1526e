"""GAZHDA*: abstract Zobrist hashing with each variable's values cut in two by a greedy rule.

Source: Jinnai and Fukunaga (2016), "Abstract Zobrist Hashing: An Efficient Work Distribution
Method for Parallel Best-First Search", AAAI, section 4.4 (GreedyAFG).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.cuts import greedy_cut, matrix, published_greedy_groups
from pdsearch.distribution.grouped import GroupedSum
from pdsearch.distribution.options import choices_in
from pdsearch.domains import Domain, TransitionGraph


class CutSum(GroupedSum):
    """Base of the methods that cut each variable's values in two."""

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains that give their transition graphs."""
        return bool(domain.transition_graphs())

    def dropped(self) -> float:
        """Return the share of the variables that take no part: those that change most often."""
        return 0.0

    def cut(self, graph: TransitionGraph) -> npt.NDArray[np.int64]:
        """Return the group of each value, by position in ``graph.values``: 0, 1, or -1 for none."""
        raise NotImplementedError

    @cached_property
    def groups(self) -> npt.NDArray[np.int64]:
        """Each variable cut in two; the values of the others are not hashed."""
        groups = np.full((self.domain.n_variables, self.domain.n_values), -1, np.int64)
        for graph in least_fluent(self.domain.transition_graphs(), self.dropped()):
            if len(graph.values) > 1:
                groups[graph.variable, graph.values] = self.cut(graph)
        return groups


def least_fluent(graphs: Sequence[TransitionGraph], dropped: float) -> Sequence[TransitionGraph]:
    """Leave out a share of the variables, those of highest fluency, ties by index; never all.

    The fluency of a variable is the share of moves that change it.
    """
    by_fluency = sorted(graphs, key=lambda graph: (-int(graph.weights.sum()), graph.variable))
    return by_fluency[min(int(dropped * len(graphs)), len(graphs) - 1) :]


@DISTRIBUTIONS.add("greedy-feature")
class GreedyFeature(CutSum):
    """Each variable cut in two by growing one side from a value of least degree."""

    name = "greedy-feature"
    source = "Jinnai and Fukunaga (2016), AAAI, section 4.4"
    option_help = "paper, or code for the groups of the published planner, as greedy-feature:code (default paper)"

    def cut(self, graph: TransitionGraph) -> npt.NDArray[np.int64]:
        """Cut greedily."""
        (rule,) = choices_in(self.option, self.name, ("paper", "code"))
        weights = matrix(graph)
        return published_greedy_groups(weights) if rule == "code" else np.where(greedy_cut(weights), 0, 1)
