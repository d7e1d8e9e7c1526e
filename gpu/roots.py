"""Roots for a kernel: the tree of an instance cut breadth-first on the CPU, without removing duplicates.

Duplicates stay, so that the nodes above and below the cut add up to the whole iteration. A
goal above the cut is found here; a cut at a level would step over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from pdsearch.gpu_model import MAX_ROOTS, Model, Root, is_goal_row

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]


@dataclass
class Level:
    """States of one depth in breadth-first order, and how they came to be."""

    words: Words  # (n, 2)
    low: npt.NDArray[np.uint32]  # (n,)
    slack: npt.NDArray[np.int16]  # (n,) how far f may still rise, in units; negative beyond the bound
    parent: npt.NDArray[np.int32]  # (n,) index in the level above
    move: npt.NDArray[np.int8]  # (n,)

    def __len__(self) -> int:
        return len(self.low)


@dataclass
class Cut:
    """The states below which a kernel searches, and the counts above them."""

    levels: list[Level]
    generated: int
    expanded: int
    goals: int
    goal_path: list[int] | None  # from the first level to a goal above the cut
    goal_origin: int = 0  # the state of the first level that it begins at

    def path(self, i: int) -> list[int]:
        """Return the moves from the first level to state ``i`` of the last level."""
        return self.origin(i)[1]

    def origin(self, i: int) -> tuple[int, list[int]]:
        """Return the number of the state in the first level that state ``i`` descends from, and the moves between."""
        moves: list[int] = []
        for level in self.levels[:0:-1]:
            moves.append(int(level.move[i]))
            i = int(level.parent[i])
        return i, moves[::-1]


@cache
def host_child(model: Model) -> Any:
    """Return the model's ``child`` compiled for the CPU."""
    return model.child(numba.njit)


@cache
def host_within(model: Model) -> Any:
    """Return the model's ``within`` compiled for the CPU; always true where it has none."""
    if model.within is None:
        return numba.njit(lambda first, second, slack, entries: True)
    return model.within(numba.njit)


def start(root: Root, slack: int) -> Level:
    """Return the level that holds the instance alone."""
    words, low = np.array([[root.first, root.second]], np.uint64), np.array([root.low], np.uint32)
    return Level(words, low, np.array([slack], np.int16), np.array([-1], np.int32), np.array([-1], np.int8))


def cut(model: Model, first: Level, wanted: int, most_levels: int = 60) -> Cut:
    """Expand level after level until at least ``wanted`` states are within the bound, or none is left.

    The first level is always expanded: initial states may have a child more than others. A level of more states than
    there are numbers for roots is not begun. States of the first level are no goals, unless it holds one state.
    """
    levels, generated, expanded = [first], 0, 0
    goal = np.array(model.goal, np.uint64)
    row = model.rows[first.low[0]] if len(model.rows) > 1 else 0
    if len(first) == 1 and (first.words[0] == goal).all() and is_goal_row(row, model):
        return Cut([first, _empty(0)], 0, 0, 1, [])
    goals, origin, goal_path = 0, 0, None
    while len(levels[-1]) > 0 and (len(levels) == 1 or len(levels[-1]) < wanted) and len(levels) <= most_levels:
        above = levels[-1]
        level, n, hits = _next_level(model, above, goal)
        if len(level) > MAX_ROOTS:
            break
        generated, expanded, goals = generated + n, expanded + len(above), goals + len(hits)
        if len(hits) and goal_path is None:
            parent, move = hits[0]
            origin, moves = Cut(levels, 0, 0, 0, None).origin(parent)
            goal_path = [*moves, move]
        levels.append(level)
    return Cut(levels, generated, expanded, goals, goal_path, origin)


def part(level: Level, start: int, n: int) -> Level:
    """Return ``n`` states of a level, or as many as there are, from ``start`` on."""
    which = slice(start, start + n)
    return Level(level.words[which], level.low[which], level.slack[which], level.parent[which], level.move[which])


def _next_level(model: Model, above: Level, goal: Words) -> tuple[Level, int, list[tuple[int, int]]]:
    """Return the children within the bound, the number of all children, and the goals as (parent, move)."""
    below = _empty(len(above) * model.n_moves)
    hits = np.empty((len(above), 2), np.int64)
    n, generated, n_hits = _expand(model, above, below, goal, hits)
    level = Level(below.words[:n], below.low[:n], below.slack[:n], below.parent[:n], below.move[:n])
    return level, generated, [(int(parent), int(move)) for parent, move in hits[:n_hits]]


def _empty(n: int) -> Level:
    parent, slack, move = np.empty(n, np.int32), np.empty(n, np.int16), np.empty(n, np.int8)
    return Level(np.empty((n, 2), np.uint64), np.empty(n, np.uint32), slack, parent, move)


def _expand(model: Model, above: Level, below: Level, goal: Words, hits: Numbers) -> tuple[int, int, int]:
    counts: tuple[int, int, int] = _expander(model)(
        model.rows, model.entries, above.words, above.low, above.slack,
        below.words, below.low, below.slack, below.parent, below.move, goal, hits,
    )  # fmt: skip
    return counts


@numba.njit
def row_of(rows, low):
    """Return the row of a state, of models that have no rows some row."""
    return rows[low] if len(rows) > 1 else rows[0]


@numba.njit
def is_goal(goal, goal_cell, rows, first, second, low):
    """Say whether a state is the goal."""
    if first != goal[0] or second != goal[1]:
        return False
    return goal_cell < 0 or np.int64(row_of(rows, low) >> np.uint64(24)) & 31 == goal_cell


@cache
def _expander(model: Model) -> Any:
    """Return the compiled expansion of a level; asked for thousands of times, it is handed no more than it needs."""
    child, within, n_moves, goal_cell = host_child(model), host_within(model), model.n_moves, model.goal_cell

    def expand(rows, entries, words, low, slack, words2, low2, slack2, parent2, move2, goal, hits):
        n, generated, n_hits = 0, 0, 0
        for i in range(len(low)):
            row = row_of(rows, low[i])
            for move in range(n_moves):
                legal, a, b, tag, rise = child(words[i, 0], words[i, 1], low[i], move, row, entries)
                if not legal:
                    continue
                generated += 1
                left = slack[i] - np.int64(rise)
                if left < 0 or not within(a, b, left, entries):
                    continue
                if is_goal(goal, goal_cell, rows, a, b, tag):
                    hits[n_hits, 0], hits[n_hits, 1] = i, move
                    n_hits += 1
                    continue
                words2[n, 0], words2[n, 1] = a, b
                low2[n], slack2[n], parent2[n], move2[n] = tag, left, i, move
                n += 1
        return n, generated, n_hits

    return numba.njit(nogil=True)(expand)
