"""Messages between ranks of one machine, through memory that they share: a ring for each pair.

The sender copies its words into the ring and then moves the head; the receiver copies them out and then moves the
tail. What does not fit waits with the sender, and is moved on whenever it looks for mail: sending never waits, and
large messages go through a ring in parts. A message is finished, as with MPI's synchronous sends, once its receiver has
begun to take it.

Memory order: head and tail have one writer each, are written by store-release after the words they speak for, and
read by load-acquire before these, which is right on every machine with a C11 memory model.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.comm import Integers, Records, Totals
from pdsearch.comm.carrier import Carrier
from pdsearch.comm.counters import SharedCounters
from pdsearch.comm.local import LocalRanks
from pdsearch.comm.segment import LINE
from pdsearch.kernels.intrinsics import load_acquire, store_release

_FIRST_INBOX = 1 << 14  # words
NONE, _PART = -1, -2  # what there is instead of a whole message


class Mailbox(NamedTuple):
    """One rank's end of all rings, for compiled code that sends and receives by itself.

    Attributes
    ----------
    heads, tails, rings, rounds : arrays
        Of :class:`~pdsearch.comm.segment.Segment`; all but the rings as one axis.
    posted : int64[size]
        Messages to each rank so far.
    is_begun : bool[size]
        Whether a large message from each has been received in part.
    inbox : uint32[n_words]
        Where a message is copied to.
    source : int64[1]
        Which rank the last one came from.
    """

    heads: npt.NDArray[np.int64]
    tails: npt.NDArray[np.int64]
    rings: npt.NDArray[np.uint32]
    rounds: npt.NDArray[np.int64]
    posted: npt.NDArray[np.int64]
    is_begun: npt.NDArray[np.bool_]
    inbox: npt.NDArray[np.uint32]
    source: npt.NDArray[np.int64]


@kernel
def put(heads, tails, rings, ring, records, done):
    """Write a message's length and words into a ring, from word ``done`` of these on; return how many are written."""
    capacity, n = rings.shape[1], len(records)
    head = heads[ring * LINE]
    room = capacity - (head - load_acquire(tails, ring * LINE))
    if room > 0 and done == 0:
        rings[ring, head & (capacity - 1)] = n
        done, head, room = 1, head + 1, room - 1
    more = min(room, n + 1 - done)
    at = head & (capacity - 1)
    first = min(more, capacity - at)
    for i in range(first):
        rings[ring, at + i] = records[done - 1 + i]
    for i in range(more - first):
        rings[ring, i] = records[done - 1 + first + i]
    store_release(heads, ring * LINE, head + more)
    return done + more


@kernel
def _copy(rings, ring, tail, out, start, n):
    """Copy words of a ring."""
    capacity = rings.shape[1]
    at = tail & (capacity - 1)
    first = min(n, capacity - at)
    for i in range(first):
        out[start + i] = rings[ring, at + i]
    for i in range(n - first):
        out[start + first + i] = rings[ring, i]


@kernel
def get(heads, tails, rings, rank, first, is_begun, inbox, source):
    """Take one whole message into the inbox, the ranks in turn from ``first`` on; return its words.

    NONE: nothing has arrived. _PART: something from ``source[0]``, but not all of it, or it does not fit.
    """
    size = len(is_begun)
    for i in range(size):
        sender = first + i if first + i < size else first + i - size
        ring = rank * size + sender
        tail, head = tails[ring * LINE], load_acquire(heads, ring * LINE)
        if head == tail:
            continue
        source[0] = sender
        n = np.int64(rings[ring, tail & (rings.shape[1] - 1)])
        if is_begun[sender] or n > len(inbox) or head - tail < n + 1:
            return _PART
        _copy(rings, ring, tail + 1, inbox, 0, n)
        tails[ring * LINE + 1] += 1
        store_release(tails, ring * LINE, tail + 1 + n)
        return n
    return NONE


@kernel
def _begin(heads, tails, rings, ring):
    """Take the length of a message whose words have not all arrived."""
    tail = tails[ring * LINE]
    n = np.int64(rings[ring, tail & (rings.shape[1] - 1)])
    tails[ring * LINE + 1] += 1
    store_release(tails, ring * LINE, tail + 1)
    return n


@kernel
def _go_on(heads, tails, rings, ring, out, start):
    """Take what has arrived of a message; return how many of its words there are now."""
    tail = tails[ring * LINE]
    n = min(load_acquire(heads, ring * LINE) - tail, len(out) - start)
    _copy(rings, ring, tail, out, start, n)
    store_release(tails, ring * LINE, tail + n)
    return start + n


