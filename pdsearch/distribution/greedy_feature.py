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
from pdsearch.distribution.cuts import Side, greedy_cut, matrix
from pdsearch.distribution.grouped import GroupedSum
from pdsearch.domains import Domain, TransitionGraph


class CutSum(GroupedSum):
    """Base of the methods that cut each variable's values in two."""

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains that give their transition graphs."""
        return bool(domain.transition_graphs())

    def chosen(self) -> Sequence[TransitionGraph]:
        """Return the graphs of the variables that take part."""
        return self.domain.transition_graphs()

    def cut(self, graph: TransitionGraph) -> Side:
        """Return which values go to the first side, by position in ``graph.values``."""
        raise NotImplementedError

    @cached_property
    def groups(self) -> npt.NDArray[np.int64]:
        """Each variable cut in two; the values of the others are not hashed."""
        groups = np.full((self.domain.n_variables, self.domain.n_values), -1, np.int64)
        for graph in self.chosen():
            if len(graph.values) > 1:
                groups[graph.variable, graph.values] = np.where(self.cut(graph), 0, 1)
        return groups


@DISTRIBUTIONS.add("greedy-feature")
class GreedyFeature(CutSum):
    """Each variable cut in two by growing one side from a value of least degree."""

    name = "greedy-feature"
    source = "Jinnai and Fukunaga (2016), AAAI, section 4.4"

    def cut(self, graph: TransitionGraph) -> Side:
        """Cut greedily."""
        return greedy_cut(matrix(graph))
