"""Saturated cost partitioning over many abstractions, with orders that are found before the search and during it.

Before the search the abstractions are made, and diverse orders for states of random walks. During it a new order is
made now and then for a state the search has just met, and kept if that state gains. The distances of an abstract state
under all orders lie in one line of 64 bytes; a new order fills a place in every line that was 0 so far, so that each
sum is a lower bound at every moment, also for other ranks of the machine that read the same memory meanwhile. Places
are counted in that memory: no two ranks ever fill the same one, wherever they heard of the states that orders are for.

Source: Seipp (2021), "Online saturated cost partitioning for classical planning", ICAPS; Seipp, Keller and Helmert
(2020), JAIR 67; Seipp (2019), IJCAI (patterns).
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains import Domain, State
from pdsearch.domains.planning.abstraction import Integers
from pdsearch.domains.planning.added_lines import Added
from pdsearch.domains.planning.cost_partitioning import Abstractions
from pdsearch.domains.planning.large_costs import MOST_H
from pdsearch.domains.planning.lines import LINE_BYTES
from pdsearch.domains.planning.lookup import Lookup, look_up
from pdsearch.domains.planning.orders import Orders
from pdsearch.domains.planning.pdb import h_of_lines
from pdsearch.domains.planning.places import Last
from pdsearch.domains.planning.refinement_tree import Words
from pdsearch.domains.planning.scp_tables import N_ORDERS, OPTIONS, Wanted, build_tables, wanted
from pdsearch.domains.planning.task import Planning
from pdsearch.heuristics import HEURISTICS, Heuristic, Share, build_here
from pdsearch.kernels.intrinsics import fetch_add
from pdsearch.kernels.protocol import INFINITY, evaluates
from pdsearch.kernels.scratch import scratch

_EVERY = 10_000  # evaluations between two orders, at the least
_MOVES_PER_EVALUATION = 8  # so many transitions of abstractions are looked at in the time of an evaluation


@scratch("last", "paths")
class ScpTables(NamedTuple):
    """The lines of all abstractions, and how they are found."""

    entries: npt.NDArray[np.signedinteger]  # (n_lines * n_orders,) the first of a dead state's line is below 0
    lookup: Lookup
    last: Last
    paths: Words  # of the last state, see find_leaves


@evaluates(ScpTables)
def _evaluate(heuristic, space, states, at):
    look_up(heuristic.lookup, space, states, at, heuristic.last, heuristic.paths)
    return h_of_lines(heuristic.entries, heuristic.last.lines)


@kernel
def _next_place(numbers):
    """Return the first place that is free, and count it as taken: other ranks may ask at the same time."""
    return fetch_add(numbers, N_ORDERS, 1)


@HEURISTICS.add("scp")
class Scp(Heuristic):
    """Abstractions that share costs by saturated cost partitioning, in new orders while the search goes on.

    Projections allow conditional effects and axioms, which make them weaker; refined abstractions leave such tasks
    to them.
    """

    name = "scp"
    source = "Seipp (2021), ICAPS; Seipp, Keller and Helmert (2020), JAIR 67; Seipp and Helmert (2018), JAIR 62"
    admissible = True
    consistent = False  # h of two states may come from different times
    is_lazy = True
    is_shared = True
    option_help = OPTIONS

    def __init__(self, domain: Domain, option: str | None = None, share: Share = build_here) -> None:
        super().__init__(domain)
        assert isinstance(domain, Planning)
        self.task = domain
        chosen: Wanted = wanted(option)
        entries, numbers, *rest = share(lambda: build_tables(domain, chosen))
        lookup = Lookup.from_arrays(rest[: -_N_ADDED - _N_JOINED])
        self.tables = ScpTables(entries, lookup, *lookup.begin(domain.space))  # type: ignore[arg-type]
        self._added = Added(*rest[-_N_ADDED - _N_JOINED : -_N_JOINED])  # type: ignore[arg-type]
        self._joined = Abstractions(*rest[-_N_JOINED:])  # type: ignore[arg-type]
        self.held = (self._added, self._joined)
        self._numbers = numbers  # shared as the lines are
        largest, _, self._n_patterns, self._n_left_out = numbers.tolist()
        self.max_h = min(largest, MOST_H)
        self.max_rise = domain.max_cost + self.max_h
        if chosen.is_online and len(self._added.line) > 1:
            self.lesson_every = max(_EVERY, len(self._joined.source) // _MOVES_PER_EVALUATION)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every planning task."""
        return isinstance(domain, Planning)

    def notes(self) -> list[str]:
        """Return how many small patterns found no memory; larger abstractions are made of what is left."""
        kept = f"{self._n_patterns - self._n_left_out} of {self._n_patterns} small patterns were kept"
        return [f"scp: {kept}, for {self.task.deadline.memory_words}"] if self._n_left_out else []

    def value(self, state: State) -> int:
        """Add up the lines of all abstractions."""
        chosen = self._rows[self._lines(state)]
        if (chosen < 0).any():
            return INFINITY
        return min(int(chosen.sum(axis=0, dtype=np.int64).max(initial=0)), MOST_H)

    def learn(self, state: State) -> bool:
        """Find an order for a state and keep it, for all states, if this one gains; say whether it is kept."""
        h, n_places = self.value(state), self._rows.shape[1]
        if h == INFINITY or self._numbers[N_ORDERS] >= n_places:
            return False
        states = self._added.states(self._lines(state))
        table = self._bounded(self._orders.table(self._orders.greedy(states), states))
        if table[states].sum() <= h:
            return False
        place = _next_place(self._numbers)
        if place >= n_places:
            return False  # another rank was faster
        self._rows[self._alive, place] = self._added.totals(table, len(self._rows))[self._alive]
        return True

    @cached_property
    def _rows(self) -> npt.NDArray[np.int64]:
        entries = self.tables.entries
        return cast("npt.NDArray[np.int64]", entries.reshape(-1, LINE_BYTES // entries.itemsize))

    @cached_property
    def _alive(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self._rows[:, 0] >= 0)

    @cached_property
    def _orders(self) -> Orders:
        return Orders(self._joined, self.task.space.cost)

    def _lines(self, state: State) -> Integers:
        lines: Integers = self.tables.lookup.lines(self.task.unpack(state))
        return lines

    def _bounded(self, table: Integers) -> Integers:
        """Lower distances where sums of them might exceed ``max_h``, and return them."""
        first = self._joined.state_first
        largest = np.maximum.reduceat(table, first[:-1])
        total = sum(largest.tolist())
        if total > self.max_h:
            caps = np.array([one * self.max_h // total for one in largest.tolist()], np.int64)
            np.minimum(table, np.repeat(caps, np.diff(first)), out=table)
        return table


_N_ADDED, _N_JOINED = len(Added._fields), len(Abstractions._fields)
