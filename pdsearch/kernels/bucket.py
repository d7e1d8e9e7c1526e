"""The open list for small integer costs: a stack of nodes for each (f, h).

Pops the least f, among those the least h, among those the last in: the tie-breaking that
goes deep first in the last layer. Push and pop are O(1); stacks are chains of 64-entry
chunks from one pool, so memory follows the number of open nodes and a batch of pops reads
adjacent entries.

Entries are never removed when a cheaper path to their node is found; the kernel that pops
drops those whose g + h no longer is their f.

Source: Burns, Hatem, Leighton and Ruml (2012), "Implementing Fast Heuristic Search Code",
SoCS, section "Array-based priority queues" (two-level buckets); the chunks are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined, kernel
from pdsearch.kernels.protocol import INFINITY, f_end, keep_cursor, pop_batch, push, room, settle, take_cursor

CHUNK = 64  # entry 0 of a chunk points below it, 63 hold nodes
_IN_CHUNK = CHUNK - 1


class BucketOpen(NamedTuple):
    """Arrays of a bucket queue; bucket (f, h) is number ``f * n_h + h``."""

    top: npt.NDArray[np.uint32]  # (n_f * n_h,) index in pool of the last entry; 0 = empty
    pool: npt.NDArray[np.uint32]  # (n_chunks * CHUNK,) chunk 0 is never used
    scalars: npt.NDArray[np.int64]  # (6,) least f, h within it, free chunk, chunks, open, n_h

    @property
    def least_f(self) -> int:
        """Return a lower bound on the f of all entries, INFINITY when there are none."""
        return int(self.scalars[0]) if self.scalars[4] else INFINITY

    @property
    def n_open(self) -> int:
        """Return the number of entries."""
        return int(self.scalars[4])

    @property
    def f_end(self) -> int:
        """Return the first f that has no place."""
        return len(self.top) // int(self.scalars[5])

    @property
    def room(self) -> int:
        """Return how many pushes are possible for sure: each may open a chunk."""
        return len(self.pool) // CHUNK - int(self.scalars[3])

    def has_room(self, pushes: int) -> bool:
        """Say whether so many pushes are possible, each of which may open a chunk."""
        return bool(len(self.pool) // CHUNK - self.scalars[3] >= pushes)

    def needed(self, f: npt.NDArray[np.int64], h: npt.NDArray[np.int64]) -> int:
        """Return how many chunks such entries may open."""
        return len(f) // _IN_CHUNK + len(np.unique(f * self.scalars[5] + h))

    def doubled(self) -> BucketOpen:
        """Return the same queue with twice the pool."""
        return self.grown(1)

    def grown(self, share: int) -> BucketOpen:
        """Return the same queue with a pool that is larger by one part in ``share``."""
        chunks = len(self.pool) // CHUNK
        pool = np.empty((chunks + -(-chunks // share)) * CHUNK, np.uint32)
        pool[: len(self.pool)] = self.pool
        return self._replace(pool=pool)

    def saved(self) -> dict[str, npt.NDArray[Any]]:
        """Return what :func:`saved_entries` reads; valid until the queue changes."""
        pool = self.pool[: int(self.scalars[3]) * CHUNK]
        return {"open_top": self.top, "open_pool": pool, "open_scalars": self.scalars}

    def mark(self, marks: npt.NDArray[np.uint32]) -> None:
        """Set the mark of each node that has an entry, stale ones too, to 1."""
        _visit(self.top, self.pool, marks, False)

    def renumber(self, numbers: npt.NDArray[np.uint32]) -> None:
        """Let the entries of each node be those of another."""
        _visit(self.top, self.pool, numbers, True)

    def widened(self, n_f: int) -> BucketOpen:
        """Return the same queue with room for f below ``n_f``."""
        top = np.zeros(n_f * int(self.scalars[5]), np.uint32)
        top[: len(self.top)] = self.top
        return self._replace(top=top)


def new_bucket_open(n_f: int, n_h: int, n_chunks: int) -> BucketOpen:
    """Return an empty queue for f below ``n_f`` and h below ``n_h``."""
    scalars = np.array([INFINITY, 0, 0, 1, 0, n_h], np.int64)
    return BucketOpen(np.zeros(n_f * n_h, np.uint32), np.zeros(n_chunks * CHUNK, np.uint32), scalars)


def saved_entries(
    top: npt.NDArray[np.uint32], pool: npt.NDArray[np.uint32], scalars: npt.NDArray[np.int64], most: int = 1 << 12
) -> Iterator[tuple[npt.NDArray[np.int64], int, int]]:
    """Yield nodes, at most about so many, and their f and h; of those of one f and h the last come last.

    Parameters
    ----------
    top, pool, scalars
        As :meth:`BucketOpen.saved` returned them.
    most : int
        Nodes at once, at least.
    """
    chunks, at_once = pool.reshape(-1, CHUNK), max(1, most // _IN_CHUNK)
    chain = np.empty(len(chunks), np.int64)
    for bucket in np.flatnonzero(top).tolist():
        f, h = divmod(bucket, int(scalars[5]))
        last = int(top[bucket]) % CHUNK
        n = _chain(pool, int(top[bucket]) // CHUNK, chain)
        for end in range(n, 0, -at_once):
            some = chain[max(0, end - at_once) : end][::-1]
            nodes = chunks[some, 1:].reshape(-1)
            yield (nodes[: len(nodes) - (_IN_CHUNK - last)] if end <= at_once else nodes).astype(np.int64), f, h


@kernel
def _chain(pool, chunk, out):
    """Write the numbers of the chunks of a stack, the top first; return how many."""
    n = 0
    while chunk != 0:
        out[n] = chunk
        n += 1
        chunk = np.int64(pool[chunk * CHUNK]) // CHUNK
    return n


@kernel
def _visit(top, pool, numbers, writes):
    """Mark the nodes of all entries in ``numbers``, or replace each by its number there."""
    for bucket in range(len(top)):
        at = np.int64(top[bucket])
        while at != 0:
            if writes:
                pool[at] = numbers[pool[at]]
            else:
                numbers[pool[at]] = np.uint32(1)
            at -= 1
            if at & _IN_CHUNK == 0:
                at = np.int64(pool[at])


@implements(take_cursor, BucketOpen)
def _take_cursor(open_list):
    s = open_list.scalars
    return (s[0], s[1], s[2], s[3], s[4], s[5])


@implements(keep_cursor, BucketOpen)
def _keep_cursor(open_list, cursor):
    for i in range(6):
        open_list.scalars[i] = cursor[i]


@implements(push, BucketOpen)
def _push(open_list, cursor, f, h, node):
    least_f, least_h, free, n_chunks, n_open, n_h = cursor
    bucket = f * n_h + h
    at = np.int64(open_list.top[bucket])
    if at & _IN_CHUNK == _IN_CHUNK or at == 0:
        below = at
        if free != 0:
            at = free * CHUNK
            free = np.int64(open_list.pool[at])
        else:
            at = n_chunks * CHUNK
            n_chunks += 1
        open_list.pool[at] = np.uint32(below)
    at += 1
    open_list.pool[at] = np.uint32(node)
    open_list.top[bucket] = np.uint32(at)
    if f < least_f:
        least_f, least_h = f, h
    elif f == least_f and h < least_h:
        least_h = h
    return (least_f, least_h, free, n_chunks, n_open + 1, n_h)


@inlined
def _advance(open_list, least_f, least_h, n_h):
    """Return the first filled bucket at or after (least_f, least_h); there must be one."""
    while open_list.top[least_f * n_h + least_h] == 0:
        least_h += 1
        if least_h == n_h:
            least_f, least_h = least_f + 1, 0
    return least_f, least_h


@implements(pop_batch, BucketOpen)
def _pop_batch(open_list, cursor, f_limit, most, nodes, hs):
    least_f, least_h, free, n_chunks, n_open, n_h = cursor
    count = 0
    f = least_f
    while n_open > 0 and count < most:
        least_f, least_h = _advance(open_list, least_f, least_h, n_h)
        if count == 0:
            f = least_f
        if least_f > f or f > f_limit:
            break
        bucket = least_f * n_h + least_h
        at = np.int64(open_list.top[bucket])
        while at != 0 and count < most:
            nodes[count] = np.int64(open_list.pool[at])
            hs[count] = least_h
            count += 1
            n_open -= 1
            at -= 1
            if at & _IN_CHUNK == 0:
                below = np.int64(open_list.pool[at])
                open_list.pool[at] = np.uint32(free)
                free = at // CHUNK
                at = below
        open_list.top[bucket] = np.uint32(at)
    if n_open == 0:
        least_f, least_h = np.int64(INFINITY), 0
    return count, f, (least_f, least_h, free, n_chunks, n_open, n_h)


@implements(settle, BucketOpen)
def _settle(open_list, cursor):
    least_f, least_h, free, n_chunks, n_open, n_h = cursor
    if n_open > 0:
        least_f, least_h = _advance(open_list, least_f, least_h, n_h)
    return (least_f, least_h, free, n_chunks, n_open, n_h)


@implements(room, BucketOpen)
def _room(open_list, cursor):
    return len(open_list.pool) // CHUNK - cursor[3]  # at worst each push opens a chunk


@implements(f_end, BucketOpen)
def _f_end(open_list):
    return len(open_list.top) // open_list.scalars[5]
