"""Running distributions on the simulated network or on real ranks, each beside A* on one rank."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from pdsearch.comm import Integers
from pdsearch.comm.mpi import MpiCommunicator
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError, PdsearchError
from pdsearch.limits import Limits
from pdsearch.report.rows import Row, row_of
from pdsearch.result import Result, Status
from pdsearch.search import OnProgress
from pdsearch.search.best_first import astar, hdastar
from pdsearch.search.best_first.timed_simulation import simulate_timed
from pdsearch.search.costs import Costs
from pdsearch.search.task import Problem


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
    message : int or None
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
    message: int | None = None
    c: float | None = None
    interrupted: Callable[[], bool] = _never
    watch: Callable[[], AbstractContextManager[OnProgress | None]] = nullcontext
    skipped: Callable[[str], None] = _in_silence


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
        for name, problem in _problems(domain, names, n_ranks, setting):
            yield simulated_row(problem, name, serial, costs, setting)


def real_rows(
    domain: Domain, names: Sequence[str], world: Any, repeats: int, c: float, setting: Setting
) -> Iterator[Row]:
    """Run each distribution on all ranks of an MPI communicator; yield the row of its fastest run.

    All ranks must call. A round is A* on rank 0 while the others sleep, and then each distribution once, so that
    whatever else the machine does troubles all of them alike.
    """
    carrier = MpiCommunicator(world)
    try:
        yield from _real_rows(domain, names, carrier, repeats, c, setting)
    finally:
        carrier.close()


def _real_rows(
    domain: Domain, names: Sequence[str], carrier: MpiCommunicator, repeats: int, c: float, setting: Setting
) -> Iterator[Row]:
    alone = _alone(domain, setting)
    problems = list(_problems(domain, names, carrier.size, setting))
    serials, results = list[Result](), [list[Result]() for _ in problems]
    stopped: RunInterruptedError | None = None
    try:
        for _ in range(repeats):
            serials.append(_on_rank_0(carrier, lambda: serial_result(alone, setting)))
            for (_, problem), found in zip(problems, results, strict=True):
                found.append(_real_result(problem, carrier, setting))
    except RunInterruptedError as error:
        stopped = error
    for (name, problem), found in zip(problems, results, strict=True):
        if found:
            serial = min(serials, key=lambda result: result.search_s)
            yield min((_real_row(problem, name, result, serial, c) for result in found), key=_slowness)
    if stopped is not None:
        raise stopped


def _slowness(row: Row) -> tuple[bool, float]:
    return not row.is_finished, row.seconds


def _alone(domain: Domain, setting: Setting) -> Problem:
    return Problem.of(domain, setting.heuristic, None, 1, setting.seed, alone=True)


def _problems(domain: Domain, names: Sequence[str], n_ranks: int, setting: Setting) -> Iterator[tuple[str, Problem]]:
    """Yield the problem of each distribution that can be built for so many ranks, on all ranks the same."""
    memory = setting.limits.memory_bytes
    for name in names:
        try:
            problem = Problem.of(
                domain, setting.heuristic, name, n_ranks, setting.seed, alone=False, memory_bytes=memory
            )
        except BadInputError as error:  # a projection too coarse for so many ranks, say
            setting.skipped(f"{name} on {n_ranks} ranks: {error}")
            continue
        yield name, problem


def serial_result(alone: Problem, setting: Setting) -> Result:
    """Run A* on one rank.

    Raises
    ------
    BadInputError
        If it does not solve the instance, for then there is nothing to compare with.
    """
    with setting.watch() as on_progress:
        result = astar.search(alone, setting.limits, setting.interrupted, on_progress, setting.seed)
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


def _on_rank_0(comm: MpiCommunicator, action: Callable[[], Result]) -> Result:
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
    problem: Problem, distribution: str, serial: Result, costs: Costs, setting: Setting
) -> tuple[Row, Integers]:
    """Simulate one search; return its row and its traffic."""
    with setting.watch() as on_progress:
        timed = simulate_timed(
            problem,
            costs,
            setting.limits,
            seed=setting.seed,
            message=setting.message,
            interrupted=setting.interrupted,
            on_progress=on_progress,
        )
    row = row_of(
        "simulated",
        _unless_interrupted(timed.result),
        serial,
        distribution=distribution,
        c=costs.c if setting.c is None else setting.c,
        seconds=timed.seconds,
        serial_s=costs.serial_s(serial.expanded, serial.generated),
        record_bytes=4 * problem.record_words,
        costs=dataclasses.asdict(costs),
        traffic=timed.traffic,
        setup_s=problem.setup_s,
        sampled=problem.sampled,
    )
    return row, timed.traffic


def _real_result(problem: Problem, comm: MpiCommunicator, setting: Setting) -> Result:
    with setting.watch() as on_progress:
        return _unless_interrupted(
            hdastar.search(
                problem, comm, setting.limits, setting.interrupted, on_progress, setting.seed, setting.message
            )
        )


def _real_row(problem: Problem, distribution: str, result: Result, serial: Result, c: float) -> Row:
    return row_of(
        "real",
        result,
        serial,
        distribution=distribution,
        c=c,
        seconds=result.search_s,
        serial_s=serial.search_s,
        record_bytes=4 * problem.record_words,
        costs={},
        setup_s=problem.setup_s,
        sampled=problem.sampled,
    )
