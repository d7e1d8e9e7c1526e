"""Turns of a rank whose mail goes through rings, in compiled code: take what arrived, expand, send, look again.

At the end of a layer the last nodes of its f go to and fro between ranks, a few at a time: a string of small messages
in which each rank waits for the other. From Python each of them takes a tenth of a millisecond, here a few
microseconds. What a :class:`~pdsearch.search.best_first.worker.Worker` does between two words with all ranks is done
here in its order and by its rules. Whatever needs more, a table that must grow, a message that does not fit into a
ring, is left to the worker. The worker alone says what the standing reduction is told, so that the proofs of the end
and of the floors ask of these turns only that what is sent and received is counted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.comm.rings import NONE, Mailbox, RingCommunicator, get, is_complete, not_begun, put, room_in
from pdsearch.heuristics import Heuristic
from pdsearch.kernels import frame as slots
from pdsearch.kernels.frame import FRAME_TYPE, Frame, Kind, part
from pdsearch.kernels.passes import EXPANDED, OUTBOX_KIND
from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.sides import PROVED, WINDOW
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.step import BUDGET, EMPTY, MESSAGE_FULL, TABLE_FULL, absorb, collect, step

_MANY_RECORDS = 1 << 13  # in messages that were not taken yet: with fewer small ones no receiver is far behind
_MAX_RECEIVED = 16  # messages taken at once
_MOST_NOTED = 64  # messages of a search with two sides, before the worker is told of them
_FEWEST_LOOKS = 20  # for mail, with nothing to do: some microseconds, before a node above the floor is expanded
_MOST_LOOKS = 300  # then whoever waits for the core is to have it

# what the kernel is told, and what it says
RECORD_WORDS, FLOOR, LEFT, AHEAD, PLACE, APART, NUMBER, MAX_UNFINISHED, MANY, AT_ONCE = range(10)
FIRST, RECEIVED, SENT, MESSAGES, UNREAD, DEALT_WITH, WHY, IS_UNUSUAL = range(10, 18)
N_WORDS = 18


class Turns(NamedTuple):
    """What the kernel works on, beside the rank's own frame."""

    mail: Mailbox
    collected: npt.NDArray[np.uint32]  # (n_words,) a message on its way into a ring
    one: npt.NDArray[np.int64]  # (1,) its receiver
    words_to: npt.NDArray[np.int64]  # (size,) words sent to each
    unsent_b: npt.NDArray[
        np.int64
    ]  # (2 * size,) of a search with two sides: the least b of each that waits; else empty
    log: npt.NDArray[np.int64]  # (3 * n,) of such a search: the receiver of each message, and the least b of both sides
    words: npt.NDArray[np.int64]  # (N_WORDS,)


def _no_mail() -> Mailbox:
    def zeros(kind: Any = np.int64) -> Any:
        return np.zeros(1, kind)

    rings = np.zeros((1, 1), np.uint32)
    return Mailbox(zeros(), zeros(), rings, zeros(), zeros(), zeros(np.bool_), zeros(np.uint32), zeros())


_KIND = Kind(Turns(_no_mail(), np.zeros(1, np.uint32), *(np.zeros(1, np.int64) for _ in range(5))))


@kernel
def _take_mail(frame, passes, turns):
    """Enter what arrived; return how many messages."""
    given = part(_KIND, turns, 0)
    mail, words = given.mail, given.words
    for taken in range(words[AT_ONCE]):
        n = get(
            mail.heads, mail.tails, mail.rings, frame[slots.RANK], words[FIRST], mail.is_begun, mail.inbox, mail.source
        )
        if n == NONE:
            return taken
        if n < 0:
            words[IS_UNUSUAL] = 1
            return taken
        words[FIRST] = mail.source[0] + 1 if mail.source[0] + 1 < len(mail.posted) else 0
        n_records = n // words[RECORD_WORDS]
        words[RECEIVED] += n_records
        words[LEFT] -= n_records
        frame[slots.AT], frame[slots.N_RECORDS] = 0, n_records
        dealt_with = absorb(frame, passes)
        if dealt_with < n_records or frame[slots.FAULT] != 0:
            words[UNREAD], words[DEALT_WITH], words[WHY] = n, dealt_with, TABLE_FULL
            return taken + 1
    return words[AT_ONCE]


