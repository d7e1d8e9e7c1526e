"""A* on one rank: HDA*'s rank without anybody to share with.

Source: Hart, Nilsson and Raphael (1968), "A formal basis for the heuristic determination of
minimum cost paths", IEEE Transactions SSC-4; batches as in :mod:`pdsearch.search.best_first.step`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from pdsearch.comm import Records
from pdsearch.comm.termination import Round
from pdsearch.result import Status
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.after import After, Save
from pdsearch.search.best_first.arrays import MemoryLimitError
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
from pdsearch.search.best_first.layered import Layered
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.report import outcome_of, progress_of, report, solved
from pdsearch.search.best_first.saving import Saving
from pdsearch.search.best_first.step import GOAL_COST
from pdsearch.search.best_first.trace import Asked, trace
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Run
from pdsearch.search.task import Task

_MOST = 50_000  # expansions between two looks at the clock: about 10 ms where they are cheap


@ALGORITHMS.add("astar")
class AStar(Algorithm):
    """A*: the best open node first, every state stored; on one rank.

    Parameters
    ----------
    batch : int, optional
        Nodes expanded together; what suits the heuristic when left out.
    open_list : {"auto", "bucket", "heap"}
        Buckets when costs are small enough for them.
    when_full : {"continue", "early", "stop"}
        At the memory limit search on below the open nodes, see :mod:`pdsearch.search.best_first.continuation`; do so
        early where depth-first search is faster; or stop.

    Raises
    ------
    BadInputError
        If ``when_full`` is none of these.
    """

    name = "astar"
    source = "Hart, Nilsson and Raphael (1968), IEEE Transactions SSC-4"
    label = "A*"
    max_ranks = 1
    writes_checkpoints = True
    options = (WHEN_FULL,)

    def __init__(self, batch: int | None = None, open_list: str = "auto", when_full: str = "continue") -> None:
        check_when_full(when_full)
        self.batch, self.open_list, self.when_full = batch, open_list, when_full

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Expand until no open node could lead to a cheaper plan."""
        return self.go_on(task, run, comm, Hold())

    def go_on(self, task: Task, run: Run, comm: Any, hold: Hold) -> Outcome:
        """Search, from where the search stopped that is held, and hold this one."""
        with run.phase("compile"):
            compile_kernels(task, self.batch, self.open_list)
            prepare_continuation(task, self.when_full, run.limits.memory_bytes)
        memory = run.limits.memory(1, hold.used_bytes or task.table_bytes)
        rank = hold.rank or LocalSearch(task, 0, memory, batch=self.batch, open_list=self.open_list)
        saving = Saving(task, run, goes_on=may_go_on(task, self.when_full))
        begins = saving.load(rank) is None and hold.rank is None
        run.search_begins()
        run.before_s += hold.search_s
        last, after, plan = self._solve(rank, run, memory, begins, saving)
        search_s = run.search_s
        hold.keep(rank, search_s)
        notes = saving.end(last.stop if after is None else after.stop)
        return outcome_of(task, self.label, [report(rank)], last, after, plan=plan, search_s=search_s, notes=notes)

    def _solve(
        self, rank: LocalSearch, run: Run, memory: int, begins: bool = True, saving: Saving | None = None
    ) -> tuple[Round, After | None, list[int] | None]:
        """Search, and go on when memory is full; return the last round of A*, what followed, and the plan."""
        task, goes_on = rank.task, may_go_on(rank.task, self.when_full)

        def ask(_: int | None, question: Asked) -> Any:
            return question(rank)

        def traced() -> list[int] | None:
            return trace(task, 0, ask) if rank.statistics[GOAL_COST] < task.upper_bound else None

        begun = None if saving is None else saving.begun
        if begun is None:
            last, plan = self._until_full(rank, run, memory, begins, saving, traced)
        else:
            last, plan = begun.last, begun.plan
        if not goes_on or last.stop != Status.MEMORY_LIMIT.value:
            return last, None, plan
        keeping = keeping_of(saving, rank, ask, last, plan)
        crew = _Alone([rank], [[]], memory)
        after = search_on(crew, run, last, keeping)
        if after.found is not None:
            plan, after = plan_through(crew, run, last.expanded, after, ask, self._again, keeping)
        return last, after, plan

    def _until_full(
        self,
        rank: LocalSearch,
        run: Run,
        memory: int,
        begins: bool,
        saving: Saving | None,
        traced: Callable[[], list[int] | None],
    ) -> tuple[Round, list[int] | None]:
        """Search until there is a proof, or a reason to stop: memory that is full, say; return the plan so far, too."""
        task, goes_on = rank.task, may_go_on(rank.task, self.when_full)
        save = partial(saving.save, rank, []) if saving is not None and saving.is_on else None
        stop = expand_all(rank, run, begins, save, memory_before(task, self.when_full, memory) if goes_on else memory)
        if stop is not None and save is not None:
            save()
        last = round_of(rank, stop)
        plan = traced()
        if goes_on and last.stop == Status.MEMORY_LIMIT.value and begins_again(task):
            rank.begin_again()
            stop = expand_all(rank, proved_before(run, last.least_f), memory=memory_again(rank, memory))
            last = replace(round_of(rank, stop), least_f=max(last.least_f, rank.least_open_f))
            plan = traced() or plan
        return last, plan

    def _again(self, task: Task, run: Run) -> Solved:
        """Search another task for a plan."""
        memory = run.limits.memory(1, task.table_bytes)
        rank = LocalSearch(task, 0, memory, batch=self.batch, open_list=self.open_list)
        last, after, plan = self._solve(rank, run, memory)
        return solved(plan, last, after, [report(rank)])


