"""Ranks as MPI processes.

Messages are synchronous non-blocking sends (Issend): a request completes only when the
receiver has begun to take the message, so that the number of unfinished requests says how far
the receiver is behind. Every buffer is kept until its request completes. Arrivals are looked
for with Iprobe; nothing waits. What ranks tell each other beside their nodes goes the same way, with a tag of its own.

mpi4py is imported only when this class is used.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import numpy as np

from pdsearch.comm import Integers, Records, Totals
from pdsearch.comm.carrier import Carrier
from pdsearch.comm.counters import MpiCounters

_NODES, _TOLD = 1, 2  # tags of messages with records, and of others
_NAP_S = 1e-3


class MpiCommunicator(Carrier):
    """Records and reductions over an MPI communicator.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, optional
        A duplicate is used, so that the caller's own messages are never mixed with these.
    """

    def __init__(self, comm: Any = None) -> None:
        from mpi4py import MPI

        self._mpi = MPI
        super().__init__((comm if comm is not None else MPI.COMM_WORLD).Dup())
        self._comm = self.raw
        self._reducer = self._comm.Dup()
        self._under_way: list[deque[tuple[Any, Records]]] = [deque() for _ in range(self.size)]
        self._telling: list[tuple[Any, Records]] = []
        self._spare: list[Records] = []
        self._inbox = np.empty(0, np.uint32)
        self.buffer_bytes = 0
        self._status = MPI.Status()
        self._reductions: tuple[Any, Any, Integers, Integers] | None = None

    def send(self, destination: int, records: Records) -> None:
        """Copy the records and start a synchronous send."""
        buffer = self._buffer(len(records))
        buffer[: len(records)] = records
        request = self._comm.Issend([buffer, len(records), self._mpi.UINT32_T], destination, _NODES)
        self._under_way[destination].append((request, buffer))

    def send_all(self, destinations: list[int], records: Records, ends: list[int]) -> None:
        """Send one message after the other."""
        for destination, start, end in zip(destinations, [0, *ends], ends, strict=False):
            self.send(destination, records[start:end])

    def unfinished(self, destination: int) -> int:
        """Forget what is complete and return the number of the others."""
        under_way = self._under_way[destination]
        while under_way and under_way[0][0].Test():
            self._spare.append(under_way.popleft()[1])
        return len(under_way)

    def backlog(self, destinations: list[int]) -> list[int]:
        """Return the unfinished messages to each."""
        return [self.unfinished(destination) for destination in destinations]

    def receive(self) -> Records | None:
        """Take one message from anywhere."""
        if not self._comm.Iprobe(self._mpi.ANY_SOURCE, _NODES, self._status):
            return None
        n = self._status.Get_count(self._mpi.UINT32_T)
        if n > len(self._inbox):
            self.buffer_bytes += 8 * n - self._inbox.nbytes
            self._inbox = np.empty(2 * n, np.uint32)
        self._comm.Recv([self._inbox, n, self._mpi.UINT32_T], self._status.Get_source(), _NODES)
        return self._inbox[:n]

    def tell(self, destinations: list[int], words: Records) -> None:
        """Copy the words and start a synchronous send to each."""
        for destination in destinations:
            buffer = words.copy()
            request = self._comm.Issend([buffer, self._mpi.UINT32_T], destination, _TOLD)
            self._telling.append((request, buffer))
        self._are_heard()

    def told(self) -> Records | None:
        """Take words from anywhere."""
        if not self._comm.Iprobe(self._mpi.ANY_SOURCE, _TOLD, self._status):
            return None
        words = np.empty(self._status.Get_count(self._mpi.UINT32_T), np.uint32)
        self._comm.Recv([words, self._mpi.UINT32_T], self._status.Get_source(), _TOLD)
        return words

    def settle(self) -> None:
        """Arrive at a barrier once all that this rank told is heard, and hear the others until all have arrived.

        Then nothing is under way, for a synchronous send is complete only when its receiver takes the message. Source:
        Hoefler, Siebert and Lumsdaine (2010), "Scalable communication protocols for dynamic sparse data exchange",
        PPoPP.
        """
        arrival = None
        while arrival is None or not arrival.Test():
            if arrival is None and self._are_heard():
                arrival = self._comm.Ibarrier()
            elif self.told() is None:
                time.sleep(_NAP_S)

    def _are_heard(self) -> bool:
        """Forget what was told and is heard; say whether that is all."""
        self._telling = [one for one in self._telling if not one[0].Test()]
        return not self._telling

    def start_reduction(self, sums: Integers, maxima: Integers) -> None:
        """Start two non-blocking reductions, a sum and a maximum."""
        summed, largest = np.empty_like(sums), np.empty_like(maxima)
        # the contributions are kept beside the results until both requests complete
        self._contributed = sums.copy(), maxima.copy()
        self._reductions = (
            self._reducer.Iallreduce(self._contributed[0], summed, self._mpi.SUM),
            self._reducer.Iallreduce(self._contributed[1], largest, self._mpi.MAX),
            summed,
            largest,
        )

    def finish_reduction(self) -> Totals | None:
        """Return the results when both requests are complete."""
        assert self._reductions is not None
        first, second, summed, largest = self._reductions
        if not (first.Test() and second.Test()):
            return None
        return Totals(summed, largest)

    def counters(self, n: int) -> MpiCounters:
        """Return integers that all ranks change by one-sided operations; all must call."""
        return MpiCounters(self._comm, n)

    def add_up(self, values: Integers) -> Integers:
        """Return the sum of all ranks' arrays; all must call."""
        return self._reduced(values, self._mpi.SUM)

    def least_of(self, values: Integers) -> Integers:
        """Return the minimum of all ranks' arrays; all must call."""
        return self._reduced(values, self._mpi.MIN)

    def _reduced(self, values: Integers, operation: Any) -> Integers:
        total = np.empty_like(values)
        self._comm.Allreduce(np.ascontiguousarray(values), total, operation)
        return total

    def close(self) -> None:
        """Give the duplicates and what was shared back; all ranks must call."""
        super().close()
        self._comm.Free()
        self._reducer.Free()

    def _buffer(self, size: int) -> Records:
        if self._spare:
            buffer = self._spare.pop()
            if len(buffer) >= size:
                return buffer
            self.buffer_bytes -= buffer.nbytes
        buffer = np.empty(size + size // 4, np.uint32)
        self.buffer_bytes += buffer.nbytes
        return buffer
