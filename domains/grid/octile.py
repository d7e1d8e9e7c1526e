"""The length of a path without obstacles: diagonal as far as that helps, then straight.

With four neighbours it is the Manhattan distance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pdsearch._jit import implements
from pdsearch.domains import Domain, State
from pdsearch.domains.grid.path import Grid
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate


class OctileTables(NamedTuple):
    """Goal and costs; two straight steps stand for a diagonal one where there are none."""

    goal_y: int
    goal_x: int
    width: int
    straight: int
    diagonal: int


@implements(estimate, OctileTables)
def _estimate(heuristic, space, parent_h, moves, c):
    cell = np.int64(moves.states[c])
    dy = abs(cell // heuristic.width - heuristic.goal_y)
    dx = abs(cell % heuristic.width - heuristic.goal_x)
    return heuristic.straight * abs(dy - dx) + heuristic.diagonal * min(dy, dx)


@HEURISTICS.add("octile")
class Octile(Heuristic):
    """Length of the shortest path if no cell were blocked."""

    name = "octile"
    source = "Sturtevant (2012), IEEE TCIAIG 4, section III"
    admissible = True
    consistent = True

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Grid)
        self.grid = domain
        height, width = domain.cells.shape
        straight, diagonal = domain.scale
        self.tables = OctileTables(domain.goal[1], domain.goal[0], width, straight, diagonal)
        self.max_h = diagonal * max(height, width) + straight * (height + width)
        self.max_rise = 2 * domain.max_cost
        self.f_step = 2 if domain.max_cost == straight else 1  # one row or column nearer, or farther, at a time

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every map."""
        return isinstance(domain, Grid)

    def value(self, state: State) -> int:
        """Return the length from the state's cell."""
        x, y = self.grid.unpack(state)
        near, far = sorted((abs(x - self.grid.goal[0]), abs(y - self.grid.goal[1])))
        straight, diagonal = self.grid.scale
        return diagonal * near + straight * (far - near)

    def towards(self, instance: Domain) -> Octile:
        """Return the length to another goal."""
        return Octile(instance)
