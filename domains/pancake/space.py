"""Packed stacks and their flips, compiled.

Up to 16 pancakes take 4 bits each in one word; more take 6 bits, 10 to a word. Cell 0 is the
top. A feature is ``pancake * 64 + position``; operator k, from 2 on, turns over the top k.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pdsearch._jit import implements, inlined
from pdsearch.domains.packing import cell_at, flip_cell
from pdsearch.domains.permutations import item_at
from pdsearch.kernels.protocol import changes, expand, is_goal, width

N_VALUES = 64  # positions of a feature, rounded up to a power of two
WIDE_BITS = 6

_EVERY_SECOND = np.uint64(0x0F0F0F0F0F0F0F0F)
_BYTES = np.uint64(0x00FF00FF00FF00FF)
_PAIRS = np.uint64(0x0000FFFF0000FFFF)


class PancakeSpace(NamedTuple):
    """Tables of stacks; the number of words is part of the type."""

    goal: tuple[int, ...]  # the words of the ordered stack
    n: int


@implements(width, PancakeSpace)
def _width(space):
    return len(space.goal)


@implements(changes, PancakeSpace)
def _changes(space):
    return 16 if len(space.goal) == 1 else 10 * len(space.goal)


@implements(item_at, PancakeSpace)
def _item_at(space, states, at, place):
    return cell_at(states, at, place, len(space.goal), WIDE_BITS)


@implements(is_goal, PancakeSpace)
def _is_goal(space, state):
    same = True
    for word in range(len(space.goal)):
        same = same and state[word] == np.uint64(space.goal[word])
    return same


@inlined
def _reversed(word):
    """Return the 16 cells of a word in the opposite order."""
    word = ((word >> np.uint64(4)) & _EVERY_SECOND) | ((word & _EVERY_SECOND) << np.uint64(4))
    word = ((word >> np.uint64(8)) & _BYTES) | ((word & _BYTES) << np.uint64(8))
    word = ((word >> np.uint64(16)) & _PAIRS) | ((word & _PAIRS) << np.uint64(16))
    return (word >> np.uint64(32)) | (word << np.uint64(32))


@inlined
def _flip_one_word(moves, n, k):
    """Write the stack with its top k turned over, in one word."""
    stack = moves.parent[0]
    rest = ~np.uint64(0) << np.uint64(4 * k) if k < 16 else np.uint64(0)
    moves.states[n] = (stack & rest) | (_reversed(stack) >> np.uint64(64 - 4 * k))


@inlined
def _flip_words(moves, n, k, n_words):
    """Write the stack with its top k turned over, in several words."""
    for word in range(n_words):
        moves.states[n * n_words + word] = moves.parent[word]
    for i in range(k // 2):
        upper = cell_at(moves.parent, 0, i, n_words, WIDE_BITS)
        lower = cell_at(moves.parent, 0, k - 1 - i, n_words, WIDE_BITS)
        flip_cell(moves.states, n * n_words, i, upper ^ lower, n_words, WIDE_BITS)
        flip_cell(moves.states, n * n_words, k - 1 - i, upper ^ lower, n_words, WIDE_BITS)


@implements(expand, PancakeSpace)
def _expand(space, created_by, moves, n):
    n_words = len(space.goal)
    for k in range(2, space.n + 1):
        if k == created_by:  # turning them over again leads back
            continue
        if n_words == 1:
            _flip_one_word(moves, n, k)
        else:
            _flip_words(moves, n, k, n_words)
        moves.operator[n] = k
        moves.cost[n] = 1
        row = n * changes(space)
        for i in range(k):
            if 2 * i != k - 1:  # the one in the middle stays
                pancake = cell_at(moves.parent, 0, i, n_words, WIDE_BITS)
                moves.removed[row] = pancake * N_VALUES + i
                moves.added[row] = pancake * N_VALUES + k - 1 - i
                row += 1
        for unused in range(row, (n + 1) * changes(space)):
            moves.removed[unused] = -1
            moves.added[unused] = -1
        n += 1
    return n
