"""Packed tile boards and their moves, compiled.

Boards of up to 16 cells take 4 bits a cell in one word. Larger ones, up to 25 cells, take 5
bits a cell, 12 cells to a word; the 25th tile has its low four bits at the top of the second
word and its high bit at bit 60 of the first.

A feature is ``tile * 32 + cell``. Operators are the blank's moves up, left, right and down,
0 to 3, in Korf's order; 3 - operator undoes one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.domains.permutations import item_at
from pdsearch.kernels.intrinsics import trailing_zeros
from pdsearch.kernels.protocol import constants, expand, is_goal

N_VALUES = 32  # cells of a feature, rounded up to a power of two
UP, LEFT, RIGHT, DOWN = range(4)

_FOUR_LOW = np.uint64(0x1111111111111111)  # bit 0 of each 4-bit cell
_FIVE_LOW = np.uint64(0x0084210842108421)  # bit 0 of each 5-bit cell of a word


class TilesSpace(NamedTuple):
    """Tables of boards of up to 16 cells."""

    goal: npt.NDArray[np.uint64]  # (1,)
    neighbours: npt.NDArray[np.int64]  # (n_cells * 4,) cell reached by moving the blank, or -1


class WideTilesSpace(NamedTuple):
    """Tables of boards of 17 to 25 cells."""

    goal: npt.NDArray[np.uint64]  # (2,)
    neighbours: npt.NDArray[np.int64]  # (n_cells * 4,)
    wide: int  # only makes the type another one


def tile_at(space, states, at, cell):
    """Return the tile (0 = blank) on ``cell`` of the board at ``states[at]``; compiled by type."""


constants(TilesSpace, n_words=1)
constants(WideTilesSpace, n_words=2)


@implements(is_goal, TilesSpace)
def _is_goal(space, state):
    return state[0] == space.goal[0]


@implements(is_goal, WideTilesSpace)
def _is_goal_wide(space, state):
    return state[0] == space.goal[0] and state[1] == space.goal[1]


@implements(tile_at, TilesSpace)
def _tile_at(space, states, at, cell):
    return np.int64((states[at] >> np.uint64(4 * cell)) & np.uint64(15))


@implements(tile_at, WideTilesSpace)
def _tile_at_wide(space, states, at, cell):
    if cell < 24:
        return np.int64((states[at + cell // 12] >> np.uint64(5 * (cell % 12))) & np.uint64(31))
    return np.int64((states[at + 1] >> np.uint64(60)) | ((states[at] >> np.uint64(60)) << np.uint64(4)))


implements(item_at, TilesSpace)(_tile_at)
implements(item_at, WideTilesSpace)(_tile_at_wide)


@inlined
def _blank(word):
    """Return the lowest of 16 cells whose four bits are zero."""
    filled = word | (word >> np.uint64(1))
    filled = filled | (filled >> np.uint64(2))
    return trailing_zeros(~filled & _FOUR_LOW) >> 2


@inlined
def _blank_wide(first, second):
    """Return the lowest of 25 cells whose five bits are zero."""
    for half in range(2):
        word = second if half else first
        filled = word | (word >> np.uint64(1)) | (word >> np.uint64(2))
        filled = filled | (word >> np.uint64(3)) | (word >> np.uint64(4))
        empty = ~filled & _FIVE_LOW
        if empty != 0:
            return 12 * half + trailing_zeros(empty) // 5
    return 24


@inlined
def _flip(states, at, cell, tile):
    """Put ``tile`` on an empty cell of a wide board, or take it off."""
    bits = np.uint64(tile)
    if cell < 24:
        states[at + cell // 12] ^= bits << np.uint64(5 * (cell % 12))
    else:
        states[at + 1] ^= (bits & np.uint64(15)) << np.uint64(60)
        states[at] ^= (bits >> np.uint64(4)) << np.uint64(60)


@implements(expand, TilesSpace)
def _expand(space, created_by, moves, n):
    board = moves.parent[0]
    blank = _blank(board)
    back = created_by ^ 3
    for operator in range(4):
        cell = space.neighbours[blank * 4 + operator]
        if cell >= 0 and operator != back:
            tile = (board >> np.uint64(4 * cell)) & np.uint64(15)
            moves.states[n] = board ^ (tile << np.uint64(4 * cell)) ^ (tile << np.uint64(4 * blank))
            moves.operator[n] = operator
            moves.cost[n] = 1
            moves.removed[n] = np.int64(tile) * N_VALUES + cell
            moves.added[n] = np.int64(tile) * N_VALUES + blank
            n += 1
    return n


@implements(expand, WideTilesSpace)
def _expand_wide(space, created_by, moves, n):
    blank = _blank_wide(moves.parent[0], moves.parent[1])
    back = created_by ^ 3
    for operator in range(4):
        cell = space.neighbours[blank * 4 + operator]
        if cell >= 0 and operator != back:
            tile = tile_at(space, moves.parent, 0, cell)
            moves.states[2 * n] = moves.parent[0]
            moves.states[2 * n + 1] = moves.parent[1]
            _flip(moves.states, 2 * n, cell, tile)
            _flip(moves.states, 2 * n, blank, tile)
            moves.operator[n] = operator
            moves.cost[n] = 1
            moves.removed[n] = tile * N_VALUES + cell
            moves.added[n] = tile * N_VALUES + blank
            n += 1
    return n
