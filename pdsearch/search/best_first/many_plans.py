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
from pdsearch.search.best_first.arrays import MemoryLimitError as TableFullError
from pdsearch.search.best_first.plan_graph import PlanGraph, StoppedError
from pdsearch.search.best_first.plan_paths import EndlessError, cheapest_plans, count_plans
from pdsearch.search.best_first.plans_alone import Alone, Exploring
from pdsearch.search.best_first.plans_together import Together
from pdsearch.search.best_first.report import outcome_of
from pdsearch.search.best_first.weighted import read_weight
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Run
from pdsearch.search.task import Task

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

    within: int | None = None
    n_states: int = 0
    n_moves: int = 0
    plans: list[tuple[int, list[int]]] = field(default_factory=list)
    count: int | None = None
    note: str | None = None

    def list(self, graph: PlanGraph | None, most: int, stops: Callable[[], bool]) -> tuple[int, int]:
        """List the cheapest plans, anew; return what the next one made of the graph's moves costs, and how many."""
        assert graph is not None
        self.plans = []
        for cost, plan in cheapest_plans(graph, stops):
            if cost > graph.within or len(self.plans) == most:
                return cost, len(self.plans)
            self.plans.append((cost, plan))
        return INFINITY, len(self.plans)

    def count_all(self, graph: PlanGraph | None, stops: Callable[[], bool]) -> None:
        """Count the plans, if there is an end of them."""
        assert graph is not None
        try:
            self.count = count_plans(graph, stops)
        except EndlessError:
            self.note = "operators without cost lead in a circle: there is no end of plans, and they are not counted"


@ALGORITHMS.add("plans")
class ManyPlans(Algorithm):
    """The K cheapest plans, or all of at most Q times the least cost, and how many there are.

    On several ranks each expands its own states. Those that lie on plans, and the moves between them, are then gathered
    on the first rank, where the plans are listed and counted; what it has no memory for ends the search.

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
    shared_label = "HDA*, all plans"  # what results of several ranks call it
    is_distributed = True
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
        if not task.has_owners:
            raise BadInputError(f"algorithm {self.name!r} needs one owner of each state; choose another --distribution")
        is_shared = comm is not None and comm.size > 1
        ranks: Exploring = Together(task, run, comm) if is_shared else Alone(task, run)
        run.search_begins()
        return self.explored(ranks, run)

    def explored(self, ranks: Exploring, run: Run) -> Outcome:
        """Do it on some ranks, which have nothing to do yet."""
        found, stop = _Found(), None
        try:
            self._find(ranks, found)
        except StoppedError:
            stop = ranks.why_stopped
        except (MemoryLimitError, TableFullError) as error:
            stop, found.note = Status.MEMORY_LIMIT, str(error) or None
        return self._outcome(ranks, run, ranks.told(found), stop)

    def _find(self, ranks: Exploring, found: _Found) -> None:
        """Find the least cost, raise the bound until there are plans enough, and count them."""
        ranks.explore(None)
        least = within = ranks.least
        if self.quality is not None and least < INFINITY:
            within = int(self.quality * least)
            ranks.want(within)
        while within < INFINITY:
            ranks.explore(within)
            (found.n_states, found.n_moves, others_cost), graph = ranks.graph(least, within)
            found.within = within
            above, n_plans = ranks.first(partial(found.list, graph, self.most, ranks.stops))
            is_enough = self.quality is not None or n_plans == self.most
            within = INFINITY if is_enough else min(above, others_cost, ranks.last.least_f)
            if within >= INFINITY and self.counts:
                ranks.first(partial(found.count_all, graph, ranks.stops))

    def _outcome(self, ranks: Exploring, run: Run, found: _Found, stop: Status | None) -> Outcome:
        """Return the outcome, its plans replayed; after an early stop the best plan is known, if the least cost is."""
        task, least, search_s = ranks.task, ranks.least, ranks.told(run.search_s)
        last = dataclasses.replace(ranks.last, incumbent=least, stop=0 if stop is None else stop.value)
        last.least_f = min(last.least_f, least)
        plans = found.plans
        if not plans and least < INFINITY:
            plans = [(least, ranks.best_plan())]
        for cost, plan in plans:
            if task.domain.replay(plan) != cost:
                raise WrongPlanError(f"a plan costs {task.domain.replay(plan)}, the search claims {cost}")
        details = {
            "plans": [FoundPlan(cost, task.domain.plan_names(plan)) for cost, plan in plans],
            "within": found.within,
            "n_plans": found.count,
            "graph_states": found.n_states,
            "graph_moves": found.n_moves,
        }
        more: dict[str, Any] = {"plan": plans[0][1] if plans else None, "search_s": search_s}
        more |= {"result": self.result, "details": details, "notes": [found.note] if found.note else []}
        label = self.label if task.n_ranks == 1 else self.shared_label
        return outcome_of(task, label, ranks.reports(), last, is_complete=stop is None, **more)
