"""What is explored for more than one plan, by one rank or several, and the one that is alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from pdsearch.comm.termination import Round
from pdsearch.kernels.protocol import INFINITY
from pdsearch.result import Status
from pdsearch.search.best_first.astar import round_of
from pdsearch.search.best_first.local_search import compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.plan_graph import PlanGraph, Read, StoppedError, compile_graph
from pdsearch.search.best_first.plans_rank import PlansRank
from pdsearch.search.best_first.report import Report, progress_of, report
from pdsearch.search.best_first.step import EXPANDED
from pdsearch.search.best_first.trace import trace
from pdsearch.search.run import Run
from pdsearch.search.task import Task

Value = TypeVar("Value")
_MOST = 50_000  # expansions between two looks at the clock


class Exploring(Protocol):
    """Ranks that expand all of f up to a bound, and what is read from their tables; all ranks must call.

    Attributes
    ----------
    task : Task
        What they search.
    """

    task: Task

    @property
    def last(self) -> Round:
        """Return how far they are."""

    @property
    def least(self) -> int:
        """Return the least g of a goal that was expanded, INFINITY without one."""

    @property
    def why_stopped(self) -> Status:
        """Return why somebody stopped."""

    def want(self, within: int) -> None:
        """Say that no plan of a larger cost is wanted."""

    def explore(self, within: int | None) -> None:
        """Expand all of f up to a bound; None: below the least cost of a plan. StoppedError where somebody stops."""

    def graph(self, least: int, within: int) -> Read:
        """Return the graph of plans of cost at most ``within``; ``least`` is the cost of the best."""

    def first(self, act: Callable[[], Value]) -> Value:
        """Return on all ranks what ``act`` returns on the first, which does it."""

    def told(self, value: Value) -> Value:
        """Return the value of the first rank."""

    def stops(self) -> bool:
        """Say whether this rank has to stop."""

    def best_plan(self) -> list[int]:
        """Return a plan of the least cost."""

    def reports(self) -> Sequence[Report]:
        """Return what all ranks counted."""


class Alone:
    """One rank; see :class:`Exploring`."""

    def __init__(self, task: Task, run: Run) -> None:
        with run.phase("compile"):
            compile_kernels(task)
            compile_graph(task)
        self.task, self._run = task, run
        self._rank = PlansRank(task, 0, run.limits.memory(1, task.table_bytes))
        self._is_empty = True

    @property
    def last(self) -> Round:
        """Return how far it is."""
        return dataclasses.replace(round_of(self._rank, None), incumbent=self.least)

    @property
    def least(self) -> int:
        """Return the least g of a goal that was expanded."""
        return self._rank.least

    @property
    def why_stopped(self) -> Status:
        """Return why it stopped."""
        return self._run.why_stop(self._expanded) or Status.INTERRUPTED

    @property
    def _expanded(self) -> int:
        return int(self._rank.statistics[EXPANDED])

    def want(self, within: int) -> None:
        """Say that no plan of a larger cost is wanted."""
        self._rank.wanted_f = within

    def explore(self, within: int | None) -> None:
        """Expand all of f up to a bound; MemoryLimitError if the tables cannot grow."""
        rank, run = self._rank, self._run
        if self._is_empty:
            rank.absorb(rank.roots()[0][1])
            self._is_empty = False
        if within is not None:
            rank.go_up_to(within)
        pace = Pace(rank, _MOST)
        while rank.least_open_f < rank.incumbent:
            with pace.timed():
                rank.expand(pace.budget, INFINITY, run.limits.nodes - self._expanded)
            if self.stops():
                raise StoppedError
            if run.on_progress is not None:
                run.on_progress(progress_of(run, self.last))

    def graph(self, least: int, within: int) -> Read:
        """Read the graph."""
        graph = PlanGraph.of(self._rank, least, within, self.stops)
        return (graph.n_states, graph.n_moves, graph.others_cost), graph

    def first(self, act: Callable[[], Value]) -> Value:
        """Do it."""
        return act()

    def told(self, value: Value) -> Value:
        """Return what is given."""
        return value

    def stops(self) -> bool:
        """Say whether it has to stop."""
        return self._run.why_stop(self._expanded) is not None

    def best_plan(self) -> list[int]:
        """Trace a plan of the least cost."""

        def ask(_: int | None, question: Callable[[Any], Any]) -> Any:
            return question(self._rank)

        return trace(self.task, 0, ask)

    def reports(self) -> list[Report]:
        """Return what it counted."""
        return [report(self._rank)]
