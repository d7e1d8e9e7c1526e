"""IDA*'s subtrees for tile boards with Manhattan distance: :mod:`pdsearch.domains.tiles.recursion` from Python."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains import Domain
from pdsearch.domains.tiles.manhattan import Manhattan
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.recursion import GENERATED_AT, GOALS_AT, NO_MOVE, TOO_LARGE_AT, ShapeType, subtree
from pdsearch.heuristics import Heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, LEAST_PRUNED, SUBTREES, TOO_LARGE, Integers, Roots, Subtrees

MOST_GENERATED = 2**26  # below one root; about a tenth of a second
_START = np.uint64(2 ** (TOO_LARGE_AT - GENERATED_AT) - MOST_GENERATED) << np.uint64(GENERATED_AT)


@SUBTREES.add("tiles-manhattan")
class TilesSubtrees(Subtrees):
    """Recursive machine code for one board shape; a subtree is given up at 2**26 generated nodes."""

    name = "tiles-manhattan"

    def __init__(self, domain: Domain, heuristic: Heuristic) -> None:
        super().__init__(domain, heuristic)
        assert isinstance(domain, Tiles)
        self.puzzle = domain
        self._shape = ShapeType.of(domain.width, domain.height, domain.blank_last)

    @classmethod
    def fits(cls, domain: Domain, heuristic: Heuristic) -> bool:
        """Fit every tile board with Manhattan distance."""
        return isinstance(domain, Tiles) and isinstance(heuristic, Manhattan)

    def prepare(self, roots: Roots, bound: int) -> None:
        """Turn f into bad moves left: a bad move raises f by two."""
        self._words = np.zeros((len(roots), 2), np.uint64)
        self._words[:, : roots.words.shape[1]] = roots.words
        self._blanks = blanks(self.puzzle, roots.words)
        self._lasts = np.where(roots.created_by < 0, NO_MOVE, roots.created_by)
        self._slack = (bound - roots.g - roots.h) // 2
        self._next_bound = bound + 2

    def run(self, at: int, end: int, limit: int, last: Integers, counts: Integers) -> int:
        """Search subtrees one after the other; nothing is kept between calls."""
        work = (self._words, self._blanks, self._lasts, self._slack, at, end, limit, last, counts)
        stopped: int = _run(self._shape, *work)
        done = counts[at:stopped]
        pruned = done[:, GENERATED] - (done[:, EXPANDED] - 1) - done[:, GOALS]
        # a pruned child is one bad move too far; below 2x2 boards every path may end in a goal
        done[:, LEAST_PRUNED] = np.where(pruned > 0, self._next_bound, INFINITY)
        return stopped


def blanks(puzzle: Tiles, words: npt.NDArray[np.uint64]) -> Integers:
    """Return the cell of the blank of each packed board: int64[n]."""
    found = np.full(len(words), puzzle.n_cells - 1, np.int64)
    cells_per_word, bits = (16, 4) if puzzle.n_cells <= 16 else (12, 5)
    for cell in range(min(puzzle.n_cells, 24)):
        word, place = divmod(cell, cells_per_word)
        found[(words[:, word] >> np.uint64(bits * place)) & np.uint64(2**bits - 1) == 0] = cell
    return found


@kernel
def _run(shape, words, blanks, lasts, slack, at, end, limit, last, counts):
    """Search roots ``at`` to ``end`` and return the first not finished; see :meth:`Subtrees.run`."""
    done = 0
    while at < end and done < limit and at <= last[0]:
        packed = subtree(shape, words[at, 0], words[at, 1], blanks[at], lasts[at], slack[at], _START)
        counts[at, EXPANDED] = np.int64(packed & np.uint64(2**GENERATED_AT - 1))
        generated = np.int64((packed - _START) >> np.uint64(GENERATED_AT)) & (2 ** (TOO_LARGE_AT - GENERATED_AT) - 1)
        counts[at, GENERATED] = generated
        counts[at, GOALS] = np.int64(packed >> np.uint64(GOALS_AT))
        if (packed >> np.uint64(TOO_LARGE_AT)) & np.uint64(1):
            counts[at, GOALS] = TOO_LARGE
            return at
        done += generated
        at += 1
    return at
