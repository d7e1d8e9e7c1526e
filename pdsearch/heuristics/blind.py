"""No estimate at all: A* becomes uniform-cost search."""

from __future__ import annotations

from typing import NamedTuple

from pdsearch._jit import answers
from pdsearch.domains import Domain, State
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate


class BlindTables(NamedTuple):
    """Nothing to look up."""

    zero: int


@answers(estimate, BlindTables)
def _estimate(estimator, space, parent_h, moves, c):
    return 0


@HEURISTICS.add("blind")
class Blind(Heuristic):
    """h = 0 everywhere."""

    name = "blind"
    source = "Dijkstra (1959), Numerische Mathematik 1"
    admissible = True
    consistent = True
    max_h = 0

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.tables = BlindTables(0)
        self.max_rise = domain.max_cost

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every domain."""
        return True

    def value(self, state: State) -> int:
        """Return 0."""
        return 0
