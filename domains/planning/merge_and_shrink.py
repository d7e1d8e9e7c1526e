"""Merge-and-shrink: one variable after the other is multiplied into an abstraction, which is kept small.

A state is looked up in one table per variable: from the abstract state of the variables before and the value of this
one to the next abstract state, and in the last table to h.

Variables are merged in the order of their numbers. Fast Downward's translator numbers them by their level in the
causal graph, those that others depend on first and those of the goal last (trucks before parcels), so this is what
Fast Downward calls "reverse level". The abstraction then knows how things move before it learns what they are for, and
operators soon look alike to all variables that are still to come.

With a limit above the number of reachable states h is the distance, with conditional effects, too, as long as an
operator has not too many cases (see :mod:`pdsearch.domains.planning.contexts`). What is asked of derived variables is
taken to hold or not: h stays admissible and consistent, and is less exact.

Source: Helmert, Haslum and Hoffmann (2007), "Flexible abstraction heuristics for optimal sequential planning", ICAPS;
Helmert, Haslum, Hoffmann and Nissim (2014), JACM 61.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain, State
from pdsearch.domains.planning.cascades import flat
from pdsearch.domains.planning.cost_partitioning import DEAD, goal_distances
from pdsearch.domains.planning.linear_merging import merge
from pdsearch.domains.planning.sas import SasTask
from pdsearch.domains.planning.space import value_of
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, shown
from pdsearch.heuristics import HEURISTICS, Arrays, Heuristic, Share, build_here
from pdsearch.kernels.protocol import INFINITY, evaluates
from pdsearch.limits import NO_DEADLINE, Deadline

DEFAULT_STATES = 1000
MOST_STATES = 1_000_000  # more would not fit the memory, nor a transition its integer
_MOST_H = 2**31 - 1  # h of an entry; a consistent heuristic that is cut off at a constant is still consistent


class MergeAndShrinkTables(NamedTuple):
    """All tables one after the other; an entry says where the row of the next table begins, in the last one h."""

    entries: npt.NDArray[np.int32]  # -1 where no goal can be reached
    order: npt.NDArray[np.int64]  # the variable of each table


@evaluates(MergeAndShrinkTables)
def _evaluate(heuristic, space, states, at):
    entry = np.int64(0)
    for i in range(len(heuristic.order)):
        value = value_of(space, states, at, heuristic.order[i])
        entry = np.int64(heuristic.entries[entry + value])
        if entry < 0:
            return np.int64(INFINITY)
    return entry


@HEURISTICS.add("merge-and-shrink")
class MergeAndShrink(Heuristic):
    """Exact distance in an abstraction of all variables, 1000 states large unless the option says otherwise."""

    name = "merge-and-shrink"
    source = "Helmert, Haslum and Hoffmann (2007), ICAPS; Helmert, Haslum, Hoffmann and Nissim (2014), JACM 61"
    admissible = True
    consistent = True
    is_lazy = True
    is_shared = True
    option_help = f"most abstract states at a time, {DEFAULT_STATES}"

    def __init__(self, domain: Domain, option: str | None = None, share: Share = build_here) -> None:
        super().__init__(domain)
        assert isinstance(domain, Planning)
        self.planning = domain
        self._asked = _states(option)
        entries, order, numbers = share(
            partial(h_tables, domain.task, self._asked, domain.deadline, domain.leaves_reachable)
        )
        self.tables = MergeAndShrinkTables(entries, order)  # type: ignore[arg-type]
        self.max_h, self._allowed = numbers.tolist()
        self.max_rise = domain.max_cost + self.max_h

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every planning task."""
        return isinstance(domain, Planning)

    def notes(self) -> list[str]:
        """Return how much smaller than asked for abstractions were kept."""
        fewer = f"{self._allowed} abstract states at a time, not {self._asked}"
        return [f"merge-and-shrink: {fewer}, for {self.planning.deadline.memory_words}"] * (self._allowed < self._asked)

    def value(self, state: State) -> int:
        """Look up one variable after the other."""
        values = self.planning.unpack(state)
        entry = 0
        for var in self.tables.order.tolist():
            entry = int(self.tables.entries[entry + values[var]])
            if entry < 0:
                return INFINITY
        return entry


def h_tables(task: SasTask, most: int, deadline: Deadline = NO_DEADLINE, everywhere: bool = False) -> Arrays:
    """Return the tables of an abstraction, the last of which says h; see :func:`linear_merging.merge`.

    Returns
    -------
    entries : int32[n_entries]
        For each variable in turn a table of one row per abstract state and one column per value. An entry says where
        in ``entries`` the row of the next table begins; in the last table it is h; -1 where no goal can be reached.
    order : int64[n_variables]
        The variables of the tables.
    numbers : int64[2]
        The largest h, and the most states that a product was allowed to have.
    """
    one, allowed = merge(task, most, deadline, everywhere)
    h = goal_distances(one, np.array([min(operator.cost, DEAD) for operator in task.operators], np.int64))
    last = np.where(h < DEAD, np.minimum(h, _MOST_H), -1)[one.tables[-1]]
    return flat([*one.tables[:-1], last]), one.order, np.array([last.max(initial=0), allowed], np.int64)


def _states(option: str | None) -> int:
    """Return the limit that an option gives."""
    if option is None:
        return DEFAULT_STATES
    if not (option.isascii() and option.isdigit() and len(option) < 9 and 1 <= int(option) <= MOST_STATES):
        raise BadInputError(
            f"merge-and-shrink: the most abstract states are a number from 1 to {MOST_STATES}, not {shown(option)}; "
            "write merge-and-shrink:50000, say"
        )
    return int(option)
