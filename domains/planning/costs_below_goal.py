"""h^max of a relaxed task up to the goal's, kept up to date while operators get cheaper.

Dijkstra's algorithm over propositions, which ends as soon as the goal is reached, at cost H. Of a proposition that
costs less than H the cost is exact; of another all that is known is that it costs H or more: what is noted is no less
than its cost, ``INFINITY`` where it was not met yet. As H only falls when operators get cheaper, what was left out is
never missed: a proposition that comes to cost less than H is reached again by the operator that makes it so.

An operator's *supporter* is its dearest precondition, and its *support* what that one is noted to cost; it is
``INFINITY`` while a precondition was never taken from the queue. It is exact, too, where it is below H.

Source: Helmert and Domshlak (2009), ICAPS, section 5 (h^max, and its repair after a cut); that it may end at the goal's
cost is our own.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.hmax import reach
from pdsearch.domains.planning.space import value_of
from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.radix import clear, is_empty, take


@inlined
def begin(tables, space, states, at):
    """Forget the state before, and reach the facts of the one at ``states[at]``."""
    task, queue, reached = tables.task, tables.queue, tables.reached
    clear(queue)
    for operator in range(len(task.cost)):
        tables.left[operator] = task.cost[operator]
    for operator in range(len(task.cost)):
        tables.status[operator] = tables.first_status[operator]
    for operator in range(len(task.cost)):
        tables.support[operator] = INFINITY
    for proposition in range(len(reached)):
        reached[proposition] = INFINITY
    for proposition in range(len(reached)):
        tables.taken[proposition] = False
    for proposition in range(len(reached)):
        tables.n_free[proposition] = tables.first_free[proposition]
    for variable in range(len(task.first) - 1):
        reach(queue, reached, task.first[variable] + value_of(space, states, at, variable), 0)
    for proposition in task.always:
        reach(queue, reached, proposition, 0)


@kernel(no_cpython_wrapper=True)
def reach_goal(tables):
    """Compute costs up to that of the goal; of these operators the supporter is the precondition taken out last."""
    task, queue, reached, status = tables.task, tables.queue, tables.reached, tables.status
    while not is_empty(queue):
        cost, proposition = take(queue)
        if cost >= reached[task.goal]:
            break
        if reached[proposition] < cost:
            continue  # entered again since, for less
        tables.taken[proposition] = True
        for i in range(task.needed_by.first[proposition], task.needed_by.first[proposition + 1]):
            operator = task.needed_by.items[i]
            status[operator] += 1
            if status[operator] == 0:
                status[operator] = proposition
                tables.support[operator] = cost
                cost_of_effects = cost + tables.left[operator]
                for j in range(task.adds.first[operator], task.adds.first[operator + 1]):
                    reach(queue, reached, task.adds.items[j], cost_of_effects)


@kernel(no_cpython_wrapper=True)
def make_cheaper(tables, n_cut, least):
    """Take ``least`` off the remaining costs of the cut's operators, and lower costs where that makes it so."""
    task, queue, reached, status, support = tables.task, tables.queue, tables.reached, tables.status, tables.support
    clear(queue)
    for i in range(n_cut):
        operator = tables.cut[i]
        tables.left[operator] -= least
        if tables.left[operator] == 0:
            for j in range(task.adds.first[operator], task.adds.first[operator + 1]):
                tables.n_free[task.adds.items[j]] += 1
        _reach_effects(tables, operator)
    while not is_empty(queue):
        cost, proposition = take(queue)
        if cost >= reached[task.goal]:
            break
        if reached[proposition] < cost:
            continue
        is_new = not tables.taken[proposition]
        tables.taken[proposition] = True
        for i in range(task.needed_by.first[proposition], task.needed_by.first[proposition + 1]):
            operator = task.needed_by.items[i]
            if is_new:
                status[operator] += 1
            if status[operator] == (0 if is_new else proposition):
                before = support[operator]
                _choose_supporter(tables, operator)
                if support[operator] < before:
                    _reach_effects(tables, operator)


@inlined
def _reach_effects(tables, operator):
    task = tables.task
    cost = tables.support[operator] + tables.left[operator]
    if cost < tables.reached[task.goal]:
        for i in range(task.adds.first[operator], task.adds.first[operator + 1]):
            reach(tables.queue, tables.reached, task.adds.items[i], cost)


@inlined
def _choose_supporter(tables, operator):
    task = tables.task
    first = task.needs.first[operator]
    best = task.needs.items[first]
    for i in range(first + np.uint32(1), task.needs.first[operator + 1]):
        if tables.reached[task.needs.items[i]] > tables.reached[best]:
            best = task.needs.items[i]
    tables.status[operator] = best
    tables.support[operator] = tables.reached[best]
