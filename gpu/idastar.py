"""IDA* on a GPU: one instance or a batch, by any scheme, each plan rebuilt and replayed on the CPU.

All unsolved instances of a batch search their next bound in the same launch. The kernel reports the root
above a goal; the moves below that root are found again on the CPU, within a subtree that
is a small part of the iteration.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from pdsearch.balance.metrics import load_balance
from pdsearch.domains import Domain
from pdsearch.environment import environment
from pdsearch.errors import BadInputError, WrongPlanError
from pdsearch.gpu import roots
from pdsearch.gpu.below import n_cores, solve_below
from pdsearch.gpu.devices import Device
from pdsearch.gpu.model import AUTOMATON, ROOT_GROUPS, Model
from pdsearch.gpu.model import model_of as model_of  # the command line asks here
from pdsearch.gpu.schemes import BLOCK, OURS, THREAD, Counts, Scheme, Work, make
from pdsearch.gpu.steps import EXPANDED, GENERATED, GOAL_ROOT, GOALS, N_TALLIES
from pdsearch.limits import Limits
from pdsearch.result import Status
from pdsearch.search.idastar import MODES, IdaProgress
from pdsearch.search.idastar_result import IdaResult, Iteration
from pdsearch.search.outcome import Clock

# states to cut an iteration into: as published for block and thread; for ours so many that each lane begins with one
WANTED = {OURS: 2**18, BLOCK: 2048, THREAD: 1536 * 8}

_GROWTH = 6  # of iterations of the 15-puzzle, at most about
_BELOW_ROOT, _FEWEST = 64, 64  # nodes below a root that are worth a root on the host; roots at least

OnBatchProgress = Callable[[IdaProgress, int], None]  # told also how many instances are done


@dataclass
class _Instance:
    """One instance on its way."""

    domain: Domain
    model: Model
    h: int
    bound: int
    status: Status | None = None
    moves: list[int] | None = None
    generated: int = 0
    expanded: int = 0
    solutions: int = 0
    iterations: list[Iteration] = field(default_factory=list)
    cut: roots.Cut | None = None

    @property
    def plan(self) -> list[int] | None:
        """Return the domain's operators."""
        return None if self.moves is None else [move + self.model.first_operator for move in self.moves]


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
    on_progress: OnBatchProgress | None = None,
    kernel: Scheme | None = None,
    wanted: int | None = None,
    length: int = AUTOMATON,
    seed: int = 0,
) -> list[IdaResult]:
    """Solve many instances of one shape, all their next iterations in one launch.

    Parameters
    ----------
    domains : sequence of Domain
        Instances of the same model (the same shape, goal and heuristic).
    device : Device
        From :func:`pdsearch.gpu.devices.choose`.
    heuristic, mode, limits, interrupted, seed
        As in :func:`pdsearch.search.idastar.idastar`; limits hold for the batch.
    scheme : {"persistent", "block", "thread"}
        Who searches what.
    comm : mpi4py.MPI.Comm, optional
        One rank for each GPU, all of which call and get the results; roots are dealt round-robin.
    on_progress : callable, optional
        Called between launches with an :class:`~pdsearch.search.idastar.IdaProgress` (of the largest bound, and of
        this rank's nodes) and the number of instances done.
    kernel : Scheme, optional
        Compiled before.
    wanted : int, optional
        States to cut each iteration into.
    length : int
        Of the words of moves that the automaton forbids (:mod:`pdsearch.pruning.automaton`), shorter where the kernels
        have no room for its states; 2 forbids only to undo the last move, and counts what Korf's program counts.

    Returns
    -------
    list of IdaResult
        In the order given; seconds are those of the batch.

    Raises
    ------
    BadInputError
        If there is no kernel for the domain, too little memory, or a plan too long for the kernel's stacks.
    KernelError
        If the device gave no result.
    """
    if mode not in MODES:
        raise BadInputError(f"mode {mode!r} is unknown; it is one of {', '.join(MODES)}")
    clock = Clock.start()
    instances = [_begin(domain, kernel, heuristic, length) for domain in domains]
    if len({one.model for one in instances}) > 1:
        raise BadInputError("a batch needs instances of one shape and goal; give them in separate calls")
    search = kernel or make(scheme, instances[0].model, device)
    share = _Share(comm, wanted or WANTED[scheme], mode == "first", wanted is None and scheme == OURS)
    clock.search_begins()
    batch = _Batch(instances, search, share, limits or Limits(), interrupted or (lambda: False), on_progress, clock)
    loads = batch.run()
    ended = _Ended(mode, scheme, device, clock.search_s, clock.total_s, loads, share.n_ranks, seed)
    return [_result(one, ended) for one in instances]


