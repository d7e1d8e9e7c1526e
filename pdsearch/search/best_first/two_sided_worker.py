"""One worker of a distributed search from both ends: what it may say of the least b, and what it may believe.

A worker takes turns as one of HDA* does. What is different is the floor: there are two, one for each side, and they
are proved, for the end of the search and the nodes that are left out rest on them.

Each rank contributes to round k of the reduction, for each side, the least b of its open nodes, of its records that
wait to be sent, and of the messages it sent that were not known to be taken when it contributed to round k - 1.
Claim: after round k, nothing that is open or on its way, now or later, has a b below the least contribution.

Proof: call what a rank holds from its contribution on, and every message that it sends from then on, *later*. A
message that was sent before its sender's contribution and is taken after its receiver's was covered by the sender:
the receiver contributed to round k after round k - 1 was complete, so after the sender's contribution to that, at
which the message was not taken yet. Everything else that is later comes from what a rank held when it contributed, from
such a message, or from another later message, and b never falls from a node to its successors. By induction over time
none of it is below the least contribution. Whatever is open after round k is later.

The floors only rise, so that old ones are bounds still, and one of each side are bounds together, whenever they are
from.

The end is that of HDA*: a rank is passive when it has nothing to send, and the floors and the incumbent say that no
plan through its open nodes is cheaper.

Source: the minimum over messages on their way is that of Samadi (1985), "Distributed simulation, algorithms and
performance analysis", PhD thesis, UCLA (global virtual time); its use for the bound of a bidirectional search is ours.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import Any

from pdsearch.comm import Communicator, Records
from pdsearch.comm.termination import Round
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.two_sides import TwoSides
from pdsearch.search.best_first.worker import Worker
from pdsearch.search.run import Run


class TwoSidedWorker(Worker):
    """Drives one rank of a search from both ends; parameters are those of :class:`Worker`."""

    local: TwoSides

    def __init__(self, rank: TwoSides, comm: Communicator, run: Run, *more: Any, **options: Any) -> None:
        # messages by receiver, the oldest first, as the least b of each side: those that may not have been taken yet
        self._on_their_way: list[deque[tuple[int, int]]] = [deque() for _ in range(comm.size)]
        self._is_ahead = False
        super().__init__(rank, comm, run, *more, **options)

    @property
    def least_f(self) -> int:
        """Return what plans through this rank's open nodes cost at least."""
        return self.local.least_open_f

    def send(self, idle: bool) -> int:
        """Send full messages, and when idle the others, too, and remember what is in them; return how many."""
        n = super().send(idle)
        self._remember()
        return n

    def _turns_suffice(self) -> bool:
        """Remember what was sent in compiled code, too."""
        suffice = super()._turns_suffice()
        self._remember()
        return suffice

    @property
    def _highest_f(self) -> int:
        """Return none: what is open is bounded by the window on b."""
        return INFINITY

    def go_on(self, ranks: list[int], records: Records, ends: list[int], kept: list[Records]) -> None:
        """Begin again after a pause, before which all messages were taken; what is sent now is remembered."""
        for messages in self._on_their_way:
            messages.clear()
        super().go_on(ranks, records, ends, kept)
        self._remember()

    def _remember(self) -> None:
        for destination, *least_b in self.local.taken:
            self._on_their_way[destination].append((least_b[0], least_b[1]))
        self.local.taken.clear()

    def _expand(self, most: int, f_limit: int) -> int:
        """Expand nodes of b up to the floors, or the best there are."""
        self.local.open_window(ahead=self._is_ahead)
        return super()._expand(most, INFINITY)

    def _work_ahead(self) -> int:
        self._is_ahead = True
        expanded = super()._work_ahead()
        self._is_ahead = False
        return expanded

    def _learn(self, last: Round) -> None:
        """Raise the floors; once a rank wants to stop it drops what it receives, and its word is worth nothing."""
        if not last.stop:
            self.local.learn([-neg_b for neg_b in last.more])
        self.floor = self.local.cost_bound(*self.local.proved)
        # at the end nothing is under way, and each rank has said what plans through its own open nodes cost at least
        least_f = self.floor if last.stop or not self.agreement.over else max(self.floor, last.least_f)
        self.agreement.last = dataclasses.replace(last, least_f=least_f)

    def _more_maxima(self) -> list[int]:
        """Return less the least b of each side that this rank answers for."""
        least = self.local.least_held_b
        for messages in self._on_their_way:
            for pair in messages:
                least = [min(least[0], pair[0]), min(least[1], pair[1])]
        self._forget_what_was_taken()
        return [-b for b in least]

    def _forget_what_was_taken(self) -> None:
        """Drop messages whose receivers have taken them: they are not to be covered by the next contribution."""
        waiting = [to for to, messages in enumerate(self._on_their_way) if messages]
        for to, n in zip(waiting, self.comm.backlog(waiting), strict=True):
            while len(self._on_their_way[to]) > n:
                self._on_their_way[to].popleft()
