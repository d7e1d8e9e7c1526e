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

from pdsearch._jit import inlined
from pdsearch.kernels.intrinsics import compare_line, prefetch, trailing_zeros
from pdsearch.kernels.layout import same_state
from pdsearch.kernels.mixing import mix_state

LINE = 16
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
    prefetch(index, line_of(index, hashed))


@inlined
def line_of(index, hashed):
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
    line = line_of(index, hashed)
    numbers = np.uint32(len(index) - 1)
    agrees = np.uint64(compare_line(index, line, _tag_of(index, hashed), numbers) >> 16)
    if agrees != 0:
        prefetch(nodes, (np.int64(index[line + trailing_zeros(agrees)] & numbers) - 1) * size)


@inlined
def find(nodes, index, states, at, hashed, size, n_words):
    """Return (node that holds ``states[at]`` or -1, first empty slot of the line to enter it in)."""
    line = line_of(index, hashed)
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
