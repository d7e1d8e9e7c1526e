"""Searches as tests call them."""

from functools import partial

from pdsearch.domains import Domain
from pdsearch.limits import Limits
from pdsearch.result import Result
from pdsearch.search import solve, solve_all
from pdsearch.search.best_first.astar import AStar
from pdsearch.search.best_first.timed_simulation import Simulated, SimulatedResult
from pdsearch.search.costs import TYPICAL
from pdsearch.search.depth_first.idastar_gpu import IdaStarGpu
from pdsearch.search.run import Run
from pdsearch.search.task import Task

idastar = partial(solve, algorithm="idastar")


def astar(task: Task, limits: Limits | None = None, interrupted=lambda: False, on_progress=None, **options) -> Result:
    """Run A* on a task."""
    return AStar(**options).solve(task, Run(limits or Limits(), interrupted, on_progress))


def idastar_gpu(
    domains: list[Domain],
    device,
    *,
    heuristic=None,
    comm=None,
    limits=None,
    interrupted=lambda: False,
    seed=0,
    **options,
) -> list[Result]:
    """Solve instances together on a GPU, or in the simulator."""
    on_progress = options.pop("on_progress", None)
    run = Run(limits or Limits(), interrupted, on_progress, seed)
    return list(solve_all(domains, run, heuristic, algorithm=IdaStarGpu(device=device, **options), comm=comm))


def simulated(
    task: Task, costs=TYPICAL, limits: Limits | None = None, interrupted=lambda: False, seed=0, **options
) -> SimulatedResult:
    """Run HDA* on simulated ranks with clocks."""
    run = Run(limits or Limits(), interrupted, options.pop("on_progress", None), seed)
    return Simulated(costs=costs, **options).solve(task, run)
