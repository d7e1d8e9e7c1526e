"""LM-cut: the sum of the costs of disjunctive action landmarks, found as cuts of the justification graph.

Each round: the *supporter* of an operator is its most expensive precondition by h^max; the *goal zone* are the facts
from which the goal follows by operators of remaining cost 0; the operators that enter the zone from what is
reached before it are a cut, one of which every plan must use. Their least remaining cost is added to h and taken
off all of them, until the goal costs nothing.

After a cut, h^max is repaired from the cut's operators on, not computed anew. Ties are settled as Fast Downward
does: facts of equal h^max are taken last in, first out; a supporter changes only to a dearer one; and while the
zone is marked, a precondition that ends the zone or is in it already is preferred, which keeps zones small and
cuts apart (its options border_detection and goal_zone_detection).

A conditional effect is a relaxed operator of its own, but all parts of one operator share its cost: what a cut takes
off one of them is taken off all. A plan makes some effect of the cut happen, so it pays for the operator that the
effect is a part of; no operator pays more than its cost for all cuts together, so h is admissible. It may then be
less than h^max, for an operator that is needed twice, for two of its effects, pays once; h is the larger of the two.
Axioms are relaxed operators of cost 0, which are in no cut.

Source: Helmert and Domshlak (2009), "Landmarks, critical paths and abstractions: what's the difference
anyway?", ICAPS, section 5; Fast Downward's documentation of ``lmcut()``. For shared costs, and what they lose: Keyder,
Hoffmann and Haslum (2012), "Semi-relaxed plan heuristics", ICAPS; Röger, Pommerening and Helmert (2014), "Optimal
planning in the presence of conditional effects: extending LM-cut with context splitting", ECAI.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains import Domain, State
from pdsearch.domains.planning.hmax import reach, reach_state
from pdsearch.domains.planning.relaxed import Relaxed, most_h, relaxed
from pdsearch.domains.planning.space import value_of
from pdsearch.domains.planning.task import Planning
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import INFINITY, evaluates
from pdsearch.kernels.radix import RadixQueue, clear, is_empty, new_radix_queue, take
from pdsearch.kernels.scratch import scratch

OUTSIDE, BEFORE, GOAL_ZONE = range(3)
_NOBODY = 2**32 - 1


@scratch("queue", "reached", "zone", "missing", "left", "supporter", "support", "stack", "progress", "cut", "in_cut")
class LmcutTables(NamedTuple):
    """The relaxed task, and scratch for one state."""

    task: Relaxed
    queue: RadixQueue
    reached: npt.NDArray[np.int64]  # (n_propositions,) h^max of each
    zone: npt.NDArray[np.int8]  # (n_propositions,) OUTSIDE, BEFORE or GOAL_ZONE
    missing: npt.NDArray[np.int32]  # (n_operators,) preconditions not reached yet
    left: npt.NDArray[np.int64]  # (n_operators,) remaining cost
    supporter: npt.NDArray[np.uint32]  # (n_operators,) _NOBODY where a precondition is out of reach
    support: npt.NDArray[np.int64]  # (n_operators,) h^max of the supporter
    stack: npt.NDArray[np.uint32]  # (n_propositions,)
    progress: npt.NDArray[np.uint32]  # (n_propositions,) achiever of each to look at next
    cut: npt.NDArray[np.uint32]  # (n_operators,)
    in_cut: npt.NDArray[np.bool_]  # (n_operators,) false between two cuts


@kernel
def lmcut(tables, space, states, at):
    """Return h^LM-cut of the state at ``states[at]``, INFINITY if a goal cannot be reached even without deletes."""
    task = tables.task
    for operator in range(len(task.cost)):
        tables.left[operator] = task.cost[operator]
    reach_state(task, tables.queue, tables.reached, tables.missing, space, states, at)
    _reach_all(tables)
    hmax = tables.reached[task.goal]
    if hmax >= INFINITY:
        return np.int64(INFINITY)
    has_parts = len(task.first_part) <= len(task.cost)
    total = np.int64(0)
    while tables.reached[task.goal] > 0:
        tables.zone[:] = OUTSIDE
        _mark_goal_zone(tables)
        n_cut = _find_cut(tables, space, states, at)
        if has_parts:
            n_cut = _with_all_parts(tables, n_cut)
        least = np.int64(INFINITY)
        for i in range(n_cut):
            least = min(least, tables.left[tables.cut[i]])
        total += least
        for i in range(n_cut):
            tables.left[tables.cut[i]] -= least
        _repair(tables, n_cut)
    return max(total, hmax)


@kernel(no_cpython_wrapper=True)
def _reach_all(tables):
    """Compute h^max of all propositions, and each operator's supporter: the precondition reached last."""
    task, queue = tables.task, tables.queue
    tables.supporter[:] = _NOBODY
    while not is_empty(queue):
        cost, proposition = take(queue)
        if tables.reached[proposition] < cost:
            continue
        for i in range(task.needed_by.first[proposition], task.needed_by.first[proposition + 1]):
            operator = task.needed_by.items[i]
            tables.missing[operator] -= 1
            if tables.missing[operator] == 0:
                tables.supporter[operator] = proposition
                tables.support[operator] = cost
                _reach_effects(tables, operator)


