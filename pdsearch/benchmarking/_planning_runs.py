"""One planner, one configuration, one task, one core: what is measured, and how our own search is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pdsearch.domains.planning.task import Planning
from pdsearch.environment import environment
from pdsearch.errors import BadInputError, TimeLimitError
from pdsearch.heuristics import make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Limits
from pdsearch.result import Result, Status
from pdsearch.search import solve
from pdsearch.search.best_first.astar import AStar
from pdsearch.search.best_first.local_search import compile_kernels
from pdsearch.search.run import Run
from pdsearch.search.task import Task

OURS = "pdsearch"
AUTO = "auto"  # the configuration that names no heuristic
_Key = tuple[str, str, str, float, int]


@dataclass(frozen=True)
class Trial:
    """What one search found and took; counts are None where it did not come to tell them.

    Attributes
    ----------
    planner, config : str
        Who searched, and the name of our configuration, which a peer's corresponds to.
    time_limit_s, memory_bytes : float, int
        Of the search, and of the process where it is a peer's.
    status, reason : str, str or None
        How it ended; why, where it was refused.
    initial_h : int or None
        The heuristic's value of the initial state, the largest of those that were tried where it was chosen; None, too,
        where that is a dead end.
    bytes_per_state : float or None
        The largest memory, everything counted, per stored state; a peer's is that of its process.
    setup_s : float or None
        CPU seconds to build the heuristic; None where it was chosen by trying.
    search_s, cpu_s : float or None
        Wall and CPU seconds of the search, without compilation; CPU seconds of all where it was chosen. A peer reports
        CPU seconds, its wall seconds are those of the whole process.
    """

    task: str
    planner: str
    config: str
    time_limit_s: float
    memory_bytes: int
    status: str
    reason: str | None = None
    cost: int | None = None
    lower_bound: int | None = None
    steps: int | None = None
    expanded: int | None = None
    expanded_before_last_layer: int | None = None
    generated: int | None = None
    evaluated: int | None = None
    initial_h: int | None = None
    bytes_per_state: float | None = None
    setup_s: float | None = None
    search_s: float | None = None
    cpu_s: float | None = None
    environment: dict[str, Any] | None = None

    @property
    def key(self) -> _Key:
        """Return what makes a second run superfluous."""
        return self.task, self.planner, self.config, self.time_limit_s, self.memory_bytes

    @property
    def is_proof(self) -> bool:
        """Say whether the cost is certain, or that there is no plan."""
        return self.status in ("solved", "unsolvable")

    def per_second(self, count: int | None) -> float | None:
        """Return a count per CPU second of the search; None where the seconds are of more than one search."""
        return count / self.cpu_s if count and self.cpu_s and self.config != AUTO else None

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))


def trial_of(line: str) -> Trial:
    """Return a run from its line of JSON.

    Raises
    ------
    BadInputError
        If it is none.
    """
    try:
        return Trial(**json.loads(line))
    except (ValueError, TypeError):
        raise BadInputError(f"{line[:40]!r} is no run; give a file written by pdsearch bench planning") from None


def own_run(planning: Planning, config: str, limits: Limits, interrupted: Callable[[], bool]) -> Trial:
    """Build the heuristic and search; a heuristic that cannot take the task gives a run that says so."""
    assert limits.memory_bytes is not None
    given = (planning.instance, OURS, config, limits.time_s, limits.memory_bytes)
    began = time.process_time()
    if config == AUTO:
        result = solve(planning, limits=limits, interrupted=interrupted)
        cpu_s = time.process_time() - began
        initial_h = max((one.initial_h for one in result.probes), default=INFINITY)  # type: ignore[attr-defined]
        return _trial(given, result, initial_h, None, cpu_s)
    try:
        task = Task(planning, make_heuristic(planning, config))
    except BadInputError as error:
        return Trial(*given, status="refused", reason=str(error))
    setup_s = time.process_time() - began
    compile_kernels(task)
    began = time.process_time()
    try:
        result = AStar().solve(task, Run(limits, interrupted))
    except TimeLimitError as error:  # it ended while something was compiled
        return Trial(*given, status=Status.TIME_LIMIT.words, reason=str(error), setup_s=setup_s)
    cpu_s = time.process_time() - began
    return _trial(given, result, task.heuristic.value(planning.initial), setup_s, cpu_s)


def _trial(given: _Key, result: Result, initial_h: int, setup_s: float | None, cpu_s: float) -> Trial:
    return Trial(
        *given,
        status=result.status.words,
        reason=result.reason,
        cost=result.cost,
        lower_bound=result.lower_bound,
        steps=None if result.plan is None else len(result.plan),
        expanded=result.expanded,
        expanded_before_last_layer=result.expanded_before_last_layer,
        generated=result.generated,
        evaluated=result.evaluated,
        initial_h=initial_h if initial_h < INFINITY else None,
        bytes_per_state=result.bytes_per_node if result.bytes_per_node < float("inf") else None,
        setup_s=setup_s,
        search_s=result.search_s,
        cpu_s=cpu_s,
        environment=environment(),
    )
