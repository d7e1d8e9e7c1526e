"""Manhattan distance plus linear conflicts: tiles of one line that must pass each other.

Of the tiles that lie in their goal row, those outside a longest subsequence already in
goal order must leave the row and come back: two moves each that Manhattan distance does
not count. Rows and columns add up. A horizontal move leaves all rows' conflicts as they
are, a vertical one all columns': two lines are looked up again for each successor.

Source: Hansson, Mayer and Yung (1992), "Criticizing solutions to relaxed models yields
powerful admissible heuristics", Information Sciences 63, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.domains import Domain, State
from pdsearch.domains.tiles.manhattan import distances
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.space import N_VALUES, tile_at
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate, width

MAX_LINE = 7  # the table of a line of n cells has (n + 1)**n entries; longer lines add nothing


class LinearConflictTables(NamedTuple):
    """Tables of both heuristics; a line's key is its tiles' places, in base length + 1."""

    distance: npt.NDArray[np.int64]  # (n_cells * N_VALUES,)
    place: npt.NDArray[np.int64]  # (2, n_lines, n_cells) place of a tile in its goal line + 1, else 0
    row_penalty: npt.NDArray[np.uint8]  # ((width + 1)**width,)
    column_penalty: npt.NDArray[np.uint8]  # ((height + 1)**height,)
    board_width: int
    board_height: int


@inlined
def _row(heuristic, space, states, at, row):
    """Return the penalty of a row."""
    n = heuristic.board_width
    key = 0
    for x in range(n):
        key = key * (n + 1) + heuristic.place[0, row, tile_at(space, states, at, row * n + x)]
    return np.int64(heuristic.row_penalty[key]) if key < len(heuristic.row_penalty) else 0


@inlined
def _column(heuristic, space, states, at, column):
    """Return the penalty of a column."""
    n = heuristic.board_height
    key = 0
    for y in range(n):
        tile = tile_at(space, states, at, y * heuristic.board_width + column)
        key = key * (n + 1) + heuristic.place[1, column, tile]
    return np.int64(heuristic.column_penalty[key]) if key < len(heuristic.column_penalty) else 0


@implements(estimate, LinearConflictTables)
def _estimate(heuristic, space, parent_h, moves, c):
    h = parent_h + heuristic.distance[moves.added[c]] - heuristic.distance[moves.removed[c]]
    at = c * width(space)
    here = moves.added[c] % N_VALUES
    there = moves.removed[c] % N_VALUES
    row, old_row = here // heuristic.board_width, there // heuristic.board_width
    column, old_column = here % heuristic.board_width, there % heuristic.board_width
    if row != old_row:
        h += _row(heuristic, space, moves.states, at, row) + _row(heuristic, space, moves.states, at, old_row)
        h -= _row(heuristic, space, moves.parent, 0, row) + _row(heuristic, space, moves.parent, 0, old_row)
    else:
        h += _column(heuristic, space, moves.states, at, column)
        h += _column(heuristic, space, moves.states, at, old_column)
        h -= _column(heuristic, space, moves.parent, 0, column)
        h -= _column(heuristic, space, moves.parent, 0, old_column)
    return h


@HEURISTICS.add("linear-conflict")
class LinearConflict(Heuristic):
    """Manhattan distance and two moves for each tile that must step out of its line."""

    name = "linear-conflict"
    source = "Hansson, Mayer and Yung (1992), Information Sciences 63, section 4"
    admissible = True
    consistent = True
    f_step = 2  # a penalty is even

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Tiles)
        self.puzzle = domain
        table = distances(domain)
        self.tables = LinearConflictTables(
            table.reshape(-1),
            _places(domain),
            _penalties(domain.width),
            _penalties(domain.height),
            domain.width,
            domain.height,
        )
        self.max_h = int(table.max(axis=1).sum()) + 4 * domain.n_cells
        self.max_rise = 2 + 2 * max(domain.width, domain.height)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every tile board."""
        return isinstance(domain, Tiles)

    def value(self, state: State) -> int:
        """Add up distances and penalties, each line from its definition."""
        puzzle = self.puzzle
        board = puzzle.unpack(state)
        rows = [board[row * puzzle.width :][: puzzle.width] for row in range(puzzle.height)]
        columns = [board[column :: puzzle.width] for column in range(puzzle.width)]
        total = int(self.tables.distance[puzzle.features(state)].sum())
        for place, lines in zip(self.tables.place, (rows, columns), strict=True):
            for number, line in enumerate(lines):
                if len(line) <= MAX_LINE:
                    total += _penalty([int(place[number, tile]) for tile in line])
        return total

    def towards(self, instance: Domain) -> LinearConflict:
        """Return distances and conflicts on the way to other cells."""
        return LinearConflict(instance)


def _places(puzzle: Tiles) -> npt.NDArray[np.int64]:
    place = np.zeros((2, max(puzzle.width, puzzle.height), puzzle.n_cells), np.int64)
    for tile in range(1, puzzle.n_cells):
        y, x = divmod(puzzle.goal_cell(tile), puzzle.width)
        place[0, y, tile] = x + 1
        place[1, x, tile] = y + 1
    return place


def _penalties(n: int) -> npt.NDArray[np.uint8]:
    if n > MAX_LINE:
        return np.zeros(1, np.uint8)
    table = np.zeros((n + 1) ** n, np.uint8)
    for k in range(2, n + 1):  # k cells hold tiles of the line, the others none
        for cells in combinations(range(n), k):
            weights = np.array([(n + 1) ** (n - 1 - cell) for cell in cells])
            for places in permutations(range(1, n + 1), k):
                table[int(weights @ places)] = _penalty(places)
    return table


def _penalty(places: Sequence[int]) -> int:
    """Return twice the tiles of the line (place > 0) outside a longest increasing subsequence."""
    tiles = [place for place in places if place]
    longest = [1] * len(tiles)
    for i, tile in enumerate(tiles):
        longest[i] += max((longest[j] for j in range(i) if tiles[j] < tile), default=0)
    return 2 * (len(tiles) - max(longest, default=0))
