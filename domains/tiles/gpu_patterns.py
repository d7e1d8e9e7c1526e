"""Tile boards with additive pattern databases for the GPU kernels.

A state is where each tile is, not what is in each cell: a field of 4 bits (up to 16 cells) or 5 bits for each tile, the
tiles of a pattern side by side. What lies in a cell is found by comparing all fields with the cell at once; the move is
one exclusive or; and the number of a pattern's places, cell by cell in the base of the number of cells, is a
multiplication and an addition for each of its tiles. Tables are *sparse*: they have room for tiles on the same cell
(25^6 instead of 25!/19! entries, 1.9 times as many), which no state asks for. Each pattern has its own, in its own
orientation, so that nothing is mirrored when it is looked up. ``low`` is the state of the automaton, as of
:mod:`pdsearch.domains.tiles.gpu_model`.

A move changes one pattern's places, so a child takes two look-ups, the parent's entry and its own. Entries may change
by more than one and f may fall, as on the CPU.

Source: Korf and Felner (2002), "Disjoint pattern database heuristics", AIJ 134.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from numba import int32, int64, uint32, uint64

from pdsearch.domains.tiles.gpu_model import board_automaton, board_name, follow, longest, rows_of, solved_board
from pdsearch.domains.tiles.pdb import AdditivePdb, PatternTables
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.space import N_VALUES
from pdsearch.gpu_model import MODELS, NO_ENTRIES, Compilable, Model, Root
from pdsearch.heuristics import HEURISTICS
from pdsearch.pdb.ranking import FIELD, unrank

_WORD = 60  # bits of a word in use


class Fields(NamedTuple):
    """Where the tiles of a board are kept.

    Attributes
    ----------
    bits, n : int
        Of a field; cells of the board.
    at : int64[n]
        Lowest bit of each tile's field, 0 to 119: behind bit 59 begins the second word. Entry 0 is not used.
    start : int64[n_patterns]
        Of each pattern's first field.
    size : int64[n_patterns]
        Tiles of each pattern.
    """

    bits: int
    n: int
    at: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]

    def words(self, board: tuple[int, ...]) -> tuple[int, int]:
        """Return the two words of a board."""
        number = sum(cell << int(self.at[tile]) for cell, tile in enumerate(board) if tile)
        return number & (1 << _WORD) - 1, number >> _WORD

    def table_starts(self) -> npt.NDArray[np.int64]:
        """Return where each pattern's table begins, and where the last one ends: int64[n_patterns + 1]."""
        return np.cumsum([0, *(self.n**self.size)])


@MODELS.add("tiles with pattern databases")
def _patterns(domain: Any, heuristic: str, length: int) -> Model | None:
    if isinstance(domain, Tiles) and issubclass(HEURISTICS[heuristic], AdditivePdb):
        return pattern_boards(domain.width, domain.height, domain.blank_last, heuristic, length)
    return None


@cache
def pattern_boards(width: int, height: int, blank_last: bool, heuristic: str, length: int) -> Model:
    """Return boards with the pattern databases of a heuristic by name, built or loaded now.

    Raises
    ------
    BadInputError
        If a large database has not been built yet.
    """
    estimator = HEURISTICS[heuristic](solved_board(width, height, blank_last))
    assert isinstance(estimator, AdditivePdb)
    return of_tables(estimator.puzzle, estimator.tables, heuristic, estimator.value, length, True)


def of_tables(puzzle: Tiles, tables: PatternTables, heuristic: str, h: Any, length: int, is_filled: bool) -> Model:
    """Return the model of the boards like a solved one; without entries when they are not filled in."""
    fields = fields_of(puzzle, tables)
    automaton = board_automaton(puzzle.width, puzzle.height, length)
    return Model(
        name=f"{board_name(puzzle)}, {heuristic}",
        heuristic=heuristic,
        h=h,
        root=lambda board: Root(*fields.words(board.board), int(automaton.root[board.board.index(0)])),
        child=pattern_child(puzzle.width, fields),
        n_words=1 if puzzle.n_cells <= 16 else 2,
        n_moves=4,
        most_children=3,
        goal=fields.words(puzzle.board),
        unit=2,
        max_depth=longest(puzzle.width, puzzle.height),
        rows=rows_of(automaton),
        entries=sparse_entries(tables, fields) if is_filled else NO_ENTRIES,
    )


