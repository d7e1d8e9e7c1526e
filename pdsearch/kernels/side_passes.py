"""The passes of a search with two sides from the open list to successors; docs/search.md has the bound and its proof.

What the driver of :mod:`pdsearch.search.best_first.step` takes for f is a lower bound on the cost of every plan that
is not known yet, when a batch of a side is popped. The open list of a side is ordered by b, which
takes the place of f there, and by the side's own h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch._jit import Compiled, chosen, inlined
from pdsearch.kernels.frame import (
    ARE_DROPPED,
    BATCH,
    F_LIMIT,
    FAULT,
    FRAME_TYPE,
    HEURISTIC,
    INCUMBENT,
    MAX_COST,
    MAX_G,
    MAX_H,
    MAX_OPERATOR,
    MOST,
    MOVES,
    N_OPENED,
    N_PARENTS,
    N_RANKS,
    N_ROWS,
    OPEN,
    POPPED,
    RANK,
    ROOM,
    SPACE,
    TABLE,
    F,
    Kind,
    KindType,
    blank,
    part,
)
from pdsearch.kernels.intrinsics import prefetch
from pdsearch.kernels.layout import (
    is_closed,
    load_g,
    load_operator,
    load_state,
    node_size,
    width,
)
from pdsearch.kernels.passes import (
    BATCH_KIND,
    COST_OUT_OF_RANGE,
    H_OUT_OF_RANGE,
    LAYOUT,
    MOVES_KIND,
    OPERATOR_OUT_OF_RANGE,
    TABLE_KIND,
    Pass,
    batch_pass,
)
from pdsearch.kernels.protocol import (
    INFINITY,
    estimate,
    keep_cursor,
    pop_batch,
    push,
    room,
    settle,
    take_cursor,
)
from pdsearch.kernels.protocol import width as state_width
from pdsearch.kernels.sides import (
    B_END,
    B_RISE,
    F_BASE,
    F_STEP,
    LEASTS,
    NIPPED,
    OPENS,
    OTHER_H,
    OTHER_SPACE,
    PAIRS,
    PARENT_H,
    PROVED,
    ROOMS,
    SIDE,
    SPACES,
    TRUSTED,
    TURN,
    WINDOW,
    B,
    cost_bound,
    shifted,
    two_size,
)

INCONSISTENT = 32  # a fault, beside those of pdsearch.kernels.passes
_INTEGERS = Kind(np.zeros(1, np.int64))


def estimate_own(heuristic, space, parent_h, moves, c):
    """Return what ``estimate`` of the side's own heuristic says."""


def estimate_other(heuristic, space, parent_h, moves, c):
    """Return what ``estimate`` of the other side's heuristic says."""


class PairPass(Pass):
    """A pass that asks two heuristics; see :class:`Pair`."""

    def made_for(self, *tables: Any) -> Compiled:
        """Return the pass for a pair and the tables of a domain, not compiled yet."""
        pair, space = tables
        kinds = tuple(KindType(Kind(value).type.inner) for value in tables)
        if kinds not in self._made:
            answers: Any = {
                estimate_own: chosen(estimate, type(pair.own)),
                estimate_other: chosen(estimate, type(pair.other)),
                state_width: chosen(state_width, type(space)),
            }
            self._made[kinds] = Compiled(self.function, answers, (*kinds, FRAME_TYPE))
        return self._made[kinds]


@inlined
def _bound_of(frame, side, proved):
    """Return what plans through the open nodes of a side cost at least; INFINITY where it may expand none of them."""
    b = frame[LEASTS + side]
    if b > frame[WINDOW + side]:
        return np.int64(INFINITY)
    bound = cost_bound(b, frame[proved + 1 - side], frame[F_STEP], frame[F_BASE])
    if bound > frame[F_LIMIT] or bound >= frame[INCUMBENT]:
        return np.int64(INFINITY)
    return bound


@batch_pass((take_cursor, pop_batch, keep_cursor))
def pop(kind, _, frame):
    """Take at most MOST nodes of the least b of the side whose turn it is, or of the other where it may not.

    F is INFINITY where no side may; nothing is taken, either, where b of successors might have no place.
    """
    batch = part(BATCH_KIND, frame, BATCH)
    proved = LEASTS if frame[N_RANKS] == 1 else PROVED  # one rank knows all that is open
    side = frame[TURN]
    bound = _bound_of(frame, side, proved)
    if bound == INFINITY:
        side = 1 - side
        bound = _bound_of(frame, side, proved)
    frame[F], frame[POPPED] = bound, 0
    b = frame[LEASTS + side]
    if bound == INFINITY or b + frame[B_RISE] >= frame[B_END]:
        return 0
    frame[SIDE], frame[NIPPED] = side, frame[(LEASTS if frame[N_RANKS] == 1 else TRUSTED) + 1 - side]
    frame[OPEN], frame[HEURISTIC] = frame[OPENS + side], frame[PAIRS + side]
    frame[SPACE], frame[OTHER_SPACE] = frame[SPACES + side], frame[SPACES + 1 - side]
    open_list = part(kind, frame, OPEN)
    cursor = take_cursor(open_list)
    popped, b, cursor = pop_batch(open_list, cursor, b, frame[MOST], batch.nodes, batch.hs)
    keep_cursor(open_list, cursor)
    frame[POPPED], frame[B] = popped, b
    return 0


