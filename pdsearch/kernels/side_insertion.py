"""The passes of a search with two sides from rows to the table: keep or post, unpack what was received, insert."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch._jit import inlined
from pdsearch.kernels.frame import (
    ARE_DROPPED,
    AT,
    BATCH,
    ENTERS,
    INCUMBENT,
    IS_FULL,
    MOST,
    MOVES,
    N_OPENED,
    N_PARENTS,
    N_RANKS,
    N_RECORDS,
    N_ROWS,
    OPEN,
    OUTBOX,
    RANK,
    RECORDS,
    STATISTICS,
    TABLE,
    Kind,
    blank,
    part,
)
from pdsearch.kernels.layout import (
    is_closed,
    load_g,
    load_h,
    load_origin,
    load_state,
    node_size,
    record_size,
    store_h,
    store_origin,
    store_state,
    width,
)
from pdsearch.kernels.passes import (
    BATCH_KIND,
    DUPLICATES,
    EVALUATED,
    GOAL_COST,
    GOAL_NODE,
    LAYOUT,
    MOVES_KIND,
    OUTBOX_KIND,
    RECORDS_KIND,
    REOPENED,
    TABLE_KIND,
    batch_pass,
)
from pdsearch.kernels.sides import (
    B_END,
    OPENS,
    OTHER_H,
    SIDE,
    UNKNOWN,
    UNSENT_B,
    shifted,
    two_record_size,
    two_size,
)
from pdsearch.kernels.store import find, hash_row, name, probe

_INTEGERS = Kind(np.zeros(1, np.int64))


@batch_pass(LAYOUT)
def keep(kind, _, frame):
    """Close the parents; move the successors of this rank to the first rows, post the others."""
    layout, table, outbox = blank(kind), part(TABLE_KIND, frame, TABLE), part(OUTBOX_KIND, frame, OUTBOX)
    batch, moves, others = (
        part(BATCH_KIND, frame, BATCH),
        part(MOVES_KIND, frame, MOVES),
        part(_INTEGERS, frame, OTHER_H),
    )
    unsent_b, side = part(_INTEGERS, frame, UNSENT_B), frame[SIDE]
    n_words, size, stride, rank = width(layout), node_size(layout), two_size(layout), frame[RANK]
    n_ranks = frame[N_RANKS]
    for i in range(frame[N_PARENTS]):
        table.nodes[shifted(layout, batch.nodes[i] * stride, side) + size - 1] |= np.uint32(1)
    n = full = 0
    frame[IS_FULL] = 0
    if n_ranks == 1 and frame[ARE_DROPPED] == 0:
        return 0
    for c in range(frame[N_ROWS]):
        to = batch.owners[c]
        if to < 0:
            continue
        if to == rank:
            for word in range(n_words):
                moves.states[n * n_words + word] = moves.states[c * n_words + word]
            moves.operator[n], moves.g[n], moves.h[n], others[n] = moves.operator[c], moves.g[c], moves.h[c], others[c]
            if n_ranks == 1:
                moves.hashed[n] = moves.hashed[c]
            else:
                hash_row(table.index, moves.states, n, n_words, moves.hashed)
            n += 1
        else:
            full |= _post(layout, outbox, to, moves, others, c, side, unsent_b, to + side * n_ranks)
    frame[N_ROWS], frame[IS_FULL] = n, full
    return 0


@inlined
def _post(layout, outbox, destination, moves, others, c, side, unsent_b, at):
    """Add successor ``c`` to the records for ``destination``; say, as 0 or 1, whether a message is worth sending."""
    n_words, size, record = width(layout), node_size(layout), record_size(layout)
    slot = outbox.free[0]
    outbox.free[0] = outbox.link[slot]
    outbox.free[1] -= 1
    outbox.link[slot] = outbox.newest[destination]
    outbox.newest[destination] = slot
    offset = slot * two_record_size(layout)
    store_state(outbox.records, offset, moves.states, c * n_words, n_words)
    store_origin(layout, outbox.records, offset, moves.g[c], moves.operator[c])
    outbox.records[offset + size - 1] |= np.uint32(side)
    store_h(layout, outbox.records, offset, moves.h[c])
    store_h(layout, outbox.records, offset + record - size, others[c])
    b = 2 * moves.g[c] + moves.h[c] - others[c]
    if b < unsent_b[at]:
        unsent_b[at] = b
    count = outbox.waiting[destination] + 1
    outbox.waiting[destination] = count
    return 1 if count >= outbox.message_size[destination] else 0


@batch_pass(LAYOUT)
def unpack(kind, _, frame):
    """Write at most MOST records of one side from AT on to rows; those of f from the incumbent on are dropped.

    Stops, and sets IS_FULL, at one whose b might have no place in the open list.
    """
    layout, table, records = blank(kind), part(TABLE_KIND, frame, TABLE), part(RECORDS_KIND, frame, RECORDS)
    moves, others = part(MOVES_KIND, frame, MOVES), part(_INTEGERS, frame, OTHER_H)
    n_words, size, stride = width(layout), node_size(layout), two_record_size(layout)
    more = record_size(layout) - size
    at, most, n_records, incumbent, end = frame[AT], frame[MOST], frame[N_RECORDS], frame[INCUMBENT], frame[B_END]
    n, side = 0, frame[SIDE]
    while n < most and at < n_records:
        offset = at * stride
        sender = is_closed(records, offset, size)
        if n > 0 and sender != side:
            break
        g, h = load_g(layout, records, offset), load_h(layout, records, offset)
        if g + h < incumbent:
            other_h = load_h(layout, records, offset + more)
            if 2 * g + h - other_h >= end:
                frame[IS_FULL] = 1
                break
            side = sender
            moves.g[n], moves.h[n], others[n] = g, h, other_h
            moves.operator[n] = load_origin(layout, records, offset)
            load_state(records, offset, moves.states, n * n_words, n_words)
            hash_row(table.index, moves.states, n, n_words, moves.hashed)
            n += 1
        at += 1
    frame[AT], frame[N_ROWS], frame[SIDE], frame[OPEN] = at, n, side, frame[OPENS + side]
    return 0


@batch_pass(LAYOUT)
def insert(kind, _, frame):
    """Enter each row, or improve the part of its side in the node of the same state; ``opened`` says what to open.

    Where the other side's part is known, too, the sides have met: the cheapest such plan becomes the incumbent. With
    ENTERS = 0 nothing is entered: ``stored`` is what is found.
    """
    layout, table = blank(kind), part(TABLE_KIND, frame, TABLE)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, size, stride, side = width(layout), node_size(layout), two_size(layout), frame[SIDE]
    enters, incumbent, unknown = frame[ENTERS], frame[INCUMBENT], frame[UNKNOWN]
    n_nodes, n, met = table.n_nodes[0], frame[N_ROWS], np.int64(-1)
    duplicates: Any = 0
    reopened: Any = 0
    opened = np.uint64(0)
    for c in range(n):
        probe(table.nodes, table.index, moves.hashed[c], stride)
    for c in range(n):
        node, slot = find(table.nodes, table.index, moves.states, c * n_words, moves.hashed[c], stride, n_words)
        is_known = node >= 0
        if enters == 0:
            batch.stored[c] = node
            continue
        g = moves.g[c]
        if is_known:
            offset = shifted(layout, node * stride, side)
            before = load_g(layout, table.nodes, offset)
            duplicates += np.int64(before != unknown)
            if g >= before:
                continue
            reopened += is_closed(table.nodes, offset, size)
            there = load_g(layout, table.nodes, shifted(layout, node * stride, 1 - side))
            if there != unknown and g + there < incumbent:
                incumbent, met = g + there, node
        else:
            node = n_nodes
            n_nodes += 1
            name(table.index, slot, moves.hashed[c], node)
            store_state(table.nodes, node * stride, moves.states, c * n_words, n_words)
            offset = shifted(layout, node * stride, side)
            store_origin(layout, table.nodes, shifted(layout, node * stride, 1 - side), unknown, np.int64(0))
        store_origin(layout, table.nodes, offset, g, moves.operator[c])
        batch.opened[opened], batch.stored[opened] = np.uint64(c), node
        opened += np.uint64(1)
    table.n_nodes[0] = n_nodes
    if met >= 0:
        frame[STATISTICS + GOAL_NODE] = met
        frame[INCUMBENT] = frame[STATISTICS + GOAL_COST] = incumbent
    frame[N_OPENED] = np.int64(opened)
    frame[STATISTICS + DUPLICATES] += duplicates
    frame[STATISTICS + REOPENED] += reopened
    frame[STATISTICS + EVALUATED] += np.int64(opened)
    return 0
