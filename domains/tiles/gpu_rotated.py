"""The 15-puzzle on boards rotated so that the blank is nibble 0: a shorter step for the GPU kernels.

Nibble i is the cell i behind the blank's, around the end of the board. Every move then exchanges nibble 0 with nibble
12 (up), 15 (left), 1 (right) or 4 (down) and rotates the word by as much: constant shifts of 32-bit halves. Where the
blank is, which moves there are and what automaton state follows is in the row of the state's ``low``; see
:mod:`pdsearch.domains.tiles.gpu_model`. Tiles are named by their goal cells, so both goals have the same code.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import uint32, uint64

from pdsearch.domains.tiles.gpu_model import board_automaton, board_name, longest, rows_of, solved_board
from pdsearch.domains.tiles.manhattan import Manhattan
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.gpu_model import MAX_SLACK, MODELS, SLACK_AT, Masks, Model, Root

_LOW = (1 << SLACK_AT) - 1
_NOT_LOW = 0xFFFFFFFF ^ _LOW
_SLACK = MAX_SLACK << SLACK_AT


@MODELS.add("15-puzzle with manhattan")
def _manhattan(domain: Any, heuristic: str, length: int) -> Model | None:
    if not isinstance(domain, Tiles) or not domain.has_usual_goal or heuristic != "manhattan":
        return None
    return rotated(domain.blank_last, length) if (domain.width, domain.height) == (4, 4) else None


@cache
def rotated(blank_last: bool, length: int) -> Model:
    """Return the 15-puzzle with Manhattan distance.

    >>> hex(rotated(False, 2).goal[0])
    '0xfedcba9876543210'
    """
    puzzle, automaton = solved_board(4, 4, blank_last), board_automaton(4, 4, length)

    def root(board: Any) -> Root:
        return Root(turned(board), 0, int(automaton.root[board.board.index(0)]))

    return Model(
        name=board_name(puzzle),
        heuristic=Manhattan.name,
        h=Manhattan(puzzle).value,
        root=root,
        child=_child,
        n_words=1,
        n_moves=4,
        most_children=3,
        goal=(turned(puzzle), 0),
        goal_cell=puzzle.board.index(0),
        unit=2,
        max_depth=longest(4, 4),
        rows=rows_of(automaton),
        masks=Masks(lambda compiler: compiler(masks), lambda compiler: compiler(born)),
        packed=lambda words, low: unturned(words[:, 0], automaton.start[low], int(blank_last)),
    )


def turned(puzzle: Tiles) -> int:
    """Return the word of a board."""
    blank = puzzle.board.index(0)
    tiles = [puzzle.board[(blank + i) % 16] for i in range(16)]
    return sum(puzzle.goal_cell(tile) << 4 * i for i, tile in enumerate(tiles) if tile)


def unturned(words: npt.NDArray[np.uint64], blanks: npt.NDArray[np.int32], blank_last: int) -> npt.NDArray[np.uint64]:
    """Return boards as the domain packs them: uint64[n, 1]."""
    boards = np.zeros_like(words)
    for i in range(1, 16):
        tiles = (words >> np.uint64(4 * i) & np.uint64(15)) + np.uint64(blank_last)
        boards |= tiles << (np.uint64(4) * ((blanks + i) % 16).astype(np.uint64))
    return boards[:, None]


def masks(first, second, meta, row):
    """Return the moves that may be made, those whose child is within the bound, and those that come nearer."""
    lo, hi = uint32(first & uint64(0xFFFFFFFF)), uint32(first >> uint64(32))
    blank = uint32(row >> uint64(24)) & uint32(15)
    y, x = uint32(blank >> uint32(2)), uint32(blank & uint32(3))
    good = uint32(0)
    if uint32(hi & uint32(0xF0000)) >= uint32(y << uint32(18)):
        good = uint32(good | uint32(1))
    if uint32(hi & uint32(0x30000000)) >= uint32(x << uint32(28)):
        good = uint32(good | uint32(2))
    if uint32(lo & uint32(0x30)) <= uint32(x << uint32(4)):
        good = uint32(good | uint32(4))
    if uint32(lo & uint32(0xF0000)) < uint32(uint32(y + uint32(1)) << uint32(18)):
        good = uint32(good | uint32(8))
    possible = uint32(row >> uint64(56)) & uint32(15)
    within = possible
    if uint32(meta & uint32(_SLACK)) == uint32(0):
        within = uint32(possible & good)
    return uint32(possible), uint32(within), uint32(good)


def born(first, second, meta, row, good, move):
    """Return the child by a move, a literal."""
    lo, hi = uint32(first & uint64(0xFFFFFFFF)), uint32(first >> uint64(32))
    low, high = uint32(row & uint64(0xFFFFFFFF)), uint32(row >> uint64(32))
    if move == 0:
        tile, after = uint32(hi & uint32(0xF0000)), uint32(low & uint32(0xFFF))
        lo, hi = uint32(lo | uint32(tile >> uint32(16))), uint32(hi ^ tile)
        lo, hi = (
            uint32(lo << uint32(16)) | uint32(hi >> uint32(16)),
            uint32(hi << uint32(16)) | uint32(lo >> uint32(16)),
        )
    elif move == 1:
        tile, after = uint32(hi & uint32(0xF0000000)), uint32(low >> uint32(12)) & uint32(0xFFF)
        lo, hi = uint32(lo | uint32(tile >> uint32(28))), uint32(hi ^ tile)
        lo, hi = uint32(lo << uint32(4)), uint32(hi << uint32(4)) | uint32(lo >> uint32(28))
    elif move == 2:
        tile, after = uint32(lo & uint32(0xF0)), uint32(high & uint32(0xFFF))
        lo = uint32(lo ^ tile) | uint32(tile >> uint32(4))
        lo, hi = uint32(lo >> uint32(4)) | uint32(hi << uint32(28)), uint32(hi >> uint32(4)) | uint32(lo << uint32(28))
    else:
        tile, after = uint32(lo & uint32(0xF0000)), uint32(high >> uint32(12)) & uint32(0xFFF)
        lo = uint32(lo ^ tile) | uint32(tile >> uint32(16))
        lo, hi = (
            uint32(lo >> uint32(16)) | uint32(hi << uint32(16)),
            uint32(hi >> uint32(16)) | uint32(lo << uint32(16)),
        )
    child = uint32(uint32(meta & uint32(_NOT_LOW)) + after)
    if uint32(uint32(good >> uint32(move)) & uint32(1)) == uint32(0):
        child = uint32(child - uint32(1 << SLACK_AT))
    return uint64(uint64(hi) << uint64(32)) | uint64(uint32(lo)), second, child


def _child(compiler: Any) -> Any:
    """Return one move as the host and the other schemes make it."""
    all_masks, one_born = compiler(masks), compiler(born)

    def child(first, second, low, move, row, entries):
        possible, _, good = all_masks(first, second, uint32(0), row)
        legal = uint32(uint32(possible) >> uint32(move)) & uint32(1)
        rise = uint32(uint32(uint32(good) >> uint32(move)) & uint32(1)) ^ uint32(1)
        if move == 0:
            moved, _, after = one_born(first, second, uint32(_SLACK), row, good, 0)
        elif move == 1:
            moved, _, after = one_born(first, second, uint32(_SLACK), row, good, 1)
        elif move == 2:
            moved, _, after = one_born(first, second, uint32(_SLACK), row, good, 2)
        else:
            moved, _, after = one_born(first, second, uint32(_SLACK), row, good, 3)
        return legal != 0, uint64(moved), second, uint32(after & uint32(_LOW)), uint32(rise)

    return compiler(child)
