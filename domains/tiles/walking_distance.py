"""Walking distance: how many vertical moves the rows of the tiles ask for, plus the same of columns.

For vertical moves only the goal row of each tile is looked at (:mod:`pdsearch.domains.tiles.walks`), and that simpler
puzzle is solved beforehand, from every state. A horizontal move leaves the rows' puzzle as it is, a vertical one the
columns', and the row of the blank makes both bipartite: each move changes one of the two by exactly one. No move
changes Manhattan distance by more, and both are 0 at the goal: walking distance is never the smaller one.

Sources: Takahashi (undated), "How to write a 15 puzzle solver" (a web page in Japanese), the idea and its name; Korf
and Felner (2002), "Disjoint pattern database heuristics", Artificial Intelligence 134, on adding what is known of
abstractions where each move counts in one of them only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.domains import Domain, State
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.space import N_VALUES, tile_at
from pdsearch.domains.tiles.walks import UNREACHED, Walk
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate


class LineTables(NamedTuple):
    """Tables of one direction; a line's key is the sum of its tiles' weights."""

    weight: npt.NDArray[np.int64]  # (N_VALUES,) of each tile; 0 for the blank
    kind: npt.NDArray[np.int64]  # (n_keys,) of each key
    distance: npt.NDArray[np.uint8]  # (n_indices,) by the kinds of all lines but the last
    n_kinds: int
    n_lines: int
    length: int
    line_step: int  # from the first cell of a line to that of the next
    cell_step: int  # from one cell of a line to the next


class WalkingDistanceTables(NamedTuple):
    """Tables of both directions."""

    rows: LineTables
    columns: LineTables
    board_width: int


@inlined
def _change(lines, space, moves, tile, old_line, line):
    """Return by how much the distance changes when a tile goes from one line to another."""
    old_index = index = 0
    for i in range(lines.n_lines - 1):
        key = 0
        for j in range(lines.length):
            key += lines.weight[tile_at(space, moves.parent, 0, i * lines.line_step + j * lines.cell_step)]
        old_index = old_index * lines.n_kinds + lines.kind[key]
        if i == old_line:
            key -= lines.weight[tile]
        elif i == line:
            key += lines.weight[tile]
        index = index * lines.n_kinds + lines.kind[key]
    return np.int64(lines.distance[index]) - np.int64(lines.distance[old_index])


@implements(estimate, WalkingDistanceTables)
def _estimate(heuristic, space, parent_h, moves, c):
    tile = moves.added[c] // N_VALUES
    there, here = moves.removed[c] % N_VALUES, moves.added[c] % N_VALUES
    old_row, row = there // heuristic.board_width, here // heuristic.board_width
    if row != old_row:
        return parent_h + _change(heuristic.rows, space, moves, tile, old_row, row)
    old_column, column = there % heuristic.board_width, here % heuristic.board_width
    return parent_h + _change(heuristic.columns, space, moves, tile, old_column, column)


@HEURISTICS.add("walking-distance")
class WalkingDistance(Heuristic):
    """Vertical moves that tiles known by their goal rows need, plus horizontal ones that columns need."""

    name = "walking-distance"
    source = "Takahashi (undated), How to write a 15 puzzle solver (web page)"
    admissible = True
    consistent = True
    max_rise = 2
    f_step = 2  # a move changes one distance by one

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Tiles)
        self.puzzle = domain
        self.walks = walks_of(domain)
        rows, columns = (_tables(domain, i, walk) for i, walk in enumerate(self.walks))
        self.tables = WalkingDistanceTables(rows, columns, domain.width)
        self.max_h = sum(int(lines.distance[lines.distance < UNREACHED].max()) for lines in (rows, columns))

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit the boards whose tables take some megabytes at most: 3x5 and 4x4, not 4x5."""
        return isinstance(domain, Tiles) and all(walk.is_small for walk in walks_of(domain))

    def value(self, state: State) -> int:
        """Add up the distances of both directions."""
        indices = self.indices(np.array([state], np.uint64))
        return sum(int(lines.distance[index[0]]) for lines, index in zip(self.tables[:2], indices, strict=True))

    def indices(self, states: npt.NDArray[np.uint64]) -> list[npt.NDArray[np.int64]]:
        """Return the indices of packed boards, uint64[n, n_words], in the rows' table and in the columns': int64[n]."""
        boards = np.array(self.puzzle.unpack(tuple(states.T)), np.int64)
        boards = boards.reshape(self.puzzle.height, self.puzzle.width, len(states))
        lines_of = boards, boards.swapaxes(0, 1)
        parts = zip(self.walks, self.tables[:2], lines_of, strict=True)
        return [walk.indices(lines.weight[tiles].sum(axis=1).T) for walk, lines, tiles in parts]

    def towards(self, instance: Domain) -> WalkingDistance:
        """Return the distances to other lines."""
        return WalkingDistance(instance)


def walks_of(puzzle: Tiles) -> tuple[Walk, Walk]:
    """Return the simpler puzzles of a board's rows and of its columns, each towards its goal."""
    row, column = divmod(puzzle.goal_cell(0), puzzle.width)
    return Walk(puzzle.height, puzzle.width, row), Walk(puzzle.width, puzzle.height, column)


def _tables(puzzle: Tiles, direction: int, walk: Walk) -> LineTables:
    """Return the tables of the rows, direction 0, or of the columns, 1."""
    weight = np.zeros(N_VALUES, np.int64)
    for tile in range(1, puzzle.n_cells):
        weight[tile] = walk.weights[divmod(puzzle.goal_cell(tile), puzzle.width)[direction]]
    distance = walk.distances(puzzle.deadline)
    line_step, cell_step = (1, puzzle.width) if direction else (puzzle.width, 1)
    return LineTables(weight, walk.kinds(), distance, walk.n_kinds, walk.n_lines, walk.length, line_step, cell_step)