@inlined
def _is_held(outbox):
    """Say whether a message is worth sending and could not be sent: nothing may be expanded for its receiver."""
    for other in range(len(outbox.waiting)):  # noqa: SIM110 - a kernel
        if outbox.waiting[other] >= outbox.message_size[other]:
            return True
    return False


@inlined
def _note(given, words, other):
    """Write down the least b of a message, which is on its way from now on."""
    at, size = 3 * words[MESSAGES], len(given.words_to)
    given.log[at], given.log[at + 1], given.log[at + 2] = other, given.unsent_b[other], given.unsent_b[size + other]
    given.unsent_b[other] = given.unsent_b[size + other] = INFINITY


@kernel
def _send(frame, turns, is_idle, urgent):
    """Send full messages, and when idle the others, too, of which a record has f up to ``urgent``; return how many."""
    given, outbox = part(_KIND, turns, 0), part(OUTBOX_KIND, frame, slots.OUTBOX)
    mail, words, size = given.mail, given.words, len(given.mail.posted)
    sent = 0
    for other in range(size):
        waiting = outbox.waiting[other]
        if waiting == 0:
            continue
        ring = other * size + frame[slots.RANK]
        unfinished = not_begun(mail.tails, mail.posted, ring, other)
        is_full = waiting >= outbox.message_size[other]
        if is_full and unfinished >= words[MAX_UNFINISHED] and unfinished * waiting >= words[MANY]:
            continue
        is_urgent = outbox.least_f[other] <= urgent or urgent >= INFINITY
        if not is_full and not (is_idle and unfinished == 0 and is_urgent):
            continue
        n = waiting * words[RECORD_WORDS]
        if n >= len(given.collected) or n >= room_in(mail.heads, mail.tails, mail.rings, ring):
            words[IS_UNUSUAL] = 1
            continue
        if len(given.unsent_b) > 0:
            if 3 * words[MESSAGES] == len(given.log):
                words[LEFT] = 0
                continue
            _note(given, words, other)
        given.one[0] = other
        collect(words[RECORD_WORDS], outbox, given.one, given.collected)
        put(mail.heads, mail.tails, mail.rings, ring, given.collected[:n], 0)
        mail.posted[other] += 1
        given.words_to[other] += n
        words[SENT] += waiting
        words[MESSAGES] += 1
        sent += 1
    return sent


@inlined
def _open_window(frame, given, is_ahead):
    """Allow nodes of the proved b only, or the best of what is open; of a search with two sides."""
    if len(given.unsent_b) > 0:
        frame[WINDOW] = INFINITY if is_ahead else frame[PROVED]
        frame[WINDOW + 1] = INFINITY if is_ahead else frame[PROVED + 1]


@inlined
def _expand(frame, passes, words, most, f_limit):
    """Expand nodes; return how many."""
    before = frame[slots.STATISTICS + EXPANDED]
    frame[slots.BUDGET_LEFT], frame[slots.F_LIMIT] = most, f_limit
    words[WHY] = step(frame, passes)
    expanded = frame[slots.STATISTICS + EXPANDED] - before
    words[LEFT] -= expanded
    return expanded


@inlined
def _may_go_on(words):
    """Say whether the last step ended for nothing that is to be seen to elsewhere."""
    return words[IS_UNUSUAL] == 0 and (words[WHY] == BUDGET or words[WHY] == EMPTY or words[WHY] == MESSAGE_FULL)


@kernel
def exchange(frame, passes, turns):
    """Take turns until LEFT nodes were expanded or entered, or there is nothing to do but to hear from all ranks.

    Parameters
    ----------
    frame, passes : int64[N_SLOTS], int64[N_PASSES]
        As for :func:`pdsearch.search.best_first.step.step`.
    turns : int64[1]
        The address of :class:`Turns`.
    """
    given, outbox = part(_KIND, turns, 0), part(OUTBOX_KIND, frame, slots.OUTBOX)
    mail, words = given.mail, given.words
    looks, is_empty, may_be_ahead = 0, False, True
    while words[LEFT] > 0 and _may_go_on(words):
        taken, expanded = _take_mail(frame, passes, turns), 0
        if taken > 0:
            is_empty, may_be_ahead = False, True
        if words[LEFT] > 0 and _may_go_on(words) and not is_empty and not _is_held(outbox):
            expanded = _expand(frame, passes, words, words[LEFT], words[FLOOR])
            is_empty = words[WHY] == EMPTY
        is_ahead = may_be_ahead and words[AHEAD] > 0
        sent = _send(frame, turns, expanded == 0, words[FLOOR] if is_ahead else INFINITY)
        if taken + expanded + sent > 0:
            looks = 0
        elif is_complete(mail.rounds, words[PLACE], words[APART], words[NUMBER]) or looks == _MOST_LOOKS:
            break
        elif looks >= _FEWEST_LOOKS and is_ahead and not _is_held(outbox):
            _open_window(frame, given, True)
            expanded = _expand(frame, passes, words, 1, INFINITY)
            _open_window(frame, given, False)
            words[AHEAD] -= expanded
            may_be_ahead = expanded > 0
        else:
            looks += 1


