"""Passes from the nodes that were popped to their successors: load, expand, estimate, owner, evaluate."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch._jit import inlined
from pdsearch.kernels.frame import (
    ARE_DROPPED,
    BATCH,
    DISTRIBUTION,
    F_END,
    FAULT,
    HEURISTIC,
    INCUMBENT,
    MAX_COST,
    MAX_G,
    MAX_H,
    MAX_MOVES,
    MAX_OPERATOR,
    MOVES,
    N_OPENED,
    N_PARENTS,
    N_RANKS,
    N_ROWS,
    POPPED,
    RANK,
    RISE,
    SPACE,
    STATISTICS,
    TABLE,
    THROUGH_GOALS,
    F,
    blank,
    part,
)
from pdsearch.kernels.intrinsics import prefetch
from pdsearch.kernels.layout import is_closed, load_g, load_operator, load_state, node_size, width
from pdsearch.kernels.passes import (
    BATCH_KIND,
    COST_OUT_OF_RANGE,
    EXPANDED,
    F_ROSE,
    GENERATED,
    GOAL_COST,
    GOAL_NODE,
    H_OUT_OF_RANGE,
    LAYOUT,
    MOVES_KIND,
    OPERATOR_OUT_OF_RANGE,
    TABLE_KIND,
    TOO_MANY_MOVES,
    batch_pass,
)
from pdsearch.kernels.protocol import estimate, evaluate, expand, is_goal, owner
from pdsearch.kernels.protocol import width as state_width
from pdsearch.kernels.store import hash_row


@batch_pass(LAYOUT)
def load(kind, _, frame):
    """Load the nodes that were popped; drop those closed already, or entered again with a smaller g."""
    layout, table, batch = blank(kind), part(TABLE_KIND, frame, TABLE), part(BATCH_KIND, frame, BATCH)
    size, n_words, f, popped = node_size(layout), width(layout), frame[F], frame[POPPED]
    for i in range(popped):
        prefetch(table.nodes, batch.nodes[i] * size)
    n = 0
    for i in range(popped):
        node, h = batch.nodes[i], batch.hs[i]
        offset = node * size
        g = load_g(layout, table.nodes, offset)
        if is_closed(table.nodes, offset, size) == 0 and g == f - h:
            batch.nodes[n], batch.hs[n], batch.gs[n] = node, h, g
            batch.operators[n] = load_operator(layout, table.nodes, offset)
            load_state(table.nodes, offset, batch.parents, n * n_words, n_words)
            n += 1
    frame[N_PARENTS] = n
    return 0


@batch_pass((state_width, is_goal, expand))
def expand_all(kind, _, frame):
    """Test for goals, which become the incumbent, and write the successors of the other nodes.

    On one rank they are hashed at once: the memory has until the last pass to answer (measured: a third of the speed).
    """
    table, is_alone = part(TABLE_KIND, frame, TABLE), frame[N_RANKS] == 1
    space, batch, moves = part(kind, frame, SPACE), part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, most = state_width(space), frame[MAX_MOVES]
    incumbent, goes_through = frame[INCUMBENT], frame[THROUGH_GOALS] != 0
    expanded = row = 0
    parents = frame[N_PARENTS]
    for i in range(parents):
        for word in range(n_words):
            moves.parent[word] = batch.parents[i * n_words + word]
        batch.bounds[i] = incumbent
        is_end = is_goal(space, moves.parent)
        if is_end and goes_through and batch.gs[i] < frame[STATISTICS + GOAL_COST]:
            frame[STATISTICS + GOAL_NODE], frame[STATISTICS + GOAL_COST] = batch.nodes[i], batch.gs[i]
        if is_end and not goes_through:
            frame[STATISTICS + GOAL_NODE] = batch.nodes[i]
            incumbent = batch.gs[i]
            batch.nodes[i] = -1
        else:
            end = expand(space, batch.operators[i], moves, row)
            expanded += 1
            if end - row > most:
                frame[FAULT] |= TOO_MANY_MOVES
                end = row
            for c in range(row, end):
                batch.parent_of[c] = np.uint64(i)
                if is_alone:
                    hash_row(table.index, moves.states, c, n_words, moves.hashed)
            row = end
    frame[N_ROWS] = row
    if incumbent != frame[INCUMBENT]:
        frame[INCUMBENT] = frame[STATISTICS + GOAL_COST] = incumbent
    frame[STATISTICS + EXPANDED] += expanded
    frame[STATISTICS + GENERATED] += row
    return expanded


@batch_pass((estimate,), (state_width,))
def estimate_all(kind, space_kind, frame):
    """Compute g and h of each successor; this rank owns it as long as nobody else says so, -1 where f is too large."""
    heuristic, space = part(kind, frame, HEURISTIC), part(space_kind, frame, SPACE)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, rank, n, max_g = state_width(space), frame[RANK], frame[N_ROWS], frame[MAX_G]
    for c in range(n):
        i = batch.parent_of[c]
        for word in range(n_words):
            moves.parent[word] = batch.parents[i * np.uint64(n_words) + np.uint64(word)]
        g = batch.gs[i] + moves.cost[c]
        h = np.int64(estimate(heuristic, space, batch.hs[i], moves, c))
        moves.g[c], moves.h[c] = g, h
        # Domain.check_result says what is proved without those of too large a g
        batch.owners[c] = rank if g + h < batch.bounds[i] and g <= max_g else -1
    frame[FAULT] |= _faults(frame, batch.owners, moves, n)
    return 0


@inlined
def _faults(frame, owners, moves, n):
    """Return what is wrong with the first ``n`` successors, as bits; note in the frame whether some are dropped.

    Without branches, so that several are looked at at once.
    """
    most_f = frame[F] + frame[RISE]
    max_cost, max_h, max_operator = np.uint64(frame[MAX_COST]), np.uint64(frame[MAX_H]), np.uint64(frame[MAX_OPERATOR])
    wrong: Any = 0
    dropped: Any = 0
    for c in range(n):
        is_kept = owners[c] >= 0
        dropped |= np.int64(owners[c] < 0)
        wrong |= np.int64(np.uint64(moves.cost[c]) > max_cost) * COST_OUT_OF_RANGE
        wrong |= np.int64(np.uint64(moves.operator[c]) > max_operator) * OPERATOR_OUT_OF_RANGE
        wrong |= np.int64(is_kept & (np.uint64(moves.h[c]) > max_h)) * H_OUT_OF_RANGE
        wrong |= np.int64(is_kept & (moves.g[c] + moves.h[c] > most_f)) * F_ROSE
    frame[ARE_DROPPED] = dropped
    return wrong


@batch_pass((owner,), (state_width,))
def owner_all(kind, space_kind, frame):
    """Ask who owns each successor that is not dropped."""
    distribution, space = part(kind, frame, DISTRIBUTION), part(space_kind, frame, SPACE)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, rank = state_width(space), frame[RANK]
    for c in range(frame[N_ROWS]):
        i = batch.parent_of[c]
        for word in range(n_words):
            moves.parent[word] = batch.parents[i * np.uint64(n_words) + np.uint64(word)]
        if batch.owners[c] >= 0:
            batch.owners[c] = owner(distribution, rank, space, moves, c)
    return 0


@batch_pass((evaluate,), (state_width,))
def evaluate_all(kind, space_kind, frame):
    """Evaluate what is to be opened; h never falls below what the parent said."""
    heuristic, space = part(kind, frame, HEURISTIC), part(space_kind, frame, SPACE)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, incumbent, max_h, end = state_width(space), frame[INCUMBENT], frame[MAX_H], frame[F_END]
    wrong = 0
    for k in range(frame[N_OPENED]):
        c = batch.opened[k]
        h = np.int64(evaluate(heuristic, space, moves.states, np.int64(c) * n_words))
        if h > moves.h[c]:
            moves.h[c] = h
        f = moves.g[c] + moves.h[c]
        if f < incumbent and (h < 0 or h > max_h or f >= end):
            wrong |= F_ROSE if 0 <= h <= max_h else H_OUT_OF_RANGE
            moves.h[c] = incumbent  # it has no place in the open list
    frame[FAULT] |= wrong
    return 0
