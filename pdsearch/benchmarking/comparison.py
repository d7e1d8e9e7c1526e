"""Running distributions on the simulated network or on real ranks, each beside A* on one rank."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from pdsearch.comm import Integers
from pdsearch.comm.carrier import Carrier
from pdsearch.comm.world import carrier_of
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError, PdsearchError
from pdsearch.limits import Limits
from pdsearch.report.rows import Row, row_of
from pdsearch.result import Result, Status
from pdsearch.search import OnProgress
from pdsearch.search.best_first.astar import AStar
from pdsearch.search.best_first.hdastar import HdaStar
from pdsearch.search.best_first.timed_simulation import Simulated, SimulatedResult
from pdsearch.search.costs import Costs
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task
from pdsearch.search.task import Task


class RunInterruptedError(Exception):
    """The user stopped a run; those before it are complete. Raised on all ranks alike."""


def _never() -> bool:
    return False


def _in_silence(words: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Setting:
    """What all runs of a comparison have in common.

    Attributes
    ----------
    heuristic : str or None
        The domain's default when None.
    seed : int
        Of the owners.
    limits : Limits
        Of each run.
    message_size : int or None
        Records per message; chosen while running when None.
    c : float or None
        For the efficiency; from the costs when None.
    interrupted : callable
        As for :func:`pdsearch.search.solve`.
    watch : callable
        Returns a context manager for one run, which gives its ``on_progress``.
    skipped : callable
        Told in words what could not be run.
    """

    heuristic: str | None = None
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    message_size: int | None = None
    c: float | None = None
    interrupted: Callable[[], bool] = _never
    watch: Callable[[], AbstractContextManager[OnProgress | None]] = nullcontext
    skipped: Callable[[str], None] = _in_silence

    def run(self, on_progress: OnProgress | None) -> Run:
        """Return the conditions of one search, which begins now."""
        return Run(self.limits, self.interrupted, on_progress, self.seed)


def chosen(text: str, domain: Domain) -> list[str]:
    """Return the distributions of a comma-separated list, in which ``all`` stands for those that fit the domain.

    Each may carry an option after a colon.

    Raises
    ------
    UnknownNameError, BadInputError
        If there is none of a name, or it does not fit.
    """
    fitting = [name for name in DISTRIBUTIONS if DISTRIBUTIONS[name].fits(domain)]
    words = [word.strip() for word in text.split(",")]
    names = [name for word in words for name in (fitting if word == "all" else [word])]
    for name in names:
        if not DISTRIBUTIONS[name.partition(":")[0]].fits(domain):
            raise BadInputError(
                f"distribution {name!r} does not fit {domain.name}; those that do: {', '.join(fitting)}"
            )
    return names


def ranks_in(text: str) -> list[int]:
    """Read ``2,8,48``.

    >>> ranks_in("2,8")
    [2, 8]
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 1 <= int(word) <= 4096 for word in words):
        raise BadInputError(f"ranks {text!r} are not understood; give numbers from 1 to 4096 as 2,8,48")
    return [int(word) for word in words]


def simulated_rows(
    domain: Domain, names: Sequence[str], ranks: Sequence[int], costs: Costs, setting: Setting
) -> Iterator[tuple[Row, Integers]]:
    """Simulate each distribution on each number of ranks; yield its row and its traffic.

    Raises
    ------
    BadInputError
        If A* on one rank does not solve the instance.
    RunInterruptedError
        When the user stops a run.
    """
    serial = serial_result(_alone(domain, setting), setting)
    for n_ranks in ranks:
        for name, task in _tasks(domain, names, n_ranks, setting):
            yield simulated_row(task, name, serial, costs, setting)


def real_rows(
    domain: Domain, names: Sequence[str], world: Any, repeats: int, c: float, setting: Setting
) -> Iterator[Row]:
    """Run each distribution on all ranks of a communicator; yield the row of its fastest run.

    All ranks must call. A round is A* on rank 0 while the others sleep, and then each distribution once, so that
    whatever else the machine does troubles all of them alike.
    """
    carrier = carrier_of(world)
    try:
        yield from _real_rows(domain, names, carrier, repeats, c, setting)
    finally:
        carrier.close()


