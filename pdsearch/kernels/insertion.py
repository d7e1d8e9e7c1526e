"""Passes from rows to the table: keep or post, unpack what was received, insert or improve."""

from __future__ import annotations

import numpy as np

from pdsearch._jit import inlined
from pdsearch.kernels.frame import (
    ARE_DROPPED,
    AT,
    BATCH,
    ENTERS,
    F_END,
    INCUMBENT,
    IS_FULL,
    LAZY_RISE,
    MOST,
    MOVES,
    N_OPENED,
    N_PARENTS,
    N_RECORDS,
    N_ROWS,
    OUTBOX,
    RANK,
    RECORDS,
    STATISTICS,
    TABLE,
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
    origin_from,
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
    LAYOUT,
    MOVES_KIND,
    OUTBOX_KIND,
    RECORDS_KIND,
    REOPENED,
    TABLE_KIND,
    batch_pass,
)
from pdsearch.kernels.store import find, hash_row, name, probe


@inlined
def close(nodes, batch, n_parents, size):
    """Mark the parents as closed, but for goals."""
    for i in range(n_parents):
        node = batch.nodes[i]
        if node >= 0:
            nodes[node * size + size - 1] |= np.uint32(1)


@inlined
def move(moves, c, n, n_words, origin):
    """Move successor ``c`` to row ``n``, with its way there."""
    for word in range(n_words):
        moves.states[n * n_words + word] = moves.states[c * n_words + word]
    moves.operator[n], moves.g[n], moves.h[n] = origin, moves.g[c], moves.h[c]


@batch_pass(LAYOUT)
def keep_alone(kind, _, frame):
    """Do what :func:`keep` does on one rank, which owns all: close the parents, move what is not dropped."""
    layout, table = blank(kind), part(TABLE_KIND, frame, TABLE)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words = width(layout)
    close(table.nodes, batch, frame[N_PARENTS], node_size(layout))
    frame[IS_FULL] = 0
    if frame[ARE_DROPPED] == 0 and origin_from(layout, np.int64(-1), np.int64(0)) == 0:
        return 0  # all rows stay where they are, as nearly always
    n = 0
    for c in range(frame[N_ROWS]):
        if batch.owners[c] >= 0:
            moves.hashed[n] = moves.hashed[c]
            move(moves, c, n, n_words, origin_from(layout, batch.nodes[batch.parent_of[c]], moves.operator[c]))
            n += 1
    frame[N_ROWS] = n
    return 0


@batch_pass(LAYOUT)
def keep(kind, _, frame):
    """Close the parents; move the successors of this rank to the first rows, post the others."""
    layout, table, outbox = blank(kind), part(TABLE_KIND, frame, TABLE), part(OUTBOX_KIND, frame, OUTBOX)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, rank = width(layout), frame[RANK]
    close(table.nodes, batch, frame[N_PARENTS], node_size(layout))
    n = full = 0
    for c in range(frame[N_ROWS]):
        to = batch.owners[c]
        if to < 0:
            continue
        origin = origin_from(layout, batch.nodes[batch.parent_of[c]] | (rank << 32), moves.operator[c])
        if to == rank:
            move(moves, c, n, n_words, origin)
            hash_row(table.index, moves.states, n, n_words, moves.hashed)
            n += 1
        else:
            full |= post(layout, outbox, to, moves, c, origin)
    frame[N_ROWS], frame[IS_FULL] = n, full
    return 0


@inlined
def post(layout, outbox, destination, moves, c, origin):
    """Add successor ``c`` to the records for ``destination``; say, as 0 or 1, whether a message is worth sending."""
    n_words, g, h = width(layout), moves.g[c], moves.h[c]
    slot = outbox.free[0]
    outbox.free[0] = outbox.link[slot]
    outbox.free[1] -= 1
    outbox.link[slot] = outbox.newest[destination]
    outbox.newest[destination] = slot
    offset = slot * record_size(layout)
    store_state(outbox.records, offset, moves.states, c * n_words, n_words)
    store_origin(layout, outbox.records, offset, g, origin)
    store_h(layout, outbox.records, offset, h)
    count = outbox.waiting[destination] + 1
    outbox.waiting[destination] = count
    if g + h < outbox.least_f[destination]:
        outbox.least_f[destination] = g + h
    return 1 if count >= outbox.message_size[destination] else 0


@batch_pass(LAYOUT)
def unpack(kind, _, frame):
    """Write at most MOST records from AT on to rows; those of f from the incumbent on are dropped.

    Stops, and sets IS_FULL, at one whose f might have no place in the open list.
    """
    layout, table, records = blank(kind), part(TABLE_KIND, frame, TABLE), part(RECORDS_KIND, frame, RECORDS)
    moves = part(MOVES_KIND, frame, MOVES)
    n_words, size = width(layout), record_size(layout)
    at, most, n_records, incumbent = frame[AT], frame[MOST], frame[N_RECORDS], frame[INCUMBENT]
    end = frame[F_END] - frame[LAZY_RISE]
    n = 0
    while n < most and at < n_records:
        offset = at * size
        g, h = load_g(layout, records, offset), load_h(layout, records, offset)
        if g + h < incumbent:
            if g + h >= end:
                frame[IS_FULL] = 1
                break
            moves.g[n], moves.h[n] = g, h
            moves.operator[n] = load_origin(layout, records, offset)
            load_state(records, offset, moves.states, n * n_words, n_words)
            hash_row(table.index, moves.states, n, n_words, moves.hashed)
            n += 1
        at += 1
    frame[AT], frame[N_ROWS] = at, n
    return 0


@batch_pass(LAYOUT)
def insert(kind, _, frame):
    """Enter each row, or improve the node of the same state; ``opened`` and ``stored`` say what is to be opened.

    g, way and the closed mark change together. With ENTERS = 0 nothing is entered: ``stored`` is what is found.
    """
    layout, table = blank(kind), part(TABLE_KIND, frame, TABLE)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, size, n, enters = width(layout), node_size(layout), frame[N_ROWS], frame[ENTERS]
    n_nodes = table.n_nodes[0]
    duplicates = reopened = 0
    opened = np.uint64(0)
    for c in range(n):
        probe(table.nodes, table.index, moves.hashed[c], size)
    for c in range(n):
        node, slot = find(table.nodes, table.index, moves.states, c * n_words, moves.hashed[c], size, n_words)
        is_known = node >= 0
        if enters == 0:
            batch.stored[c] = node
            continue
        if is_known:
            duplicates += 1
            if moves.g[c] >= load_g(layout, table.nodes, node * size):
                continue
            reopened += is_closed(table.nodes, node * size, size)
        else:
            node = n_nodes
            n_nodes += 1
            name(table.index, slot, moves.hashed[c], node)
            store_state(table.nodes, node * size, moves.states, c * n_words, n_words)
        store_origin(layout, table.nodes, node * size, moves.g[c], moves.operator[c])
        batch.opened[opened], batch.stored[opened] = np.uint64(c), node
        opened += np.uint64(1)
    table.n_nodes[0] = n_nodes
    frame[N_OPENED] = np.int64(opened)
    frame[STATISTICS + DUPLICATES] += duplicates
    frame[STATISTICS + REOPENED] += reopened
    frame[STATISTICS + EVALUATED] += np.int64(opened)
    return 0