@batch_pass((take_cursor, settle, push, keep_cursor, room))
def push_all(kind, _, frame):
    """Enter the rows that are new or improved, unless every plan through them costs as much as the incumbent."""
    open_list, batch, moves = part(kind, frame, OPEN), part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    others, side = part(_INTEGERS, frame, OTHER_H), frame[SIDE]
    cursor = take_cursor(open_list)
    incumbent = frame[INCUMBENT]
    for k in range(frame[N_OPENED]):
        c, node = batch.opened[k], batch.stored[k]
        g, h = moves.g[c], moves.h[c]
        if g + h < incumbent:
            cursor = push(open_list, cursor, 2 * g + h - others[c], h, node)
    cursor = settle(open_list, cursor)
    frame[LEASTS + side] = cursor[0]
    frame[ROOMS + side] = room(open_list, cursor)
    frame[ROOM] = min(frame[ROOMS], frame[ROOMS + 1])
    keep_cursor(open_list, cursor)
    return 0


@batch_pass(LAYOUT)
def load(kind, _, frame):
    """Load the nodes that were popped; close at once, without expanding them, those the other side has settled.

    Settled is what the other side has closed at a b that nothing open, anywhere, of that side is below: only then is
    its g there proved to be the least, and all plans through the node are known. That it is closed is not enough where
    ranks run ahead: a node that was closed too early may be on the best plan still, and must stay open for the bound.
    """
    layout, table, batch = blank(kind), part(TABLE_KIND, frame, TABLE), part(BATCH_KIND, frame, BATCH)
    others, size, n_words, stride = part(_INTEGERS, frame, PARENT_H), node_size(layout), width(layout), two_size(layout)
    side, b, popped, incumbent, proved = frame[SIDE], frame[B], frame[POPPED], frame[INCUMBENT], frame[NIPPED]
    for i in range(popped):
        prefetch(table.nodes, batch.nodes[i] * stride)
    n = live = 0
    wrong: Any = 0
    for i in range(popped):
        node, h = batch.nodes[i], batch.hs[i]
        offset = shifted(layout, node * stride, side)
        g = load_g(layout, table.nodes, offset)
        if is_closed(table.nodes, offset, size) != 0 or g + h >= incumbent:
            continue
        live += 1
        other_h = 2 * g + h - b
        wrong |= np.int64(np.uint64(other_h) > np.uint64(frame[MAX_H])) * INCONSISTENT
        there = shifted(layout, node * stride, 1 - side)
        if is_closed(table.nodes, there, size) != 0 and 2 * load_g(layout, table.nodes, there) + other_h - h <= proved:
            table.nodes[offset + size - 1] |= np.uint32(1)
            continue
        batch.nodes[n], batch.hs[n], batch.gs[n], others[n] = node, h, g, other_h
        batch.operators[n] = load_operator(layout, table.nodes, offset)
        load_state(table.nodes, node * stride, batch.parents, n * n_words, n_words)
        n += 1
    frame[N_PARENTS] = n
    frame[FAULT] |= wrong
    if live > 0:
        frame[TURN] = 1 - side
    return 0


@PairPass
def estimate_all(kind, space_kind, frame):
    """Compute g and both h of each successor, whose owner is this rank as long as nobody else says so, -1 to drop it.

    Dropped are those of too large an f. b of a successor never falls below its parent's: that is what consistent means.
    """
    pair, space, other_space = (
        part(kind, frame, HEURISTIC),
        part(space_kind, frame, SPACE),
        part(space_kind, frame, OTHER_SPACE),
    )
    batch, moves, others = (
        part(BATCH_KIND, frame, BATCH),
        part(MOVES_KIND, frame, MOVES),
        part(_INTEGERS, frame, OTHER_H),
    )
    n_words, rank, n, max_g, incumbent = state_width(space), frame[RANK], frame[N_ROWS], frame[MAX_G], frame[INCUMBENT]
    max_cost, max_h, max_operator = np.uint64(frame[MAX_COST]), np.uint64(frame[MAX_H]), np.uint64(frame[MAX_OPERATOR])
    least_b, rise = frame[B], np.uint64(frame[B_RISE])
    parents_h = part(_INTEGERS, frame, PARENT_H)
    wrong: Any = 0
    dropped: Any = 0
    for c in range(n):
        i = batch.parent_of[c]
        for word in range(n_words):
            moves.parent[word] = batch.parents[i * np.uint64(n_words) + np.uint64(word)]
        g = batch.gs[i] + moves.cost[c]
        h = np.int64(estimate_own(pair.own, space, batch.hs[i], moves, c))
        other_h = np.int64(estimate_other(pair.other, other_space, parents_h[i], moves, c))
        moves.g[c], moves.h[c], others[c] = g, h, other_h
        is_kept = g + h < incumbent and g <= max_g
        batch.owners[c] = rank if is_kept else -1
        dropped |= np.int64(not is_kept)
        wrong |= np.int64(np.uint64(moves.cost[c]) > max_cost) * COST_OUT_OF_RANGE
        wrong |= np.int64(np.uint64(moves.operator[c]) > max_operator) * OPERATOR_OUT_OF_RANGE
        wrong |= np.int64((np.uint64(h) > max_h) | (np.uint64(other_h) > max_h)) * H_OUT_OF_RANGE
        wrong |= np.int64(np.uint64(2 * g + h - other_h - least_b) > rise) * INCONSISTENT
    frame[ARE_DROPPED] = dropped
    frame[FAULT] |= wrong
    return 0
