"""A* on one rank: HDA*'s rank without anybody to share with.

Source: Hart, Nilsson and Raphael (1968), "A formal basis for the heuristic determination of
minimum cost paths", IEEE Transactions SSC-4; batches as in :mod:`pdsearch.search.best_first.step`.
"""

from __future__ import annotations

from typing import Any

from pdsearch.comm.termination import Round
from pdsearch.result import Status
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.below import Below
from pdsearch.search.best_first.continuation import (
    WHEN_FULL,
    After,
    check_when_full,
    may_go_on,
    memory_before,
    new_engine,
    plan_of,
    search_below,
)
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.report import outcome_of, progress_of, report
from pdsearch.search.best_first.saving import Saving
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
    when_full : {"continue", "stop"}
        At the memory limit search on below the open nodes, see :mod:`pdsearch.search.best_first.continuation`, or stop.

    Raises
    ------
    BadInputError
        If ``when_full`` is neither.
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
        with run.phase("compile"):
            compile_kernels(task, self.batch, self.open_list)
        memory = run.limits.memory(1, task.table_bytes)
        rank = LocalSearch(task, 0, memory, batch=self.batch, open_list=self.open_list)
        goes_on = may_go_on(task, self.when_full)
        if goes_on:
            rank.memory_limit = memory_before(memory)
        saving = Saving(task, run)
        begins = saving.load(rank) is None
        run.search_begins()
        stop = expand_all(rank, run, begins, saving)
        if stop is not None and saving.is_on:
            saving.save(rank, [])
        last = round_of(rank, stop)
        after = _search_on(rank, run, last) if goes_on and last.stop == Status.MEMORY_LIMIT.value else None
        search_s = run.search_s
        plan = _plan(rank, after)
        notes = saving.end(stop if after is None else after.stop)
        return outcome_of(task, self.label, [report(rank)], last, after, plan=plan, search_s=search_s, notes=notes)


def _search_on(rank: LocalSearch, run: Run, last: Round) -> After:
    """Search below the open nodes."""
    with run.phase("continuation set-up"):
        below = Below(rank, new_engine(rank.task), [], lambda: run.why_stop() is not None)
    rank.mail_bytes = below.memory_bytes
    return search_below([below], run, lambda facts: facts, last.incumbent, last.expanded)


def _plan(rank: LocalSearch, after: After | None) -> list[int] | None:
    """Return the best plan found, if any."""

    def ask(_: int | None, question: Asked) -> Any:
        return question(rank)

    if after is not None and after.found is not None:
        return plan_of(rank.task, after.found, ask)
    return trace(rank.task, 0, ask) if rank.incumbent < rank.task.upper_bound else None


def expand_all(rank: LocalSearch, run: Run, begins: bool = True, saving: Saving | None = None) -> Status | None:
    """Search until there is a proof, or a reason to stop; from the roots, or from what the rank holds."""
    stop: Status | None = None
    pace = Pace(rank, _MOST)
    try:
        for _, record in rank.roots() if begins else []:
            rank.absorb(record)
        while stop is None and rank.least_open_f < rank.incumbent:
            with pace.timed():
                rank.expand(pace.budget, most=run.limits.nodes - int(rank.statistics[kernels.EXPANDED]))
            stop = run.why_stop(int(rank.statistics[kernels.EXPANDED]))
            if saving is not None and stop is None and run.wants_checkpoint:
                saving.save(rank, [])
            if run.on_progress is not None:
                run.on_progress(progress_of(run, round_of(rank, stop)))
    except MemoryLimitError:
        stop = Status.MEMORY_LIMIT
    return stop


def round_of(rank: LocalSearch, stop: Status | None) -> Round:
    """Return what a standing reduction of this one rank would say."""
    return Round(
        expanded=int(rank.statistics[kernels.EXPANDED]),
        open=rank.n_open,
        least_f=rank.least_open_f,
        incumbent=rank.incumbent,
        stop=0 if stop is None else stop.value,
        memory_bytes=rank.used_bytes,
    )
