"""Depth-first search within a bound for every domain, through the protocol of the engine.

Successors of a node are written behind those of its ancestors, and their h is asked for only when
their turn comes: a node counts as generated when it is looked at, in the order of the
operators, as in Korf's program. The kernel stops after a number of nodes and
goes on at the next call; it can also stop at a depth and report what it finds there as
roots of subtrees.

Source: Korf (1985), "Depth-first iterative-deepening: an optimal admissible tree search",
Artificial Intelligence 27, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pdsearch._jit import kernel
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.heuristics import Heuristic
from pdsearch.kernels.protocol import INFINITY, Moves, estimate, evaluate, expand, is_goal, new_moves, width
from pdsearch.kernels.scratch import with_own_scratch
from pdsearch.pruning.pruner import NO_PRUNER, Pruner
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, LEAST_PRUNED, Integers, Roots, Subtrees

MAX_DEPTH = 2**16  # deeper than any plan of finite cost met so far; only operators of cost 0 get there

# why the kernel returned
DONE, PAUSED, AT_GOAL, DEEP, FULL = range(5)

# cursor entries besides the four counts
DEPTH, N_ROOTS, N_CURSOR = 4, 5, 6


class Levels(NamedTuple):
    """The path to the node whose successors are looked at; row 0 of ``moves`` is the root."""

    moves: Moves
    row: Integers  # (depth,) of the path's node
    begin: Integers  # (depth,) the next successor to look at
    end: Integers  # (depth,) behind the last successor
    g: Integers  # (depth,)
    h: Integers  # (depth,)
    state: Integers  # (depth,) of the automaton that prunes
    cursor: Integers  # (N_CURSOR,)


class Found(NamedTuple):
    """Roots of subtrees as the kernel writes them; see :class:`pdsearch.subtrees.Roots`."""

    words: np.ndarray[tuple[int, int], np.dtype[np.uint64]]
    numbers: np.ndarray[tuple[int, int], np.dtype[np.int64]]  # (n, 6) g, h, created_by, state, generated, expanded
    paths: np.ndarray[tuple[int, int], np.dtype[np.int32]]


@kernel
def _descend(space, heuristic, following, levels, bound, limit, stops_at_goal, cut, found):
    """Go on searching; return why it stopped. Nodes at depth ``cut`` (and goals above) become roots; -1: never.

    ``following`` has no rows where no automaton prunes.
    """
    moves, row, begin, end = levels.moves, levels.row, levels.begin, levels.end
    n_words, cursor = width(space), levels.cursor
    n_levels, n_rows = len(row), len(moves.operator) - len(moves.operator) // len(row)
    generated, expanded = cursor[GENERATED], cursor[EXPANDED]
    goals, least, depth, n_roots = cursor[GOALS], cursor[LEAST_PRUNED], cursor[DEPTH], cursor[N_ROOTS]
    stop_at, why = generated + limit, PAUSED
    while generated < stop_at:
        if depth < 0:
            why = DONE
            break
        if begin[depth] == end[depth]:
            depth -= 1
            if depth >= 0:
                for w in range(n_words):
                    moves.parent[w] = moves.states[row[depth] * n_words + w]
            continue
        if depth + 1 >= n_levels or end[depth] >= n_rows:
            why = DEEP
            break
        if cut >= 0 and n_roots == len(found.numbers):
            why = FULL
            break
        c = begin[depth]
        begin[depth] += 1
        state = 0
        if len(following):
            state = following[levels.state[depth], moves.operator[c]]
            if state < 0:
                continue
        generated += 1
        h = estimate(heuristic, space, levels.h[depth], moves, c)
        g = levels.g[depth] + moves.cost[c]
        if g + h <= bound:  # an expensive heuristic is asked only for what its parent's h lets pass; others answer 0
            h = max(h, evaluate(heuristic, space, moves.states, c * n_words))
        if g + h > bound:
            least = min(least, g + h)
            continue
        row[depth + 1] = c
        for w in range(n_words):
            moves.parent[w] = moves.states[c * n_words + w]
        reached = is_goal(space, moves.parent)
        if cut >= 0 and (reached or depth + 1 == cut):
            for w in range(n_words):
                found.words[n_roots, w] = moves.parent[w]
            found.numbers[n_roots, 0], found.numbers[n_roots, 1] = g, h
            found.numbers[n_roots, 2] = moves.operator[c]
            found.numbers[n_roots, 3] = state
            found.numbers[n_roots, 4], found.numbers[n_roots, 5] = generated, expanded
            for i in range(depth + 1):
                found.paths[n_roots, i] = moves.operator[row[i + 1]]
            n_roots += 1
        elif reached:
            goals += 1
            if stops_at_goal:
                depth += 1
                why = AT_GOAL
                break
        else:
            depth += 1
            expanded += 1
            levels.g[depth], levels.h[depth], levels.state[depth] = g, h, state
            begin[depth] = end[depth - 1]
            end[depth] = expand(space, moves.operator[c], moves, begin[depth])
            continue
        for w in range(n_words):
            moves.parent[w] = moves.states[row[depth] * n_words + w]
    cursor[GENERATED], cursor[EXPANDED], cursor[GOALS] = generated, expanded, goals
    cursor[LEAST_PRUNED], cursor[DEPTH], cursor[N_ROOTS] = least, depth, n_roots
    return why


@kernel
def _begin(space, levels, words, g, h, created_by, state, bound):
    """Put a root on the path and write its successors; a root may be a goal, or beyond the bound."""
    moves, cursor = levels.moves, levels.cursor
    cursor[:] = 0
    cursor[LEAST_PRUNED], cursor[DEPTH] = INFINITY, -1
    for w in range(width(space)):
        moves.states[w] = words[w]
        moves.parent[w] = words[w]
    if g + h > bound:
        cursor[LEAST_PRUNED] = g + h
    elif is_goal(space, moves.parent):
        cursor[GOALS] = 1
    else:
        cursor[EXPANDED], cursor[DEPTH] = 1, 0
        levels.row[0], levels.g[0], levels.h[0], levels.state[0] = 0, g, h, state
        levels.begin[0] = 1
        levels.end[0] = expand(space, created_by, moves, 1)


class Tree:
    """One depth-first search that can pause; scratch grows with the depth."""

    def __init__(
        self, domain: Domain, heuristic: Heuristic, pruner: Pruner = NO_PRUNER, *, n_levels: int = 128
    ) -> None:
        self.domain, self.heuristic, self.pruner = domain, heuristic, pruner
        self._space, self._estimator = with_own_scratch(domain.space), with_own_scratch(heuristic.tables)
        self.levels = self._scratch(n_levels)
        self._no_roots = _found(len(domain.initial), 0, 0)

    def begin(self, roots: Roots, i: int, bound: int) -> None:
        """Start at a root."""
        numbers = (int(column[i]) for column in (roots.g, roots.h, roots.created_by, roots.state))
        _begin(self._space, self.levels, roots.words[i], *numbers, bound)

    def go_on(
        self, bound: int, limit: int, stops_at_goal: bool = False, cut: int = -1, found: Found | None = None
    ) -> int:
        """Search at most ``limit`` further nodes and return why it stopped.

        Raises
        ------
        BadInputError
            If the path gets longer than ``MAX_DEPTH``.
        """
        while True:
            to = (bound, limit, stops_at_goal, cut, found or self._no_roots)
            why = int(_descend(self._space, self._estimator, self.pruner.following, self.levels, *to))
            if why != DEEP:
                return why
            self._grow()

    @property
    def counts(self) -> Integers:
        """Return generated, expanded, goals and least pruned f so far."""
        return self.levels.cursor[:4]

    def path(self) -> list[int]:
        """Return the operators that lead to the goal at which the search stopped."""
        rows = self.levels.row[1 : int(self.levels.cursor[DEPTH]) + 1]
        return [int(operator) for operator in self.levels.moves.operator[rows]]

    def _scratch(self, n_levels: int) -> Levels:
        moves = new_moves(len(self.domain.initial), n_levels * self.domain.max_moves, self.domain.n_changes)
        row, begin, end, g, h, state = (np.zeros(n_levels, np.int64) for _ in range(6))
        return Levels(moves, row, begin, end, g, h, state, np.zeros(N_CURSOR, np.int64))

    def _grow(self) -> None:
        old = self.levels
        if 2 * len(old.row) > MAX_DEPTH:
            raise BadInputError(
                f"iterative deepening follows a path of more than {MAX_DEPTH // 2} operators, of cost 0 it seems; "
                "use A* (pdsearch solve), which remembers states"
            )
        self.levels = self._scratch(2 * len(old.row))
        for new_array, old_array in zip((*self.levels.moves, *self.levels[1:]), (*old.moves, *old[1:]), strict=True):
            new_array[: len(old_array)] = old_array


def _found(n_words: int, n: int, depth: int) -> Found:
    return Found(np.empty((n, n_words), np.uint64), np.empty((n, 6), np.int64), np.full((n, depth), -1, np.int32))


@dataclass(frozen=True)
class Cut:
    """A tree cut at a depth: its subtrees, and the counts of what lies above them."""

    roots: Roots
    generated: int
    expanded: int
    least_pruned: int


def cut_up(tree: Tree, roots: Roots, i: int, bound: int, depth: int) -> Cut:
    """Return the subtrees ``depth`` moves below a root, in depth-first order.

    Goals above that depth become roots, too, so that none is stepped over.
    """
    if depth == 0:
        return Cut(roots.one(i), 0, 0, INFINITY)
    tree.begin(roots, i, bound)
    if tree.counts[GOALS]:
        return Cut(roots.one(i), 0, 0, INFINITY)
    n_words, parts, why = roots.words.shape[1], [], FULL
    while why == FULL:
        tree.levels.cursor[N_ROOTS] = 0
        found = _found(n_words, 4096, depth)
        why = tree.go_on(bound, 2**62, cut=depth, found=found)
        n = int(tree.levels.cursor[N_ROOTS])
        parts.append((found.words[:n], found.numbers[:n], found.paths[:n]))
    words = np.concatenate([part[0] for part in parts])
    numbers = np.concatenate([part[1] for part in parts])
    paths = np.concatenate([part[2] for part in parts])
    g, h, created_by, state, generated, expanded = np.ascontiguousarray(numbers.T)
    counts = tree.counts.tolist()
    return Cut(
        Roots(words, g, h, created_by, state, generated, expanded, paths),
        counts[GENERATED],
        counts[EXPANDED],
        counts[LEAST_PRUNED],
    )


class AnySubtrees(Subtrees):
    """The search above as one of :class:`pdsearch.subtrees.Subtrees`: every domain, every heuristic."""

    name = "any"

    def __init__(self, domain: Domain, heuristic: Heuristic, pruner: Pruner = NO_PRUNER) -> None:
        super().__init__(domain, heuristic, pruner)
        self._tree = Tree(domain, heuristic, pruner)
        self._begun = -1

    @classmethod
    def fits(cls, domain: Domain, heuristic: Heuristic) -> bool:
        """Fit everything."""
        return True

    def prepare(self, roots: Roots, bound: int, first: bool = False) -> None:
        """Forget the iteration before."""
        self._roots, self._bound, self._first, self._begun = roots, bound, first, -1

    def run(self, at: int, end: int, limit: int, last: Integers, counts: Integers) -> int:
        """Search subtrees; a subtree left in the middle goes on at the next call."""
        while at < end and limit > 0 and at <= last[0]:
            if self._begun != at:
                self._tree.begin(self._roots, at, self._bound)
                self._begun = at
            before = int(self._tree.counts[GENERATED])
            why = self._tree.go_on(self._bound, limit)
            counts[at] = self._tree.counts
            limit -= int(counts[at, GENERATED]) - before + 1
            if why == PAUSED:
                break
            if self._first and counts[at, GOALS]:
                last[0] = min(int(last[0]), at)
            at += 1
        return at
