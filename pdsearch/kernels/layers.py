"""Passes of a search by layers of g within a bound on f, beside a table that is not changed any more.

They take the place of those of A* (:mod:`pdsearch.kernels.passes`) where a search goes on after memory was full:

======== ===================================================================================== ==================
pass     what is different                                                                     compiled for
======== ===================================================================================== ==================
load     nodes are open in the order of g                                                      node layout
keep     counts the f beyond the bound; a successor inherits the root that its parent is below, node layout
         or keeps the number under which the parent was written down
look     drops what the frozen table reached at no more cost                                   frozen layout
unpack   records that were received are looked up there, too                                   node layout
push     in the order of g                                                                     open list
======== ===================================================================================== ==================

All nodes are linked (:mod:`pdsearch.kernels.layout`), whatever the domain: instead of its parent, which may be
forgotten, a node keeps the record of it (:mod:`pdsearch.search.best_first.archive`), or without records the root that
it was first reached from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined
from pdsearch.kernels.frame import (
    BATCH,
    INCUMBENT,
    IS_FULL,
    MOVES,
    N_OPENED,
    N_PARENTS,
    N_ROWS,
    OPEN,
    OUTBOX,
    POPPED,
    RANK,
    ROOM,
    TABLE,
    F,
    Kind,
    blank,
    call,
    part,
)
from pdsearch.kernels.insertion import close, move, post
from pdsearch.kernels.intrinsics import prefetch
from pdsearch.kernels.layout import is_closed, load_g, load_operator, load_origin, load_state, node_size, width
from pdsearch.kernels.passes import BATCH_KIND, LAYOUT, MOVES_KIND, OUTBOX_KIND, TABLE_KIND, batch_pass
from pdsearch.kernels.protocol import INFINITY, keep_cursor, push, room, take_cursor
from pdsearch.kernels.store import find, hash_row, probe

# slots of the frame
FROZEN = 56  # the table that is not changed any more
LOOK, UNPACK = 57, 58  # addresses of passes, 0 where there is no such table
COUNTS, FIRST, SHIFT = 59, 60, 61  # dropped for their f: counts[(f - FIRST) >> SHIFT], the last for what is larger
LEAST = 62  # of these f
LOOKS = 63  # whether what is unpacked is looked up
WRITTEN, OWN_RANK = 68, 69  # where what is expanded is written down, 0: nowhere; the rank whose records these are


class Written(NamedTuple):
    """What was expanded, see :mod:`pdsearch.search.best_first.archive`."""

    records: npt.NDArray[np.uint64]  # (room * (n_words + 1),) states, each with the way to its parent
    counts: npt.NDArray[np.int64]  # records here, and those before them


_WRITTEN_KIND = Kind(Written(np.zeros(1, np.uint64), np.zeros(2, np.int64)))
_COUNTS_KIND = Kind(np.zeros(1, np.int64))


@inlined
def _note(frame, counts, f):
    """Count what is dropped for its f."""
    if f < INFINITY:
        frame[LEAST] = min(frame[LEAST], f)
        at = max(f - frame[FIRST], 0) >> frame[SHIFT]
        counts[min(at, len(counts) - 1)] += 1


@batch_pass(LAYOUT)
def load(kind, _, frame):
    """Load the nodes that were popped; drop those closed already, or entered again with a smaller g."""
    layout, table, batch = blank(kind), part(TABLE_KIND, frame, TABLE), part(BATCH_KIND, frame, BATCH)
    size, n_words, key, popped = node_size(layout), width(layout), frame[F], frame[POPPED]
    for i in range(popped):
        prefetch(table.nodes, batch.nodes[i] * size)
    n = 0
    for i in range(popped):
        node, h = batch.nodes[i], batch.hs[i]
        offset = node * size
        g = load_g(layout, table.nodes, offset)
        if is_closed(table.nodes, offset, size) == 0 and g == key:
            batch.nodes[n], batch.hs[n], batch.gs[n] = node, h, g
            batch.operators[n] = load_operator(layout, table.nodes, offset)
            load_state(table.nodes, offset, batch.parents, n * n_words, n_words)
            n += 1
    frame[N_PARENTS] = n
    frame[F] = frame[INCUMBENT]  # f may rise from any node up to the bound
    return 0


@batch_pass(LAYOUT)
def look(kind, _, frame):
    """Drop the rows of this rank whose states the frozen table reached at no more cost."""
    layout, frozen = blank(kind), part(TABLE_KIND, frame, FROZEN)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    size, n_words, rank, n = node_size(layout), width(layout), frame[RANK], frame[N_ROWS]
    for c in range(n):
        if batch.owners[c] == rank:
            hash_row(frozen.index, moves.states, c, n_words, moves.hashed)
    for c in range(n):
        if batch.owners[c] == rank:
            probe(frozen.nodes, frozen.index, moves.hashed[c], size)
    for c in range(n):
        if batch.owners[c] == rank:
            node, _ = find(frozen.nodes, frozen.index, moves.states, c * n_words, moves.hashed[c], size, n_words)
            if node >= 0 and load_g(layout, frozen.nodes, node * size) <= moves.g[c]:
                batch.owners[c] = -1
    return 0


@inlined
def _write_down(written, batch, n_parents, n_words, rank):
    """Write down the nodes that were expanded; replace the way to each by what its successors are to keep."""
    n, before, size = written.counts[0], written.counts[1], n_words + 1
    for i in range(n_parents):
        if batch.nodes[i] >= 0:
            for word in range(n_words):
                written.records[n * size + word] = batch.parents[i * n_words + word]
            written.records[n * size + n_words] = np.uint64(batch.bounds[i])
            batch.bounds[i] = (rank << 32) | (before + n)
            n += 1
    written.counts[0] = n


@batch_pass(LAYOUT)
def keep(kind, _, frame):
    """Close the parents, count what is beyond the bound, move this rank's rows to the first ones, post the others."""
    layout, table, outbox = blank(kind), part(TABLE_KIND, frame, TABLE), part(OUTBOX_KIND, frame, OUTBOX)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    counts, size = part(_COUNTS_KIND, frame, COUNTS), node_size(layout)
    n_words, rank = width(layout), frame[RANK]
    close(table.nodes, batch, frame[N_PARENTS], size)
    for i in range(frame[N_PARENTS]):
        batch.bounds[i] = load_origin(layout, table.nodes, batch.nodes[i] * size) if batch.nodes[i] >= 0 else 0
    if frame[WRITTEN] != 0:
        _write_down(part(_WRITTEN_KIND, frame, WRITTEN), batch, frame[N_PARENTS], n_words, frame[OWN_RANK])
    for c in range(frame[N_ROWS]):
        if batch.owners[c] < 0:
            _note(frame, counts, moves.g[c] + moves.h[c])
    if frame[LOOK] != 0:
        call(frame[LOOK], frame)
    n = full = 0
    for c in range(frame[N_ROWS]):
        to = batch.owners[c]
        if to < 0:
            continue
        way = batch.bounds[batch.parent_of[c]]
        if to == rank:
            move(moves, c, n, n_words, way)
            hash_row(table.index, moves.states, n, n_words, moves.hashed)
            n += 1
        else:
            full |= post(layout, outbox, to, moves, c, way)
            outbox.least_f[to] = min(outbox.least_f[to], moves.g[c])
    frame[N_ROWS], frame[IS_FULL] = n, full
    return 0


