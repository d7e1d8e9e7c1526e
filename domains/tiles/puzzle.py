"""The sliding-tile puzzle as a user meets it: boards, instances, moves, plans.

Source: Korf (1985), "Depth-first iterative-deepening: an optimal admissible tree search",
Artificial Intelligence 27, section 5 (the 100 instances; the goal has the blank first).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains import DOMAINS, Domain, State, TransitionGraph
from pdsearch.domains.tiles import instances
from pdsearch.domains.tiles.projections import projections
from pdsearch.domains.tiles.space import DOWN, LEFT, N_VALUES, RIGHT, UP, TilesSpace, WideTilesSpace
from pdsearch.errors import BadInputError, shown
from pdsearch.options import Option
from pdsearch.reading import integers, whole_number

MAX_CELLS = 25
GOALS = ("blank-first", "blank-last")
_NAMES = {UP: "up", LEFT: "left", RIGHT: "right", DOWN: "down"}


@DOMAINS.add("tiles")
class Tiles(Domain):
    """A board of ``width`` × ``height`` cells with one blank; each move costs 1.

    Parameters
    ----------
    board : sequence of int
        Tiles row by row, 0 for the blank, each number below ``width * height`` once.
    width, height : int, optional
        Cells of a row and of a column; a square board when left out. At most 25 cells.
    goal : {"blank-first", "blank-last"}
        Tiles in ascending order with the blank in the first cell, or in the last.
    instance : str, optional
        How to call it in results.

    Raises
    ------
    BadInputError
        If the numbers are not a board.

    Examples
    --------
    >>> puzzle = Tiles([1, 0, 2, 3, 4, 5, 6, 7, 8])
    >>> puzzle.replay([1])  # one move, the blank goes left
    1
    """

    name = "tiles"
    source = "Korf (1985), AIJ 27, section 5"
    default_heuristic = "manhattan"
    instances_help = "korf:1 to korf:100, korf-felner:1 to 50, random:4x4, a file, or the tiles, 0 = blank"
    options = (Option("goal", "where the blank is in the goal", "blank-first", metavar="|".join(GOALS)),)
    numbered = MappingProxyType({"korf": 100, "korf-felner": 50})
    has_lines = True
    move_words = "moves of the blank"
    has_picture = True
    max_moves = 4
    max_cost = 1
    is_permutation = True
    n_values = N_VALUES

    def __init__(
        self,
        board: Sequence[int],
        width: int | None = None,
        height: int | None = None,
        goal: str = "blank-first",
        instance: str | None = None,
    ) -> None:
        self.width, self.height = _shape(len(board), width, height)
        self.n_cells = self.n_variables = self.width * self.height
        if goal not in GOALS:
            raise BadInputError(f"goal {shown(goal)} is unknown; it is one of {', '.join(GOALS)}")
        if self.n_cells != len(board):
            raise BadInputError(f"{len(board)} tiles given; a board of {self.width}x{self.height} needs {self.n_cells}")
        _check_tiles(board)
        self.board = tuple(int(tile) for tile in board)
        self.blank_last = goal == "blank-last"
        self.goal = self.goal_board()
        self.instance = instance or " ".join(map(str, self.board))
        self.initial = self.pack(self.board)
        goal_words = np.array(self.pack(self.goal), np.uint64)
        neighbours = self._neighbours()
        self.space: TilesSpace | WideTilesSpace = (
            TilesSpace(goal_words, neighbours) if self.n_cells <= 16 else WideTilesSpace(goal_words, neighbours, 1)
        )

    @classmethod
    def korf(cls, number: int) -> Tiles:
        """Return one of Korf's 100 instances of the 15-puzzle, numbered from 1."""
        return cls(instances.korf(number).board, instance=f"korf:{number}")

    @classmethod
    def of_size(cls, text: str, **options: Any) -> Tiles:
        """Return the solved board of a shape such as ``4x4``."""
        width, height = _shape_in(text)
        return cls(range(width * height), width, height, instance=f"{width}x{height}")

    @classmethod
    def parse(cls, text: str, goal: str = "blank-first", seed: int = 0, **options: Any) -> Tiles:
        """Return an instance named as on the command line.

        Parameters
        ----------
        text : str
            ``korf:N``, ``korf-felner:N``, ``random:4x4`` (solvable; drawn with ``seed``), ``4x4: 1 2 3 ...``, the
            tiles of a square board, or the name of a file that holds any of these.
        """
        kind, _, rest = text.partition(":")
        if kind == "korf":
            return cls(instances.korf(instances.number_in(rest, "korf", 100)).board, goal=goal, instance=text)
        if kind == "korf-felner":
            fifty = instances.korf_felner(instances.number_in(rest, kind, 50))
            return cls(fifty.board, goal=goal, instance=text)
        if kind == "random":
            width, height = _shape_in(rest)
            board = instances.random_board(width, height, seed, goal == "blank-last")
            return cls(board, width, height, goal, f"{text} seed {seed}")
        numbers = instances.numbers_or_file(text)
        if numbers is not text and numbers.startswith(("korf:", "korf-felner:", "random:")):
            return cls.parse(numbers, goal, seed)
        return cls._from_numbers(numbers, goal)

    @classmethod
    def instance_set(cls, text: str) -> list[str]:
        """Return the instances of a set, the twenty of ``korf:easy20`` by rising expansions; else the name itself."""
        if text == "korf:easy20":
            return [f"korf:{number}" for number in instances.korf_easy20()]
        return super().instance_set(text)

    @classmethod
    def _from_numbers(cls, text: str, goal: str) -> Tiles:
        shape, colon, numbers = text.rpartition(":")
        width, height = _shape_in(shape) if colon else (None, None)
        try:
            board = integers(numbers, f"instance {shown(text.strip())}")
        except BadInputError as error:
            raise BadInputError(
                f"{error}; give korf:1 to korf:100, random:4x4, a file, or the tiles row by row with 0 for the blank"
            ) from None
        return cls(board, width, height, goal)

    def goal_board(self, blank_last: bool | None = None) -> tuple[int, ...]:
        """Return the tiles of the goal row by row, or of the one that has the blank last, or first."""
        tiles = tuple(range(1, self.n_cells))
        return (*tiles, 0) if (self.blank_last if blank_last is None else blank_last) else (0, *tiles)

    @property
    def has_usual_goal(self) -> bool:
        """Say whether the goal has the tiles in order: not where it was swapped with a board."""
        return self.goal == self.goal_board()

    def goal_cell(self, tile: int) -> int:
        """Return the cell of a tile in the goal."""
        return self.goal.index(tile)

    def backwards(self) -> Tiles:
        """Swap the board and the goal."""
        back = copy.copy(self)
        back.board, back.goal = self.goal, self.board
        back.initial = self.pack(back.board)
        back.space = self.space._replace(goal=np.array(self.initial, np.uint64))
        return back

    def pack(self, board: Sequence[int]) -> State:
        """Return the words of a board; see :mod:`pdsearch.domains.tiles.space`."""
        if self.n_cells <= 16:
            return (sum(tile << (4 * cell) for cell, tile in enumerate(board)),)
        words = [sum(tile << (5 * i) for i, tile in enumerate(board[start : start + 12])) for start in (0, 12)]
        if self.n_cells == MAX_CELLS:
            words[1] |= (board[24] & 15) << 60
            words[0] |= (board[24] >> 4) << 60
        elif self.n_cells < 24:  # a cell that does not exist must not look like the blank
            words[1] |= sum(31 << (5 * i) for i in range(self.n_cells - 12, 12))
        return (words[0], words[1])

    def unpack(self, state: State) -> tuple[int, ...]:
        """Return the tiles of a packed board row by row."""
        if self.n_cells <= 16:
            return tuple((state[0] >> (4 * cell)) & 15 for cell in range(self.n_cells))
        board = [(state[cell // 12] >> (5 * (cell % 12))) & 31 for cell in range(min(self.n_cells, 24))]
        if self.n_cells == MAX_CELLS:
            board.append((state[1] >> 60) | (state[0] >> 60) << 4)
        return tuple(board)

    def why_unsolvable(self) -> str | None:
        """Compare the parity of the permutation with that of the blank's distance."""
        if not self._has_wrong_parity(self.blank_last):
            return None
        reason = f"the permutation of the tiles has the wrong parity for the goal {self._goal_words(self.blank_last)}"
        if self._has_wrong_parity(not self.blank_last):
            return f"{reason}, and for that with the blank {'first' if self.blank_last else 'last'}"
        return f"{reason}; the goal {self._goal_words(not self.blank_last)} can be reached: {self._other_goal()}"

    def notes(self) -> list[str]:
        """Return which goal was assumed where the board is the other one."""
        if self.board != self.goal_board(not self.blank_last):
            return []
        return [
            f"the board is the other usual goal, and was taken to {self._goal_words(self.blank_last)}; "
            f"for {self._goal_words(not self.blank_last)}: {self._other_goal()}"
        ]

    def _other_goal(self) -> str:
        return f"--goal {GOALS[not self.blank_last]}"

    def _goal_words(self, blank_last: bool) -> str:
        tiles = f"1 ... {self.n_cells - 1}"
        return f"'{tiles}, blank'" if blank_last else f"'blank, {tiles}'"

    def _has_wrong_parity(self, blank_last: bool) -> bool:
        position = {tile: cell for cell, tile in enumerate(self.goal_board(blank_last))}
        start, end = divmod(self.board.index(0), self.width), divmod(position[0], self.width)
        distance = abs(start[0] - end[0]) + abs(start[1] - end[1])
        is_odd = instances.is_odd([position[tile] for tile in self.board])
        return min(self.width, self.height) > 1 and is_odd != (distance % 2 == 1)

    def is_goal(self, state: State) -> bool:
        """Compare with the goal."""
        return self.unpack(state) == self.goal

    def operators(self, state: State) -> list[int]:
        """Return the moves the blank can make."""
        blank = self.unpack(state).index(0)
        return [operator for operator in range(4) if self._neighbour(blank, operator) >= 0]

    def apply(self, state: State, operator: int) -> tuple[State, int]:
        """Move the blank."""
        board = list(self.unpack(state))
        blank = board.index(0)
        cell = self._neighbour(blank, operator) if operator in _NAMES else -1
        if cell < 0:
            raise ValueError(f"the blank cannot move {_NAMES.get(operator, operator)} from cell {blank}")
        board[blank], board[cell] = board[cell], 0
        return self.pack(board), 1

    def undo(self, state: State, operator: int) -> State:
        """Move the blank back."""
        return self.apply(state, 3 - operator)[0]

    def operator_name(self, operator: int) -> str:
        """Return the direction in which the blank moves."""
        return _NAMES[operator]

    def features(self, state: State) -> npt.NDArray[np.int64]:
        """Return ``tile * 32 + cell`` of each tile; the blank is never hashed."""
        cells = enumerate(self.unpack(state))
        return np.array([tile * N_VALUES + cell for cell, tile in cells if tile], np.int64)

    def features_of(self, states: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Return those of many boards."""
        tiles = np.array(self.unpack(tuple(states.T)), np.int64)
        found: npt.NDArray[np.int64] = np.where(tiles > 0, tiles * N_VALUES + np.arange(self.n_cells)[:, None], -1).T
        return found

    def projections(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return groups of cells, the same for each tile."""
        return projections(self.width, self.height)

    def abstractions(self) -> dict[str, tuple[int, ...]]:
        """Return tiles to keep: of the 15-puzzle the first three, of the 24-puzzle the first five.

        Source: Jinnai and Fukunaga (2016), AAAI, section 4 (the best of those tried); far tiles from
        the authors' published code.
        """
        default = 5 if self.n_cells == MAX_CELLS else 3
        numbers = [default, *(k for k in range(3, 7) if k != default and k < self.n_cells)]
        kept = {f"first-{k}": tuple(range(1, k + 1)) for k in numbers}
        return kept | ({"far": (1, 7, 12)} if self.n_cells > 12 else {})

    def transition_graphs(self) -> list[TransitionGraph]:
        """Return the board itself for each tile: one move leads each way between neighbouring cells."""
        steps = [
            (cell, self._neighbour(cell, operator))
            for cell in range(self.n_cells)
            for operator in range(4)
            if self._neighbour(cell, operator) >= 0
        ]
        return [TransitionGraph.of(tile, range(self.n_cells), steps) for tile in range(1, self.n_cells)]

    def show(self, state: State) -> str:
        """Return the board, a line per row."""
        board = self.unpack(state)
        rows = [board[y * self.width : (y + 1) * self.width] for y in range(self.height)]
        return "\n".join(" ".join(f"{tile:2d}" if tile else " ." for tile in row) for row in rows)

    def _neighbour(self, cell: int, operator: int) -> int:
        y, x = divmod(cell, self.width)
        dy, dx = {UP: (-1, 0), LEFT: (0, -1), RIGHT: (0, 1), DOWN: (1, 0)}[operator]
        inside = 0 <= y + dy < self.height and 0 <= x + dx < self.width
        return (y + dy) * self.width + x + dx if inside else -1

    def _neighbours(self) -> npt.NDArray[np.int64]:
        return np.array(
            [self._neighbour(cell, operator) for cell in range(self.n_cells) for operator in range(4)],
            np.int64,
        )


def _shape(n_tiles: int, width: int | None, height: int | None) -> tuple[int, int]:
    if width is None or height is None:
        side = round(n_tiles**0.5)
        if side * side != n_tiles or not 2 <= side <= 5:
            raise BadInputError(
                f"{n_tiles} tiles given; a square board needs 4, 9, 16 or 25, "
                "another shape is written '2x3: 1 0 2 3 4 5'"
            )
        return side, side
    if width < 2 or height < 2 or width * height > MAX_CELLS:
        raise BadInputError(f"board {width}x{height} is not supported; both sides at least 2, at most 25 cells")
    return width, height


def _shape_in(text: str) -> tuple[int, int]:
    sides = text.strip().lower().split("x")
    try:
        width, height = (whole_number(side, "side") for side in sides)
    except (BadInputError, ValueError):
        raise BadInputError(f"board shape {shown(text.strip())} is not understood; write it as 4x4") from None
    return _shape(0, width, height)


def _check_tiles(board: Sequence[int]) -> None:
    n = len(board)
    wrong = [tile for tile in board if not 0 <= tile < n]
    if wrong:
        raise BadInputError(f"tile {wrong[0]} is out of range; {n} cells hold the numbers 0 to {n - 1}")
    missing = sorted(set(range(n)) - set(board))
    if missing:
        repeated = next(tile for tile in board if list(board).count(tile) > 1)
        raise BadInputError(f"tile {repeated} is there twice and tile {missing[0]} is missing")
