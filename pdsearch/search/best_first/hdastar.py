"""HDA* over real ranks: every process drives one worker until all agree that it is over.

Source: Kishimoto, Fukunaga and Botea (2009), "Scalable, parallel best-first search for optimal
sequential planning", ICAPS.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, ClassVar

from pdsearch._jit import prune
from pdsearch.comm.termination import Round
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import count
from pdsearch.options import Option
from pdsearch.result import Status
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.best_first.below import Below
from pdsearch.search.best_first.continuation import (
    WHEN_FULL,
    After,
    Facts,
    check_when_full,
    may_go_on,
    memory_before,
    new_engine,
    plan_of,
    search_below,
)
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.packing import AdaptivePacking, FixedPacking
from pdsearch.search.best_first.report import outcome_of, progress_of, report
from pdsearch.search.best_first.saving import NOTHING, Saving
from pdsearch.search.best_first.step import GOAL_COST
from pdsearch.search.best_first.trace import Ask, Asked, Trace, trace
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
    when_full : {"continue", "stop"}
        At the memory limit of a rank search on below the open nodes of all, see
        :mod:`pdsearch.search.best_first.continuation`, or stop.

    Raises
    ------
    BadInputError
        If ``when_full`` is neither.
    """

    name = "hdastar"
    source = "Kishimoto, Fukunaga and Botea (2009), ICAPS"
    label = "HDA*"
    options: ClassVar[tuple[Option, ...]] = (MESSAGE_SIZE, WHEN_FULL)
    is_distributed = True
    needs_comm = True
    writes_checkpoints = True
    # the parts that a search of another kind replaces
    rank_type: ClassVar[type[LocalSearch]] = LocalSearch
    worker_type: ClassVar[type[Worker]] = Worker
    shared_label = label  # what results of several ranks call it

    def __init__(
        self,
        message_size: int | None = None,
        batch: int | None = None,
        open_list: str = "auto",
        when_full: str = "continue",
    ) -> None:
        check_when_full(when_full)
        self.message_size, self.batch, self.open_list, self.when_full = message_size, batch, open_list, when_full

    def compile(self, task: Task) -> None:
        """Compile every kernel of the search, or load it from the disk cache."""
        compile_kernels(task, self.batch, self.open_list)

    def trace(self, task: Task, finder: int, ask: Ask) -> list[int]:
        """Return the plan that rank ``finder`` has found."""
        return trace(task, finder, ask)

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Take turns until the ranks agree that it is over."""
        memory = run.limits.memory(comm.ranks_of_node(), task.table_bytes)
        with run.phase("compile"):
            comm.in_turn(lambda: self.compile(task))
        if comm.rank == 0:
            prune()
        first = self.message_size or FIRST_MESSAGE
        rank = comm.together(lambda: self.rank_type(task, comm.rank, memory, first, self.batch, self.open_list))
        run.interrupted()  # from here on every rank remembers a signal, instead of raising, before any of them searches
        comm.barrier()
        run.search_begins()
        packing = FixedPacking() if self.message_size else AdaptivePacking(comm.size, task.record_words, _call_s(rank))
        goes_on = may_go_on(task, self.when_full)
        if goes_on:
            rank.memory_limit = memory_before(memory)
        saving = Saving(task, run, comm)
        counted = saving.load(rank)
        keeps, begins = goes_on or saving.is_on, counted is None
        worker = self.worker_type(rank, comm, run, packing=packing, keeps=keeps, begins=begins)
        counted = counted or NOTHING
        worker.sent, worker.received, worker.messages = (
            int(counted[name]) for name in ("sent", "received", "messages")
        )
        run.tell = lambda: progress_of(run, worker.agreement.last)
        idle_s = counted["idle_s"] + _drive_and_save(worker, run, saving, counted["idle_s"])
        last = worker.agreement.last
        after = _search_on(worker, comm, run, last) if goes_on and last.stop == Status.MEMORY_LIMIT.value else None
        search_s = run.search_s
        reports = comm.gather(report(rank, worker.sent, worker.received, worker.messages, idle_s))
        plan = _plan(task, comm, rank, last, after, self.trace)
        reports = comm.broadcast(reports, 0)
        notes = saving.end(last.stop if after is None else after.stop)
        return outcome_of(
            task, self.shared_label, reports, last, after, plan=plan, search_s=comm.broadcast(search_s, 0), notes=notes
        )


def _call_s(rank: LocalSearch) -> float:
    """Return the seconds of calling a step that does nothing."""
    times = []
    for _ in range(10):
        began = time.perf_counter()
        rank.step(0, INFINITY)
        times.append(time.perf_counter() - began)
    return min(times)


def _drive_and_save(worker: Worker, run: Run, saving: Saving, idle_s: float) -> float:
    """Take turns until the search is over, and write checkpoints; return the seconds spent with nothing to do."""
    before, speaks = idle_s, worker.comm.rank == 0
    while True:
        idle_s += _drive(worker, run, speaks)
        if not saving.is_on or not worker.agreement.last.stop:
            return idle_s - before
        unsent, kept = worker.unsent(), worker.kept
        counted = {"sent": worker.sent, "received": worker.received, "messages": worker.messages, "idle_s": idle_s}
        saving.save(worker.local, [unsent[1], *kept], counted)
        if not worker.is_paused:
            worker.kept = [*kept, unsent[1]]
            return idle_s - before
        worker.kept = []
        worker.go_on(*unsent, kept)


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


def _search_on(worker: Worker, comm: Any, run: Run, last: Round) -> After:
    """Search below the open nodes of all ranks, each below its own."""
    with run.phase("continuation set-up"):
        engine = comm.in_turn(lambda: new_engine(worker.local.task))
        below = Below(worker.local, engine, worker.without_table(), lambda: run.why_stop() is not None)
    worker.local.mail_bytes += below.memory_bytes

    def exchange(mine: list[Facts]) -> list[Facts]:
        gathered: list[list[Facts]] = comm.broadcast(comm.gather(mine), 0)
        return [facts for one in gathered for facts in one]

    return search_below([below], run, exchange, last.incumbent, last.expanded)


def _plan(task: Task, comm: Any, rank: LocalSearch, last: Round, after: After | None, trace: Trace) -> list[int] | None:
    """Trace the plan, starting on the lowest rank whose goal is the incumbent."""

    def ask(asked: int | None, question: Asked) -> Any:
        if asked is None:
            return comm.broadcast(comm.gather(question(rank)), 0)
        return comm.broadcast(question(rank) if comm.rank == asked else None, asked)

    if after is not None and after.found is not None:
        return plan_of(task, after.found, ask)
    if last.incumbent >= task.upper_bound:
        return None
    found = int(rank.statistics[GOAL_COST]) == last.incumbent
    finders = comm.broadcast(comm.gather(found), 0)
    return trace(task, finders.index(True), ask)
