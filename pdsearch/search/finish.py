"""The one place where results are made: the plan is replayed, what is proved is decided, and counts are added up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pdsearch._compile_watch import watched
from pdsearch.balance.metrics import load_balance
from pdsearch.balance.traffic import communication_overhead
from pdsearch.domains import Domain
from pdsearch.environment import environment
from pdsearch.errors import BadInputError, MemoryLimitError, PdsearchError, TimeLimitError, WrongPlanError
from pdsearch.heuristics import Heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Deadline
from pdsearch.result import RankCounts, Result, Status, crossing_of
from pdsearch.search.run import Run
from pdsearch.search.task import Task

_SUMMED = ("expanded", "generated", "evaluated", "reopened", "duplicates", "sent", "received", "messages")


def _none_before(bound: int) -> int:
    return 0


@dataclass(frozen=True)
class Outcome:
    """What an algorithm hands in when it has ended, on whatever ranks.

    Attributes
    ----------
    algorithm : str
        As results name it, ``A*``.
    lower_bound : int
        No plan costs less: proved. INFINITY when there is no plan at all.
    incumbent : int
        The cost of the plan as the search counted it; INFINITY without a plan.
    plan : list of int or None
        Operators from the initial state to a goal.
    stop : Status or None
        Why the search stopped early, None if it did not.
    is_complete : bool
        False when more was asked for than an optimal plan and not all of it was done: ``stop`` is the status then.
    search_s : float
        Seconds of the search.
    ranks : list of RankCounts
        What each rank, or each worker, counted.
    totals : mapping of str to int
        Totals that are not the sums over ``ranks``.
    expanded_below : callable or None
        Returns the expansions of f below a bound; None where expansions were not counted by f as the bound has it.
    loads : sequence of int or None
        What LB measures; the expansions of ``ranks`` when None.
    notes : list of str
        What a user should know of how it went.
    peak_memory_bytes : int
        Largest sum over ranks of tables, open lists and buffers.
    environment : dict
        What this algorithm adds to it, a device say.
    result : type of Result
        The class of the result.
    details : mapping
        The fields that this class adds to those of :class:`~pdsearch.result.Result`.
    task : Task or None
        What was searched in the end, with the numbers of its operators in ``plan``, where the algorithm chose that.
    reason : str or None
        A proof in words that there is no plan, where no search was needed.
    """

    algorithm: str
    lower_bound: int
    incumbent: int = INFINITY
    plan: list[int] | None = None
    stop: Status | None = None
    is_complete: bool = True
    search_s: float = 0.0
    ranks: list[RankCounts] = field(default_factory=list)
    totals: Mapping[str, int] = field(default_factory=dict)
    expanded_below: Callable[[int], int] | None = _none_before
    loads: Sequence[int] | None = None
    notes: Sequence[str] = ()
    peak_memory_bytes: int = 0
    environment: Mapping[str, Any] = field(default_factory=dict)
    result: type[Result] = Result
    details: Mapping[str, Any] = field(default_factory=dict)
    task: Task | None = None
    reason: str | None = None


class Unbuilt(Heuristic):
    """Stands for a heuristic whose tables were not finished, or are those of other ranks."""

    name = source = "none"
    admissible = consistent = True
    tables = ()
    max_h = max_rise = 0

    def __init__(self, label: str, notes: Sequence[str] = ()) -> None:
        self.label, self._notes = label, [*notes]

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit everything."""
        return True

    def value(self, state: Any) -> int:
        """Return nothing but that costs are not negative."""
        return 0

    def notes(self) -> list[str]:
        """Return what the heuristic itself says."""
        return self._notes


def not_begun(domain: Domain, run: Run, heuristic: Any, error: PdsearchError) -> Result:
    """Return the result of a search that a limit ended while its tables were being built."""
    name = heuristic if isinstance(heuristic, str) else getattr(heuristic, "label", domain.default_heuristic)
    task = Task(domain, Unbuilt(name))
    return finish(task, run, not_searched(task, "none", error), str(error))


def not_searched(task: Task, label: str, error: PdsearchError) -> Outcome:
    """Return the outcome of a task that a limit ended before it was searched."""
    stop = Status.MEMORY_LIMIT if isinstance(error, MemoryLimitError) else Status.TIME_LIMIT
    return Outcome(label, lower_bound=_first_bound(task), stop=stop, totals={"evaluated": 1})


def _first_bound(task: Task) -> int:
    """Return what the heuristic says of the initial state; 0 where it cannot say so, or would have to be compiled."""
    try:
        with watched(Deadline(0.0).check):
            return task.heuristic.value(task.domain.initial) if task.heuristic.admissible else 0
    except TimeLimitError:
        return 0


