"""One worker of a distributed search: a rank, its mail, and the rules they keep.

HDA*: every state has one owner. A member takes what arrived, expands its best nodes, sends
successors to their owners in batches, and takes part in a standing reduction that carries
incumbent, least f, counters and the wish to stop. It is driven by calling :meth:`Worker.turn`
until that says the search is over, by MPI processes and by the simulator alike.

No worker runs far ahead: it expands f up to the least f of all ranks as last agreed (the
*floor*). A rank that expands worse nodes while its good ones are under way floods the others
with their children. Yet the end of each f layer is a string of small messages, during which
there is little to do: there a member may expand a bounded number of nodes above the floor,
and mail that nobody waits for is left to fill. All that this can waste is expansions of the
last layer and of nodes reopened (measured: none to speak of; docs/search.md). And no member outruns a
receiver: with too many messages and records to one rank unfinished it only receives until that rank has caught up.
Where an evaluation is expensive, so is what arrives: there a member expands between two messages, or those that
wait for what it would send would have nothing to do.

Source: Kishimoto, Fukunaga and Botea (2013), AIJ 195 (HDA*); the floor and the bound on
unfinished messages are ours.
"""

from __future__ import annotations

import numpy as np

from pdsearch.comm import Communicator, Records
from pdsearch.comm.termination import N_MAXIMA, N_SUMS, Agreement, Round
from pdsearch.kernels.protocol import INFINITY
from pdsearch.result import Status
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.packing import FixedPacking, Packing
from pdsearch.search.best_first.ring_turns import RingTurns, Took, many_records, messages_at_once
from pdsearch.search.run import Run

MAX_UNFINISHED = 256  # messages to one rank that it has not begun to take; it may be busy growing its table
_FEWEST_A_TURN, _PORTION = 1000, 32  # expansions of a turn: a 32nd of those so far, so that news is never that old
_FEWEST_IN_RINGS = 4000  # of turns in compiled code, which look for mail meanwhile
PAUSE = 1  # what a rank wants to stop with that is to go on after a checkpoint: less than any status
_AHEAD_SHARE = 16  # between two rises of the floor, one in so many of the expansions so far may be made above it
_AHEAD_A_TURN = 200  # of them: a twentieth of a millisecond, for mail may come


