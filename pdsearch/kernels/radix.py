"""A queue for Dijkstra's algorithm: integer keys that never fall below the one taken out last.

Bucket b holds the keys whose highest bit that differs from the last key is bit b - 1. Taking from an empty
bucket 0 moves the entries of the first filled bucket down, each at most once per bit. Among equal keys the last
entered comes out first, at any range of keys.

Source: Ahuja, Mehlhorn, Orlin and Tarjan (1990), "Faster algorithms for the shortest path problem", Journal of
the ACM 37, section 2 (one-level radix heap).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined
from pdsearch.kernels.intrinsics import leading_zeros

_BUCKETS = 65


class RadixQueue(NamedTuple):
    """Arrays of a queue; entries are never given back before :func:`clear`."""

    first: npt.NDArray[np.int32]  # (_BUCKETS,) entry put last into each bucket, -1 when empty
    after: npt.NDArray[np.int32]  # (capacity,) the entry put before it into the same bucket
    key: npt.NDArray[np.int64]  # (capacity,)
    item: npt.NDArray[np.uint32]  # (capacity,)
    scalars: npt.NDArray[np.int64]  # (3,) last key taken out, entries made since clear, entries inside


def new_radix_queue(capacity: int) -> RadixQueue:
    """Return an empty queue for ``capacity`` entries between two calls of :func:`clear`."""
    return RadixQueue(
        np.full(_BUCKETS, -1, np.int32),
        np.zeros(capacity, np.int32),
        np.zeros(capacity, np.int64),
        np.zeros(capacity, np.uint32),
        np.zeros(3, np.int64),
    )


@inlined
def clear(queue):
    """Forget all entries."""
    queue.first[:] = -1
    queue.scalars[:] = 0


@inlined
def _bucket_of(key, last):
    return 64 - leading_zeros(np.uint64(key ^ last))


@inlined
def put(queue, key, item):
    """Enter an item; ``key`` is at least the key taken out last."""
    entry = queue.scalars[1]
    queue.scalars[1] = entry + 1
    queue.scalars[2] += 1
    bucket = _bucket_of(key, queue.scalars[0])
    queue.key[entry] = key
    queue.item[entry] = item
    queue.after[entry] = queue.first[bucket]
    queue.first[bucket] = entry


@inlined
def is_empty(queue):
    """Say whether nothing is inside."""
    return queue.scalars[2] == 0


@inlined
def take(queue):
    """Take out an entry of least key, the last entered of those, and return (key, item); there must be one."""
    if queue.first[0] < 0:
        _refill(queue)
    entry = queue.first[0]
    queue.first[0] = queue.after[entry]
    queue.scalars[2] -= 1
    return queue.key[entry], queue.item[entry]


@inlined
def _refill(queue):
    """Make the least key the last one, and spread its bucket over the lower ones, oldest entries first."""
    bucket = 1
    while queue.first[bucket] < 0:
        bucket += 1
    entry = queue.first[bucket]
    queue.first[bucket] = -1
    least = queue.key[entry]
    oldest = np.int32(-1)
    while entry >= 0:  # turn the chain around
        least = min(least, queue.key[entry])
        following = queue.after[entry]
        queue.after[entry] = oldest
        oldest, entry = entry, following
    queue.scalars[0] = least
    while oldest >= 0:
        following = queue.after[oldest]
        lower = _bucket_of(queue.key[oldest], least)
        queue.after[oldest] = queue.first[lower]
        queue.first[lower] = oldest
        oldest = following
