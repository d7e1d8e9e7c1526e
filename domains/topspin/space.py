"""Packed rings and their turns, compiled.

Up to 16 tokens take 4 bits each in one word; up to 20 take 5 bits, 12 to a word. A feature is
``token * 32 + place``; operator i turns over the ``k`` tokens from place i on, clockwise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pdsearch._jit import implements
from pdsearch.domains.packing import cell_at, flip_cell
from pdsearch.domains.permutations import item_at
from pdsearch.kernels.protocol import changes, expand, is_goal, width

N_VALUES = 32  # places of a feature, rounded up to a power of two
WIDE_BITS = 5
MAX_TURNED = 8  # tokens that one turn moves


class TopSpinSpace(NamedTuple):
    """Tables of rings; the number of words is part of the type."""

    goal: tuple[int, ...]  # the words of the ordered ring
    n: int
    k: int


@implements(width, TopSpinSpace)
def _width(space):
    return len(space.goal)


@implements(changes, TopSpinSpace)
def _changes(space):
    return MAX_TURNED


@implements(item_at, TopSpinSpace)
def _item_at(space, states, at, place):
    return cell_at(states, at, place, len(space.goal), WIDE_BITS)


@implements(is_goal, TopSpinSpace)
def _is_goal(space, state):
    same = True
    for word in range(len(space.goal)):
        same = same and state[word] == np.uint64(space.goal[word])
    return same


@implements(expand, TopSpinSpace)
def _expand(space, created_by, moves, n):
    n_words = len(space.goal)
    for start in range(space.n):
        if start == created_by:  # turning them over again leads back
            continue
        for word in range(n_words):
            moves.states[n * n_words + word] = moves.parent[word]
        row = n * MAX_TURNED
        for i in range(space.k // 2):
            one = start + i if start + i < space.n else start + i - space.n
            last = start + space.k - 1 - i
            other = last if last < space.n else last - space.n
            token = cell_at(moves.parent, 0, one, n_words, WIDE_BITS)
            partner = cell_at(moves.parent, 0, other, n_words, WIDE_BITS)
            flip_cell(moves.states, n * n_words, one, token ^ partner, n_words, WIDE_BITS)
            flip_cell(moves.states, n * n_words, other, token ^ partner, n_words, WIDE_BITS)
            moves.removed[row] = token * N_VALUES + one
            moves.added[row] = token * N_VALUES + other
            moves.removed[row + 1] = partner * N_VALUES + other
            moves.added[row + 1] = partner * N_VALUES + one
            row += 2
        for unused in range(row, (n + 1) * MAX_TURNED):
            moves.removed[unused] = -1
            moves.added[unused] = -1
        moves.operator[n] = start
        moves.cost[n] = 1
        n += 1
    return n
