"""Moves of tile boards as permutations of the cells; a start is the cell of the blank."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.pruning.words import WORDS, Words

_LENGTHS = ((16, 12), (25, 10))  # of forbidden words by the most cells: built in 1 to 2 s, once


@WORDS.add("tiles")
def tile_words(domain: Any) -> Words | None:
    """Return the moves of a board in the order of its operators: up, left, right, down."""
    if not isinstance(domain, Tiles):
        return None
    words = board_words(domain.width, domain.height)
    length = next(length for most, length in _LENGTHS if domain.n_cells <= most)
    return words._replace(length=length, start_of=lambda states: blanks(states, domain.n_cells))


def blanks(states: npt.NDArray[np.uint64], n_cells: int) -> npt.NDArray[np.int64]:
    """Return the cell of the blank of each packed board (uint64[n, n_words]): int64[n]."""
    found = np.full(len(states), n_cells - 1, np.int64)
    cells_per_word, bits = (16, 4) if n_cells <= 16 else (12, 5)
    for cell in range(min(n_cells, 24)):
        word, place = divmod(cell, cells_per_word)
        found[(states[:, word] >> np.uint64(bits * place)) & np.uint64(2**bits - 1) == 0] = cell
    return found


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