@inlined
def not_begun(tails, posted, ring, destination):
    """Return how many messages in a ring, of all that were posted, its receiver has not begun to take."""
    return posted[destination] - load_acquire(tails, ring * LINE + 1)


@inlined
def room_in(heads, tails, rings, ring):
    """Return how many words a ring has room for."""
    return rings.shape[1] - (heads[ring * LINE] - load_acquire(tails, ring * LINE))


@inlined
def is_complete(rounds, place, step, number):
    """Say whether all parts of a reduction are there."""
    for start in range(place, len(rounds), step):  # noqa: SIM110 - a kernel
        if load_acquire(rounds, start) < number:
            return False
    return True


@kernel
def _contribute(rounds, place, number, sums, maxima):
    """Write a part in a reduction, then its number."""
    for i in range(len(sums)):
        rounds[place + 1 + i] = sums[i]
    for i in range(len(maxima)):
        rounds[place + 1 + len(sums) + i] = maxima[i]
    store_release(rounds, place, number)


@kernel
def _reduce(rounds, place, step, number, sums, maxima):
    """Write the totals of a reduction and return True, or return False while a rank's part is missing."""
    if not is_complete(rounds, place, step, number):
        return False
    sums[:] = 0
    for i in range(len(maxima)):
        maxima[i] = rounds[place + 1 + len(sums) + i]
    for start in range(place, len(rounds), step):
        for i in range(len(sums)):
            sums[i] += rounds[start + 1 + i]
        for i in range(len(maxima)):
            maxima[i] = max(maxima[i], rounds[start + 1 + len(sums) + i])
    return True


