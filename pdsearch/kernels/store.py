"""The node table of one rank: every generated state once, with g, the operator that led to it, closed or not.

Nodes lie densely in one array in the order they came, so that a node is a 32-bit number
that never changes. An open-addressing index finds them by state: 16 slots of 4 bytes make
a cache line, which is compared as a whole; only the states for which their line had no room
are in the next. A slot holds the node number + 1 in its low bits and, in the bits the
numbers leave free, a tag from the state's hash, so that nearly every look at a node is a hit.

Nodes lie as :mod:`pdsearch.kernels.layout` says: 12 bytes for the 15-puzzle, and 4 / fill bytes of index.

A look-up is split in three passes over a batch, each of which asks the memory for what the
next one reads: :func:`aim` (the index line), :func:`look` (the node whose tag agrees) and
:func:`settle` (insert or update).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.kernels.intrinsics import compare_line, prefetch, trailing_zeros
from pdsearch.kernels.layout import (
    is_closed,
    load_g,
    load_state,
    load_way,
    node_size,
    same_state,
    store_state,
    store_way,
)
from pdsearch.kernels.mixing import mix_state
from pdsearch.kernels.protocol import evaluate, push, width

LINE = 16
_FETCH_AHEAD = 4  # lines
MAX_FILL = 0.75  # of the index: one line in ten is full then, one in two at 0.95


class NodeTable(NamedTuple):
    """Arrays of a node table."""

    nodes: npt.NDArray[np.uint32]  # (capacity * node_size,)
    index: npt.NDArray[np.uint32]  # (n_slots,), a power of two, at least LINE
    n_nodes: npt.NDArray[np.int64]  # (1,)


def new_table(size: int, capacity: int, n_slots: int) -> NodeTable:
    """Return an empty table for ``capacity`` nodes of ``size`` words with ``n_slots`` (a power of two) slots."""
    nodes = np.empty(capacity * size, np.uint32)
    return NodeTable(nodes, new_index(n_slots), np.zeros(1, np.int64))


def new_index(n_slots: int) -> npt.NDArray[np.uint32]:
    """Return empty slots whose lines are cache lines: uint32[n_slots], 64-byte aligned."""
    slots = np.zeros(n_slots + LINE, np.uint32)
    start = -slots.ctypes.data % (4 * LINE) // 4
    return slots[start : start + n_slots]


@inlined
def capacity(space, table):
    """Return how many nodes fit before the table must grow."""
    return min(len(table.nodes) // node_size(space), np.int64(len(table.index) * MAX_FILL))


@inlined
def aim(space, table, moves, c):
    """First pass: hash successor ``c`` and fetch its index line."""
    hashed = mix_state(moves.states, c * width(space), width(space))
    moves.hashed[c] = hashed
    prefetch(table.index, _line_of(table, hashed))


@inlined
def _line_of(table, hashed):
    """Return the first slot of the line in which a hash belongs: its highest bits say which."""
    bits = np.uint64(trailing_zeros(np.uint64(len(table.index))))
    return np.int64((hashed >> (np.uint64(68) - bits)) << np.uint64(4))


@inlined
def _tag_of(table, hashed):
    """Return the bits that follow those of the line, as many as node numbers leave free, at the top of a slot."""
    bits = np.uint64(trailing_zeros(np.uint64(len(table.index))))
    return np.uint32((hashed << (bits - np.uint64(4))) >> np.uint64(32)) & ~np.uint32(len(table.index) - 1)


@inlined
def _compare(table, line, hashed):
    """Return (mask of the slots whose tag agrees, mask of the empty slots) of a line."""
    found = compare_line(table.index, line, _tag_of(table, hashed), np.uint32(len(table.index) - 1))
    return np.uint64(found >> 16), np.uint64(found & 0xFFFF)


@inlined
def _node_in(table, slot):
    """Return the node a filled slot names."""
    return np.int64(table.index[slot] & np.uint32(len(table.index) - 1)) - 1


@inlined
def _name(table, line, empty, hashed, node):
    """Write a node into the first empty slot of a line."""
    table.index[line + trailing_zeros(empty)] = _tag_of(table, hashed) | np.uint32(node + 1)


@inlined
def _next_line(table, line):
    """Return the line where those go for whom ``line`` had no room."""
    return (line + LINE) & (len(table.index) - 1)


@inlined
def look(space, table, moves, c):
    """Second pass: fetch the first node whose tag agrees."""
    line = _line_of(table, moves.hashed[c])
    agrees, _ = _compare(table, line, moves.hashed[c])
    if agrees != 0:
        prefetch(table.nodes, _node_in(table, line + trailing_zeros(agrees)) * node_size(space))


@inlined
def find(space, table, states, at, hashed):
    """Return (node that holds ``states[at]`` or -1, line to enter it in, empty slots of the line)."""
    line = _line_of(table, hashed)
    while True:
        agrees, empty = _compare(table, line, hashed)
        while agrees != 0:
            node = _node_in(table, line + trailing_zeros(agrees))
            if same_state(space, table.nodes, node * node_size(space), states, at):
                return node, line, empty
            agrees &= agrees - np.uint64(1)
        if empty != 0:
            return -1, line, empty
        line = _next_line(table, line)


@inlined
def settle(space, estimator, table, frontier, cursor, moves, c, n_nodes, incumbent):
    """Third pass: enter successor ``c``, or improve the node of the same state.

    What is entered is evaluated, if the heuristic is of that kind, and left off the open list from
    ``incumbent`` on. Returns (cursor, n_nodes, duplicate, reopened, evaluated), the last three 0 or 1.
    g, way and the closed mark change together.
    """
    g, h = moves.g[c], moves.h[c]
    node, line, empty = find(space, table, moves.states, c * width(space), moves.hashed[c])
    duplicate = reopened = 0
    if node < 0:
        node = n_nodes
        n_nodes += 1
        _name(table, line, empty, moves.hashed[c], node)
        store_state(space, table.nodes, node * node_size(space), moves.states, c * width(space))
    else:
        if g >= load_g(space, table.nodes, node * node_size(space)):
            return cursor, n_nodes, 1, 0, 0
        duplicate = 1
        reopened = is_closed(space, table.nodes, node * node_size(space))
    store_way(space, table.nodes, node * node_size(space), g, moves.operator[c])
    h = max(h, evaluate(estimator, space, moves.states, c * width(space)))
    if g + h < incumbent:
        cursor = push(frontier, cursor, g + h, h, node)
    return cursor, n_nodes, duplicate, reopened, 1


@kernel
def find_node(space, table, state):
    """Return the number of the node that holds ``state`` (uint64[n_words]), or -1."""
    return find(space, table, state, 0, mix_state(state, 0, width(space)))[0]


@kernel
def way_to(space, table, node):
    """Return (g, way) of a node."""
    offset = node * node_size(space)
    return load_g(space, table.nodes, offset), load_way(space, table.nodes, offset)


@kernel
def lines_to_copy(index):
    """Return how many of the first lines :func:`split_index` must have in a copy: nearly always one.

    Behind them no node is displaced so far that its new line would be among those still to be split: a line L that
    follows r full ones may hold nodes of line L - r, the new lines of which begin at 2 (L - r), and L <= 2 (L - r).
    And all nodes that went round from the last line to the first are among them.
    """
    n_lines = len(index) // LINE
    copied = 0
    while copied < n_lines and _is_full(index, copied):
        copied += 1
    copied += 1
    run = 0
    for line in range(copied, n_lines):
        if 2 * run > line:
            copied = line + 1
        run = run + 1 if _is_full(index, line) else 0
    return min(copied, n_lines)


@inlined
def _is_full(index, line):
    """Say whether a line, by its number, is full: slots are filled from the first to the last."""
    return index[line * LINE + LINE - 1] != 0


@kernel
def split_index(space, table, first, old, state):
    """Spread the nodes in the lower half of the index, all that there are, over the whole of it.

    ``first`` is a copy of the first lines, see :func:`lines_to_copy`; ``old`` (uint32[LINE]) and ``state`` are scratch.
    The bit by which the new line of a node differs is the first of its old tag: line 2 L or
    2 L + 1 instead of L. So the lines are split in place from the last to the first, and no node is
    looked at, except those that may have been displaced by a full line before theirs.
    """
    index = table.index
    n_old = len(index) // 2
    numbers = np.uint32(n_old - 1)
    round_full = index[n_old - 1] != 0
    index[: len(first)] = 0
    for start in range(n_old - LINE, -1, -LINE):
        if start < len(first):
            for slot in range(LINE):
                old[slot] = first[start + slot]
        else:
            for slot in range(LINE):
                old[slot] = index[start + slot]
                index[start + slot] = 0
        if start == 0:
            after_full = round_full
        elif start <= len(first):
            after_full = first[start - 1] != 0
        else:
            after_full = index[start - 1] != 0
        _deal_out(space, table, old, start, after_full, state)
        later = start - _FETCH_AHEAD * LINE
        if later >= LINE and index[later - 1] != 0:  # fetch all the nodes of a line to come at once
            for slot in range(later, later + LINE):
                if index[slot] != 0:
                    prefetch(table.nodes, (np.int64(index[slot] & numbers) - 1) * node_size(space))


@inlined
def _deal_out(space, table, old, start, after_full, state):
    """Enter the nodes of the old line that began at slot ``start``.

    What is written next to what was written just before is not read back, as :func:`_enter` would: the processor
    would have to wait for its own stores, which took two thirds of the time.
    """
    bits = np.uint64(trailing_zeros(np.uint64(len(table.index)))) - np.uint64(1)
    numbers = np.uint32((np.int64(1) << np.int64(bits)) - 1)
    even, odd = _filled(table, 2 * start), _filled(table, 2 * start + LINE)
    for entry in old:
        if entry == 0:
            break
        node = np.int64(entry & numbers) - 1
        if after_full:
            load_state(space, table.nodes, node * node_size(space), state, 0)
            hashed = mix_state(state, 0, width(space))
        else:
            hashed = np.uint64(start >> 4) << (np.uint64(68) - bits)
            hashed |= np.uint64(entry & ~numbers) << (np.uint64(36) - bits)
        which = (_line_of(table, hashed) - 2 * start) >> 4
        n = even + which * (odd - even)
        if 0 <= which <= 1 and n < LINE:
            table.index[2 * start + which * LINE + n] = _tag_of(table, hashed) | np.uint32(node + 1)
            odd += which
            even += 1 - which
        else:
            _enter(table, hashed, node)
            even, odd = _filled(table, 2 * start), _filled(table, 2 * start + LINE)


@inlined
def _filled(table, line):
    """Return how many slots of a line are filled: always the first ones."""
    _, empty = _compare(table, line, np.uint64(0))
    return LINE if empty == 0 else np.int64(trailing_zeros(empty))


@inlined
def _enter(table, hashed, node):
    """Name a node that is not in the index."""
    line = _line_of(table, hashed)
    _, empty = _compare(table, line, hashed)
    while empty == 0:
        line = _next_line(table, line)
        _, empty = _compare(table, line, hashed)
    _name(table, line, empty, hashed, node)
