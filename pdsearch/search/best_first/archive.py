"""What a rank of a search by layers has expanded, in a temporary file: so that a plan can be read back.

A search that forgets layers forgets the way to its goal. To search for that again takes as long as the search, or
longer where memory is full then, too. So each node that is expanded is written down, its state and the way to its
parent, in the order in which they are expanded, and its successors keep its number in that order as the way to it. A
record takes 8 bytes more than the state; nothing is read before a goal was found, and then one record for each step of
the plan.

Ways are those of linked nodes (:mod:`pdsearch.kernels.layout`): a rank, and a number. Numbers below that of the roots
of the rank are those of roots.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains import State
from pdsearch.kernels.layers import Written
from pdsearch.search.checkpoint.direct import Writer

_ROOM = 1 << 15  # records that wait in memory


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

    Attributes
    ----------
    written : Written
        Where compiled code writes.
    """

    def __init__(self, n_words: int, n_roots: int) -> None:
        self._words, self._n_roots = n_words + 1, n_roots
        self.written = Written(np.empty(_ROOM * self._words, np.uint64), np.array([0, n_roots], np.int64))
        number, name = tempfile.mkstemp()
        os.close(number)
        path = Path(name)
        try:
            self._writer = Writer(path)
            self._reader = path.open("rb")
        finally:
            path.unlink()

    @property
    def room(self) -> int:
        """Return how many records may be written before :meth:`flush`."""
        return _ROOM - int(self.written.counts[0])

    def flush(self) -> None:
        """Make room."""
        counts = self.written.counts
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
