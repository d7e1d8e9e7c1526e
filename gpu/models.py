"""What a GPU kernel searches: packed states, and one function from a state to its child.

A state on a kernel's stack is two 64-bit words (the second unused by small domains) and a 32-bit word

====== =============================================================
0-7    the domain's own: cell of the blank and last move, last flip
8-14   slack: how far f may still rise, in the domain's unit
15-31  number of the root it descends from
====== =============================================================

``child`` is plain integer arithmetic, so that the same function is compiled for the GPU, for the CPU
(roots, tests that run it in a loop over lanes) and, as Python, for the simulator. It returns (1 if the move
is legal and does not undo the last one, the child's words, its low 8 bits, the rise of f). Models with large tables
keep them in ``entries``, which lie in the device's global memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import int32, uint32, uint64

from pdsearch.domains import State
from pdsearch.domains.pancake.gap import Gap
from pdsearch.domains.pancake.stack import Pancake
from pdsearch.domains.tiles.manhattan import Manhattan
from pdsearch.domains.tiles.pdb import AdditivePdb
from pdsearch.domains.tiles.puzzle import Tiles

SLACK_AT, ROOT_AT = 8, 15
MAX_SLACK, MAX_ROOTS = 2**7 - 1, 2**17
NO_LAST = 7  # tiles: last move of a root
MAX_PANCAKES = 16  # of a word
NO_ENTRIES = np.zeros(1, np.uint8)
# the most moves that a board with its goal's blank in a corner needs, by its cells: OEIS A151944 (Korf 2008, Journal
# of the ACM 55, table III, corrected)
_DIAMETER = {
    (2, 2): 6, (2, 3): 21, (2, 4): 36, (2, 5): 55, (2, 6): 80, (2, 7): 108, (2, 8): 140,
    (3, 3): 31, (3, 4): 53, (3, 5): 84, (4, 4): 80,
}  # fmt: skip
_LONGEST = 208  # of boards whose diameter is not known: the 24-puzzle's is at most this (Karlemo and Ostergard 2000)

Compiler = Callable[[Callable[..., Any]], Any]


@dataclass(frozen=True, eq=False)
class Model:
    """A domain, a heuristic and a goal, as a kernel sees them.

    Attributes
    ----------
    name, heuristic : str
        What messages call it, and the heuristic's name.
    h : callable
        Given a packed state, returns its heuristic value.
    child : callable
        Given a compiler, such as ``numba.njit``, returns the compiled function
        ``(first, second, low, move, entries) -> (legal, first, second, low, rise)``.
    n_words, n_moves : int
        Words of a state in use (1 or 2), and most moves.
    goal : tuple of int
        The goal's words; there is one.
    unit : int
        f rises by multiples of this.
    max_depth : int
        The longest paths for which stacks are made: no optimal one is longer, where that is known.
    low : callable
        Given an instance, returns the low 8 bits of its initial state.
    first_operator : int
        The domain's number of move 0; the others follow.
    entries : uint8[n]
        Tables in global memory.
    """

    name: str
    heuristic: str
    h: Callable[[State], int]
    child: Callable[[Compiler], Any]
    n_words: int
    n_moves: int
    goal: tuple[int, int]
    unit: int
    max_depth: int
    low: Callable[[Any], int]
    first_operator: int = 0
    entries: npt.NDArray[np.uint8] = field(default_factory=lambda: NO_ENTRIES)


@cache  # a model compiled once is the same model the next time
def tiles(width: int, height: int, blank_last: bool = False) -> Model:
    """Return tile boards with Manhattan distance; boards are packed as by the domain ``tiles``.

    >>> tiles(4, 4).goal[0] == 0xFEDCBA9876543210
    True
    """
    return of_board(Manhattan(solved_board(width, height, blank_last)), tile_child(width, height, blank_last))


def solved_board(width: int, height: int, blank_last: bool) -> Tiles:
    """Return the instance that is the goal."""
    n = width * height
    board = (*range(1, n), 0) if blank_last else tuple(range(n))
    return Tiles(board, width, height, "blank-last" if blank_last else "blank-first")


def of_board(
    heuristic: Manhattan | AdditivePdb, child: Callable[[Compiler], Any], entries: npt.NDArray[np.uint8] = NO_ENTRIES
) -> Model:
    """Return the model of the boards like that of a heuristic, whose moves are those of ``child``."""
    puzzle = heuristic.puzzle
    width, height, n_words = puzzle.width, puzzle.height, len(puzzle.initial)
    goal = (*puzzle.pack(puzzle.goal_board()), 0)
    return Model(
        name=f"{width}x{height} tiles" + (", blank last" if puzzle.blank_last else ""),
        heuristic=heuristic.name,
        h=heuristic.value,
        child=child,
        n_words=n_words,
        n_moves=4,
        goal=(goal[0], goal[1]),
        unit=2,
        max_depth=_DIAMETER.get((min(width, height), max(width, height)), _LONGEST),
        low=low_of_board,
        entries=entries,
    )


def low_of_board(puzzle: Any) -> int:
    """Return the cell of the blank, and that there was no move before."""
    return int(puzzle.board.index(0)) | NO_LAST << 5


def tile_child(width: int, height: int, blank_last: bool) -> Callable[[Compiler], Any]:
    """Return the moves of a board with Manhattan distance."""
    build = _narrow_tiles if width * height <= 16 else _wide_tiles
    return build(width, height, int(blank_last))


def _narrow_tiles(width: int, height: int, blank_last: int) -> Callable[[Compiler], Any]:
    n = width * height

    def child(first, second, low, move, entries):
        blank = uint32(low & 31)
        row = uint32(blank // uint32(width))
        column = uint32(blank - row * uint32(width))
        legal = uint32(low >> 5) != uint32(3 - move)
        if move == 0:
            cell = uint32(blank - uint32(width))
            legal = legal and row > 0
        elif move == 1:
            cell = uint32(blank - uint32(1))
            legal = legal and column > 0
        elif move == 2:
            cell = uint32(blank + uint32(1))
            legal = legal and column < width - 1
        else:
            cell = uint32(blank + uint32(width))
            legal = legal and blank < n - width
        cell = uint32(cell & 15)
        tile = uint64(first >> uint64(uint32(4) * cell)) & uint64(15)
        place = int32(tile) - int32(blank_last)
        if move == 0:
            bad = place < int32(row) * int32(width)
        elif move == 3:
            bad = place >= int32(row + 1) * int32(width)
        elif move == 1:
            bad = place % int32(width) < int32(column)
        else:
            bad = place % int32(width) > int32(column)
        moved = first ^ (tile << uint64(uint32(4) * cell)) ^ (tile << uint64(uint32(4) * blank))
        return legal, uint64(moved), second, uint32(cell | uint32(move << 5)), uint32(bad)

    return lambda compiler: compiler(child)


def _wide_tiles(width: int, height: int, blank_last: int) -> Callable[[Compiler], Any]:
    """Five bits a cell, twelve cells a word; the 25th tile in the top bits of both, as the domain packs it."""
    n = width * height

    def child(first, second, low, move, entries):
        blank = uint32(low & 31)
        row = uint32(blank // uint32(width))
        column = uint32(blank - row * uint32(width))
        legal = uint32(low >> 5) != uint32(3 - move)
        if move == 0:
            cell = uint32(blank - uint32(width))
            legal = legal and row > 0
        elif move == 1:
            cell = uint32(blank - uint32(1))
            legal = legal and column > 0
        elif move == 2:
            cell = uint32(blank + uint32(1))
            legal = legal and column < width - 1
        else:
            cell = uint32(blank + uint32(width))
            legal = legal and blank < n - width
        cell = uint32(cell) if legal else uint32(0)
        here = cell < uint32(12)
        shift = uint64(uint32(5) * (cell if here else uint32(cell - uint32(12))))
        tile = uint64((first if here else second) >> shift) & uint64(31)
        if cell == uint32(24):
            tile = uint64(tile | ((first >> uint64(60)) << uint64(4)))
        place = int32(tile) - int32(blank_last)
        if move == 0:
            bad = place < int32(row) * int32(width)
        elif move == 3:
            bad = place >= int32(row + 1) * int32(width)
        elif move == 1:
            bad = place % int32(width) < int32(column)
        else:
            bad = place % int32(width) > int32(column)
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
        return legal, moved, other, uint32(cell | uint32(move << 5)), uint32(bad)

    return lambda compiler: compiler(child)


@cache
def pancakes(n: int) -> Model:
    """Return stacks of up to 16 pancakes with the gap heuristic; pancake at position i in bits 4 i to 4 i + 3.

    A gap is a pair of neighbours whose sizes differ by more than one, the plate being a pancake of size n
    below the stack. A flip changes one pair. Source: Helmert (2010), "Landmark heuristics for the
    pancake problem", SoCS, section 3.
    """
    stack = Pancake(range(n))
    return Model(
        name=f"{n} pancakes",
        heuristic=Gap.name,
        h=Gap(stack).value,
        child=_pancakes(n),
        n_words=1,
        n_moves=n - 1,
        goal=(stack.initial[0], 0),
        unit=1,
        max_depth=(5 * n + 5) // 3,  # so many flips suffice: Gates and Papadimitriou (1979)
        low=lambda _: 0,
        first_operator=2,
    )


def _pancakes(n: int) -> Callable[[Compiler], Any]:
    every_other = np.uint64(0x0F0F0F0F0F0F0F0F)
    bytes_ = np.uint64(0x00FF00FF00FF00FF)
    pairs = np.uint64(0x0000FFFF0000FFFF)

    def child(first, second, low, move, entries):
        length = uint32(move + 2)
        legal = low != length
        top = int32(uint32(first) & uint32(15))
        last = int32(uint64(first >> uint64(uint32(4) * uint32(length - uint32(1)))) & uint64(15))
        below = int32(n)
        if length < n:
            below = int32(uint64(first >> uint64(uint32(4) * length)) & uint64(15))
        broken, made = abs(last - below) > 1, abs(top - below) > 1
        s = uint64(((first >> uint64(4)) & every_other) | ((first & every_other) << uint64(4)))
        s = uint64(((s >> uint64(8)) & bytes_) | ((s & bytes_) << uint64(8)))
        s = uint64(((s >> uint64(16)) & pairs) | ((s & pairs) << uint64(16)))
        s = uint64((s >> uint64(32)) | (s << uint64(32)))
        turned = uint64(s >> uint64(uint32(4) * uint32(16 - length)))
        kept = uint64(0)
        if length < 16:
            shift = uint64(uint32(4) * length)
            kept = uint64((first >> shift) << shift)
        rise = uint32(1) + uint32(made) - uint32(broken)
        return legal, uint64(turned | kept), second, length, uint32(rise)

    return lambda compiler: compiler(child)
