"""Additive pattern databases of tile boards: each tile belongs to one pattern, and their moves add up.

A move changes one pattern's places: two look-ups, the parent's entry and the successor's.

Source: Korf and Felner (2002), "Disjoint pattern database heuristics", AIJ 134.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.domains import Domain, State
from pdsearch.domains.tiles.partitions import MIRRORED, Table, View, partitions, shared_tables
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.retrograde import MAX_STEP, board_of, distances
from pdsearch.domains.tiles.space import N_VALUES, TilesSpace, WideTilesSpace
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate, width
from pdsearch.pdb import Database, Entries, Filled
from pdsearch.pdb.places import Places
from pdsearch.pdb.ranking import FIELD, lehmer, n_placements, rank_of

_UNUSED = 60  # bits of a packed word beyond all fields: tiles outside the pattern go there


class PatternTables(NamedTuple):
    """All tables of a partition one after the other, and how each pattern's key is made."""

    entries: npt.NDArray[np.uint8]  # (n_entries,)
    start: npt.NDArray[np.int64]  # (n_patterns,) of the pattern's table in entries
    size: npt.NDArray[np.int64]  # (n_patterns,) tiles
    pattern: npt.NDArray[np.int64]  # (N_VALUES,) of each tile
    image: npt.NDArray[np.uint64]  # (n_patterns * N_VALUES,) of each cell in the table's board
    shift: npt.NDArray[np.uint64]  # (n_patterns * N_VALUES,) bits by which a tile's cell is shifted
    n: int


def places_of(space, heuristic, states, at, row):
    """Return the packed cells of one pattern's tiles (its tables' rows start at ``row``); compiled by type."""


@implements(places_of, TilesSpace)
def _places_of(space, heuristic, states, at, row):
    places = np.uint64(0)
    board = states[at]
    for cell in range(16):
        tile = np.int64((board >> np.uint64(4 * cell)) & np.uint64(15))
        places |= heuristic.image[row + cell] << heuristic.shift[row + tile]
    return places


@implements(places_of, WideTilesSpace)
def _places_of_wide(space, heuristic, states, at, row):
    places = np.uint64(0)
    first, second = states[at], states[at + 1]
    for cell in range(12):
        tile = np.int64((first >> np.uint64(5 * cell)) & np.uint64(31))
        places |= heuristic.image[row + cell] << heuristic.shift[row + tile]
        tile = np.int64((second >> np.uint64(5 * cell)) & np.uint64(31))
        places |= heuristic.image[row + 12 + cell] << heuristic.shift[row + tile]
    tile = np.int64((second >> np.uint64(60)) | ((first >> np.uint64(60)) << np.uint64(4)))
    return places | (heuristic.image[row + 24] << heuristic.shift[row + tile])


@inlined
def _entry(heuristic, pattern, places):
    """Return the entry for packed places."""
    rank = rank_of(places, heuristic.size[pattern], heuristic.n)
    return np.int64(heuristic.entries[heuristic.start[pattern] + rank])


@implements(estimate, PatternTables)
def _estimate(heuristic, space, parent_h, moves, c):
    tile = moves.added[c] // N_VALUES
    pattern = heuristic.pattern[tile]
    row = pattern * N_VALUES
    after = places_of(space, heuristic, moves.states, c * width(space), row)
    moved = heuristic.image[row + moves.added[c] % N_VALUES] ^ heuristic.image[row + moves.removed[c] % N_VALUES]
    before = after ^ (moved << heuristic.shift[row + tile])
    return parent_h + _entry(heuristic, pattern, after) - _entry(heuristic, pattern, before)


def database(width: int, height: int, name: str) -> Database:
    """Return the database of named partitions of a board with the blank's goal first.

    A partition and its mirror image often need the same tables as the partition alone, and then share the file.
    """
    named = partitions(width, height, name)
    assert named is not None
    tables, _ = shared_tables(width, height, [pattern for patterns in named for pattern in patterns])
    neighbours = Tiles.of_size(f"{width}x{height}").space.neighbours
    sizes = [n_placements(width * height, len(table.pattern)) for table in tables]

    def build(filled: Filled) -> Entries:
        parts: list[Entries] = []
        for table in tables:
            done = sum(map(len, parts))
            board = board_of(width, height, neighbours, len(table.pattern))
            goal = lehmer(table.pattern, width * height)
            blanks = sum(1 << cell for cell in table.blanks)
            parts.append(distances(board, goal, blanks, partial(_add, filled, done, sum(sizes))))
        return np.concatenate(parts)

    facts = {"domain": "tiles", "width": width, "height": height, "ranking": "lehmer"}
    facts["tables"] = [[list(table.pattern), list(table.blanks)] for table in tables]
    command = f"pdsearch pdb build tiles {width}x{height} --heuristic {name}"
    places = tuple(
        Places(width, width * height, table.pattern, sum(1 << cell for cell in table.blanks)) for table in tables
    )
    return Database(f"tiles-{width}x{height}-{name.removesuffix(MIRRORED)}", facts, sum(sizes), build, command, places)


