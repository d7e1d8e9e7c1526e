"""Tile boards with Manhattan distance for the GPU kernels.

``low`` is the state of the automaton that forbids words of moves; its row says which moves there are, to which states
they lead and where the blank is:

===== ============================== ===== ==============================
0-11  state after move 0 (up)        32-43 state after move 2 (right)
12-23 state after move 1 (left)      44-55 state after move 3 (down)
24-28 cell of the blank              56-59 mask of the moves
===== ============================== ===== ==============================

A move changes h by one, so f stays (a good move) or rises by two, one unit of slack: all that is asked of a board is
whether the tile that moves comes nearer to its row or column.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import int32, uint32, uint64

from pdsearch.domains.tiles.manhattan import Manhattan
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.words import board_words
from pdsearch.gpu_model import MAX_LOW, MODELS, Compilable, Model, Root
from pdsearch.pruning.automaton import Automaton
from pdsearch.pruning.cached import load

# the most moves that a board with its goal's blank in a corner needs, by its cells: OEIS A151944 (Korf 2008, Journal
# of the ACM 55, table III, corrected)
_DIAMETER = {
    (2, 2): 6, (2, 3): 21, (2, 4): 36, (2, 5): 55, (2, 6): 80, (2, 7): 108, (2, 8): 140,
    (3, 3): 31, (3, 4): 53, (3, 5): 84, (4, 4): 80,
}  # fmt: skip
_LONGEST = 208  # of boards whose diameter is not known: the 24-puzzle's is at most this (Karlemo and Ostergard 2000)


@MODELS.add("tiles with manhattan")
def _manhattan(domain: Any, heuristic: str, length: int) -> Model | None:
    if not isinstance(domain, Tiles) or not domain.has_usual_goal or heuristic != "manhattan":
        return None
    if (domain.width, domain.height) == (4, 4):
        return None  # of the 15-puzzle there is a shorter one, in gpu_rotated.py
    return boards(domain.width, domain.height, domain.blank_last, length)


@cache  # a model compiled once is the same model the next time
def boards(width: int, height: int, blank_last: bool, length: int) -> Model:
    """Return boards of any shape, packed as by the domain ``tiles``.

    >>> hex(boards(4, 4, False, 2).goal[0])
    '0xfedcba9876543210'
    """
    puzzle, automaton = solved_board(width, height, blank_last), board_automaton(width, height, length)
    goal = (*puzzle.initial, 0)

    def root(board: Any) -> Root:
        words = (*board.initial, 0)
        return Root(words[0], words[1], int(automaton.root[board.board.index(0)]))

    return Model(
        name=board_name(puzzle),
        heuristic=Manhattan.name,
        h=Manhattan(puzzle).value,
        root=root,
        child=(narrow_child if width * height <= 16 else wide_child)(width, int(blank_last)),
        n_words=len(puzzle.initial),
        n_moves=4,
        most_children=3,
        goal=(goal[0], goal[1]),
        unit=2,
        max_depth=longest(width, height),
        rows=rows_of(automaton),
        packed=lambda words, low: words[:, : len(puzzle.initial)],
    )


def board_automaton(width: int, height: int, length: int) -> Automaton:
    """Return the automaton of a shape, of shorter words where its states would have no numbers."""
    automaton = load(board_words(width, height), length)
    while len(automaton.next) > MAX_LOW:
        length -= 1
        automaton = load(board_words(width, height), length)
    return automaton


def rows_of(automaton: Automaton) -> npt.NDArray[np.uint64]:
    """Return the rows of an automaton of four moves and at most 32 starts: uint64[n_states]."""
    following = automaton.next.astype(np.int64)
    rows = automaton.start.astype(np.uint64) << np.uint64(24)
    for move, at in enumerate((0, 12, 32, 44)):
        possible = following[:, move] >= 0
        rows |= np.where(possible, following[:, move], 0).astype(np.uint64) << np.uint64(at)
        rows |= possible.astype(np.uint64) << np.uint64(56 + move)
    return rows


def solved_board(width: int, height: int, blank_last: bool) -> Tiles:
    """Return the instance that is the goal."""
    n = width * height
    board = (*range(1, n), 0) if blank_last else tuple(range(n))
    return Tiles(board, width, height, "blank-last" if blank_last else "blank-first")


def board_name(puzzle: Tiles) -> str:
    """Return what messages call a shape and goal."""
    return f"{puzzle.width}x{puzzle.height} tiles" + (", blank last" if puzzle.blank_last else "")


def longest(width: int, height: int) -> int:
    """Return the most moves that a board of a shape needs, or a bound of them."""
    return _DIAMETER.get((min(width, height), max(width, height)), _LONGEST)


def follow(move, row, width):
    """Return (1 if the move may be made, the blank's cell before and after, the state after); plain integers."""
    lo, hi = uint32(row & uint64(0xFFFFFFFF)), uint32(row >> uint64(32))
    blank = uint32(lo >> uint32(24)) & uint32(31)
    if move == 0:
        cell, after = uint32(blank - uint32(width)), uint32(lo & uint32(0xFFF))
    elif move == 1:
        cell, after = uint32(blank - uint32(1)), uint32(lo >> uint32(12)) & uint32(0xFFF)
    elif move == 2:
        cell, after = uint32(blank + uint32(1)), uint32(hi & uint32(0xFFF))
    else:
        cell, after = uint32(blank + uint32(width)), uint32(hi >> uint32(12)) & uint32(0xFFF)
    return uint32(hi >> uint32(24 + move)) & uint32(1), blank, cell, uint32(after)


def is_bad(place, blank, move, width):
    """Return whether the tile whose goal is cell ``place`` goes away from it by the blank's move; plain integers."""
    row = int32(blank // uint32(width))
    column = int32(blank - uint32(row) * uint32(width))
    if move == 0:
        bad = place < row * int32(width)
    elif move == 3:
        bad = place >= (row + int32(1)) * int32(width)
    elif move == 1:
        bad = place % int32(width) < column
    else:
        bad = place % int32(width) > column
    return bad


def narrow_child(width: int, blank_last: int) -> Compilable:
    """Return the moves of a board of up to 16 cells, four bits each."""

    def compiled(compiler: Any) -> Any:
        next_state, bad = compiler(follow), compiler(is_bad)

        def child(first, second, low, move, row, entries):
            possible, blank, cell, after = next_state(move, row, width)
            cell = uint32(cell & uint32(15))
            tile = uint64(first >> uint64(uint32(4) * cell)) & uint64(15)
            rise = bad(int32(tile) - int32(blank_last), blank, move, width)
            moved = first ^ (tile << uint64(uint32(4) * cell)) ^ (tile << uint64(uint32(4) * blank))
            return possible != 0, uint64(moved), second, after, uint32(rise)

        return compiler(child)

    return compiled


def wide_child(width: int, blank_last: int) -> Compilable:
    """Return the moves of a larger board: five bits a cell, twelve cells a word, the 25th in the top bits of both."""

    def compiled(compiler: Any) -> Any:
        next_state, bad = compiler(follow), compiler(is_bad)

        def child(first, second, low, move, row, entries):
            possible, blank, cell, after = next_state(move, row, width)
            if possible == 0:
                cell = uint32(0)
            here = cell < uint32(12)
            shift = uint64(uint32(5) * (cell if here else uint32(cell - uint32(12))))
            tile = uint64((first if here else second) >> shift) & uint64(31)
            if cell == uint32(24):
                tile = uint64(tile | ((first >> uint64(60)) << uint64(4)))
            rise = bad(int32(tile) - int32(blank_last), blank, move, width)
            moved, other = first, second
            if here:
                moved = uint64(moved ^ (tile << shift))
            else:
                other = uint64(other ^ (tile << shift))
            if cell == uint32(24) or blank == uint32(24):
                moved = uint64(moved ^ ((tile >> uint64(4)) << uint64(60)))
            if blank < uint32(12):
                moved = uint64(moved ^ (tile << uint64(uint32(5) * blank)))
            else:
                other = uint64(other ^ (tile << uint64(uint32(5) * uint32(blank - uint32(12)))))
            return possible != 0, moved, other, after, uint32(rise)

        return compiler(child)

    return compiled
