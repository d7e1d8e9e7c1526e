"""The moves below a root that a kernel found a goal under: found again on the CPU, on all cores.

The kernel says which group of roots holds one that has a goal within the bound. The group is cut further, and the
fastest compiled search of the domain (:mod:`pdsearch.subtrees`) looks which part has a goal; that part is cut again,
until it is so small that a plain depth-first search gives the moves. That search needs no automaton, as pruning only
removes ways to what it would find anyway.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

from pdsearch.domains import Domain
from pdsearch.gpu import roots
from pdsearch.gpu.roots import Cut, Level
from pdsearch.gpu_model import Model
from pdsearch.heuristics import make_heuristic
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, Integers, Roots, Subtrees, fastest

_SMALL = 50_000  # nodes; under a millisecond of plain search
_TRIED = 50_000  # nodes to begin with: less than to set up the fast search
_PARTS = 1024  # to cut a group of roots into
_NODES_AT_ONCE = 1_000_000  # between two looks at whether another thread has found a goal


def solve_below(model: Model, domain: Domain, level: Level) -> tuple[int, list[int]]:
    """Return the number of a state of a level that has a goal within its slack, and the moves to it.

    Parameters
    ----------
    model : Model
        As the kernel's.
    domain : Domain
        The instance.
    level : Level
        Roots of which at least one has such a goal.

    Raises
    ------
    AssertionError
        If none has: the kernel reported a wrong root.
    """
    found = _plainly(model, level, at_most=_TRIED)
    if found is not None:
        return found
    heuristic = make_heuristic(domain, model.heuristic)
    kind = None if model.packed is None else fastest(domain, heuristic)
    found = _together(model, level) if kind is None else _quickly(model, [kind(domain, heuristic)], kind, level)
    assert found is not None, "the kernel reported a goal below states that have none"
    return found


def _quickly(model: Model, engines: list[Subtrees], kind: type[Subtrees], level: Level) -> tuple[int, list[int]] | None:
    """Cut, look which part holds a goal, and go on there.

    The compiled search knows no automaton: what it finds may be reached by forbidden words alone, and then the other
    parts are looked at, too.
    """
    cut = roots.cut(model, level, _PARTS)
    if cut.goal_path is not None:
        return cut.goal_origin, cut.goal_path
    last = cut.levels[-1]
    left = np.arange(len(last))
    while len(engines) < n_cores():
        engines.append(kind(engines[0].domain, engines[0].heuristic))
    while len(left):
        counts = count(model, engines, last, left)
        for i in left[counts[:, GOALS] != 0].tolist():
            part = roots.part(last, i, 1)
            known = counts[np.flatnonzero(left == i)[0]]
            is_small = known[GOALS] > 0 and known[GENERATED] <= _SMALL
            below = _plainly(model, part) if is_small else _quickly(model, engines, kind, part)
            if below is not None:
                return _joined(cut, i, below[1])
        left = left[(counts[:, GOALS] == 0) & (counts[:, EXPANDED] == 0)]
    return None


def n_cores() -> int:
    """Return the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _joined(cut: Cut, i: int, below: list[int]) -> tuple[int, list[int]]:
    origin, above = cut.origin(i)
    return origin, above + below


def count(model: Model, engines: list[Subtrees], level: Level, which: Integers) -> Integers:
    """Search below some states of a level, each thread every n-th, until one finds a goal.

    Returns
    -------
    int64[len(which), 4]
        Counts as of :meth:`pdsearch.subtrees.Subtrees.run`, 0 where nobody came to search.
    """
    counts, found = np.zeros((len(which), 4), np.int64), [False]
    n = min(len(engines), len(which))

    def work(number: int) -> None:
        mine = np.arange(number, len(which), n)
        engine, own = engines[number], np.zeros((len(mine), 4), np.int64)
        engine.prepare(_roots(model, level, which[mine]), 0)
        at, last = 0, np.array([len(mine)], np.int64)
        while at < len(mine) and not found[0]:
            stopped = engine.run(at, len(mine), _NODES_AT_ONCE, last, own)
            if stopped < len(mine) and own[stopped, GOALS] < 0:
                stopped += 1  # too large: to be cut
            found[0] = found[0] or bool((own[at:stopped, GOALS] > 0).any())
            at = stopped
        counts[mine] = own

    with ThreadPoolExecutor(n) as pool:
        list(pool.map(work, range(n)))
    return counts