class RingCommunicator(Carrier):
    """One rank's end of all rings.

    Parameters
    ----------
    ranks : LocalRanks
        All of them must make one; of two, the later one alone may be used.
    """

    def __init__(self, ranks: LocalRanks) -> None:
        super().__init__(ranks)
        self._ranks = ranks
        segment = ranks.segment
        self._heads, self._tails = segment.heads.reshape(-1), segment.tails.reshape(-1)
        self._taken = segment.tails[self.rank :: self.size, 1]  # by receiver, of what this rank sent
        self._rings, self._rounds = segment.rings, segment.rounds.reshape(-1)
        self._late: dict[int, deque[tuple[Records, int]]] = {}  # messages that did not fit, and words of them that did
        self._late_bytes = 0
        self._inbox = np.empty(1, np.uint32)
        self._parts: dict[int, tuple[Records, int]] = {}  # by sender: a large message and how much of it is here
        self._is_begun = np.zeros(self.size, np.bool_)
        self._first, self._source = 0, np.zeros(1, np.int64)
        self._number = 0
        self._forget_mail()
        self._posted = self._taken.copy()
        self.in_turn(self._compile)
        self._inbox = np.empty(_FIRST_INBOX, np.uint32)

    def _compile(self) -> None:
        """Have all kernels at hand before the clock starts: send this rank a short message and one in two parts."""
        for n_words in (0, len(self._inbox) + 1):
            self.send(self.rank, np.zeros(n_words, np.uint32))
            assert self.receive() is not None, "a message to oneself has arrived"
        nothing = np.zeros(1, np.int64)
        _contribute(np.zeros(3, np.int64), 0, 0, nothing, nothing)
        _reduce(np.zeros(3, np.int64), 0, 3, 0, nothing, nothing)
        self.counters(1).read(0)

    def _forget_mail(self) -> None:
        """Drop what a carrier before this one left behind."""
        self._ranks.Barrier()
        mine = slice(self.rank * self.size, (self.rank + 1) * self.size)
        self._ranks.segment.tails[mine, 0] = self._ranks.segment.heads[mine, 0]
        self._ranks.segment.rounds[self.rank] = 0
        self._ranks.Barrier()

    @property
    def buffer_bytes(self) -> int:
        """Return what is held: the rings that this rank reads, what does not fit into those of others, the inbox."""
        parts = sum(part.nbytes for part, _ in self._parts.values())
        return int(self.size * self._rings[0].nbytes + self._late_bytes + self._inbox.nbytes + parts)

    # --- for compiled code ---

    @property
    def mailbox(self) -> Mailbox:
        """Return what compiled code sends and receives by; the same arrays each time."""
        where = (self._heads, self._tails, self._rings, self._rounds)
        return Mailbox(*where, self._posted, self._is_begun, self._inbox, self._source)

    @property
    def has_late(self) -> bool:
        """Say whether messages wait for room in a ring: later ones must not go before them."""
        return bool(self._late)

    @property
    def running(self) -> tuple[int, int, int]:
        """Return where the parts of the reduction under way begin, how far they are apart, and its number."""
        length = self._ranks.segment.rounds.shape[2]
        return length * (self._number % 2), 2 * length, self._number

    # --- messages ---

    def send(self, destination: int, records: Records) -> None:
        """Copy the records into the ring, and what does not fit into a buffer."""
        self._posted[destination] += 1
        self._move_on()
        done = 0
        if destination not in self._late:
            done = self._put(destination, records, 0)
            if done == len(records) + 1:
                return
        self._late.setdefault(destination, deque()).append((records.copy(), done))
        self._late_bytes += records.nbytes

    def send_all(self, destinations: list[int], records: Records, ends: list[int]) -> None:
        """Send one message after the other."""
        for destination, start, end in zip(destinations, [0, *ends], ends, strict=False):
            self.send(destination, records[start:end])

    def _put(self, destination: int, records: Records, done: int) -> int:
        ring = destination * self.size + self.rank
        return int(put(self._heads, self._tails, self._rings, ring, records, done))

    def _move_on(self) -> None:
        """Move messages that wait into rings that have room again."""
        for destination in list(self._late):
            waiting = self._late[destination]
            while waiting:
                records, done = waiting.popleft()
                done = self._put(destination, records, done)
                if done <= len(records):
                    waiting.appendleft((records, done))
                    break
                self._late_bytes -= records.nbytes
            if not waiting:
                del self._late[destination]

    def unfinished(self, destination: int) -> int:
        """Return the messages that a rank has not begun to take, or that have not left this one as a whole."""
        self._move_on()
        not_begun = int(self._posted[destination] - self._taken[destination])
        return max(not_begun, len(self._late[destination])) if destination in self._late else not_begun

    def backlog(self, destinations: list[int]) -> list[int]:
        """Return the unfinished messages to each."""
        return [self.unfinished(destination) for destination in destinations]

    def receive(self) -> Records | None:
        """Take one message from anywhere, the ranks in turn."""
        if self._late:
            self._move_on()
        for _ in range(self.size):
            given = (self._heads, self._tails, self._rings, self.rank, self._first, self._is_begun)
            n = int(get(*given, self._inbox, self._source))
            if n == NONE:
                return None
            source = int(self._source[0])
            self._first = source + 1 if source + 1 < self.size else 0
            if n >= 0:
                return self._inbox[:n]
            part = self._receive_part(source)
            if part is not None:
                return part
        return None

    def _receive_part(self, source: int) -> Records | None:
        """Take what has arrived of a large message; return it once it is complete."""
        ring = self.rank * self.size + source
        where = (self._heads, self._tails, self._rings, ring)
        if source not in self._parts:
            self._parts[source] = np.empty(int(_begin(*where)), np.uint32), 0
            self._is_begun[source] = True
        records, done = self._parts[source]
        done = int(_go_on(*where, records, done))
        self._parts[source] = records, done
        if done < len(records):
            return None
        del self._parts[source]
        self._is_begun[source] = False
        return records

    # --- reductions ---

    def start_reduction(self, sums: Integers, maxima: Integers) -> None:
        """Write this rank's part, where that of the reduction before the last was: all have read it."""
        self._number += 1
        self._totals = Totals(np.empty_like(sums), np.empty_like(maxima))
        place = self._ranks.segment.rounds.shape[2] * (2 * self.rank + self._number % 2)
        _contribute(self._rounds, place, self._number, sums, maxima)

    def finish_reduction(self) -> Totals | None:
        """Add up all parts once they are there."""
        return self._totals if _reduce(self._rounds, *self.running, *self._totals) else None

    def machines(self) -> list[int]:
        """Return that all ranks are on one machine; where it has too little memory for shared arrays, too."""
        return [0] * self.size

    # --- counters ---

    def counters(self, n: int) -> SharedCounters:
        """Return integers that all ranks change by undivided instructions; all must call."""
        return SharedCounters(self._ranks, n)

    def add_up(self, values: Integers) -> Integers:
        """Return the sum of all ranks' arrays; all must call."""
        total: Integers = np.sum(self._arrays(values), axis=0, dtype=np.int64)
        return total

    def least_of(self, values: Integers) -> Integers:
        """Return the minimum of all ranks' arrays; all must call."""
        least: Integers = np.min(self._arrays(values), axis=0)
        return least

    def _arrays(self, values: Integers) -> list[Integers]:
        parts = self._ranks.exchange(np.ascontiguousarray(values, np.int64).tobytes())
        return [np.frombuffer(part, np.int64).reshape(values.shape) for part in parts]
