"""One run of a search: its limits, its clock, its seed, who is told how far it came, and why it has to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pdsearch._compile_watch import watched
from pdsearch.limits import Deadline, Limits
from pdsearch.result import Result, Status
from pdsearch.search.checkpoint.checkpoints import Checkpoints


@dataclass(frozen=True)
class Progress:
    """What a long search can say of itself while it runs.

    Attributes
    ----------
    seconds : float
        Of the search so far.
    least_f : int
        No plan costs less; of iterative deepening, the bound of the iteration.
    incumbent : int or None
        The cost of the best plan found.
    expanded, generated : int
        Nodes so far; of several processes, those that this one knows of. 0 where they are not counted meanwhile.
    open : int
        Nodes in the open lists.
    memory_bytes : int
        Of the fullest rank.
    done : int
        Finished instances of a batch that is solved together.
    proved : int
        Of searches in several parts: no plan costs less, by the parts that are finished.
    """

    seconds: float
    least_f: int
    incumbent: int | None = None
    expanded: int = 0
    open: int = 0
    memory_bytes: int = 0
    generated: int = 0
    done: int = 0
    proved: int = 0


OnProgress = Callable[[Progress], None]


def _never() -> bool:
    return False


def _go_on(doing: str) -> None:
    """Look at nothing."""


@dataclass
class Run:
    """The conditions of one run; every phase of a search asks it whether to go on.

    Parameters
    ----------
    limits : Limits
        When to stop early. The time counts from the making of the run, set-up and compilation included.
    interrupted : callable
        Asked many times a second; true stops the search.
    on_progress : callable, optional
        Told now and then how far the search came.
    seed : int
        Of random words and instances.
    spent_s : float
        Seconds of the time limit that were spent before, on reading say.
    on_lost : callable, optional
        Of a search on several ranks: told the result when the time limit is over and some rank does not answer,
        just before the job is ended.
    checkpoints : Checkpoints, optional
        Where the search is written to now and then, and when it ends early.
    preempted : callable
        Once ``interrupted`` is true: whether by who needs the machine for others, and the search is to go on later.
    pauses : bool
        False where a checkpoint that lies there already is what the search goes on from, and no other is written.
    say : callable
        Told, on every rank, what a user should know while the search runs, a line each.

    Attributes
    ----------
    tell : callable or None
        Returns how far the search is; set by the algorithm.
    phases : dict of str to float
        Seconds of each finished phase before and after the search itself: heuristic, distribution, compile.
    before_s : float
        Seconds of search before the checkpoint that this run goes on from.
    shares : int
        That had to take turns in memory so far: a search that follows begins with as many.
    watch : callable
        Returns a deadline, given seconds and the most memory; one that also looks at something else, say.

    Examples
    --------
    >>> run = Run(Limits(nodes=1000))
    >>> run.why_stop(expanded=999), run.why_stop(expanded=1000)
    (None, <Status.NODE_LIMIT: 12>)
    """

    limits: Limits = field(default_factory=Limits)
    interrupted: Callable[[], bool] = _never
    on_progress: OnProgress | None = None
    seed: int = 0
    phases: dict[str, float] = field(default_factory=dict)
    spent_s: float = 0.0
    on_lost: Callable[[Result], None] | None = None
    checkpoints: Checkpoints | None = None
    preempted: Callable[[], bool] = _never
    pauses: bool = True
    say: Callable[[str], None] = _go_on
    before_s: float = field(default=0.0, init=False)
    shares: int = field(default=0, init=False)
    watch: Callable[[float, int | None], Deadline] = field(default=Deadline, init=False)
    tell: Callable[[], Progress] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._called = self._search_began = time.perf_counter()

    def fresh(self) -> Run:
        """Return a run of the same conditions that begins now."""
        return replace(self, phases={})

    def deadline(self, seconds: float = math.inf) -> Deadline:
        """Return the deadline of what is built before the search, which may take no more than so many seconds."""
        left_s = self.limits.time_s - self.spent_s - self.total_s
        return self.watch(min(seconds, left_s), self.limits.memory_bytes)

    @contextmanager
    def phase(self, name: str, is_watched: bool = True) -> Iterator[None]:
        """Add the seconds of what is done inside to a phase, and let no compiling there outlast the time limit.

        Where ranks would not raise together, it must not be watched.
        """
        began = time.perf_counter()
        try:
            with watched(self.deadline().check if is_watched else _go_on):
                yield
        finally:
            self.phases[name] = self.phases.get(name, 0.0) + time.perf_counter() - began

    def search_begins(self) -> None:
        """Set-up and compilation are over."""
        self._search_began = time.perf_counter()
        if self.checkpoints is not None:
            self.checkpoints.search_begins()

    @property
    def search_s(self) -> float:
        """Return the seconds of search so far."""
        return self.before_s + time.perf_counter() - self._search_began

    @property
    def total_s(self) -> float:
        """Return the seconds since the run was made, set-up included."""
        return time.perf_counter() - self._called

    def why_stop(self, expanded: int = 0) -> Status | None:
        """Return why the search has to stop after so many expansions, None to go on."""
        if self.interrupted():
            is_later = self.checkpoints is not None and self.preempted()
            return Status.CHECKPOINTED if is_later else Status.INTERRUPTED
        if self.total_s + self.spent_s >= self.limits.time_s:
            return Status.TIME_LIMIT
        if expanded >= self.limits.nodes:
            return Status.NODE_LIMIT
        return None

    @property
    def wants_checkpoint(self) -> bool:
        """Say, on rank 0, whether it is time to write a checkpoint and go on."""
        return self.pauses and self.checkpoints is not None and self.checkpoints.is_due
