"""Running distributions on the simulated network or on real ranks, each beside A* on one rank."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from pdsearch.comm import Integers
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits
from pdsearch.report.rows import Row, row_of
from pdsearch.result import Result, Status
from pdsearch.search import OnProgress, solve
from pdsearch.search.costs import Costs
from pdsearch.search.problem import Problem
from pdsearch.search.timed_simulation import simulate_timed


def chosen(text: str, domain: Domain) -> list[str]:
    """Return the distributions of a comma-separated list, or with ``all`` those that fit the domain.

    Raises
    ------
    UnknownNameError, BadInputError
        If there is none of a name, or it does not fit.
    """
    fitting = [name for name in DISTRIBUTIONS if DISTRIBUTIONS[name].fits(domain)]
    if text == "all":
        return fitting
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not DISTRIBUTIONS[name].fits(domain):
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


def serial_result(domain: Domain, heuristic: str | None, limits: Limits) -> Result:
    """Run A* on one rank.

    Raises
    ------
    BadInputError
        If it does not solve the instance, for then there is nothing to compare with.
    """
    result = solve(domain, heuristic, limits=limits, check_solvable=False)
    if result.status not in (Status.SOLVED, Status.UNSOLVABLE):
        raise BadInputError(
            f"A* on one rank ended with {result.status.words} on {domain.instance}; "
            "raise the limit or take an easier instance"
        )
    return result


def simulated_row(
    domain: Domain,
    heuristic: str | None,
    distribution: str,
    n_ranks: int,
    serial: Result,
    costs: Costs,
    *,
    seed: int = 0,
    c: float | None = None,
    limits: Limits | None = None,
    message: int | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    on_progress: OnProgress | None = None,
) -> tuple[Row, Integers]:
    """Simulate one search; return its row and its traffic."""
    problem = Problem.of(domain, heuristic, distribution, n_ranks, seed, alone=False)
    timed = simulate_timed(
        problem, costs, limits, seed=seed, message=message, interrupted=interrupted, on_progress=on_progress
    )
    row = row_of(
        "simulated",
        timed.result,
        serial,
        distribution=distribution,
        c=costs.c if c is None else c,
        seconds=timed.seconds,
        serial_s=costs.serial_s(serial.expanded, serial.generated),
        record_bytes=4 * problem.record_words,
        costs=dataclasses.asdict(costs),
        traffic=timed.traffic,
    )
    return row, timed.traffic


def real_row(
    domain: Domain,
    heuristic: str | None,
    distribution: str,
    comm: Any,
    serial: Result,
    c: float,
    *,
    seed: int = 0,
    limits: Limits | None = None,
    message: int | None = None,
) -> Row:
    """Run one search on all ranks of an MPI communicator, all of which must call."""
    result = solve(
        domain,
        heuristic,
        distribution=distribution,
        comm=comm,
        seed=seed,
        limits=limits,
        message=message,
        check_solvable=False,
    )
    problem = Problem.of(domain, heuristic, distribution, comm.Get_size(), seed, alone=False)
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
    )
