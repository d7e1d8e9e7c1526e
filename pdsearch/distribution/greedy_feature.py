"""GAZHDA*: abstract Zobrist hashing with each variable's values cut in two by a greedy rule.

Source: Jinnai and Fukunaga (2016), "Abstract Zobrist Hashing: An Efficient Work Distribution
Method for Parallel Best-First Search", AAAI, section 4.4 (GreedyAFG).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.cuts import greedy_cut, matrix, published_greedy_groups
from pdsearch.distribution.effects import by_fluency
from pdsearch.distribution.grouped import GroupedSum
from pdsearch.distribution.options import choices_in
from pdsearch.domains import Domain, TransitionGraph


class CutSum(GroupedSum):
    """Base of the methods that cut each variable's values in two, or leave those out that operators change most.

    Where that leaves ranks idle, the variables left out take part again, least changed first, unless the option
    says how many are left out: then it is taken at its word, for comparison with what was published.
    """

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains that give their transition graphs."""
        return bool(domain.transition_graphs())

    def kept(self, n_variables: int) -> int:
        """Return how many of the variables take part, those that fewest operators change."""
        return n_variables

    def cut(self, graph: TransitionGraph) -> npt.NDArray[np.int64]:
        """Return the group of each value, by position in ``graph.values``: 0, 1, or -1 for none."""
        raise NotImplementedError

    @property
    def may_be_idle(self) -> bool:
        """Say whether the option says how many variables are left out."""
        return False

    def candidates(self) -> Iterator[list[TransitionGraph]]:
        """Yield the variables that take part, and with one more each time."""
        graphs = by_fluency(self.domain)
        fewest = max(1, self.kept(len(graphs)))
        yield from (graphs[:n] for n in range(fewest, 1 + (fewest if self.may_be_idle else len(graphs))))

    @property
    def groups(self) -> npt.NDArray[np.int64]:
        """Each variable that takes part cut in two; the values of the others are not hashed."""
        groups = np.full((self.domain.n_variables, self.domain.n_values), -1, np.int64)
        for graph in self.candidate:
            if len(graph.values) > 1:
                if graph.variable not in self._cuts:
                    self._cuts[graph.variable] = self.cut(graph)
                groups[graph.variable, graph.values] = self._cuts[graph.variable]
        return groups

    @cached_property
    def _cuts(self) -> dict[int, npt.NDArray[np.int64]]:
        """The cuts made so far, by variable."""
        return {}


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
