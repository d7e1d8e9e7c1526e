"""AHDA*: the owner is the number of an abstract state, which keeps a few variables only.

Moves that change no kept variable stay on the rank; so do all states alike in the kept ones,
which makes the load uneven. A number made of place values is a feature sum modulo p. The
place values are those of a perfect numbering: of a permutation's variables each has one value
less to choose from than the one before, as 15 * 14, 14, 1 for three tiles on 16 cells. Where
one is a multiple of p, so that its variable would have no say, each place value is raised to
be without a factor in common with p.

Which variables are kept: those that were found best by hand, or, greedily, the one that gives
the abstract graph the smallest maximum out-degree, until the abstract states would be more than
a limit.

Source: Burns, Lemons, Ruml and Zhou (2010), "Best-First Heuristic Search for Multicore
Machines", JAIR 39; Zhou and Hansen (2006), "Domain-Independent Structured Duplicate
Detection", AAAI (the greedy choice); Jinnai and Fukunaga (2016), AAAI, section 4 (by hand).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd, prod

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.feature_sum import DRAWS, FeatureSum
from pdsearch.distribution.joint_graph import degree_in
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

    def candidates(self) -> Iterator[Sequence[TransitionGraph]]:
        """Yield the graphs of the variables to keep, and what to keep if that leaves ranks idle."""
        raise NotImplementedError

    @property
    def kept(self) -> Sequence[TransitionGraph]:
        """The graphs of the variables that the abstraction keeps."""
        kept: Sequence[TransitionGraph] = self.candidate
        return kept

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Number the abstract states, or draw words for their parts."""
        if self.is_drawn:
            return self._drawn(rng)
        sizes = [len(graph.values) for graph in self.kept]
        words = np.zeros((self.domain.n_variables, self.domain.n_values), np.int64)
        for graph, place in zip(self.kept, place_values(sizes, self.n_ranks, self.domain.is_permutation), strict=True):
            words[graph.variable, graph.values] = np.arange(len(graph.values)) * (place % self.n_ranks) % self.n_ranks
        return words

    def _drawn(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        words = np.zeros((self.domain.n_variables, self.domain.n_values), np.int64)
        for graph in self.kept:
            words[graph.variable, graph.values] = rng.integers(self.n_ranks, size=len(graph.values))
        return words

    @property
    def is_drawn(self) -> bool:
        """Say whether the option ends with zobrist: words as in the published code, instead of numbers."""
        return (self.option or "").split(":")[-1] == "zobrist"

    @property
    def choice(self) -> str | None:
        """Return the option without that."""
        return (self.option or "").removesuffix("zobrist").removesuffix(":") or None

    @property
    def n_draws(self) -> int:
        """Return how often words are filled until all ranks are reached."""
        return DRAWS if self.is_drawn else 1

    def by_degree(self) -> Iterator[TransitionGraph]:
        """Yield all variables, each time the one that adds least to the abstract graph's out-degree."""
        degree, left = degree_in(self.domain), list(self.domain.transition_graphs())
        kept: list[TransitionGraph] = []
        while left:
            best = min(left, key=lambda graph: (degree([*kept, graph]), graph.variable))
            yield best
            kept.append(best)
            left = [graph for graph in left if graph.variable != best.variable]


def place_values(sizes: Sequence[int], n_ranks: int, is_permutation: bool) -> list[int]:
    """Return what each kept variable's values count in the number of an abstract state.

    >>> place_values([16, 16, 16], 8, True)
    [210, 14, 1]
    >>> place_values([16, 16, 16], 8, False)
    [289, 17, 1]
    """
    choices = [size - i if is_permutation else size for i, size in enumerate(sizes)]
    places = [prod(choices[i + 1 :]) for i in range(len(choices))]
    if all(place % n_ranks for place in places):
        return places
    radices = [_radix(size, n_ranks) for size in sizes]
    return [prod(radices[i + 1 :]) for i in range(len(radices))]


def _radix(n_values: int, n_ranks: int) -> int:
    """Return the least number from ``n_values`` on without a factor in common with ``n_ranks``."""
    radix = n_values
    while gcd(radix, n_ranks) > 1:
        radix += 1
    return radix


@DISTRIBUTIONS.add("state-abstraction")
class StateAbstraction(AbstractState):
    """The number of an abstract state modulo p, which keeps variables chosen by hand or greedily.

    The option names one of the domain's abstractions, or says how many abstract states a greedy
    choice may have. Without it the domain's first abstraction that gives every rank a state is
    taken, and the greedy choice with at most 10000 where there is none.
    """

    name = "state-abstraction"
    source = "Burns, Lemons, Ruml and Zhou (2010), JAIR 39; Zhou and Hansen (2006), AAAI"
    option_help = (
        "an abstraction of the domain or most abstract states, then zobrist to draw words for its parts, as "
        "state-abstraction:1000:zobrist (default: the domain's first for so many ranks, else 10000; numbered)"
    )

    def candidates(self) -> Iterator[Sequence[TransitionGraph]]:
        """Yield the abstractions by hand that come into question, then the greedy choice."""
        known = self.domain.abstractions()
        option = self.choice
        if option is not None and option not in known and not option.isdecimal():
            names = ", ".join([*known, "a number of states such as 10000"])
            raise BadInputError(f"abstraction {option!r} is unknown; {self.domain.name} has {names}")
        graphs = {graph.variable: graph for graph in self.domain.transition_graphs()}
        for name in known if option is None else [option] if option in known else []:
            yield [graphs[variable] for variable in known[name]]
        if option not in known:
            yield self._greedy(count_in(option, 10_000, self.name))

    def _greedy(self, limit: int) -> list[TransitionGraph]:
        """Keep variables while their combinations of values stay within the limit."""
        kept: list[TransitionGraph] = []
        states = 1
        for graph in self.by_degree():
            if states * len(graph.values) > limit:
                break
            states *= len(graph.values)
            kept.append(graph)
        if not kept:
            least = min(len(graph.values) for graph in self.domain.transition_graphs())
            raise BadInputError(
                f"every abstraction is larger than the limit of {limit} states (a variable has at least {least} "
                f"values); give a higher one to {self.name}"
            )
        if states < self.n_ranks:
            raise BadInputError(
                f"an abstraction of at most {limit} states has {states} for {self.n_ranks} ranks; raise the limit"
            )
        return kept


@DISTRIBUTIONS.add("dynamic-abstraction")
class DynamicAbstraction(AbstractState):
    """DAHDA*: the greedy choice, with variables kept up to a share of all values (default 0.3).

    Source: Jinnai and Fukunaga (2016), ICAPS, section 5.
    """

    name = "dynamic-abstraction"
    source = "Jinnai and Fukunaga (2016), ICAPS, section 5"
    option_help = "share of all values that is kept, as dynamic-abstraction:0.5 or 0.5:zobrist (default 0.3; numbered)"

    def candidates(self) -> Iterator[Sequence[TransitionGraph]]:
        """Keep variables until the share is reached; the one that crosses it is kept."""
        share = share_in(self.choice, 0.3, self.name)
        limit = share * sum(len(graph.values) for graph in self.domain.transition_graphs())
        kept: list[TransitionGraph] = []
        for graph in self.by_degree():
            kept.append(graph)
            if sum(len(graph.values) for graph in kept) >= limit:
                break
        yield kept
