"""The open list for large or real costs: a 4-ary heap on (f, h), the last entered first among equals.

Four children of 24 bytes lie in two cache lines, and the tree is half as deep as a binary
one: fewer misses per pop. Costs are kept as float64, which holds integers up to 2**53
exactly; ``fastmath`` is never used.

Source: LaMarca and Ladner (1996), "The influence of caches on the performance of heaps",
ACM Journal of Experimental Algorithmics 1, section 4 (d-heaps).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.kernels.protocol import INFINITY, f_end, keep_cursor, pop_batch, push, room, take_cursor

ARITY = 4
_NUMBERS = np.uint64(2**32 - 1)
_AT_ONCE = 1 << 14


class HeapOpen(NamedTuple):
    """Arrays of a heap; entry ``i`` has its children at ``4 i + 1 .. 4 i + 4``."""

    f: npt.NDArray[np.float64]  # (capacity,)
    h: npt.NDArray[np.float64]  # (capacity,)
    node: npt.NDArray[np.uint64]  # (capacity,) time of entry << 32 | node, so that ties are LIFO
    scalars: npt.NDArray[np.int64]  # (2,) entries, entries ever made

    @property
    def least_f(self) -> int:
        """Return the least f of all entries, INFINITY when there are none."""
        return int(self.f[0]) if self.scalars[0] else INFINITY

    @property
    def n_open(self) -> int:
        """Return the number of entries."""
        return int(self.scalars[0])

    @property
    def f_end(self) -> int:
        """Return INFINITY: every f has a place."""
        return INFINITY

    @property
    def room(self) -> int:
        """Return how many pushes are possible."""
        return len(self.f) - int(self.scalars[0])

    def has_room(self, pushes: int) -> bool:
        """Say whether so many pushes are possible."""
        return bool(len(self.f) - self.scalars[0] >= pushes)

    def needed(self, f: npt.NDArray[np.int64], h: npt.NDArray[np.int64]) -> int:
        """Return how many places such entries take."""
        return len(f)

    def doubled(self) -> HeapOpen:
        """Return the same heap with twice the places."""
        return self.grown(1)

    def grown(self, share: int) -> HeapOpen:
        """Return the same heap with more places, one for each ``share`` of now."""
        n = len(self.f)
        larger = new_heap_open(n + -(-n // share))
        larger.f[:n], larger.h[:n], larger.node[:n] = self.f, self.h, self.node
        return larger._replace(scalars=self.scalars)

    def saved(self) -> dict[str, npt.NDArray[Any]]:
        """Return f, h and node of the entries; valid until the heap changes."""
        n = self.n_open
        return {"heap_f": self.f[:n], "heap_h": self.h[:n], "heap_node": self.node[:n]}

    def mark(self, marks: npt.NDArray[np.uint32]) -> None:
        """Set the mark of each node that has an entry, stale ones too, to 1."""
        for start in range(0, self.n_open, _AT_ONCE):
            marks[self.node[start : min(start + _AT_ONCE, self.n_open)] & _NUMBERS] = 1

    def renumber(self, numbers: npt.NDArray[np.uint32]) -> None:
        """Let the entries of each node be those of another."""
        for start in range(0, self.n_open, _AT_ONCE):
            entries = self.node[start : min(start + _AT_ONCE, self.n_open)]
            entries[:] = entries & ~_NUMBERS | numbers[entries & _NUMBERS]

    def widened(self, n_f: int) -> HeapOpen:
        """Return the same heap: it has room for every f."""
        return self


def new_heap_open(capacity: int) -> HeapOpen:
    """Return an empty heap for ``capacity`` entries."""
    return HeapOpen(np.empty(capacity), np.empty(capacity), np.empty(capacity, np.uint64), np.zeros(2, np.int64))


@implements(take_cursor, HeapOpen)
def _take_cursor(open_list):
    least = np.int64(open_list.f[0]) if open_list.scalars[0] > 0 else np.int64(INFINITY)
    return (least, open_list.scalars[0], open_list.scalars[1])


@implements(keep_cursor, HeapOpen)
def _keep_cursor(open_list, cursor):
    open_list.scalars[0] = cursor[1]
    open_list.scalars[1] = cursor[2]


@inlined
def _before(f, h, entry, open_list, i):
    """Say whether (f, h, entry) comes out before entry ``i``: less f, less h, later entered."""
    if f != open_list.f[i]:
        return f < open_list.f[i]
    if h != open_list.h[i]:
        return h < open_list.h[i]
    return entry > open_list.node[i]


@inlined
def _put(open_list, i, f, h, entry):
    open_list.f[i] = f
    open_list.h[i] = h
    open_list.node[i] = entry


@implements(push, HeapOpen)
def _push(open_list, cursor, f, h, node):
    _, n, entered = cursor
    entry = (np.uint64(entered) << np.uint64(32)) | np.uint64(node)
    i = n
    while i > 0:
        above = (i - 1) // ARITY
        if not _before(f, h, entry, open_list, above):
            break
        _put(open_list, i, open_list.f[above], open_list.h[above], open_list.node[above])
        i = above
    _put(open_list, i, f, h, entry)
    return (np.int64(open_list.f[0]), n + 1, (entered + 1) & 0xFFFFFFFF)


@inlined
def _sift_down(open_list, n, f, h, entry):
    """Place an entry in the heap of ``n`` whose root is free."""
    i = 0
    while True:
        first = i * ARITY + 1
        if first >= n:
            break
        best = first
        last = first + ARITY if first + ARITY < n else n
        for child in range(first + 1, last):
            if _before(open_list.f[child], open_list.h[child], open_list.node[child], open_list, best):
                best = child
        if _before(f, h, entry, open_list, best):
            break
        _put(open_list, i, open_list.f[best], open_list.h[best], open_list.node[best])
        i = best
    _put(open_list, i, f, h, entry)


@implements(pop_batch, HeapOpen)
def _pop_batch(open_list, cursor, f_limit, most, nodes, hs):
    _, n, entered = cursor
    f = np.int64(INFINITY)
    count = 0
    while n > 0 and count < most:
        least = np.int64(open_list.f[0])
        if count == 0:
            f = least
        if least != f or least > f_limit:
            break
        nodes[count] = np.int64(open_list.node[0] & np.uint64(0xFFFFFFFF))
        hs[count] = np.int64(open_list.h[0])
        count += 1
        n -= 1
        if n > 0:
            _sift_down(open_list, n, open_list.f[n], open_list.h[n], open_list.node[n])
    least = np.int64(open_list.f[0]) if n > 0 else np.int64(INFINITY)
    return count, f, (least, n, entered)


@implements(room, HeapOpen)
def _room(open_list, cursor):
    return len(open_list.f) - cursor[1]


@implements(f_end, HeapOpen)
def _f_end(open_list):
    return np.int64(INFINITY)
