"""One row for each run of a distribution: what is written as JSON lines, tabulated and plotted."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from pdsearch.errors import BadInputError, WrongPlanError
from pdsearch.result import Result, Status

_PROVED = (Status.SOLVED, Status.UNSOLVABLE)


@dataclass(frozen=True)
class Row:
    """One search by one distribution on some ranks, and A* on one rank to compare with.

    Attributes
    ----------
    kind : {"simulated", "real"}
        Where it ran.
    CO, SO, LB : float
        Communication overhead, search overhead, load balance of expansions.
    c, efficiency : float
        ``efficiency`` is 1 / ((1 + c CO) (1 + SO)).
    seconds, serial_s, speedup : float
        Of the search (predicted, if simulated), of A* on one rank, and their quotient.
    setup_s, sampled : float, int
        Seconds it took to build the distribution, not part of ``seconds``; expansions of its short search.
    bottleneck : float
        Nodes the busiest rank sends or receives over the mean.
    balance : dict
        The whole :class:`~pdsearch.balance.report.BalanceReport`.
    serial : dict
        Counts of A* on one rank.
    loads : list of int
        Expansions of each rank.
    """

    kind: str
    domain: str
    instance: str
    heuristic: str
    distribution: str
    n_ranks: int
    seed: int
    status: str
    cost: int | None
    expanded: int
    generated: int
    reopened: int
    sent: int
    messages: int
    bytes: int
    CO: float
    SO: float
    LB: float
    c: float
    efficiency: float
    seconds: float
    serial_s: float
    speedup: float
    setup_s: float
    sampled: int
    bottleneck: float
    balance: dict[str, Any]
    serial: dict[str, Any]
    loads: list[int]
    costs: dict[str, Any]
    environment: dict[str, Any] = dataclasses.field(repr=False)

    @property
    def is_finished(self) -> bool:
        """Say whether the search ended as A* on one rank did, so that the two can be compared."""
        return bool(self.status == self.serial["status"])

    def to_json(self) -> str:
        """Return one line of JSON; what is not a number becomes null."""
        values = dataclasses.asdict(self)
        return json.dumps(
            {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in values.items()}
        )


def efficiency(co: float, so: float, c: float) -> float:
    """Return 1 / ((1 + c CO) (1 + SO)), the efficiency that overheads leave.

    Source: Jinnai and Fukunaga (2017), JAIR 60, eq. 4.

    >>> round(efficiency(0.28, 0.38, 1.0), 2)
    0.57
    """
    return 1 / ((1 + c * co) * (1 + so))


def row_of(
    kind: str,
    result: Result,
    serial: Result,
    *,
    distribution: str,
    c: float,
    seconds: float,
    serial_s: float,
    record_bytes: int,
    costs: dict[str, Any],
    traffic: npt.ArrayLike | None = None,
    setup_s: float = 0.0,
    sampled: int = 0,
) -> Row:
    """Compare a result with A* on one rank.

    Raises
    ------
    WrongPlanError
        If both claim a proof and do not agree.
    """
    if result.status in _PROVED and (result.status, result.cost) != (serial.status, serial.cost):
        raise WrongPlanError(
            f"{distribution} on {result.n_ranks} ranks says {result.status.words}, cost {result.cost}, of "
            f"{result.instance}; A* on one rank says {serial.status.words}, cost {serial.cost}: report this bug"
        )
    report = result.balance(traffic, sequential=serial.expanded)
    co, so = report["communication_overhead"], report["search_overhead"]
    counts = ("status", "cost", "expanded", "generated", "search_s")
    return Row(
        kind=kind,
        domain=result.domain,
        instance=result.instance,
        heuristic=result.heuristic,
        distribution=distribution,
        n_ranks=result.n_ranks,
        seed=result.seed,
        status=result.status.words,
        cost=result.cost,
        expanded=result.expanded,
        generated=result.generated,
        reopened=result.reopened,
        sent=result.sent,
        messages=result.messages,
        bytes=record_bytes * result.sent,
        CO=co,
        SO=so,
        LB=report["load_balance"],
        c=c,
        efficiency=efficiency(co, so, c),
        seconds=seconds,
        serial_s=serial_s,
        speedup=serial_s / seconds if seconds > 0 else math.nan,
        setup_s=setup_s,
        sampled=sampled,
        bottleneck=report["all_to_all_bottleneck"],
        balance=report.to_dict(),
        serial={name: serial.to_dict()[name] for name in counts},
        loads=[counts.expanded for counts in result.ranks],
        costs=costs,
        environment=result.environment,
    )


class Line(Protocol):
    """What can be a line of a log."""

    def to_json(self) -> str:
        """Return one line of JSON."""
        ...


class Log:
    """JSON lines, one object a run, added to whatever the file holds.

    Each line is written with one call, so that an interrupted run leaves whole lines only.
    """

    def __init__(self, name: str | None) -> None:
        self.name = name
        if name not in (None, "-"):
            try:
                with Path(name).open("a"):
                    pass
            except OSError as error:
                raise BadInputError(
                    f"cannot write {name!r}: {error.strerror}; give a file in a folder that exists"
                ) from None

    def add(self, row: Line) -> None:
        """Append a row."""
        if self.name not in (None, "-"):
            with Path(str(self.name)).open("a") as file:
                file.write(row.to_json() + "\n")


def read_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Read rows that :class:`Log` wrote."""
    for number, line in enumerate(lines, 1):
        try:
            values: dict[str, Any] = json.loads(line)
            missing: dict[str, Any] = {k: math.nan for k in _NUMBERS if values[k] is None}
            yield Row(**(values | missing))
        except (ValueError, TypeError, KeyError):
            raise BadInputError(f"line {number} is no run; give JSON lines written by pdsearch") from None


_NUMBERS = {"CO", "SO", "LB", "c", "efficiency", "seconds", "serial_s", "speedup", "bottleneck"}
