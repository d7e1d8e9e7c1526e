"""HDA* over real ranks: every process drives one worker until all agree that it is over.

Source: Kishimoto, Fukunaga and Botea (2009), "Scalable, parallel best-first search for optimal
sequential planning", ICAPS.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, NamedTuple

from pdsearch._jit import prune
from pdsearch.comm import Records
from pdsearch.comm.rings import RingCommunicator
from pdsearch.comm.termination import Round
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import count
from pdsearch.options import Option
from pdsearch.result import Status
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.best_first.after import After, Save
from pdsearch.search.best_first.broadcast import telling
from pdsearch.search.best_first.continuation import (
    WHEN_FULL,
    Solved,
    begins_again,
    check_when_full,
    keeping_of,
    may_go_on,
    memory_again,
    memory_before,
    plan_through,
    prepare_continuation,
    proved_before,
    search_on,
)
from pdsearch.search.best_first.dealt import Dealt
from pdsearch.search.best_first.hold import Hold
from pdsearch.search.best_first.layer_worker import LayerWorker
from pdsearch.search.best_first.layered import Layered
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.packing import AdaptivePacking, FixedPacking
from pdsearch.search.best_first.report import Report, outcome_of, progress_of, report, solved
from pdsearch.search.best_first.ring_turns import RingTurns
from pdsearch.search.best_first.saving import NOTHING, Saving
from pdsearch.search.best_first.step import GOAL_COST
from pdsearch.search.best_first.trace import Ask, Asked, trace
from pdsearch.search.best_first.worker import MAX_UNFINISHED, Worker
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Run
from pdsearch.search.task import Task

FIRST_MESSAGE = 500  # records, until the first measurement
_YIELDS = 200  # idle turns that only yield the core, before a rank begins to sleep
_NAP_S = 50e-6
_FEW, _LONG_S = 16, 5e-3  # idle turns between two looks at the clock; of waiting: some rank lets its table grow
_yield_core: Callable[[], object] = getattr(os, "sched_yield", lambda: time.sleep(0))  # macOS has none

MESSAGE_SIZE = Option(
    "message_size",
    "nodes per message between ranks (default: chosen while running)",
    None,
    count,
    "N",
    aliases=("--batch",),
)


class OnAnyRanks(Algorithm):
    """What is said of a search that has ranks, or may have: the parameters of :class:`HdaStar`."""

    def __init__(
        self,
        message_size: int | None = None,
        batch: int | None = None,
        open_list: str = "auto",
        when_full: str = "continue",
    ) -> None:
        check_when_full(when_full)
        self.message_size, self.batch, self.open_list, self.when_full = message_size, batch, open_list, when_full


@ALGORITHMS.add("hdastar")
class HdaStar(OnAnyRanks):
    """Hash-distributed A*: every state has one owner among the ranks, to which it is sent.

    Parameters
    ----------
    message_size : int, optional
        Records per message; as many as measurement finds best when left out.
    batch : int, optional
        Nodes expanded together; what suits the heuristic when left out.
    open_list : {"auto", "bucket", "heap"}
        Buckets when costs are small enough for them.
    when_full : {"continue", "early", "stop"}
        At the memory limit of a rank search on below the open nodes of all, see
        :mod:`pdsearch.search.best_first.continuation`, or stop.

    Raises
    ------
    BadInputError
        If ``when_full`` is none of these.
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

    def compile(self, task: Task) -> None:
        """Compile every kernel of the search, or load it from the disk cache."""
        compile_kernels(task, self.batch, self.open_list)

    def trace(self, task: Task, finder: int, ask: Ask) -> list[int]:
        """Return the plan that rank ``finder`` has found."""
        return trace(task, finder, ask)

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Take turns until the ranks agree that it is over."""
        return self.go_on(task, run, comm, None)

    def go_on(self, task: Task, run: Run, comm: Any, hold: Hold | None) -> Outcome:
        """Search, from where the search stopped that is held, if any is to be, and hold this one."""
        with run.phase("compile"):
            comm.in_turn(lambda: self.compile_all(task, run, comm))
        if comm.rank == 0:
            prune()
        rank = self.rank_of(task, run, comm, hold)
        run.interrupted()  # from here on every rank remembers a signal, instead of raising, before any of them searches
        comm.barrier()
        run.search_begins()
        run.before_s += 0.0 if hold is None else hold.search_s
        saving = Saving(task, run, comm, may_go_on(task, self.when_full))
        ended = self._solve(rank, run, comm, saving, hold)
        search_s = run.search_s
        if hold is not None and ended.after is None:
            hold.keep_with_mail(ended.worker, search_s, ended.idle_s)
        reports = comm.exchange(ended.report)
        notes = saving.end(ended.last.stop if ended.after is None else ended.after.stop)
        more = {"plan": ended.plan, "search_s": comm.broadcast(search_s, 0), "notes": notes}
        return outcome_of(task, self.shared_label, reports, ended.last, ended.after, **more)

    def compile_all(self, task: Task, run: Run, comm: Any) -> None:
        """Compile the search, and what follows when memory is full if that is likely."""
        self.compile(task)
        if self._takes_ring_turns(comm):
            RingTurns.compile()
        prepare_continuation(task, self.when_full, run.limits.memory_bytes)

    def _takes_ring_turns(self, comm: Any) -> bool:
        """Say whether ranks take turns in compiled code, for their mail goes through rings."""
        return isinstance(comm, RingCommunicator)

    def rank_of(self, task: Task, run: Run, comm: Any, hold: Hold | None = None) -> LocalSearch:
        """Return this rank with its first tables, or as it is held; all must call."""
        held = 0 if hold is None else hold.used_bytes
        memory = run.limits.memory(comm.ranks_of_node(), held or task.table_bytes)
        if hold is not None and hold.rank is not None:
            hold.rank.memory_limit = memory
            return hold.rank
        first = self.message_size or FIRST_MESSAGE
        rank: LocalSearch = comm.together(
            lambda: self.rank_type(task, comm.rank, memory, first, self.batch, self.open_list)
        )
        return rank

    def _solve(
        self, rank: LocalSearch, run: Run, comm: Any, saving: Saving | None = None, hold: Hold | None = None
    ) -> Ended:
        """Search, and go on when memory is full."""
        task, memory, goes_on = rank.task, rank.memory_limit, may_go_on(rank.task, self.when_full)

        def ask(asked: int | None, question: Asked) -> Any:
            if asked is None:
                return comm.exchange(question(rank))
            return comm.broadcast(question(rank) if comm.rank == asked else None, asked)

        def traced() -> list[int] | None:
            costs = comm.exchange(int(rank.statistics[GOAL_COST]))
            return self.trace(task, costs.index(min(costs)), ask) if min(costs) < task.upper_bound else None

        worker, idle_s, last, plan = self._until_full(rank, run, comm, saving, traced, hold)
        if not goes_on or last.stop != Status.MEMORY_LIMIT.value:
            return Ended(worker, last, None, plan, idle_s)
        keeping = keeping_of(saving, rank, ask, last, plan, lambda: _counted(worker, idle_s))
        crew = _Together(worker, comm, memory)
        after = search_on(crew, run, last, keeping)
        if after.found is not None:
            plan, after = plan_through(crew, run, last.expanded, after, ask, partial(self._again, comm=comm), keeping)
        return Ended(worker, last, after, plan, idle_s)

    def _until_full(
        self,
        rank: LocalSearch,
        run: Run,
        comm: Any,
        saving: Saving | None,
        traced: Callable[[], list[int] | None],
        hold: Hold | None = None,
    ) -> tuple[Worker, float, Round, list[int] | None]:
        """Search until there is a proof, or a reason to stop: memory that is full, say; return the plan so far, too."""
        task, memory, goes_on = rank.task, rank.memory_limit, may_go_on(rank.task, self.when_full)
        before = memory_before(task, self.when_full, memory) if goes_on else memory
        worker, idle_s = self.work(rank, run, comm, goes_on, saving=saving, hold=hold, memory=before)
        if saving is not None and saving.begun is not None:
            return worker, idle_s, saving.begun.last, saving.begun.plan
        last, plan = worker.agreement.last, traced()
        if goes_on and last.stop == Status.MEMORY_LIMIT.value and begins_again(task):
            rank.begin_again()
            rank.memory_limit = memory_again(rank, memory)
            worker, more_s = self.work(rank, proved_before(run, last.least_f), comm, goes_on, worker)
            last = replace(worker.agreement.last, least_f=max(last.least_f, worker.agreement.last.least_f))
            idle_s, plan = idle_s + more_s, traced() or plan
        return worker, idle_s, last, plan

    def work(
        self,
        rank: LocalSearch,
        run: Run,
        comm: Any,
        keeps: bool,
        before: Worker | None = None,
        saving: Saving | None = None,
        hold: Hold | None = None,
        memory: int | None = None,
    ) -> tuple[Worker, float]:
        """Take turns until the search is over; return the worker and the seconds in which it had nothing to do.

        What a checkpoint holds may take all memory, the search afterwards no more than ``memory``.
        """
        words = rank.task.record_words
        packing = FixedPacking() if self.message_size else AdaptivePacking(comm.size, words, _call_s(rank))
        saves = saving is not None and saving.is_on
        counted = saving.load(rank) if saving is not None else None
        rank.memory_limit = memory or rank.memory_limit
        comm.barrier()
        takes_ring_turns = rank.takes_ring_turns and self._takes_ring_turns(comm)
        more: dict[str, Any] = {
            "keeps": keeps or saves or hold is not None,
            "begins": counted is None and (hold is None or hold.rank is None),
            "turns": RingTurns(rank, comm, MAX_UNFINISHED) if takes_ring_turns else None,
        }
        worker = self.worker_type(rank, comm, run, packing=packing, **more)
        if before is not None:
            worker.count_on(before)
        counted = counted or (NOTHING if hold is None else hold.counted)
        worker.sent, worker.received, worker.messages = (
            getattr(worker, name) + int(counted[name]) for name in ("sent", "received", "messages")
        )
        if hold is not None:
            hold.hand_over(worker)
        run.tell = lambda: progress_of(run, worker.so_far)
        if saving is not None and saving.begun is not None:
            return worker, counted["idle_s"]

        def save(loose: list[Records], more_s: float) -> None:
            assert saving is not None
            saving.save(worker.local, loose, _counted(worker, counted["idle_s"] + more_s))

        with telling(rank, comm):
            return worker, counted["idle_s"] + _drive_and_save(worker, run, save if saves else None)

    def _again(self, task: Task, run: Run, comm: Any) -> Solved:
        """Search another task for a plan."""
        rank = self.rank_of(task, run, comm)
        ended = self._solve(rank, run, comm)
        return solved(ended.plan, ended.last, ended.after, comm.exchange(ended.report))


class Ended(NamedTuple):
    """How a search ended, as one rank knows it."""

    worker: Worker
    last: Round
    after: After | None
    plan: list[int] | None
    idle_s: float

    @property
    def report(self) -> Report:
        """Return what this rank hands in."""
        worker = self.worker
        return report(worker.local, worker.sent, worker.received, worker.messages, self.idle_s)


class _Together:
    """The ranks of all processes, one of them here; see :class:`pdsearch.search.best_first.after.Crew`."""

    def __init__(self, worker: Worker, comm: Any, memory: int) -> None:
        self.ranks, self.unsent, self.memory = [worker.local], [worker.without_table()], memory
        self._worker, self._comm = worker, comm

    def in_turn(self, make: Callable[[], Any]) -> Any:
        return self._comm.in_turn(make)

    def exchange(self, mine: list[Any]) -> list[Any]:
        return [told for one in self._comm.exchange(mine) for told in one]

    def drive(self, ranks: Sequence[Layered] | Sequence[Dealt], run: Run, save: Save | None = None) -> Round:
        worker = LayerWorker(ranks[0], self._comm, run, keeps=save is not None)
        _drive_and_save(worker, run, None if save is None else lambda loose, _: save(loose, worker.is_paused))
        self._worker.count_on(worker)
        return worker.agreement.last


def _call_s(rank: LocalSearch) -> float:
    """Return the seconds of calling a step that does nothing."""
    times = []
    for _ in range(10):
        began = time.perf_counter()
        rank.step(0, INFINITY)
        times.append(time.perf_counter() - began)
    return min(times)


def _counted(worker: Worker, idle_s: float) -> dict[str, Any]:
    """Return what a checkpoint keeps of what was counted outside of the rank."""
    return {"sent": worker.sent, "received": worker.received, "messages": worker.messages, "idle_s": idle_s}


def _drive_and_save(worker: Worker, run: Run, save: Callable[[list[Records], float], None] | None) -> float:
    """Take turns until the search is over, and write checkpoints; return the seconds spent with nothing to do.

    Told what to write are the records that are in no table, and the seconds spent with nothing to do so far.
    """
    idle_s, speaks = 0.0, worker.comm.rank == 0
    while True:
        idle_s += _drive(worker, run, speaks)
        if save is None or not worker.agreement.last.stop:
            return idle_s
        unsent, kept = worker.unsent(), worker.kept
        save([unsent[1], *kept], idle_s)
        if not worker.is_paused:
            worker.kept = [*kept, unsent[1]]
            return idle_s
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
            if idle_turns % _FEW == 0 and time.perf_counter() - idle_since > _LONG_S:
                worker.local.grow_early()
        if speaks and run.on_progress is not None:
            run.on_progress(progress_of(run, worker.so_far))
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
