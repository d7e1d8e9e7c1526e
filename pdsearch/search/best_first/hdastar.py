"""HDA* over real ranks: every process drives one member until all agree that it is over.

Source: Kishimoto, Fukunaga and Botea (2009), "Scalable, parallel best-first search for optimal
sequential planning", ICAPS.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from pdsearch._jit import prune
from pdsearch.comm.mpi import MpiCommunicator
from pdsearch.comm.termination import Round
from pdsearch.kernels.protocol import NEVER
from pdsearch.limits import Limits
from pdsearch.result import Result, Status
from pdsearch.search.best_first.local_search import Rank, compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.packing import AdaptivePacking, FixedPacking
from pdsearch.search.best_first.report import Clock, OnProgress, Progress, assemble, ending, report
from pdsearch.search.best_first.step import GOAL_COST
from pdsearch.search.best_first.trace import Asked, trace
from pdsearch.search.best_first.worker import Member
from pdsearch.search.task import Problem

FIRST_MESSAGE = 500  # records, until the first measurement
_YIELDS = 200  # idle turns that only yield the core, before a rank begins to sleep
_NAP_S = 50e-6
_yield_core: Callable[[], object] = getattr(os, "sched_yield", lambda: time.sleep(0))  # macOS has none


def search(
    problem: Problem,
    comm: MpiCommunicator,
    limits: Limits,
    interrupted: Callable[[], bool],
    on_progress: OnProgress | None,
    seed: int,
    message: int | None = None,
    batch: int | None = None,
    frontier: str = "auto",
) -> Result:
    """Run HDA* and return its result, the same on every rank; all ranks must call.

    Messages have ``message`` records, or as many as measurement finds best.
    """
    clock = Clock.start()
    memory = limits.memory(comm.ranks_of_node(), problem.table_bytes)
    comm.in_turn(lambda: compile_kernels(problem, batch, frontier))
    if comm.rank == 0:
        prune()
    rank = comm.together(lambda: Rank(problem, comm.rank, memory, message or FIRST_MESSAGE, batch, frontier))
    interrupted()  # from here on every rank remembers a signal, instead of raising, before any of them searches
    comm.barrier()
    clock.search_begins()
    packing = FixedPacking() if message else AdaptivePacking(comm.size, problem.record_words, _call_s(rank))
    member = Member(rank, comm, limits, interrupted, packing=packing)
    idle_s = _drive(member, clock, on_progress if comm.rank == 0 else None)
    search_s = clock.search_s
    last = member.agreement.last
    reports = comm.gather(report(rank, member.sent, member.received, member.messages, idle_s))
    plan = _plan(problem, comm, rank, last)
    result = None
    if reports is not None:
        end = ending(problem, last.incumbent, last.least_f, _stopped_by(last), plan)
        result = assemble(problem, "HDA*", end, reports, search_s, clock, seed)
    shared: Result = comm.broadcast(result, 0)
    return shared


def _call_s(rank: Rank) -> float:
    """Return the seconds of calling a step that does nothing."""
    times = []
    for _ in range(10):
        began = time.perf_counter()
        rank.step(0, NEVER)
        times.append(time.perf_counter() - began)
    return min(times)


def _drive(member: Member, clock: Clock, on_progress: OnProgress | None) -> float:
    """Take turns until the search is over; return the seconds spent with nothing to do."""
    idle_turns, idle_s, idle_since = 0, 0.0, 0.0
    pace = Pace(member.rank, member.budget)
    while not _turn(member, pace):
        if not member.has_idled:
            if idle_turns:
                idle_s += time.perf_counter() - idle_since
            idle_turns = 0
        else:
            idle_since = idle_since if idle_turns else time.perf_counter()
            idle_turns += 1
            _rest(idle_turns)
        if on_progress is not None:
            on_progress(_progress(member.agreement.last, clock))
    return idle_s


def _turn(member: Member, pace: Pace) -> bool:
    """Take a turn that is not too long; say whether the search is over."""
    member.budget = pace.budget
    with pace.timed():
        return member.turn()


def _rest(idle_turns: int) -> None:
    """Yield the core, for there may be more ranks than cores; after a while sleep."""
    if idle_turns < _YIELDS:
        _yield_core()
    else:
        time.sleep(_NAP_S)


def _plan(problem: Problem, comm: MpiCommunicator, rank: Rank, last: Round) -> list[int] | None:
    """Trace the plan, starting on the lowest rank whose goal is the incumbent."""
    if last.incumbent >= NEVER:
        return None
    found = int(rank.tallies[GOAL_COST]) == last.incumbent
    finders = comm.broadcast(comm.gather(found), 0)

    def ask(asked: int | None, question: Asked) -> Any:
        if asked is None:
            return comm.broadcast(comm.gather(question(rank)), 0)
        return comm.broadcast(question(rank) if comm.rank == asked else None, asked)

    return trace(problem, finders.index(True), ask)


def _stopped_by(last: Round) -> Status | None:
    return Status(last.stop) if last.stop else None


def _progress(last: Round, clock: Clock) -> Progress:
    incumbent = last.incumbent if last.incumbent < NEVER else None
    return Progress(clock.search_s, last.least_f, incumbent, last.expanded, last.open, last.memory_bytes)
