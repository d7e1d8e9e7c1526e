"""How the tiles of a board are divided into patterns, and which patterns share a table.

A pattern is a set of goal cells. Turned or mirrored, a board is the same board; so two patterns
that are images of each other have the same table, as long as the free cells around the solved
pattern are connected and it does not matter where the blank ends.

Source: Korf and Felner (2002), "Disjoint pattern database heuristics", AIJ 134, figures 5
(7-8) and 6 (6-6-6-6).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pdsearch.pdb.ranking import n_placements

_WHOLE_BOARD = 9  # cells up to which one pattern holds all tiles, and h is exact
_SMALL = 1 << 20  # entries of a pattern on boards without a partition of their own

Cells = tuple[int, ...]

# goal cells, the blank's being 0
_KNOWN: dict[tuple[int, int], dict[str, list[Cells]]] = {
    (4, 4): {
        # mean h 41.46 over all boards, 41.41 over Korf's hundred; Manhattan distance has 36.9 and 37.05
        "pdb": [(1, 2, 3, 4, 5), (6, 7, 10, 11, 15), (8, 9, 12, 13, 14)],
        "pdb-7-8": [(1, 2, 3, 4, 5, 6, 7), (8, 9, 10, 11, 12, 13, 14, 15)],
    },
    (5, 5): {
        # mean h 79.94 over all boards, 13 MB; Manhattan distance has 76.8
        "pdb": [(1, 5, 6, 10, 11), (2, 3, 4, 8, 9), (14, 18, 19, 23, 24), (15, 16, 20, 21, 22), (7, 12, 13, 17)],
        "pdb-6-6-6-6": [(1, 2, 5, 6, 7, 12), (3, 4, 8, 9, 13, 14), (10, 11, 15, 16, 20, 21), (17, 18, 19, 22, 23, 24)],
    },
}


def partition(width: int, height: int, name: str) -> list[Cells] | None:
    """Return the patterns of a named partition; None when the board has none of that name."""
    if (width, height) in _KNOWN:
        return _KNOWN[width, height].get(name)
    return _rows(width * height) if name == "pdb" else None


def _rows(n: int) -> list[Cells]:
    """Cut the tiles, row by row, into patterns of about equal size."""
    most = n - 1 if n <= _WHOLE_BOARD else max(k for k in range(1, 8) if n_placements(n, k) <= _SMALL)
    n_patterns = -(-(n - 1) // most)
    edges = [1 + (n - 1) * i // n_patterns for i in range(n_patterns + 1)]
    return [tuple(range(start, end)) for start, end in pairwise(edges)]


@dataclass(frozen=True)
class Table:
    """What a table is computed for: a pattern, and the cells where the blank may be when it is solved."""

    pattern: Cells
    blanks: Cells


@dataclass(frozen=True)
class View:
    """How a pattern looks up its table: number of the table, and the image of each cell."""

    table: int
    image: Cells


def shared_tables(width: int, height: int, patterns: Sequence[Cells]) -> tuple[list[Table], list[View]]:
    """Return the tables that the patterns of a partition need, and how each looks up its own."""
    tables: list[Table] = []
    views: list[View] = []
    for pattern in patterns:
        blanks = _region(width, height, pattern)
        everywhere = len(blanks) == width * height - len(pattern)
        images = _symmetries(width, height) if everywhere else [tuple(range(width * height))]
        for image in images:
            wanted = tuple(sorted(image[cell] for cell in pattern)), tuple(sorted(image[cell] for cell in blanks))
            if Table(*wanted) in tables:
                views.append(View(tables.index(Table(*wanted)), image))
                break
        else:
            views.append(View(len(tables), tuple(range(width * height))))
            tables.append(Table(pattern, blanks))
    return tables, views


def _region(width: int, height: int, pattern: Cells) -> Cells:
    """Return the cells that the blank reaches from cell 0 when the pattern is solved."""
    reached, waiting = {0}, [0]
    while waiting:
        y, x = divmod(waiting.pop(), width)
        for ny, nx in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            cell = ny * width + nx
            if 0 <= ny < height and 0 <= nx < width and cell not in reached and cell not in pattern:
                reached.add(cell)
                waiting.append(cell)
    return tuple(sorted(reached))


def _symmetries(width: int, height: int) -> list[Cells]:
    """Return the images of the cells under each symmetry of the board, the identity first."""
    turns: list[Callable[[int, int], tuple[int, int]]] = [
        lambda y, x: (y, x),
        lambda y, x: (height - 1 - y, width - 1 - x),
        lambda y, x: (y, width - 1 - x),
        lambda y, x: (height - 1 - y, x),
    ]
    if width == height:
        mirrored = [lambda y, x, turn=turn: turn(x, y) for turn in turns]
        turns += mirrored
    cells = [divmod(cell, width) for cell in range(width * height)]
    return [tuple(row * width + column for row, column in (turn(y, x) for y, x in cells)) for turn in turns]
