"""HDA* over real ranks: every process drives one worker until all agree that it is over.

Source: Kishimoto, Fukunaga and Botea (2009), "Scalable, parallel best-first search for optimal
sequential planning", ICAPS.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from pdsearch._jit import prune
from pdsearch.comm.termination import Round
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import count
from pdsearch.options import Option
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.packing import AdaptivePacking, FixedPacking
from pdsearch.search.best_first.report import outcome_of, progress_of, report
from pdsearch.search.best_first.step import GOAL_COST
from pdsearch.search.best_first.trace import Asked, trace
from pdsearch.search.best_first.worker import Worker
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Run
from pdsearch.search.task import Task

FIRST_MESSAGE = 500  # records, until the first measurement
_YIELDS = 200  # idle turns that only yield the core, before a rank begins to sleep
_NAP_S = 50e-6
_yield_core: Callable[[], object] = getattr(os, "sched_yield", lambda: time.sleep(0))  # macOS has none

MESSAGE_SIZE = Option(
    "message_size",
    "nodes per message between ranks (default: chosen while running)",
    None,
    count,
    "N",
    aliases=("--batch",),
)


@ALGORITHMS.add("hdastar")
class HdaStar(Algorithm):
    """Hash-distributed A*: every state has one owner among the ranks, to which it is sent.

    Parameters
    ----------
    message_size : int, optional
        Records per message; as many as measurement finds best when left out.
    batch : int, optional
        Nodes expanded together; what suits the heuristic when left out.
    open_list : {"auto", "bucket", "heap"}
        Buckets when costs are small enough for them.
    """

    name = "hdastar"
    source = "Kishimoto, Fukunaga and Botea (2009), ICAPS"
    label = "HDA*"
    options = (MESSAGE_SIZE,)
    is_distributed = True
    needs_comm = True

    def __init__(self, message_size: int | None = None, batch: int | None = None, open_list: str = "auto") -> None:
        self.message_size, self.batch, self.open_list = message_size, batch, open_list

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Take turns until the ranks agree that it is over."""
        memory = run.limits.memory(comm.ranks_of_node(), task.table_bytes)
        with run.phase("compile"):
            comm.in_turn(lambda: compile_kernels(task, self.batch, self.open_list))
        if comm.rank == 0:
            prune()
        first = self.message_size or FIRST_MESSAGE
        rank = comm.together(lambda: LocalSearch(task, comm.rank, memory, first, self.batch, self.open_list))
        run.interrupted()  # from here on every rank remembers a signal, instead of raising, before any of them searches
        comm.barrier()
        run.search_begins()
        packing = FixedPacking() if self.message_size else AdaptivePacking(comm.size, task.record_words, _call_s(rank))
        worker = Worker(rank, comm, run, packing=packing)
        run.tell = lambda: progress_of(run, worker.agreement.last)
        idle_s = _drive(worker, run, speaks=comm.rank == 0)
        search_s = run.search_s
        last = worker.agreement.last
        reports = comm.gather(report(rank, worker.sent, worker.received, worker.messages, idle_s))
        plan = _plan(task, comm, rank, last)
        reports = comm.broadcast(reports, 0)
        return outcome_of(task, self.label, reports, last, plan=plan, search_s=comm.broadcast(search_s, 0))


def _call_s(rank: LocalSearch) -> float:
    """Return the seconds of calling a step that does nothing."""
    times = []
    for _ in range(10):
        began = time.perf_counter()
        rank.step(0, INFINITY)
        times.append(time.perf_counter() - began)
    return min(times)


def _drive(worker: Worker, run: Run, speaks: bool) -> float:
    """Take turns until the search is over; return the seconds spent with nothing to do."""
    idle_turns, idle_s, idle_since = 0, 0.0, 0.0
    pace = Pace(worker.local, worker.budget)
    while not _turn(worker, pace):
        if not worker.has_idled:
            if idle_turns:
                idle_s += time.perf_counter() - idle_since
            idle_turns = 0
        else:
            idle_since = idle_since if idle_turns else time.perf_counter()
            idle_turns += 1
            _rest(idle_turns)
        if speaks and run.on_progress is not None:
            run.on_progress(progress_of(run, worker.agreement.last))
    return idle_s


def _turn(worker: Worker, pace: Pace) -> bool:
    """Take a turn that is not too long; say whether the search is over."""
    worker.budget = pace.budget
    with pace.timed():
        return worker.turn()


def _rest(idle_turns: int) -> None:
    """Yield the core, for there may be more ranks than cores; after a while sleep."""
    if idle_turns < _YIELDS:
        _yield_core()
    else:
        time.sleep(_NAP_S)


def _plan(task: Task, comm: Any, rank: LocalSearch, last: Round) -> list[int] | None:
    """Trace the plan, starting on the lowest rank whose goal is the incumbent."""
    if last.incumbent >= task.upper_bound:
        return None
    found = int(rank.statistics[GOAL_COST]) == last.incumbent
    finders = comm.broadcast(comm.gather(found), 0)

    def ask(asked: int | None, question: Asked) -> Any:
        if asked is None:
            return comm.broadcast(comm.gather(question(rank)), 0)
        return comm.broadcast(question(rank) if comm.rank == asked else None, asked)

    return trace(task, finders.index(True), ask)
