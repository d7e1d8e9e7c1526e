"""The heuristic is chosen by trying: short searches with each of several, and a long one with the best.

The cheapest to have come first, and a short search that ends is the answer, so that small tasks cost no more than with
those. What is not solved so is prepared as for a long search (:meth:`pdsearch.domains.Domain.for_long_search`), blind
searches show which way of leaving out moves pays, and the candidates are tried on that. Each goes on where it
stopped, and the best one for as long as another was tried, so that at least half of the time is its own. Who is
predicted to be much slower than another is not tried for longer.

Source: the prediction is that of :mod:`pdsearch.search.prediction`; Helmert, Röger and Karpas (2011), "Fast Downward
Stone Soup", IPC (sequential portfolios of planners, with fixed times).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pdsearch.domains import Domain
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.options import Option
from pdsearch.result import Result
from pdsearch.search.algorithms import ALGORITHMS
from pdsearch.search.best_first.astar import AStar
from pdsearch.search.best_first.continuation import WHEN_FULL
from pdsearch.search.best_first.hdastar import MESSAGE_SIZE, HdaStar, OnAnyRanks
from pdsearch.search.best_first.short_searches import ShortSearches
from pdsearch.search.best_first.trial_groups import can_split, try_apart
from pdsearch.search.checkpoint.identity import instance_digest
from pdsearch.search.finish import Outcome, not_searched
from pdsearch.search.prediction import Probe
from pdsearch.search.run import Run
from pdsearch.search.task import Task

FIRST_S, LONG_S = 0.5, 8.0  # the first short search of each candidate, and the longest
_FIRST, _LONG = 0.025, 0.1  # and never a larger part of the time that is left
_PREPARATION_S = 5.0  # and never more than a tenth of the time
_TRIAL_S = 0.2  # of a search that shows whether a pruning pays
_GLANCE = 0.1  # of that time shows whether it gives up
_BUILD, _BUILD_S = 0.5, 4.0  # of the time that is left, and not more than that so far, may be spent on tables; at least
_ROUNDS = 5
_LEAST_S = 0.05  # shorter turns are not worth a line
_HOPELESS = 5.0  # times slower than the best, by prediction: not tried again
_CLEAR = 3.0  # times faster than the next: chosen
_COLD_S, _COMPILING_S = 3.0, 90.0  # who compiled so long has an empty cache: then so much time is needed for the rest
_TELLING = 100  # nodes: searches that ended fewer do not tell which pruning pays
_UNSAVED = "no checkpoint was written, for what to search with was not chosen yet"


@dataclass(frozen=True)
class PortfolioResult(Result):
    """The outcome of a search whose heuristic was chosen by trying.

    Attributes
    ----------
    choice : str
        What was chosen and why, in a line; empty where nothing came to be chosen.
    probes : list of Probe
        The short searches, in order. One with the same heuristic as before has gone on, and tells of both together; the
        nodes of the result are those of one heuristic, its short searches among them. Where the search ended while
        groups of ranks tried several, each rank's are those of all that it has tried then; the distribution is that of
        the ranks which have the answer, None where it is one.
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

    def searcher(self, comm: Any, when_full: str) -> AStar | HdaStar:
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
        searcher = portfolio.searcher(comm, "stop")
        self.short = ShortSearches(searcher, portfolio.distribution, run, comm, given.domain)
        self._before: list[str] = []  # the heuristics that were tried before the task was prepared, the best first
        self._choice, self._is_apart = "", False  # whether groups have tried the candidates

    @property
    def domain(self) -> Domain:
        return self.short.domain

    def search(self) -> Outcome:
        """Return the outcome of the first search that ends, or of the last."""
        epoch = None if self.run.checkpoints is None else self.run.checkpoints.epoch
        try:
            if epoch is not None:
                return self._go_on(epoch.task)
            self._try_first()
            if not self.short.ended:
                self._prepare()
            if not self.short.ended:
                self._try_on()
            return self._outcome(*self.short.ended) if self.short.ended else self._long_search()
        except (TimeLimitError, MemoryLimitError) as error:
            return self._outcome(not_searched(self.given, self.portfolio.label, error), self.given)

    def _try_first(self) -> None:
        """Search with the cheapest to have, for so long that small tasks are solved."""
        names, seconds = self.domain.candidates[:2], len(self.domain.candidates[:2]) * self.short.share(FIRST_S, _FIRST)
        if len(names) > 1 and can_split(self.short) and try_apart(self.short, names, seconds, math.inf, deals=False):
            return
        for name in names:
            self.short.go_on(name, self.short.share(FIRST_S, _FIRST))

    # --- what follows where the first tries do not end ---

    def _prepare(self) -> None:
        """Make the task smaller, as for a long search, and choose what leaves out moves."""
        seconds = math.inf if self.run.checkpoints else self.short.share(_PREPARATION_S, 0.1)
        foretold = self.short.ranking()
        pace_s = foretold[0][1].pace_s if foretold else 0.0
        self._before = [one.heuristic for _, one in foretold]
        with self.run.phase("preparation"):
            prepared = self._long_form(seconds)
        reason = prepared.why_unsolvable()
        self.short.use(prepared)
        if reason is not None:
            proof = Outcome("none", INFINITY, totals={"evaluated": 1}, reason=reason)
            self.short.ended = proof, Task(prepared, self.given.heuristic)
            return
        with self.run.phase("preparation"):
            pruned = self._pruned(prepared)
        self._use_the_best([prepared, *pruned], pace_s)

    def _long_form(self, seconds: float) -> Domain:
        """Return the task as it is made for a long search, by rank 0 for all."""
        self.domain.deadline, comm = self.run.deadline(), self.comm
        if comm is None:
            return self.domain.for_long_search(seconds)
        made: Domain = comm.together(lambda: self.domain.for_long_search(seconds, comm.once))
        return made

    def _pruned(self, form: Domain) -> list[Domain]:
        """Return a form of the task with each pruning, whose tables one rank of a machine makes."""
        form.deadline, comm = self.run.deadline(), self.comm
        if comm is None:
            return form.pruned()
        made: list[Domain] = comm.together(lambda: form.pruned(comm.share))
        return made

    def _use_the_best(self, forms: list[Domain], pace_s: float) -> None:
        """Search blindly in each form of the instance, and use the one that promises most."""
        seconds = self.short.share(_TRIAL_S, _FIRST)
        for domain in [*forms[1:], forms[0]] if len(forms) > 1 else []:  # that with all moves is the largest
            self.short.use(domain)
            self.short.go_on("blind", _GLANCE * seconds)
            if not self.short.agreed(domain.pruning_is_off):
                self.short.go_on("blind", seconds)
            if self.short.ended:
                return
        self.short.use(forms[self.short.agreed(self._cheapest(forms, pace_s))])
        self.short.forget_others()

    def _cheapest(self, forms: list[Domain], pace_s: float) -> int:
        """Return which form searches the same layers in the least time, had each evaluation taken what ``pace_s`` says.

        The first has all moves. All blind searches have the same layers: those that each of them has ended count.
        """
        searches = [self.short.tried("blind", domain) for domain in forms]
        probes = [one.probe for one in searches]
        if len(forms) == 1 or probes[0] is None:
            return 0
        common = min(one.lower_bound for one in probes if one is not None)
        dearer_s = max(0.0, pace_s - probes[0].pace_s)
        if searches[0].expanded_below(common) < _TELLING:
            return 0
        seconds = [
            math.inf if probe is None or form.pruning_is_off else one.expanded_below(common) * (probe.pace_s + dearer_s)
            for form, one, probe in zip(forms, searches, probes, strict=True)
        ]
        return seconds.index(min(seconds))

    def _try_on(self) -> None:
        """Try the candidates, those that are worth it for longer and longer, until one is clearly the best."""
        affordable = self._affordable(self.domain.candidates)
        for seconds in _budgets(self.short.share(FIRST_S, _FIRST), self.short.share(LONG_S, _LONG)):
            names = self._worth_trying(affordable)
            for name in [] if self._tries_apart(names, seconds) else names:
                self._try(name, seconds)
                if self.short.ended:
                    return
            if self.short.ended or len(self._worth_trying(affordable)) < 2 or self._is_clear():
                return

    def _tries_apart(self, names: Sequence[str], seconds: float) -> bool:
        """Try candidates in groups of ranks where tables are still to be built, of which each takes one rank."""
        if len(names) < 2 or self._is_apart or not can_split(self.short):
            return False
        self._is_apart = True
        best_first = sorted(names, key=lambda name: [*self._before, *names].index(name))
        return try_apart(self.short, best_first, seconds, self._build_s())

    def _build_s(self) -> float:
        """Return how long tables may take."""
        return self.short.agreed(min(_BUILD * self.run.deadline().left_s, max(_BUILD_S, self.run.total_s)))

    def _try(self, name: str, seconds: float) -> None:
        """Search with a candidate until it has had so many seconds, and for as long with the best one."""
        missing = seconds - self.short.searched_s(name)
        began_s = self.run.total_s
        if missing > seconds / 2 or not self.short.searched_s(name):
            self.short.go_on(name, missing, self._build_s())
        took_s = self.short.agreed(self.run.total_s - began_s)
        best = next((one for _, one in self.short.ranking()), None)
        if best is not None and best.heuristic != name and best.is_held and took_s > _LEAST_S:
            self.short.go_on(best.heuristic, took_s)

    def _affordable(self, names: Sequence[str]) -> list[str]:
        """Return the candidates for which there is time, should they have to be compiled."""
        short = self.short.agreed(self.short.compile_s > _COLD_S and self.run.deadline().left_s < _COMPILING_S)
        return [name for name in names if name in {one.heuristic for one in self.short.probes}] if short else [*names]

    def _worth_trying(self, names: Sequence[str]) -> list[str]:
        """Return who is not hopeless, the best first; those that were not tried are the last, as they were before."""
        foretold = self.short.ranking()
        hopeless = {one.heuristic for seconds, one in foretold if seconds > _HOPELESS * foretold[0][0]}
        order = list(dict.fromkeys([one.heuristic for _, one in foretold] + self._before + [*names]))
        return [name for name in order if name in self.short.usable(names) and name not in hopeless]

    def _is_clear(self) -> bool:
        foretold = self.short.ranking()
        return len(foretold) < 2 or foretold[1][0] > _CLEAR * foretold[0][0]

    def _long_search(self) -> Outcome:
        """Search with the best until the end."""
        foretold = self.short.ranking()
        name = self.short.agreed(foretold[0][1].heuristic) if foretold else "blind"
        self.short.give_up_others(name)
        task = self.short.task(name)
        self._choice = _why(foretold, self.domain.made_by) if foretold else "blind: no other heuristic can be had"
        self.run.say(f"chosen after {self.run.total_s:.1f} s: {self._choice}")
        if self.run.checkpoints is not None:
            self.run.checkpoints.chose(heuristic=name, **self.domain.made_by)
        return self._last_search(name, task)

    def _last_search(self, name: str, task: Task) -> Outcome:
        one = self.short.tried(name)
        own = one.probe.expanded if one.probe is not None and one.hold.rank is not None else 0
        limits = self.run.limits
        self.run.limits = dataclasses.replace(limits, nodes=max(1, limits.nodes - self.short.spent + own))
        searcher = self.portfolio.searcher(self.comm, self.portfolio.when_full)
        return self._outcome(searcher.go_on(task, self.run, self.comm, one.hold), task)

    def _go_on(self, facts: dict[str, Any]) -> Outcome:
        """Go on from a checkpoint: with what was chosen before it was written."""
        plain = [self.domain, self._long_form(math.inf)]
        forms = [*plain, *(form for one in plain for form in self._pruned(one))]
        self.short.use(next((one for one in forms if instance_digest(one) == facts["instance"]), self.domain))
        self._choice = f"{facts['heuristic']}, as before the checkpoint"
        return self._last_search(facts["heuristic"], self.short.task(facts["heuristic"]))

    # --- the outcome ---

    def _outcome(self, outcome: Outcome, task: Task) -> Outcome:
        """Return the outcome of a search with what is known from the others."""
        probes, known = self.short.probes, self.short.plan
        if known is not None and known.outcome.incumbent < outcome.incumbent:
            plan, incumbent, task = known.outcome.plan, known.outcome.incumbent, known.task
            outcome = dataclasses.replace(outcome, plan=plan, incumbent=incumbent)
        last = _with_how(probes[-1].heuristic if probes else "none", task.domain.made_by)
        choice = self._choice or ("" if outcome.stop else f"{last}, which ended the search while it was tried")
        is_unsaved = outcome.stop and self.run.checkpoints and not self._choice
        return dataclasses.replace(
            outcome,
            notes=[*outcome.notes, _UNSAVED] if is_unsaved else outcome.notes,
            task=task,
            lower_bound=max(outcome.lower_bound, self.short.bound),
            result=PortfolioResult,
            details={**outcome.details, "choice": choice, "probes": probes},
        )


