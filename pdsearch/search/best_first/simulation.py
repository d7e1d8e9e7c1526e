"""HDA* on any number of simulated ranks in one process: the rank code of the real search.

Used to hunt wrong answers and hangs through thousands of schedules, and to predict the
overheads of more ranks than the machine has cores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pdsearch.comm.simulated import Network
from pdsearch.comm.termination import Round
from pdsearch.heuristics import Heuristic
from pdsearch.result import Result, Status
from pdsearch.search.best_first.after import After, Save
from pdsearch.search.best_first.broadcast import telling
from pdsearch.search.best_first.continuation import (
    Solved,
    begins_again,
    may_go_on,
    memory_again,
    memory_before,
    plan_through,
    search_on,
)
from pdsearch.search.best_first.dealt import Dealt
from pdsearch.search.best_first.hdastar import HdaStar
from pdsearch.search.best_first.layer_worker import LayerWorker
from pdsearch.search.best_first.layered import Layered
from pdsearch.search.best_first.report import outcome_of, report
from pdsearch.search.best_first.step import GOAL_COST
from pdsearch.search.best_first.trace import Asked, Trace, trace
from pdsearch.search.best_first.worker import Worker
from pdsearch.search.finish import Outcome, finish
from pdsearch.search.run import Run
from pdsearch.search.task import Task


@dataclass(frozen=True)
class Schedule:
    """How the simulated machine behaves.

    Attributes
    ----------
    seed : int
        Of delays and of the order in which ranks run.
    slowness : float
        Of the network, in [0, 1); see :class:`~pdsearch.comm.simulated.Network`.
    fairness : float
        1 gives every rank the same share of turns; near 0 some ranks hardly run.
    message, batch, budget : int
        Records per message, nodes expanded together, expansions per turn.
    """

    seed: int = 0
    slowness: float = 0.0
    fairness: float = 1.0
    message: int = 100
    batch: int = 4
    budget: int = 64

    @classmethod
    def random(cls, seed: int) -> Schedule:
        """Draw an adversarial schedule."""
        rng = np.random.default_rng(seed)
        return cls(
            seed=seed,
            slowness=float(rng.choice([0.0, 0.5, 0.9, 0.98])),
            fairness=float(rng.choice([1.0, 0.5, 0.05])),
            message=int(rng.choice([1, 3, 20, 100])),
            batch=int(rng.choice([1, 2, 8])),
            budget=int(rng.choice([1, 5, 30, 200])),
        )


@dataclass
class Simulation:
    """A finished (or running) simulated search; tests look into its ranks."""

    task: Task
    network: Network
    workers: list[Worker]
    turns: int = 0


class NeverEndsError(AssertionError):
    """A simulated search went on for longer than any right one would."""


def simulate(
    task: Task,
    schedule: Schedule,
    run: Run | None = None,
    max_turns: int = 10_000_000,
    when_full: str = "stop",
    kind: HdaStar | None = None,
    machines: Sequence[Heuristic] = (),
) -> tuple[Result, Simulation]:
    """Run HDA*, or a ``kind`` of it, on ``task.n_ranks`` simulated ranks; the seed of the result is the schedule's.

    ``when_full`` is that of :class:`~pdsearch.search.best_first.hdastar.HdaStar`. ``machines`` hold the heuristic as
    each of several machines has built it: rank r is on the machine r mod their number.

    Raises
    ------
    NeverEndsError
        After ``max_turns`` turns of single ranks.
    """
    run = dataclasses.replace(run or Run(), seed=schedule.seed)
    outcome, simulation = simulated_outcome(task, schedule, run, max_turns, when_full, kind, machines)
    return finish(task, run, outcome), simulation


def simulated_outcome(
    task: Task,
    schedule: Schedule,
    run: Run,
    max_turns: int = 10_000_000,
    when_full: str = "stop",
    kind: HdaStar | None = None,
    machines: Sequence[Heuristic] = (),
) -> tuple[Outcome, Simulation]:
    """Do the same, and return what the search hands in."""
    kind, machines = kind or HdaStar(), machines or [task.heuristic]
    tasks = [replace(task, heuristic=heuristic) for heuristic in machines]
    network = Network(task.n_ranks, schedule.seed, schedule.slowness, len(tasks))
    memory = run.limits.memory(task.n_ranks, task.table_bytes)
    workers = [
        kind.worker_type(
            kind.rank_type(tasks[rank % len(tasks)], rank, memory, schedule.message, schedule.batch),
            network.communicator(rank),
            run,
            schedule.budget,
            keeps=may_go_on(task, when_full),
        )
        for rank in range(task.n_ranks)
    ]
    simulation = Simulation(task, network, workers)
    goes_on = may_go_on(task, when_full)
    for one in workers if goes_on else []:
        one.local.memory_limit = memory_before(task, when_full, memory)
    with ExitStack() as stack:
        for one in workers:
            stack.enter_context(telling(one.local, one.comm))
        take_turns(simulation, schedule, max_turns)
    last, plan = workers[0].agreement.last, _traced(task, workers, kind.trace)
    if goes_on and last.stop == Status.MEMORY_LIMIT.value and begins_again(task):
        simulation.workers = workers = [_again(one, run, schedule.budget, memory) for one in workers]
        take_turns(simulation, schedule, max_turns)
        last = replace(workers[0].agreement.last, least_f=max(last.least_f, workers[0].agreement.last.least_f))
        plan = _traced(task, workers, kind.trace) or plan
    after = None
    if goes_on and last.stop == Status.MEMORY_LIMIT.value:
        after, plan = _search_on(simulation, last, plan, schedule, run, memory, max_turns, kind)
    return outcome_of_workers(task, workers, last, after, plan=plan, search_s=run.search_s), simulation


def _again(worker: Worker, run: Run, budget: int, memory: int) -> Worker:
    """Return a worker that begins again, in less memory."""
    worker.local.begin_again()
    worker.local.memory_limit = memory_again(worker.local, memory)
    new = type(worker)(worker.local, worker.comm, run, budget, keeps=True)
    new.count_on(worker)
    return new


def _traced(task: Task, workers: Sequence[Worker], trace: Trace) -> list[int] | None:
    """Return the cheapest plan that is in the tables."""

    def ask(rank: int | None, question: Asked) -> Any:
        return [question(one.local) for one in workers] if rank is None else question(workers[rank].local)

    costs = [int(one.local.statistics[GOAL_COST]) for one in workers]
    return trace(task, costs.index(min(costs)), ask) if min(costs) < task.upper_bound else None


def _search_on(
    simulation: Simulation,
    last: Round,
    plan: list[int] | None,
    schedule: Schedule,
    run: Run,
    memory: int,
    max_turns: int,
    kind: HdaStar,
) -> tuple[After, list[int] | None]:
    """Search below the open nodes of all ranks; return how that ended, and the plan."""
    workers = simulation.workers
    crew = _Simulated(simulation, schedule, memory, max_turns)

    def ask(rank: int | None, question: Asked) -> Any:
        return [question(one.local) for one in workers] if rank is None else question(workers[rank].local)

    def again(task: Task, run: Run) -> Solved:
        outcome, _ = simulated_outcome(task, schedule, run, max_turns, "continue", kind)
        counts = [(one.generated, one.expanded) for one in outcome.ranks]
        return Solved(outcome.plan, outcome.stop, counts)

    after = search_on(crew, run, last)
    if after.found is None:
        return after, plan
    plan, after = plan_through(crew, run, last.expanded, after, ask, again)
    return after, plan


class _Simulated:
    """Simulated ranks; see :class:`pdsearch.search.best_first.after.Crew`."""

    def __init__(self, simulation: Simulation, schedule: Schedule, memory: int, max_turns: int) -> None:
        self._simulation, self._schedule, self._max_turns = simulation, schedule, max_turns
        self.ranks = [one.local for one in simulation.workers]
        self.unsent, self.memory = [one.without_table() for one in simulation.workers], memory

    def in_turn(self, make: Callable[[], Any]) -> Any:
        return make()

    def exchange(self, mine: list[Any]) -> list[Any]:
        return mine

    def drive(self, ranks: Sequence[Layered] | Sequence[Dealt], run: Run, save: Save | None = None) -> Round:
        above, budget = self._simulation.workers, self._schedule.budget
        workers = [LayerWorker(ranks[i], one.comm, run, budget) for i, one in enumerate(above)]
        below = Simulation(ranks[0].task, self._simulation.network, list(workers))
        take_turns(below, self._schedule, self._max_turns)
        for one, more in zip(self._simulation.workers, workers, strict=True):
            one.count_on(more)
        return workers[0].agreement.last


def take_turns(simulation: Simulation, schedule: Schedule, max_turns: int) -> None:
    """Let ranks take turns in random order until each knows that the search is over."""
    rng = np.random.default_rng([schedule.seed, 1])
    workers = simulation.workers
    weights = 1 - rng.random(len(workers)) * (1 - schedule.fairness)
    edges = np.cumsum(weights) / weights.sum()
    running = len(workers)
    while running:
        for number in np.searchsorted(edges, rng.random(256)).tolist():
            worker = workers[min(number, len(workers) - 1)]
            if worker.agreement.over:
                continue
            running -= worker.turn()
            simulation.turns += 1
        if simulation.turns > max_turns:
            domain = simulation.task.domain
            raise NeverEndsError(f"{domain.name} {domain.instance} still runs after {simulation.turns} turns")


def outcome_of_workers(
    task: Task, workers: Sequence[Worker], last: Round | None = None, after: After | None = None, **more: Any
) -> Outcome:
    """Add up the counts of ranks that know that the search is over; trace the plan if it is not given."""
    if "plan" not in more:
        more["plan"] = _traced(task, workers, trace)
    reports = [report(one.local, one.sent, one.received, one.messages) for one in workers]
    return outcome_of(task, "HDA* (simulated)", reports, last or workers[0].agreement.last, after, **more)
