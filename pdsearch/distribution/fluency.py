"""FAZHDA*: the greedy cut, with the variables that change most often left out of the hash.

One that changes with every move gives every successor another hash.

Source: Jinnai and Fukunaga (2016), "Automated Creation of Efficient Work Distribution Functions
for Parallel Best-First Search", ICAPS, section 3 (FluencyAFG; the top 30 % are dropped).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.cuts import greedy_cut, matrix
from pdsearch.distribution.greedy_feature import CutSum
from pdsearch.distribution.options import share_in
from pdsearch.domains import TransitionGraph


@DISTRIBUTIONS.add("fluency")
class Fluency(CutSum):
    """The greedy cut of all but the variables of highest fluency; the option is the share dropped.

    The fluency of a variable is the share of operators that change it. The published code drops half.
    """

    name = "fluency"
    source = "Jinnai and Fukunaga (2016), ICAPS, section 3"
    option_help = "share of the variables dropped, as fluency:0.5 (default 0.3)"

    def kept(self, n_variables: int) -> int:
        """Read the option; a part of a variable more than the share is kept."""
        return n_variables - int(share_in(self.option, 0.3, self.name) * n_variables)

    @property
    def may_be_idle(self) -> bool:
        """Say whether a share is named."""
        return self.option is not None

    def cut(self, graph: TransitionGraph) -> npt.NDArray[np.int64]:
        """Cut greedily."""
        return np.where(greedy_cut(matrix(graph)), 0, 1)
