"""The heuristic that a domain brings along: a method of one in plain Python, ``bound`` of one of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.domains import Domain
from pdsearch.domains.plain import PlainDomain
from pdsearch.domains.vectors import VectorDomain
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS, Heuristic


@HEURISTICS.add("own")
class Own(Heuristic):
    """What the domain itself says: ``heuristic`` in plain Python, ``bound`` of vectors."""

    name = "own"
    source = "the domain"
    admissible = True
    consistent = False
    tables: Any = ()
    max_h = max_rise = 0

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.domain: Any = domain
        if isinstance(domain, VectorDomain):
            self.tables = domain.bound_tables
            self.max_h = domain.max_h
            self.max_rise = domain.max_cost + domain.max_h

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains that have one."""
        return isinstance(domain, PlainDomain) or (isinstance(domain, VectorDomain) and domain.bound_tables is not None)

    def value(self, state: Any) -> int:
        """Return h.

        Raises
        ------
        BadInputError
            If it is no whole number from 0 on.
        """
        if isinstance(self.domain, PlainDomain):
            h = self.domain.heuristic(state)
        else:
            h = self.domain.bound(self.domain.unpack(state), self.domain.data)
        if not isinstance(h, int | np.integer) or h < 0:
            raise BadInputError(
                f"heuristic of domain {self.domain.name} returns {h!r:.40} for state {state!r:.60}; "
                "need a whole number from 0 on"
            )
        return int(h)
