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

The maximum of several partitions is looked up for the children alone that the first partition leaves within the bound,
partition after partition until one does not (:func:`within_all`). Their mirrored patterns use the tables of the
patterns themselves: a symmetry takes cell c to a c + b (c // width) + d, so that the number of mirrored places is a
sum of two, that of the cells and that of their rows.

Source: Korf and Felner (2002), "Disjoint pattern database heuristics", AIJ 134.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from numba import int32, int64, uint32, uint64

from pdsearch.domains.tiles.gpu_model import board_automaton, board_name, follow, longest, rows_of, solved_board
from pdsearch.domains.tiles.partitions import region, symmetries
from pdsearch.domains.tiles.pdb import AdditivePdb, PatternTables, sum_of
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.space import N_VALUES
from pdsearch.gpu_model import MODELS, NO_ENTRIES, Compilable, Model, Root
from pdsearch.heuristics import HEURISTICS
from pdsearch.pdb.ranking import FIELD, unrank

_WORD = 60  # bits of a word in use
_PART = 1 << 20  # entries that a thread copies at a time


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
    if isinstance(domain, Tiles) and domain.has_usual_goal and issubclass(HEURISTICS[heuristic], AdditivePdb):
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
    return of_tables(estimator.puzzle, estimator.parts, heuristic, length, True)


def of_tables(puzzle: Tiles, parts: list[PatternTables], heuristic: str, length: int, is_filled: bool) -> Model:
    """Return the model of the boards like a solved one, by the maximum of some partitions.

    Without entries when they are not filled in: for the machine code alone.
    """
    fields = fields_of(puzzle, parts[0])
    automaton = board_automaton(puzzle.width, puzzle.height, length)
    sums, needed = sums_of(puzzle, parts, fields)
    return Model(
        name=f"{board_name(puzzle)}, {heuristic}",
        heuristic=heuristic,
        h=lambda state: sum_of(puzzle, parts[0], state),
        root=lambda board: Root(*fields.words(board.board), int(automaton.root[board.board.index(0)])),
        child=pattern_child(puzzle.width, fields),
        n_words=1 if puzzle.n_cells <= 16 else 2,
        n_moves=4,
        most_children=3,
        goal=fields.words(puzzle.board),
        unit=2,
        max_depth=longest(puzzle.width, puzzle.height),
        rows=rows_of(automaton),
        entries=sparse_entries(needed, puzzle.n_cells) if is_filled else NO_ENTRIES,
        within=within_all(puzzle.width, fields, sums) if len(parts) > 1 else None,
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


class Sums(NamedTuple):
    """How each pattern of each partition, the first included, looks up its entry.

    Attributes
    ----------
    ends : int64[n_patterns]
        1 for the last pattern of a partition.
    table : int64[n_patterns]
        Where the table begins.
    size : int64[n_patterns]
        Tiles.
    at : int64[n_patterns, most tiles]
        Lowest bit of the field of the tile of each digit, the lowest digit first.
    by_cell, by_row, more : int64[n_patterns]
        Factors of the number of the cells and of the number of their rows, and what is added.
    """

    ends: npt.NDArray[np.int64]
    table: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    by_cell: npt.NDArray[np.int64]
    by_row: npt.NDArray[np.int64]
    more: npt.NDArray[np.int64]


class Sparse(NamedTuple):
    """A sparse table: the pattern it is spread from, and its tiles in the order of their digits."""

    part: PatternTables
    pattern: int
    tiles: tuple[int, ...]


def sums_of(puzzle: Tiles, parts: list[PatternTables], fields: Fields) -> tuple[Sums, list[Sparse]]:
    """Return how patterns look up their entries, and the tables that are needed: the first partition's come first."""
    needed = [Sparse(parts[0], pattern, _tiles(parts[0], pattern)) for pattern in range(len(parts[0].start))]
    starts = fields.table_starts().tolist()
    rows: list[tuple[int, ...]] = []
    at = np.zeros((sum(len(part.start) for part in parts), max(int(part.size.max()) for part in parts)), np.int64)
    for part in parts:
        for pattern in range(len(part.start)):
            tiles = _tiles(part, pattern)
            found = _image_of(puzzle, tiles, needed)
            if found is None:
                found = len(needed), tiles, (1, 0, 0)
                needed.append(Sparse(part, pattern, tiles))
                starts.append(starts[-1] + puzzle.n_cells ** len(tiles))
            table, order, (by_cell, by_row, add) = found
            at[len(rows), : len(order)] = fields.at[list(order)]
            more = add * sum(puzzle.n_cells**i for i in range(len(order)))
            rows.append((pattern == len(part.start) - 1, starts[table], len(order), by_cell, by_row, more))
    ends, table_at, size, by_cells, by_rows, mores = np.array(rows, np.int64).T.copy()
    return Sums(ends, table_at, size, at, by_cells, by_rows, mores), needed


def _tiles(part: PatternTables, pattern: int) -> tuple[int, ...]:
    """Return the tiles of a pattern in the order of its table's digits."""
    own = [tile for tile in range(1, part.n) if part.pattern[tile] == pattern]
    return tuple(sorted(own, key=lambda tile: int(part.shift[pattern * N_VALUES + tile])))


def _image_of(
    puzzle: Tiles, tiles: tuple[int, ...], needed: list[Sparse]
) -> tuple[int, tuple[int, ...], tuple[int, int, int]] | None:
    """Return a table that serves a pattern: its number, the tiles in the order of its digits, and the symmetry."""
    goals = {puzzle.goal_cell(tile): tile for tile in tiles}
    turned = [puzzle.n_cells - 1 - cell if puzzle.blank_last else cell for cell in goals]
    everywhere = len(region(puzzle.width, puzzle.height, turned)) == puzzle.n_cells - len(goals)
    images = symmetries(puzzle.width, puzzle.height)
    for number, sparse in enumerate(needed):
        wanted = [puzzle.goal_cell(tile) for tile in sparse.tiles]
        for i, image in enumerate(images):
            keeps_the_corner = i == 0 or (i == 4 and puzzle.width == puzzle.height)
            back = {image[cell]: tile for cell, tile in goals.items()}
            if (everywhere or keeps_the_corner) and set(back) == set(wanted):
                width, first = puzzle.width, image[0]
                by_cell = image[1] - first
                by_row = image[width] - first - by_cell * width
                assert all(by_cell * c + by_row * (c // width) + first == to for c, to in enumerate(image))
                return number, tuple(back[cell] for cell in wanted), (by_cell, by_row, first)
    return None


def sparse_entries(needed: list[Sparse], n: int) -> npt.NDArray[np.uint8]:
    """Return tables with an entry for every number of places, one after the other: uint8[sum of n ** size]."""
    starts = np.cumsum([0, *(n ** len(sparse.tiles) for sparse in needed)])
    entries = np.zeros(starts[-1], np.uint8)
    for (tables, pattern, tiles), start in zip(needed, starts.tolist(), strict=False):
        image = tables.image[pattern * N_VALUES :][:n].astype(np.int64)
        n_entries = int(np.prod(n - np.arange(len(tiles))))
        dense = tables.entries[tables.start[pattern] :][:n_entries]
        spread = partial(_spread_part, dense, len(tiles), n, np.argsort(image), entries[start:])
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(spread, range(0, n_entries, _PART)))
    return entries


def _spread_part(
    dense: npt.NDArray[np.uint8], size: int, n: int, cell_of: Any, entries: npt.NDArray[np.uint8], begin: int
) -> None:
    """Copy some of the entries."""
    _spread(dense, begin, min(begin + _PART, len(dense)), size, n, cell_of, np.zeros(size, np.int64), entries)


@numba.njit(nogil=True)
def _spread(dense, begin, end, size, n, cell_of, places, entries):
    """Copy each entry to the number of its places; ``cell_of`` turns a table's cell into the board's."""
    for rank in range(begin, end):
        unrank(rank, size, n, places)
        number = 0
        for i in range(size - 1, -1, -1):
            number = number * n + cell_of[places[i]]
        entries[number] = dense[rank]


def within_all(width: int, fields: Fields, sums: Sums) -> Compilable:
    """Return whether no partition's sum exceeds what the first one's leaves: h + 2 slack is the same for all."""
    bits, n, n_patterns = fields.bits, fields.n, len(sums.size)
    ends, table, size, at, by_cell, by_row, more = sums

    def within(first, second, slack, entries):
        most, total = int32(0), int32(0)
        for pattern in range(n_patterns):
            cells, rows, weight = int64(0), int64(0), int64(1)
            for i in range(size[pattern]):
                bit = at[pattern, i]
                word = uint64(first >> uint64(bit)) if bit < _WORD else uint64(second >> uint64(bit - _WORD))
                cell = int64(word & uint64((1 << bits) - 1))
                cells = int64(cells + cell * weight)
                rows = int64(rows + (cell // width) * weight)
                weight = int64(weight * n)
            number = int64(by_cell[pattern] * cells + by_row[pattern] * rows + more[pattern])
            total = int32(total + int32(entries[table[pattern] + number]))
            if ends[pattern] != 0:
                if most == 0:
                    most = int32(total + int32(2) * int32(slack) + int32(1))
                if total >= most:
                    return False
                total = int32(0)
        return True

    return lambda compiler: compiler(within)


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
