"""GRAZHDA*/sparsity: each variable's values cut in two where few moves cross and the sides are even.

The option chooses the partitioner: ``exact`` (branch and bound up to 16 values, local search
beyond), ``metis`` or ``networkx`` to compare with.

Source: Jinnai and Fukunaga (2017), "A Graph-Partitioning Based Approach for Parallel Best-First
Search", HSDIP, section 6.
"""

from __future__ import annotations

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.cuts import Side, matrix, metis_cut, networkx_cut, sparsest_cut
from pdsearch.distribution.greedy_feature import CutSum
from pdsearch.domains import TransitionGraph
from pdsearch.errors import BadInputError

_PARTITIONERS = {"exact": sparsest_cut, "metis": metis_cut, "networkx": networkx_cut}


@DISTRIBUTIONS.add("sparsest-cut")
class SparsestCut(CutSum):
    """Each variable cut in two at greatest sparsity; the option chooses the partitioner."""

    name = "sparsest-cut"
    source = "Jinnai and Fukunaga (2017), HSDIP, section 6"
    option_help = "exact (default), metis or networkx"

    def cut(self, graph: TransitionGraph) -> Side:
        """Cut with the chosen partitioner."""
        name = self.option or "exact"
        if name not in _PARTITIONERS:
            raise BadInputError(f"partitioner {name!r} is unknown; it is one of {', '.join(_PARTITIONERS)}")
        side: Side = _PARTITIONERS[name](matrix(graph))
        return side
