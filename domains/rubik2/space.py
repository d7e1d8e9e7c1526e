"""Packed 2×2×2 cubes and their turns, compiled.

The corner at down, back and left stays where it is; the other seven places are numbered
URF, UFL, ULB, UBR, DFR, DLF, DRB. Bits 3 i to 3 i + 2 say which corner is on place i, bits
21 + 2 i and 22 + 2 i how it is twisted: 35 bits. A feature is ``corner * 32 + 3 * place + twist``;
operator ``3 * face + k`` turns U, R or F by k + 1 quarters clockwise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.kernels.protocol import constants, expand, is_goal

N_CORNERS = 7
N_OPERATORS = 9
N_VALUES = 32  # places and twists of a feature, rounded up to a power of two
N_MOVED = 4  # corners that a turn moves
TWISTS = 21  # the first bit of the twists


class CubeSpace(NamedTuple):
    """What each turn does to each place."""

    goal: npt.NDArray[np.uint64]  # (1,)
    source: npt.NDArray[np.int64]  # (9 * 7,) place from which the corner comes
    twist: npt.NDArray[np.int64]  # (9 * 7,) thirds of a turn by which it is twisted


constants(CubeSpace, n_words=1, n_changes=N_MOVED)


@implements(is_goal, CubeSpace)
def _is_goal(space, state):
    return state[0] == space.goal[0]


@implements(expand, CubeSpace)
def _expand(space, created_by, moves, n):
    cube = np.int64(moves.parent[0])
    back = created_by // 3 * 3 + 2 - created_by % 3  # -3 after NO_OPERATOR
    for operator in range(N_OPERATORS):
        if operator == back:
            continue
        turned = 0
        row = n * N_MOVED
        for place in range(N_CORNERS):
            source = space.source[operator * N_CORNERS + place]
            corner = (cube >> (3 * source)) & 7
            before = (cube >> (TWISTS + 2 * source)) & 3
            twist = before + space.twist[operator * N_CORNERS + place]
            if twist > 2:
                twist -= 3
            turned |= corner << (3 * place) | twist << (TWISTS + 2 * place)
            if source != place:
                moves.removed[row] = corner * N_VALUES + 3 * source + before
                moves.added[row] = corner * N_VALUES + 3 * place + twist
                row += 1
        moves.states[n] = np.uint64(turned)
        moves.operator[n] = operator
        moves.cost[n] = 1
        n += 1
    return n
