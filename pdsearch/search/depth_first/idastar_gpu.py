"""IDA* on a GPU: one instance or a batch, by any scheme, each plan rebuilt and replayed on the CPU.

All unsolved instances of a batch search their next bound in the same launch. The kernel reports the root
above a goal; the moves below that root are found again on the CPU, within a subtree that
is a small part of the iteration.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pdsearch.balance.metrics import load_balance
from pdsearch.comm.together import ranks_of_node, together
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.gpu import roots
from pdsearch.gpu.below import n_cores, solve_below
from pdsearch.gpu.devices import FORMS, Device, choose
from pdsearch.gpu_model import AUTOMATON, Model, model_of, shift_of_groups
from pdsearch.kernels.protocol import INFINITY
from pdsearch.options import Option
from pdsearch.pruning.choice import length_of
from pdsearch.result import Status
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.depth_first.gpu_share import EXPANDED, GENERATED, GOAL_ROOT, GOALS, Share
from pdsearch.search.depth_first.result import MODE, PRUNE, IdaResult, Iteration, check_mode
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Progress, Run
from pdsearch.search.task import Task

if TYPE_CHECKING:  # these load CUDA
    from pdsearch.gpu.schemes import Counts, Scheme, Work

SCHEMES = ("persistent", "block", "thread")  # of pdsearch.gpu.schemes, which loads CUDA
# states to cut an iteration into: as published for block and thread; for ours so many that each lane begins with one
WANTED = dict(zip(SCHEMES, (2**18, 2048, 1536 * 8), strict=True))
_WORTH_A_LAUNCH = 1000  # nodes below a group of roots, on an average; below the largest it is a thousand times as many
_WORTH_A_THREAD = 20_000  # roots, which are cut in a millisecond


@dataclass
class _Instance:
    """One instance on its way."""

    task: Task
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


@ALGORITHMS.add("idastar-gpu")
class IdaStarGpu(Algorithm):
    """IDA* on a GPU: all unsolved instances of a shape search their next bound in the same launch.

    Parameters
    ----------
    mode : {"first", "all"}
        Stop at the first solution, or finish the iteration and count all.
    scheme : {"persistent", "block", "thread"}
        Who searches what.
    device : str or Device
        ``gpu``, which takes one device for each rank of a machine, or ``gpu:N``.
    kernel : Scheme, optional
        Compiled before.
    wanted : int, optional
        States to cut each iteration into.
    prune : str
        ``fsm`` or ``fsm:LENGTH`` forbids words of moves by an automaton (:mod:`pdsearch.pruning.automaton`), shorter
        ones where the kernels have no room for its states; ``none`` forbids only to undo the last move, and counts
        what Korf's program counts.

    Raises
    ------
    BadInputError
        If the mode or the scheme is unknown; when it searches, if there is no kernel for the domain, too little
        memory, or a plan too long for the kernel's stacks.
    KernelError
        When it searches, if the device gave no result.
    """

    name = "idastar-gpu"
    source = "Korf (1985), Artificial Intelligence 27; block-parallel: Horie and Fukunaga (2017), SoCS; ours"
    label = label_without_search = "IDA*"
    options = (
        MODE,
        Option("scheme", "on a GPU, who searches what", SCHEMES[0], choices=SCHEMES),
        PRUNE,
        Option("device", f"{FORMS}; auto is a GPU if there is one", "gpu", metavar="DEVICE"),
    )
    result = IdaResult

    def __init__(
        self,
        mode: str = "first",
        scheme: str = SCHEMES[0],
        device: str | Device = "gpu",
        kernel: Scheme | None = None,
        wanted: int | None = None,
        prune: str | None = None,
    ) -> None:
        check_mode(mode)
        if scheme not in SCHEMES:
            raise BadInputError(f"scheme {scheme!r} is unknown; it is one of {', '.join(SCHEMES)}")
        self.mode, self.scheme, self.device, self.kernel, self.wanted = mode, scheme, device, kernel, wanted
        self.length = length_of(prune or "fsm", AUTOMATON)

    def kind_of(self, domain: Domain) -> Hashable:
        """Return type and goal: the instances of one kind have the same shape."""
        return type(domain), domain.n_variables, domain.n_values, getattr(domain, "goal", None), len(domain.initial)

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Search one task."""
        return self.search_all([task], run, comm)[0]

    def search_all(self, tasks: Sequence[Task], run: Run, comm: Any = None) -> list[Outcome]:
        """Search all tasks, whose next iterations are one launch; limits hold for them together."""
        from pdsearch.gpu.schemes import make

        raw = None if comm is None else comm.raw
        device = self._device(raw)
        instances = [_begin(task, self.kernel, self.length) for task in tasks]
        if len({one.model for one in instances}) > 1:
            raise BadInputError("a batch needs instances of one shape and goal; give them in separate calls")
        with run.phase("compile"):
            search = self.kernel or make(self.scheme, instances[0].model, device)
        is_fitted = self.wanted is None and self.scheme == SCHEMES[0]
        share = Share(raw, self.wanted or WANTED[self.scheme], self.mode == "first", is_fitted)
        run.search_begins()
        loads = _Batch(instances, search, share, run).run_all()
        ended = _Ended(self.mode, self.scheme, device, run.search_s, loads, share.n_ranks)
        return [_outcome(one, ended) for one in instances]

    def _device(self, comm: Any) -> Device:
        """Return the device of this rank."""
        if isinstance(self.device, Device):
            return self.device
        place = 0 if comm is None else ranks_of_node(comm)[0]
        text = self.device
        choice = together(comm, lambda: choose(text, place))
        if choice.device is None:
            raise BadInputError(f"device {text!r} is no GPU; give gpu or gpu:N, or take algorithm idastar")
        return choice.device

    def details(self, task: Task) -> dict[str, Any]:
        """Return what an instance without a search says of how it would have been searched."""
        return {"mode": self.mode, "scheme": self.scheme, "device": str(self.device), "LB": math.nan, "CO": 0.0}


