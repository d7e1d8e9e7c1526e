"""When is a distributed search over? A standing reduction, accepted when two rounds agree.

Every rank contributes to round k its counters and whether it is passive (nothing open below
the incumbent, nothing unsent), and to round k + 1 only after round k is complete. Let R be
the sum of received nodes in round k, and S' the sum of sent nodes in round k + 1.

Claim: if all ranks were passive in both rounds and S' = R, the search is over. Proof: all
contributions to round k were made before some moment T, all to round k + 1 after it.
Counters only grow, so R <= received(T) <= sent(T) <= S' = R: all are equal. Hence nothing was
under way at T; no rank received anything between its contribution to round k and T, so each
was still passive at T; and passive ranks without mail under way stay passive for ever.

What ranks tell each other beside their nodes (:class:`~pdsearch.comm.protocol.Messenger`: orders of a heuristic) is not
counted, and need not be. It enters no node, opens none and makes no rank send one: a rank hears it only between two
expansions, and all it changes is h of states that are evaluated later. So a passive rank stays passive, whatever is
under way of it; and as h only rises, and stays a lower bound, none that is lost or late makes an answer wrong.

The incumbent only falls, and a rank that is passive for one incumbent is passive for a
smaller one, so it does not matter that ranks learn of it at different times.

Source: Mattern (1987), "Algorithms for distributed termination detection", Distributed
Computing 2, section 6 (four-counter method).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pdsearch.comm import Communicator, Integers
from pdsearch.kernels.protocol import INFINITY

SENT, RECEIVED, ACTIVE, EXPANDED, OPEN = range(5)
N_SUMS = 5
NEG_LEAST_F, NEG_INCUMBENT, STOP, MEMORY = range(4)
N_MAXIMA = 4


@dataclass
class Round:
    """What one completed round says of the whole search."""

    sent: int = 0
    received: int = 0
    active: int = 1  # ranks that have something to do
    expanded: int = 0
    open: int = 0
    least_f: int = 0  # of all that ranks hold; what is under way may be less
    incumbent: int = INFINITY
    stop: int = 0  # the largest status code a rank wants to stop with
    memory_bytes: int = 0  # of the fullest rank
    more: tuple[int, ...] = ()  # the largest of what else the ranks contribute


@dataclass
class Agreement:
    """Runs the rounds for one rank and says when the search is over."""

    comm: Communicator
    last: Round = field(default_factory=Round)
    rounds: int = 0
    over: bool = False
    _running: bool = False

    def contribute(self, sums: Integers, maxima: Integers) -> None:
        """Start the next round unless one is running."""
        if not self._running and not self.over:
            self.comm.start_reduction(sums, maxima)
            self._running = True

    @property
    def is_waiting(self) -> bool:
        """Say whether a round is running."""
        return self._running

    def advance(self) -> bool:
        """Say whether a round was completed; :attr:`last` and :attr:`over` tell its outcome."""
        totals = self.comm.finish_reduction() if self._running else None
        if totals is None:
            return False
        self._running = False
        self.rounds += 1
        before, self.last = self.last, _round(totals.sums, totals.maxima)
        self.over = agree(before, self.last)
        return True


def agree(before: Round, now: Round) -> bool:
    """Say whether two successive rounds prove that the search is over."""
    passive = before.active == 0 and now.active == 0
    return passive and before.received == now.sent and before.stop == now.stop


def _round(sums: Integers, maxima: Integers) -> Round:
    sent, received, active, expanded, n_open = np.asarray(sums).tolist()
    neg_least_f, neg_incumbent, stop, memory, *more = np.asarray(maxima).tolist()
    return Round(sent, received, active, expanded, n_open, -neg_least_f, -neg_incumbent, stop, memory, tuple(more))
