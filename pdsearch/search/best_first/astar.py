"""A* on one rank: HDA*'s rank without anybody to share with.

Source: Hart, Nilsson and Raphael (1968), "A formal basis for the heuristic determination of
minimum cost paths", IEEE Transactions SSC-4; batches as in :mod:`pdsearch.search.best_first.step`.
"""

from __future__ import annotations

from collections.abc import Callable

from pdsearch.kernels.protocol import NEVER
from pdsearch.limits import Limits
from pdsearch.result import Result, Status
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.local_search import Rank, compile_kernels
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.best_first.report import Clock, OnProgress, Progress, assemble, ending, report
from pdsearch.search.best_first.trace import trace
from pdsearch.search.task import Problem

_MOST = 50_000  # expansions between two looks at the clock: about 10 ms where they are cheap


def search(
    problem: Problem,
    limits: Limits,
    interrupted: Callable[[], bool],
    on_progress: OnProgress | None,
    seed: int,
    batch: int | None = None,
    frontier: str = "auto",
) -> Result:
    """Run A* and return its result; see :func:`pdsearch.search.solve`."""
    clock = Clock.start()
    compile_kernels(problem, batch, frontier)
    rank = Rank(problem, 0, limits.memory(1, problem.table_bytes), batch=batch, frontier=frontier)
    clock.search_begins()
    stop: Status | None = None
    pace = Pace(rank, _MOST)
    try:
        rank.absorb(problem.initial_record())
        while stop is None and rank.least_open_f < rank.incumbent:
            with pace.timed():
                rank.expand(min(pace.budget, limits.nodes - int(rank.tallies[kernels.EXPANDED])))
            stop = _why_stop(rank, limits, interrupted, clock)
            if on_progress is not None:
                on_progress(_progress(rank, clock))
    except MemoryLimitError:
        stop = Status.MEMORY_LIMIT
    search_s = clock.search_s
    plan = None
    if rank.incumbent < NEVER:
        plan = trace(problem, 0, lambda _, question: question(rank))
    end = ending(problem, rank.incumbent, rank.least_open_f, stop, plan)
    return assemble(problem, "A*", end, [report(rank)], search_s, clock, seed)


def _why_stop(rank: Rank, limits: Limits, interrupted: Callable[[], bool], clock: Clock) -> Status | None:
    if interrupted():
        return Status.INTERRUPTED
    if clock.search_s >= limits.time_s:
        return Status.TIME_LIMIT
    if rank.tallies[kernels.EXPANDED] >= limits.nodes:
        return Status.NODE_LIMIT
    return None


def _progress(rank: Rank, clock: Clock) -> Progress:
    incumbent = rank.incumbent if rank.incumbent < NEVER else None
    expanded = int(rank.tallies[kernels.EXPANDED])
    return Progress(clock.search_s, rank.least_open_f, incumbent, expanded, rank.n_open, rank.used_bytes)
