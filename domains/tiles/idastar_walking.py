"""IDA*'s subtrees for tile boards with walking distance: the records that the recursion looks up."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain
from pdsearch.domains.tiles.idastar import TilesSubtrees
from pdsearch.domains.tiles.recursion_walking import MOST_STATES, WalkingShape, places
from pdsearch.domains.tiles.walking_distance import WalkingDistance
from pdsearch.domains.tiles.walks import UNREACHED, Walk
from pdsearch.heuristics import Heuristic
from pdsearch.limits import NO_DEADLINE
from pdsearch.subtrees import SUBTREES

_FARTHER = np.uint16(2**15)


@SUBTREES.add("tiles-walking-distance")
class WalkingSubtrees(TilesSubtrees):
    """Recursive machine code for one board shape, with two tables of 400 KB (4x4) that are one."""

    name = "tiles-walking-distance"
    shape = WalkingShape
    heuristic: WalkingDistance

    @classmethod
    def fits(cls, domain: Domain, heuristic: Heuristic) -> bool:
        """Fit walking distance with a usual goal and at most 2**15 states a direction: on 4x4 and 2x5, not 3x5."""
        if not (isinstance(heuristic, WalkingDistance) and heuristic.puzzle.has_usual_goal):
            return False
        return all(map(_has_few_states, heuristic.walks))

    def tables(self) -> npt.NDArray[np.uint8]:
        """Return the records of the columns and those of the rows; on a square board they are the same."""
        rows, columns = self.heuristic.walks
        before = [] if rows == columns else [_records(columns).fields]
        return np.concatenate([*before, _records(rows).fields])

    def carried(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """Return the numbers of the rows' states, and 16 bits higher those of the columns'."""
        parts = zip(self.heuristic.walks, self.heuristic.indices(words), strict=True)
        rows, columns = (_records(walk).numbers[index].astype(np.uint64) for walk, index in parts)
        carried: npt.NDArray[np.uint64] = rows | columns << np.uint64(16)
        return carried


class _Records(NamedTuple):
    """What :mod:`pdsearch.domains.tiles.recursion_walking` looks up of a simpler puzzle; states by rising distance."""

    numbers: npt.NDArray[np.uint16]  # (n_indices,) of the state of each index
    fields: npt.NDArray[np.uint8]  # (records_bytes(n_lines),)


def _has_few_states(walk: Walk) -> bool:
    return bool((walk.distances(NO_DEADLINE) != UNREACHED).sum() <= MOST_STATES)


@cache
def _records(walk: Walk) -> _Records:
    distances = np.full(walk.n_indices, UNREACHED, np.uint8)
    keys = np.concatenate(list(walk.layers(distances)))
    numbers, index = np.zeros(walk.n_indices, np.uint16), walk.indices(keys)
    numbers[index] = np.arange(len(keys))
    fields = np.zeros((MOST_STATES, 2, places(walk.n_lines)), np.uint16)
    for move in walk.moves(keys):
        reached = walk.indices(move.keys)
        is_farther = distances[reached] > distances[index[move.states]]
        fields[move.states, int(move.step > 0), move.goal_line] = numbers[reached] + _FARTHER * is_farther
    return _Records(numbers, fields.reshape(-1).view(np.uint8))
