"""The node table of one rank: every generated state once, with g, the operator that led to it, closed or not.

Nodes lie densely in one array in the order they came, so that a node is a 32-bit number
that never changes. An open-addressing index finds them by state: 16 slots of 4 bytes make
a cache line, which is compared as a whole; only the states for which their line had no room
are in the next. A slot holds the node number + 1 in its low bits and, in the bits the
numbers leave free, a tag from the state's hash, so that nearly every look at a node is a hit.

Nodes lie as :mod:`pdsearch.kernels.layout` says: 12 bytes for the 15-puzzle, and 4 / fill bytes of index.

A look-up is split in three passes over a batch, each of which asks the memory for what the
next one reads: :func:`hash_row` (the index line), :func:`probe` (the node whose tag agrees) and
:func:`find` (insert or update).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.kernels.intrinsics import compare_line, prefetch, trailing_zeros
from pdsearch.kernels.layout import load_state, node_size, same_state, width
from pdsearch.kernels.mixing import mix_state

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


def capacity(table: NodeTable, size: int) -> int:
    """Return how many nodes of ``size`` words fit before the table must grow."""
    return min(len(table.nodes) // size, int(len(table.index) * MAX_FILL))


@inlined
def hash_row(index, states, row, n_words, hashes):
    """First pass: hash the state in a row and fetch its index line."""
    hashed = mix_state(states, row * n_words, n_words)
    hashes[row] = hashed
    prefetch(index, _line_of(index, hashed))


@inlined
def _line_of(index, hashed):
    """Return the first slot of the line in which a hash belongs: its highest bits say which."""
    bits = np.uint64(trailing_zeros(np.uint64(len(index))))
    return np.int64((hashed >> (np.uint64(68) - bits)) << np.uint64(4))


@inlined
def _tag_of(index, hashed):
    """Return the bits that follow those of the line, as many as node numbers leave free, at the top of a slot."""
    bits = np.uint64(trailing_zeros(np.uint64(len(index))))
    return np.uint32((hashed << (bits - np.uint64(4))) >> np.uint64(32)) & ~np.uint32(len(index) - 1)


@inlined
def probe(nodes, index, hashed, size):
    """Second pass: fetch the first node whose tag agrees."""
    line = _line_of(index, hashed)
    numbers = np.uint32(len(index) - 1)
    agrees = np.uint64(compare_line(index, line, _tag_of(index, hashed), numbers) >> 16)
    if agrees != 0:
        prefetch(nodes, (np.int64(index[line + trailing_zeros(agrees)] & numbers) - 1) * size)


@inlined
def find(nodes, index, states, at, hashed, size, n_words):
    """Return (node that holds ``states[at]`` or -1, first empty slot of the line to enter it in)."""
    line = _line_of(index, hashed)
    tag, numbers = _tag_of(index, hashed), np.uint32(len(index) - 1)
    node, slot = np.int64(-1), np.int64(-1)
    while slot < 0:
        found = compare_line(index, line, tag, numbers)
        agrees, empty = np.uint64(found >> 16), np.uint64(found & 0xFFFF)
        while agrees != 0:
            candidate = np.int64(index[line + trailing_zeros(agrees)] & numbers) - 1
            if same_state(nodes, candidate * size, states, at, n_words):
                node = candidate
                break
            agrees &= agrees - np.uint64(1)
        if node >= 0:
            slot = line
        elif empty != 0:
            slot = line + trailing_zeros(empty)
        line = (line + LINE) & (len(index) - 1)
    return node, slot


@inlined
def name(index, slot, hashed, node):
    """Write a node into an empty slot."""
    index[slot] = _tag_of(index, hashed) | np.uint32(node + 1)


@kernel
def lines_to_copy(index):
    """Return how many of the first lines :func:`split_index` must have in a copy: nearly always one.

    Behind them no node is displaced so far that its new line would be among those still to be split: a line L that
    follows r full ones may hold nodes of line L - r, the new lines of which begin at 2 (L - r), and L <= 2 (L - r).
    And all nodes that went round from the last line to the first are among them.

    Parameters
    ----------
    index : uint32[n_slots]
        The index before it grows.
    """
    n_lines = len(index) // LINE
    copied = 0
    while copied < n_lines and index[copied * LINE + LINE - 1] != 0:  # full: slots are filled from the first on
        copied += 1
    copied += 1
    run = 0
    for line in range(copied, n_lines):
        if 2 * run > line:
            copied = line + 1
        run = run + 1 if index[line * LINE + LINE - 1] != 0 else 0
    return copied if copied < n_lines else n_lines


@inlined
def split_all(layout, nodes, index, first, n_first, old, state):
    """Spread the nodes in the lower half of the index, all that there are, over the whole of it.

    ``first`` is a copy of the first lines, see :func:`lines_to_copy`; ``old`` (uint32[LINE]) and ``state`` are scratch.
    The bit by which the new line of a node differs is the first of its old tag: line 2 L or
    2 L + 1 instead of L. So the lines are split in place from the last to the first, and no node is
    looked at, except those that may have been displaced by a full line before theirs.
    """
    n_old = len(index) // 2
    numbers = np.uint32(n_old - 1)
    size = node_size(layout)
    round_full = index[n_old - 1] != 0
    for slot in range(n_first):
        index[slot] = 0
    start = n_old
    while start > 0:
        start -= LINE
        for slot in range(LINE):
            if start < n_first:
                old[slot] = first[start + slot]
            else:
                old[slot] = index[start + slot]
                index[start + slot] = 0
        if start == 0:
            after_full = round_full
        elif start <= n_first:
            after_full = first[start - 1] != 0
        else:
            after_full = index[start - 1] != 0
        _deal_out(layout, nodes, index, old, start, after_full, state)
        later = start - _FETCH_AHEAD * LINE
        if later >= LINE and index[later - 1] != 0:  # fetch all the nodes of a line to come at once
            for slot in range(later, later + LINE):
                if index[slot] != 0:
                    prefetch(nodes, (np.int64(index[slot] & numbers) - 1) * size)


@inlined
def _deal_out(layout, nodes, index, old, start, after_full, state):
    """Enter the nodes of the old line that began at slot ``start``.

    What is written next to what was written just before is not read back, as a look for an empty slot would: the
    processor would have to wait for its own stores, which took two thirds of the time.
    """
    bits = np.uint64(trailing_zeros(np.uint64(len(index)))) - np.uint64(1)
    numbers = np.uint32((np.int64(1) << np.int64(bits)) - 1)
    even = odd = np.int64(-1)
    i = 0
    while i < LINE and old[i] != 0:
        entry = old[i]
        i += 1
        if even < 0:
            even, odd = _filled(index, 2 * start), _filled(index, 2 * start + LINE)
        node = np.int64(entry & numbers) - 1
        if after_full:
            load_state(nodes, node * node_size(layout), state, 0, width(layout))
            hashed = mix_state(state, 0, width(layout))
        else:
            hashed = np.uint64(start >> 4) << (np.uint64(68) - bits)
            hashed |= np.uint64(entry & ~numbers) << (np.uint64(36) - bits)
        line = _line_of(index, hashed)
        which = (line - 2 * start) >> 4
        n = even + which * (odd - even)
        if 0 <= which <= 1 and n < LINE:
            slot = 2 * start + which * LINE + n
            odd += which
            even += 1 - which
        else:
            n = _filled(index, line)
            while n == LINE:
                line = (line + LINE) & (len(index) - 1)
                n = _filled(index, line)
            slot = line + n
            even = np.int64(-1)  # count again: it may be one of the two lines
        name(index, slot, hashed, node)


@inlined
def _filled(index, line):
    """Return how many slots of a line are filled: always the first ones."""
    empty = np.uint64(compare_line(index, line, np.uint32(0), np.uint32(0)) & 0xFFFF)
    return np.int64(LINE) if empty == 0 else trailing_zeros(empty)