def _roots(model: Model, level: Level, mine: Integers) -> Roots:
    """Return some states of a level as roots within the bound 0: their f is less by what is left of their slack."""
    assert model.packed is not None
    zero = np.zeros(len(mine), np.int64)
    came_by = np.where(level.move[mine] < 0, -1, level.move[mine].astype(np.int64) + model.first_operator)
    words = model.packed(level.words[mine], level.low[mine])
    f = -model.unit * level.slack[mine].astype(np.int64)
    return Roots(words, f, zero, came_by, zero, zero, zero, np.empty((len(mine), 0), np.int32))


def _together(model: Model, level: Level) -> tuple[int, list[int]] | None:
    """Cut, and search below the parts by the model's own moves, on all cores."""
    cut = roots.cut(model, level, _PARTS)
    if cut.goal_path is not None:
        return cut.goal_origin, cut.goal_path
    last, n = cut.levels[-1], n_cores()
    found: list[tuple[int, list[int]]] = []

    def work(number: int) -> None:
        for i in range(number, len(last), n):
            below = _plainly(model, roots.part(last, i, 1), lambda: bool(found))
            if below is not None:
                found.append((i, below[1]))
            if found:
                return

    with ThreadPoolExecutor(n) as pool:
        list(pool.map(work, range(n)))
    return _joined(cut, *found[0]) if found else None


def _plainly(
    model: Model, level: Level, is_enough: Callable[[], bool] = lambda: False, at_most: int | None = None
) -> tuple[int, list[int]] | None:
    """Search below the states in turn, by the model's own moves, until a goal is found or it is enough.

    About ``at_most`` nodes are looked at, the same number below each state, when it is given.
    """
    at_once = _NODES_AT_ONCE if at_most is None else 1 + at_most // max(1, len(level))
    depth = model.max_depth + 1
    moves = np.zeros(depth, np.int64)
    stack = (np.zeros((depth, 2), np.uint64), np.zeros(depth, np.uint32), np.zeros(depth, np.int64))
    functions = roots.host_child(model), roots.host_within(model), np.array(model.goal, np.uint64), model.goal_cell
    for i in range(len(level)):
        stack[0][0], stack[1][0], stack[2][0] = level.words[i], level.low[i], level.slack[i]
        moves[0] = d = 0
        while d >= 0 and not is_enough():
            d, is_goal = _depth_first(*functions, model.n_moves, model.rows, model.entries, *stack, moves, d, at_once)
            if is_goal:
                return i, [int(move) for move in moves[:d]]
            if at_most is not None:
                break
    return None


@numba.njit(nogil=True)
def _depth_first(child, within, goal, goal_cell, n_moves, rows, entries, words, low, slack, moves, d, limit):
    """Go on at a depth for so many nodes; return the depth, -1 at the end, and whether it is a goal's."""
    while d >= 0 and limit > 0:
        limit -= 1
        move = moves[d]
        if move == n_moves or d + 1 >= len(moves):
            d -= 1
            if d >= 0:
                moves[d] += 1
            continue
        row = roots.row_of(rows, low[d])
        legal, a, b, tag, rise = child(words[d, 0], words[d, 1], low[d], move, row, entries)
        left = slack[d] - np.int64(rise)
        if not legal or left < 0 or not within(a, b, left, entries):
            moves[d] += 1
            continue
        if roots.is_goal(goal, goal_cell, rows, a, b, tag):
            return d + 1, True
        d += 1
        words[d, 0], words[d, 1], low[d], slack[d] = a, b, tag, left
        moves[d] = 0
    return d, False
