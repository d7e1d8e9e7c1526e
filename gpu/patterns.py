"""Tiles with additive pattern databases: the databases lie in the device's global memory, all else in the code.

A move changes one pattern's places, so a child takes two look-ups: the parent's entry and its own, each by the
number of the places among all. Entries may change by more than one and f may fall, as on the CPU.

Source: Korf and Felner (2002), "Disjoint pattern database heuristics", AIJ 134; numbers as in
:mod:`pdsearch.pdb.ranking`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import int32, int64, uint64

from pdsearch.domains.tiles.pdb import AdditivePdb, PatternTables
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.space import N_VALUES
from pdsearch.gpu.models import Compiler, Model, of_board, solved_board, tile_child
from pdsearch.heuristics import HEURISTICS
from pdsearch.pdb.ranking import FIELD

_IN_A_WORD = 12  # cells of a wide board's word


@cache
def pattern_tiles(width: int, height: int, blank_last: bool, heuristic: str) -> Model:
    """Return the model of a board with the pattern databases of a heuristic by name, built or loaded now.

    Raises
    ------
    BadInputError
        If a large database has not been built yet.
    """
    estimator = HEURISTICS[heuristic](solved_board(width, height, blank_last))
    assert isinstance(estimator, AdditivePdb)
    return of_board(estimator, pattern_child(estimator.puzzle, estimator.tables), estimator.tables.entries)


def pattern_child(puzzle: Tiles, tables: PatternTables) -> Callable[[Compiler], Any]:
    """Return the moves of a board whose h is looked up in the tables of some patterns."""
    moves = tile_child(puzzle.width, puzzle.height, puzzle.blank_last)
    is_wide = puzzle.n_cells > 16
    # plain arrays and numbers: a compiler makes constants of them
    start, size, number, image, shift = (np.array(column) for column in tables[1:6])

    def compiled(compiler: Compiler) -> Any:
        move_blank = compiler(moves(lambda function: function))
        tile_at = compiler(_tile_at_wide if is_wide else _tile_at)
        rank = compiler(_ranker(puzzle.n_cells))
        n = puzzle.n_cells

        def child(first, second, low, move, entries):
            legal, a, b, after, _ = move_blank(first, second, low, move, entries)
            rise = int32(0)
            if legal:
                blank, cell = int64(low & 31), int64(after & 31)  # the tile moves from cell to blank
                tile = tile_at(first, second, cell)
                pattern = number[tile]
                row = pattern * N_VALUES
                places = uint64(0)
                for i in range(n):
                    places = uint64(places | (image[row + i] << shift[row + tile_at(a, b, int64(i))]))
                moved = uint64((image[row + blank] ^ image[row + cell]) << shift[row + tile])
                now = int32(entries[start[pattern] + rank(places, size[pattern])])
                before = int32(entries[start[pattern] + rank(uint64(places ^ moved), size[pattern])])
                rise = int32((1 + now - before) // 2)
            return legal, a, b, after, rise

        return compiler(child)

    return compiled


def _tile_at(first, second, cell):
    return int64(uint64(first >> uint64(4 * cell)) & uint64(15))


def _tile_at_wide(first, second, cell):
    if cell < _IN_A_WORD:
        return int64(uint64(first >> uint64(5 * cell)) & uint64(31))
    tile = int64(uint64(second >> uint64(5 * (cell - _IN_A_WORD))) & uint64(31))
    if cell == 2 * _IN_A_WORD:
        tile |= int64(uint64(first >> uint64(60)) & uint64(1)) << 4
    return tile


def _ranker(n: int) -> Callable[..., Any]:
    """Return the source of the function that numbers ``k`` packed places among ``n`` cells."""

    def rank(places, k):
        number, held = int64(0), int64(0)
        for i in range(k):
            cell = int64(uint64(places >> uint64(FIELD * i)) & uint64(31))
            x = int64(held & ((1 << cell) - 1))  # the earlier ones below; their number by halves of a word
            x = int64(x - ((x >> 1) & 0x55555555))
            x = int64((x & 0x33333333) + ((x >> 2) & 0x33333333))
            x = int64((x + (x >> 4)) & 0x0F0F0F0F)
            number = int64(number * (n - i) + cell - (((x * 0x01010101) >> 24) & 255))
            held = int64(held | (1 << cell))
        return number

    return rank