@inlined
def _reach_effects(tables, operator):
    task = tables.task
    cost = tables.support[operator] + tables.left[operator]
    for i in range(task.adds.first[operator], task.adds.first[operator + 1]):
        reach(tables.queue, tables.reached, task.adds.items[i], cost)


@kernel(no_cpython_wrapper=True)
def _mark_goal_zone(tables):
    """Go back from the goal, depth first, over operators of remaining cost 0 to their supporters."""
    task, stack, zone, progress = tables.task, tables.stack, tables.zone, tables.progress
    zone[task.goal] = GOAL_ZONE
    stack[0] = task.goal
    progress[task.goal] = task.added_by.first[task.goal]
    n = 1
    while n > 0:
        proposition = stack[n - 1]
        i = progress[proposition]
        progress[proposition] = i + 1
        if i == task.added_by.first[proposition + 1]:
            n -= 1
            continue
        operator = task.added_by.items[i]
        if tables.left[operator] > 0 or tables.supporter[operator] == _NOBODY:
            continue
        _break_tie(tables, operator)
        supporter = tables.supporter[operator]
        if zone[supporter] != GOAL_ZONE:
            zone[supporter] = GOAL_ZONE
            progress[supporter] = task.added_by.first[supporter]
            stack[n] = supporter
            n += 1


@inlined
def _break_tie(tables, operator):
    """Among the most expensive preconditions, support the first that would end the zone, or is in it already."""
    task = tables.task
    for i in range(task.needs.first[operator], task.needs.first[operator + 1]):
        needed = task.needs.items[i]
        if tables.reached[needed] == tables.support[operator] and (
            tables.zone[needed] == GOAL_ZONE or _is_border(tables, needed)
        ):
            tables.supporter[operator] = needed
            break


@inlined
def _is_border(tables, proposition):
    """Say whether no operator of remaining cost 0 adds a proposition."""
    task = tables.task
    border = True
    for i in range(task.added_by.first[proposition], task.added_by.first[proposition + 1]):
        if tables.left[task.added_by.items[i]] == 0:
            border = False
            break
    return border


@kernel(no_cpython_wrapper=True)
def _find_cut(tables, space, states, at):
    """Go forward from the state over supporters; collect the operators that enter the goal zone."""
    task, stack, zone = tables.task, tables.stack, tables.zone
    n = n_cut = 0
    for proposition in task.always:
        zone[proposition] = BEFORE
        stack[n] = proposition
        n += 1
    for variable in range(len(task.first) - 1):
        proposition = task.first[variable] + value_of(space, states, at, variable)
        zone[proposition] = BEFORE
        stack[n] = proposition
        n += 1
    while n > 0:
        n -= 1
        proposition = stack[n]
        for i in range(task.needed_by.first[proposition], task.needed_by.first[proposition + 1]):
            operator = task.needed_by.items[i]
            if tables.supporter[operator] != proposition:
                continue
            if _enters_goal_zone(tables, operator):
                tables.cut[n_cut] = operator
                n_cut += 1
                continue
            for j in range(task.adds.first[operator], task.adds.first[operator + 1]):
                added = task.adds.items[j]
                if zone[added] != BEFORE:
                    zone[added] = BEFORE
                    stack[n] = added
                    n += 1
    return n_cut


