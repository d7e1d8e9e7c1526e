"""OZHDA*: Zobrist hashing with words made dependent, so that some moves change no hash.

Moves are taken in random order; for each the word of one feature it changes is set so
that the move leaves the hash as it is. Words made dependent without end collapse until one
rank owns everything; so a step is taken back when it would leave a variable with one word.

Source: Jinnai and Fukunaga (2016), "Automated Creation of Efficient Work Distribution Functions
for Parallel Best-First Search", ICAPS, section 4, algorithm 1; the guard is ours (the
published rule gives one rank all the work of some tasks).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.feature_sum import FeatureSum
from pdsearch.distribution.options import share_in
from pdsearch.domains import Domain


@DISTRIBUTIONS.add("operator-zobrist")
class OperatorZobrist(FeatureSum):
    """Random words, of which those that the first moves change are made equal.

    The option is the share of the moves that algorithm 1 may take (default 1: all).
    """

    name = "operator-zobrist"
    source = "Jinnai and Fukunaga (2016), ICAPS, section 4"
    option_help = "share of the moves taken, below 1, as operator-zobrist:0.3 (default 0.99)"

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains that give their transition graphs."""
        return bool(domain.transition_graphs())

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw words, then let moves take part while every variable still tells states apart."""
        graphs = self.domain.transition_graphs()
        words = np.zeros((self.domain.n_variables, self.domain.n_values), np.int64)
        for graph in graphs:
            words[graph.variable, graph.values] = rng.integers(self.n_ranks, size=len(graph.values))
        values = {graph.variable: graph.values for graph in graphs}
        fixed = np.zeros(words.shape, bool)
        moves = [(graph.variable, int(u), int(v)) for graph in graphs for u, v in graph.edges]
        rng.shuffle(moves)  # all have as many preconditions
        share = share_in(self.option, 0.99, self.name)
        for variable, u, v in moves[: max(1, round(share * len(moves)))]:
            if fixed[variable, u] and fixed[variable, v]:
                continue
            free, other = (v, u) if fixed[variable, u] else (u, v)
            before = words[variable, free]
            words[variable, free] = words[variable, other]
            if len(np.unique(words[variable, values[variable]])) == 1:
                words[variable, free] = before
                continue
            fixed[variable, u] = fixed[variable, v] = True
        return words
