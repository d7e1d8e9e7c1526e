"""Passes between a batch and the open list: take nodes of one f, enter what is new."""

from __future__ import annotations

from pdsearch.kernels.frame import BATCH, F_ALLOWED, INCUMBENT, MOST, MOVES, N_OPENED, OPEN, POPPED, ROOM, F, part
from pdsearch.kernels.passes import BATCH_KIND, MOVES_KIND, batch_pass
from pdsearch.kernels.protocol import keep_cursor, pop_batch, push, room, take_cursor


@batch_pass((take_cursor, pop_batch, keep_cursor, room))
def pop(kind, _, frame):
    """Take at most MOST nodes of the least f, if that is at most F_ALLOWED."""
    open_list, batch = part(kind, frame, OPEN), part(BATCH_KIND, frame, BATCH)
    cursor = take_cursor(open_list)
    popped, f, cursor = pop_batch(open_list, cursor, frame[F_ALLOWED], frame[MOST], batch.nodes, batch.hs)
    frame[POPPED], frame[F] = popped, f
    frame[ROOM] = room(open_list, cursor)
    keep_cursor(open_list, cursor)
    return 0


@batch_pass((take_cursor, push, keep_cursor, room))
def push_all(kind, _, frame):
    """Enter the rows that are new or improved, of f below the incumbent.

    Their h and f have a place in it: the passes in :mod:`pdsearch.kernels.successors` have seen to that.
    """
    open_list, batch, moves = part(kind, frame, OPEN), part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    cursor = take_cursor(open_list)
    incumbent = frame[INCUMBENT]
    for k in range(frame[N_OPENED]):
        c, node = batch.opened[k], batch.stored[k]
        h = moves.h[c]
        f = moves.g[c] + h
        if f < incumbent:
            cursor = push(open_list, cursor, f, h, node)
    frame[ROOM] = room(open_list, cursor)
    keep_cursor(open_list, cursor)
    return 0
