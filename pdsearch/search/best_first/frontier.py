"""One rank's open nodes once its memory is full, as the roots of searches by layers.

The nodes stay where they are, for plans are traced through them. Of each are kept its number, g, h and f: the least f
that a search below it has shown to be possible, at first its own. This, the frozen table, and the cost of the best plan
are all that there is to be kept of such a search between two groups.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from typing import NamedTuple

import numpy as np

from pdsearch.comm import Records
from pdsearch.domains import State
from pdsearch.errors import BadInputError
from pdsearch.kernels.layout import Integers, g_and_origin, parent_of, root_records
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.after import Found
from pdsearch.search.best_first.archive import Archive
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.dealt import Dealt
from pdsearch.search.best_first.layered import Layered, Waiting
from pdsearch.search.best_first.layered_task import layered
from pdsearch.search.best_first.local_search import LocalSearch, states_of
from pdsearch.search.best_first.open_nodes import OpenNodes
from pdsearch.search.best_first.shares import Share

_SAMPLED = 256
_LEAST_MESSAGE, _MOST_MESSAGE = 100, 8192  # records from one share to another
_OUTBOXES = 16  # one part of the memory in so many is for such messages


class Part(NamedTuple):
    """A part of the open nodes of all ranks: of a g from ``low`` to below ``high``, and of these one piece of many."""

    low: int
    high: int
    piece: int = 0
    pieces: int = 1


class Root(NamedTuple):
    """One state to be searched below, by whoever."""

    state: State
    g: int
    h: int


class Frontier:
    """The open nodes of one rank.

    Parameters
    ----------
    rank : LocalSearch
        Whose memory is full.
    opened : OpenNodes
        Its open nodes.
    memory : int
        What the rank may take in all.
    """

    def __init__(self, rank: LocalSearch, opened: OpenNodes, memory: int) -> None:
        self.rank, self._memory = rank, memory
        self._records, self._numbers, self.f, self.h, g = opened
        self.g = self.f - self.h if g is None else g
        self.opened = opened._replace(g=self.g)
        self._n_loose = len(self._records)
        self.generated = self.expanded = 0
        self._most_below = 0
        self._known: dict[type, Integers] = {}
        self._known_in_shares: dict[type, Integers] = {}

    def __len__(self) -> int:
        return len(self.f)

    @property
    def least_f(self) -> int:
        """Return the least f of all nodes, INFINITY when no more plan is possible."""
        never = int(np.iinfo(self.f.dtype).max)
        least = int(self.f.min(initial=never))
        return least if least < never else INFINITY

    @property
    def memory_bytes(self) -> int:
        """Return what the nodes take here, and what the searches below them took at most."""
        own: int = self.f.nbytes + self.h.nbytes + self.g.nbytes + self._numbers.nbytes + self._records.nbytes
        return own + self._most_below

    def chosen(self, part: Part, bound: int) -> Integers:
        """Return which nodes belong to a part and have an f within a bound: int64[n], in ascending order of g."""
        is_chosen = (self.f <= bound) & (self.g >= part.low) & (self.g < part.high)
        which = np.flatnonzero(is_chosen)
        if part.pieces > 1:
            mine = which * self.rank.task.n_ranks + self.rank.rank
            which = which[mine % part.pieces == part.piece]
        order: Integers = which[np.argsort(self.g[which], kind="stable")]
        return order

    def sample(self, part: Part, bound: int) -> tuple[int, Integers]:
        """Return how many nodes these are, and the g of some of them, evenly spread."""
        g = self.g[self.chosen(part, bound)].astype(np.int64)
        return len(g), g[np.linspace(0, len(g) - 1, min(_SAMPLED, len(g))).astype(np.int64)]

    def archive(self) -> Archive:
        """Return where to write down what is expanded below the nodes."""
        return Archive(self.rank.task.n_words, len(self), self._memory)

    def below(self, which: Integers, bound: int, incumbent: int, message: int, archive: Archive | None) -> Layered:
        """Return the search below some nodes, for plans cheaper than the incumbent and within the bound."""
        numbered = Waiting(self.g[which].astype(np.int64), lambda at, end: self._roots(which[at:end]))
        return self._search(numbered, bound, incumbent, message, archive)

    def below_in_shares(self, which: Integers, bound: int, incumbent: int, n: int, archive: Archive | None) -> Dealt:
        """Return the same search in ``n`` shares, one of which is in memory at a time; errors are those of below."""
        task = layered(self.rank.task, bound, incumbent)
        free = self._free(archive)
        message = free // _OUTBOXES // (8 * task.record_words * n * (n + task.n_ranks))  # an outbox is doubled at first
        size = max(_LEAST_MESSAGE, min(_MOST_MESSAGE, message))

        def make(i: int, memory: int) -> Share:
            g, numbers = self.g[which[i::n]].astype(np.int64), which[i::n]
            waiting = Waiting(g, lambda at, end: self._roots(numbers[at:end]))
            return Share(task, i, n, memory, self.rank, waiting, size, known=self._known_in_shares, archive=archive)

        with closing(make(0, free)) as first:
            others = (n - 1) * first.own_bytes
        if 2 * others > free:
            raise MemoryLimitError
        with ExitStack() as files:
            shares = [files.enter_context(closing(make(i, free - others))) for i in range(n)]
            files.pop_all()  # who searches closes them
        return Dealt(shares, task.n_ranks, free)

    def below_one(self, root: Root | None, bound: int, incumbent: int, message: int) -> Layered:
        """Return the search below one state; None where another rank begins."""

        def records(at: int, end: int) -> Records:
            assert root is not None
            g, h = (np.array([cost], np.int64) for cost in (root.g, root.h))
            return root_records(np.array([root.state], np.uint64), g, h, self.rank.rank, np.zeros(1, np.int64))

        g = np.array([] if root is None else [root.g], np.int64)
        return self._search(Waiting(g, records), bound, incumbent, message)

    def _search(
        self, waiting: Waiting, bound: int, incumbent: int, message: int, archive: Archive | None = None
    ) -> Layered:
        """Raise BadInputError or MemoryLimitError where not even the first tables fit."""
        task = layered(self.rank.task, bound, incumbent)
        given = task, self.rank.rank, self._free(archive), self.rank, waiting
        make = partial(Layered, *given, known=self._known, archive=archive)
        try:
            return make(message)
        except BadInputError:  # nodes that are expanded one by one need less
            return make(1, 1)

    def _free(self, archive: Archive | None) -> int:
        """Return what a search below the nodes may take."""
        taken = self.memory_bytes - self._most_below + self.rank.own_bytes
        return self._memory - taken - _bytes_of(archive)

    def done(self, search: Layered | Dealt) -> None:
        """Add up what a search took."""
        generated, expanded = (int(search.statistics[i]) for i in (1, 0))
        self.generated, self.expanded = self.generated + generated, self.expanded + expanded
        most = search.most_bytes - search.task.table_bytes + _bytes_of(search.archive)
        self._most_below = max(self._most_below, most)

    def raise_f(self, which: Integers, f: int) -> None:
        """Note that no plan below some nodes costs less than f."""
        self.f[which] = min(f, int(np.iinfo(self.f.dtype).max))

    def raise_all(self, f: int) -> None:
        """Note that no plan at all costs less than f."""
        np.maximum(self.f, min(f, int(np.iinfo(self.f.dtype).max)), out=self.f)

    def found(self, i: int) -> Found:
        """Return a node as the way to a goal."""
        if i < self._n_loose:
            origin = g_and_origin(self.rank.task.layout, self._records[i])[1]
            return Found(self.root(i).state, origin, None, [])
        node = int(self._numbers[i - self._n_loose])
        return Found(self.rank.state_of(node), 0, (self.rank.rank, node), [])

    def root(self, i: int) -> Root:
        """Return a node as a state to be searched below."""
        state = tuple(int(word) for word in self._states(np.array([i]))[0])
        return Root(state, int(self.g[i]), int(self.h[i]))

    def _roots(self, which: Integers) -> Records:
        g, h = self.g[which].astype(np.int64), self.h[which].astype(np.int64)
        return root_records(self._states(which), g, h, self.rank.rank, which)

    def _states(self, which: Integers) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
        """Return states: uint64[n, n_words]."""
        is_loose = which < self._n_loose
        states = np.empty((len(which), self.rank.task.n_words), np.uint64)
        states[is_loose] = states_of(self._records[which[is_loose]], self.rank.task.n_words)
        states[~is_loose] = self.rank.states_at(self._numbers[which[~is_loose] - self._n_loose])
        return states


def _bytes_of(archive: Archive | None) -> int:
    return 0 if archive is None else archive.nbytes


def place_of(way: int) -> tuple[int, int]:
    """Return rank and number of a root, by the way that nodes below it keep."""
    place = parent_of(way)
    assert place is not None
    return place
