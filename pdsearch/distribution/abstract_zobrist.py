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

    The option names one of the domain's projections. Without it the first is taken that gives
    every rank a state: on more ranks a finer one than on few.
    """

    name = "abstract-zobrist"
    source = "Jinnai and Fukunaga (2016), AAAI, section 3"
    option_help = "a projection of the domain, as abstract-zobrist:rows (default: the domain's first for so many ranks)"

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains with a hand-made projection."""
        return bool(domain.projections())

    def covering(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Try the projections that come into question, one after the other."""
        refusals = []
        for groups in self._candidates():
            self.groups = groups
            try:
                return super().covering(rng)
            except BadInputError as refusal:
                refusals.append(refusal)
        raise refusals[0]

    def _candidates(self) -> list[npt.NDArray[np.int64]]:
        """Look the projection up."""
        known = self.domain.projections()
        if self.option is not None and self.option not in known:
            raise BadInputError(f"projection {self.option!r} is unknown; {self.domain.name} has {', '.join(known)}")
        names = list(known) if self.option is None else [self.option]
        return [known[name].reshape(self.domain.n_variables, self.domain.n_values) for name in names]
