"""Hardly an estimate: A* becomes uniform-cost search."""

from __future__ import annotations

from typing import NamedTuple

from pdsearch._jit import implements
from pdsearch.domains import Domain, State
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate, is_goal, width


class BlindTables(NamedTuple):
    """All there is to know is what the cheapest move costs, 0 where that is not told."""

    least_cost: int


@implements(estimate, BlindTables)
def _estimate(heuristic, space, parent_h, moves, c):
    if heuristic.least_cost == 0:
        return 0
    n_words = width(space)
    return 0 if is_goal(space, moves.states[c * n_words : (c + 1) * n_words]) else heuristic.least_cost


@HEURISTICS.add("blind")
class Blind(Heuristic):
    """h = 0 at goals, and elsewhere the cost of the domain's cheapest move, where it tells one."""

    name = "blind"
    source = "Dijkstra (1959), Numerische Mathematik 1"
    admissible = True
    consistent = True

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.domain = domain
        self.tables = BlindTables(domain.least_cost)
        self.max_h = domain.least_cost
        self.max_rise = domain.max_cost + domain.least_cost

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every domain."""
        return True

    def value(self, state: State) -> int:
        """Ask whether it is a goal."""
        return 0 if self.domain.is_goal(state) else self.domain.least_cost

    def towards(self, instance: Domain) -> Blind:
        """Know as little of another way."""
        return Blind(instance)
