"""Cells and steps, compiled.

A state is ``y * width + x``. Directions are numbered row by row: 0 1 2 above, 3 4 beside, 5 6 7
below; 7 - direction leads back. Features are ``y`` and ``n_values + x``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.domains.coordinates import coordinate_sum
from pdsearch.kernels.protocol import constants, expand, is_goal

STEPS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]  # dy, dx


class GridSpace(NamedTuple):
    """Tables of maps whose longest path fits a narrow node."""

    goal: int
    width: int
    n_values: int
    steps: npt.NDArray[np.uint8]  # (n_cells,) bit set of the directions open from each cell
    offset: npt.NDArray[np.int64]  # (8,) what a step adds to a cell
    cost: npt.NDArray[np.int64]  # (8,)


class WideGridSpace(NamedTuple):
    """The same for larger maps."""

    goal: int
    width: int
    n_values: int
    steps: npt.NDArray[np.uint8]
    offset: npt.NDArray[np.int64]
    cost: npt.NDArray[np.int64]


constants(GridSpace, n_words=1, n_changes=2)
constants(WideGridSpace, n_words=1, n_changes=2, is_wide=True)


def _is_goal(space, state):
    return np.int64(state[0]) == space.goal


def _expand(space, created_by, moves, n):
    cell = np.int64(moves.parent[0])
    y, x = cell // space.width, cell % space.width
    for direction in range(8):
        if (space.steps[cell] >> direction) & 1 == 0 or direction == 7 - created_by:
            continue
        to = cell + space.offset[direction]
        to_y, to_x = to // space.width, to % space.width
        moves.states[n] = np.uint64(to)
        moves.operator[n] = direction
        moves.cost[n] = space.cost[direction]
        moves.removed[2 * n] = y if y != to_y else space.n_values + x
        moves.added[2 * n] = to_y if y != to_y else space.n_values + to_x
        both = y != to_y and x != to_x
        moves.removed[2 * n + 1] = space.n_values + x if both else -1
        moves.added[2 * n + 1] = space.n_values + to_x if both else -1
        n += 1
    return n


def _coordinate_sum(space, states, at):
    cell = np.int64(states[at])
    return cell // space.width + cell % space.width


for _tables in (GridSpace, WideGridSpace):
    implements(is_goal, _tables)(_is_goal)
    implements(expand, _tables)(_expand)
    implements(coordinate_sum, _tables)(_coordinate_sum)
