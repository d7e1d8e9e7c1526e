"""The short searches of one group of ranks, and what it hears from the others and tells them."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pdsearch.comm.news import DONE, GOES_ON, OVER, News
from pdsearch.comm.shared import SharedArrays
from pdsearch.errors import TimeLimitError
from pdsearch.heuristics import Arrays
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Deadline
from pdsearch.result import RankCounts, Status
from pdsearch.search.best_first.hold import Hold
from pdsearch.search.best_first.short_searches import ShortSearches, Tried, made_for
from pdsearch.search.finish import Outcome
from pdsearch.search.prediction import Probe
from pdsearch.search.run import Run
from pdsearch.search.task import Task

_LOOK_S = 2e-3  # between two looks for news
_SUMMED = ("expanded", "generated", "evaluated", "reopened", "duplicates", "sent", "received", "messages", "idle_s")


@dataclass(frozen=True)
class Told:
    """What a group tells all ranks when it is through.

    Attributes
    ----------
    ranks : range
        Its ranks, the first of which has its tables.
    probes : list of Probe
        Its short searches, in order, as if all ranks had made them.
    tables : list of str
        Heuristics that it has built.
    unusable : set of str
        Heuristics that cannot be had.
    plan, ended : (Outcome, str, list of str) or None
        The cheapest plan; how a search ended that ends all. With each the heuristic and its notes.
    over : Status or None
        Why nothing more may be tried.
    bound, spent : int
        What is proved; expansions.
    compile_s : float
        Seconds.
    stored : int
        Nodes of the last search, if it can go on.
    counts : list of RankCounts
        What each of its ranks has done in all its searches.
    distribution : str or None
        What shares the nodes out among its ranks; None for one rank.
    """

    ranks: range
    probes: list[Probe]
    tables: list[str]
    unusable: set[str]
    plan: tuple[Outcome, str, list[str]] | None
    ended: tuple[Outcome, str, list[str]] | None
    over: Status | None
    bound: int
    spent: int
    compile_s: float
    stored: int
    counts: list[RankCounts]
    distribution: str | None


class _Hearing(Deadline):
    """A deadline that comes at once when the groups are through, or this one is interrupted."""

    def __init__(self, is_over: Callable[[], bool], seconds: float, memory_bytes: int | None) -> None:
        super().__init__(seconds, memory_bytes)
        self._is_over = is_over

    def check(self, doing: str = "the preparation") -> None:
        """Raise TimeLimitError where it is over."""
        if self._is_over():
            raise TimeLimitError(f"what another group of ranks found ended {doing}")
        super().check(doing)


class _Keeping(SharedArrays):
    """What a group shares, and a list of it."""

    def __init__(self, share: SharedArrays) -> None:
        self._share, self.made = share, list[Arrays]()

    def __call__(self, build: Callable[[], Arrays], root: int = 0) -> Arrays:
        """Share arrays, and keep them."""
        self.made.append(self._share(build, root))
        return self.made[-1]

    def first(self, rank: int) -> int:
        """Return the lowest rank that sees the arrays of this one."""
        return self._share.first(rank)

    def close(self) -> None:
        """Leave the communicator."""
        self._share.close()


class Group(ShortSearches):
    """The short searches of some of the ranks.

    Parameters
    ----------
    whole : ShortSearches
        Those of all ranks.
    comm : Carrier
        The ranks of the group.
    news : News
        What the first of them hears and tells.
    ranks : range
        Their numbers among all.
    memory_bytes : int
        The most that each may use.
    """

    def __init__(self, whole: ShortSearches, comm: Any, news: News, ranks: range, memory_bytes: int) -> None:
        distribution = None if comm.size == 1 else whole.distribution
        super().__init__(whole.searcher, distribution, copy.copy(whole.run), comm, whole.domain)
        if self._speaks:
            self.run.watch = partial(_Hearing, self._is_over)
        self.bound, self.memory_bytes, self.ranks = whole.bound, memory_bytes, ranks
        self._unusable, self._built = set(whole._unusable), dict(whole._built)
        self._news, self._part = news, len(ranks) / whole.comm.size
        self._tables: dict[str, Arrays] = {}
        self._counts: dict[str, list[RankCounts]] = {}  # by heuristic, of the search that was last made with it
        self._shared_by: str | None = None
        self._until_done: tuple[float, int] | None = None  # of who goes on: seconds, and how many others there are
        self._looked_s = 0.0
        comm.share = self._kept = _Keeping(comm.share)

    @property
    def _speaks(self) -> bool:
        return bool(self.comm.rank == 0)

    # --- what a group does ---

    def try_each(self, names: Sequence[str], seconds: float, build_s: float) -> None:
        """Search with one heuristic after the other for so many seconds."""
        for name in names:
            if self.ended or self.agreed(self._is_over()):
                break
            self.go_on(name, seconds, build_s)
            self.tell(GOES_ON)
        self.tell(DONE)

    def try_until(self, name: str, seconds: float, build_s: float, n_others: int) -> None:
        """Search with a heuristic for so many seconds, and then until the other groups are through."""
        self._until_done = seconds, n_others
        while not self.ended:
            self.go_on(name, self.run.limits.time_s, build_s)
            self.tell(GOES_ON)
            probe = self.tried(name).probe
            if probe is None or probe.is_full or self.agreed(self._is_over() or self._is_enough(probe.search_s)):
                break
        self.tell(DONE)

    def tell(self, how: int) -> None:
        """Tell the other groups how this one is, OVER where a limit ended its search, and what it knows."""
        if not self._speaks:
            return
        cost = {} if self.plan is None else {"incumbent": self.plan.outcome.incumbent}
        stopped = self.ended is not None and self.ended[0].stop is not None
        self._news.tell(bound=self.bound, how=OVER if stopped else how, **cost)

    def task(self, name: str, end: Deadline | None = None) -> Task:
        """Return the task with a heuristic, and keep what it has built."""
        self._kept.made.clear()
        task = super().task(name, end)
        made, self._kept.made = self._kept.made, []
        if len(made) == 1:
            self._tables[name] = made[0]
        return task

    def _note(self, one: Tried, task: Task, outcome: Outcome, built_s: float) -> None:
        super()._note(one, task, outcome, built_s)
        self._counts.pop(task.heuristic.label, None)  # the last one is the last in order
        self._counts[task.heuristic.label] = outcome.ranks
        self._shared_by = None if task.distribution is None else task.distribution.name

    def leave_out(self, names: Iterable[str]) -> None:
        """Try some heuristics no more, and keep no tables of them."""
        super().leave_out(names)
        self._give_up_tables()

    def _give_up_tables(self) -> None:
        self._kept.made.clear()
        self._tables = {name: made for name, made in self._tables.items() if self.tried(name).task is not None}

    def _give_up_some(self) -> None:
        super()._give_up_some()
        self._give_up_tables()

    # --- what it hears ---

    def _is_over(self) -> bool:
        self._news.hear()
        return self._news.ends_all or self.run.interrupted()

    def _is_enough(self, search_s: float) -> bool:
        """Say whether who goes on until the others are through may end, after so much search."""
        if self._until_done is None:
            return False
        seconds, n_others = self._until_done
        return self._news.done >= n_others and search_s >= seconds

    def _portion(self, seconds: float, hold: Hold, before: int) -> Run:
        part = super()._portion(seconds, hold, before)
        part.tell = None
        if self._speaks:
            part.interrupted = partial(self._is_to_stop, part)
        if self.ranks[0] > 0:
            part.on_progress = None
        return part

    def _is_to_stop(self, part: Run) -> bool:
        """Say whether a search is to stop; tell the others of the plan that it has found."""
        if self.run.interrupted():
            return True
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_S:
            return False
        self._looked_s = now_s
        self._news.hear()
        now = None if part.tell is None else part.tell()
        if now is None:
            return self._news.ends_all
        cost = self._news.incumbent
        if now.incumbent is not None and now.incumbent < cost:
            self._news.tell(incumbent=now.incumbent)
        elif cost < INFINITY and now.least_f >= cost != now.incumbent:
            return True  # what is under way may say otherwise: then it goes on
        return self._news.ends_all or self._is_enough(part.search_s)

    # --- what it tells ---

    def most_bytes(self, held: int = 0) -> int:
        """Return the bytes that this rank may use."""
        assert self.memory_bytes is not None
        return self.memory_bytes

    def _as_of_all(self, probe: Probe) -> Probe:
        """Return what a search has shown, had all ranks made it."""
        return replace(probe, late_s=probe.pace_s * self._part, room=probe.room / self._part)

    def told(self) -> Told:
        """Return what all ranks are to know; all of the group must call."""
        known = None if self.plan is None else _named(self.plan.outcome, self.plan.task)
        last = self.tried(self.probes[-1].heuristic) if self.probes else Tried()
        return Told(
            self.ranks,
            [self._as_of_all(probe) for probe in self.probes],
            list(self._tables),
            self._unusable,
            known,
            None if self.ended is None else _named(*self.ended),
            self.why_over(),
            self.bound,
            self.spent,
            self.compile_s,
            0 if last.hold.rank is None else sum(self.comm.exchange(last.hold.rank.n_nodes)),
            [_added_up(rank, own) for rank, own in zip(self.ranks, self._counts_by_rank(), strict=True)],
            self._shared_by,
        )

    def _counts_by_rank(self) -> list[list[RankCounts]]:
        return [[ranks[rank] for ranks in self._counts.values()] for rank in range(self.comm.size)]

    def hand_in(self, whole: ShortSearches) -> None:
        """Leave tables to all; the group is given up, and holds nothing any more."""
        for name, arrays in self._tables.items():
            whole.elsewhere[made_for(self.domain), name] = self.ranks[0], arrays
        for held in (self._tried, self._built, self._tables, self._kept.made):
            held.clear()  # its runs know it, and it knows them: else all would stay until Python looks for cycles
        self.comm.close()


def _added_up(rank: int, counts: Sequence[RankCounts]) -> RankCounts:
    """Return what a rank has done in several searches; what it holds is that of the last one.

    >>> counts = _added_up(3, [RankCounts(0, expanded=2, stored=9), RankCounts(0, expanded=5, stored=4)])
    >>> counts.rank, counts.expanded, counts.stored
    (3, 7, 4)
    """
    total = {name: sum(getattr(one, name) for one in counts) for name in _SUMMED}
    return replace(counts[-1], rank=rank, **total) if counts else RankCounts(rank)


def _named(outcome: Outcome, task: Task) -> tuple[Outcome, str, list[str]]:
    return outcome, task.heuristic.label, task.heuristic.notes()