@dataclass
class _Batch:
    """The state of one run."""

    instances: list[_Instance]
    search: Scheme
    share: _Share
    limits: Limits
    interrupted: Callable[[], bool]
    on_progress: OnBatchProgress | None
    clock: Clock

    def run(self) -> list[int]:
        """Raise bounds until every instance has a status; return the loads of the last iteration."""
        loads: list[int] = []
        while active := [one for one in self.instances if one.status is None]:
            stop = self.share.agreed(self._why_stop())
            if stop is None:
                counts = self._iterate(active)
                loads = counts.loads.tolist() or loads
                stop = None if counts.finished else self.share.agreed(self._why_stop())
            if stop is not None:
                for one in active:
                    one.status = one.status or stop
            self._tell()
        return loads

    def _iterate(self, active: list[_Instance]) -> Counts:
        """Search the next bound of all instances, and raise those of the unsolved."""
        start = time.perf_counter()
        most = max(1, self.share.wanted // len(active))
        with ThreadPoolExecutor(n_cores()) as pool:
            works = list(
                pool.map(
                    lambda numbered: _cut(numbered[1], numbered[0], self.share.roots_of(numbered[1], most)),
                    enumerate(active),
                )
            )
        work = self.share.mine(Work.joined(works))
        if len(work.low):
            counts = self.search.search(work, len(active), self.share.first, self._go_on)
        else:
            counts = Counts(np.zeros((len(active), N_TALLIES), np.uint64), np.zeros(0, np.uint64), True)
        counts = self.share.sum_up(counts)
        seconds = time.perf_counter() - start
        for one, tally in zip(active, counts.tallies.tolist(), strict=True):
            _count(one, tally, seconds, counts, self.share.first)
        return counts

    def _go_on(self, generated: int, expanded: int) -> bool:
        """Tell how far the launches came, and say whether there may be another."""
        self._tell(generated)
        return self._why_stop(expanded) is None

    def _why_stop(self, expanded: int = 0) -> Status | None:
        if self.interrupted():
            return Status.INTERRUPTED
        if self.clock.search_s >= self.limits.time_s:
            return Status.TIME_LIMIT
        if expanded + sum(one.expanded for one in self.instances) >= self.limits.nodes:
            return Status.NODE_LIMIT
        return None

    def _tell(self, generated: int = 0) -> None:
        if self.on_progress is not None:
            generated += sum(one.generated for one in self.instances)
            bound = max(one.bound for one in self.instances)
            done = sum(one.status is not None for one in self.instances)
            self.on_progress(IdaProgress(self.clock.search_s, bound, generated), done)


class _Share(NamedTuple):
    """How an iteration is cut, and dealt to ranks."""

    comm: Any
    wanted: int
    first: bool
    is_fitted: bool  # fewer roots for an iteration that is likely to be small

    @property
    def n_ranks(self) -> int:
        """Return how many take part."""
        return 1 if self.comm is None else int(self.comm.Get_size())

    def roots_of(self, one: _Instance, most: int) -> int:
        """Return the states to cut an instance's iteration into."""
        if not self.is_fitted:
            return most
        expected = _GROWTH * one.iterations[-1].nodes if one.iterations else 0
        return min(most, max(_FEWEST, expected // _BELOW_ROOT))

    def agreed(self, stop: Status | None) -> Status | None:
        """Return why any rank wants to stop."""
        if self.comm is None:
            return stop
        stops: list[Status] = [one for one in self.comm.allgather(stop) if one is not None]
        return stops[0] if stops else None

    def mine(self, work: Work) -> Work:
        """Return this rank's states."""
        if self.comm is None:
            return work
        return work.part(slice(self.comm.Get_rank(), None, self.comm.Get_size()))

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


def _begin(domain: Domain, kernel: Scheme | None, name: str | None, length: int) -> _Instance:
    model = model_of(domain, name, length) if kernel is None else kernel.model
    h = model.h(domain.initial)
    one = _Instance(domain, model, h, h)
    if domain.why_unsolvable() is not None:
        one.status = Status.UNSOLVABLE
    return one


def _cut(one: _Instance, number: int, wanted: int) -> Work:
    """Cut an instance's next iteration, and return the states below which the kernel searches."""
    if one.bound > one.model.max_depth:
        raise BadInputError(
            f"{one.domain.instance} has no plan of {one.bound - one.model.unit} moves; the GPU kernels search up to "
            f"{one.model.max_depth} on {one.model.name}; use --device cpu"
        )
    level = roots.start(one.model.root(one.domain), (one.bound - one.h) // one.model.unit)
    one.cut = roots.cut(one.model, level, wanted)
    last, n = one.cut.levels[-1], len(one.cut.levels[-1])
    group, instance = np.arange(n) >> _shift(n), np.full(n, number, np.int32)
    return Work(last.words, last.low, last.slack.astype(np.int64), group, instance, one.bound - len(one.cut.levels) + 1)


def _shift(n: int) -> int:
    """Return by how many bits numbers of roots are shortened so that the kernels have room for them."""
    return max(0, (n - 1).bit_length() - (ROOT_GROUPS - 1).bit_length())


def _count(one: _Instance, tally: list[int], seconds: float, counts: Counts, first: bool) -> None:
    """Add an iteration's counts, rebuild the plan when it reached a goal, else raise the bound."""
    cut = one.cut
    assert cut is not None
    generated, expanded = cut.generated + tally[GENERATED], cut.expanded + tally[EXPANDED]
    one.generated, one.expanded = one.generated + generated, one.expanded + expanded
    shared = load_balance(counts.loads) if len(counts.loads) else math.nan
    one.iterations.append(Iteration(one.bound, generated, expanded, seconds, len(cut.levels[-1]), shared))
    one.solutions = cut.goals + tally[GOALS]
    if cut.goal_path is not None:
        one.moves = cut.goal_path
    elif tally[GOALS]:
        last = cut.levels[-1]
        group = roots.part(last, tally[GOAL_ROOT] << _shift(len(last)), 1 << _shift(len(last)))
        i, below = solve_below(one.model, one.domain, group)
        one.moves = cut.path((tally[GOAL_ROOT] << _shift(len(last))) + i) + below
    if one.moves is not None and (first or counts.finished):  # else some plans are not counted
        one.status = Status.SOLVED
    elif counts.finished:
        one.bound += one.model.unit
    one.cut = None


class _Ended(NamedTuple):
    """What the results of a batch share."""

    mode: str
    scheme: str
    device: Device
    seconds: float
    total: float
    loads: list[int]
    n_ranks: int
    seed: int


def _result(one: _Instance, ended: _Ended) -> IdaResult:
    assert one.status is not None
    seconds, plan = ended.seconds, one.plan
    cost = None if plan is None else one.domain.replay(plan)
    if cost is not None and cost != one.bound:
        raise WrongPlanError(f"the plan costs {cost}, the search claims {one.bound}")
    before = sum(iteration.expanded for iteration in one.iterations if cost is None or iteration.bound < cost)
    nothing: dict[str, Any] = dict.fromkeys(
        ("reopened", "duplicates", "sent", "received", "messages", "peak_memory_bytes"), 0
    )
    return IdaResult(
        status=one.status,
        cost=cost,
        plan=None if plan is None else [one.domain.operator_name(operator) for operator in plan],
        lower_bound=None if one.status is Status.UNSOLVABLE else one.bound,
        domain=one.domain.name,
        instance=one.domain.instance,
        heuristic=one.model.heuristic,
        algorithm="IDA*",
        distribution=None,
        n_ranks=ended.n_ranks,
        expanded=one.expanded,
        expanded_before_last_layer=before,
        generated=one.generated,
        evaluated=one.generated + 1,
        search_s=seconds,
        total_s=ended.total,
        bytes_per_node=math.nan,
        expanded_per_s=one.expanded / seconds if seconds else math.nan,
        LB=load_balance(ended.loads) if ended.loads else math.nan,
        CO=0.0,
        ranks=[],
        seed=ended.seed,
        environment=environment() | {"device": ended.device.name},
        reason=one.domain.why_unsolvable() if one.status is Status.UNSOLVABLE else None,
        mode=ended.mode,
        solutions=one.solutions,
        iterations=one.iterations,
        loads=ended.loads,
        device=f"gpu:{ended.device.number}",
        scheme=ended.scheme,
        threads=0,
        generated_per_s=one.generated / seconds if seconds else math.nan,
        **nothing,
    )
