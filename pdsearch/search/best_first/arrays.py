"""The first arrays of a rank, and how larger ones are had from a system that may refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pdsearch.kernels.bucket import BucketOpen, new_bucket_open
from pdsearch.kernels.heap import HeapOpen, new_heap_open
from pdsearch.kernels.passes import Outbox
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.task import Task

LAYERS = 1 << 16  # expansions are counted in so many classes of f when a heap is used
_MAX_BUCKETS = 1 << 22
BATCHES = 16  # that the first table has room for
_INDEX_BYTES = 256  # of the first index for each move of a batch, at the most
_SCRATCH_BYTES = 64  # of the arrays of a batch and its moves, for each move, and each word of it
_SHARE = 8  # of the memory that is free: so much may the first tables take
Value = TypeVar("Value")


class MemoryLimitError(Exception):
    """The next growth would exceed the rank's memory limit."""


def batch_within(task: Task, memory_bytes: int) -> int:
    """Return how many nodes are expanded together: what suits the heuristic, or fewer where states have many moves.

    The first tables have room for all moves of some batches, and must leave room to grow.
    """
    of_move = 4 * BATCHES * task.node_words + _INDEX_BYTES + _SCRATCH_BYTES * (1 + task.n_words)
    free = (memory_bytes - task.table_bytes) // _SHARE
    return max(1, min(task.heuristic.batch, free // (of_move * max(1, task.domain.max_moves))))


def allocated(make: Callable[[], Value]) -> Value:
    """Return what ``make`` allocates; a system without memory is a limit like any other."""
    try:
        return make()
    except MemoryError:
        raise MemoryLimitError from None


def room(size: int, most: int, make: Callable[[int], npt.NDArray[np.uint32]]) -> npt.NDArray[np.uint32]:
    """Return room for ``most`` words, or for a half, a quarter ... of them if the system refuses, but for ``size``."""
    while most > size:
        try:
            return make(most)
        except MemoryError:
            most = max(size, most // 2)
    return allocated(lambda: make(size))


def new_open_list(task: Task, kind: str, moves: int) -> tuple[BucketOpen | HeapOpen, int]:
    """Return an empty open list, and by how many bits f is shifted when expansions are counted by f."""
    h = task.heuristic
    initial_h = h.value(task.domain.initial)
    n_f = initial_h + 16 * (h.max_rise + 1)
    if kind == "heap" or (kind == "auto" and n_f * (h.max_h + 1) > _MAX_BUCKETS):
        return new_heap_open(16 * moves), max(0, (4 * n_f).bit_length() - LAYERS.bit_length())
    return new_bucket_open(n_f, h.max_h + 1, 4 * moves), 0


def outbox(n_ranks: int, moves: int, record_words: int, message_size: int) -> Outbox:
    """Return an empty outbox with room for what one batch can make."""
    n_slots = 2 * moves if n_ranks else 0
    link = np.arange(1, n_slots + 1)
    link[n_slots - 1 :] = -1
    return Outbox(
        np.empty(n_slots * record_words, np.uint32),
        link,
        np.full(n_ranks, -1),
        np.zeros(n_ranks, np.int64),
        np.full(n_ranks, message_size),
        np.full(n_ranks, INFINITY, np.int64),
        np.array([0, n_slots]),
    )
