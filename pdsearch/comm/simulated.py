"""Any number of ranks in one process, over a network that delays and interleaves as it likes.

A message sent is visible to its receiver only when the schedule says so. Order is kept
within a pair of ranks, as MPI promises, and nothing else is: with probability ``delay`` a
rank that looks into its mailbox, or asks for a reduction, is told that nothing has arrived.
Each pair of ranks has its own ``delay``, so that some links are far slower than others.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from pdsearch.comm import Integers, Records, Totals


class Network:
    """The mail under way between ``size`` ranks.

    Parameters
    ----------
    size : int
        Ranks.
    seed : int
        The same seed gives the same delays for the same calls.
    slowness : float
        0 delivers at once; up to 1 (excluded), larger is slower.
    n_machines : int
        Rank r is on machine r mod this many.
    """

    def __init__(self, size: int, seed: int = 0, slowness: float = 0.5, n_machines: int = 1) -> None:
        self.size = size
        self._rng = np.random.default_rng(seed)
        self._delay = self._rng.random((size, size)) * slowness
        self._luck: list[float] = []
        self.queues: list[dict[int, deque[Records]]] = [{} for _ in range(size)]  # by receiver, then sender
        self.machines = [rank % n_machines for rank in range(size)]
        self._told: list[list[Records]] = [[] for _ in range(size)]  # by receiver
        self._rounds: list[list[tuple[Integers, Integers]]] = []
        self._results: dict[int, Totals] = {}

    def communicator(self, rank: int) -> SimulatedCommunicator:
        """Return one rank's end."""
        return SimulatedCommunicator(self, rank)

    @property
    def under_way(self) -> int:
        """Return the messages sent and not received."""
        return sum(len(queue) for box in self.queues for queue in box.values())

    def post(self, source: int, destination: int, records: Records) -> None:
        """Take a message."""
        self.queues[destination].setdefault(source, deque()).append(records)

    def pick_up(self, destination: int) -> Records | None:
        """Return one message for a rank, or None though some may be under way."""
        box = self.queues[destination]
        if not box:
            return None
        sources = list(box)
        source = sources[int(self.luck() * len(sources))]
        if self.luck() < self._delay[source, destination]:
            return None
        records = box[source].popleft()
        if not box[source]:
            del box[source]
        return records

    def tell(self, destination: int, words: Records) -> None:
        """Take words that are no nodes."""
        self._told[destination].append(words)

    def told(self, destination: int) -> Records | None:
        """Return any of the words for a rank, or None though some may be under way."""
        box = self._told[destination]
        if not box or self.luck() < self._delay[destination, destination]:
            return None
        return box.pop(int(self.luck() * len(box)))

    def contribute(self, number: int, sums: Integers, maxima: Integers) -> None:
        """Take a rank's part in reduction ``number``."""
        if number == len(self._rounds):
            self._rounds.append([])
        parts = self._rounds[number]
        parts.append((sums, maxima))
        if len(parts) == self.size:
            summed = np.sum([part[0] for part in parts], axis=0)
            self._results[number] = Totals(summed, np.max([part[1] for part in parts], axis=0))
            self._results.pop(number - 2, None)
            parts.clear()

    def result(self, number: int, rank: int) -> Totals | None:
        """Return a complete reduction, or None though it may be complete."""
        if number not in self._results or self.luck() < self._delay[rank, rank]:
            return None
        return self._results[number]

    def luck(self) -> float:
        """Return a random number below 1; drawn a thousand at a time."""
        if not self._luck:
            self._luck = self._rng.random(1000).tolist()
        return self._luck.pop()


class SimulatedCommunicator:
    """One rank's end of a :class:`Network`."""

    buffer_bytes = 0  # mail lies in the network

    def __init__(self, network: Network, rank: int) -> None:
        self.network, self.rank, self.size = network, rank, network.size
        self._reductions = 0

    def send(self, destination: int, records: Records) -> None:
        """Copy the records into the network."""
        self.network.post(self.rank, destination, records.copy())

    def send_all(self, destinations: list[int], records: Records, ends: list[int]) -> None:
        """Send one message after the other."""
        for destination, start, end in zip(destinations, [0, *ends], ends, strict=False):
            self.send(destination, records[start:end])

    def unfinished(self, destination: int) -> int:
        """Return the messages the receiver has not taken."""
        return len(self.network.queues[destination].get(self.rank, ()))

    def backlog(self, destinations: list[int]) -> list[int]:
        """Return the unfinished messages to each."""
        return [self.unfinished(destination) for destination in destinations]

    def receive(self) -> Records | None:
        """Take one message, if the schedule lets one arrive."""
        return self.network.pick_up(self.rank)

    def machines(self) -> list[int]:
        """Return for each rank the lowest one of its machine."""
        return self.network.machines

    def tell(self, destinations: list[int], words: Records) -> None:
        """Copy the words into the network."""
        for destination in destinations:
            self.network.tell(destination, words.copy())

    def told(self) -> Records | None:
        """Take words, if the schedule lets some arrive."""
        return self.network.told(self.rank)

    def settle(self) -> None:
        """Leave what is under way in the network, which ends with the search."""

    def start_reduction(self, sums: Integers, maxima: Integers) -> None:
        """Contribute to this rank's next reduction."""
        self.network.contribute(self._reductions, sums, maxima)
        self._reductions += 1

    def finish_reduction(self) -> Totals | None:
        """Return the reduction started last, if the schedule lets its result arrive."""
        return self.network.result(self._reductions - 1, self.rank)
