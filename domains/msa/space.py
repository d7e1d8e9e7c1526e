"""Packed positions in several sequences, and the columns that lead on, compiled.

A position takes 12 bits, five to a word: sequences of up to 4095 letters. Operator m - 1 is the
column in which the sequences of the set bits of m give their next letter and the others a gap.
A feature is ``sequence * n_values + position``.

Where opening a gap costs nothing the positions are the state; elsewhere the last column is part of it:
:mod:`pdsearch.domains.msa.affine`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.domains.coordinates import coordinate_sum
from pdsearch.domains.msa.scoring import GAP_LETTER, N_CODES
from pdsearch.kernels.protocol import changes, expand, is_goal, wide, width

BITS = 12
PER_WORD = 5
MAX_LENGTH = (1 << BITS) - 1


class MsaSpace(NamedTuple):
    """Tables of up to 7 sequences, whose 127 columns fit a narrow node; the number of words is part of the type."""

    goal: tuple[int, ...]  # words of the end of all sequences
    n: int
    n_values: int
    lengths: npt.NDArray[np.int64]  # (n,)
    letters: npt.NDArray[np.int64]  # (n * n_values,) code of the letter at each position
    costs: npt.NDArray[np.int64]  # (N_CODES * N_CODES,)


class WideMsaSpace(NamedTuple):
    """The same for 8 to 10 sequences, of up to 1023 columns."""

    goal: tuple[int, ...]
    n: int
    n_values: int
    lengths: npt.NDArray[np.int64]
    letters: npt.NDArray[np.int64]
    costs: npt.NDArray[np.int64]


@inlined
def position_in(states, at, sequence):
    """Return the position of a sequence in the state at ``states[at]``."""
    word = states[at + sequence // PER_WORD] >> np.uint64(BITS * (sequence % PER_WORD))
    return np.int64(word & np.uint64(MAX_LENGTH))


def last_column(space, states, at):
    """Return the column that led to the state at ``states[at]``; 0 at the start, or where that does not matter."""


def keep_column(space, states, at, last, column):
    """Replace the last column of the state at ``states[at]``, a copy of its parent's, by ``column``."""


def opening_cost(space, last, column):
    """Return what it costs to open the gaps of a column that follows ``last``."""


def _width(space):
    return len(space.goal)


def _changes(space):
    return PER_WORD * len(space.goal)


def _is_goal(space, state):
    same = True
    for word in range(len(space.goal)):
        same = same and state[word] == np.uint64(space.goal[word])
    return same


def _coordinate_sum(space, states, at):
    total = 0
    for i in range(space.n):
        total += position_in(states, at, i)
    return total


@inlined
def _code(space, parent, sequence, column):
    """Return the code that a sequence contributes to a column: its next letter, or a gap."""
    if (column >> sequence) & 1:
        return space.letters[sequence * space.n_values + position_in(parent, 0, sequence)]
    return GAP_LETTER


@inlined
def _column_cost(space, parent, column):
    """Return the cost of a column, summed over the pairs of sequences."""
    total = 0
    for i in range(space.n):
        row = N_CODES * _code(space, parent, i, column)
        for j in range(i):
            total += space.costs[row + _code(space, parent, j, column)]
    return total


def _expand(space, created_by, moves, n):
    n_words = width(space)
    last = last_column(space, moves.parent, 0)
    ended = 0
    for i in range(space.n):
        if position_in(moves.parent, 0, i) == space.lengths[i]:
            ended |= 1 << i
    for column in range(1, 1 << space.n):
        if column & ended:
            continue
        for word in range(n_words):
            moves.states[n * n_words + word] = moves.parent[word]
        row = n * changes(space)
        for i in range(space.n):
            if (column >> i) & 1:
                moves.states[n * n_words + i // PER_WORD] += np.uint64(1) << np.uint64(BITS * (i % PER_WORD))
                moves.removed[row] = i * space.n_values + position_in(moves.parent, 0, i)
                moves.added[row] = moves.removed[row] + 1
                row += 1
        for unused in range(row, (n + 1) * changes(space)):
            moves.removed[unused] = -1
            moves.added[unused] = -1
        keep_column(space, moves.states, n * n_words, last, column)
        moves.operator[n] = (last << space.n) + column - 1
        moves.cost[n] = _column_cost(space, moves.parent, column) + opening_cost(space, last, column)
        n += 1
    return n


def answer_for_columns(tables: type) -> None:
    """Register what holds wherever a move is a column; how a state keeps the last one is left open."""
    implements(width, tables)(_width)
    implements(changes, tables)(_changes)
    implements(expand, tables)(_expand)
    implements(coordinate_sum, tables)(_coordinate_sum)


for _tables in (MsaSpace, WideMsaSpace):
    answer_for_columns(_tables)
    implements(is_goal, _tables)(_is_goal)
    implements(last_column, _tables)(lambda space, states, at: 0)
    implements(keep_column, _tables)(lambda space, states, at, last, column: None)
    implements(opening_cost, _tables)(lambda space, last, column: 0)
implements(wide, WideMsaSpace)(lambda space: True)
