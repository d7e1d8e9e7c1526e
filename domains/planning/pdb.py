"""Pattern databases of a planning task that share the costs of its operators, so that their distances add up.

Costs are shared in several ways, and h is the largest of the sums. The distances of one abstract state in all these
ways lie in one cache line, which is added as one vector.

Source: Seipp, Keller and Helmert (2020), "Saturated cost partitioning for optimal classical planning", JAIR 67;
Pommerening, Röger and Helmert (2013), IJCAI (patterns).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined
from pdsearch.domains import Domain, State
from pdsearch.domains.planning.large_costs import MOST_H
from pdsearch.domains.planning.lines import LINE_BYTES, largest_sum
from pdsearch.domains.planning.pdb_tables import OPTIONS, build_tables
from pdsearch.domains.planning.places import Last, Places, move_lines
from pdsearch.domains.planning.task import Planning
from pdsearch.heuristics import HEURISTICS, Heuristic, Share, build_here
from pdsearch.kernels.protocol import INFINITY, evaluates
from pdsearch.kernels.scratch import scratch


@scratch("last")
class PdbTables(NamedTuple):
    """The lines of all patterns, and where they are found."""

    entries: npt.NDArray[np.signedinteger]  # (n_lines * n_orders,) the first of a dead state's line is below 0
    places: Places
    last: Last


@inlined
def h_of_lines(entries, lines):
    """Return the largest sum of some lines, INFINITY where one of them is dead."""
    h = largest_sum(entries, lines)
    return min(h, MOST_H) if h >= 0 else INFINITY


@evaluates(PdbTables)
def _evaluate(heuristic, space, states, at):
    move_lines(heuristic.places, space, states, at, heuristic.last)
    return h_of_lines(heuristic.entries, heuristic.last.lines)


@HEURISTICS.add("planning-pdb")
class Pdb(Heuristic):
    """Projections onto few variables, added by saturated cost partitioning over diverse orders.

    Conditional effects and axioms are allowed; they make the projections weaker.
    """

    name = "planning-pdb"
    source = "Seipp, Keller and Helmert (2020), JAIR 67; Pommerening, Röger and Helmert (2013), IJCAI"
    admissible = True
    consistent = True
    is_lazy = True
    is_shared = True
    option_help = OPTIONS

    def __init__(self, domain: Domain, option: str | None = None, share: Share = build_here) -> None:
        super().__init__(domain)
        assert isinstance(domain, Planning)
        self.task = domain
        entries, bound, *places = share(lambda: build_tables(domain, option))
        self.places = Places(*places)  # type: ignore[arg-type]
        last = Last.zero(domain.space, self.places.lines([0] * len(domain.sizes)))
        self.tables = PdbTables(entries, self.places, last)  # type: ignore[arg-type]
        largest, self._n_patterns, self._n_left_out = bound.tolist()
        self.max_h = min(largest, MOST_H)
        self.max_rise = domain.max_cost + self.max_h

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every planning task."""
        return isinstance(domain, Planning)

    def notes(self) -> list[str]:
        """Return how many patterns found no memory."""
        kept = f"{self._n_patterns - self._n_left_out} of {self._n_patterns} patterns were kept"
        return [f"pdb: {kept}, for {self.task.deadline.memory_words}"] if self._n_left_out else []

    def value(self, state: State) -> int:
        """Add up the lines of all patterns."""
        lines = self.places.lines(self.task.unpack(state))
        chosen = self.tables.entries.reshape(-1, LINE_BYTES // self.tables.entries.itemsize)[lines]
        if (chosen < 0).any():
            return INFINITY
        return min(int(chosen.sum(axis=0, dtype=np.int64).max()), MOST_H)
