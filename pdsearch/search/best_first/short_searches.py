"""Short searches with several heuristics, each of which goes on where it stopped.

The searches of a domain are kept in memory as long as all of them together take no more than half of it; then the
less promising ones are given up. What one proves or finds counts for all: bounds and plans hold whatever heuristic they
came from, so a plan is optimal once any of the searches has proved its cost.

On several ranks each short search is one of all of them, and rank 0 decides; :mod:`.trial_groups` has groups of ranks
make some of them at the same time.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from pdsearch.distribution import Distribution
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError
from pdsearch.heuristics import Arrays, Heuristic, make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import MIN_MEMORY, Deadline
from pdsearch.result import Status
from pdsearch.search.best_first.astar import AStar
from pdsearch.search.best_first.continuation import proved_before
from pdsearch.search.best_first.hdastar import HdaStar
from pdsearch.search.best_first.hold import Hold
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.finish import Outcome
from pdsearch.search.prediction import Probe, layers_of, ranking
from pdsearch.search.run import Run
from pdsearch.search.setup import task_of_ranks
from pdsearch.search.task import Task

_HELD = 1 / 2  # of the memory may be taken by searches that stand still, unless it is the best one alone
_ROOM = 1 / 4  # of the memory is needed for another to begin
_TABLES = 1 / 16  # larger ones are built again when they are needed, unless a search with them is held
_LATE_S = 0.2  # a short search tells of the pace of late, if it took so long
Value = TypeVar("Value")


@dataclass
class Tried:
    """One heuristic on one domain.

    Attributes
    ----------
    task : Task or None
        With the heuristic built.
    hold : Hold
        The search so far.
    probe : Probe or None
        What it has shown.
    expanded_below : callable
        Returns the expansions of f below a bound.
    """

    task: Task | None = None
    hold: Hold = field(default_factory=Hold)
    probe: Probe | None = None
    expanded_below: Callable[[int], int] = lambda bound: 0


@dataclass
class Known:
    """A plan that some short search has found."""

    outcome: Outcome
    task: Task


class ShortSearches:
    """What was tried on a task, and what that has shown.

    Parameters
    ----------
    searcher : AStar or HdaStar
        A* or HDA*, which stops when memory is full.
    distribution : str or Distribution or None
        Who owns a state.
    run, comm
        The conditions of the whole, and its ranks.
    domain : Domain
        The instance, in the form that is tried first.
    """

    def __init__(
        self, searcher: AStar | HdaStar, distribution: str | Distribution | None, run: Run, comm: Any, domain: Domain
    ) -> None:
        self.searcher = searcher
        self.run, self.comm, self.domain = run, comm, domain
        self.probes: list[Probe] = []
        self.ended: tuple[Outcome, Task] | None = None  # the answer, or why nothing more may be tried
        self.bound = self.spent = 0  # what is proved; expansions so far
        self.compile_s = 0.0
        self.plan: Known | None = None
        self.distribution, self.memory_bytes = distribution, run.limits.memory_bytes
        self.elsewhere: dict[tuple[Domain, str], tuple[int, Arrays]] = {}  # which one rank has tables, and these
        self._tried: dict[tuple[Domain, str], Tried] = {}
        self._owners: dict[Domain, str | Distribution | None] = {}  # by the instance with all its moves, for all forms
        self._built: dict[tuple[Domain, str], Heuristic] = {}
        self._unusable: set[str] = set()

    # --- what is asked ---

    def agreed(self, value: Value) -> Value:
        """Return what rank 0 says."""
        return value if self.comm is None else cast("Value", self.comm.broadcast(value, 0))

    def share(self, seconds: float, part: float) -> float:
        """Return so many seconds, or a part of those left where that is less; the same on all ranks."""
        return self.agreed(min(seconds, part * self.run.deadline().left_s))

    def usable(self, names: Any) -> list[str]:
        """Return those heuristics that can be had."""
        return [name for name in names if name not in self._unusable]

    def tried(self, name: str, domain: Domain | None = None) -> Tried:
        """Return what is known of a heuristic on the domain, or on another form of it."""
        return self._tried.setdefault((domain or self.domain, name), Tried())

    def searched_s(self, name: str) -> float:
        """Return for how long was searched with a heuristic, if that search can go on."""
        probe = self.tried(name).probe
        return probe.search_s if probe is not None and probe.is_held else 0.0

    def ranking(self) -> list[tuple[float, Probe]]:
        """Return what is foretold of the heuristics that were tried on the domain, the best first."""
        names = self.usable(self.domain.candidates)
        return ranking([one for name in names if (one := self.tried(name).probe) is not None])

    # --- what is done ---

    def use(self, domain: Domain) -> None:
        """Search another form of the instance from now on; what was tried on this one stays."""
        self.domain = domain

    def forget_others(self) -> None:
        """Forget what was tried on other forms of the instance."""
        self._tried = {key: one for key, one in self._tried.items() if key[0] is self.domain}
        self._built = {key: one for key, one in self._built.items() if key[0] is made_for(self.domain)}
        self.elsewhere = {key: one for key, one in self.elsewhere.items() if key[0] is made_for(self.domain)}

    def task(self, name: str, end: Deadline | None = None) -> Task:
        """Return the task with a heuristic, whose tables must be built until a deadline."""
        one, plain = self.tried(name), self.domain.without_pruning()
        if one.task is None:
            self.domain.deadline = end or self.run.deadline()
            n_ranks = None if self.comm is None or self.comm.size == 1 else self.comm.size
            owners = self._owners.get(plain, self.distribution)
            self.bring(name)
            heuristic = self._built.get((made_for(self.domain), name), name)
            one.task = task_of_ranks(self.comm, self.run, self.domain, heuristic, owners, n_ranks)
            self._owners[plain] = one.task.distribution
            self._built[made_for(self.domain), name] = one.task.heuristic
        return one.task

    def bring(self, name: str) -> None:
        """Let all ranks have the tables of a heuristic, if one of them has."""
        key = made_for(self.domain), name
        if key not in self.elsewhere:
            return
        root, arrays = self.elsewhere.pop(key)

        def make() -> Heuristic:
            return make_heuristic(self.domain, name, lambda _: self.comm.share(lambda: arrays, root))

        with self.run.phase("heuristic"):
            self._built[key] = self.comm.together(make)

    def go_on(self, name: str, seconds: float, build_s: float = math.inf) -> None:
        """Search with a heuristic for so many seconds, from where it stopped.

        A search that ends, or may not go on, is the answer. A heuristic that cannot be had is left out from then on.
        One whose tables take longer than ``build_s`` may be tried again.
        """
        if self.ended or name in self._unusable or not self._has_room(self.tried(name).hold):
            return
        began_s = self.run.total_s
        try:
            task = self._prepared(name, build_s)
            built_s = self.run.total_s - began_s
            with self.run.phase("short searches", is_watched=False):
                self._search(name, task, seconds, built_s)
        except (BadInputError, MemoryLimitError) as error:  # does not fit the task, or leaves no room for nodes
            if self.comm is not None and self.comm.size > 1 and not error.is_shared:
                raise  # a fault of the domain that one rank has met: the others are still searching
            self.leave_out([name])
        except TimeLimitError:  # that of the tables, or of the short search while something was compiled on the way
            if self.why_over() is not None:
                raise
            if self.tried(name).task is not None:
                self.leave_out([name])

    def _prepared(self, name: str, build_s: float) -> Task:
        """Return the task with a heuristic; its kernels are compiled."""
        task = self.task(name, self.run.deadline(self.agreed(min(self.run.deadline().left_s, build_s))))
        began_s = self.run.total_s

        def act() -> None:
            if isinstance(self.searcher, HdaStar):  # or it would be compiled in the time of the short search
                self.searcher.compile_all(task, self.run, self.comm)
            else:
                compile_kernels(task, self.searcher.batch, self.searcher.open_list)

        with self.run.phase("compile"):
            act() if self.comm is None else self.comm.in_turn(act)
        self.compile_s += self.run.total_s - began_s
        return task

    def leave_out(self, names: Iterable[str]) -> None:
        """Try some heuristics no more."""
        for name in names:
            self._unusable.add(name)
            self._tried.pop((self.domain, name), None)
            for tables in (self._built, self.elsewhere):
                tables.pop((made_for(self.domain), name), None)

    def _search(self, name: str, task: Task, seconds: float, built_s: float) -> None:
        one = self.tried(name)
        before = 0 if one.probe is None or one.hold.rank is None else one.probe.expanded
        part = self._portion(seconds, one.hold, before)
        try:
            outcome = self.searcher.go_on(task, part, self.comm, one.hold)
        finally:
            part.tell = None  # knows part itself and the rank, whose nodes would stay until Python looks for cycles
        self.spent += sum(rank.expanded for rank in outcome.ranks) - before
        if not any(rank.stored for rank in outcome.ranks):  # memory was full before there was a node
            one.hold = Hold()
        self._note(one, task, outcome, built_s)
        self._give_up_some()

    def _portion(self, seconds: float, hold: Hold, before: int) -> Run:
        """Return the run of a short search, which has expanded so many nodes before."""
        part = proved_before(self.run, self.bound)
        part.checkpoints, part.before_s = None, 0.0
        so_far, limits = self.run.total_s + self.run.spent_s, self.run.limits
        memory = self.memory_bytes
        part.limits = dataclasses.replace(
            limits,
            time_s=min(limits.time_s, so_far + seconds),
            nodes=max(1, limits.nodes - self.spent + before),
            memory_bytes=None if memory is None else max(MIN_MEMORY, memory - self._held_bytes() + hold.used_bytes),
        )
        return part

    def new_rank(self, task: Task) -> LocalSearch:
        """Return this rank without nodes, in the memory that other searches leave; there must be several ranks."""
        assert isinstance(self.searcher, HdaStar)
        return self.searcher.rank_of(task, self._portion(0.0, Hold(), 0), self.comm)

    def _note(self, one: Tried, task: Task, outcome: Outcome, built_s: float) -> None:
        """Keep what a short search has shown."""
        one.probe = self.agreed(self._probe_of(one, task, outcome, built_s))
        one.expanded_below = outcome.expanded_below or (lambda bound: 0)
        self.probes.append(one.probe)
        self.bound = max(self.bound, outcome.lower_bound)
        if outcome.plan is not None and (self.plan is None or outcome.incumbent < self.plan.outcome.incumbent):
            self.plan = Known(outcome, task)
        over = self.why_over()
        if outcome.stop is None or over is not None:
            self.ended = dataclasses.replace(outcome, stop=outcome.stop and over), task
        elif self.plan is not None and self.bound >= self.plan.outcome.incumbent:
            self.ended = dataclasses.replace(self.plan.outcome, stop=None, lower_bound=self.bound), self.plan.task

    def why_over(self) -> Status | None:
        """Return why nothing more may be tried; there is no checkpoint yet, so no search is to go on from one."""
        over = self.agreed(self.run.why_stop(self.spent))
        return Status.INTERRUPTED if over is Status.CHECKPOINTED else over

    def _probe_of(self, one: Tried, task: Task, outcome: Outcome, built_s: float) -> Probe:
        expanded = sum(rank.expanded for rank in outcome.ranks)
        stored, used = sum(rank.stored for rank in outcome.ranks), sum(rank.memory_bytes for rank in outcome.ranks)
        most = self.most_bytes(task.table_bytes)
        bound, below = min(outcome.lower_bound, outcome.incumbent), outcome.expanded_below
        initial_h = min(task.heuristic.value(task.domain.initial), outcome.lower_bound)
        search_s = round(outcome.search_s, 3)
        return Probe(
            heuristic=task.heuristic.label,
            build_s=round(built_s + (one.probe.build_s if one.probe else 0.0), 3),
            search_s=search_s,
            initial_h=initial_h,
            lower_bound=bound,
            expanded=expanded,
            below=expanded if below is None else below(bound),
            layers=() if below is None or bound >= INFINITY else layers_of(below, initial_h, bound),
            late_s=_late_s(one.probe, search_s, expanded),
            room=expanded * max(1.0, most * len(outcome.ranks) / max(1, used)) if stored else math.inf,
            is_full=outcome.stop is Status.MEMORY_LIMIT,
            is_held=one.hold.rank is not None,
        )

    # --- memory ---

    def most_bytes(self, held: int = 0) -> int:
        """Return the bytes that this rank may use, of which it holds some already."""
        return self.run.limits.memory(1 if self.comm is None else self.comm.ranks_of_node(), held)

    def _held_bytes(self) -> int:
        held = sum(one.hold.used_bytes for one in self._tried.values())
        return held if self.comm is None else max(self.comm.exchange(held))

    def _has_room(self, hold: Hold) -> bool:
        """Say whether a search can go on, or begin, beside those that stand still."""
        memory = self.memory_bytes
        return memory is None or hold.rank is not None or self._held_bytes() <= (1 - _ROOM) * memory

    def _give_up_some(self) -> None:
        """Give up searches that stand still, the worst first, until all together take no more than their share."""
        most = self.agreed(self.most_bytes())
        places = {id(self.tried(one.heuristic)): place for place, (_, one) in enumerate(self.ranking())}
        for one in sorted(self._tried.values(), key=lambda one: -places.get(id(one), len(places)))[:-1]:
            if self._held_bytes() <= _HELD * most:
                break
            give_up(one)
        for key, one in self._tried.items():
            if one.hold.rank is None and one.task is not None and one.task.table_bytes > _TABLES * most:
                one.task = None
                self._built.pop((made_for(key[0]), key[1]), None)

    def give_up_all(self) -> None:
        """Give up all searches, but not their tables."""
        for one in self._tried.values():
            give_up(one)

    def give_up_others(self, name: str) -> None:
        """Give up all searches but one, with their tables."""
        self._tried = {(self.domain, name): self.tried(name)}
        self._built = {key: one for key, one in self._built.items() if key == (made_for(self.domain), name)}
        self.elsewhere = {key: one for key, one in self.elsewhere.items() if key == (made_for(self.domain), name)}


def made_for(domain: Domain) -> Domain:
    """Return the form of the instance for which tables can be made that hold for this one."""
    return domain if domain.leaves_reachable else domain.without_pruning()


def give_up(one: Tried) -> None:
    """Forget a search that stands still; what it has shown stays."""
    one.hold = Hold()
    if one.probe is not None:
        one.probe = dataclasses.replace(one.probe, is_held=False)


def _late_s(before: Probe | None, search_s: float, expanded: int) -> float:
    """Return the seconds for an expansion since the short search before."""
    if before is None or not before.is_held or search_s - before.search_s < _LATE_S or expanded <= before.expanded:
        return before.late_s if before is not None and before.is_held else 0.0
    return (search_s - before.search_s) / (expanded - before.expanded)
