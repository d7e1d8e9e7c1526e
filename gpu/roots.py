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

from pdsearch.gpu.models import MAX_ROOTS, Model

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]


@dataclass
class Level:
    """States of one depth in breadth-first order, and how they came to be."""

    words: Words  # (n, 2)
    low: npt.NDArray[np.uint32]  # (n,)
    slack: Numbers  # (n,) how far f may still rise, in units; negative beyond the bound
    parent: Numbers  # (n,) index in the level above
    move: Numbers  # (n,)

    def __len__(self) -> int:
        return len(self.low)


@dataclass
class Cut:
    """The states below which a kernel searches, and the counts above them."""

    levels: list[Level]
    generated: int
    expanded: int
    goals: int
    goal_path: list[int] | None  # to a goal above the cut

    def path(self, i: int) -> list[int]:
        """Return the moves from the instance to state ``i`` of the last level."""
        moves: list[int] = []
        for level in self.levels[:0:-1]:
            moves.append(int(level.move[i]))
            i = int(level.parent[i])
        return moves[::-1]


@cache
def host_child(model: Model) -> Any:
    """Return the model's ``child`` compiled for the CPU."""
    return model.child(numba.njit)


def start(words: tuple[int, int], low: int, slack: int) -> Level:
    """Return the level that holds the instance alone."""
    zero = np.zeros(1, np.int64)
    return Level(np.array([words], np.uint64), np.array([low], np.uint32), zero + slack, zero - 1, zero - 1)


def cut(model: Model, first: Level, wanted: int, most_levels: int = 60) -> Cut:
    """Expand level after level until at least ``wanted`` states are within the bound, or none is left.

    A level of more states than there are numbers for roots is not begun.
    """
    levels, generated, expanded = [first], 0, 0
    goal = np.array(model.goal, np.uint64)
    if (first.words[0] == goal).all():
        return Cut([first, _empty(0)], 0, 0, 1, [])
    goals, goal_path = 0, None
    while 0 < len(levels[-1]) < wanted and len(levels) <= most_levels:
        above = levels[-1]
        level, n, hits = _next_level(model, above, goal)
        if len(level) > MAX_ROOTS:
            break
        generated, expanded, goals = generated + n, expanded + len(above), goals + len(hits)
        if len(hits) and goal_path is None:
            parent, move = hits[0]
            goal_path = [*Cut(levels, 0, 0, 0, None).path(parent), move]
        levels.append(level)
    return Cut(levels, generated, expanded, goals, goal_path)


def _next_level(model: Model, above: Level, goal: Words) -> tuple[Level, int, list[tuple[int, int]]]:
    """Return the children within the bound, the number of all children, and the goals as (parent, move)."""
    below = _empty(len(above) * model.n_moves)
    hits = np.empty((len(above), 2), np.int64)
    child = host_child(model)
    n, generated, n_hits = _expand(child, model, above, below, goal, hits)
    level = Level(below.words[:n], below.low[:n], below.slack[:n], below.parent[:n], below.move[:n])
    return level, generated, [(int(parent), int(move)) for parent, move in hits[:n_hits]]


def _empty(n: int) -> Level:
    numbers = (np.empty(n, np.int64) for _ in range(3))
    return Level(np.zeros((n, 2), np.uint64), np.empty(n, np.uint32), *numbers)


def _expand(child: Any, model: Model, above: Level, below: Level, goal: Words, hits: Numbers) -> tuple[int, int, int]:
    counts: tuple[int, int, int] = _expand_states(
        child, model.n_moves, model.entries, above.words, above.low, above.slack,
        below.words, below.low, below.slack, below.parent, below.move, goal, hits,
    )  # fmt: skip
    return counts


@numba.njit
def _expand_states(child, n_moves, entries, words, low, slack, words2, low2, slack2, parent2, move2, goal, hits):
    n, generated, n_hits = 0, 0, 0
    for i in range(len(low)):
        for move in range(n_moves):
            legal, a, b, tag, rise = child(words[i, 0], words[i, 1], low[i], move, entries)
            if not legal:
                continue
            generated += 1
            left = slack[i] - np.int64(rise)
            if left < 0:
                continue
            if a == goal[0] and b == goal[1]:
                hits[n_hits, 0], hits[n_hits, 1] = i, move
                n_hits += 1
                continue
            words2[n, 0], words2[n, 1] = a, b
            low2[n], slack2[n], parent2[n], move2[n] = tag, left, i, move
            n += 1
    return n, generated, n_hits


def solve_below(model: Model, words: Words, low: int, slack: int) -> list[int]:
    """Return the moves from a state to a goal within its slack; there is one.

    Raises
    ------
    AssertionError
        If the state has no goal below it: the kernel reported a wrong root.
    """
    depth = model.max_depth + 1
    moves = np.zeros(depth, np.int64)
    stack = (np.zeros((depth, 2), np.uint64), np.zeros(depth, np.uint32), np.zeros(depth, np.int64))
    stack[0][0], stack[1][0], stack[2][0] = words, low, slack
    n = _depth_first(host_child(model), model.n_moves, model.entries, np.array(model.goal, np.uint64), *stack, moves)
    assert n >= 0, "the kernel reported a goal below a state that has none"
    return [int(move) for move in moves[:n]]


@numba.njit
def _depth_first(child, n_moves, entries, goal, words, low, slack, moves):
    d = 0
    moves[0] = 0
    while d >= 0:
        move = moves[d]
        if move == n_moves or d + 1 >= len(moves):
            d -= 1
            if d >= 0:
                moves[d] += 1
            continue
        legal, a, b, tag, rise = child(words[d, 0], words[d, 1], low[d], move, entries)
        if not legal or np.int64(rise) > slack[d]:
            moves[d] += 1
            continue
        if a == goal[0] and b == goal[1]:
            return d + 1
        d += 1
        words[d, 0], words[d, 1], low[d], slack[d] = a, b, tag, slack[d - 1] - np.int64(rise)
        moves[d] = 0
    return -1