def _real_rows(
    domain: Domain, names: Sequence[str], carrier: Carrier, repeats: int, c: float, setting: Setting
) -> Iterator[Row]:
    alone = _alone(domain, setting)
    tasks = list(_tasks(domain, names, carrier.size, setting))
    serials, results = list[Result](), [list[Result]() for _ in tasks]
    stopped: RunInterruptedError | None = None
    try:
        for _ in range(repeats):
            serials.append(_on_rank_0(carrier, lambda: serial_result(alone, setting)))
            for (_, task), found in zip(tasks, results, strict=True):
                found.append(_real_result(task, carrier, setting))
    except RunInterruptedError as error:
        stopped = error
    for (name, task), found in zip(tasks, results, strict=True):
        if found:
            serial = min(serials, key=lambda result: result.search_s)
            yield min((_real_row(task, name, result, serial, c) for result in found), key=_slowness)
    if stopped is not None:
        raise stopped


def _slowness(row: Row) -> tuple[bool, float]:
    return not row.is_finished, row.seconds


def _alone(domain: Domain, setting: Setting) -> Task:
    return make_task(domain, setting.heuristic)


def _tasks(domain: Domain, names: Sequence[str], n_ranks: int, setting: Setting) -> Iterator[tuple[str, Task]]:
    """Yield the task of each distribution that can be built for so many ranks, on all ranks the same."""
    memory = setting.limits.memory_bytes
    for name in names:
        try:
            task = make_task(domain, setting.heuristic, name, n_ranks, seed=setting.seed, memory_bytes=memory)
        except BadInputError as error:  # a projection too coarse for so many ranks, say
            setting.skipped(f"{name} on {n_ranks} ranks: {error}")
            continue
        yield name, task


def serial_result(alone: Task, setting: Setting) -> Result:
    """Run A* on one rank.

    Raises
    ------
    BadInputError
        If it does not solve the instance, for then there is nothing to compare with.
    """
    with setting.watch() as on_progress:
        result = AStar(when_full="stop").solve(alone, setting.run(on_progress))
    if result.status not in (Status.SOLVED, Status.UNSOLVABLE, Status.INTERRUPTED):
        raise BadInputError(
            f"A* on one rank ended with {result.status.words} on {alone.domain.instance}; "
            "raise the limit or take an easier instance"
        )
    return _unless_interrupted(result)


def _unless_interrupted(result: Result) -> Result:
    if result.status is Status.INTERRUPTED:
        raise RunInterruptedError
    return result


def _on_rank_0(comm: Carrier, action: Callable[[], Result]) -> Result:
    """Return on all ranks what rank 0 finds, or raise there what it raises."""
    outcome: Result | Exception | None = None
    if comm.rank == 0:
        try:
            outcome = action()
        except (PdsearchError, RunInterruptedError) as error:
            outcome = error
    comm.barrier()  # which sleeps; a broadcast would keep the others' cores busy
    shared: Result | Exception = comm.broadcast(outcome, 0)
    if isinstance(shared, Exception):
        raise shared
    return shared


def simulated_row(
    task: Task, distribution: str, serial: Result, costs: Costs, setting: Setting
) -> tuple[Row, Integers]:
    """Simulate one search; return its row and its traffic."""
    with setting.watch() as on_progress:
        algorithm = Simulated(costs=costs, message_size=setting.message_size)
        result = _unless_interrupted(algorithm.solve(task, setting.run(on_progress)))
    assert isinstance(result, SimulatedResult)
    row = row_of(
        "simulated",
        result,
        serial,
        distribution=distribution,
        c=costs.c if setting.c is None else setting.c,
        seconds=result.predicted_s,
        serial_s=costs.serial_s(serial.expanded, serial.generated),
        record_bytes=4 * task.record_words,
        costs=dataclasses.asdict(costs),
        traffic=result.traffic,
        setup_s=task.setup_s,
        sampled=task.sampled,
    )
    return row, result.traffic


def _real_result(task: Task, comm: Carrier, setting: Setting) -> Result:
    with setting.watch() as on_progress:
        algorithm = HdaStar(setting.message_size, when_full="stop")
        return _unless_interrupted(algorithm.solve(task, setting.run(on_progress), comm))


def _real_row(task: Task, distribution: str, result: Result, serial: Result, c: float) -> Row:
    return row_of(
        "real",
        result,
        serial,
        distribution=distribution,
        c=c,
        seconds=result.search_s,
        serial_s=serial.search_s,
        record_bytes=4 * task.record_words,
        costs={},
        setup_s=task.setup_s,
        sampled=task.sampled,
    )
