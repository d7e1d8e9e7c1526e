"""One rank's open nodes once its memory is full, and the depth-first searches below them.

The nodes stay where they are, for plans are traced through them. Of each open node are kept its number, h, and f: the
least f that a search below it has shown to be possible, at first its own. A bound is searched in portions, so
that ranks hear of each other in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pdsearch.comm import Records
from pdsearch.kernels.layout import f_of, ways_of
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.after import Found
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.depth_first.team import first_solution, split
from pdsearch.search.depth_first.tree import Tree
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, LEAST_PRUNED, TOO_LARGE, Integers, Roots, Subtrees

_CHUNK = 1 << 15  # nodes that become roots at once: some megabytes
_NEVER = 2**31 - 1  # f of a node below which there is nothing more
_PORTION_S = 0.05
_FIRST_PORTION, _MOST_PORTION = 1 << 16, 1 << 40  # generated nodes


class Below:
    """The searches of one rank.

    Parameters
    ----------
    rank : LocalSearch
        Whose open list is given up for it.
    engine : Subtrees
        What searches below a node.
    unsent : list of uint32 arrays
        Records that are in no table: those that arrived too late, and those that were not sent.
    stopped : callable
        Asked in the middle of large subtrees; true ends them early.
    """

    def __init__(self, rank: LocalSearch, engine: Subtrees, unsent: list[Records], stopped: Callable[[], bool]) -> None:
        self.rank, self.engine, self._stopped = rank, engine, stopped
        self._tree = Tree(engine.domain, engine.heuristic, engine.pruner)
        numbers, f, h = rank.give_up_open()
        self._layout = rank.task.layout
        records = np.concatenate([np.empty(0, np.uint32), *unsent])
        self._records, loose_f = records.reshape(-1, rank.task.record_words), f_of(self._layout, records)
        loose_h = loose_f - ways_of(self._layout, self._records)[0]
        self._n_loose = len(loose_f)
        self._numbers = numbers
        self._f, self._h = np.concatenate([loose_f.astype(np.int32), f]), np.concatenate([loose_h.astype(np.int32), h])
        self.generated = self.expanded = 0
        self.found: Found | None = None
        self._portion = _FIRST_PORTION
        self._next = len(self._f)
        self._which: Integers = np.empty(0, np.int64)
        self._at = 0
        self._counts = np.zeros((0, 4), np.int64)

    def __len__(self) -> int:
        return len(self._f)

    @property
    def least_f(self) -> int:
        """Return the least f of all nodes, INFINITY when no more plan is possible."""
        least = int(self._f.min(initial=_NEVER))
        return least if least < _NEVER else INFINITY

    @property
    def memory_bytes(self) -> int:
        """Return what the nodes take here."""
        return self._f.nbytes + self._h.nbytes + self._numbers.nbytes + self._records.nbytes

    def begin(self, bound: int) -> None:
        """Begin to search all nodes of f up to a bound."""
        self._bound, self._next, self._at = bound, 0, 0
        self._which, self._counts = self._which[:0], self._counts[:0]

    @property
    def is_done(self) -> bool:
        """Say whether the bound is searched."""
        return self._at >= len(self._which) and self._next >= len(self._f)

    def go_on(self) -> None:
        """Search a portion that takes about a twentieth of a second, or up to a goal."""
        began, left = time.perf_counter(), self._portion
        while left > 0 and self.found is None and not self.is_done and not self._stopped():
            if self._at >= len(self._which):
                self._next_chunk()
                continue
            left -= self._search(left)
        seconds = time.perf_counter() - began
        if left <= 0 and seconds < _PORTION_S / 2:  # not where there was nothing left to do
            self._portion = min(2 * self._portion, _MOST_PORTION)
        elif seconds > 2 * _PORTION_S:
            self._portion = max(1, self._portion // 2)

    def _next_chunk(self) -> None:
        """Make the next nodes of f up to the bound roots."""
        part = slice(self._next, self._next + _CHUNK)
        self._which = self._next + np.flatnonzero(self._f[part] <= self._bound)
        self._next, self._at = min(part.stop, len(self._f)), 0
        self._roots = self._roots_of(self._which)
        self._counts = np.zeros((len(self._which), 4), np.int64)
        self.engine.prepare(self._roots, self._bound, True)

    def _search(self, limit: int) -> int:
        """Search some roots of the chunk; return about how many nodes that were."""
        start, end, before = self._at, len(self._which), int(self._counts[self._at, GENERATED])
        last = np.array([INFINITY], np.int64)
        at = self.engine.run(start, end, limit, last, self._counts)
        if at < end and self._counts[at, GOALS] == TOO_LARGE:
            counts = split(self.engine, self._roots, at, self._bound, self._stopped)
            if self._stopped():
                self._counts[at, GOALS] = 0
                return limit
            self._counts[at] = counts
            at += 1
        self._at = at
        done = self._counts[start:at]
        self.generated += int(done[:, GENERATED].sum())
        self.expanded += int(done[:, EXPANDED].sum())
        hits = np.flatnonzero(done[:, GOALS] > 0)
        if len(hits):
            self._keep(start + int(hits[0]))
        else:
            least = np.where(done[:, LEAST_PRUNED] < _NEVER, done[:, LEAST_PRUNED], _NEVER)
            self._f[self._which[start:at]] = least.astype(np.int32)
        return int(self._counts[start : at + 1, GENERATED].sum()) - before + at - start + 1

    def _keep(self, i: int) -> None:
        """Find the moves below a root that has a goal below it."""
        size = int(self._counts[i, GENERATED])
        below = first_solution(self.engine, self._tree, self._roots, i, self._bound, size)[2]
        state = tuple(int(word) for word in self._roots.words[i])
        at = int(self._which[i]) - self._n_loose
        node = (self.rank.rank, int(self._numbers[at])) if at >= 0 else None
        self.found = Found(state, int(self._roots.created_by[i]), node, below)

    def _roots_of(self, which: Integers) -> Roots:
        loose = which < self._n_loose
        records, n_words = self._records[which[loose]], self.rank.task.n_words
        stored, g, operator = self.rank.nodes_at(self._numbers[which[~loose] - self._n_loose])
        loose_g, loose_operator = ways_of(self._layout, records)
        unstored = np.ascontiguousarray(records[:, : 2 * n_words]).view(np.uint64)
        words: npt.NDArray[np.uint64] = np.concatenate([unstored, stored])
        zero = np.zeros(len(which), np.int64)
        g = np.concatenate([loose_g, g])
        operator = np.concatenate([loose_operator, operator])
        h, state = self._h[which].astype(np.int64), self.engine.pruner.states(words)
        return Roots(words, g, h, operator, state, zero, zero, np.empty((len(which), 0), np.int32))
