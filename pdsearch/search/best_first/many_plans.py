"""More than one plan: all that cost at most so many times the least, the K cheapest, and how many there are.

A* as usual, but for goals, which are expanded too, and for its end: it goes on until no node of f up to a bound B is
open. The closed nodes then hold every state on a plan of cost at most B (:mod:`pdsearch.search.best_first.plan_graph`).
For the K cheapest plans B is raised to the next cost that a plan can have until there are K of them.

Source: Aljazzar and Leue (2011), "K*: a heuristic search algorithm for finding the k shortest paths", Artificial
Intelligence 175; Katz, Sohrabi and Udrea (2020), "Top-quality planning: finding practically useful sets of best
plans", AAAI (the bound). That all is read from one closed table, counts included, is ours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

from pdsearch.domains import Domain
from pdsearch.errors import BadInputError, MemoryLimitError, WrongPlanError, shown
from pdsearch.heuristics import check_admissible
from pdsearch.kernels.protocol import INFINITY
from pdsearch.options import Option
from pdsearch.result import Result, Status
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import MemoryLimitError as TableFullError
from pdsearch.search.best_first.astar import round_of
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.plan_graph import PlanGraph, StoppedError, compile_graph
from pdsearch.search.best_first.plan_paths import EndlessError, cheapest_plans, count_plans
from pdsearch.search.best_first.report import outcome_of, progress_of, report
from pdsearch.search.best_first.trace import trace
from pdsearch.search.best_first.weighted import read_weight
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Run
from pdsearch.search.task import Task

_MOST = 50_000  # expansions between two looks at the clock
LISTED = 100  # plans where no number is named
MOST_LISTED = 1_000_000


def read_number(text: str | int) -> int:
    """Return a number of plans."""
    number = int(text) if str(text).isdecimal() and len(str(text)) < 10 else 0
    if not 1 <= number <= MOST_LISTED:
        raise BadInputError(f"number of plans {shown(text)} is not understood; give 1 to {MOST_LISTED:,}")
    return number


TOP_K = Option("top_k", "the K cheapest plans, in the order of their costs", None, read_number, "K")
QUALITY = Option("quality", "all plans of at most Q times the least cost, as 1.1", None, read_weight, "Q")
ALL_OPTIMAL = Option("all_optimal", "the optimal plans, N of them at most", None, read_number, "N")
COUNT = Option("count", "say how many optimal plans there are, or plans within --quality", None, is_flag=True)


@dataclass(frozen=True)
class FoundPlan:
    """One plan: its cost, and the names of its operators."""

    cost: int
    plan: list[str]


@dataclass(frozen=True)
class PlansResult(Result):
    """The outcome of a search for more than one plan.

    Attributes
    ----------
    plans : list of FoundPlan
        The cheapest first, none twice, each replayed.
    within : int or None
        No plan of at most this cost is missing, but for those that were not asked for.
    n_plans : int or None
        How many plans of at most this cost there are; None where nobody asked, or there is no end of them.
    graph_states, graph_moves : int
        States on plans of at most this cost, and moves between them.
    """

    plans: list[FoundPlan] = field(default_factory=list)
    within: int | None = None
    n_plans: int | None = None
    graph_states: int = 0
    graph_moves: int = 0

    @property
    def all_plans(self) -> list[tuple[int | None, list[str]]]:
        """Return cost and operators of every plan found."""
        return [(one.cost, one.plan) for one in self.plans] or super().all_plans

    def summary(self) -> str:
        """Return the result as a person reads it."""
        if self.within is None:
            return super().summary()
        costs = f"of cost {self.cost}" if self.within == self.cost else f"of cost {self.cost} to {self.within}"
        known = "" if self.n_plans is None else f"{self.n_plans:,} plan{'s' * (self.n_plans != 1)} {costs}; "
        listed = f"{len(self.plans):,} listed, through {self.graph_states:,} states {costs}"
        return f"{super().summary()}\n  {known}{listed}"


@dataclass
class _Found:
    """What is known of the plans so far."""

    graph: PlanGraph | None = None
    plans: list[tuple[int, list[int]]] = field(default_factory=list)
    count: int | None = None
    note: str | None = None

    def list(self, graph: PlanGraph, most: int, stops: Callable[[], bool]) -> int:
        """List the cheapest plans, anew; return what the next one made of the graph's moves costs."""
        self.plans = []
        for cost, plan in cheapest_plans(graph, stops):
            if cost > graph.within or len(self.plans) == most:
                return cost
            self.plans.append((cost, plan))
        return INFINITY

    def count_all(self, stops: Callable[[], bool]) -> None:
        """Count the plans, if there is an end of them."""
        assert self.graph is not None
        try:
            self.count = count_plans(self.graph, stops)
        except EndlessError:
            self.note = "operators without cost lead in a circle: there is no end of plans, and they are not counted"


