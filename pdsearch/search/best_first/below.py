"""One rank's open nodes once its memory is full, and the depth-first searches below them.

The nodes stay where they are, for plans are traced through them. Of each open node are kept its number, h, and f: the
least f that a search below it has shown to be possible, at first its own. A bound is searched in portions, so
that ranks hear of each other in between; who has little left is given some of what another has, see
:mod:`pdsearch.search.best_first.pieces`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.kernels.layout import ways_of
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.after import Found
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.open_nodes import OpenNodes
from pdsearch.search.best_first.pieces import (
    NEVER,
    Costs,
    Deal,
    Numbers,
    Parcel,
    Pieces,
    Result,
    Sheet,
    new_sheet,
    parcel,
)
from pdsearch.search.depth_first.team import SPLIT_DEPTH, first_solution
from pdsearch.search.depth_first.tree import Tree, cut_up
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, LEAST_PRUNED, TOO_LARGE, Integers, Roots, Subtrees

_CHUNK = 1 << 15  # nodes that become roots at once: some megabytes
_LEAST_SLICE = 1 << 14  # generated nodes of one call
_LARGE = 1 << 25  # generated nodes below one root, from which on it is cut into pieces


class Goal(NamedTuple):
    """A goal below an open node.

    Attributes
    ----------
    origin : int
        ``rank << 32 | which`` of its open nodes.
    below : list of int
        Operators from there.
    """

    origin: int
    below: list[int]


class Below:
    """The searches of one rank.

    Parameters
    ----------
    rank : LocalSearch
        Whose memory is full.
    engine : Subtrees
        What searches below a node.
    opened : OpenNodes
        Its open nodes.
    stopped : callable
        Asked between subtrees; true ends a portion early.
    """

    def __init__(self, rank: LocalSearch, engine: Subtrees, opened: OpenNodes, stopped: Callable[[], bool]) -> None:
        self.rank, self.engine, self._stopped, self.opened = rank, engine, stopped, opened
        self._tree = Tree(engine.domain, engine.heuristic, engine.pruner)
        self._layout = rank.task.layout
        self._records, self._numbers, self._f, self._h = opened[:4]
        self._n_loose = len(self._records)
        self.generated = self.expanded = 0
        self.found: Goal | None = None
        self._rate, self._n_given = 1e6, 0
        self.begin(-1)

    def __len__(self) -> int:
        return len(self._f)

    @property
    def least_f(self) -> int:
        """Return the least f of all nodes, INFINITY when no more plan is possible."""
        least = int(self._f.min(initial=NEVER))
        return least if least < NEVER else INFINITY

    @property
    def memory_bytes(self) -> int:
        """Return what the nodes take here."""
        return self._f.nbytes + self._h.nbytes + self._numbers.nbytes + self._records.nbytes

    def begin(self, bound: int) -> None:
        """Begin to search all nodes of f up to a bound."""
        self._bound, self._next, self._due = bound, 0, int(np.count_nonzero(self._f <= bound))
        self._at = self._end = 0
        self._waiting: list[Pieces] = []
        self._chunks: list[tuple[Integers, Sheet]] = []
        self._given: dict[int, Sheet] = {}
        self._results: list[Result] = []
        self._s_each = 0.0

    @property
    def is_done(self) -> bool:
        """Say whether the bound is searched, and every result has come back and was sent."""
        return self._n_left == 0 and not self._given and not self._results

    @property
    def has_results(self) -> bool:
        """Say whether there are results for others."""
        return bool(self._results)

    @property
    def left_s(self) -> float:
        """Return how many seconds the subtrees at hand take, if they are as large as the last ones."""
        return self._n_left * self._s_each

    @property
    def _n_left(self) -> int:
        return self._due + sum(map(len, self._waiting)) + self._end - self._at

    def go_on(self, portion_s: float) -> None:
        """Search for about so many seconds, or up to a goal."""
        now = began = time.perf_counter()
        end, self._n_done = began + portion_s, 0
        while self.found is None and self._take_up() and not self._stopped():
            n = self._search(max(_LEAST_SLICE, int(self._rate * (end - now))))
            before, now = now, time.perf_counter()
            self._rate = n / max(now - before, 1e-6)
            if now >= end:
                break
        if now > began:
            s_each = (now - began) / (self._n_done + 1)
            self._s_each = (self._s_each + s_each) / 2 if self._s_each else s_each

    def _take_up(self) -> bool:
        """See to it that a subtree is at hand; say whether there is one."""
        if self._at < self._end:
            return True
        pieces = self._waiting.pop() if self._waiting else self._chunk()
        if pieces is None:
            return False
        self._now, self._at, self._end = pieces, 0, len(pieces)
        self._counts = np.zeros((len(pieces), 4), np.int64)
        self.engine.prepare(pieces.roots, self._bound, True)
        return True

    def _chunk(self) -> Pieces | None:
        """Return the next own nodes of f up to the bound."""
        while self._due:
            which = self._next + np.flatnonzero(self._f[self._next : self._next + _CHUNK] <= self._bound)
            self._next += _CHUNK
            if len(which):
                self._due -= len(which)
                origin = self.rank.rank << 32 | which
                rows, sheet = np.arange(len(which), dtype=np.int32), new_sheet(len(which), partial(self._raise, which))
                self._chunks = [*(one for one in self._chunks if one[1].left), (which, sheet)]
                return Pieces(self._roots_of(which), origin, rows, sheet)
        return None

    def raise_done(self) -> None:
        """Take what was pruned below those own nodes as their f that are done while others of their chunk are not."""
        for which, sheet in self._chunks:
            is_done = sheet.pieces == 0
            self._raise(which[is_done], sheet.least[is_done])

    def _raise(self, which: Integers, least: Costs) -> None:
        """Take what was pruned below own nodes as their f."""
        self._f[which] = least

    def _search(self, limit: int) -> int:
        """Search some subtrees at hand; return about how many nodes that were."""
        start, end, before = self._at, self._end, int(self._counts[self._at, GENERATED])
        at = self.engine.run(start, end, limit, np.array([INFINITY], np.int64), self._counts)
        n = int(self._counts[start : at + 1, GENERATED].sum()) - before + at - start + 1
        self._at = at
        self._n_done += at - start
        done = self._counts[start:at]
        self.generated += int(done[:, GENERATED].sum())
        self.expanded += int(done[:, EXPANDED].sum())
        hits = np.flatnonzero(done[:, GOALS] > 0)
        if len(hits):
            self._keep(start + int(hits[0]))
            return n
        if at > start:
            self._now.sheet.note(self._now.rows[start:at], np.minimum(done[:, LEAST_PRUNED], NEVER).astype(np.int32))
        if at < end and (self._counts[at, GOALS] == TOO_LARGE or self._counts[at, GENERATED] >= _LARGE):
            self._split(at)
        return n

    def _split(self, at: int) -> None:
        """Search a large subtree in pieces: next, and before those behind it."""
        cut = cut_up(self._tree, self._now.roots, at, self._bound, SPLIT_DEPTH)
        self.generated += cut.generated
        self.expanded += cut.expanded
        parts = self._now.part(at + 1, self._end), self._now.cut(at, cut.roots, cut.least_pruned)
        self._waiting += [part for part in parts if len(part)]
        self._at = self._end = 0

    def _keep(self, i: int) -> None:
        """Find the moves below an open node that has a goal below it."""
        roots, size = self._now.roots, int(self._counts[i, GENERATED])
        below = first_solution(self.engine, self._tree, roots, i, self._bound, size)[2]
        self.found = Goal(int(self._now.origin[i]), roots.path(i) + below)

    # --- what others are given, and give ---

    def mail(self, dealt: list[Deal]) -> list[Parcel | Result]:
        """Return results for others, and subtrees that are given to them."""
        sent: list[Parcel | Result] = [*self._results]
        self._results, n_left = [], self._n_left
        for deal in dealt:
            for pieces in self._taken(max(1, min(deal.most, int(n_left * deal.share)))):
                number = self._n_given = self._n_given + 1
                self._given[number] = pieces.sheet
                sent.append(parcel(deal.to, self.rank.rank, number, pieces))
        return sent

    def receive(self, mail: list[Parcel | Result]) -> None:
        """Take what is for this rank: subtrees to search, and what was found below those that it gave."""
        for one in mail:
            if one.to != self.rank.rank:
                continue
            if isinstance(one, Parcel):
                reply = partial(self._reply, one.giver, one.sheet, one.rows)
                n = len(one.rows)
                self._waiting.append(Pieces(one.roots, one.origin, np.arange(n, dtype=np.int32), new_sheet(n, reply)))
            else:
                self._given.pop(one.sheet).note(one.rows, one.least)

    def found_of(self, goal: Goal) -> Found | None:
        """Return a goal below an open node of this rank for others, None if it is another's."""
        rank, which = divmod(goal.origin, 2**32)
        if rank != self.rank.rank:
            return None
        root = self._roots_of(np.array([which]))
        state = tuple(int(word) for word in root.words[0])
        at = which - self._n_loose
        node = (rank, int(self._numbers[at])) if at >= 0 else None
        return Found(state, int(root.created_by[0]), node, goal.below)

    def _reply(self, to: int, sheet: int, rows: Numbers, least: Costs) -> None:
        self._results.append(Result(to, sheet, rows, least))

    def _taken(self, n: int) -> list[Pieces]:
        """Give up ``n`` subtrees, if there are as many that are not begun."""
        taken = []
        while n > 0 and (spare := self._spare()) is not None:
            taken.append(spare.part(0, n))
            if len(spare) > n:
                self._waiting.insert(0, spare.part(n, len(spare)))
            n -= len(taken[-1])
        return taken

    def _spare(self) -> Pieces | None:
        """Give up what would be searched last: what waits longest, then own nodes, then what is at hand."""
        if self._waiting:
            return self._waiting.pop(0)
        chunk = self._chunk()
        if chunk is None and self._end - self._at > 1:
            chunk, self._end = self._now.part(self._at + 1, self._end), self._at + 1
        return chunk

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
