"""A network on which everything takes the time a cost model says, for ranks that have clocks of their own.

Where :mod:`pdsearch.comm.simulated` looks for wrong answers and is as nasty as it can, this
one predicts times: a message leaves when its sender's turn ends, its bytes pass through the
sender's link one after the other, and it arrives a latency later. A reduction is complete
after ceil(log2 ranks) latencies from the last contribution (recursive doubling).

The simulation moves :attr:`TimedNetwork.now` to the clock of the rank whose turn it is; ranks
take their turns in the order of their clocks, so that no message arrives in the past.

Source of the cost of reductions: Thakur, Rabenseifner and Gropp (2005), "Optimization of
collective communication operations in MPICH", IJHPCA 19.
"""

from __future__ import annotations

import heapq
import math
from typing import Any

import numpy as np

from pdsearch.comm import Integers, Records, Totals

NEVER_S = math.inf


class TimedNetwork:
    """The mail between ``size`` ranks, with its times.

    Parameters
    ----------
    size, record_words : int
        Ranks, and 32-bit words of a record.
    latency_s, bytes_per_s : float
        Of every link.

    Attributes
    ----------
    now : float
        The clock of the rank whose turn it is.
    traffic : int64[size, size]
        Records sent from each rank (row) to each rank (column).
    """

    def __init__(self, size: int, record_words: int, latency_s: float, bytes_per_s: float) -> None:
        self.size, self.record_words = size, record_words
        self.latency_s, self.bytes_per_s = latency_s, bytes_per_s
        self.now = 0.0
        self.traffic = np.zeros((size, size), np.int64)
        self.bytes = 0
        self.taken = 0  # messages taken in this turn
        self.started = 0  # reductions contributed to in this turn
        self._leaving: list[tuple[int, Records]] = []
        self._boxes: list[list[tuple[float, int, int, Records]]] = [[] for _ in range(size)]
        self.unfinished = np.zeros((size, size), np.int32)  # messages not taken, by sender and receiver
        self._link_free = [0.0] * size
        self._posted = 0
        self._open: dict[int, list[Any]] = {}  # reduction: ranks missing, sums, maxima
        self._results: dict[int, tuple[float, Totals]] = {}
        self._contributions: list[tuple[int, Integers, Integers]] = []
        self._rounds_s = latency_s * math.ceil(math.log2(size)) if size > 1 else 0.0

    def communicator(self, rank: int) -> TimedCommunicator:
        """Return one rank's end."""
        return TimedCommunicator(self, rank)

    def begin(self, now: float) -> None:
        """A rank's turn begins."""
        self.now = now
        self.taken = self.started = 0

    def commit(self, rank: int, end: float) -> tuple[list[tuple[int, float]], float | None]:
        """A rank's turn ends: let its mail leave.

        Returns the arrivals, (receiver, time), and when a reduction that it completed is known to all.
        """
        free = max(self._link_free[rank], end)
        posted, boxes, arrivals = self._posted, self._boxes, []
        for destination, records in self._leaving:
            free += 4 * len(records) / self.bytes_per_s
            arrival = free + self.latency_s
            posted += 1  # breaks ties, so that arrays are never compared
            heapq.heappush(boxes[destination], (arrival, posted, rank, records))
            arrivals.append((destination, arrival))
        self._posted, self._link_free[rank] = posted, free
        self._leaving.clear()
        known = [time for part in self._contributions if (time := self._contribute(end, *part)) is not None]
        self._contributions.clear()
        return arrivals, known[0] if known else None

    def next_arrival(self, rank: int) -> float:
        """Return when the next message reaches a rank."""
        return self._boxes[rank][0][0] if self._boxes[rank] else NEVER_S

    def known_at(self, number: int) -> float:
        """Return when the result of a reduction is known."""
        return self._results[number][0] if number in self._results else NEVER_S

    def send_all(self, source: int, destinations: list[int], records: Records, ends: list[int]) -> None:
        """Keep messages until the turn ends; the array is theirs from now on."""
        start = 0
        for destination, end in zip(destinations, ends, strict=True):
            self._leaving.append((destination, records[start:end]))
            start = end
        self.unfinished[source, destinations] += 1  # no destination is there twice
        self.traffic[source, destinations] += np.diff([0, *ends]) // self.record_words
        self.bytes += 4 * len(records)

    def pick_up(self, rank: int) -> Records | None:
        """Return all that has arrived for a rank as one array."""
        box = self._boxes[rank]
        if not box or box[0][0] > self.now:
            return None
        arrived, sources = [], []
        while box and box[0][0] <= self.now:
            _, _, source, records = heapq.heappop(box)
            sources.append(source)
            arrived.append(records)
        self.taken += len(arrived)
        np.subtract.at(self.unfinished[:, rank], sources, 1)
        return arrived[0] if len(arrived) == 1 else np.concatenate(arrived)

    def contribute(self, number: int, sums: Integers, maxima: Integers) -> None:
        """Take part in reduction ``number`` when the turn ends."""
        self.started += 1
        self._contributions.append((number, sums, maxima))

    def result(self, number: int) -> Totals | None:
        """Return a reduction that is known by now."""
        if self.known_at(number) > self.now:
            return None
        return self._results[number][1]

    def _contribute(self, end: float, number: int, sums: Integers, maxima: Integers) -> float | None:
        """Add a contribution; return when the reduction is known, if this was the last one."""
        if number not in self._open:
            self._open[number] = [self.size, np.zeros_like(sums), maxima.copy(), 0.0]
        part = self._open[number]
        part[0] -= 1
        part[1] += sums
        np.maximum(part[2], maxima, out=part[2])
        part[3] = max(part[3], end)  # turns end in another order than they begin
        if part[0]:
            return None
        del self._open[number]
        self._results.pop(number - 2, None)
        known: float = part[3] + self._rounds_s
        self._results[number] = known, Totals(part[1], part[2])
        return known


class TimedCommunicator:
    """One rank's end of a :class:`TimedNetwork`."""

    buffer_bytes = 0  # mail lies in the network

    def __init__(self, network: TimedNetwork, rank: int) -> None:
        self.network, self.rank, self.size = network, rank, network.size
        self.reductions = 0

    def send(self, destination: int, records: Records) -> None:
        """Copy the records into the network."""
        self.network.send_all(self.rank, [destination], records.copy(), [len(records)])

    def send_all(self, destinations: list[int], records: Records, ends: list[int]) -> None:
        """Copy the records of all messages at once: to a thousand ranks goes a record or two each."""
        self.network.send_all(self.rank, destinations, records.copy(), ends)

    def unfinished(self, destination: int) -> int:
        """Return the messages the receiver has not taken."""
        return int(self.network.unfinished[self.rank, destination])

    def backlog(self, destinations: list[int]) -> list[int]:
        """Return the unfinished messages to each."""
        return self.network.unfinished[self.rank, destinations].tolist() if destinations else []

    def receive(self) -> Records | None:
        """Take all that has arrived by this rank's clock."""
        return self.network.pick_up(self.rank)

    def start_reduction(self, sums: Integers, maxima: Integers) -> None:
        """Contribute to this rank's next reduction."""
        self.network.contribute(self.reductions, sums, maxima)
        self.reductions += 1

    def finish_reduction(self) -> Totals | None:
        """Return the reduction started last, if it is known by this rank's clock."""
        return self.network.result(self.reductions - 1)
