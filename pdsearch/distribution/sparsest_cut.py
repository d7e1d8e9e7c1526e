"""GRAZHDA*/sparsity: each variable's values cut in two where few moves cross and the sides are even.

Options, between colons: ``exact`` (branch and bound up to 20 values, local search beyond),
``metis`` or ``networkx`` to compare with, or ``edge-weight``, the objective of the published
code; and ``ignore=0.5``, its share of the variables left out, those that change most often.

Source: Jinnai and Fukunaga (2017), "A Graph-Partitioning Based Approach for Parallel Best-First
Search", HSDIP, section 6.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.cuts import edge_weight_cut, matrix, metis_cut, networkx_cut, sparsest_cut
from pdsearch.distribution.greedy_feature import CutSum
from pdsearch.distribution.options import choices_in
from pdsearch.domains import TransitionGraph

_CUTS = {"exact": sparsest_cut, "metis": metis_cut, "networkx": networkx_cut, "edge-weight": edge_weight_cut}
_IGNORED = ("ignore=0", "ignore=0.3", "ignore=0.5")


@DISTRIBUTIONS.add("sparsest-cut")
class SparsestCut(CutSum):
    """Each variable cut in two at greatest sparsity; the option chooses another cut, and what is ignored."""

    name = "sparsest-cut"
    source = "Jinnai and Fukunaga (2017), HSDIP, section 6"
    option_help = (
        "metis, networkx or edge-weight; ignore=0.5, as sparsest-cut:edge-weight:ignore=0.5 (default exact:ignore=0)"
    )

    def dropped(self) -> float:
        """Read the option."""
        _, ignored = choices_in(self.option, self.name, tuple(_CUTS), _IGNORED)
        return float(ignored.partition("=")[2])

    def cut(self, graph: TransitionGraph) -> npt.NDArray[np.int64]:
        """Cut as the option says."""
        cut, _ = choices_in(self.option, self.name, tuple(_CUTS), _IGNORED)
        return np.where(_CUTS[cut](matrix(graph)), 0, 1)
