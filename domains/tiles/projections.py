"""Groups of cells for abstract Zobrist hashing of tile boards.

Source: Jinnai and Fukunaga (2016), "Abstract Zobrist Hashing: An Efficient Work Distribution
Method for Parallel Best-First Search", AAAI, figures 3b (halves of the 15-puzzle) and 3d
(five blocks of the 24-puzzle); all but the halves and the first five blocks are of the authors' code.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.domains.tiles.space import N_VALUES

_PINWHEEL = [  # five groups of five: four corners turned into each other, and a plus
    [0, 1, 5, 6, 10],
    [2, 3, 4, 8, 9],
    [14, 18, 19, 23, 24],
    [15, 16, 20, 21, 22],
    [7, 11, 12, 13, 17],
]
_FOUR = [  # four turned into each other around a centre that is not hashed
    [0, 1, 2, 5, 6, 7],
    [3, 4, 8, 9, 13, 14],
    [10, 11, 15, 16, 20, 21],
    [17, 18, 19, 22, 23, 24],
]
_ODD = [  # the middle group is in pieces, as published
    [0, 1, 5, 6, 10],
    [11, 15, 16, 20, 21],
    [3, 4, 8, 9, 13],
    [14, 18, 19, 23, 24],
    [2, 7, 12, 17, 22],
]


def projections(width: int, height: int) -> dict[str, npt.NDArray[np.int64]]:
    """Return the projections of a board by name, the default first."""
    cells = np.arange(width * height)
    y, x = cells // width, cells % width
    groups = {
        "halves": np.where(y < (height + 1) // 2, 0, 1) if height >= width else np.where(x < (width + 1) // 2, 0, 1),
        "quadrants": 2 * (y >= (height + 1) // 2) + (x >= (width + 1) // 2),
        "rows": y,
        "columns": x,
        "pairs": cells // 2,
    }
    if (width, height) == (5, 5):
        groups = {"blocks": _numbered(_PINWHEEL), **groups}
        groups |= {"four-blocks": _numbered(_FOUR), "odd": _numbered(_ODD)}
    return {name: _for_each_tile(group) for name, group in groups.items()}


def _numbered(blocks: list[list[int]]) -> npt.NDArray[np.int64]:
    group = np.full(25, -1, np.int64)
    for number, block in enumerate(blocks):
        group[block] = number
    return group


def _for_each_tile(group: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Repeat groups of cells for each tile as groups of features; the blank is not hashed."""
    table = np.full((len(group), N_VALUES), -1, np.int64)
    table[1:, : len(group)] = group
    return table.reshape(-1)
