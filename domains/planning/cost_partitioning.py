"""Saturated cost partitioning: abstractions share the costs of the operators one after the other, in some order.

Each abstraction takes of what is left of an operator's cost no more than its distances need, so that the distances
of all of them may be added: the *saturated* cost of an operator is the most by which the distance falls along any of
its transitions; where it rises along all, costs are given back. An order is gone through twice, as "perim*" does:
at first, distances beyond that of a sampled state count as no larger than that one's.

Source: Seipp, Keller and Helmert (2020), "Saturated cost partitioning for optimal classical planning", JAIR 67,
section 3; Seipp and Helmert (2019), "Subset-saturated cost partitioning for optimal classical planning", ICAPS.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.abstraction import Abstraction, Integers

Numbers = npt.NDArray[np.int32]

DEAD = 2**40  # the distance of a state from which the goal cannot be reached
_NO_DROP = -DEAD
_STATE_BITS = 20  # of an entry of the heap; see MAX_STATES


class Abstractions(NamedTuple):
    """All abstractions one after the other: their states, transitions and groups are numbered through."""

    state_first: Integers  # (n_abstractions + 1,)
    group_first: Integers  # (n_abstractions + 1,)
    goal: npt.NDArray[np.bool_]  # (n_states,)
    incoming: Integers  # (n_states + 1,) where the transitions into each state start
    source: Numbers  # (n_transitions,)
    group: Numbers  # (n_transitions,)
    member_first: Integers  # (n_groups + 1,)
    member: Numbers  # operators of each group


class Scratch(NamedTuple):
    """What the kernels write on."""

    h: Integers  # (n_states,)
    heap: Integers  # entries of the largest abstraction
    group_cost: Integers  # (n_groups,)
    group_drop: Integers  # (n_groups,)
    drop: Integers  # (n_operators,) _NO_DROP between two uses


def abstractions(some: Sequence[Abstraction]) -> Abstractions:
    """Join abstractions."""
    states = np.cumsum([0] + [len(one.live) for one in some])
    groups = np.cumsum([0] + [int(one.group_of.max(initial=-1)) + 1 for one in some])
    target = _joined([one.target + first for one, first in zip(some, states, strict=False)])
    group_of = _joined([one.group_of + first for one, first in zip(some, groups, strict=False)])
    return Abstractions(
        states,
        groups,
        np.concatenate([np.zeros(0, np.bool_), *(one.goal for one in some)]),
        np.searchsorted(target, np.arange(states[-1] + 1)),
        _joined([one.source + first for one, first in zip(some, states, strict=False)]).astype(np.int32),
        _joined([one.group + first for one, first in zip(some, groups, strict=False)]).astype(np.int32),
        np.searchsorted(group_of, np.arange(groups[-1] + 1)),
        _joined([one.operator_of for one in some]).astype(np.int32),
    )


def _joined(arrays: list[Integers]) -> Integers:
    return np.concatenate([np.zeros(0, np.int64), *arrays])


def new_scratch(joined: Abstractions, n_operators: int) -> Scratch:
    """Return what the kernels need to write on for some abstractions."""
    at = joined.incoming[joined.state_first]
    most = int((np.diff(at) + np.diff(joined.state_first)).max(initial=0)) + 1
    n_groups = len(joined.member_first) - 1
    return Scratch(
        np.zeros(len(joined.goal), np.int64),
        np.zeros(most, np.int64),
        np.zeros(n_groups, np.int64),
        np.zeros(n_groups, np.int64),
        np.full(n_operators, _NO_DROP),
    )


@inlined
def _push(heap, n, entry):
    """Enter into a binary heap of ``n``."""
    i = n
    while i > 0 and heap[(i - 1) >> 1] > entry:
        heap[i] = heap[(i - 1) >> 1]
        i = (i - 1) >> 1
    heap[i] = entry


@inlined
def _pop(heap, n):
    """Take the least of a binary heap of ``n``."""
    least, last = heap[0], heap[n - 1]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n - 1:
            break
        if child + 1 < n - 1 and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= last:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = last
    return least


@inlined
def _find_distances(joined, p, costs, scratch):
    """Write the distances to the goal in abstraction ``p`` under some costs of the operators: Dijkstra, backwards."""
    h, heap = scratch.h, scratch.heap
    for group in range(joined.group_first[p], joined.group_first[p + 1]):
        least = np.int64(DEAD)
        for i in range(joined.member_first[group], joined.member_first[group + 1]):
            least = min(least, costs[joined.member[i]])
        scratch.group_cost[group] = least
    first = joined.state_first[p]
    n = 0
    for state in range(first, joined.state_first[p + 1]):
        h[state] = DEAD
        if joined.goal[state]:
            h[state] = 0
            _push(heap, n, np.int64(state - first))
            n += 1
    while n > 0:
        entry = _pop(heap, n)
        n -= 1
        distance, state = entry >> _STATE_BITS, first + (entry & ((1 << _STATE_BITS) - 1))
        if distance != h[state]:
            continue
        for i in range(joined.incoming[state], joined.incoming[state + 1]):
            source = np.int64(joined.source[i])
            further = min(distance + scratch.group_cost[joined.group[i]], DEAD - 1)
            if further < h[source]:
                h[source] = further
                _push(heap, n, (further << _STATE_BITS) | (source - first))
                n += 1


@inlined
def _find_drops(joined, p, cap, scratch):
    """Write, for each operator of abstraction ``p``, the most by which a distance, at most ``cap``, falls."""
    h, drop = scratch.h, scratch.drop
    start, end = joined.group_first[p], joined.group_first[p + 1]
    for group in range(start, end):
        scratch.group_drop[group] = _NO_DROP
    for state in range(joined.state_first[p], joined.state_first[p + 1]):
        if h[state] < DEAD:
            here = min(h[state], cap)
            for i in range(joined.incoming[state], joined.incoming[state + 1]):
                group = joined.group[i]
                before = min(h[joined.source[i]], cap)
                scratch.group_drop[group] = max(scratch.group_drop[group], before - here)
    for group in range(start, end):
        for i in range(joined.member_first[group], joined.member_first[group + 1]):
            drop[joined.member[i]] = max(drop[joined.member[i]], scratch.group_drop[group])


@inlined
def _take_drop(scratch, operator):
    """Return the saturated cost of an operator and forget it: 0 the second time, or where it has no transition."""
    drop = scratch.drop[operator]
    scratch.drop[operator] = _NO_DROP
    return drop if drop > _NO_DROP else 0


@inlined
def _members(joined, p):
    """Return where the operators of abstraction ``p`` begin and end."""
    return joined.member_first[joined.group_first[p]], joined.member_first[joined.group_first[p + 1]]


@kernel
def partition(joined, order, sample, costs, table, scratch):
    """Add to ``table`` the distances of the abstractions of ``order``, each by what the ones before it left.

    ``sample`` is the state of each abstraction, numbered through, for which the order is meant. ``costs`` holds
    in the end what is left: never less than 0. The distance of dead states is left as it is.
    """
    for full in range(2):
        for p in order:
            _find_distances(joined, p, costs, scratch)
            cap = np.int64(DEAD - 1) if full else scratch.h[sample[p]]
            for state in range(joined.state_first[p], joined.state_first[p + 1]):
                if scratch.h[state] < DEAD:
                    table[state] += min(scratch.h[state], cap)
            _find_drops(joined, p, cap, scratch)
            start, end = _members(joined, p)
            for i in range(start, end):
                costs[joined.member[i]] -= _take_drop(scratch, joined.member[i])


@kernel
def distances(joined, costs, h, wanted, scratch):
    """Write the distances of all abstractions at full cost to ``h``; add what they want of each operator to ``wanted``.

    Dead states have distance ``DEAD``.
    """
    for p in range(len(joined.state_first) - 1):
        _find_distances(joined, p, costs, scratch)
        for state in range(joined.state_first[p], joined.state_first[p + 1]):
            h[state] = scratch.h[state]
        _find_drops(joined, p, np.int64(DEAD - 1), scratch)
        start, end = _members(joined, p)
        for i in range(start, end):
            wanted[joined.member[i]] += max(0, _take_drop(scratch, joined.member[i]))


@kernel
def stolen_costs(joined, h, lacking, stolen, scratch):
    """Write what each abstraction, with its distances ``h``, takes of the costs that all together want too much of."""
    for p in range(len(joined.state_first) - 1):
        for state in range(joined.state_first[p], joined.state_first[p + 1]):
            scratch.h[state] = h[state]
        _find_drops(joined, p, np.int64(DEAD - 1), scratch)
        start, end = _members(joined, p)
        stolen[p] = 0
        for i in range(start, end):
            operator = joined.member[i]
            stolen[p] += min(max(0, _take_drop(scratch, operator)), lacking[operator])


@kernel
def take_costs(joined, costs, taken, scratch):
    """Let the first abstraction take its saturated costs; say whether any of its finite distances is above 0.

    ``taken`` gets what it takes of each operator; 0 where that is not one of its own.
    """
    _find_distances(joined, 0, costs, scratch)
    _find_drops(joined, 0, np.int64(DEAD - 1), scratch)
    start, end = _members(joined, 0)
    for i in range(start, end):
        operator = joined.member[i]
        drop = _take_drop(scratch, operator)
        taken[operator] += drop
        costs[operator] -= drop
    found = False
    for state in range(joined.state_first[1]):
        found = found or 0 < scratch.h[state] < DEAD
    return found


def goal_distances(one: Abstraction, costs: Integers) -> Integers:
    """Return the distance of each state from the nearest goal: int64[n_states], ``DEAD`` where there is no way.

    Parameters
    ----------
    one : Abstraction
        Any.
    costs : int64[n_operators]
        From 0 on.
    """
    joined = abstractions([one])
    scratch = new_scratch(joined, len(costs))
    take_costs(joined, costs.copy(), np.zeros(len(costs), np.int64), scratch)
    return scratch.h


def saturated_costs(one: Abstraction, costs: Integers) -> Integers:
    """Return the least costs that keep the distances at some costs: int64[n_operators].

    The most by which the distance falls along any transition of an operator, below 0 where it rises along all;
    0 for operators without any. See :func:`goal_distances` for what is given.
    """
    joined, taken = abstractions([one]), np.zeros(len(costs), np.int64)
    take_costs(joined, costs.copy(), taken, new_scratch(joined, len(costs)))
    return taken