class Worker:
    """Drives one rank.

    Parameters
    ----------
    local : LocalSearch
        Holds the nodes; the owner of the initial state enters it here.
    comm : Communicator
        Carries the mail.
    run : Run
        Time, nodes and signals; memory is the rank's own affair.
    budget : int
        Most expansions of one turn. What surrounds them takes 45 µs, a tenth of 4000 expansions of a 15-puzzle.
    packing : Packing, optional
        Decides how many records make a message; what the rank was built with when left out.
    keeps : bool
        Keep the records that arrive once the search is to end, in ``kept``: they are in no table.
    begins : bool
        Enter the roots; else the rank holds what a search goes on from.
    turns : RingTurns, optional
        Takes turns in compiled code where the carrier is one of rings.
    """

    def __init__(
        self,
        rank: LocalSearch,
        comm: Communicator,
        run: Run,
        budget: int = 16_000,
        packing: Packing | None = None,
        keeps: bool = False,
        begins: bool = True,
        turns: RingTurns | None = None,
    ) -> None:
        self.local, self.comm, self.run, self.budget, self.turns = rank, comm, run, budget, turns
        self.packing = packing or FixedPacking()
        self.keeps, self.kept = keeps, list[Records]()
        self.agreement = Agreement(comm)
        self.messages = self.received = 0
        self.sent = 0  # records handed over; statistics count them when generated
        self.stop = 0  # status code, once this rank wants to stop
        self.floor = self._highest_floor = 0
        self._ahead_left = 0  # expansions above the floor that are still allowed
        self.has_idled = self._has_done = False
        self._drained_f = INFINITY  # least f of records received after the decision to stop
        self._allowance = run.limits.nodes  # expansions this rank may have made before the next round
        self._words = rank.task.record_words
        self._at_once = messages_at_once(rank.task.heuristic)
        self._is_expensive, self._many = self._at_once == 1, many_records(rank.task.heuristic)
        for state, record in rank.roots() if begins else []:
            if rank.task.owner_of(state) == rank.rank:
                self._enter(record)

    @property
    def is_stopping(self) -> bool:
        """Say whether this rank knows that the search is to end early."""
        return bool(self.stop or self.agreement.last.stop)

    @property
    def least_f(self) -> int:
        """Return the least f this rank knows of and has not expanded."""
        return min(self.local.least_f, self._drained_f)

    @property
    def so_far(self) -> Round:
        """Return how far the search is, as people are told."""
        return self.agreement.last

    def turn(self) -> bool:
        """Receive, expand, send, agree; say whether the search is over."""
        if self.agreement.over:
            return True
        began = self.packing.clock()
        if self._turns_suffice():
            agreed = self._agree()
            self.has_idled = not (self._has_done or agreed)
            return self.agreement.over
        received = self.receive()
        expanded = self._expand(self._portion(), self.floor) if not self.is_stopping else 0
        sent = self.send(idle=expanded == 0) if not self.is_stopping else 0
        agreed = self._agree()
        if not (received or expanded or agreed):
            expanded = self._work_ahead()
        has_done = bool(received or expanded or sent or agreed)
        self.has_idled = not (has_done or self._has_done)
        if has_done:
            self._pack(self.packing.clock() - began)
        return self.agreement.over

    def _turns_suffice(self) -> bool:
        """Take turns in compiled code; say whether nothing is left that needs one from here."""
        self._has_done = False
        if self.turns is None or self.is_stopping or self.turns.are_blocked:
            return False
        before = int(self.local.statistics[kernels.EXPANDED])
        budget = self.local.until_lesson(min(self._portion(_FEWEST_IN_RINGS), self.budget, self._allowance - before))
        if budget <= 0:
            return False
        began = self.packing.clock()
        took = self.turns.take(budget, self._highest_f, self._ahead_left)
        seconds = self.packing.clock() - began
        expanded = int(self.local.statistics[kernels.EXPANDED]) - before
        self.received, self.sent = self.received + took.received, self.sent + took.sent
        self.messages += took.messages
        self._ahead_left = took.ahead_left
        self._has_done = expanded + took.received + took.messages > 0
        self._make_room(took)
        self.local.give_lesson()
        if self._has_done:
            self.packing.worked(seconds)
            self.packing.posted(took.words_to, took.messages)
            # an evaluation of LM-cut costs ten times what a message does in compiled code: they may be small
            self._pack(seconds if self._is_expensive else self.packing.clock() - began)
        return not took.is_unusual

    @property
    def _highest_f(self) -> int:
        """Return up to which f nodes are expanded."""
        return self.floor

    def _make_room(self, took: Took) -> None:
        """See to what compiled turns ended for."""
        if len(took.unread):
            self._enter(took.unread)
            return
        try:
            self.local.make_room(took.why)
        except MemoryLimitError:
            self._want(Status.MEMORY_LIMIT)

    def _pack(self, seconds: float) -> None:
        """Decide now and then how many records make a message, after a turn of so many seconds."""
        self.packing.turned(seconds)
        sizes = self.packing.sizes()
        if sizes is not None and self.comm.size > 1:
            self.local.message_size[:] = sizes

    def receive(self) -> int:
        """Take the messages that have arrived; return how many."""
        for taken in range(self._at_once):
            records = self.comm.receive()
            if records is None:
                return taken
            self.received += len(records) // self._words
            began = self.packing.clock()
            self._enter(records)
            self.packing.worked(self.packing.clock() - began)
        return self._at_once

    def _enter(self, records: Records) -> None:
        """Give records to the rank, or once stopping only look at their f."""
        if not self.is_stopping:
            try:
                self.local.absorb(records)
                return
            except MemoryLimitError:
                self._want(Status.MEMORY_LIMIT)
        self._drained_f = min(self._drained_f, self.local.least_f_of(records))
        if self.keeps:
            self.kept.append(records.copy())

    def without_table(self) -> list[Records]:
        """Return the records that arrived too late and those that were not sent, which are forgotten here."""
        unsent, _ = self.local.take(self.local.addressees())
        kept, self.kept = self.kept, []
        return [*kept, unsent.copy()]

    @property
    def is_paused(self) -> bool:
        """Say whether all stopped only to write a checkpoint."""
        return self.agreement.over and self.agreement.last.stop == PAUSE

    def unsent(self) -> tuple[list[int], Records, list[int]]:
        """Return the ranks for which records wait, these records, and the end of each rank's; forget them here."""
        ranks = self.local.addressees()
        records, ends = self.local.take(ranks)
        return ranks, records.copy(), ends

    def go_on(self, ranks: list[int], records: Records, ends: list[int], kept: list[Records]) -> None:
        """Begin again after a pause: send what was not sent, and enter what arrived meanwhile."""
        self.agreement, self.stop, self._drained_f = Agreement(self.comm), 0, INFINITY
        if ranks:
            self.comm.send_all(ranks, records, ends)
            self.sent += ends[-1] // self._words
            self.messages += len(ranks)
        for one in kept:
            self._enter(one)

    def count_on(self, other: Worker) -> None:
        """Add what another worker of this rank sent and received, none of which is under way any more."""
        self.sent, self.received = self.sent + other.sent, self.received + other.received
        self.messages += other.messages

    def _portion(self, fewest: int = _FEWEST_A_TURN) -> int:
        """Return the expansions of one turn: many, for a turn has its price, but a small share of those so far."""
        so_far = int(self.local.statistics[kernels.EXPANDED])
        return min(self.budget, max(fewest, so_far // _PORTION))

    @property
    def may_work_ahead(self) -> bool:
        """Say whether this rank may expand nodes above the floor while it would have to wait."""
        rank = self.local
        return self._ahead_left > 0 and not self.is_stopping and rank.least_open_f < rank.incumbent

    def _work_ahead(self) -> int:
        """Expand a few of the best nodes above the floor; return how many."""
        if not self.may_work_ahead:
            return 0
        expanded = self._expand(min(self._ahead_left, _AHEAD_A_TURN), self.local.least_open_f)
        self._ahead_left -= expanded
        return expanded

    def _expand(self, most: int, f_limit: int) -> int:
        """Expand at most so many nodes of f up to a limit; return how many."""
        rank = self.local
        before = int(rank.statistics[kernels.EXPANDED])
        budget = min(most, self.budget, self._allowance - before)
        if budget <= 0:
            return 0
        began = self.packing.clock()
        try:
            rank.expand(budget, f_limit)
        except MemoryLimitError:
            self._want(Status.MEMORY_LIMIT)
        self.packing.worked(self.packing.clock() - began)
        return int(rank.statistics[kernels.EXPANDED]) - before

    def send(self, idle: bool) -> int:
        """Send full messages, and when idle the others, too; return how many."""
        if not self.local.unsent:
            return 0
        full = self.local.ready()
        chosen = [other for other, n in zip(full, self.comm.backlog(full), strict=True) if not self._outruns(other, n)]
        if idle:
            urgent = self.floor if self.may_work_ahead else INFINITY
            others = set(self.local.addressees(urgent)).difference(full)
            rest = sorted(others)
            chosen += [other for other, n in zip(rest, self.comm.backlog(rest), strict=True) if not n]
        if chosen:
            records, ends = self.local.take(chosen)
            self.comm.send_all(chosen, records, ends)
            self.packing.sent(chosen, ends)
            self.sent += ends[-1] // self._words
        self.messages += len(chosen)
        return len(chosen)

    def _outruns(self, other: int, unfinished: int) -> bool:
        """Say whether a rank has so many messages to take that it must catch up first."""
        return unfinished >= MAX_UNFINISHED and unfinished * int(self.local.message_size[other]) >= self._many

    def _agree(self) -> bool:
        """Take part in the standing reduction; say whether a round was completed."""
        completed = self.agreement.advance()
        if completed:
            last = self.agreement.last
            self.local.incumbent = min(self.local.incumbent, last.incumbent)
            self._learn(last)
            # INFINITY: all that is open is under way; where evaluations are cheap, ranks expand nothing above the floor
            # from then on (they wait for microseconds)
            if self._highest_floor < self.floor and (self.floor < INFINITY or not self._is_expensive):
                self._highest_floor = self.floor
                self._ahead_left = int(self.local.statistics[kernels.EXPANDED]) // _AHEAD_SHARE
            share = -(-(self.run.limits.nodes - last.expanded) // self.comm.size)
            self._allowance = int(self._contributed_expanded) + max(0, share)
            if last.expanded >= self.run.limits.nodes:
                self._want(Status.NODE_LIMIT)
        if not self.agreement.is_waiting and not self.agreement.over:
            self._contribute()
        return completed

    def _learn(self, last: Round) -> None:
        """Raise the floor."""
        self.floor = last.least_f

    def _more_maxima(self) -> list[int]:
        """Return what else the reduction is to carry the largest of."""
        return []

    def _contribute(self) -> None:
        stop = self.run.why_stop()
        if stop is not None:
            self._want(stop)
        elif self.keeps and not self.stop and self.run.wants_checkpoint:
            self.stop = PAUSE
        rank = self.local
        rank.mail_bytes = self.comm.buffer_bytes
        if rank.granted_bytes > rank.memory_limit:
            self._want(Status.MEMORY_LIMIT)
        least_f = self.least_f
        has_work = least_f < rank.incumbent or rank.unsent > 0
        active = int(has_work and not self.is_stopping)
        self._contributed_expanded = int(rank.statistics[kernels.EXPANDED])
        sums = np.array([self.sent, self.received, active, self._contributed_expanded, rank.n_open], np.int64)
        maxima = [-least_f, -rank.incumbent, self.stop, rank.used_bytes]
        assert (len(sums), len(maxima)) == (N_SUMS, N_MAXIMA)
        self.agreement.contribute(sums, np.array(maxima + self._more_maxima(), np.int64))

    def _want(self, status: Status) -> None:
        if self.stop in (0, PAUSE):
            self.stop = status.value
