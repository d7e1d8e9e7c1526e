"""Manhattan distance: each tile's horizontal and vertical distance to its goal cell, added up.

One look-up per move, since a move changes one tile's distance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.domains import Domain, State
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.space import N_VALUES
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate


class ManhattanTables(NamedTuple):
    """Distances by feature."""

    distance: npt.NDArray[np.int64]  # (n_cells * N_VALUES,) 0 for the blank


def distances(puzzle: Tiles) -> npt.NDArray[np.int64]:
    """Return the distance of each tile on each cell to its goal: int64[n_cells, N_VALUES]."""
    cells = np.arange(puzzle.n_cells)
    y, x = cells // puzzle.width, cells % puzzle.width
    table = np.zeros((puzzle.n_cells, N_VALUES), np.int64)
    for tile in range(1, puzzle.n_cells):
        goal = puzzle.goal_cell(tile)
        table[tile, : puzzle.n_cells] = np.abs(y - y[goal]) + np.abs(x - x[goal])
    return table


@implements(estimate, ManhattanTables)
def _estimate(heuristic, space, parent_h, moves, c):
    return parent_h + heuristic.distance[moves.added[c]] - heuristic.distance[moves.removed[c]]


@HEURISTICS.add("manhattan")
class Manhattan(Heuristic):
    """Sum of the tiles' distances to their goal cells."""

    name = "manhattan"
    source = "Korf (1985), AIJ 27, section 5"
    admissible = True
    consistent = True
    max_rise = 2
    f_step = 2  # a move changes one distance by one

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Tiles)
        self.puzzle = domain
        table = distances(domain)
        self.tables = ManhattanTables(table.reshape(-1))
        self.max_h = int(table.max(axis=1).sum())

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every tile board."""
        return isinstance(domain, Tiles)

    def value(self, state: State) -> int:
        """Add up the distances."""
        return int(self.tables.distance[self.puzzle.features(state)].sum())

    def towards(self, instance: Domain) -> Manhattan:
        """Return the distances to other cells."""
        return Manhattan(instance)
