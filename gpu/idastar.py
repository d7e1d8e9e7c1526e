"""IDA* on a GPU: one instance or a batch, by any scheme, each plan rebuilt and replayed on the CPU.

All unsolved instances of a batch search their next bound in the same launch. The kernel reports the root
above a goal; the moves below that root are found again on the CPU, within a subtree that
is a small part of the iteration.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from pdsearch.balance.metrics import load_balance
from pdsearch.domains import Domain
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.environment import environment
from pdsearch.errors import BadInputError, WrongPlanError
from pdsearch.gpu import models, roots
from pdsearch.gpu.devices import Device
from pdsearch.gpu.models import Model
from pdsearch.gpu.persistent import EXPANDED, GENERATED, GOAL_ROOT, GOALS
from pdsearch.gpu.schemes import BLOCK, OURS, THREAD, Counts, Scheme, Work, make
from pdsearch.heuristics import make_heuristic
from pdsearch.limits import Limits
from pdsearch.result import Status
from pdsearch.search.idastar_result import IdaResult, Iteration

# states to cut an iteration into: as published for block and thread, with room for donation for ours
_WANTED = {OURS: 2**16, BLOCK: 2048, THREAD: 1536 * 8}
_MAX_ROOTS = 2**17 - 2**14
MODES = ("first", "all")


@dataclass
class _Instance:
    """One instance on its way."""

    domain: Domain
    model: Model
    low: int
    h: int
    bound: int
    status: Status | None = None
    plan: list[int] | None = None
    generated: int = 0
    expanded: int = 0
    solutions: int = 0
    seconds: float = 0.0
    iterations: list[Iteration] = field(default_factory=list)
    cut: roots.Cut | None = None


def model_of(domain: Domain, heuristic: str | None) -> Model:
    """Return the model the kernels have for a domain.

    Raises
    ------
    BadInputError
        If there is none.
    """
    if isinstance(domain, Tiles) and heuristic in (None, "manhattan"):
        return models.tiles(domain.width, domain.height, domain.blank_last)
    raise BadInputError(
        f"there is no GPU kernel for domain {domain.name!r} with heuristic {heuristic or domain.default_heuristic!r}; "
        "use --device cpu, or tiles with manhattan"
    )


def solve_batch(
    domains: Sequence[Domain],
    device: Device,
    *,
    heuristic: str | None = None,
    mode: str = "first",
    scheme: str = OURS,
    comm: Any = None,
    limits: Limits | None = None,
    interrupted: Callable[[], bool] | None = None,
    on_progress: Callable[[float, int, int], None] | None = None,
    kernel: Scheme | None = None,
    wanted: int | None = None,
) -> list[IdaResult]:
    """Solve many instances of one shape, all their next iterations in one launch.

    Parameters
    ----------
    domains : sequence of Domain
        Instances of the same model (the same board shape and goal).
    device : Device
        From :func:`pdsearch.gpu.devices.choose`.
    heuristic, mode, limits, interrupted
        As in :func:`pdsearch.search.idastar.idastar`; limits hold for the batch.
    scheme : {"persistent", "block", "thread"}
        Who searches what.
    comm : mpi4py.MPI.Comm, optional
        One rank for each GPU, all of which call and get the results; roots are dealt round-robin.
    on_progress : callable, optional
        Called with seconds, nodes generated so far and instances done after each iteration.
    kernel : Scheme, optional
        Compiled before.
    wanted : int, optional
        States to cut each iteration into.

    Returns
    -------
    list of IdaResult
        In the order given; seconds are those of the batch.

    Raises
    ------
    BadInputError
        If there is no kernel for the domain, or too little memory.
    """
    if mode not in MODES:
        raise BadInputError(f"mode {mode!r} is unknown; it is one of {', '.join(MODES)}")
    called = time.perf_counter()
    batch = [_begin(domain, heuristic) for domain in domains]
    if len({(one.model.name, one.model.goal) for one in batch}) > 1:
        raise BadInputError("a batch needs instances of one shape and goal; give them in separate calls")
    model = batch[0].model
    search = kernel or make(scheme, model, device)
    limits, start = limits or Limits(), time.perf_counter()

    def why_stop() -> Status | None:
        if interrupted is not None and interrupted():
            return Status.INTERRUPTED
        if time.perf_counter() - start >= limits.time_s:
            return Status.TIME_LIMIT
        if sum(one.expanded for one in batch) >= limits.nodes:
            return Status.NODE_LIMIT
        return None

    def agreed(stop: Status | None) -> Status | None:
        if comm is None:
            return stop
        stops = [one for one in comm.allgather(stop) if one is not None]
        return stops[0] if stops else None

    loads: list[int] = []
    while active := [one for one in batch if one.status is None]:
        stop = agreed(why_stop())
        if stop is None:
            share = _Share(comm, wanted or _WANTED[scheme], mode == "first")
            counts = _iterate(active, search, share, lambda: why_stop() is None)
            loads = counts.loads.tolist() or loads
            stop = None if counts.finished else agreed(why_stop())
        if stop is not None:
            for one in active:
                one.status = one.status or stop
        if on_progress is not None:
            done = sum(one.status is not None for one in batch)
            on_progress(time.perf_counter() - start, sum(one.generated for one in batch), done)
    seconds = time.perf_counter() - start
    total = time.perf_counter() - called
    return [_result(one, mode, scheme, device, seconds, total, loads) for one in batch]


class _Share(NamedTuple):
    """How an iteration is cut, and dealt to ranks."""

    comm: Any
    wanted: int
    first: bool

    def mine(self, work: Work) -> Work:
        """Return this rank's states."""
        if self.comm is None:
            return work
        part = slice(self.comm.Get_rank(), None, self.comm.Get_size())
        columns: list[Any] = [column[part] for column in work]
        return Work(*columns)

    def sum_up(self, counts: Counts) -> Counts:
        """Return the counts of all ranks; of the roots above goals, the last."""
        if self.comm is None:
            return counts
        every: list[Counts] = self.comm.allgather(counts)
        tallies = np.zeros_like(counts.tallies)
        for one in every:
            tallies += one.tallies
        roots_found = [np.where(one.tallies[:, GOALS] > 0, one.tallies[:, GOAL_ROOT], 0) for one in every]
        tallies[:, GOAL_ROOT] = np.max(roots_found, axis=0)
        loads = np.concatenate([one.loads for one in every])
        return Counts(tallies, loads, all(one.finished for one in every))