class _Alone(NamedTuple):
    """One rank as the crew of its own; see :class:`pdsearch.search.best_first.after.Crew`."""

    ranks: list[LocalSearch]
    unsent: list[list[Records]]
    memory: int

    def in_turn(self, make: Callable[[], Any]) -> Any:
        return make()

    def exchange(self, mine: list[Any]) -> list[Any]:
        return mine

    def drive(self, ranks: Sequence[Layered] | Sequence[Dealt], run: Run, save: Save | None = None) -> Round:
        stop = expand_all(ranks[0], run, save=None if save is None else lambda: save([], True))
        if stop is not None and save is not None:
            save([], False)
        return round_of(ranks[0], stop)


def expand_all(
    rank: LocalSearch | Dealt,
    run: Run,
    begins: bool = True,
    save: Callable[[], None] | None = None,
    memory: int | None = None,
) -> Status | None:
    """Search until there is a proof, or a reason to stop; from the roots, or from what the rank holds.

    Once the roots are entered, it takes no more than ``memory``.
    """
    stop: Status | None = None
    pace = Pace(rank, _MOST)
    try:
        for _, record in rank.roots() if begins else []:
            rank.absorb(record)
        if memory is not None:
            rank.memory_limit = memory
        while stop is None and rank.least_open_f < rank.incumbent:
            with pace.timed():
                rank.expand(pace.budget, most=run.limits.nodes - int(rank.statistics[kernels.EXPANDED]))
            stop = run.why_stop(int(rank.statistics[kernels.EXPANDED]))
            if save is not None and stop is None and run.wants_checkpoint:
                save()
            if run.on_progress is not None:
                run.on_progress(progress_of(run, round_of(rank, stop)))
    except MemoryLimitError:
        stop = Status.MEMORY_LIMIT
    return stop


def round_of(rank: LocalSearch | Dealt, stop: Status | None) -> Round:
    """Return what a standing reduction of this one rank would say."""
    return Round(
        expanded=int(rank.statistics[kernels.EXPANDED]),
        open=rank.n_open,
        least_f=rank.least_open_f,
        incumbent=rank.incumbent,
        stop=0 if stop is None else stop.value,
        memory_bytes=rank.used_bytes,
    )
