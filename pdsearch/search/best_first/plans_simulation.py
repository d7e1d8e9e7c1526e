"""More than one plan on simulated ranks: the code of the real search, under schedules as bad as one likes."""

from __future__ import annotations

import dataclasses
from typing import Any

from pdsearch.comm.simulated import Network
from pdsearch.comm.termination import Round
from pdsearch.search.best_first.many_plans import ManyPlans, PlansResult
from pdsearch.search.best_first.plans_rank import PlansRank
from pdsearch.search.best_first.plans_together import SharedExploring
from pdsearch.search.best_first.report import Report, report
from pdsearch.search.best_first.simulation import Schedule, Simulation, take_turns
from pdsearch.search.best_first.worker import Worker
from pdsearch.search.finish import finish
from pdsearch.search.run import Run
from pdsearch.search.task import Task


class SimulatedPlans(SharedExploring):
    """All ranks in this process.

    Parameters
    ----------
    task, run : Task, Run
        What is searched, and under which conditions.
    schedule : Schedule
        How the simulated machine behaves.
    max_turns : int
        Of single ranks, after which a search will never end.
    """

    def __init__(self, task: Task, run: Run, schedule: Schedule, max_turns: int = 10_000_000) -> None:
        memory = run.limits.memory(task.n_ranks, task.table_bytes)
        numbers = range(task.n_ranks)
        super().__init__(task, run, [PlansRank(task, one, memory, schedule.message, schedule.batch) for one in numbers])
        self._schedule, self._max_turns = schedule, max_turns
        self._network = Network(task.n_ranks, schedule.seed, schedule.slowness)
        self._comms = [self._network.communicator(one) for one in numbers]
        self.workers: list[Worker] = []

    def exchange(self, mine: list[Any]) -> list[Any]:
        """Return what all say."""
        return mine

    def gather(self, mine: list[Any]) -> list[Any] | None:
        """Return what all say."""
        return mine

    def drive(self) -> Round:
        """Let ranks take turns in random order."""
        before, budget = self.workers, self._schedule.budget
        pairs = zip(self.ranks, self._comms, strict=True)
        self.workers = [Worker(rank, comm, self._run, budget, begins=not before) for rank, comm in pairs]
        for one, other in zip(self.workers, before, strict=False):
            one.count_on(other)
        take_turns(Simulation(self.task, self._network, self.workers), self._schedule, self._max_turns)
        return self.workers[0].agreement.last

    def reports(self) -> list[Report]:
        """Return what all counted."""
        return [report(one.local, one.sent, one.received, one.messages) for one in self.workers]


def simulate_plans(task: Task, schedule: Schedule, kind: ManyPlans, run: Run | None = None) -> PlansResult:
    """Search for more than one plan on ``task.n_ranks`` simulated ranks; the seed of the result is the schedule's."""
    run = dataclasses.replace(run or Run(), seed=schedule.seed)
    run.search_begins()
    result = finish(task, run, kind.explored(SimulatedPlans(task, run, schedule), run))
    assert isinstance(result, PlansResult)
    return result
