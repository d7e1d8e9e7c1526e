"""Moves of tile boards as permutations of the cells; a start is the cell of the blank."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.pruning.words import WORDS, Words


@WORDS.add("tiles")
def tile_words(domain: Any) -> Words | None:
    """Return the moves of a board in the order of its operators: up, left, right, down."""
    return board_words(domain.width, domain.height) if isinstance(domain, Tiles) else None


def board_words(width: int, height: int) -> Words:
    """Return the moves of a shape.

    >>> board_words(2, 2).leads.tolist()
    [[-1, -1, 1, 2], [-1, 0, -1, 3], [0, -1, 3, -1], [1, 2, -1, -1]]
    """
    n = width * height
    leads = np.full((n, 4), -1, np.int32)
    source = np.tile(np.arange(n, dtype=np.uint8), (n, 4, 1))
    for cell in range(n):
        y, x = divmod(cell, width)
        inside = (y > 0, x > 0, x < width - 1, y < height - 1)
        for move, step in enumerate((-width, -1, 1, width)):
            if inside[move]:
                leads[cell, move] = cell + step
                source[cell, move, [cell, cell + step]] = cell + step, cell
    return Words(leads, source)
