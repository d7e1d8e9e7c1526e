"""The hot loop of every best-first search here: pop, expand, keep or send, insert.

A batch of nodes of one f is popped and expanded as a whole, so that the memory can be
asked for all that the batch will touch before any of it is needed: one A* step is mostly
waiting for memory, and this halves the time. A batch never mixes f values, so the order of
expansions is A*'s up to ties and optimality is untouched.

Scalars that change with every node live in local variables. Kept in an array they would be
loaded and stored again after each write to any other array (arrays may overlap, for all
the compiler knows), which costs a factor of two to three.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.kernels.intrinsics import prefetch
from pdsearch.kernels.layout import (
    close,
    is_closed,
    load_g,
    load_h,
    load_state,
    load_way,
    most_g,
    node_size,
    record_size,
    store_h,
    store_state,
    store_way,
)
from pdsearch.kernels.protocol import (
    NEVER,
    Moves,
    estimate,
    expand,
    f_end,
    is_goal,
    keep_cursor,
    links,
    owner,
    pop_batch,
    room,
    take_cursor,
    width,
)
from pdsearch.kernels.store import aim, capacity, look, settle

# why a step ended
BUDGET, EMPTY, TABLE_FULL, OPEN_FULL, MESSAGE_FULL, FOUND, OUTBOX_FULL = range(7)

# tallies, in this order in an int64 array
EXPANDED, GENERATED, REOPENED, DUPLICATES, EVALUATED, GOAL_NODE, GOAL_COST = range(7)
N_TALLIES = 7


class Scratch(NamedTuple):
    """What one batch needs, allocated once."""

    moves: Moves
    nodes: npt.NDArray[np.int64]  # (batch,) popped nodes
    hs: npt.NDArray[np.int64]  # (batch,) their h


class Outbox(NamedTuple):
    """Records waiting for other ranks: one pool of slots, chained by destination.

    A buffer for each destination would take memory by the square of the number of ranks.
    """

    records: npt.NDArray[np.uint32]  # (n_slots * record_words,)
    link: npt.NDArray[np.int64]  # (n_slots,) the slot filled before for the same rank, or the next free one; -1 ends
    newest: npt.NDArray[np.int64]  # (n_ranks,) slot filled last, -1 when nothing waits
    waiting: npt.NDArray[np.int64]  # (n_ranks,) records
    enough: npt.NDArray[np.int64]  # (n_ranks,) records that make a message worth sending
    least_f: npt.NDArray[np.int64]  # (n_ranks,)
    free: npt.NDArray[np.int64]  # (first free slot, number of free slots)


@inlined
def _post(space, outbox, destination, moves, c):
    """Add successor ``c`` to the records for ``destination``; say whether a message is worth sending."""
    slot = outbox.free[0]
    outbox.free[0] = outbox.link[slot]
    outbox.free[1] -= 1
    outbox.link[slot] = outbox.newest[destination]
    outbox.newest[destination] = slot
    offset = slot * record_size(space)
    store_state(space, outbox.records, offset, moves.states, c * width(space))
    store_way(space, outbox.records, offset, moves.g[c], moves.operator[c])
    store_h(space, outbox.records, offset, moves.h[c])
    count = outbox.waiting[destination] + 1
    outbox.waiting[destination] = count
    outbox.least_f[destination] = min(outbox.least_f[destination], moves.g[c] + moves.h[c])
    return count >= outbox.enough[destination]


@inlined
def _keep(space, moves, c, kept, link):
    """Move successor ``c`` down to row ``kept``; ``link`` is where its parent is."""
    n_words = width(space)
    for word in range(n_words):
        moves.states[kept * n_words + word] = moves.states[c * n_words + word]
    moves.operator[kept] = link if links(space) else moves.operator[c]


@inlined
def _expand_node(space, estimator, sharing, rank, table, outbox, scratch, i, f, incumbent, n):
    """Expand the ``i``-th popped node; keep its own successors from row ``n`` on, send the others.

    Returns (end of the rows, expanded, generated, g if it is a goal else -1, whether a message is worth sending).
    """
    moves, nodes, hs = scratch
    offset = nodes[i] * node_size(space)
    g = load_g(space, table.nodes, offset)
    if is_closed(space, table.nodes, offset) or g != f - hs[i]:
        return n, 0, 0, -1, False  # closed already, or entered again with a smaller g
    load_state(space, table.nodes, offset, moves.parent, 0)
    if is_goal(space, moves.parent):
        return n, 0, 0, g, False
    close(space, table.nodes, offset)
    end = expand(space, load_way(space, table.nodes, offset), moves, n)
    generated = end - n
    full = False
    link = nodes[i] | (rank << 32)
    for c in range(n, end):
        g_c = g + moves.cost[c]
        h_c = estimate(estimator, space, hs[i], moves, c)
        if g_c + h_c >= incumbent or g_c > most_g(space):
            continue  # what a node cannot hold: Domain.check_result says what is proved without it
        to = owner(sharing, rank, space, moves, c)
        moves.g[n] = g_c
        moves.h[n] = h_c
        _keep(space, moves, c, n, link)
        if to == rank:
            aim(space, table, moves, n)
            n += 1
        else:
            full = _post(space, outbox, to, moves, n) or full
    return n, 1, generated, -1, full


@inlined
def _settle_all(space, estimator, table, frontier, cursor, tallies, moves, n, n_nodes, incumbent):
    """Enter the first ``n`` rows of ``moves``, already aimed at, into table and open list."""
    duplicates = reopened = evaluated = 0
    for c in range(n):
        look(space, table, moves, c)
    for c in range(n):
        cursor, n_nodes, duplicate, again, improved = settle(
            space, estimator, table, frontier, cursor, moves, c, n_nodes, incumbent
        )
        duplicates += duplicate
        reopened += again
        evaluated += improved
    tallies[DUPLICATES] += duplicates
    tallies[REOPENED] += reopened
    tallies[EVALUATED] += evaluated
    return cursor, n_nodes


@kernel
def step(space, estimator, sharing, rank, table, frontier, outbox, scratch, tallies, layers, limits):
    """Expand about ``budget`` nodes of f at most ``f_limit`` and below ``incumbent``.

    ``limits`` is (budget, f limit, incumbent, most f can rise in one move, shift). Returns why it
    ended; ``layers[f >> shift]`` counts the expansions of each f.
    """
    budget, f_limit, incumbent, rise, shift = limits
    moves, nodes, hs = scratch
    cursor = take_cursor(frontier)
    n_nodes = table.n_nodes[0]
    expanded = generated = 0
    most_moves = len(moves.operator)
    max_nodes = capacity(space, table)
    f_room = f_end(frontier) - 1 - rise  # successors of larger f might have no place
    why = BUDGET
    while why == BUDGET and expanded < budget:
        if n_nodes + most_moves > max_nodes:
            why = TABLE_FULL
            break
        if room(frontier, cursor) < most_moves:
            why = OPEN_FULL
            break
        if len(outbox.waiting) > 0 and outbox.free[1] < most_moves:
            why = OUTBOX_FULL
            break
        f_allowed = min(f_limit, incumbent - 1)
        batch = nodes[: budget - expanded]
        popped, f, cursor = pop_batch(frontier, cursor, min(f_allowed, f_room), batch, hs)
        if popped == 0:
            why = OPEN_FULL if f_room < f <= f_allowed else EMPTY
            break
        for i in range(popped):
            prefetch(table.nodes, nodes[i] * node_size(space))
        n = 0
        before = expanded
        for i in range(popped):
            n, ex, ge, goal_g, full = _expand_node(
                space, estimator, sharing, rank, table, outbox, scratch, i, f, incumbent, n
            )
            expanded, generated = expanded + ex, generated + ge
            if full:
                why = MESSAGE_FULL
            if goal_g >= 0:
                tallies[GOAL_NODE] = nodes[i]
                tallies[GOAL_COST] = incumbent = goal_g
                why = FOUND
        layers[min(f >> shift, len(layers) - 1)] += expanded - before
        cursor, n_nodes = _settle_all(space, estimator, table, frontier, cursor, tallies, moves, n, n_nodes, incumbent)
    keep_cursor(frontier, cursor)
    table.n_nodes[0] = n_nodes
    tallies[EXPANDED] += expanded
    tallies[GENERATED] += generated
    return why


@kernel
def collect(space, outbox, destinations, out):
    """Move the records waiting for some ranks to ``out``, in the order they were made, one rank after the other."""
    size = record_size(space)
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
        outbox.least_f[destination] = NEVER


@kernel
def absorb(space, estimator, records, start, n_records, table, frontier, scratch, tallies, incumbent, rise):
    """Enter received records from ``start`` on; those of f >= ``incumbent`` are dropped.

    Evaluation may raise f by up to ``rise``. Returns how many are dealt with: fewer than
    ``n_records`` when table or open list must grow first.
    """
    moves = scratch.moves
    cursor = take_cursor(frontier)
    n_nodes = table.n_nodes[0]
    at = start
    full = False
    while at < n_records and not full:
        most = min(len(moves.operator), capacity(space, table) - n_nodes, room(frontier, cursor))
        n = 0
        while n < most and at < n_records:
            offset = at * record_size(space)
            moves.g[n] = load_g(space, records, offset)
            moves.h[n] = load_h(space, records, offset)
            if moves.g[n] + moves.h[n] >= min(incumbent, f_end(frontier) - rise):
                if moves.g[n] + moves.h[n] < incumbent:
                    full = True
                    break
                at += 1
                continue
            moves.operator[n] = load_way(space, records, offset)
            load_state(space, records, offset, moves.states, n * width(space))
            aim(space, table, moves, n)
            n += 1
            at += 1
        full = full or most <= 0
        cursor, n_nodes = _settle_all(space, estimator, table, frontier, cursor, tallies, moves, n, n_nodes, incumbent)
    keep_cursor(frontier, cursor)
    table.n_nodes[0] = n_nodes
    return at


@kernel
def least_f_of(space, records, start, n_records):
    """Return the least f of the records from ``start`` on."""
    least = np.int64(NEVER)
    for at in range(start, n_records):
        offset = at * record_size(space)
        least = min(least, load_g(space, records, offset) + load_h(space, records, offset))
    return least


@kernel
def write_record(space, record, state, way, h):
    """Write the record of an initial state."""
    store_state(space, record, 0, state, 0)
    store_way(space, record, 0, 0, way)
    store_h(space, record, 0, h)
