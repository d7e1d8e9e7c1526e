"""The puzzle that walking distance looks at: tiles of which only the goal line is known, in lines and not in cells.

A line is a row; for columns everything is the same with the board turned. The blank swaps places with a tile of the
line before or after its own, whichever of that line's tiles one likes. A state says how many tiles of each goal line
lie in each line; a line is a *key*: the sum of its tiles' weights, ``(length + 1)**goal_line`` each. The line of the
blank has one tile less than the others. Lines with the same tiles are of one *kind*, and the kinds of all lines but
the last, which has what is left, are the digits of a state's *index*.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import comb
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.limits import Deadline

Integers = npt.NDArray[np.int64]
Distances = npt.NDArray[np.uint8]
UNREACHED = 255
MOST_INDICES = 2**24  # boards with larger tables are refused; 4x4 has 166,375, the largest below are 3x5 and 2x6
_built: dict[Walk, Distances] = {}  # the same for all boards of a shape and goal


class Move(NamedTuple):
    """The same move of the blank in some of a list of states."""

    step: int  # of the blank: -1 to the line before, 1 to the next
    goal_line: int  # of the tile that it swaps places with
    states: Integers  # (n,) which states
    keys: Integers  # (n, n_lines) of the lines after the move


class Walk(NamedTuple):
    """One direction of a board and its goal.

    Parameters
    ----------
    n_lines : int
        Rows of the board; its columns where these are the lines.
    length : int
        Cells of a line.
    goal_line : int
        Of the blank.

    Examples
    --------
    >>> rows = Walk(4, 4, 0)
    >>> rows.n_kinds, rows.n_indices
    (55, 166375)
    >>> int((rows.distances(Deadline()) < UNREACHED).sum())  # states
    24964
    """

    n_lines: int
    length: int
    goal_line: int

    @property
    def n_kinds(self) -> int:
        """Return how many different lines there are, with the blank or without."""
        others = self.n_lines - 1
        return comb(self.length + others, others) + comb(self.length - 1 + others, others)

    @property
    def n_indices(self) -> int:
        """Return one more than the largest index."""
        return int(self.n_kinds ** (self.n_lines - 1))

    @property
    def is_small(self) -> bool:
        """Say whether a table of all indices may be built."""
        return self.n_indices <= MOST_INDICES

    @property
    def weights(self) -> Integers:
        """Return what a tile of each goal line adds to a line's key: int64[n_lines]."""
        return (self.length + 1) ** np.arange(self.n_lines)

    def kinds(self) -> Integers:
        """Return the kind of each key, 0 for keys of no line: int64[(length + 1)**n_lines]."""
        return _kinds(self.n_lines, self.length)

    def indices(self, keys: Integers) -> Integers:
        """Return the index of states whose lines have these keys: int64[n, n_lines] to int64[n]."""
        places = self.n_kinds ** np.arange(self.n_lines - 1)[::-1]
        found: Integers = self.kinds()[keys[:, :-1]] @ places
        return found

    def distances(self, deadline: Deadline) -> Distances:
        """Return the distance of each index from the goal; UNREACHED of an index that no state has."""
        if self not in _built:
            deadline.check_memory(self.n_indices, "the table of walking distances")
            distances = np.full(self.n_indices, UNREACHED, np.uint8)
            for _ in self.layers(distances):
                deadline.check("while walking distances were built")
            _built[self] = distances
        return _built[self]

    def layers(self, distances: Distances) -> Iterator[Integers]:
        """Search breadth-first from the goal, fill in distances, and yield each layer's keys: int64[n, n_lines]."""
        keys = np.diag(self.length * self.weights).sum(axis=0, keepdims=True)
        keys[0, self.goal_line] -= self.weights[self.goal_line]
        distances[self.indices(keys)] = depth = 0
        while len(keys):
            yield keys
            depth += 1
            found = [keys[:0]]
            for move in self.moves(keys):  # no two states come to the same one by the same move
                reached = self.indices(move.keys)
                is_new = distances[reached] == UNREACHED
                distances[reached[is_new]] = depth
                found.append(move.keys[is_new])
            keys = np.concatenate(found)

    def moves(self, keys: Integers) -> Iterator[Move]:
        """Yield the moves of states whose lines have these keys: int64[n, n_lines]."""
        blank = _tiles(self.n_lines, self.length)[keys].argmin(axis=1)
        for step in (-1, 1):
            inside = np.flatnonzero((blank + step >= 0) & (blank + step < self.n_lines))
            there = keys[inside, blank[inside] + step]
            for goal_line, weight in enumerate(self.weights.tolist()):
                states = inside[there // weight % (self.length + 1) > 0]
                moved, rows = keys[states], np.arange(len(states))
                moved[rows, blank[states] + step] -= weight
                moved[rows, blank[states]] += weight
                yield Move(step, goal_line, states, moved)


@cache
def _kinds(n_lines: int, length: int) -> Integers:
    tiles = _tiles(n_lines, length)
    exists = (tiles == length) | (tiles == length - 1)
    return np.where(exists, np.cumsum(exists) - 1, 0)


@cache
def _tiles(n_lines: int, length: int) -> Integers:
    """Return how many tiles a line of each key has: int64[(length + 1)**n_lines]."""
    keys = np.arange((length + 1) ** n_lines)[:, None]
    tiles: Integers = (keys // Walk(n_lines, length, 0).weights % (length + 1)).sum(axis=1)
    return tiles
