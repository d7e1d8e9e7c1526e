"""Who takes which subtrees: chunks of roots handed out in order, to threads or to ranks.

Early chunks are large and late ones single roots (guided self-scheduling: Polychronopoulos and
Kuck 1987, IEEE Transactions on Computers 36), because a few subtrees hold much of the work.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pdsearch.kernels.protocol import INFINITY
from pdsearch.subtrees import LEAST_PRUNED, Integers

PAUSE = 2  # what all are asked to stop with that are to go on after a checkpoint: less than any status that stops
_SHARE = 64  # a chunk is this part of what remains for each worker; also bounds the work behind a first solution


def chunk_ends(n_roots: int, n_workers: int) -> list[int]:
    """Return the ends of the chunks; one worker takes all roots at once, as it shares with nobody.

    >>> chunk_ends(1000, 2)[:3], chunk_ends(1000, 2)[-1]
    ([7, 14, 21], 1000)
    """
    if n_workers == 1:
        return [n_roots] if n_roots else []
    ends, at = [], 0
    while at < n_roots:
        at += max(1, (n_roots - at) // (_SHARE * n_workers))
        ends.append(at)
    return ends


class Queue(Protocol):
    """Shared by all workers of a search.

    Attributes
    ----------
    rank, size : int
        Of the processes that share it.
    last : int64[1]
        No root beyond this one needs to be searched.
    """

    rank: int
    size: int
    last: Integers

    def begin(self) -> None:
        """Start an iteration; all ranks must call."""

    def take(self) -> int:
        """Return the number of the next chunk; each is given out once."""

    def lower(self, root: int) -> None:
        """Announce a root with a goal below it."""

    def stop(self, status: int) -> None:
        """Ask all workers to stop, and why."""

    def go_on(self) -> None:
        """Forget that all were asked to pause; all ranks must call."""

    def look(self) -> int:
        """Bring ``last`` up to date and return why to stop, 0 when nobody asked."""

    def add_up(self, counts: Integers, loads: Integers) -> tuple[Integers, Integers]:
        """Return the counts of all ranks' subtrees, and the loads of all workers; all ranks must call."""

    def any_of(self, done: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return what is true on any rank; all must call."""

    def close(self) -> None:
        """Give back what is shared; all ranks must call."""


class ThreadQueue:
    """The threads of one process."""

    rank, size = 0, 1

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.last = np.array([INFINITY], np.int64)
        self._next, self._stop = 0, 0

    def begin(self) -> None:
        """Give out chunk 0 next."""
        self._next = 0
        self.last[0] = INFINITY

    def take(self) -> int:
        """Count up."""
        with self._lock:
            self._next += 1
            return self._next - 1

    def lower(self, root: int) -> None:
        """Keep the least."""
        with self._lock:
            self.last[0] = min(int(self.last[0]), root)

    def stop(self, status: int) -> None:
        """Keep the reason."""
        self._stop = max(self._stop, status)

    def go_on(self) -> None:
        """Forget the reason."""
        self._stop = 0

    def look(self) -> int:
        """Return the reason."""
        return self._stop

    def add_up(self, counts: Integers, loads: Integers) -> tuple[Integers, Integers]:
        """Return what is here: there are no other ranks."""
        return counts, loads

    def any_of(self, done: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return what is here."""
        return done

    def close(self) -> None:
        """Nothing is shared with other processes."""


_NEXT, _LEAST, _STOP = range(3)


class RankQueue:
    """The threads of all ranks: three integers that they change without asking one another.

    Parameters
    ----------
    carrier : Carrier
        All its ranks take part in every search.
    """

    def __init__(self, carrier: Any) -> None:
        self._carrier = carrier
        self.rank, self.size = carrier.rank, carrier.size
        self._lock = threading.Lock()
        self._counters = carrier.counters(3)
        self.last = np.array([INFINITY], np.int64)
        self._reset(_NEXT, _LEAST, _STOP)

    def begin(self) -> None:
        """Reset the ticket and the least root; nobody is inside an iteration."""
        self._carrier.barrier()
        self.last[0] = INFINITY
        self._reset(_NEXT, _LEAST)
        self._carrier.barrier()

    def take(self) -> int:
        """Fetch and add one."""
        return int(self._counters.add(_NEXT, 1))

    def lower(self, root: int) -> None:
        """Take the minimum."""
        self._counters.lower(_LEAST, root)
        with self._lock:
            self.last[0] = min(int(self.last[0]), root)

    def stop(self, status: int) -> None:
        """Take the maximum."""
        self._counters.raise_to(_STOP, status)

    def go_on(self) -> None:
        """Forget the reason; all have seen it."""
        self._carrier.barrier()
        self._reset(_STOP)
        self._carrier.barrier()

    def look(self) -> int:
        """Fetch both."""
        self.last[0] = min(int(self.last[0]), self._counters.read(_LEAST))
        return int(self._counters.read(_STOP))

    def add_up(self, counts: Integers, loads: Integers) -> tuple[Integers, Integers]:
        """Reduce the counts; each root was searched on one rank, the others hold zeros there."""
        mine = counts[:, LEAST_PRUNED].copy()
        mine[mine == 0] = INFINITY
        total = self._carrier.add_up(counts)
        total[:, LEAST_PRUNED] = self._carrier.least_of(mine)
        return total, np.concatenate(self._carrier.raw.allgather(loads))

    def any_of(self, done: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Add them up."""
        total: npt.NDArray[np.bool_] = self._carrier.add_up(done.astype(np.int64)) > 0
        return total

    def close(self) -> None:
        """Give the integers back; all ranks must call."""
        self._counters.close()

    def _reset(self, *entries: int) -> None:
        if self.rank == 0:
            for entry in entries:
                self._counters.set(entry, INFINITY if entry == _LEAST else 0)