def messages_at_once(heuristic: Heuristic) -> int:
    """Return how many messages are taken before nodes are expanded: fewer where entering them is expensive.

    Those who wait for successors of what is open here would have nothing to do meanwhile.
    """
    return max(1, _MAX_RECEIVED * heuristic.batch // Heuristic.batch)


def many_records(heuristic: Heuristic) -> int:
    """Return the records not taken yet, in many messages, with which a receiver is far behind.

    Messages are small where an evaluation is expensive, see :mod:`pdsearch.search.best_first.worker`; elsewhere their
    number alone counts.
    """
    return _MANY_RECORDS if messages_at_once(heuristic) == 1 else 0


class Took(NamedTuple):
    """What was done in some turns."""

    received: int  # records
    sent: int
    messages: int
    ahead_left: int
    why: int  # the last step ended
    is_unusual: bool  # the worker is to take a turn of its own
    unread: npt.NDArray[np.uint32]  # records that were received and must be entered yet
    words_to: npt.NDArray[np.int64]  # words sent to each rank


class RingTurns:
    """Takes turns of a rank.

    Parameters
    ----------
    rank : LocalSearch
        The rank.
    comm : RingCommunicator
        Its end of the rings.
    max_unfinished : int
        Messages to one rank that it has not begun to take, at most.
    """

    def __init__(self, rank: LocalSearch, comm: RingCommunicator, max_unfinished: int) -> None:
        self._rank, self._comm, self._mail = rank, comm, comm.mailbox
        size, self._words = comm.size, np.zeros(N_WORDS, np.int64)
        self._words[RECORD_WORDS], self._words[MAX_UNFINISHED] = rank.task.record_words, max_unfinished
        self._words[MANY] = many_records(rank.task.heuristic)
        self._words[AT_ONCE] = messages_at_once(rank.task.heuristic)
        self._words_to = np.zeros(size, np.int64)
        collected = np.empty(self._mail.rings.shape[1], np.uint32)
        self._log = np.zeros((_MOST_NOTED, 3), np.int64)
        parts = (collected, np.zeros(1, np.int64), self._words_to, rank.unsent_b, self._log.reshape(-1), self._words)
        self._turns = Frame()
        self._turns.place(0, Turns(self._mail, *parts))

    @staticmethod
    def compile() -> None:
        """Compile what takes turns, or load it from the disk cache."""
        exchange.compile((FRAME_TYPE, FRAME_TYPE, FRAME_TYPE))

    @property
    def are_blocked(self) -> bool:
        """Say whether messages wait for room in a ring, and the worker must move them on first."""
        return self._comm.has_late

    def take(self, budget: int, floor: int, ahead: int) -> Took:
        """Take turns.

        Parameters
        ----------
        budget : int
            Nodes expanded and records entered, about.
        floor : int
            Nodes of f up to this are expanded; INFINITY where a search with two sides keeps to what is proved.
        ahead : int
            Nodes of larger f that may be expanded where there would be nothing to do.
        """
        words = self._words
        words[RECEIVED : IS_UNUSUAL + 1] = 0
        words[FLOOR], words[LEFT], words[AHEAD] = floor, budget, ahead
        words[PLACE], words[APART], words[NUMBER] = self._comm.running
        self._words_to[:] = 0
        self._rank.take_turns(self._mail.inbox, exchange, self._turns.words)
        told: list[int] = words.tolist()
        if len(self._rank.unsent_b):
            self._rank.note_taken(self._log[: told[MESSAGES]].tolist())
        unread = self._mail.inbox[told[RECORD_WORDS] * told[DEALT_WITH] : told[UNREAD]]
        counts = (told[RECEIVED], told[SENT], told[MESSAGES], told[AHEAD])
        return Took(*counts, told[WHY], bool(told[IS_UNUSUAL]), unread, self._words_to)