@batch_pass(LAYOUT)
def unpack(kind, _, frame):
    """Write records to rows, and drop those that the frozen table reached at no more cost."""
    layout, table = blank(kind), part(TABLE_KIND, frame, TABLE)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, rank = width(layout), frame[RANK]
    call(frame[UNPACK], frame)
    if frame[LOOKS] == 0 or frame[LOOK] == 0:
        return 0
    for c in range(frame[N_ROWS]):
        batch.owners[c] = rank
    call(frame[LOOK], frame)
    n = 0
    for c in range(frame[N_ROWS]):
        if batch.owners[c] >= 0:
            move(moves, c, n, n_words, moves.operator[c])
            hash_row(table.index, moves.states, n, n_words, moves.hashed)
            n += 1
    frame[N_ROWS] = n
    return 0


@batch_pass((take_cursor, push, keep_cursor, room))
def push_all(kind, _, frame):
    """Enter the rows that are new or improved in the order of g; count those whose h turned out too large."""
    open_list, batch, moves = part(kind, frame, OPEN), part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    counts = part(_COUNTS_KIND, frame, COUNTS)
    cursor = take_cursor(open_list)
    incumbent = frame[INCUMBENT]
    for k in range(frame[N_OPENED]):
        c, node = batch.opened[k], batch.stored[k]
        g, h = moves.g[c], moves.h[c]
        if g + h < incumbent:
            cursor = push(open_list, cursor, g, h, node)
        else:
            _note(frame, counts, g + h)
    frame[ROOM] = room(open_list, cursor)
    keep_cursor(open_list, cursor)
    return 0
