"""How far abstract states are from the initial one and from the goals: Dijkstra, forwards and backwards.

Source: Dijkstra (1959), Numerische Mathematik 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains.planning.transition_systems import HALF, LOWER, Integers, TransitionSystem
from pdsearch.kernels.heap import new_heap_open
from pdsearch.kernels.protocol import INFINITY, keep_cursor, pop_batch, push, take_cursor
from pdsearch.limits import NO_DEADLINE, Deadline

_MOST_PAIRS = 2**26  # of states, for which a byte each is at hand
_AT_ONCE = 2**18  # entries of the queue, or transitions, between two looks at the clock: some tenths of a second


class Distances(NamedTuple):
    """Costs of cheapest paths, INFINITY where there are none."""

    g: Integers  # (n_states,) from the initial state
    h: Integers  # (n_states,) to a goal

    @property
    def alive(self) -> npt.NDArray[np.bool_]:
        """Return which states lie on a path from the initial state to a goal."""
        return (self.g < INFINITY) & (self.h < INFINITY)

    @property
    def n_alive(self) -> int:
        """Return how many these are."""
        return int(np.count_nonzero(self.alive))


def distances(
    system: TransitionSystem, costs: Integers, deadline: Deadline = NO_DEADLINE, everywhere: bool = False
) -> Distances:
    """Return the distances in a system whose labels have these costs: int64[n_labels].

    With ``everywhere`` states that the initial one does not reach count as very far from it.

    Raises
    ------
    TimeLimitError
        If the deadline passes.
    """
    source, target, cost = _cheapest(system, costs, deadline)
    g = _from(np.flatnonzero(system.initial), source, target, cost, system.n_states, deadline)
    h = _from(np.flatnonzero(system.goal), target, source, cost, system.n_states, deadline)
    return Distances(np.minimum(g, INFINITY - 1) if everywhere else g, h)


def _cheapest(system: TransitionSystem, costs: Integers, deadline: Deadline) -> tuple[Integers, Integers, Integers]:
    """Return source, target and cost of the transitions that change the state.

    Of those between the same two states only the cheapest, unless there are too many states to tell.
    """
    group_cost = np.full(len(system.sizes), INFINITY, np.int64)
    np.minimum.at(group_cost, system.group, costs)
    n_pairs = system.n_states**2
    seen = np.zeros(n_pairs if n_pairs <= _MOST_PAIRS else 0, bool)
    edges = np.empty((2, min(len(system.transitions), len(seen) or INFINITY)), np.int64)
    order, n = np.argsort(group_cost, kind="stable"), 0
    rounds = np.cumsum(system.sizes[order]) // _AT_ONCE
    for some in np.split(order, np.flatnonzero(np.diff(rounds)) + 1):
        deadline.check("merge-and-shrink")
        n = _collect(system, some, group_cost, seen, edges[0], edges[1], n)
    transitions, cost = edges[:, :n]
    return transitions >> HALF, transitions & LOWER, cost


@kernel
def _collect(system, order, group_cost, seen, transitions, cost, n):
    """Write the transitions of the groups in ``order``, the cheapest first, after ``n`` others; return the end."""
    n_states = len(system.goal)
    for group in order:
        for i in range(system.first[group], system.first[group + 1]):
            source, target = system.transitions[i] >> HALF, system.transitions[i] & LOWER
            if source == target:
                continue
            if len(seen) > 0:
                if seen[source * n_states + target]:
                    continue
                seen[source * n_states + target] = True
            transitions[n] = system.transitions[i]
            cost[n] = group_cost[group]
            n += 1
    return n


def _from(
    starts: Integers, source: Integers, target: Integers, cost: Integers, n_states: int, deadline: Deadline
) -> Integers:
    """Return the distance of each state from the nearest start."""
    first, order = np.zeros(n_states + 2, np.int64), np.empty(len(source), np.int64)
    _by_source(source, first, order)
    distance = np.full(n_states, INFINITY, np.int64)
    heap = new_heap_open(len(starts) + len(source) + 1)
    target, cost, node, unused = target[order], cost[order], np.empty(1, np.int64), np.empty(1, np.int64)
    _enter(starts, distance, heap)
    while _dijkstra(first, target, cost, distance, heap, node, unused, _AT_ONCE):
        deadline.check("merge-and-shrink")
    return distance


@kernel
def _by_source(source, first, order):
    """Order edges by their source: those of state s go from ``first[s]`` to ``first[s + 1]``."""
    for state in source:
        first[state + 2] += 1
    for state in range(2, len(first)):
        first[state] += first[state - 1]
    for i in range(len(source)):
        order[first[source[i] + 1]] = i
        first[source[i] + 1] += 1


@kernel
def _enter(starts, distance, heap):
    """Enter the states to begin with."""
    cursor = take_cursor(heap)
    for start in starts:
        distance[start] = 0
        cursor = push(heap, cursor, 0, 0, start)
    keep_cursor(heap, cursor)


@kernel
def _dijkstra(first, target, cost, distance, heap, node, unused, most):
    """Take up to ``most`` entries from the queue; say whether any are left."""
    cursor = take_cursor(heap)
    count = 1
    while count > 0 and most > 0:
        count, d, cursor = pop_batch(heap, cursor, INFINITY, len(node), node, unused)
        if count == 0:
            break
        most -= 1
        state = node[0]
        if d == distance[state]:
            for i in range(first[state], first[state + 1]):
                further = d + cost[i]
                if further < distance[target[i]]:
                    distance[target[i]] = further
                    cursor = push(heap, cursor, further, 0, target[i])
    keep_cursor(heap, cursor)
    return count > 0