def _add(filled: Filled, before: int, of: int, known: int, _: int) -> None:
    """Tell the progress of one table as that of all."""
    filled(before + known, of)


@HEURISTICS.add("pdb")
class AdditivePdb(Heuristic):
    """Moves of each pattern's own tiles, added up: 5-5-5 on 4x4, 5-5-5-5-4 on 5x5, exact up to 9 cells."""

    name = "pdb"
    source = "Korf and Felner (2002), AIJ 134"
    admissible = True
    consistent = False  # see pdsearch.domains.tiles.retrograde
    max_rise = 1 + MAX_STEP

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Tiles)
        self.puzzle = domain
        (kept,) = self.databases(domain)
        named = partitions(domain.width, domain.height, self.name)
        assert named is not None
        self.parts = view_tables(domain, named, kept.load(deadline=domain.deadline))
        self.tables: Any = self.parts[0]
        self.max_h = max(map(_largest, self.parts))

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit boards that have a partition of this name, with a usual goal."""
        if not (isinstance(domain, Tiles) and domain.has_usual_goal):
            return False
        return partitions(domain.width, domain.height, cls.name) is not None

    @classmethod
    def databases(cls, domain: Domain) -> list[Database]:
        """Return the database of the board's partition."""
        assert isinstance(domain, Tiles)
        return [database(domain.width, domain.height, cls.name)]

    def value(self, state: State) -> int:
        """Look up every pattern, its number from the definition; of several partitions the largest sum."""
        return max(sum_of(self.puzzle, tables, state) for tables in self.parts)


def sum_of(puzzle: Tiles, tables: PatternTables, state: State) -> int:
    """Return the sum of the entries of one partition, by definition."""
    total = 0
    places: list[dict[int, int]] = [{} for _ in tables.start]
    for cell, tile in enumerate(puzzle.unpack(state)):
        if tile:
            row = int(tables.pattern[tile]) * N_VALUES
            slot = int(tables.shift[row + tile]) // FIELD
            places[int(tables.pattern[tile])][slot] = int(tables.image[row + cell])
    for start, placed in zip(tables.start.tolist(), places, strict=True):
        total += int(tables.entries[start + lehmer([placed[i] for i in range(len(placed))], tables.n)])
    return total


def _largest(tables: PatternTables) -> int:
    """Return the largest sum there may be."""
    ends = [start + n_placements(tables.n, k) for start, k in zip(tables.start, tables.size, strict=True)]
    return sum(int(tables.entries[start:end].max()) for start, end in zip(tables.start, ends, strict=True))


@HEURISTICS.add("pdb-7-8")
class SevenEight(AdditivePdb):
    """The 15-puzzle's tiles 1 to 7 and 8 to 15: 577 MB, built once in some minutes."""

    name = "pdb-7-8"


@HEURISTICS.add("pdb-6-6-6-6")
class FourSixes(AdditivePdb):
    """Four patterns of six tiles for the 24-puzzle, three of which share a table: 255 MB."""

    name = "pdb-6-6-6-6"


def view_tables(puzzle: Tiles, named: list[list[tuple[int, ...]]], entries: Entries) -> list[PatternTables]:
    """Return how each partition looks up the tables that all of them share.

    Tables are for the blank's goal in cell 0; with the goal in the last cell the board is turned by half.
    """
    patterns = [pattern for partition in named for pattern in partition]
    tables, views = shared_tables(puzzle.width, puzzle.height, patterns)
    starts = np.cumsum([0] + [n_placements(puzzle.n_cells, len(table.pattern)) for table in tables])
    found, at = [], 0
    for partition in named:
        own = views[at : at + len(partition)]
        at += len(partition)
        found.append(_of_views(puzzle, partition, tables, own, starts[[view.table for view in own]], entries))
    return found


def _of_views(
    puzzle: Tiles,
    patterns: list[tuple[int, ...]],
    tables: list[Table],
    views: list[View],
    starts: npt.NDArray[np.int64],
    entries: Entries,
) -> PatternTables:
    n = puzzle.n_cells
    number = np.zeros(N_VALUES, np.int64)
    image = np.zeros((len(patterns), N_VALUES), np.uint64)
    shift = np.full((len(patterns), N_VALUES), _UNUSED, np.uint64)
    for i, (pattern, view) in enumerate(zip(patterns, views, strict=True)):
        seen = [view.image[n - 1 - cell if puzzle.blank_last else cell] for cell in range(n)]
        image[i, :n] = seen
        slots = tables[view.table].pattern
        for tile in range(1, n):
            goal = puzzle.goal_cell(tile)
            if (n - 1 - goal if puzzle.blank_last else goal) in pattern:
                number[tile] = i
                shift[i, tile] = FIELD * slots.index(seen[goal])
    size = np.array([len(pattern) for pattern in patterns], np.int64)
    return PatternTables(entries, starts, size, number, image.reshape(-1), shift.reshape(-1), n)