@ALGORITHMS.add("plans")
class ManyPlans(Algorithm):
    """The K cheapest plans, or all of at most Q times the least cost, and how many there are; on one rank.

    Parameters
    ----------
    top_k : int, optional
        The most plans that are listed, whatever they cost unless ``quality`` is given.
    quality : float, str or Fraction, optional
        The most that a plan may cost, as a multiple of the least cost; at most 100 are listed if ``top_k`` is left out.
    all_optimal : int, optional
        Short for ``quality=1`` and this ``top_k``.
    count : bool
        Count the plans within ``quality`` (1 when left out).

    Examples
    --------
    >>> from pdsearch import solve
    >>> from pdsearch.domains.tiles import Tiles
    >>> result = solve(Tiles.parse("3x3: 8 6 7 2 5 4 3 0 1"), algorithm="plans", quality=1.1, count=True)
    >>> result.cost, result.within, result.n_plans
    (27, 29, 77)
    """

    name = "plans"
    source = "Aljazzar and Leue (2011), Artificial Intelligence 175; Katz, Sohrabi and Udrea (2020), AAAI"
    label = "A*, all plans"
    max_ranks = 1
    options = named_by = (TOP_K, QUALITY, ALL_OPTIMAL, COUNT)
    result = PlansResult

    def __init__(
        self,
        top_k: int | None = None,
        quality: float | str | Fraction | None = None,
        all_optimal: int | None = None,
        count: bool | None = False,
    ) -> None:
        if all_optimal is not None and (top_k is not None or quality is not None):
            raise BadInputError("all_optimal with top_k or quality; give all_optimal alone, or quality and top_k")
        named = top_k if all_optimal is None else all_optimal
        is_bounded = quality is not None or all_optimal is not None or count or top_k is None
        self.quality = read_weight(1 if quality is None else quality) if is_bounded else None
        self.counts = bool(count)
        self.most = named or (1 if count and quality is None else LISTED)

    def check(self, domain: Domain) -> None:
        """Raise BadInputError where moves are left out that plans may take."""
        super().check(domain)
        if domain.leaves_out_plans:
            raise BadInputError(f"algorithm {self.name!r} needs every move of a state; leave out --pruning")

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Expand all of f up to the bound, then read the plans from what is closed."""
        check_admissible(task.heuristic, "nothing is proved with it: choose another")
        with run.phase("compile"):
            compile_kernels(task)
            compile_graph(task)
        rank = LocalSearch(task, 0, run.limits.memory(1, task.table_bytes))
        rank.go_through_goals()
        rank.incumbent = INFINITY
        run.search_begins()
        found, stop = _Found(), None
        try:
            rank.absorb(rank.roots()[0][1])
            self._find(rank, run, found)
        except StoppedError:
            stop = run.why_stop(_expanded(rank)) or Status.INTERRUPTED
        except (MemoryLimitError, TableFullError):
            stop = Status.MEMORY_LIMIT
        return self._outcome(rank, run, found, stop)

    def _find(self, rank: LocalSearch, run: Run, found: _Found) -> None:
        """Find the least cost, raise the bound until there are plans enough, and count them."""

        def stops() -> bool:
            return run.why_stop(_expanded(rank)) is not None

        _explore(rank, run, lambda: _least(rank))
        least = within = _least(rank)
        if self.quality is not None and least < INFINITY:
            within = int(self.quality * least)
            rank.incumbent = within + 1  # what costs more is not wanted
        while within < INFINITY:
            _explore(rank, run, partial(int, within + 1))
            found.graph = graph = PlanGraph.of(rank, least, within, stops)
            above = found.list(graph, self.most, stops)
            is_enough = self.quality is not None or len(found.plans) == self.most
            within = INFINITY if is_enough else min(above, graph.others_cost, rank.least_open_f)
        if self.counts and found.graph is not None:
            found.count_all(stops)

    def _outcome(self, rank: LocalSearch, run: Run, found: _Found, stop: Status | None) -> Outcome:
        """Return the outcome, its plans replayed; after an early stop the best plan is known, if the least cost is."""
        task, least, search_s = rank.task, _least(rank), run.search_s
        last = round_of(rank, stop)
        last = dataclasses.replace(last, incumbent=least, least_f=min(last.least_f, least))
        plans = found.plans
        if not plans and least < INFINITY:
            plans = [(least, trace(task, 0, lambda _, question: question(rank)))]
        for cost, plan in plans:
            if task.domain.replay(plan) != cost:
                raise WrongPlanError(f"a plan costs {task.domain.replay(plan)}, the search claims {cost}")
        graph = found.graph
        details = {
            "plans": [FoundPlan(cost, task.domain.plan_names(plan)) for cost, plan in plans],
            "within": None if graph is None else graph.within,
            "n_plans": found.count,
            "graph_states": 0 if graph is None else graph.n_states,
            "graph_moves": 0 if graph is None else graph.n_moves,
        }
        more: dict[str, Any] = {"plan": plans[0][1] if plans else None, "search_s": search_s}
        more |= {"result": self.result, "details": details, "notes": [found.note] if found.note else []}
        return outcome_of(task, self.label, [report(rank)], last, is_complete=stop is None, **more)


def _expanded(rank: LocalSearch) -> int:
    return int(rank.statistics[kernels.EXPANDED])


def _least(rank: LocalSearch) -> int:
    """Return the least g of a goal that was expanded."""
    return int(rank.statistics[kernels.GOAL_COST])


def _explore(rank: LocalSearch, run: Run, end: Callable[[], int]) -> None:
    """Expand all nodes of f below an end.

    Raises
    ------
    StoppedError
        If a limit was met, or a signal came.
    MemoryLimitError
        If the tables cannot grow.
    """
    pace = Pace(rank, _MOST)
    while rank.least_open_f < end():
        with pace.timed():
            rank.expand(pace.budget, end() - 1, most=run.limits.nodes - _expanded(rank))
        if run.why_stop(_expanded(rank)) is not None:
            raise StoppedError
        if run.on_progress is not None:
            run.on_progress(progress_of(run, dataclasses.replace(round_of(rank, None), incumbent=_least(rank))))
