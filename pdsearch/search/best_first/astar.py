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
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.best_first.report import outcome_of, progress_of, report
from pdsearch.search.best_first.trace import trace
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
    """

    name = "astar"
    source = "Hart, Nilsson and Raphael (1968), IEEE Transactions SSC-4"
    label = "A*"
    max_ranks = 1

    def __init__(self, batch: int | None = None, open_list: str = "auto") -> None:
        self.batch, self.open_list = batch, open_list

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Expand until no open node could lead to a cheaper plan."""
        with run.phase("compile"):
            compile_kernels(task, self.batch, self.open_list)
        memory = run.limits.memory(1, task.table_bytes)
        rank = LocalSearch(task, 0, memory, batch=self.batch, open_list=self.open_list)
        run.search_begins()
        stop = _expand_all(rank, run)
        search_s = run.search_s
        plan = trace(task, 0, lambda _, question: question(rank)) if rank.incumbent < task.upper_bound else None
        return outcome_of(task, self.label, [report(rank)], _round(rank, stop), plan=plan, search_s=search_s)


def _expand_all(rank: LocalSearch, run: Run) -> Status | None:
    """Search until there is a proof, or a reason to stop."""
    stop: Status | None = None
    pace = Pace(rank, _MOST)
    try:
        rank.absorb(initial_record(rank.task))
        while stop is None and rank.least_open_f < rank.incumbent:
            with pace.timed():
                rank.expand(pace.budget, most=run.limits.nodes - int(rank.statistics[kernels.EXPANDED]))
            stop = run.why_stop(int(rank.statistics[kernels.EXPANDED]))
            if run.on_progress is not None:
                run.on_progress(progress_of(run, _round(rank, stop)))
    except MemoryLimitError:
        stop = Status.MEMORY_LIMIT
    return stop


def _round(rank: LocalSearch, stop: Status | None) -> Round:
    """Return what a standing reduction of this one rank would say."""
    return Round(
        expanded=int(rank.statistics[kernels.EXPANDED]),
        open=rank.n_open,
        least_f=rank.least_open_f,
        incumbent=rank.incumbent,
        stop=0 if stop is None else stop.value,
        memory_bytes=rank.used_bytes,
    )