def fields_of(puzzle: Tiles, tables: PatternTables) -> Fields:
    """Return the fields of a partition, each pattern's in the order of its table."""
    bits, n = 4 if puzzle.n_cells <= 16 else 5, puzzle.n_cells
    start = bits * np.cumsum([0, *tables.size[:-1]])
    at = np.zeros(n, np.int64)
    for tile in range(1, n):
        pattern = tables.pattern[tile]
        at[tile] = start[pattern] + bits * (int(tables.shift[pattern * N_VALUES + tile]) // FIELD)
    return Fields(bits, n, at, start.astype(np.int64), tables.size)


def sparse_entries(tables: PatternTables, fields: Fields) -> npt.NDArray[np.uint8]:
    """Return all tables with an entry for every number of places, one after the other: uint8[sum of n ** size]."""
    starts = fields.table_starts()
    entries = np.zeros(starts[-1], np.uint8)
    for pattern, size in enumerate(fields.size.tolist()):
        image = tables.image[pattern * N_VALUES :][: fields.n].astype(np.int64)
        n_entries = int(np.prod(fields.n - np.arange(size)))
        dense = tables.entries[tables.start[pattern] :][:n_entries]
        _spread(dense, size, fields.n, np.argsort(image), np.zeros(size, np.int64), entries[starts[pattern] :])
    return entries


@numba.njit(nogil=True)
def _spread(dense, size, n, cell_of, places, entries):
    """Copy each entry to the number of its places; ``cell_of`` turns a table's cell into the board's."""
    for rank in range(len(dense)):
        unrank(rank, size, n, places)
        number = 0
        for i in range(size - 1, -1, -1):
            number = number * n + cell_of[places[i]]
        entries[number] = dense[rank]


def pattern_child(width: int, fields: Fields) -> Compilable:
    """Return the moves of a board whose h is looked up."""
    bits, n, n_patterns, most = fields.bits, fields.n, len(fields.size), int(fields.size.max())
    used = [sum(1 << int(at) - half for at in fields.at[1:] if half <= at < half + _WORD) for half in (0, _WORD)]
    units, units2 = np.uint64(used[0]), np.uint64(used[1])  # the lowest bit of each field
    two = used[1] != 0
    # of each pattern: its fields in both words, first bit, all its bits, its table; small, so that selects will do
    inside = [
        [sum(1 << int(at) - half for at in range(start, start + bits * size) if half <= at < half + _WORD)
         for start, size in zip(fields.start.tolist(), fields.size.tolist(), strict=True)]
        for half in (0, _WORD)
    ]  # fmt: skip
    ours, ours2 = np.array(inside[0], np.uint64), np.array(inside[1], np.uint64)
    first_bit = fields.start.astype(np.int64)
    whole = np.array([(1 << bits * size) - 1 for size in fields.size.tolist()], np.uint64)
    table = fields.table_starts()[:-1].astype(np.int64)

    def where(word, cell, of):
        """Return the lowest bit of the field of a word that holds a cell, 0 if there is none."""
        x = uint64(word ^ (uint64(cell) * of))
        x = uint64(x | (x >> uint64(1)))
        x = uint64(x | (x >> uint64(2)))
        if bits == 5:
            x = uint64(x | (uint64(word ^ (uint64(cell) * of)) >> uint64(4)))
        return uint64(uint64(x & of) ^ of)

    def number(first, second, start, all_bits):
        """Return the number of the places of a pattern that begins at a bit."""
        places = uint64(0)
        if start < _WORD:
            places = uint64(first >> uint64(start))
            if two:
                places = uint64(places | uint64(second << uint64(_WORD - start)))
        else:
            places = uint64(second >> uint64(start - _WORD))
        places = uint64(places & all_bits)
        found, weight = uint32(0), uint32(1)
        for i in range(most):
            cell = uint32(uint32(places >> uint64(bits * i)) & uint32((1 << bits) - 1))
            found = uint32(found + cell * weight)
            weight = uint32(weight * uint32(n))
        return uint32(found)

    def compiled(compiler: Any) -> Any:
        next_state, find, number_of = compiler(follow), compiler(where), compiler(number)

        def child(first, second, low, move, row, entries):
            possible, blank, cell, after = next_state(move, row, width)
            a, b, rise = uint64(first), uint64(second), int32(0)
            if possible != 0:
                unit, unit2 = find(first, cell, units), uint64(0)
                changed = uint64(cell ^ blank)
                a = uint64(a ^ (unit * changed))
                if two:
                    unit2 = find(second, cell, units2)
                    b = uint64(b ^ (unit2 * changed))
                start, all_bits, at = int64(first_bit[0]), uint64(whole[0]), int64(table[0])
                for pattern in range(1, n_patterns):
                    if uint64(unit & ours[pattern]) != 0 or (two and uint64(unit2 & ours2[pattern]) != 0):
                        start, all_bits, at = int64(first_bit[pattern]), uint64(whole[pattern]), int64(table[pattern])
                now = int32(entries[at + int64(number_of(a, b, start, all_bits))])
                before = int32(entries[at + int64(number_of(first, second, start, all_bits))])
                rise = int32(int32(int32(1) + now - before) >> int32(1))
            return possible != 0, a, b, after, rise

        return compiler(child)

    return compiled
