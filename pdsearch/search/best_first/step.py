"""The hot loop of every best-first search here: pop, expand, keep or send, insert.

A batch of nodes of one f is popped and expanded as a whole, so that the memory can be
asked for all that the batch will touch before any of it is needed: one A* step is mostly
waiting for memory, and this halves the time. A batch never mixes f values, so the order of
expansions is A*'s up to ties and optimality is untouched.

The two drivers here call the passes of :mod:`pdsearch.kernels.passes` by address, one after the other, and know
nothing of domain, heuristic, distribution, open list and node layout: they are compiled once for all. A call that is
not inlined costs nothing where it is made once for a batch, and two to three times where it is made for a node.

Scalars that change with every node live in local variables of the passes. Kept in an array they would be
loaded and stored again after each write to any other array (arrays may overlap, for all
the compiler knows), which costs a factor of two to three.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import kernel
from pdsearch.kernels.frame import (
    AT,
    BATCH_SIZE,
    BUDGET_LEFT,
    ENTERS,
    F_ALLOWED,
    F_END,
    F_LIMIT,
    FAULT,
    INCUMBENT,
    IS_FULL,
    LAYERS,
    MAX_NODES,
    MOST,
    MOST_MOVES,
    N_RANKS,
    N_RECORDS,
    NODES_LEFT,
    OUTBOX,
    POPPED,
    RISE,
    ROOM,
    SHIFT,
    TABLE,
    F,
    Kind,
    call,
    part,
)
from pdsearch.kernels.passes import (
    DUPLICATES,
    EVALUATED,
    EXPANDED,
    GENERATED,
    GOAL_COST,
    GOAL_NODE,
    N_STATISTICS,
    OUTBOX_KIND,
    REOPENED,
    TABLE_KIND,
    Outbox,
)
from pdsearch.kernels.protocol import INFINITY, keep_cursor, pop_batch, push, take_cursor

__all__ = [
    "DUPLICATES",
    "EVALUATED",
    "EXPANDED",
    "GENERATED",
    "GOAL_COST",
    "GOAL_NODE",
    "N_STATISTICS",
    "REOPENED",
    "Outbox",
]
N_STATISTICS = N_STATISTICS

# why a step ended
BUDGET, EMPTY, TABLE_FULL, OPEN_FULL, MESSAGE_FULL, FOUND, OUTBOX_FULL, BAD_DOMAIN = range(8)

# where the addresses of the passes are; 0: there is none
POP, LOAD, EXPAND, ESTIMATE, OWNER, KEEP, UNPACK, INSERT, EVALUATE, PUSH, SPLIT = range(11)
N_PASSES = 11

_LAYERS_KIND = Kind(np.zeros(1, np.int64))


@kernel
def step(frame, passes):
    """Expand about BUDGET_LEFT nodes of f at most F_LIMIT and below INCUMBENT; return why it ended.

    ``layers[f >> SHIFT]`` counts the expansions of each f.

    Parameters
    ----------
    frame : int64[N_SLOTS]
        See :mod:`pdsearch.kernels.frame`.
    passes : int64[N_PASSES]
        Addresses.
    """
    layers, table, outbox = (
        part(_LAYERS_KIND, frame, LAYERS),
        part(TABLE_KIND, frame, TABLE),
        part(OUTBOX_KIND, frame, OUTBOX),
    )
    left, most_moves, max_nodes = frame[BUDGET_LEFT], frame[MOST_MOVES], frame[MAX_NODES]
    f_room = frame[F_END] - 1 - frame[RISE]  # successors of larger f might have no place
    why = BUDGET
    while why == BUDGET and left > 0 and frame[NODES_LEFT] > 0:
        if table.n_nodes[0] + most_moves > max_nodes:
            why = TABLE_FULL
            break
        if frame[ROOM] < most_moves:
            why = OPEN_FULL
            break
        if frame[N_RANKS] > 1 and outbox.free[1] < most_moves:
            why = OUTBOX_FULL
            break
        incumbent = frame[INCUMBENT]
        f_allowed = frame[F_LIMIT]
        if f_allowed >= incumbent:
            f_allowed = incumbent - 1
        frame[F_ALLOWED] = f_room if f_room < f_allowed else f_allowed
        # cut short by a limit on nodes only: counts do not depend on when the clock was looked at
        frame[MOST] = min(frame[BATCH_SIZE], frame[NODES_LEFT])
        call(passes[POP], frame)
        f = frame[F]
        if frame[POPPED] == 0:
            why = OPEN_FULL if f_room < f <= f_allowed else EMPTY
            break
        call(passes[LOAD], frame)
        expanded = call(passes[EXPAND], frame)
        call(passes[ESTIMATE], frame)
        if frame[FAULT] != 0:
            why = BAD_DOMAIN
            break
        if passes[OWNER] != 0:
            call(passes[OWNER], frame)
        call(passes[KEEP], frame)
        if frame[IS_FULL] != 0:
            why = MESSAGE_FULL
        if frame[INCUMBENT] != incumbent:
            why = FOUND
        layer = f >> frame[SHIFT]
        layers[layer if layer < len(layers) else len(layers) - 1] += expanded
        left -= expanded
        frame[NODES_LEFT] -= expanded
        call(passes[INSERT], frame)
        if passes[EVALUATE] != 0:
            call(passes[EVALUATE], frame)
        call(passes[PUSH], frame)
        if frame[FAULT] != 0:
            why = BAD_DOMAIN
    return why


@kernel
def absorb(frame, passes):
    """Enter received records from AT on; those of f from INCUMBENT on are dropped.

    Evaluation may raise f by up to LAZY_RISE. Returns how many are dealt with: fewer than
    N_RECORDS when table or open list must grow first.

    Parameters
    ----------
    frame, passes : int64[N_SLOTS], int64[N_PASSES]
        As for :func:`step`.
    """
    table = part(TABLE_KIND, frame, TABLE)
    frame[IS_FULL] = 0
    while frame[AT] < frame[N_RECORDS] and frame[IS_FULL] == 0:
        most = frame[MOST_MOVES]
        if frame[MAX_NODES] - table.n_nodes[0] < most:
            most = frame[MAX_NODES] - table.n_nodes[0]
        if frame[ROOM] < most:
            most = frame[ROOM]
        if frame[ENTERS] != 0 and most <= 0:
            break
        frame[MOST] = most if frame[ENTERS] != 0 else 1
        call(passes[UNPACK], frame)
        call(passes[INSERT], frame)
        if frame[ENTERS] != 0:
            if passes[EVALUATE] != 0:
                call(passes[EVALUATE], frame)
            call(passes[PUSH], frame)
            if frame[FAULT] != 0:
                break
    return frame[AT]


@kernel
def split_index(frame, passes):
    """Spread the index of the table, doubled in place; see :func:`pdsearch.kernels.growth.split`."""
    call(passes[SPLIT], frame)


@kernel
def collect(size, outbox, destinations, out):
    """Move the records waiting for some ranks to ``out``, in the order they were made, one rank after the other.

    Parameters
    ----------
    size : int
        32-bit words of a record.
    outbox : Outbox
        Where they wait.
    destinations : int64[n]
        The ranks.
    out : uint32[n_records * size]
        Written.
    """
    end = 0
    for destination in destinations:
        end += outbox.waiting[destination]
        at = end
        slot = oldest = outbox.newest[destination]
        while slot >= 0:
            at -= 1
            for word in range(size):
                out[at * size + word] = outbox.records[slot * size + word]
            oldest, slot = slot, outbox.link[slot]
        if oldest >= 0:
            outbox.link[oldest] = outbox.free[0]
            outbox.free[0] = outbox.newest[destination]
            outbox.free[1] += outbox.waiting[destination]
        outbox.newest[destination] = -1
        outbox.waiting[destination] = 0
        outbox.least_f[destination] = INFINITY


@kernel
def give(open_list, nodes, f, h):
    """Enter nodes into an open list, which has room for them.

    Parameters
    ----------
    open_list : NamedTuple
        Written.
    nodes, f, h : int64[n]
        Their numbers, f and h.
    """
    cursor = take_cursor(open_list)
    for i in range(len(nodes)):
        cursor = push(open_list, cursor, f[i], h[i], nodes[i])
    keep_cursor(open_list, cursor)


@kernel
def take(open_list, nodes, hs):
    """Take some nodes of the least f from an open list; return how many, and their f.

    Parameters
    ----------
    open_list : NamedTuple
        Not empty.
    nodes, hs : int64[most]
        Filled with the numbers of the nodes and their h.
    """
    n, f, cursor = pop_batch(open_list, take_cursor(open_list), INFINITY, len(nodes), nodes, hs)
    keep_cursor(open_list, cursor)
    return n, f
