"""Weighted A* and HDA*: a plan of at most W times the least cost, proved, for whom the least is too far.

Nodes are opened by f = g + floor(W * h), closed ones again whenever they are reached at less cost, and dropped only
where f is not below the incumbent U. What that proves, at any time and on any number of ranks: on every cheapest plan
there is a node n, open, under way or dropped, that was reached at its least cost g*(n). So

    f(n) <= g*(n) + W * h(n) <= W * C*,    and C* >= f(n) / W >= min(U, least f of what is open or under way) / W.

At the end no such f is below U, and U <= W * C*. Nothing is assumed of consistency. The search is that of A* and HDA*,
with another heuristic; their loops know nothing of weights.

Sources: Pohl (1970), "Heuristic search viewed as path finding in a graph", Artificial Intelligence 1. The bound without
consistency: Likhachev, Gordon and Thrun (2003), "ARA*: Anytime A* with provable bounds on sub-optimality", NIPS.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from pdsearch.errors import BadInputError, shown
from pdsearch.heuristics import check_admissible
from pdsearch.heuristics.weighted import Weighted
from pdsearch.kernels.protocol import INFINITY
from pdsearch.options import Option
from pdsearch.result import Result, Status
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.best_first.astar import AStar
from pdsearch.search.best_first.hdastar import MESSAGE_SIZE, HdaStar
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Progress, Run
from pdsearch.search.task import Task

_MOST, _PARTS = 1000, 1000


def read_weight(text: str | float | Fraction) -> Fraction:
    """Return a weight: 1 to 1000, of three decimals at most.

    >>> read_weight("1.5"), read_weight(2)
    (Fraction(3, 2), Fraction(2, 1))

    Raises
    ------
    BadInputError
        If it is something else.
    """
    try:
        value = Fraction(str(text)[:40])
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not 1 <= value <= _MOST or value.denominator > _PARTS:
        raise BadInputError(
            f"weight {shown(text)} is not understood; give 1 to {_MOST}, as 1.5, of three decimals at most"
        )
    return value


WEIGHT = Option("weight", "a plan of at most W times the least cost", None, read_weight, "W")


@dataclass(frozen=True)
class Incumbent:
    """A plan found on the way: its cost, the lower bound proved by then, the weight and the seconds."""

    cost: int
    lower_bound: int
    weight: float
    seconds: float


@dataclass(frozen=True)
class WeightedResult(Result):
    """The outcome of a search that may end before its plan is optimal.

    Attributes
    ----------
    weight : float
        The last one that was searched with; a plan within the bound costs at most this many times the least.
    incumbents : list of Incumbent
        In the order they were found.
    """

    weight: float = 1.0
    incumbents: list[Incumbent] = field(default_factory=list)

    @property
    def gap(self) -> float | None:
        """Return by what share the plan may exceed the least cost; 0: it is optimal, None: nothing is proved."""
        if self.cost is None or self.lower_bound is None:
            return None
        return 0.0 if self.cost == self.lower_bound else self.cost / self.lower_bound - 1 if self.lower_bound else None

    def _quality(self) -> str:
        if self.status is Status.SOLVED or self.gap is None:
            return super()._quality()
        times = self.cost / self.lower_bound if self.cost and self.lower_bound else 1.0
        return f"at most {math.ceil(1000 * times) / 1000:g} times the least, which is at least {self.lower_bound}"

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values, with the gap."""
        return super().to_dict() | {"gap": self.gap}


