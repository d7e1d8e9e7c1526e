"""Groups of ranks that try different candidates at the same time.

The first group takes the candidate that looks best and goes on with it until the others have tried theirs, one after
the other: so while tables are built, which one rank does, half of the ranks search. Groups tell each other the costs
of plans and lower bounds (:mod:`pdsearch.comm.news`); a group that has proved that nothing is cheaper than a plan of
its own, or of another, ends all. Then all ranks learn what was shown, tables are brought to all, and the search of the
first group is dealt out to all, if it still looks best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from pdsearch.comm.news import OVER, News
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError
from pdsearch.limits import Limits
from pdsearch.result import RankCounts, Status
from pdsearch.search.best_first.deal_out import deal_out
from pdsearch.search.best_first.hold import Hold
from pdsearch.search.best_first.short_searches import Known, ShortSearches, give_up, made_for
from pdsearch.search.best_first.trial_group import Group, Told
from pdsearch.search.finish import Outcome, Unbuilt
from pdsearch.search.task import Task

_DEALT_A_SECOND = 2e6  # nodes
_OWNED = 6  # bytes of each node that every rank takes while nodes are dealt out: for its new rank and number


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
        group.tell(OVER)
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
            short.plan = Known(*_of_all(short, told, one, one.plan))
    ends = [(one, one.ended) for one in told if one.ended is not None]
    answers = [(one, ended) for one, ended in ends if ended[0].stop is None]
    over = next((one.over for one in told if one.over is not None), None)
    if answers:
        short.ended = _of_all(short, told, *answers[0])
    elif short.plan is not None and short.bound >= short.plan.outcome.incumbent:
        short.ended = replace(short.plan.outcome, stop=None, lower_bound=short.bound), short.plan.task
    elif ends:
        short.ended = _of_all(short, told, *ends[0])
    elif over is Status.TIME_LIMIT:
        raise TimeLimitError("the time limit ended building tables; give more time")
    elif over is not None:
        nothing = Outcome("none", lower_bound=short.bound, stop=over, totals={"evaluated": 1})
        short.ended = nothing, Task(short.domain, Unbuilt("none"), None, short.comm.size)


def _of_all(
    short: ShortSearches, told: Sequence[Told], its: Told, named: tuple[Outcome, str, list[str]]
) -> tuple[Outcome, Task]:
    """Return an outcome of some of the ranks as one of all, with all that each of these has tried meanwhile."""
    outcome, label, notes = named
    ranks = [counts for one in told for counts in one.counts]  # of groups in the order of their ranks
    own = _evaluated(outcome.ranks)
    more = outcome.totals.get("evaluated", own) - own  # the initial state
    totals = {**outcome.totals, "evaluated": _evaluated(ranks) + more}
    outcome = replace(outcome, ranks=ranks, totals=totals, details={"distribution": its.distribution})
    return outcome, Task(short.domain, Unbuilt(label, notes), None, short.comm.size)


def _evaluated(ranks: Sequence[RankCounts]) -> int:
    return sum(one.evaluated for one in ranks)


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
