"""IDA*'s subtrees for tile boards with Manhattan distance: :mod:`pdsearch.domains.tiles.recursion` from Python."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains import Domain
from pdsearch.domains.tiles.manhattan import Manhattan
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.recursion import GENERATED_AT, GOALS_AT, NO_MOVE, TOO_LARGE_AT, ShapeType, subtree
from pdsearch.domains.tiles.recursion_manhattan import ManhattanShape
from pdsearch.domains.tiles.words import blanks
from pdsearch.heuristics import Heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.pruning.pruner import NO_PRUNER, Pruner
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, LEAST_PRUNED, SUBTREES, TOO_LARGE, Integers, Roots, Subtrees

MOST_GENERATED = 2**26  # below one root; about a tenth of a second
_START = np.uint64(2 ** (TOO_LARGE_AT - GENERATED_AT) - MOST_GENERATED) << np.uint64(GENERATED_AT)


@SUBTREES.add("tiles-manhattan")
class TilesSubtrees(Subtrees):
    """Recursive machine code for one board shape; a subtree is given up at 2**26 generated nodes."""

    name = "tiles-manhattan"
    outruns_astar = True
    shape: ClassVar[type[ShapeType]] = ManhattanShape

    def __init__(self, domain: Domain, heuristic: Heuristic, pruner: Pruner = NO_PRUNER) -> None:
        super().__init__(domain, heuristic, pruner)
        assert isinstance(domain, Tiles)
        self.puzzle = domain
        field, rows = rows_of(pruner)
        tables = self.tables()
        self._memory = np.concatenate([tables, rows.reshape(-1).view(np.uint8)])
        self._rows_at = len(tables)
        self._shape = self.shape.of(domain.width, domain.height, domain.blank_last, field)

    def fresh(self) -> TilesSubtrees:
        """Return another search with the same tables."""
        return copy.copy(self)

    @classmethod
    def fits(cls, domain: Domain, heuristic: Heuristic) -> bool:
        """Fit every tile board with Manhattan distance and one of the usual goals, which are part of the code."""
        return isinstance(domain, Tiles) and domain.has_usual_goal and isinstance(heuristic, Manhattan)

    def tables(self) -> npt.NDArray[np.uint8]:
        """Return what the rule of the recursion looks up, a multiple of 8 bytes: uint8[n]."""
        return np.empty(0, np.uint8)

    def carried(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """Return what functions carry for the rule at packed boards, uint64[n, n_words]: uint64[n]."""
        return np.zeros(len(words), np.uint64)

    def prepare(self, roots: Roots, bound: int, first: bool = False) -> None:
        """Turn f into bad moves left: a bad move raises f by two."""
        self._first = first
        self._words = np.zeros((len(roots), 2), np.uint64)
        self._words[:, : roots.words.shape[1]] = roots.words
        self._blanks = blanks(roots.words, self.puzzle.n_cells)
        self._lasts = np.where(roots.created_by < 0, NO_MOVE, roots.created_by)
        self._states, self._carried = roots.state, self.carried(roots.words)
        self._slack = (bound - roots.g - roots.h) // 2
        self._next_bound = bound + 2

    def run(self, at: int, end: int, limit: int, last: Integers, counts: Integers) -> int:
        """Search subtrees one after the other; nothing is kept between calls."""
        roots = (self._words, self._blanks, self._lasts, self._slack, self._carried, self._states)
        memory = self._memory.ctypes.data + self._rows_at
        stopped: int = _run(self._shape, *roots, memory, at, end, limit, self._first, last, counts)
        done = counts[at:stopped]
        pruned = done[:, GENERATED] - (done[:, EXPANDED] - 1) - done[:, GOALS]
        # a pruned child is one bad move too far; below 2x2 boards every path may end in a goal
        done[:, LEAST_PRUNED] = np.where(pruned > 0, self._next_bound, INFINITY)
        return stopped


def rows_of(pruner: Pruner) -> tuple[int, npt.NDArray[np.signedinteger[Any]]]:
    """Return the bits of a field of the automaton's rows, and the rows; see :mod:`pdsearch.domains.tiles.recursion`."""
    if not pruner:
        return 0, np.zeros((1, 4), np.int16)
    field = 16 if len(pruner.following) <= 2**15 else 32
    n_allowed = (pruner.following >= 0).sum(axis=1, keepdims=True)
    rows = np.where(pruner.following < 0, n_allowed - 2 ** (field - 1), pruner.following)
    return field, rows.astype(np.int16 if field == 16 else np.int32)


@kernel
def _run(shape, words, blanks, lasts, slack, carried, states, memory, at, end, limit, first, last, counts):
    """Search roots ``at`` to ``end`` and return the first not finished; see :meth:`Subtrees.run`."""
    done = 0
    while at < end and done < limit and at <= last[0]:
        board = (words[at, 0], words[at, 1], blanks[at], lasts[at])
        address, state = np.uint64(memory), states[at]
        packed = subtree(shape, board[0], board[1], board[2], board[3], slack[at], _START, address, carried[at], state)
        counts[at, EXPANDED] = np.int64(packed & np.uint64(2**GENERATED_AT - 1))
        generated = np.int64((packed - _START) >> np.uint64(GENERATED_AT)) & (2 ** (TOO_LARGE_AT - GENERATED_AT) - 1)
        counts[at, GENERATED] = generated
        counts[at, GOALS] = np.int64(packed >> np.uint64(GOALS_AT))
        if (packed >> np.uint64(TOO_LARGE_AT)) & np.uint64(1):
            counts[at, GOALS] = TOO_LARGE
            return at
        if first and counts[at, GOALS] > 0:
            last[0] = min(last[0], at)
        done += generated
        at += 1
    return at
