"""Distances to the goal in a Cartesian abstraction: computed anew, and mended after a split.

Each state remembers one transition on a shortest way. After a split only those can become farther whose way led
through the halves: taken in the order of their distance, each looks for another way of the same length, and those
that find none are computed by Dijkstra's algorithm from their neighbours that kept theirs. Every operator costs
something here, so ways have no cycles.

Source: Seipp, von Allmen and Helmert (2020), "Incremental search for counterexample-guided Cartesian abstraction
refinement", ICAPS.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.abstraction import Flags, Integers
from pdsearch.domains.planning.cartesian_states import FAR, N_STATES, WORK, States


class Queue(NamedTuple):
    """A binary heap, and which states lost their way."""

    keys: Integers
    items: npt.NDArray[np.int32]
    lost: Flags  # (n_states,) all False between two uses
    found: npt.NDArray[np.int32]  # (n_states,)


def new_queue(states: States) -> Queue:
    """Return a queue for an abstraction with the room that it has now."""
    n = len(states.h) + len(states.operator) + 1
    n_states = len(states.h)
    return Queue(
        np.zeros(n, np.int64), np.zeros(n, np.int32), np.zeros(n_states, np.bool_), np.zeros(n_states, np.int32)
    )


@inlined
def push(keys, items, n, key, item):
    """Enter into a binary heap of ``n``."""
    i = n
    while i > 0 and keys[(i - 1) >> 1] > key:
        keys[i], items[i] = keys[(i - 1) >> 1], items[(i - 1) >> 1]
        i = (i - 1) >> 1
    keys[i], items[i] = key, item


@inlined
def drop_least(keys, items, n):
    """Remove the first of a binary heap of ``n``."""
    key, item = keys[n - 1], items[n - 1]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n - 1:
            break
        if child + 1 < n - 1 and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[i], items[i] = keys[child], items[child]
        i = child
    keys[i], items[i] = key, item


@kernel
def find_distances(task, states, queue):
    """Compute all distances anew."""
    n = 0
    for state in range(states.counts[N_STATES]):
        states.way[state] = -1
        states.h[state] = 0 if states.goal[state] else FAR
        queue.lost[state] = not states.goal[state]
        if states.goal[state]:
            push(queue.keys, queue.items, n, 0, state)
            n += 1
    _spread(task, states, queue, n)
    for state in range(states.counts[N_STATES]):
        queue.lost[state] = False


@inlined
def _spread(task, states, queue, n):
    """Take ``n`` entries, and those that follow, from the queue: Dijkstra over the states that are lost."""
    while n > 0:
        key, state = queue.keys[0], np.int64(queue.items[0])
        drop_least(queue.keys, queue.items, n)
        n -= 1
        if key != states.h[state]:
            continue
        queue.lost[state] = False
        move = np.int64(states.into[state])
        while move >= 0:
            states.counts[WORK] += 1
            u, h = np.int64(states.source[move]), key + task.cost[states.operator[move]]
            if queue.lost[u] and h < states.h[u]:
                states.h[u], states.way[u] = h, move
                push(queue.keys, queue.items, n, h, u)
                n += 1
            move = np.int64(states.next_into[move])


@kernel
def mend_distances(task, states, queue, v, other):
    """Mend the distances after ``v``, no goal, was split in ``v`` and ``other``."""
    if states.h[v] >= FAR:
        return
    push(queue.keys, queue.items, 0, states.h[v], v)
    push(queue.keys, queue.items, 1, states.h[v], other)
    n, n_lost = 2, 0
    while n > 0:
        state = np.int64(queue.items[0])
        drop_least(queue.keys, queue.items, n)
        n -= 1
        if _finds_way(task, states, queue.lost, state):
            continue
        queue.lost[state], queue.found[n_lost] = True, state
        n_lost += 1
        move = np.int64(states.into[state])
        while move >= 0:
            states.counts[WORK] += 1
            u = np.int64(states.source[move])
            if states.way[u] == move and not queue.lost[u]:
                push(queue.keys, queue.items, n, states.h[u], u)
                n += 1
            move = np.int64(states.next_into[move])
    for i in range(n_lost):
        state = np.int64(queue.found[i])
        states.h[state], states.way[state] = FAR, -1
        move = np.int64(states.out[state])
        while move >= 0:
            states.counts[WORK] += 1
            w = np.int64(states.target[move])
            h = states.h[w] + task.cost[states.operator[move]]
            if not queue.lost[w] and h < states.h[state]:
                states.h[state], states.way[state] = h, move
            move = np.int64(states.next_out[move])
        if states.h[state] < FAR:
            push(queue.keys, queue.items, n, states.h[state], state)
            n += 1
    _spread(task, states, queue, n)
    for i in range(n_lost):
        queue.lost[queue.found[i]] = False


@inlined
def _finds_way(task, states, lost, state):
    """Say whether a state has a way as long as its distance still, and remember it."""
    move = np.int64(states.out[state])
    found = False
    while move >= 0 and not found:
        states.counts[WORK] += 1
        w = np.int64(states.target[move])
        if not lost[w] and states.h[w] + task.cost[states.operator[move]] == states.h[state]:
            states.way[state] = move
            found = True
        move = np.int64(states.next_out[move])
    return found
