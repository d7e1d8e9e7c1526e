"""Several ranks that explore for more than one plan, and the processes that do it by the worker of HDA*."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from pdsearch.comm.termination import Round
from pdsearch.errors import MemoryLimitError
from pdsearch.result import Status
from pdsearch.search.best_first.hdastar import FIRST_MESSAGE, HdaStar
from pdsearch.search.best_first.local_search import compile_kernels
from pdsearch.search.best_first.plan_graph import Read, StoppedError
from pdsearch.search.best_first.plans_rank import PlansRank
from pdsearch.search.best_first.report import Report, report
from pdsearch.search.best_first.shared_plan_graph import compile_shared_graph, shared_graph
from pdsearch.search.best_first.trace import Asked, trace
from pdsearch.search.best_first.worker import Worker
from pdsearch.search.run import Run
from pdsearch.search.task import Task

Value = TypeVar("Value")


class SharedExploring(ABC):
    """Ranks of whatever kind; see :class:`~pdsearch.search.best_first.plans_alone.Exploring`.

    Parameters
    ----------
    task, run : Task, Run
        What is searched, and under which conditions.
    ranks : list of PlansRank
        Those of this process.
    """

    def __init__(self, task: Task, run: Run, ranks: list[PlansRank]) -> None:
        self.task, self.ranks = task, ranks
        self._run, self._last, self._why = run, Round(), list[Status]()

    # --- what ranks of one kind do ---

    @abstractmethod
    def exchange(self, mine: list[Any]) -> list[Any]:
        """Return what all ranks say, in their order."""

    @abstractmethod
    def gather(self, mine: list[Any]) -> list[Any] | None:
        """Return it where rank 0 is, None elsewhere."""

    @abstractmethod
    def drive(self) -> Round:
        """Search until nothing is open below the end, or somebody stops; return the last round."""

    @abstractmethod
    def reports(self) -> list[Report]:
        """Return what all ranks counted."""

    # --- what all do ---

    @property
    def last(self) -> Round:
        """Return how far they are."""
        return self._last

    @property
    def least(self) -> int:
        """Return the least g of a goal that was expanded."""
        return int(min(self.exchange([rank.least for rank in self.ranks])))

    @property
    def why_stopped(self) -> Status:
        """Return why somebody stopped."""
        told = self.exchange([self._why for _ in self.ranks])
        return next((why for whys in told for why in whys), Status.INTERRUPTED)

    def want(self, within: int) -> None:
        """Say that no plan of a larger cost is wanted."""
        for rank in self.ranks:
            rank.wanted_f = within

    def explore(self, within: int | None) -> None:
        """Expand all of f up to a bound."""
        for rank in self.ranks if within is not None else []:
            rank.go_up_to(int(within or 0))
        self._last = self.drive()
        if self._last.stop:
            self._why.append(Status(self._last.stop))
            raise StoppedError
        if within is None:
            known = self.least
            for rank in self.ranks:
                rank.known = known

    def graph(self, least: int, within: int) -> Read:
        """Gather the graph."""
        return shared_graph(self, least, within, self.stops)

    def first(self, act: Callable[[], Value]) -> Value:
        """Do it on the first rank; what stops it stops all."""
        value, error = None, None
        if self.ranks[0].rank == 0:
            try:
                value = act()
            except (StoppedError, MemoryLimitError) as why:
                error = why
        value, error = self.told((value, error))
        if error is not None:
            raise error
        return value  # type: ignore[return-value]

    def told(self, value: Value) -> Value:
        """Return the value of the first rank."""
        told: Value = self.exchange([value if rank.rank == 0 else None for rank in self.ranks])[0]
        return told

    def stops(self) -> bool:
        """Say whether this rank has to stop."""
        why = self._run.why_stop()
        if why is not None:
            self._why.append(why)
        return why is not None

    def best_plan(self) -> list[int]:
        """Trace a plan of the least cost through the tables of all."""

        def ask(rank: int | None, question: Asked) -> Any:
            answers = [question(one) if rank in (None, one.rank) else None for one in self.ranks]
            everywhere = self.exchange(answers)
            return everywhere if rank is None else everywhere[rank]

        costs = self.exchange([rank.least for rank in self.ranks])
        return trace(self.task, costs.index(min(costs)), ask)


class PlansWorker(Worker):
    """Drives one rank, whose incumbent is no plan's cost once that is known."""

    local: PlansRank

    @property
    def so_far(self) -> Round:
        """Return the last round with the cost of the best plan."""
        return dataclasses.replace(self.agreement.last, incumbent=min(self.agreement.last.incumbent, self.local.known))


class _Searching(HdaStar):
    rank_type = PlansRank
    worker_type = PlansWorker


def _compile(task: Task) -> None:
    compile_kernels(task)
    compile_shared_graph(task)


class Together(SharedExploring):
    """One rank in each process.

    Parameters
    ----------
    task, run : Task, Run
        What is searched, and under which conditions.
    comm : Carrier
        All its ranks must call.
    """

    def __init__(self, task: Task, run: Run, comm: Any) -> None:
        with run.phase("compile"):
            comm.in_turn(lambda: _compile(task))
        memory = run.limits.memory(comm.ranks_of_node(), task.table_bytes)
        rank = comm.together(lambda: PlansRank(task, comm.rank, memory, FIRST_MESSAGE))
        super().__init__(task, run, [rank])
        run.interrupted()  # from here on every rank remembers a signal, instead of raising, before any of them searches
        comm.barrier()
        self._comm, self._search, self._idle_s = comm, _Searching(), 0.0
        self._worker: Worker | None = None

    def exchange(self, mine: list[Any]) -> list[Any]:
        """Return what all ranks say."""
        return [told for one in self._comm.exchange(mine) for told in one]

    def gather(self, mine: list[Any]) -> list[Any] | None:
        """Return it on rank 0."""
        gathered: list[Any] | None = self._comm.gather(mine[0])
        return gathered

    def drive(self) -> Round:
        """Take turns."""
        self._worker, idle_s = self._search.work(self.ranks[0], self._run, self._comm, False, self._worker)
        self._idle_s += idle_s
        return self._worker.agreement.last

    def reports(self) -> list[Report]:
        """Return what all ranks counted."""
        worker = self._worker
        sent = (worker.sent, worker.received, worker.messages) if worker is not None else (0, 0, 0)
        return self.exchange([report(self.ranks[0], *sent, self._idle_s)])
