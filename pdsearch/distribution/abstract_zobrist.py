"""Abstract Zobrist hashing: features that a hand-made projection puts in one group share a word.

For the halves of the 15-puzzle only moves across the middle can be sent, 4 of 24.

Source: Jinnai and Fukunaga (2016), "Abstract Zobrist Hashing: An Efficient Work Distribution
Method for Parallel Best-First Search", AAAI, section 3.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.grouped import GroupedSum
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError


@DISTRIBUTIONS.add("abstract-zobrist")
class AbstractZobrist(GroupedSum):
    """One random word per (variable, group of values); the groups are made by hand.

    The option names one of the domain's projections; its first is the default.
    """

    name = "abstract-zobrist"
    source = "Jinnai and Fukunaga (2016), AAAI, section 3"
    option_help = "a projection of the domain, as abstract-zobrist:rows (default: the domain's first)"

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains with a hand-made projection."""
        return bool(domain.projections())

    def groups(self) -> npt.NDArray[np.int64]:
        """Look the projection up."""
        known = self.domain.projections()
        name = self.option if self.option is not None else next(iter(known))
        if name not in known:
            raise BadInputError(f"projection {name!r} is unknown; {self.domain.name} has {', '.join(known)}")
        return known[name].reshape(self.domain.n_variables, self.domain.n_values)