def decide(task: Task, outcome: Outcome) -> tuple[Status, int | None, int | None]:
    """Replay the plan and return status, cost and lower bound: what is proved counts more than why the search stopped.

    A search that was stopped may have found a cheaper way to a state of the plan and not yet followed it: the
    plan is then cheaper than the incumbent, and optimal if it meets the lower bound.

    Raises
    ------
    WrongPlanError
        If the plan does not lead to a goal at the cost the search claims.
    """
    bound, incumbent = outcome.lower_bound, outcome.incumbent
    cost = None if outcome.plan is None else task.domain.replay(outcome.plan)
    if cost is not None and (cost > incumbent or cost < min(incumbent, bound)):
        raise WrongPlanError(f"the plan costs {cost}, the search claims {incumbent} and that none is below {bound}")
    if cost is not None and bound >= cost:
        if outcome.is_complete:
            return Status.SOLVED, cost, cost
        bound = cost
    if bound >= INFINITY:
        return Status.UNSOLVABLE, None, None
    assert outcome.stop is not None, "a search ended with work left and no reason"
    return outcome.stop, cost, bound


def _checked(task: Task, cost: int | None, is_unsolvable: bool, expanded: int) -> list[str]:
    """Return what the domain says of the numbers; what it refuses, all ranks refuse."""
    try:
        return task.domain.check_result(cost, is_unsolvable, expanded)
    except BadInputError as error:
        error.is_shared = True
        raise


def finish(task: Task, run: Run, outcome: Outcome, reason: str | None = None) -> Result:
    """Check an outcome and return the result a user sees.

    Parameters
    ----------
    task, run : Task, Run
        What was searched, and under which conditions.
    outcome : Outcome
        What the algorithm found.
    reason : str, optional
        A proof in words that there is no plan, where no search was needed.

    Raises
    ------
    WrongPlanError
        If the plan does not survive its replay.
    BadInputError
        If costs were too large for the domain to be sure of the numbers.
    """
    task = outcome.task or task
    if outcome.plan is not None:
        outcome = replace(outcome, plan=task.domain.real_plan(outcome.plan))
    try:
        status, cost, bound = decide(task, outcome)
    except WrongPlanError as error:
        if type(task.domain).__module__.startswith("pdsearch."):
            raise
        raise BadInputError(
            f"{error}; the compiled and the Python functions of domain {task.domain.name!r} do not agree: see "
            f"pdsearch check {task.domain.name}"
        ) from error
    ranks = outcome.ranks
    total = {name: sum(getattr(counts, name) for counts in ranks) for name in _SUMMED} | dict(outcome.totals)
    loads = [counts.expanded for counts in ranks] if outcome.loads is None else outcome.loads
    stored = sum(counts.stored for counts in ranks)
    seconds, below = outcome.search_s, outcome.expanded_below
    values: dict[str, Any] = dict(
        status=status,
        cost=cost,
        plan=None if outcome.plan is None else task.domain.plan_names(outcome.plan),
        lower_bound=bound if task.heuristic.admissible else None,
        domain=task.domain.name,
        instance=task.domain.instance,
        heuristic=task.heuristic.label or task.heuristic.name,
        algorithm=outcome.algorithm,
        distribution=task.distribution.name if task.distribution and task.n_ranks > 1 else None,
        n_ranks=task.n_ranks,
        **total,
        expanded_before_last_layer=below and below(INFINITY if bound is None else bound),
        search_s=seconds,
        total_s=run.total_s,
        peak_memory_bytes=outcome.peak_memory_bytes,
        bytes_per_node=sum(counts.memory_bytes for counts in ranks) / stored if stored else math.nan,
        expanded_per_s=total["expanded"] / seconds if seconds > 0 else math.nan,
        LB=load_balance(loads) if len(loads) else math.nan,
        CO=communication_overhead(crossing_of(ranks), total["generated"]) if ranks else math.nan,
        ranks=ranks,
        seed=run.seed,
        environment=environment() | dict(outcome.environment),
        reason=reason or outcome.reason,
        notes=[
            *task.domain.notes(),
            *task.heuristic.notes(),
            *outcome.notes,
            *_checked(task, cost, status is Status.UNSOLVABLE, total["expanded"]),
        ],
        phases={name: round(spent, 6) for name, spent in (*task.domain.phases.items(), *run.phases.items())},
    )
    return outcome.result(**values | dict(outcome.details))
