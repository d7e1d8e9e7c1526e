"""One worker of a distributed search by layers: it knows what g no rank goes below, so that layers can be forgotten.

Each rank contributes to the standing reduction the least g of its open nodes, of its records that wait to be sent, and
of the messages it sent that were not known to be taken when it contributed to the round before. As g never falls from a
node to its successors, nothing that is open or on its way, now or later, has a g below the least contribution:
:mod:`pdsearch.search.best_first.two_sided_worker` has the proof, for b in place of g.

Source: Samadi (1985), "Distributed simulation, algorithms and performance analysis", PhD thesis, UCLA (global virtual
time).
"""

from __future__ import annotations

from collections import deque
from typing import Any, cast

from pdsearch.comm import Communicator
from pdsearch.comm.termination import Round
from pdsearch.search.best_first.dealt import Dealt
from pdsearch.search.best_first.layered import Layered
from pdsearch.search.best_first.worker import Worker
from pdsearch.search.run import Run


class LayerWorker(Worker):
    """Drives one rank of a search by layers; parameters are those of :class:`Worker`."""

    local: Any  # Layered, or the shares of one

    def __init__(self, rank: Layered | Dealt, comm: Communicator, run: Run, *more: Any, **options: Any) -> None:
        self._on_their_way: list[deque[int]] = [deque() for _ in range(comm.size)]  # least g, by receiver
        super().__init__(cast(Layered, rank), comm, run, *more, **options)

    @property
    def least_f(self) -> int:
        """Return the least g that this rank answers for."""
        sent = [g for messages in self._on_their_way for g in messages]
        return min(super().least_f, *sent) if sent else super().least_f

    def send(self, idle: bool) -> int:
        """Send full messages, and when idle the others, too, and remember what is in them; return how many."""
        n = super().send(idle)
        for destination, least_g in self.local.taken:
            self._on_their_way[destination].append(least_g)
        self.local.taken.clear()
        return n

    def _learn(self, last: Round) -> None:
        super()._learn(last)
        if not last.stop:  # a rank that stops drops what it receives, and its word is worth nothing
            self.local.floor = max(self.local.floor, last.least_f)

    def _more_maxima(self) -> list[int]:
        """Forget the messages whose receivers have taken them, once they were contributed."""
        waiting = [to for to, messages in enumerate(self._on_their_way) if messages]
        for to, n in zip(waiting, self.comm.backlog(waiting), strict=True):
            while len(self._on_their_way[to]) > n:
                self._on_their_way[to].popleft()
        return []
