"""What a rank of a search by layers has expanded, in a temporary file: so that a plan can be read back.

A search that forgets layers forgets the way to its goal. To search for that again takes as long as the search, or
longer where memory is full then, too. So each node that is expanded is written down, its state and the way to its
parent, in the order in which they are expanded, and its successors keep its number in that order as the way to it. A
record takes 8 bytes more than the state. The search reads nothing before a goal was found, and then one record for each
step of the plan; a checkpoint of a search that is under way copies all records.

Ways are those of linked nodes (:mod:`pdsearch.kernels.layout`): a rank, and a number. Numbers below that of the roots
of the rank are those of roots.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains import State
from pdsearch.kernels.layers import Written
from pdsearch.search.checkpoint.direct import Writer

_ROOM, _LEAST_ROOM = 1 << 15, 1 << 12  # records that wait in memory: as many as that, or fewer where it is short
_ROOM_SHARE = 8  # one part of the memory in so many is for them
_BLOCK, _LEAST_BLOCK = 1 << 20, 1 << 14  # bytes written at once, of which there are two
_BLOCK_SHARE = 64
_MOST_NUMBERS = 1 << 32  # what a way has room for, beside its rank


class Step(NamedTuple):
    """A node that was expanded: its state, and the way to its parent."""

    state: State
    way: int


class Archive:
    """The nodes that one rank expanded; errors of the disk are ``OSError``.

    Parameters
    ----------
    n_words : int
        64-bit words of a state.
    n_roots : int
        Roots have the numbers below.
    memory_bytes : int
        What the rank may take in all, of which the archive takes a small part.

    Attributes
    ----------
    written : Written
        Where compiled code writes.
    nbytes : int
        The memory that it takes.
    """

    def __init__(self, n_words: int, n_roots: int, memory_bytes: int) -> None:
        self._words, self._n_roots = n_words + 1, n_roots
        self._room = min(_ROOM, max(_LEAST_ROOM, memory_bytes // _ROOM_SHARE // (8 * self._words)))
        self.written = Written(np.empty(self._room * self._words, np.uint64), np.array([0, n_roots], np.int64))
        share = 1 << max(1, memory_bytes // _BLOCK_SHARE).bit_length() - 1
        block = min(_BLOCK, max(_LEAST_BLOCK, share))
        self.nbytes = self.written.records.nbytes + 2 * block
        number, name = tempfile.mkstemp()
        os.close(number)
        path = Path(name)
        try:
            self._writer = Writer(path, block)
            self._reader = path.open("rb")
        finally:
            path.unlink()

    @property
    def room(self) -> int:
        """Return how many records may be written before :meth:`flush`."""
        return self._room - int(self.written.counts[0])

    def flush(self) -> None:
        """Make room; OSError, too, where the next records would have numbers that are too large."""
        counts = self.written.counts
        if int(counts.sum()) + self._room >= _MOST_NUMBERS:
            raise OSError(errno.EFBIG, "too many records")
        self._writer.write(self.written.records[: counts[0] * self._words].view(np.uint8).data)
        counts[:] = 0, counts[0] + counts[1]

    def finish(self) -> bool:
        """Bring all records to the file, for nothing more is to be written; say whether that was possible."""
        try:
            self.flush()
            self._writer.close()
        except OSError:
            return False
        return True

    def step(self, number: int) -> Step | None:
        """Return a node by its number; None if it is a root. What is not flushed and finished is not found."""
        if number < self._n_roots:
            return None
        size = 8 * self._words
        words = os.pread(self._reader.fileno(), size, (number - self._n_roots) * size)
        *state, way = np.frombuffer(words, np.uint64).tolist()
        return Step(tuple(state), way)

    def kept(self) -> dict[str, npt.NDArray[np.uint8]]:
        """Return all records, for a checkpoint; valid until more are written."""
        if self._writer.is_open:
            self.flush()
        n, tail = self._writer.settled()
        head = np.memmap(self._reader, np.uint8, "r", shape=(n,)) if n else np.empty(0, np.uint8)
        return {"archive": head, "archive_end": np.frombuffer(tail, np.uint8)}

    def go_on_with(self, head: npt.NDArray[np.uint8], end: npt.NDArray[np.uint8]) -> None:
        """Take over all records of an earlier one."""
        for part in (head, end):
            self._writer.write(np.ascontiguousarray(part).data)
        self.written.counts[1] += (len(head) + len(end)) // (8 * self._words)

    def close(self) -> None:
        """Give up the file."""
        self._writer.give_up()
        self._reader.close()
