"""How many records a rank collects for each other rank before it sends them as one message.

Small messages cost more than their records, large ones make nodes wait and leave their
owners idle. A full message ends a rank's step, so what it costs is all the time of a turn
that is not spent on nodes: the call of the step, the sending, the looking for mail. The
adaptive packing measures that and the time of the nodes, and lets
:class:`~pdsearch.balance.batching.MessageSizer` keep the first at a small share of both.

Nodes may wait for a tenth of the time the search has run so far: a rank without work
gets all that waits at once when the others have none either, so only the end of a search suffers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from pdsearch.balance.batching import MessageSizer
from pdsearch.comm import Integers

PERIOD_S = 4e-3  # between two decisions at least
DECIDING = 0.01  # share of the time that decisions may cost
OVERHEAD = 0.05  # share of the time that messages may cost
PATIENCE = 0.1  # share of the time so far that a record may wait
_LEAST_DELAY_S = 3e-3


class Packing(Protocol):
    """Sees what a rank's turns are spent on, and says now and then how large messages should be."""

    clock: Callable[[], float]

    def worked(self, seconds: float) -> None:
        """Take note of time spent on nodes."""

    def turned(self, seconds: float) -> None:
        """Take note of the time of a turn in which something was done."""

    def sent(self, destinations: list[int], ends: list[int]) -> None:
        """Take note of messages sent, and where the words of each end."""

    def posted(self, words: Integers, messages: int) -> None:
        """Take note of messages sent in all, and of the words that went to each destination."""

    def sizes(self) -> Integers | None:
        """Return new sizes for all destinations when it is time for a change."""


class FixedPacking:
    """Leaves the sizes as they are."""

    def __init__(self) -> None:
        self.clock = _no_time

    def worked(self, seconds: float) -> None:
        """Nothing to learn."""

    def turned(self, seconds: float) -> None:
        """Nothing to learn."""

    def sent(self, destinations: list[int], ends: list[int]) -> None:
        """Nothing to learn."""

    def posted(self, words: Integers, messages: int) -> None:
        """Nothing to learn."""

    def sizes(self) -> None:
        """Never change."""


class AdaptivePacking:
    """Sizes from measured times and rates.

    Parameters
    ----------
    n_ranks, record_words : int
        Destinations, and 32-bit words of a record.
    call_s : float
        The part of the time reported as work that each turn takes whatever it does: the call of a kernel.
    clock : callable
        Seconds; a simulated search hands in its own.
    """

    def __init__(
        self, n_ranks: int, record_words: int, call_s: float = 0.0, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.sizer = MessageSizer(n_ranks, per_message=3e-5, per_record=5e-7, overhead=OVERHEAD)
        self.clock = clock
        self._record_words, self._call_s = record_words, call_s
        self._words = [0] * n_ranks  # a list: most turns send one or two messages
        self._messages = 0
        self._work_s = self._turns_s = 0.0
        self._started_s = self._last_s = clock()
        self._period_s = PERIOD_S

    def worked(self, seconds: float) -> None:
        """Add up."""
        self._work_s += seconds

    def turned(self, seconds: float) -> None:
        """Add up."""
        self._turns_s += seconds

    def sent(self, destinations: list[int], ends: list[int]) -> None:
        """Count messages and words."""
        self._messages += len(ends)
        start = 0
        for destination, end in zip(destinations, ends, strict=True):
            self._words[destination] += end - start
            start = end

    def posted(self, words: Integers, messages: int) -> None:
        """Count messages and words."""
        self._messages += messages
        for destination, more in enumerate(words.tolist()):
            self._words[destination] += more

    def sizes(self) -> Integers | None:
        """Decide anew when a period is over and something was sent in it."""
        now = self.clock()
        if now - self._last_s < self._period_s:
            return None
        seconds, self._last_s = now - self._last_s, now
        records = np.array(self._words) / self._record_words
        if self._messages and self._work_s > 0:  # a pause, the end of a layer say, tells nothing
            self._learn(float(records.sum()) / self._messages)
            self.sizer.delay = max(_LEAST_DELAY_S, PATIENCE * (now - self._started_s))
            self.sizer.update(records, seconds)
        self._words = [0] * len(self._words)
        self._messages, self._work_s, self._turns_s = 0, 0.0, 0.0
        self._period_s = max(PERIOD_S, (self.clock() - now) / DECIDING)
        return self.sizer.sizes

    def _learn(self, records: float) -> None:
        """Share overhead and work among the messages, of so many ``records`` on average."""
        calls_s = min(self._call_s * self._messages, self._work_s / 2)
        overhead_s = max(0.0, self._turns_s - self._work_s) + calls_s
        seconds = (overhead_s + self._work_s - calls_s) / self._messages
        self.sizer.measure_message(records, seconds, own=overhead_s / self._messages)


def _no_time() -> float:
    return 0.0
