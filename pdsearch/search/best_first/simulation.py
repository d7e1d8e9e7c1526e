"""HDA* on any number of simulated ranks in one process: the rank code of the real search.

Used to hunt wrong answers and hangs through thousands of schedules, and to predict the
overheads of more ranks than the machine has cores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pdsearch.comm.simulated import Network
from pdsearch.result import Result, Status
from pdsearch.search.best_first.below import Below
from pdsearch.search.best_first.continuation import After, may_go_on, new_engine, plan_of, search_below
from pdsearch.search.best_first.hdastar import HdaStar
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
) -> tuple[Result, Simulation]:
    """Run HDA*, or a ``kind`` of it, on ``task.n_ranks`` simulated ranks; the seed of the result is the schedule's.

    ``when_full`` is that of :class:`~pdsearch.search.best_first.hdastar.HdaStar`.

    Raises
    ------
    NeverEndsError
        After ``max_turns`` turns of single ranks.
    """
    run = dataclasses.replace(run or Run(), seed=schedule.seed)
    outcome, simulation = simulated_outcome(task, schedule, run, max_turns, when_full, kind)
    return finish(task, run, outcome), simulation


def simulated_outcome(
    task: Task,
    schedule: Schedule,
    run: Run,
    max_turns: int = 10_000_000,
    when_full: str = "stop",
    kind: HdaStar | None = None,
) -> tuple[Outcome, Simulation]:
    """Do the same, and return what the search hands in."""
    kind = kind or HdaStar()
    network = Network(task.n_ranks, schedule.seed, schedule.slowness)
    memory = run.limits.memory(task.n_ranks, task.table_bytes)
    workers = [
        kind.worker_type(
            kind.rank_type(task, rank, memory, schedule.message, schedule.batch),
            network.communicator(rank),
            run,
            schedule.budget,
            keeps=may_go_on(task, when_full),
        )
        for rank in range(task.n_ranks)
    ]
    simulation = Simulation(task, network, workers)
    _run(simulation, schedule, max_turns)
    after = _search_on(task, workers, run) if may_go_on(task, when_full) else None
    return outcome_of_workers(task, workers, after, kind.trace, search_s=run.search_s), simulation


def _search_on(task: Task, workers: Sequence[Worker], run: Run) -> After | None:
    """Search below the open nodes of all ranks, if memory was full."""
    last = workers[0].agreement.last
    if last.stop != Status.MEMORY_LIMIT.value:
        return None
    engine = new_engine(task)
    ranks = [Below(one.local, engine.fresh(), one.without_table(), lambda: False) for one in workers]
    return search_below(ranks, run, lambda facts: facts, last.incumbent, last.expanded)


def _run(simulation: Simulation, schedule: Schedule, max_turns: int) -> None:
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
    task: Task, workers: Sequence[Worker], after: After | None = None, trace: Trace = trace, **more: Any
) -> Outcome:
    """Trace the plan and add up the counts of ranks that know that the search is over."""
    last = workers[0].agreement.last

    def ask(rank: int | None, question: Asked) -> Any:
        return [question(one.local) for one in workers] if rank is None else question(workers[rank].local)

    plan = None
    if after is not None and after.found is not None:
        plan = plan_of(task, after.found, ask)
    elif last.incumbent < task.upper_bound:
        finder = next(one.local.rank for one in workers if one.local.statistics[GOAL_COST] == last.incumbent)
        plan = trace(task, finder, ask)
    reports = [report(one.local, one.sent, one.received, one.messages) for one in workers]
    return outcome_of(task, "HDA* (simulated)", reports, last, after, plan=plan, **more)
