"""The heuristic is chosen by trying: short searches with each of several, then a long one with the best.

The cheapest to have comes first, and a short search that ends is the answer, so that small tasks cost no more than with
that one. What is not solved so is prepared as for a long search (:meth:`pdsearch.domains.Domain.for_long_search`),
and the candidates are tried on that; who is predicted to be much slower than another is not tried for longer. What was
proved on the way stays proved: bounds hold whatever heuristic they came from.

On several ranks each short search is one of all of them, and rank 0 decides.

Source: the prediction is that of :mod:`pdsearch.search.prediction`; Helmert, Röger and Karpas (2011), "Fast Downward
Stone Soup", IPC (sequential portfolios of planners, with fixed times).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, cast

from pdsearch.distribution import Distribution
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.options import Option
from pdsearch.result import Result, Status
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.best_first.astar import AStar
from pdsearch.search.best_first.continuation import WHEN_FULL, proved_before
from pdsearch.search.best_first.hdastar import MESSAGE_SIZE, HdaStar, OnAnyRanks
from pdsearch.search.best_first.local_search import compile_kernels
from pdsearch.search.checkpoint.identity import instance_digest
from pdsearch.search.finish import Outcome, not_searched
from pdsearch.search.prediction import Probe, ranking
from pdsearch.search.run import Run
from pdsearch.search.setup import task_of_ranks
from pdsearch.search.task import Task

FIRST_S, SECOND_S, LONG_S = 0.5, 2.0, 4.0  # the short searches of the cheapest candidate, of the next, and the longest
_FIRST, _SECOND, _LONG = 0.025, 0.1, 0.1  # and never a larger part of the time that is left
_PREPARATION_S = 5.0  # and never more than a tenth of the time
_TRIAL_S = 0.3  # of a search that shows whether a pruning pays
_ROUNDS = 4
_HOPELESS = 5.0  # times slower than the best, by prediction: not tried again
_CLEAR = 3.0  # times faster than the next: chosen
_COLD_S, _COMPILING_S = 3.0, 90.0  # who compiled so long has an empty cache: then so much time is needed for the rest
_KEPT = 1 / 16  # of the memory: larger tables are built again when they are needed
_UNSAVED = "no checkpoint was written, for what to search with was not chosen yet"
Value = TypeVar("Value")


@dataclass(frozen=True)
class PortfolioResult(Result):
    """The outcome of a search whose heuristic was chosen by trying.

    Attributes
    ----------
    choice : str
        What was chosen and why, in a line; empty where nothing came to be chosen.
    probes : list of Probe
        The short searches, in order; their nodes are not among those of the result unless one of them solved the task.
    """

    choice: str = ""
    probes: list[Probe] = field(default_factory=list)

    def summary(self) -> str:
        """Return the result as a person reads it."""
        chosen = f"\n  chosen: {self.choice}" if self.choice else ""
        return super().summary() + chosen


@ALGORITHMS.add("portfolio")
class Portfolio(OnAnyRanks):
    """A* (HDA* on several ranks) with the heuristic that does best in short searches.

    Parameters
    ----------
    message_size, batch, open_list, when_full
        As of :class:`~pdsearch.search.best_first.hdastar.HdaStar`, which searches, or
        :class:`~pdsearch.search.best_first.astar.AStar` on one rank.
    """

    name = "portfolio"
    source = "Helmert, Röger and Karpas (2011), IPC (portfolios); Korf, Reid and Edelkamp (2001), AIJ 129 (prediction)"
    label = "portfolio"
    options: ClassVar[tuple[Option, ...]] = (MESSAGE_SIZE, WHEN_FULL)
    writes_checkpoints = True
    chooses_heuristic = True
    result = PortfolioResult

    def check(self, domain: Domain) -> None:
        """Refuse domains that name no candidates."""
        super().check(domain)
        if not domain.candidates:
            raise BadInputError(f"domain {domain.name!r} names no heuristics to choose from; name a --heuristic")

    def searcher(self, comm: Any, when_full: str) -> Algorithm:
        """Return what searches with one heuristic."""
        if comm is None:
            return AStar(self.batch, self.open_list, when_full)
        return HdaStar(self.message_size, self.batch, self.open_list, when_full)

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Try the candidates, and search with the best."""
        return _Choice(self, task, run, comm).search()


