"""What groups of ranks tell each other while each searches for itself: costs of plans, lower bounds, and who is done.

One rank of each group tells and hears. Nothing waits until :meth:`News.end`, at which every message has arrived: the
carrier is as it was before.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from pdsearch.kernels.protocol import INFINITY

GOES_ON, DONE, OVER = range(3)  # how a group is: searching, through with its part, or ended by what is to end all
_NAP_S = 1e-4


class News:
    """One rank's part; all ranks of the carrier make one, and call :meth:`end`.

    Parameters
    ----------
    comm : Carrier
        All ranks, none of which may send anything else meanwhile.
    speakers : sequence of int
        A rank of each group.
    incumbent, bound : int
        The cost of a plan and a lower bound that all know.

    Attributes
    ----------
    incumbent, bound : int
        The cheapest plan's cost and the best lower bound of all groups, as heard so far.
    done : int
        Other groups that are through.
    is_over : bool
        One of the others was ended by what is to end all.

    Examples
    --------
    >>> from pdsearch.comm.world import carrier_of
    >>> news = News(carrier_of(), [0])
    >>> news.tell(incumbent=7, bound=5)
    >>> news.ends_all
    False
    >>> news.tell(bound=7)
    >>> news.ends_all
    True
    >>> news.end()
    """

    def __init__(self, comm: Any, speakers: Sequence[int], incumbent: int = INFINITY, bound: int = 0) -> None:
        self.incumbent, self.bound, self.done, self.is_over = incumbent, bound, 0, False
        self._comm = comm
        self._others = [rank for rank in speakers if rank != comm.rank] if comm.rank in speakers else []
        self._sent = self._received = 0

    @property
    def ends_all(self) -> bool:
        """Say whether nobody needs to search on: no plan is cheaper than one that was found, or a limit was met."""
        return self.is_over or self.bound >= self.incumbent

    def tell(self, incumbent: int = INFINITY, bound: int = 0, how: int = GOES_ON) -> None:
        """Tell the other groups, if it is news."""
        is_news = incumbent < self.incumbent or bound > self.bound or how != GOES_ON
        self.incumbent, self.bound = min(self.incumbent, incumbent), max(self.bound, bound)
        if not is_news:
            return
        words = np.array([how, incumbent, bound], np.int64).view(np.uint32)
        for other in self._others:
            self._comm.send(other, words)
        self._sent += 1

    def hear(self) -> None:
        """Take in what has arrived."""
        if not self._others:
            return
        while (words := self._comm.receive()) is not None:
            how, incumbent, bound = words.copy().view(np.int64).tolist()
            self.incumbent, self.bound = min(self.incumbent, incumbent), max(self.bound, bound)
            self.done += how == DONE
            self.is_over = self.is_over or how == OVER
            self._received += 1

    def end(self) -> None:
        """Hear all that was told, and see all arrive that was sent here; all ranks must call."""
        told = sum(self._comm.exchange(self._sent))
        missing = told - self._sent if self._others else 0
        while self._received < missing or any(self._comm.backlog(self._others)):
            self.hear()
            time.sleep(_NAP_S)