def _budgets(first: float, most: float) -> list[float]:
    """Return seconds that double, up to the most.

    >>> _budgets(0.5, 8.0), _budgets(0.0, 0.0)
    ([0.5, 1.0, 2.0, 4.0, 8.0], [0.0])
    """
    return [first, *(first * 2**k for k in range(1, _ROUNDS) if 0 < first * 2**k <= most)]


def _why(foretold: Sequence[tuple[float, Probe]], made_by: dict[str, str]) -> str:
    """Return what is chosen and why, in a line."""
    target = max(one.lower_bound for _, one in foretold)
    told = ", ".join(f"{one.heuristic} {_shown(seconds)}" for seconds, one in foretold)
    chosen = _with_how(foretold[0][1].heuristic, made_by)
    return f"{chosen}; seconds predicted to prove more than {target}: {told}"


def _with_how(heuristic: str, made_by: dict[str, str]) -> str:
    """Return what is searched with, and what the task has become.

    >>> _with_how("pdb", {"preprocess": "h2", "pruning": "symmetry"})
    'pdb with preprocess h2 and pruning symmetry'
    """
    how = " and ".join(f"{option} {name}" for option, name in made_by.items())
    return f"{heuristic} with {how}" if how else heuristic


def _shown(seconds: float) -> str:
    return f"{seconds:.2g}" if seconds < 1000 else "over 1000"
