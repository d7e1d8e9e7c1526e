"""The heuristic that a domain in plain Python brings along."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.domains import Domain
from pdsearch.domains.plain import PlainDomain
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS, Heuristic


@HEURISTICS.add("own")
class Own(Heuristic):
    """What the method ``heuristic`` of a domain in plain Python returns; 0 where it has none."""

    name = "own"
    source = "the domain"
    admissible = True
    consistent = False
    tables = ()
    max_h = max_rise = 0

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.domain: Any = domain

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains in plain Python."""
        return isinstance(domain, PlainDomain)

    def value(self, state: Any) -> int:
        """Return h.

        Raises
        ------
        BadInputError
            If it is no whole number from 0 on.
        """
        h = self.domain.heuristic(state)
        if not isinstance(h, int | np.integer) or h < 0:
            raise BadInputError(
                f"heuristic of domain {self.domain.name} returns {h!r:.40} for state {state!r:.60}; "
                "need a whole number from 0 on"
            )
        return int(h)