@ALGORITHMS.add("weighted")
class WeightedAStar(Algorithm):
    """Weighted A*, on several ranks weighted HDA*: a plan proved to cost at most W times the least.

    Parameters
    ----------
    weight : float, str or Fraction, optional
        W; 1.5 when left out.
    message_size : int, optional
        Of HDA*.

    Examples
    --------
    >>> from pdsearch import solve
    >>> from pdsearch.domains.tiles import Tiles
    >>> result = solve(Tiles.korf(79), algorithm="weighted", weight=2)
    >>> result.cost <= 2 * result.lower_bound, 42 <= result.cost <= 84
    (True, True)
    """

    name = "weighted"
    source = "Pohl (1970), Artificial Intelligence 1"
    label = "weighted A*"
    options = (WEIGHT, MESSAGE_SIZE)
    named_by: ClassVar[tuple[Option, ...]] = (WEIGHT,)
    is_distributed = True
    result = WeightedResult

    def __init__(self, weight: float | str | Fraction | None = None, message_size: int | None = None) -> None:
        self.weight, self.message_size = read_weight("1.5" if weight is None else weight), message_size

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Search once."""
        check_admissible(task.heuristic, "a weight proves nothing with it: choose another")
        best = Best(task, run)
        outcome = search_once(best, self.weight, self._inner(comm), comm)
        return best.outcome(self.label, [outcome], self.weight)

    def _inner(self, comm: Any) -> Algorithm:
        return AStar() if comm is None else HdaStar(self.message_size)


class Best:
    """What several searches of one task have found: the best plan, the best bound, and who is told of it."""

    def __init__(self, task: Task, run: Run) -> None:
        self.task, self.run = task, run
        self.bound = task.heuristic.value(task.domain.initial)
        self.cost = INFINITY
        self.plan: list[int] | None = None
        self.incumbents: list[Incumbent] = []
        self.expanded = 0
        self.stop: Status | None = None

    def add(self, outcome: Outcome, weight: Fraction) -> None:
        """Take over what a search with a weight has found and proved."""
        self.stop = outcome.stop
        self.expanded += sum(counts.expanded for counts in outcome.ranks)
        if outcome.plan is not None:
            self.cost, self.plan = min(self.cost, self.task.domain.replay(outcome.plan)), outcome.plan
        self.bound = max(self.bound, proved(outcome, weight))
        if outcome.plan is not None:
            seconds = round(self.run.total_s, 3)
            self.incumbents.append(Incumbent(self.cost, min(self.bound, self.cost), float(weight), seconds))

    def told(self, now: Progress, weight: Fraction) -> Progress:
        """Return the progress of a search with a weight as that of the whole."""
        known = min(now.incumbent or INFINITY, self.cost)
        bound = max(self.bound, _over(min(now.least_f, known), weight))
        incumbent = None if known >= INFINITY else known
        since, so_far = self.run.total_s, self.expanded + now.expanded
        proved = min(self.bound, known)
        return dataclasses.replace(
            now, seconds=since, least_f=bound, incumbent=incumbent, expanded=so_far, proved=proved
        )

    def outcome(self, label: str, outcomes: list[Outcome], weight: Fraction) -> Outcome:
        """Return the outcome of all the searches together; counts of the last, and the sums."""
        last = outcomes[-1]
        stop = self.stop
        if stop is None and self.plan is not None:
            stop = Status.WITHIN_BOUND  # unless it turns out that the plan meets the bound
        return dataclasses.replace(
            last,
            algorithm=label,
            lower_bound=self.bound,
            incumbent=self.cost,
            plan=self.plan,
            stop=stop,
            search_s=sum(one.search_s for one in outcomes),
            ranks=[_added([one.ranks[rank] for one in outcomes]) for rank in range(len(last.ranks))],
            totals={"evaluated": sum(one.totals["evaluated"] for one in outcomes)},
            expanded_below=None,
            peak_memory_bytes=max(one.peak_memory_bytes for one in outcomes),
            result=WeightedResult,
            details={"weight": float(weight), "incumbents": self.incumbents},
        )


def search_once(best: Best, weight: Fraction, inner: Algorithm, comm: Any) -> Outcome:
    """Search with a weight for plans cheaper than the best one, and take over what comes of it."""
    task, run = best.task, best.run
    limits = dataclasses.replace(run.limits, nodes=max(1, run.limits.nodes - best.expanded))
    part = dataclasses.replace(run, limits=limits, spent_s=run.spent_s + run.total_s)
    if run.on_progress is not None:
        told = run.on_progress
        part.on_progress = lambda now: told(best.told(now, weight))
    run.tell = lambda: best.told(part.tell(), weight) if part.tell else Progress(run.total_s, best.bound)
    outcome = inner.search(weighted(task, weight, best.cost), part, comm)
    best.add(outcome, weight)
    return outcome


def weighted(task: Task, weight: Fraction, upper_bound: int = INFINITY) -> Task:
    """Return a task whose nodes are opened by g + W * h, and none of f from a known cost on."""
    heuristic = task.heuristic if weight == 1 else Weighted(task.heuristic, weight, task.domain.is_wide)
    return dataclasses.replace(task, heuristic=heuristic, upper_bound=upper_bound)


def proved(outcome: Outcome, weight: Fraction) -> int:
    """Return what a search with a weight has proved of all plans; INFINITY if there is none."""
    return _over(min(outcome.lower_bound, outcome.incumbent), weight)


def _over(f: int, weight: Fraction) -> int:
    return INFINITY if f >= INFINITY else math.ceil(f / weight)


def _added(counts: list[Any]) -> Any:
    """Return one rank's counts of several searches, one after the other: what it did adds up, what it held does not."""
    summed = ("expanded", "generated", "evaluated", "reopened", "duplicates", "sent", "received", "messages", "idle_s")
    return dataclasses.replace(counts[-1], **{name: sum(getattr(one, name) for one in counts) for name in summed})
