"""How the tiles of a board are divided into patterns, and which patterns share a table.

A pattern is a set of goal cells. Turned or mirrored, a board is the same board; so two patterns
that are images of each other have the same table, as long as the cells among which the blank may be
in the goal are, too.

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

# several partitions of the 24-puzzle, whose maximum is wanted, mirrored ones included; after the catalogues of
# Clausecker (2017), "Notes on the construction of pattern databases", ZIB-Report 17-59, and Clausecker and
# Reinefeld (2019), "Zero-aware pattern databases with 1-bit compression for sliding tile puzzles", SoCS. They were not
# compared with the authors' files: any partition gives a lower bound, and that theirs are these is not claimed
_CATALOGUE: list[list[Cells]] = [
    [(1, 5, 6, 10, 11, 12), (2, 3, 4, 7, 8, 9), (13, 14, 18, 19, 23, 24), (15, 16, 17, 20, 21, 22)],
    [(1, 2, 5, 6, 10, 11), (3, 4, 7, 8, 9, 12), (13, 14, 18, 19, 23, 24), (15, 16, 17, 20, 21, 22)],
    [(1, 5, 6, 10, 11, 12), (2, 3, 4, 7, 8, 9), (13, 14, 15, 16, 17, 18), (19, 20, 21, 22, 23, 24)],
    [(1, 2, 5, 6, 10, 11), (3, 4, 7, 8, 9, 12), (13, 14, 15, 16, 17, 18), (19, 20, 21, 22, 23, 24)],
    [(1, 5, 6, 10, 15, 20), (2, 3, 4, 7, 8, 9), (11, 12, 16, 17, 21, 22), (13, 14, 18, 19, 23, 24)],
    [(1, 2, 5, 6, 10, 11), (3, 4, 9, 14, 19, 24), (7, 8, 12, 13, 18, 23), (15, 16, 17, 20, 21, 22)],
    [(1, 5, 6, 10, 15, 20), (2, 3, 4, 7, 8, 9), (11, 12, 13, 16, 17, 18), (14, 19, 21, 22, 23, 24)],
]
MIRRORED = "-max"  # the end of the name of a partition together with its mirror image
CATALOGUE = "pdb-catalogue"


def partition(width: int, height: int, name: str) -> list[Cells] | None:
    """Return the patterns of a named partition; None when the board has none of that name."""
    if (width, height) in _KNOWN:
        return _KNOWN[width, height].get(name)
    return _rows(width * height) if name == "pdb" else None


def partitions(width: int, height: int, name: str) -> list[list[Cells]] | None:
    """Return the partitions of a name, whose maximum is wanted; None when the board has none of that name.

    Mirrored at the diagonal, a square board is the same board, its blank's corner too. So each partition of a
    maximum is followed by its mirror image, which needs no tables of its own.
    """
    if name.endswith(MIRRORED):
        own = partition(width, height, name.removesuffix(MIRRORED))
        found = None if own is None or width != height else [own]
    elif name == CATALOGUE:
        found = _CATALOGUE if (width, height) == (5, 5) else None
    else:
        own = partition(width, height, name)
        return None if own is None else [own]
    return found and [both for own in found for both in (own, mirrored(own, width))]


def mirrored(patterns: Sequence[Cells], width: int) -> list[Cells]:
    """Return the patterns of a square board mirrored at the diagonal.

    >>> mirrored([(1, 2), (3,)], 2)
    [(1, 2), (3,)]
    """
    return [tuple(sorted(cell % width * width + cell // width for cell in pattern)) for pattern in patterns]


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
        blanks = region(width, height, pattern)
        for image in symmetries(width, height):
            wanted = tuple(sorted(image[cell] for cell in pattern)), tuple(sorted(image[cell] for cell in blanks))
            if Table(*wanted) in tables:
                views.append(View(tables.index(Table(*wanted)), image))
                break
        else:
            views.append(View(len(tables), tuple(range(width * height))))
            tables.append(Table(pattern, blanks))
    return tables, views


def region(width: int, height: int, pattern: Sequence[int]) -> Cells:
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


def symmetries(width: int, height: int) -> list[Cells]:
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
