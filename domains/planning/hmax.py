"""h^max: a set of facts costs as much as the most expensive of them, and nothing that was true becomes false.

Dijkstra's algorithm over facts: an operator is reached with the last of its preconditions.

Source: Bonet and Geffner (2001), "Planning as heuristic search", AIJ 129, section 3.2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains import Domain, State
from pdsearch.domains.planning.relaxed import Relaxed, most_h, relaxed
from pdsearch.domains.planning.relevant import relevant
from pdsearch.domains.planning.space import value_of
from pdsearch.domains.planning.task import Planning
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import INFINITY, evaluates
from pdsearch.kernels.radix import RadixQueue, clear, is_empty, new_radix_queue, put, take
from pdsearch.kernels.scratch import scratch


@scratch("queue", "reached", "missing")
class HmaxTables(NamedTuple):
    """The relaxed task, and scratch for one state."""

    task: Relaxed
    queue: RadixQueue
    reached: npt.NDArray[np.int64]  # (n_propositions,) cost of each, INFINITY until reached
    missing: npt.NDArray[np.int32]  # (n_operators,) preconditions not reached yet


@inlined
def reach(queue, reached, proposition, cost):
    """Note that a proposition can be had for ``cost``, if that is news."""
    if cost < reached[proposition]:
        reached[proposition] = cost
        put(queue, cost, proposition)


@inlined
def reach_state(task, queue, reached, missing, space, states, at):
    """Forget the state before, and reach the facts of the one at ``states[at]``."""
    clear(queue)
    reached[:] = INFINITY
    for operator in range(len(missing)):
        missing[operator] = task.needs.first[operator + 1] - task.needs.first[operator]
    for variable in range(len(task.first) - 1):
        reach(queue, reached, task.first[variable] + value_of(space, states, at, variable), 0)
    for proposition in task.always:
        reach(queue, reached, proposition, 0)


@kernel
def hmax(tables, space, states, at):
    """Return h^max of the state at ``states[at]``, INFINITY if a goal cannot be reached even so."""
    task, queue, reached, missing = tables
    reach_state(task, queue, reached, missing, space, states, at)
    while not is_empty(queue):
        cost, proposition = take(queue)
        if proposition == task.goal:
            return cost
        if reached[proposition] < cost:
            continue  # entered again since, for less
        for i in range(task.needed_by.first[proposition], task.needed_by.first[proposition + 1]):
            operator = task.needed_by.items[i]
            missing[operator] -= 1
            if missing[operator] == 0:
                for j in range(task.adds.first[operator], task.adds.first[operator + 1]):
                    reach(queue, reached, task.adds.items[j], cost + task.cost[operator])
    return INFINITY


@evaluates(HmaxTables)
def _evaluate(heuristic, space, states, at):
    return hmax(heuristic, space, states, at)


@HEURISTICS.add("hmax")
class Hmax(Heuristic):
    """The cost of the most expensive goal when deletes are ignored; axioms and conditional effects are taken in."""

    name = "hmax"
    source = "Bonet and Geffner (2001), AIJ 129, section 3.2"
    admissible = True
    consistent = True
    is_lazy = True
    batch = 4  # an evaluation takes longer than the cache misses that many would hide

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Planning)
        self.planning = domain
        self.tables = hmax_tables(relevant(relaxed(domain.task)))
        self.max_h = most_h(domain.task)
        self.max_rise = domain.max_cost + self.max_h

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every planning task."""
        return isinstance(domain, Planning)

    def value(self, state: State) -> int:
        """Run the compiled code."""
        return int(hmax(self.tables, self.planning.space, np.array(state, np.uint64), 0))


def hmax_tables(task: Relaxed) -> HmaxTables:
    """Return a relaxed task with scratch; a fact may be entered each time an operator adds it."""
    n_propositions, n_operators = task.goal + 1, len(task.cost)
    capacity = len(task.adds.items) + n_propositions
    return HmaxTables(
        task, new_radix_queue(capacity), np.zeros(n_propositions, np.int64), np.zeros(n_operators, np.int32)
    )
