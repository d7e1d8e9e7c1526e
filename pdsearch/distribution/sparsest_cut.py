"""GRAZHDA*/sparsity: each variable's values cut in two where few moves cross and the sides are even.

Options, between colons: ``exact`` (branch and bound up to 20 values, local search beyond),
``metis`` or ``networkx`` to compare with, or ``code``, the objective and the moves of the published
planner; and ``ignore=0.5``, its share of the variables left out, those that most operators change.
The text leaves none out, and its table cannot be had that way: a variable that every operator changes,
as the hand of the blocks world, then gives every successor another hash.

Source: Jinnai and Fukunaga (2017), "A Graph-Partitioning Based Approach for Parallel Best-First
Search", HSDIP, section 6, and the planner that made its table.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.cuts import Floats, matrix, metis_cut, networkx_cut, published_cut, sparsest_cut
from pdsearch.distribution.effects import all_moves
from pdsearch.distribution.greedy_feature import CutSum
from pdsearch.distribution.options import choices_in
from pdsearch.domains import TransitionGraph

_CUTS = {"exact": sparsest_cut, "metis": metis_cut, "networkx": networkx_cut, "code": published_cut}
_IGNORED = ("ignore=0", "ignore=0.3", "ignore=0.5")


@DISTRIBUTIONS.add("sparsest-cut")
class SparsestCut(CutSum):
    """Each variable cut in two at greatest sparsity; the option chooses another cut, and what is ignored."""

    name = "sparsest-cut"
    source = "Jinnai and Fukunaga (2017), HSDIP, section 6"
    option_help = (
        "metis, networkx or code, and ignore=0, 0.3 or 0.5, as sparsest-cut:code:ignore=0.5 "
        "(default exact; ignore=0.5 for planning, else 0)"
    )

    def kept(self, n_variables: int) -> int:
        """Read the option: of n variables in order of fluency, the one of rank r is left out where r/n is above it."""
        share = float(self._options[1].partition("=")[2])
        return min(int((1 - share) * n_variables) + 1, n_variables)

    @property
    def may_be_idle(self) -> bool:
        """Say whether what is ignored is named."""
        return "ignore=" in (self.option or "")

    def cut(self, graph: TransitionGraph) -> npt.NDArray[np.int64]:
        """Cut as the option says."""
        cut, _ = self._options
        return np.where(_CUTS[cut](self._moves[graph.variable] if cut == "code" else matrix(graph)), 0, 1)

    @property
    def _options(self) -> list[str]:
        default = f"ignore={self.domain.ignored_share:g}"
        ignored = sorted(_IGNORED, key=lambda word: word != default)
        return choices_in(self.option, self.name, tuple(_CUTS), ignored)

    @cached_property
    def _moves(self) -> dict[int, Floats]:
        return all_moves(self.domain)