@dataclass
class _Batch:
    """The state of one run."""

    instances: list[_Instance]
    search: Scheme
    share: Share
    run: Run

    def run_all(self) -> list[int]:
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
        from pdsearch.gpu.schemes import Counts, Work

        work = self.share.mine(Work.joined(self._cuts(active)))
        if len(work.low):
            counts = self.search.search(work, len(active), self.share.first, self._go_on)
        else:
            counts = Counts(np.zeros((len(active), 4), np.uint64), np.zeros(0, np.uint64), True)
        counts = self.share.sum_up(counts)
        seconds = time.perf_counter() - start
        self._find_moves(active, counts)
        spread = seconds, load_balance(counts.loads) if len(counts.loads) else math.nan
        for one, tally in zip(active, counts.tallies.tolist(), strict=True):
            _count(one, tally, spread, self.share.first, counts.finished)
        return counts

    def _cuts(self, active: list[_Instance]) -> list[Work]:
        """Cut the next iteration of all instances; in threads only where a cut takes longer than to hand it to one."""
        most = max(1, self.share.wanted // len(active))

        def cut(numbered: tuple[int, _Instance]) -> Work:
            number, one = numbered
            return _cut(one, number, self.share.roots_of(one.iterations, most))

        if most < _WORTH_A_THREAD:
            return [cut(numbered) for numbered in enumerate(active)]
        with ThreadPoolExecutor(n_cores()) as pool:
            return list(pool.map(cut, enumerate(active)))

    def _find_moves(self, active: list[_Instance], counts: Counts) -> None:
        """Find the moves of the instances that reached a goal; where subtrees are large, the device looks again."""
        from pdsearch.gpu.narrow import Part, narrowed

        below = []
        for one, tally in zip(active, counts.tallies.tolist(), strict=True):
            assert one.cut is not None
            if one.cut.goal_path is not None:
                one.moves = one.cut.goal_path
            elif tally[GOALS]:
                below.append(_Below.of(one, tally))
        large = [one for one in below if one.expected > _WORTH_A_LAUNCH and self.share.comm is None]
        parts = [Part(None, 0, one.group) for one in below]
        if large:
            found = narrowed(self.search, large[0].one.model, [b.group for b in large], [b.depth for b in large])
            numbers = [i for i, one in enumerate(below) if any(one is other for other in large)]
            for i, part in zip(numbers, found, strict=True):
                parts[i] = part
        for (one, start, *_), part in zip(below, parts, strict=True):
            assert one.cut is not None
            i, moves = part.joined(*solve_below(one.model, one.task.domain, part.level))
            one.moves = one.cut.path(start + i) + moves

    def _go_on(self, generated: int, expanded: int) -> bool:
        """Tell how far the launches came, and say whether there may be another."""
        self._tell(generated)
        return self._why_stop(expanded) is None

    def _why_stop(self, expanded: int = 0) -> Status | None:
        return self.run.why_stop(expanded + sum(one.expanded for one in self.instances))

    def _tell(self, generated: int = 0) -> None:
        if self.run.on_progress is not None:
            generated += sum(one.generated for one in self.instances)
            bound = max(one.bound for one in self.instances)
            done = sum(one.status is not None for one in self.instances)
            self.run.on_progress(Progress(self.run.search_s, bound, generated=generated, done=done))


class _Below(NamedTuple):
    """A group of roots with a goal below it."""

    one: _Instance
    start: int  # number of its first root
    group: roots.Level
    depth: int  # of the longest path below
    expected: float  # nodes below, on an average

    @classmethod
    def of(cls, one: _Instance, tally: list[int]) -> _Below:
        """Return the group that the kernel named."""
        assert one.cut is not None
        last = one.cut.levels[-1]
        shift = shift_of_groups(len(last))
        start = tally[GOAL_ROOT] << shift
        group = roots.part(last, start, 1 << shift)
        expected = tally[GENERATED] / len(last) * len(group)
        return cls(one, start, group, one.bound - len(one.cut.levels) + 1, expected)


def _begin(task: Task, kernel: Scheme | None, length: int) -> _Instance:
    model = model_of(task.domain, task.heuristic.name, length) if kernel is None else kernel.model
    h = model.h(task.domain.initial)
    first = h if model.within is None else max(h, task.heuristic.value(task.domain.initial))
    return _Instance(task, model, h, first)


def _cut(one: _Instance, number: int, wanted: int) -> Work:
    """Cut an instance's next iteration, and return the states below which the kernel searches."""
    from pdsearch.gpu.schemes import Work

    if one.bound > one.model.max_depth:
        raise BadInputError(
            f"{one.task.domain.instance} has no plan of {one.bound - one.model.unit} moves; the GPU kernels search "
            f"up to {one.model.max_depth} on {one.model.name}; use --device cpu"
        )
    level = roots.start(one.model.root(one.task.domain), (one.bound - one.h) // one.model.unit)
    one.cut = roots.cut(one.model, level, wanted)
    last, n = one.cut.levels[-1], len(one.cut.levels[-1])
    group, instance = np.arange(n) >> shift_of_groups(n), np.full(n, number, np.int32)
    return Work(last.words, last.low, last.slack.astype(np.int64), group, instance, one.bound - len(one.cut.levels) + 1)


def _count(one: _Instance, tally: list[int], spread: tuple[float, float], first: bool, is_finished: bool) -> None:
    """Add an iteration's counts, and raise the bound unless it reached a goal.

    ``spread`` has the seconds of the iteration, and its load balance: all instances have them together.
    """
    (seconds, balance), cut = spread, one.cut
    assert cut is not None
    generated, expanded = cut.generated + tally[GENERATED], cut.expanded + tally[EXPANDED]
    one.generated, one.expanded = one.generated + generated, one.expanded + expanded
    one.iterations.append(Iteration(one.bound, generated, expanded, seconds, len(cut.levels[-1]), balance))
    one.solutions = cut.goals + tally[GOALS]
    if one.moves is not None and (first or is_finished):  # else some plans are not counted
        one.status = Status.SOLVED
    elif is_finished:
        one.bound += one.model.unit
    one.cut = None


class _Ended(NamedTuple):
    """What the results of a batch share."""

    mode: str
    scheme: str
    device: Device
    seconds: float
    loads: list[int]
    n_ranks: int


def _outcome(one: _Instance, ended: _Ended) -> Outcome:
    assert one.status is not None
    seconds = ended.seconds
    details = {
        "n_ranks": ended.n_ranks,
        "CO": 0.0,
        "mode": ended.mode,
        "solutions": one.solutions,
        "iterations": one.iterations,
        "loads": ended.loads,
        "device": f"gpu:{ended.device.number}",
        "scheme": ended.scheme,
        "threads": 0,
        "generated_per_s": one.generated / seconds if seconds else math.nan,
    }
    return Outcome(
        IdaStarGpu.label,
        lower_bound=one.bound,
        incumbent=INFINITY if one.plan is None else one.bound,
        plan=one.plan,
        stop=None if one.status is Status.SOLVED else one.status,
        is_complete=one.status is Status.SOLVED,
        search_s=seconds,
        totals={"generated": one.generated, "expanded": one.expanded, "evaluated": one.generated + 1},
        expanded_below=lambda bound: sum(step.expanded for step in one.iterations if step.bound < bound),
        loads=ended.loads,
        environment={"device": ended.device.name},
        result=IdaResult,
        details=details,
    )