class _Choice:
    """One task's choice on its way.

    Parameters
    ----------
    portfolio, given, run, comm
        What searches, what is searched, under which conditions, on which ranks.
    """

    def __init__(self, portfolio: Portfolio, given: Task, run: Run, comm: Any) -> None:
        self.portfolio, self.given, self.run, self.comm = portfolio, given, run, comm
        self.domain = given.domain
        self.probes: list[Probe] = []
        self.ended: list[Outcome] = []  # one: the answer
        self._known: dict[str, Probe] = {}  # the last of each candidate on this domain
        self._unusable: set[str] = set()
        self._tasks: dict[str, Task] = {}
        self._owners: str | Distribution | None = portfolio.distribution
        self._choice = ""
        self._bound = 0
        self._compile_s = 0.0

    def search(self) -> Outcome:
        """Return the outcome of the first search that ends, or of the last."""
        epoch = None if self.run.checkpoints is None else self.run.checkpoints.epoch
        try:
            if epoch is not None:
                return self._go_on(epoch.task)
            cheap, *others = self.domain.candidates
            self._try(cheap, self._share(FIRST_S, _FIRST))
            for name in others[:1]:
                self._try(name, self._share(SECOND_S, _SECOND))
            if not self.ended:
                self._prepare()
            if not self.ended:
                self._try_on()
            return self.ended[0] if self.ended else self._long_search()
        except (TimeLimitError, MemoryLimitError) as error:
            return self._outcome(not_searched(self.given, self.portfolio.label, error), self.given)

    # --- one search ---

    def _share(self, seconds: float, part: float) -> float:
        """Return so many seconds, or a part of those left where that is less; the same on all ranks."""
        return self._agreed(min(seconds, part * self.run.deadline().left_s))

    def _agreed(self, value: Value) -> Value:
        """Return what rank 0 says."""
        return value if self.comm is None else cast("Value", self.comm.broadcast(value, 0))

    def _task(self, name: str) -> Task:
        """Return the task with one of the candidates; its kernels are compiled."""
        if name not in self._tasks:
            self.domain.deadline = self.run.deadline()
            n_ranks = None if self.comm is None else self.comm.size
            made = task_of_ranks(self.comm, self.run, self.domain, name, self._owners, n_ranks)
            self._owners = made.distribution
            self._tasks[name] = made
        return self._tasks[name]

    def _try(self, name: str, seconds: float) -> None:
        """Search with a candidate for some seconds; a search that ends, or may not go on, is the answer."""
        if self.ended or name in self._unusable:
            return
        before_s = self.run.total_s
        try:
            task = self._task(name)
            with self.run.phase("compile"):
                self._compile(task)
        except (BadInputError, MemoryLimitError):  # does not fit the task, or the memory
            self._leave_out(name)
            return
        build_s = self.run.total_s - before_s
        part = self._portion(seconds)
        try:
            with self.run.phase("short searches", is_watched=False):
                outcome = self.portfolio.searcher(self.comm, "stop").search(task, part, self.comm)
        except (BadInputError, MemoryLimitError):  # its tables leave no room for nodes
            self._leave_out(name)
            return
        except TimeLimitError:  # that of the short search ended what had to be compiled on the way
            if self._over() is not None:
                raise
            self._leave_out(name)
            return
        self._note(task, outcome, build_s)

    def _leave_out(self, name: str) -> None:
        self._unusable.add(name)
        self._tasks.pop(name, None)

    def _compile(self, task: Task) -> None:
        began = self.run.total_s

        def act() -> None:
            compile_kernels(task, self.portfolio.batch, self.portfolio.open_list)

        act() if self.comm is None else self.comm.in_turn(act)
        self._compile_s += self.run.total_s - began

    def _portion(self, seconds: float) -> Run:
        """Return the run of a short search."""
        part = proved_before(self.run, self._bound)
        part.checkpoints = None
        so_far, limits = self.run.total_s + self.run.spent_s, self.run.limits
        part.limits = dataclasses.replace(
            limits, time_s=min(limits.time_s, so_far + seconds), nodes=max(1, limits.nodes - self._expanded)
        )
        return part

    @property
    def _expanded(self) -> int:
        return sum(one.expanded for one in self.probes)

    def _note(self, task: Task, outcome: Outcome, build_s: float) -> None:
        """Keep what a short search has shown."""
        probe = self._agreed(self._probe_of(task, outcome, build_s))
        self.probes.append(probe)
        self._known[probe.heuristic] = probe
        self._bound = max(self._bound, outcome.lower_bound)
        over = self._over()
        if outcome.stop is None or over is not None:
            self.ended.append(self._outcome(dataclasses.replace(outcome, stop=outcome.stop and over), task))
        most = self.run.limits.memory_bytes
        if most is not None and task.table_bytes > _KEPT * most:
            self._tasks.pop(probe.heuristic)

    def _over(self) -> Status | None:
        """Return why nothing more may be tried; there is no checkpoint yet, so no search is to go on from one."""
        over = self._agreed(self.run.why_stop(self._expanded))
        return Status.INTERRUPTED if over is Status.CHECKPOINTED else over

    def _probe_of(self, task: Task, outcome: Outcome, build_s: float) -> Probe:
        expanded = sum(one.expanded for one in outcome.ranks)
        stored, used = sum(one.stored for one in outcome.ranks), sum(one.memory_bytes for one in outcome.ranks)
        most = self.run.limits.memory(1 if self.comm is None else self.comm.ranks_of_node(), task.table_bytes)
        below = expanded if outcome.expanded_below is None else outcome.expanded_below(outcome.lower_bound)
        return Probe(
            heuristic=task.heuristic.label,
            build_s=round(build_s, 3),
            search_s=round(outcome.search_s, 3),
            initial_h=min(task.heuristic.value(task.domain.initial), outcome.lower_bound),
            lower_bound=min(outcome.lower_bound, outcome.incumbent),
            expanded=expanded,
            below=below,
            room=expanded * max(1.0, most * len(outcome.ranks) / max(1, used)) if stored else math.inf,
            is_full=outcome.stop is Status.MEMORY_LIMIT,
        )

    # --- what follows where the first tries do not end ---

    def _prepare(self) -> None:
        """Make the task smaller, as for a long search; what was tried on a larger one does not count any more."""
        seconds = math.inf if self.run.checkpoints else self._share(_PREPARATION_S, 0.1)
        self._unusable |= set(self.domain.candidates) - set(self._worth_trying())
        self.domain.deadline = self.run.deadline()
        with self.run.phase("preparation"):
            prepared = self._in_turn(lambda: self.domain.for_long_search(seconds))
        reason = prepared.why_unsolvable()
        if reason is not None:
            proof = Outcome("none", INFINITY, totals={"evaluated": 1}, reason=reason)
            self.ended.append(self._outcome(proof, Task(prepared, self.given.heuristic)))
        elif prepared.leaves_out_plans and not self.domain.leaves_out_plans:
            prepared = self._with_pruning_that_pays(prepared)
        if prepared is not self.domain:
            self._begin_on(prepared)

    def _with_pruning_that_pays(self, prepared: Domain) -> Domain:
        """Return the prepared task, without its pruning where a short search shows that this does not pay."""
        before = self.domain, self._owners, self._tasks, self._known
        self._begin_on(prepared)
        self._try("blind", self._share(_TRIAL_S, _FIRST))
        self.domain, self._owners, self._tasks, self._known = before
        return prepared.without_pruning() if self._agreed(prepared.pruning_is_off) else prepared

    def _begin_on(self, domain: Domain) -> None:
        self.domain, self._owners, self._tasks, self._known = domain, self.portfolio.distribution, {}, {}

    def _try_on(self) -> None:
        """Try the candidates, those that are worth it for longer and longer, until one is clearly the best."""
        names = self._affordable(self._names(self.domain.candidates))
        for seconds in _budgets(self._share(FIRST_S, _FIRST), self._share(LONG_S, _LONG)):
            for name in names:
                if name not in self._known or self._known[name].search_s < seconds / 2:
                    self._try(name, seconds)
            names = [name for name in self._names(names) if name in self._worth_trying()]
            if self.ended or len(names) < 2 or self._is_clear():
                return

    def _names(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if name not in self._unusable]

    def _affordable(self, names: list[str]) -> list[str]:
        """Return the candidates for which there is time, should they have to be compiled."""
        short = self._agreed(self._compile_s > _COLD_S and self.run.deadline().left_s < _COMPILING_S)
        return [name for name in names if name in {one.heuristic for one in self.probes}] if short else names

    def _ranking(self) -> list[tuple[float, Probe]]:
        candidates = self.domain.candidates
        return ranking([self._known[name] for name in candidates if name in self._known])

    def _worth_trying(self) -> list[str]:
        """Return who is not hopeless, those that were not tried among them."""
        foretold = self._ranking()
        hopeless = {one.heuristic for seconds, one in foretold if seconds > _HOPELESS * foretold[0][0]}
        return [name for name in self._names(self.domain.candidates) if name not in hopeless]

    def _is_clear(self) -> bool:
        foretold = self._ranking()
        return len(foretold) < 2 or foretold[1][0] > _CLEAR * foretold[0][0]

    def _long_search(self) -> Outcome:
        """Search with the best until the end."""
        foretold = self._ranking()
        name = foretold[0][1].heuristic if foretold else "blind"
        for other in [other for other in self._tasks if other != name]:
            del self._tasks[other]
        task = self._task(name)
        self._choice = _why(foretold) if foretold else "blind: no other heuristic can be had"
        if self.run.checkpoints is not None:
            self.run.checkpoints.chose(heuristic=name, **self.domain.made_by)
        return self._last_search(task)

    def _last_search(self, task: Task) -> Outcome:
        limits = self.run.limits
        self.run.limits = dataclasses.replace(limits, nodes=max(1, limits.nodes - self._expanded))
        searcher = self.portfolio.searcher(self.comm, self.portfolio.when_full)
        return self._outcome(searcher.search(task, self.run, self.comm), task)

    def _go_on(self, facts: dict[str, Any]) -> Outcome:
        """Go on from a checkpoint: with what was chosen before it was written."""
        prepared = self._in_turn(lambda: self.domain.for_long_search(math.inf))
        versions = [self.domain, prepared, prepared.without_pruning()]
        self.domain = next((one for one in versions if instance_digest(one) == facts["instance"]), self.domain)
        self._choice = f"{facts['heuristic']}, as before the checkpoint"
        return self._last_search(self._task(facts["heuristic"]))

    # --- the outcome ---

    def _in_turn(self, act: Callable[[], Domain]) -> Domain:
        return act() if self.comm is None else self.comm.in_turn(act)

    def _outcome(self, outcome: Outcome, task: Task) -> Outcome:
        """Return the outcome of a search with what is known from the others."""
        last = self.probes[-1].heuristic if self.probes else "none"
        choice = self._choice or ("" if outcome.stop else f"{last}, which ended the search while it was tried")
        notes = (
            [*outcome.notes, _UNSAVED] if outcome.stop and self.run.checkpoints and not self._choice else outcome.notes
        )
        return dataclasses.replace(
            outcome,
            notes=notes,
            task=task,
            lower_bound=max(outcome.lower_bound, self._bound),
            result=PortfolioResult,
            details={"choice": choice, "probes": self.probes},
        )


def _budgets(first: float, most: float) -> list[float]:
    """Return seconds that double, up to the most.

    >>> _budgets(0.5, 4.0), _budgets(0.0, 0.0)
    ([0.5, 1.0, 2.0, 4.0], [0.0])
    """
    return [first, *(first * 2**k for k in range(1, _ROUNDS) if 0 < first * 2**k <= most)]


def _why(foretold: Sequence[tuple[float, Probe]]) -> str:
    """Return what is chosen and why, in a line."""
    target = max(one.lower_bound for _, one in foretold)
    told = ", ".join(f"{one.heuristic} {_shown(seconds)}" for seconds, one in foretold)
    return f"{foretold[0][1].heuristic}; seconds predicted to prove more than {target}: {told}"


def _shown(seconds: float) -> str:
    return f"{seconds:.2g}" if seconds < 1000 else "over 1000"
