"""FAZHDA*: the greedy cut, with the variables that change most often left out of the hash.

The fluency of a variable is the share of moves that change it. One that changes with every
move gives every successor another hash.

Source: Jinnai and Fukunaga (2016), "Automated Creation of Efficient Work Distribution Functions
for Parallel Best-First Search", ICAPS, section 3 (FluencyAFG; the top 30 % are dropped).
"""

from __future__ import annotations

from collections.abc import Sequence

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.greedy_feature import GreedyFeature
from pdsearch.distribution.options import share_in
from pdsearch.domains import TransitionGraph


@DISTRIBUTIONS.add("fluency")
class Fluency(GreedyFeature):
    """The greedy cut of all but the variables of highest fluency; the option is the share dropped."""

    name = "fluency"
    source = "Jinnai and Fukunaga (2016), ICAPS, section 3"
    option_help = "share of the variables dropped, as fluency:0.5 (default 0.3)"

    def chosen(self) -> Sequence[TransitionGraph]:
        """Leave out the first variables by falling fluency, ties by index; never all."""
        graphs = self.domain.transition_graphs()
        dropped = int(share_in(self.option, 0.3, self.name) * len(graphs))
        by_fluency = sorted(graphs, key=lambda graph: (-int(graph.weights.sum()), graph.variable))
        return by_fluency[min(dropped, len(graphs) - 1) :]
