"""A batch of nodes as a pipeline of passes over its arrays.

======== ============================================== ======================================
pass     what it does                                   compiled for
======== ============================================== ======================================
pop      take nodes of one f from the open list         open list
load     load them, drop those that are stale           node layout
expand   goal test, successors, their hashes            domain
estimate h of each successor, bounds that were declared heuristic, domain
owner    who owns each successor (not on one rank)      distribution, domain
keep     close the parents; keep rows, post the others  node layout
unpack   rows from records that were received           node layout
insert   probe, insert or improve                       node layout
evaluate h of what is new, by an expensive heuristic    heuristic, domain
push     enter what is new into the open list           open list
split    spread the index after it was doubled          node layout (growth.py)
======== ============================================== ======================================

All rows of a batch stay in the first-level cache between two passes. What a pass needs lies in the frame
(:mod:`pdsearch.kernels.frame`); scalars that change with every row live in local variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from pdsearch._jit import Compiled, chosen, inlined
from pdsearch.errors import BadInputError
from pdsearch.kernels.frame import (
    ARE_DROPPED,
    AT,
    BATCH,
    DISTRIBUTION,
    ENTERS,
    F_ALLOWED,
    F_END,
    FAULT,
    FRAME_TYPE,
    HEURISTIC,
    INCUMBENT,
    IS_FULL,
    LAZY_RISE,
    MAX_COST,
    MAX_G,
    MAX_H,
    MAX_MOVES,
    MAX_OPERATOR,
    MOST,
    MOVES,
    N_OPENED,
    N_PARENTS,
    N_RANKS,
    N_RECORDS,
    N_ROWS,
    NO_KIND,
    OPEN,
    OUTBOX,
    POPPED,
    RANK,
    RECORDS,
    RISE,
    ROOM,
    SPACE,
    STATISTICS,
    TABLE,
    F,
    Kind,
    KindType,
    blank,
    part,
)
from pdsearch.kernels.intrinsics import prefetch
from pdsearch.kernels.layout import (
    load_g,
    load_h,
    load_operator,
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
from pdsearch.kernels.protocol import (
    estimate,
    evaluate,
    expand,
    is_goal,
    keep_cursor,
    new_moves,
    owner,
    pop_batch,
    push,
    room,
    rows_apart,
    take_cursor,
)
from pdsearch.kernels.protocol import width as state_width
from pdsearch.kernels.store import LINE, find, hash_row, name, new_table, probe

# statistics, in this order in the frame from STATISTICS on
EXPANDED, GENERATED, REOPENED, DUPLICATES, EVALUATED, GOAL_NODE, GOAL_COST = range(7)
N_STATISTICS = 7

# faults of a domain or heuristic, bits
F_ROSE, H_OUT_OF_RANGE, COST_OUT_OF_RANGE, OPERATOR_OUT_OF_RANGE, TOO_MANY_MOVES = 1, 2, 4, 8, 16
SLACK = 256  # rows behind those that are needed: what a domain writes beyond its max_moves before that is seen


class Batch(NamedTuple):
    """What is known of the nodes that are expanded together, and of their successors."""

    nodes: npt.NDArray[np.int64]  # (batch,) numbers of the parents; -1 once a parent turns out a goal
    hs: npt.NDArray[np.int64]  # (batch,)
    gs: npt.NDArray[np.int64]  # (batch,)
    bounds: npt.NDArray[np.int64]  # (batch,) successors of f from here on are dropped
    operators: npt.NDArray[np.int64]  # (batch,) that led to the parents, or NO_OPERATOR
    parents: npt.NDArray[np.uint64]  # (batch * n_words,) their states
    parent_of: npt.NDArray[np.uint64]  # (n_rows,) which of the nodes each successor comes from
    owners: npt.NDArray[np.int64]  # (n_rows,) of each successor; -1: dropped
    opened: npt.NDArray[np.uint64]  # (n_rows,) rows of the successors that are new or improved
    stored: npt.NDArray[np.int64]  # (n_rows,) nodes of those


class Outbox(NamedTuple):
    """Records waiting for other ranks: one pool of slots, chained by destination.

    A buffer for each destination would take memory by the square of the number of ranks.
    """

    records: npt.NDArray[np.uint32]  # (n_slots * record_words,)
    link: npt.NDArray[np.int64]  # (n_slots,) the slot filled before for the same rank, or the next free one; -1 ends
    newest: npt.NDArray[np.int64]  # (n_ranks,) slot filled last, -1 when nothing waits
    waiting: npt.NDArray[np.int64]  # (n_ranks,) records
    message_size: npt.NDArray[np.int64]  # (n_ranks,) records that make a message worth sending
    least_f: npt.NDArray[np.int64]  # (n_ranks,)
    free: npt.NDArray[np.int64]  # (first free slot, number of free slots)


def new_batch(n_words: int, batch: int, n_rows: int) -> Batch:
    """Return arrays for ``batch`` parents with ``n_rows`` successors."""
    sizes = [batch] * 5 + [batch * n_words, n_rows, n_rows, n_rows, n_rows]
    # numba looks whether a signed index is negative, each time; those that are read from arrays are unsigned
    unsigned = [Batch._fields.index(name) for name in ("parents", "parent_of", "opened")]
    arrays = [array if i in unsigned else array.view(np.int64) for i, array in enumerate(rows_apart(sizes))]
    return Batch(*arrays)  # type: ignore[arg-type]


def _zeros(n: int, kind: Any = np.int64) -> Any:
    return np.zeros(n, kind)


MOVES_KIND, BATCH_KIND = Kind(new_moves(1, 1)), Kind(new_batch(1, 1, 1))
TABLE_KIND, RECORDS_KIND = Kind(new_table(1, 1, LINE)), Kind(_zeros(1, np.uint32))
NO_OUTBOX = Outbox(_zeros(1, np.uint32), *(_zeros(1) for _ in range(6)))
OUTBOX_KIND = Kind(NO_OUTBOX)


class Pass:
    """One pass, to be compiled for the types of the tables it asks.

    Parameters
    ----------
    function : callable
        Takes two kinds (the second may be unused) and a frame, and returns an integer.
    asked : tuple of sets
        The stubs that the first kind answers, and those of the second.
    """

    def __init__(self, function: Callable[..., Any], *asked: tuple[Callable[..., Any], ...]) -> None:
        self.function, self.asked = function, asked
        self._made: dict[Any, Compiled] = {}

    def made_for(self, *tables: Any) -> Compiled:
        """Return the pass for tables, not compiled yet."""
        kinds = tuple(KindType(numba.typeof(value)) for value in tables)
        if kinds not in self._made:
            implements = {}
            for stubs, value in zip(self.asked, tables, strict=True):
                for stub in stubs:
                    answer = chosen(stub, type(value))
                    if answer is None:
                        raise BadInputError(
                            f"nothing answers {stub.__name__!r} for {type(value).__name__}; "
                            f"decorate a function with @answers({stub.__name__}, {type(value).__name__})"
                        )
                    implements[stub] = answer
            signature = (*kinds, *[NO_KIND] * (2 - len(kinds)), FRAME_TYPE)
            self._made[kinds] = Compiled(self.function, implements, signature)
        return self._made[kinds]


def batch_pass(*asked: tuple[Callable[..., Any], ...]) -> Callable[[Callable[..., Any]], Pass]:
    """Make a pass of the decorated function; see :class:`Pass`."""
    return lambda function: Pass(function, *asked)


_LAYOUT = (
    width,
    node_size,
    record_size,
    load_g,
    load_h,
    load_origin,
    load_operator,
    origin_from,
    store_origin,
    store_h,
)


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

    Their h and f have a place: who computed them has seen to it, :func:`_faults` or :func:`evaluate_all`.
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


@inlined
def _is_closed(words, offset, size):
    """Say, as 0 or 1, whether the node at ``words[offset]`` is closed."""
    return np.int64(words[offset + size - 1] & np.uint32(1))


@batch_pass(_LAYOUT)
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
        if _is_closed(table.nodes, offset, size) == 0 and g == f - h:
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
    incumbent = frame[INCUMBENT]
    expanded = row = 0
    parents = frame[N_PARENTS]
    for i in range(parents):
        for word in range(n_words):
            moves.parent[word] = batch.parents[i * n_words + word]
        batch.bounds[i] = incumbent
        if is_goal(space, moves.parent):
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


@batch_pass(_LAYOUT)
def keep(kind, _, frame):
    """Close the parents; move the successors of this rank to the first rows, post the others."""
    layout, table, outbox = blank(kind), part(TABLE_KIND, frame, TABLE), part(OUTBOX_KIND, frame, OUTBOX)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, size, rank, is_alone = width(layout), node_size(layout), frame[RANK], frame[N_RANKS] == 1
    for i in range(frame[N_PARENTS]):
        node = batch.nodes[i]
        if node >= 0:
            table.nodes[node * size + size - 1] |= np.uint32(1)
    n = full = 0
    if is_alone and frame[ARE_DROPPED] == 0 and origin_from(layout, np.int64(-1), np.int64(0)) == 0:
        frame[IS_FULL] = 0  # all rows stay where they are, as nearly always on one rank
        return 0
    for c in range(frame[N_ROWS]):
        to = batch.owners[c]
        if to < 0:
            continue
        origin = origin_from(layout, batch.nodes[batch.parent_of[c]] | (rank << 32), moves.operator[c])
        if to == rank:
            for word in range(n_words):
                moves.states[n * n_words + word] = moves.states[c * n_words + word]
            moves.operator[n], moves.g[n], moves.h[n] = origin, moves.g[c], moves.h[c]
            if is_alone:
                moves.hashed[n] = moves.hashed[c]
            else:
                hash_row(table.index, moves.states, n, n_words, moves.hashed)
            n += 1
        else:
            full |= _post(layout, outbox, to, moves, c, origin)
    frame[N_ROWS], frame[IS_FULL] = n, full
    return 0


@inlined
def _post(layout, outbox, destination, moves, c, origin):
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


@batch_pass(_LAYOUT)
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


@batch_pass(_LAYOUT)
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
            reopened += _is_closed(table.nodes, node * size, size)
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