def _begin(domain: Domain, heuristic: str | None) -> _Instance:
    model = model_of(domain, heuristic)
    h = make_heuristic(domain, "manhattan").value(domain.initial)
    assert isinstance(domain, Tiles)
    low = domain.board.index(0) | models.NO_LAST << 5
    one = _Instance(domain, model, low, h, h)
    if domain.why_unsolvable() is not None:
        one.status = Status.UNSOLVABLE
    return one


def _iterate(active: list[_Instance], search: Scheme, share: _Share, go_on: Callable[[], bool]) -> Counts:
    """Search the next bound of all instances, and raise those of the unsolved."""
    start = time.perf_counter()
    works = []
    for number, one in enumerate(active):
        words = (*one.domain.initial, 0)[:2]
        level = roots.start((words[0], words[1]), one.low, (one.bound - one.h) // one.model.unit)
        one.cut = roots.cut(one.model, level, min(_MAX_ROOTS, max(1, share.wanted // len(active))))
        works.append(_work(one.cut, number))
    work = share.mine(Work(*(np.concatenate(columns) for columns in zip(*works, strict=True))))
    if len(work.low):
        counts = search.search(work, len(active), share.first, go_on)
    else:
        counts = Counts(np.zeros((len(active), 4), np.uint64), np.zeros(0, np.uint64), True)
    counts = share.sum_up(counts)
    seconds = time.perf_counter() - start
    for one, tally in zip(active, counts.tallies.tolist(), strict=True):
        _count(one, tally, seconds, counts)
    return counts


def _work(cut: roots.Cut, number: int) -> Work:
    last, n = cut.levels[-1], len(cut.levels[-1])
    return Work(last.words, last.low, last.slack, np.arange(n), np.full(n, number, np.int32))


def _count(one: _Instance, tally: list[int], seconds: float, counts: Counts) -> None:
    """Add an iteration's counts, and rebuild the plan when it reached a goal."""
    cut = one.cut
    assert cut is not None
    generated, expanded = cut.generated + tally[GENERATED], cut.expanded + tally[EXPANDED]
    one.generated, one.expanded = one.generated + generated, one.expanded + expanded
    shared = load_balance(counts.loads) if len(counts.loads) else math.nan
    one.iterations.append(Iteration(one.bound, generated, expanded, seconds, len(cut.levels[-1]), shared))
    one.solutions = cut.goals + tally[GOALS]
    if cut.goal_path is not None:
        one.plan = cut.goal_path
    elif tally[GOALS]:
        i, last = tally[GOAL_ROOT], cut.levels[-1]
        below = roots.solve_below(one.model, last.words[i], int(last.low[i]), int(last.slack[i]))
        one.plan = cut.path(i) + below
    if one.plan is not None:
        one.status = Status.SOLVED
    elif counts.finished:
        one.bound += one.model.unit
    one.cut = None


def _result(
    one: _Instance, mode: str, scheme: str, device: Device, seconds: float, total: float, loads: list[int]
) -> IdaResult:
    assert one.status is not None
    cost = None if one.plan is None else one.domain.replay(one.plan)
    if cost is not None and cost != one.bound:
        raise WrongPlanError(f"the plan costs {cost}, the search claims {one.bound}")
    before = sum(iteration.expanded for iteration in one.iterations if cost is None or iteration.bound < cost)
    nothing: dict[str, Any] = dict.fromkeys(
        ("reopened", "duplicates", "sent", "received", "messages", "peak_memory_bytes", "seed"), 0
    )
    return IdaResult(
        status=one.status,
        cost=cost,
        plan=None if one.plan is None else [one.domain.operator_name(operator) for operator in one.plan],
        lower_bound=None if one.status is Status.UNSOLVABLE else one.bound,
        domain=one.domain.name,
        instance=one.domain.instance,
        heuristic="manhattan",
        algorithm="IDA*",
        distribution=None,
        n_ranks=1,
        expanded=one.expanded,
        expanded_before_last_layer=before,
        generated=one.generated,
        evaluated=one.generated + 1,
        search_s=seconds,
        total_s=total,
        bytes_per_node=math.nan,
        expanded_per_s=one.expanded / seconds if seconds else math.nan,
        LB=load_balance(loads) if loads else math.nan,
        CO=0.0,
        ranks=[],
        environment=environment() | {"device": device.name},
        reason=one.domain.why_unsolvable() if one.status is Status.UNSOLVABLE else None,
        mode=mode,
        solutions=one.solutions,
        iterations=one.iterations,
        loads=loads,
        device=f"gpu:{device.number}",
        scheme=scheme,
        threads=0,
        generated_per_s=one.generated / seconds if seconds else math.nan,
        **nothing,
    )