@kernel(no_cpython_wrapper=True)
def _with_all_parts(tables, n_cut):
    """Add to a cut the other parts of its operators, as far as they can be reached; return how many it has then."""
    task, cut, in_cut = tables.task, tables.cut, tables.in_cut
    for i in range(n_cut):
        in_cut[cut[i]] = True
    n = n_cut
    for i in range(n_cut):
        origin = task.origin[cut[i]]
        for part in range(task.first_part[origin], task.first_part[origin + 1]):
            if not in_cut[part] and tables.supporter[part] != _NOBODY:
                in_cut[part] = True
                cut[n] = part
                n += 1
    for i in range(n):
        in_cut[cut[i]] = False
    return n


@inlined
def _enters_goal_zone(tables, operator):
    task = tables.task
    for i in range(task.adds.first[operator], task.adds.first[operator + 1]):
        if tables.zone[task.adds.items[i]] == GOAL_ZONE:
            return True
    return False


@kernel(no_cpython_wrapper=True)
def _repair(tables, n_cut):
    """Lower h^max where the cut's operators, now cheaper, make it so."""
    task, queue = tables.task, tables.queue
    clear(queue)
    for i in range(n_cut):
        _reach_effects(tables, tables.cut[i])
    while not is_empty(queue):
        cost, proposition = take(queue)
        if tables.reached[proposition] < cost:
            continue
        for i in range(task.needed_by.first[proposition], task.needed_by.first[proposition + 1]):
            operator = task.needed_by.items[i]
            if tables.supporter[operator] == proposition and tables.support[operator] > cost:
                before = tables.support[operator]
                _choose_supporter(tables, operator)
                if tables.support[operator] != before:
                    _reach_effects(tables, operator)


@inlined
def _choose_supporter(tables, operator):
    """Make a dearer precondition the supporter, if there is one."""
    task, best = tables.task, tables.supporter[operator]
    for i in range(task.needs.first[operator], task.needs.first[operator + 1]):
        if tables.reached[task.needs.items[i]] > tables.reached[best]:
            best = task.needs.items[i]
    tables.supporter[operator] = best
    tables.support[operator] = tables.reached[best]


@evaluates(LmcutTables)
def _evaluate(heuristic, space, states, at):
    return lmcut(heuristic, space, states, at)


@HEURISTICS.add("lmcut")
class Lmcut(Heuristic):
    """Cuts of the justification graph, each counted at its least cost."""

    name = "lmcut"
    source = "Helmert and Domshlak (2009), ICAPS, section 5"
    admissible = True
    consistent = False
    is_lazy = True
    batch = 1  # an evaluation takes a hundred times as long as a cache miss

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Planning)
        self.planning = domain
        self.tables = _tables(relaxed(domain.task))
        self.max_h = most_h(domain.task)
        self.max_rise = domain.max_cost + self.max_h

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every planning task."""
        return isinstance(domain, Planning)

    def value(self, state: State) -> int:
        """Run the compiled code."""
        return int(lmcut(self.tables, self.planning.space, np.array(state, np.uint64), 0))


def _tables(task: Relaxed) -> LmcutTables:
    n_propositions, n_operators = task.goal + 1, len(task.cost)
    # between two cuts an operator reaches its effects at most once for each precondition, besides those of the cut
    entries = int((np.diff(task.needs.first) + 1) @ np.diff(task.adds.first)) + n_propositions
    return LmcutTables(
        task,
        new_radix_queue(entries),
        np.zeros(n_propositions, np.int64),
        np.zeros(n_propositions, np.int8),
        np.zeros(n_operators, np.int32),
        np.zeros(n_operators, np.int64),
        np.zeros(n_operators, np.uint32),
        np.zeros(n_operators, np.int64),
        np.zeros(n_propositions, np.uint32),
        np.zeros(n_propositions, np.uint32),
        np.zeros(n_operators, np.uint32),
        np.zeros(n_operators, np.bool_),
    )
