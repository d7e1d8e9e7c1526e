"""Abstract Zobrist hashing: features that a hand-made projection puts in one group share a word.

For the halves of the 15-puzzle only moves across the middle can be sent, 4 of 24.

Source: Jinnai and Fukunaga (2016), "Abstract Zobrist Hashing: An Efficient Work Distribution
Method for Parallel Best-First Search", AAAI, section 3.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.grouped import GroupedSum
from pdsearch.distribution.projection_file import read_projection
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError


@DISTRIBUTIONS.add("abstract-zobrist")
class AbstractZobrist(GroupedSum):
    """One random word per (variable, group of values); the groups are made by hand.

    The option names one of the domain's projections or a file of one; ``l=7`` puts coordinates in
    runs of seven. Without it the domain's first is taken that gives every rank a state: on more
    ranks a finer one than on few.
    """

    name = "abstract-zobrist"
    source = "Jinnai and Fukunaga (2016), AAAI, section 3"
    option_help = (
        "a projection of the domain, a file of groups, or l=7 for runs of coordinates, as abstract-zobrist:rows "
        "(default: the domain's first for so many ranks)"
    )

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains with a hand-made projection."""
        return bool(domain.projections())

    @property
    def groups(self) -> npt.NDArray[np.int64]:
        """The groups of the projection in use."""
        groups: npt.NDArray[np.int64] = self.candidate
        return groups

    def candidates(self) -> list[npt.NDArray[np.int64]]:
        """Look the projection up, make it, or read it."""
        known = {name: groups.reshape(self._shape) for name, groups in self.domain.projections().items()}
        if self.option is None:
            return list(known.values())
        if self.option in known:
            return [known[self.option]]
        length = re.fullmatch(r"l=([1-9]\d*)", self.option)
        if length and self.domain.has_coordinates:
            return [np.broadcast_to(np.arange(self.domain.n_values) // int(length[1]), self._shape)]
        if not Path(self.option).is_file():
            names = ", ".join([*known, *["l=7"] * self.domain.has_coordinates])
            raise BadInputError(
                f"projection {self.option!r} is unknown; {self.domain.name} has {names}; or give a file"
            )
        return [read_projection(self.option, self.domain)]

    @property
    def _shape(self) -> tuple[int, int]:
        return self.domain.n_variables, self.domain.n_values
