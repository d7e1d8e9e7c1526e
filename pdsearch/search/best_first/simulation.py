"""HDA* on any number of simulated ranks in one process: the rank code of the real search.

Used to hunt wrong answers and hangs through thousands of schedules, and to predict the
overheads of more ranks than the machine has cores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pdsearch.comm.simulated import Network
from pdsearch.kernels.protocol import NEVER
from pdsearch.limits import Limits
from pdsearch.result import Result, Status
from pdsearch.search.best_first.local_search import Rank
from pdsearch.search.best_first.report import Clock, assemble, ending, report
from pdsearch.search.best_first.step import GOAL_COST
from pdsearch.search.best_first.trace import Asked, trace
from pdsearch.search.best_first.worker import Member
from pdsearch.search.task import Problem


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

    problem: Problem
    network: Network
    members: list[Member]
    turns: int = 0


class NeverEndsError(AssertionError):
    """A simulated search went on for longer than any right one would."""


def simulate(
    problem: Problem,
    schedule: Schedule,
    limits: Limits | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    max_turns: int = 10_000_000,
) -> tuple[Result, Simulation]:
    """Run HDA* on ``problem.n_ranks`` simulated ranks.

    Raises
    ------
    NeverEndsError
        After ``max_turns`` turns of single ranks.
    """
    clock = Clock.start()
    limits = limits or Limits()
    network = Network(problem.n_ranks, schedule.seed, schedule.slowness)
    memory = limits.memory(problem.n_ranks, problem.table_bytes)
    members = [
        Member(
            Rank(problem, rank, memory, schedule.message, schedule.batch),
            network.communicator(rank),
            limits,
            interrupted,
            schedule.budget,
        )
        for rank in range(problem.n_ranks)
    ]
    simulation = Simulation(problem, network, members)
    _run(simulation, schedule, max_turns)
    return result_of(problem, members, clock, schedule.seed), simulation


def _run(simulation: Simulation, schedule: Schedule, max_turns: int) -> None:
    """Let ranks take turns in random order until each knows that the search is over."""
    rng = np.random.default_rng([schedule.seed, 1])
    members = simulation.members
    weights = 1 - rng.random(len(members)) * (1 - schedule.fairness)
    edges = np.cumsum(weights) / weights.sum()
    running = len(members)
    while running:
        for number in np.searchsorted(edges, rng.random(256)).tolist():
            member = members[min(number, len(members) - 1)]
            if member.agreement.over:
                continue
            running -= member.turn()
            simulation.turns += 1
        if simulation.turns > max_turns:
            raise NeverEndsError(f"{problem_name(simulation)} still runs after {simulation.turns} turns")


def problem_name(simulation: Simulation) -> str:
    """Return what is searched, for messages."""
    return f"{simulation.problem.domain.name} {simulation.problem.domain.instance}"


def result_of(problem: Problem, members: list[Member], clock: Clock, seed: int) -> Result:
    """Trace the plan and add up the counts of ranks that know that the search is over."""
    last = members[0].agreement.last
    plan = None
    if last.incumbent < NEVER:
        finder = next(m.rank.rank for m in members if m.rank.tallies[GOAL_COST] == last.incumbent)

        def ask(rank: int | None, question: Asked) -> Any:
            return [question(member.rank) for member in members] if rank is None else question(members[rank].rank)

        plan = trace(problem, finder, ask)
    stop = Status(last.stop) if last.stop else None
    reports = [report(m.rank, m.sent, m.received, m.messages) for m in members]
    end = ending(problem, last.incumbent, last.least_f, stop, plan)
    return assemble(problem, "HDA* (simulated)", end, reports, clock.search_s, clock, seed)
