"""Roots for a kernel: the tree of an instance cut breadth-first on the CPU, without removing duplicates.

Duplicates stay, so that the nodes above and below the cut add up to the whole iteration. A
goal above the cut is found here; a cut at a level would step over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from pdsearch.gpu_model import MAX_ROOTS, Model, Root, is_goal_row

Words = npt.NDArray[np.uint64]
# what a cut counts; of its first goal, the levels above it, its parent's number in the last of them, and the move
_N_TALLIES = 6
_GENERATED, _EXPANDED, _GOALS, _DEPTH, _PARENT, _MOVE = range(_N_TALLIES)


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
    return model.child(numba.njit(forceinline=True))


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
    goal = np.array(model.goal, np.uint64)
    row = model.rows[first.low[0]] if len(model.rows) > 1 else 0
    if len(first) == 1 and (first.words[0] == goal).all() and is_goal_row(row, model):
        return Cut([first, _empty(0)], 0, 0, 1, [])
    states = _room(first, (min(wanted, MAX_ROOTS) + len(first)) * (1 + model.n_moves))
    starts = np.zeros(most_levels + 2, np.int64)
    starts[1] = len(first)
    tallies = np.zeros(_N_TALLIES, np.int64)
    n_levels = 1
    while True:
        n_levels, has_room = _cutter(model)(
            model.rows, model.entries, states.words, states.low, states.slack, states.parent, states.move,
            starts, n_levels, wanted, most_levels, goal, tallies,
        )  # fmt: skip
        if has_room:
            break
        states = _room(part(states, 0, int(starts[n_levels])), 2 * len(states))
    bounds = starts[: n_levels + 1].tolist()
    levels = [first, *(part(states, start, end - start) for start, end in pairwise(bounds[1:]))]
    generated, expanded, goals, *hit = tallies.tolist()
    if not goals:
        return Cut(levels, generated, expanded, 0, None)
    depth, parent, move = hit
    origin, moves = Cut(levels[:depth], 0, 0, 0, None).origin(parent)
    return Cut(levels, generated, expanded, goals, [*moves, move], origin)


def part(level: Level, start: int, n: int) -> Level:
    """Return ``n`` states of a level, or as many as there are, from ``start`` on."""
    which = slice(start, start + n)
    return Level(level.words[which], level.low[which], level.slack[which], level.parent[which], level.move[which])


def _room(first: Level, n: int) -> Level:
    """Return room for ``n`` states, with some at its beginning."""
    room, kept = _empty(max(n, len(first))), len(first)
    for column, values in zip(vars(room).values(), vars(first).values(), strict=True):
        column[:kept] = values
    return room


def _empty(n: int) -> Level:
    parent, slack, move = np.empty(n, np.int32), np.empty(n, np.int16), np.empty(n, np.int8)
    return Level(np.empty((n, 2), np.uint64), np.empty(n, np.uint32), slack, parent, move)


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
def _cutter(model: Model) -> Any:
    """Return the compiled cut of a model: all levels in one call, beside which other threads run.

    Told where levels begin and how many there are, it goes on as far as there is room, and returns the levels there are
    then, and whether it is done. A call from Python costs as much as a level of a thousand states; the model's function
    must be inlined: a call that returns five values costs as much as what it computes.
    """
    child, within, n_moves, goal_cell = host_child(model), host_within(model), model.n_moves, model.goal_cell

    def run(rows, entries, words, low, slack, parent, move, starts, n_levels, wanted, most_levels, goal, tallies):
        start, end = starts[n_levels - 1], starts[n_levels]
        while start < end and (n_levels == 1 or end - start < wanted) and n_levels <= most_levels:
            if end + (end - start) * n_moves > len(low):
                return n_levels, False
            n, generated, goals, first_parent, first_move = end, 0, 0, np.int64(0), np.int64(0)
            for i in range(start, end):
                w0, w1, tag0, rest, row = words[i, 0], words[i, 1], low[i], slack[i], row_of(rows, low[i])
                for m in range(n_moves):
                    legal, a, b, tag, rise = child(w0, w1, tag0, m, row, entries)
                    if not legal:
                        continue
                    generated += 1
                    left = rest - np.int64(rise)
                    if left < 0 or not within(a, b, left, entries):
                        continue
                    if is_goal(goal, goal_cell, rows, a, b, tag):
                        if goals == 0:
                            first_parent, first_move = i - start, np.int64(m)
                        goals += 1
                        continue
                    words[n, 0], words[n, 1] = a, b
                    low[n], slack[n], parent[n], move[n] = tag, left, i - start, m
                    n += 1
            if n - end > MAX_ROOTS:
                break
            if goals and tallies[_GOALS] == 0:
                tallies[_DEPTH], tallies[_PARENT], tallies[_MOVE] = n_levels, first_parent, first_move
            tallies[_GENERATED] += generated
            tallies[_EXPANDED] += end - start
            tallies[_GOALS] += goals
            n_levels += 1
            starts[n_levels] = n
            start, end = end, n
        return n_levels, True

    return numba.njit(nogil=True)(run)
