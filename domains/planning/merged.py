"""The abstraction that merge-and-shrink ends with, as cost partitioning takes it, and how its states are found.

A state is looked up in one table per variable: from the abstract state of the variables before and the value of this
one to the next abstract state.

Source: Sievers, Pommerening, Keller and Helmert (2020), "Cost-partitioned merge-and-shrink heuristics for optimal
classical planning", IJCAI.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pdsearch.domains.planning.abstraction import Flags, Integers
from pdsearch.domains.planning.transition_systems import HALF, LOWER, TransitionSystem


class Merged(NamedTuple):
    """One abstraction; see :class:`pdsearch.domains.planning.abstraction.Abstraction`.

    Its last state stands for all states that no goal can be reached from and, unless all are wanted, for those that the
    initial one does not reach; it has no transitions.
    """

    live: Flags
    goal: Flags
    source: Integers
    target: Integers
    group: Integers
    group_of: Integers
    operator_of: Integers
    order: Integers  # the variables in the order of their tables
    tables: tuple[Integers, ...]  # each (n_states_before, n_values): the state after; -1 for the last

    def state_of(self, values: Sequence[int]) -> int:
        """Return the abstract state of a state that is given by the values of all variables."""
        state = 0
        for var, table in zip(self.order.tolist(), self.tables, strict=False):
            state = int(table[state, values[var]])
            if state < 0:
                return len(self.live) - 1
        return state


def merged(system: TransitionSystem, of_operator: Integers, order: Integers, tables: Sequence[Integers]) -> Merged:
    """Return an abstraction whose states are all alive.

    Parameters
    ----------
    system : TransitionSystem
        Its transitions. Of those that change nothing one is kept of each group that changes something elsewhere.
    of_operator : int64[n_operators]
        The label that each operator is.
    order : int64[n_variables]
        The variables.
    tables : sequence of int64[n_states_before, n_values]
        One per variable.
    """
    group = np.repeat(np.arange(len(system.sizes)), system.sizes)
    is_loop = (system.transitions >> HALF) == (system.transitions & LOWER)
    moves = np.zeros(len(system.sizes), np.bool_)
    moves[group[~is_loop]] = True
    loops = np.flatnonzero(is_loop)
    loops = loops[np.unique(group[loops], return_index=True)[1]]
    is_loop[loops] = False  # one of a group says as much as all
    kept = np.flatnonzero(~is_loop & moves[group])
    kept = kept[np.argsort(system.transitions[kept] & LOWER, kind="stable")]
    number = np.cumsum(moves) - 1
    operators = np.flatnonzero(moves[system.group[of_operator]])
    group_of = number[system.group[of_operator[operators]]]
    by_group = np.argsort(group_of, kind="stable")
    return Merged(
        np.ones(system.n_states + 1, np.bool_),
        np.append(system.goal, False),
        system.transitions[kept] >> HALF,
        system.transitions[kept] & LOWER,
        number[group[kept]],
        group_of[by_group],
        operators[by_group],
        order,
        tuple(tables),
    )
