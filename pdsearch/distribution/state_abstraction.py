"""AHDA*: the owner is the number of an abstract state, which keeps a few variables only.

Moves that change no kept variable stay on the rank; so do all states alike in the kept ones,
which makes the load uneven. Abstract states are numbered by mixed radix, modulo p, with a
radix that has no factor in common with p: otherwise the owner would follow the lowest
variable alone. A mixed-radix number modulo p is a feature sum.

Which variables are kept: those with the smallest maximum out-degree in the abstract graph
first, which for variables that change one at a time is the smallest degree of a value, until
the abstract states would be more than the limit.

Source: Burns, Lemons, Ruml and Zhou (2010), "Best-First Heuristic Search for Multicore
Machines", JAIR 39; Zhou and Hansen (2006), "Domain-Independent Structured Duplicate
Detection", AAAI (which variables); numbering and radix as said here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.feature_sum import FeatureSum
from pdsearch.distribution.options import count_in, share_in
from pdsearch.domains import Domain, TransitionGraph
from pdsearch.errors import BadInputError


class AbstractState(FeatureSum):
    """Base of the methods that keep a few variables and number their values."""

    is_seeded = False

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains that give their transition graphs."""
        return bool(domain.transition_graphs())

    def kept(self, graphs: Sequence[TransitionGraph]) -> list[TransitionGraph]:
        """Return the graphs of the variables to keep, out of all in the order of preference."""
        raise NotImplementedError

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Number the abstract states."""
        graphs = sorted(self.domain.transition_graphs(), key=lambda graph: (_max_degree(graph), graph.variable))
        words = np.zeros((self.domain.n_variables, self.domain.n_values), np.int64)
        weight = 1
        for graph in self.kept(graphs):
            words[graph.variable, graph.values] = np.arange(len(graph.values)) * weight % self.n_ranks
            weight = weight * _radix(len(graph.values), self.n_ranks) % self.n_ranks
        return words


def _max_degree(graph: TransitionGraph) -> int:
    """Return the most neighbours a value has."""
    return int(np.bincount(graph.edges.reshape(-1)).max()) if len(graph.edges) else 0


def _radix(n_values: int, n_ranks: int) -> int:
    """Return the least number from ``n_values`` on without a factor in common with ``n_ranks``."""
    radix = n_values
    while gcd(radix, n_ranks) > 1:
        radix += 1
    return radix


@DISTRIBUTIONS.add("state-abstraction")
class StateAbstraction(AbstractState):
    """The number of an abstract state modulo p; the option is the most abstract states (default 10000)."""

    name = "state-abstraction"
    source = "Burns, Lemons, Ruml and Zhou (2010), JAIR 39; Zhou and Hansen (2006), AAAI"
    option_help = "most abstract states, as state-abstraction:1000 (default 10000)"

    def kept(self, graphs: Sequence[TransitionGraph]) -> list[TransitionGraph]:
        """Keep variables while the product of their numbers of values stays within the limit."""
        limit = count_in(self.option, 10_000, self.name)
        kept: list[TransitionGraph] = []
        states = 1
        for graph in graphs:
            if states * len(graph.values) > limit:
                break
            states *= len(graph.values)
            kept.append(graph)
        if states < self.n_ranks:
            raise BadInputError(
                f"an abstraction of at most {limit} states has {states} for {self.n_ranks} ranks; raise the limit"
            )
        return kept


@DISTRIBUTIONS.add("dynamic-abstraction")
class DynamicAbstraction(AbstractState):
    """DAHDA*: the same, with the variables chosen by a share of all values (default 0.3).

    Source: Jinnai and Fukunaga (2016), ICAPS, section 5.
    """

    name = "dynamic-abstraction"
    source = "Jinnai and Fukunaga (2016), ICAPS, section 5"
    option_help = "share of all values that is kept, as dynamic-abstraction:0.5 (default 0.3)"

    def kept(self, graphs: Sequence[TransitionGraph]) -> list[TransitionGraph]:
        """Keep variables until the share is reached; the one that crosses it is kept."""
        share = share_in(self.option, 0.3, self.name)
        limit = share * sum(len(graph.values) for graph in graphs)
        kept: list[TransitionGraph] = []
        while len(kept) < len(graphs) and sum(len(graph.values) for graph in kept) < limit:
            kept.append(graphs[len(kept)])
        return kept
