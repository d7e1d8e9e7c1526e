"""Groups of ranks that try different candidates at the same time.

The first group takes the candidate that looks best and goes on with it until the others have tried theirs, one after
the other: so while tables are built, which one rank does, half of the ranks search. Groups tell each other the costs
of plans and lower bounds (:mod:`pdsearch.comm.news`); a group that has proved that nothing is cheaper than a plan of
its own, or of another, ends all. Then all ranks learn what was shown, tables are brought to all, and the search of the
first group is dealt out to all, if it still looks best.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

from pdsearch.comm.news import DONE, GOES_ON, OVER, News
from pdsearch.comm.shared import SharedArrays
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError
from pdsearch.heuristics import Arrays
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Deadline, Limits
from pdsearch.result import RankCounts, Status
from pdsearch.search.best_first.deal_out import deal_out
from pdsearch.search.best_first.hold import Hold
from pdsearch.search.best_first.short_searches import Known, ShortSearches, Tried, give_up, made_for
from pdsearch.search.finish import Outcome, Unbuilt
from pdsearch.search.prediction import Probe
from pdsearch.search.run import Run
from pdsearch.search.task import Task

_LOOK_S = 2e-3  # between two looks for news
_DEALT_A_SECOND = 2e6  # nodes
_OWNED = 6  # bytes of each node that every rank takes while nodes are dealt out: for its new rank and number
_NOTHING = RankCounts(
    rank=0,
    expanded=0,
    generated=0,
    evaluated=0,
    reopened=0,
    duplicates=0,
    sent=0,
    received=0,
    messages=0,
    stored=0,
    open=0,
    memory_bytes=0,
    idle_s=0.0,
)


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
            self._tell(GOES_ON)
        self._tell(DONE)

    def try_until(self, name: str, seconds: float, build_s: float, n_others: int) -> None:
        """Search with a heuristic for so many seconds, and then until the other groups are through."""
        self._until_done = seconds, n_others
        while not self.ended:
            self.go_on(name, self.run.limits.time_s, build_s)
            self._tell(GOES_ON)
            probe = self.tried(name).probe
            if probe is None or probe.is_full or self.agreed(self._is_over() or self._is_enough(probe.search_s)):
                break
        self._tell(DONE)

    def _tell(self, how: int) -> None:
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
        elif (
            cost < INFINITY and now.least_f >= cost != now.incumbent
        ):  # what is under way may say otherwise: then it goes on
            return True
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
        )

    def hand_in(self, whole: ShortSearches) -> None:
        """Leave tables to all; the group is given up, and holds nothing any more."""
        for name, arrays in self._tables.items():
            whole.elsewhere[made_for(self.domain), name] = self.ranks[0], arrays
        for held in (self._tried, self._built, self._tables, self._kept.made):
            held.clear()  # its runs know it, and it knows them: else all would stay until Python looks for cycles
        self.comm.close()


def _named(outcome: Outcome, task: Task) -> tuple[Outcome, str, list[str]]:
    return outcome, task.heuristic.label, task.heuristic.notes()


def groups_of(size: int, n_others: int) -> list[range]:
    """Return the ranks of each group: half of them go on, the others try up to so many candidates at the same time.

    >>> groups_of(2, 5), groups_of(8, 3)
    ([range(0, 1), range(1, 2)], [range(0, 4), range(4, 6), range(6, 7), range(7, 8)])
    """
    first = size // 2
    n = min(n_others, size - first)
    ends = [first + -(-(size - first) * i // n) for i in range(n + 1)]
    return [range(first), *(range(*one) for one in pairwise(ends))]


def can_split(short: ShortSearches) -> bool:
    """Say whether groups may be made: of ranks of one machine, with no limit of expansions; all must call."""
    comm = short.comm
    if comm is None or comm.size < 2 or short.run.limits.nodes < Limits.nodes:
        return False
    is_by_name = short.distribution is None or isinstance(short.distribution, str)
    return bool(is_by_name and min(comm.exchange(comm.ranks_of_node())) == comm.size)


def try_apart(short: ShortSearches, names: Sequence[str], seconds: float, build_s: float, deals: bool = True) -> bool:
    """Try candidates in groups, each for so long, the first one until all were tried; say whether that was possible.

    Parameters
    ----------
    short : ShortSearches
        Of all ranks, which all must call; it learns what was shown.
    names : sequence of str
        At least two heuristics, the one that looks best first.
    seconds, build_s : float
        Of each search, and the most that tables may take.
    deals : bool
        Whether the search with the first is to go on, on all ranks.
    """
    comm = short.comm
    groups = groups_of(comm.size, len(names) - 1)
    mine = next(number for number, ranks in enumerate(groups) if comm.rank in ranks)
    for name in names:
        short.bring(name)
    short.give_up_all()
    short.run.interrupted()  # from here on every rank remembers a signal, instead of raising
    carrier = comm.split(mine)
    if carrier is None:
        return False
    known = {} if short.plan is None else {"incumbent": short.plan.outcome.incumbent}
    news = News(comm, [ranks[0] for ranks in groups], bound=short.bound, **known)
    group = Group(short, carrier, news, groups[mine], short.agreed(short.most_bytes()))
    try:
        if mine == 0:
            group.try_until(names[0], seconds, build_s, len(groups) - 1)
        else:
            group.try_each(names[mine :: len(groups) - 1], seconds, build_s)
    except (TimeLimitError, MemoryLimitError):  # all of the group have raised it: why_over() says the rest
        group._tell(OVER)
    news.end()
    own = group.told()
    told = [one for one in comm.exchange(own if carrier.rank == 0 else None) if one is not None]
    short.domain.deadline = short.run.deadline()
    hold = group.tried(names[0]).hold if mine == 0 else None
    group.hand_in(short)
    _take_in(short, told)
    if not short.ended:
        _go_on_together(short, names[0], told[0], hold, deals)
    return True


def _take_in(short: ShortSearches, told: Sequence[Told]) -> None:
    """Let all ranks know what the groups have shown."""
    for one in told:
        short.bound, short.spent = max(short.bound, one.bound), short.spent + one.spent
        short.compile_s = max(short.compile_s, one.compile_s)
        short.leave_out(one.unusable)
        for name in short.usable(one.tables):
            short.elsewhere.setdefault((made_for(short.domain), name), (one.ranks[0], ()))
    for one in sorted(told, key=lambda one: one.ended is not None):  # the one that ended the search is the last
        for probe in one.probes:
            short.probes.append(probe)
            short.tried(probe.heuristic).probe = replace(probe, is_held=False)
    for one in told:
        if one.plan is not None and (short.plan is None or one.plan[0].incumbent < short.plan.outcome.incumbent):
            short.plan = Known(*_of_all(short, one, one.plan))
    ends = [(one, one.ended) for one in told if one.ended is not None]
    answers = [(one, ended) for one, ended in ends if ended[0].stop is None]
    over = next((one.over for one in told if one.over is not None), None)
    if answers:
        short.ended = _of_all(short, *answers[0])
    elif short.plan is not None and short.bound >= short.plan.outcome.incumbent:
        short.ended = replace(short.plan.outcome, stop=None, lower_bound=short.bound), short.plan.task
    elif ends:
        short.ended = _of_all(short, *ends[0])
    elif over is Status.TIME_LIMIT:
        raise TimeLimitError("the time limit ended building tables; give more time")
    elif over is not None:
        nothing = Outcome("none", lower_bound=short.bound, stop=over, totals={"evaluated": 1})
        short.ended = nothing, Task(short.domain, Unbuilt("none"), None, short.comm.size)


def _of_all(short: ShortSearches, told: Told, named: tuple[Outcome, str, list[str]]) -> tuple[Outcome, Task]:
    """Return an outcome of some of the ranks as one of all, of which the others have done nothing for it."""
    outcome, label, notes = named
    counts = {told.ranks[one.rank]: one for one in outcome.ranks}
    ranks = [replace(counts.get(rank, _NOTHING), rank=rank) for rank in range(short.comm.size)]
    return replace(outcome, ranks=ranks), Task(short.domain, Unbuilt(label, notes), None, short.comm.size)


def _go_on_together(short: ShortSearches, name: str, told: Told, hold: Hold | None, deals: bool) -> None:
    """Deal the search of the first group out to all ranks if it is the best with what it has done; else give it up."""
    one = short.tried(name)
    if one.probe is None:
        return
    if deals and _pays(short, told, one.probe.search_s):
        one.probe = replace(one.probe, is_held=True)
        if short.agreed(short.ranking()[0][1].heuristic) == name and _deal_out(short, name, told.ranks, hold):
            return
    give_up(one)


def _pays(short: ShortSearches, told: Told, search_s: float) -> bool:
    """Say whether nodes are dealt out before all ranks have expanded the same again, and in half of their memory."""
    if not told.stored or told.stored / _DEALT_A_SECOND > search_s * len(told.ranks) / short.comm.size:
        return False
    return told.stored * _OWNED <= short.agreed(short.most_bytes()) / 2


def _deal_out(short: ShortSearches, name: str, sources: range, hold: Hold | None) -> bool:
    """Deal out the search with a heuristic; say whether there was room, and whether states have owners."""
    try:
        task = short.task(name)
        if not task.has_owners:
            return False
        with short.run.phase("dealing out", is_watched=False):
            made = deal_out(task, short.run, short.comm, sources, hold, lambda: short.new_rank(task))
    except (BadInputError, MemoryLimitError, TimeLimitError):
        return False
    short.tried(name).hold = made
    return True
