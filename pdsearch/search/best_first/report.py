"""From what the ranks counted to the result a user sees."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pdsearch.balance.metrics import load_balance
from pdsearch.balance.traffic import communication_overhead
from pdsearch.comm import Integers
from pdsearch.environment import environment
from pdsearch.errors import WrongPlanError
from pdsearch.kernels.protocol import NEVER
from pdsearch.result import RankCounts, Result, Status, crossing_of
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.local_search import Rank
from pdsearch.search.task import Problem


@dataclass(frozen=True)
class Progress:
    """What a long search can say of itself while it runs."""

    seconds: float
    least_f: int
    incumbent: int | None
    expanded: int
    open: int
    memory_bytes: int  # of the fullest rank


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Report:
    """What one rank hands in at the end."""

    counts: RankCounts
    layers: Integers
    shift: int  # layers[f >> shift]
    most_bytes: int


@dataclass(frozen=True)
class Ending:
    """How the search as a whole ended."""

    status: Status
    cost: int | None
    lower_bound: int | None
    plan: list[int] | None


def ending(problem: Problem, incumbent: int, least_f: int, stop: Status | None, plan: list[int] | None) -> Ending:
    """Replay the plan and decide the status: what is proved counts more than why the search stopped.

    A search that was stopped may have found a cheaper way to a state of the plan and not yet followed it: the
    plan is then cheaper than the incumbent, and optimal if it meets the least f.

    Raises
    ------
    WrongPlanError
        If the plan does not lead to a goal at the cost the search claims.
    """
    cost = None if plan is None else problem.domain.replay(plan)
    if cost is not None and (cost > incumbent or cost < min(incumbent, least_f)):
        raise WrongPlanError(f"the plan costs {cost}, the search claims {incumbent} and that none is below {least_f}")
    if cost is not None and least_f >= cost:
        return Ending(Status.SOLVED, cost, cost, plan)
    if least_f >= NEVER:
        return Ending(Status.UNSOLVABLE, None, None, None)
    assert stop is not None, "a search ended with work left and no reason"
    return Ending(stop, cost, least_f, plan)


def report(rank: Rank, sent: int = 0, received: int = 0, messages: int = 0, idle_s: float = 0.0) -> Report:
    """Collect one rank's counts; ``sent`` are the records really put in a message."""
    tallies = rank.tallies.tolist()
    counts = RankCounts(
        rank=rank.rank,
        expanded=tallies[kernels.EXPANDED],
        generated=tallies[kernels.GENERATED],
        evaluated=tallies[kernels.EVALUATED if rank.problem.heuristic.is_late else kernels.GENERATED],
        reopened=tallies[kernels.REOPENED],
        duplicates=tallies[kernels.DUPLICATES],
        sent=sent,
        received=received,
        messages=messages,
        stored=rank.n_nodes,
        open=rank.n_open,
        memory_bytes=rank.used_bytes,
        idle_s=idle_s,
    )
    return Report(counts, rank.layers, rank.shift, max(rank.most_bytes, rank.used_bytes))


@dataclass
class Clock:
    """Seconds since the call, and since the search itself began."""

    called: float
    started: float

    @classmethod
    def start(cls) -> Clock:
        """Start both."""
        now = time.perf_counter()
        return cls(now, now)

    def search_begins(self) -> None:
        """Set-up and compilation are over."""
        self.started = time.perf_counter()

    @property
    def search_s(self) -> float:
        """Return the seconds of search so far."""
        return time.perf_counter() - self.started

    @property
    def total_s(self) -> float:
        """Return the seconds since the call."""
        return time.perf_counter() - self.called


def assemble(
    problem: Problem,
    algorithm: str,
    end: Ending,
    reports: Sequence[Report],
    search_s: float,
    clock: Clock,
    seed: int,
) -> Result:
    """Add up the ranks' counts and return the result."""
    ranks = [one.counts for one in reports]
    total = {name: sum(getattr(counts, name) for counts in ranks) for name in _SUMMED}
    peak = sum(one.most_bytes for one in reports)
    bound = end.lower_bound if end.lower_bound is not None else NEVER
    return Result(
        status=end.status,
        cost=end.cost,
        plan=None if end.plan is None else [problem.domain.operator_name(operator) for operator in end.plan],
        lower_bound=end.lower_bound if problem.heuristic.admissible else None,
        domain=problem.domain.name,
        instance=problem.domain.instance,
        heuristic=problem.heuristic.label or problem.heuristic.name,
        algorithm=algorithm,
        distribution=problem.distribution.name if problem.distribution and problem.n_ranks > 1 else None,
        n_ranks=problem.n_ranks,
        expanded=total["expanded"],
        expanded_before_last_layer=sum(int(np.sum(one.layers[: bound >> one.shift])) for one in reports),
        generated=total["generated"],
        evaluated=total["evaluated"] + (not problem.heuristic.is_late),  # the initial state is counted nowhere else
        reopened=total["reopened"],
        duplicates=total["duplicates"],
        sent=total["sent"],
        received=total["received"],
        messages=total["messages"],
        search_s=search_s,
        total_s=clock.total_s,
        peak_memory_bytes=peak,
        bytes_per_node=sum(c.memory_bytes for c in ranks) / max(1, total["stored"]),
        expanded_per_s=total["expanded"] / search_s if search_s > 0 else math.nan,
        LB=load_balance([counts.expanded for counts in ranks]) if ranks else math.nan,
        CO=communication_overhead(crossing_of(ranks), total["generated"]) if ranks else math.nan,
        ranks=ranks,
        seed=seed,
        environment=environment(),
        notes=problem.domain.notes(),
    )


_SUMMED = ("expanded", "generated", "evaluated", "reopened", "duplicates", "sent", "received", "messages", "stored")
