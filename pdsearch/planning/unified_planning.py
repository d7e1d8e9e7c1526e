"""The planner as an engine of the library unified-planning, optional extra ``unified-planning``.

>>> from unified_planning.shortcuts import OneshotPlanner, get_environment
>>> from pdsearch.planning.unified_planning import register
>>> register()
>>> get_environment().credits_stream = None  # prints no credits
>>> with OneshotPlanner(name="pdsearch", params={"ranks": 2, "heuristic": "lmcut"}) as planner:
...     planner.name
'pdsearch'

``AnytimePlanner(name="pdsearch")`` gives more than one plan, the cheapest first: all optimal plans, or those that
``get_solutions`` is asked for.

The library finds the engine by itself where its configuration, ``up.ini`` in the folder of the program or
``~/.up.ini``, has a section ``[engine pdsearch]`` with the lines ``module_name:
pdsearch.planning.unified_planning`` and ``class_name: Engine``.

Every call starts a process, which starts one per rank; none of them outlives the call. No MPI is needed.

Source: Micheli et al. (2025), "Unified Planning: Modeling, manipulating and solving AI planning problems in
Python", SoftwareX 29.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pdsearch.errors import BadInputError, MissingDependencyError, pip_install, shown
from pdsearch.result import Status

try:
    from unified_planning.engines import Credits, OptimalityGuarantee, PDDLPlanner, PlanGenerationResult
    from unified_planning.engines import PlanGenerationResultStatus as Outcome
    from unified_planning.engines.mixins.anytime_planner import AnytimeGuarantee, AnytimePlannerMixin
    from unified_planning.environment import Environment, get_environment
    from unified_planning.model import Problem, ProblemKind
except ImportError:
    raise MissingDependencyError(
        f"unified-planning is not installed; run: {pip_install('unified-planning,planning')}"
    ) from None

_GRACE_S = 5.0  # for processes told to end; then they are killed
_LATE_S = 2.0  # after the time limit that the command was given: it ends by itself, with what it found
_LISTED = 100  # optimal plans, where no number is given
_BAD_INPUT = 2  # the command's exit code for what it refuses, with the reason on stderr
_OUTCOMES = {
    Status.SOLVED.value: Outcome.SOLVED_OPTIMALLY,
    Status.UNSOLVABLE.value: Outcome.UNSOLVABLE_PROVEN,
    Status.NODE_LIMIT.value: Outcome.UNSOLVABLE_INCOMPLETELY,
    Status.MEMORY_LIMIT.value: Outcome.MEMOUT,
    Status.TIME_LIMIT.value: Outcome.TIMEOUT,
    _BAD_INPUT: Outcome.UNSUPPORTED_PROBLEM,
}
_PROVED = {status.words: status.value for status in (Status.SOLVED, Status.UNSOLVABLE)}
_METRICS = (
    *("cost", "lower_bound", "heuristic", "algorithm", "distribution", "n_ranks"),
    *("expanded", "expanded_before_last_layer", "generated", "evaluated", "reopened", "duplicates"),
    *("sent", "received", "messages", "search_s", "total_s", "peak_memory_bytes", "LB", "CO"),
)
# What a problem may contain. Real numbers in costs and undefined numbers at the start are what the PDDL of
# the competitions with action costs reads as, though all its costs are integers.
_FEATURES = {
    "problem_class": ["ACTION_BASED"],
    "typing": ["FLAT_TYPING", "HIERARCHICAL_TYPING"],
    "conditions_kind": [
        *("NEGATIVE_CONDITIONS", "DISJUNCTIVE_CONDITIONS", "EQUALITIES"),
        *("EXISTENTIAL_CONDITIONS", "UNIVERSAL_CONDITIONS"),
    ],
    "effects_kind": ["CONDITIONAL_EFFECTS", "FORALL_EFFECTS"],
    "quality_metrics": ["ACTIONS_COST", "PLAN_LENGTH"],
    "actions_cost_kind": [
        *("STATIC_FLUENTS_IN_ACTIONS_COST", "INT_NUMBERS_IN_ACTIONS_COST", "REAL_NUMBERS_IN_ACTIONS_COST"),
    ],
    "initial_state": ["UNDEFINED_INITIAL_NUMERIC"],
}


def register(environment: Environment | None = None) -> None:
    """Make ``OneshotPlanner(name="pdsearch")`` known to an environment, the global one if none is given.

    ``AnytimePlanner(name="pdsearch")`` is known then, too.
    """
    factory = (environment or get_environment()).factory
    if "pdsearch" not in factory.engines:
        factory.add_engine("pdsearch", __name__, Engine.__name__)


class Engine(PDDLPlanner, AnytimePlannerMixin):  # type: ignore[misc]  # the library carries no types
    """Optimal plans by A* on one rank, by HDA* on several.

    Parameters
    ----------
    ranks : int
        Processes that search together.
    heuristic, distribution : str, optional
        As ``pdsearch solve planning`` takes them; its own choice when left out.
    memory : str, optional
        Of each rank, as ``"2G"``.
    when_full : str, optional
        What follows where that is full: ``"continue"``, the default, searches on, ``"early"`` does so sooner where that
        is quicker, ``"stop"`` ends with MEMOUT.
    preprocess, pruning : str, optional
        As ``pdsearch solve planning`` takes them: ``"h2"``; ``"stubborn"`` or ``"symmetry"``.
    seed : int, optional
        Of the distribution's random words.

    Raises
    ------
    BadInputError
        If there are no ranks.
    """

    def __init__(
        self,
        ranks: int = 1,
        heuristic: str | None = None,
        distribution: str | None = None,
        memory: str | None = None,
        when_full: str | None = None,
        preprocess: str | None = None,
        pruning: str | None = None,
        seed: int | None = None,
    ) -> None:
        PDDLPlanner.__init__(self, needs_requirements=True)
        AnytimePlannerMixin.__init__(self)
        if ranks < 1:
            raise BadInputError(f"{shown(ranks)} ranks; need at least 1")
        self.ranks = ranks
        self._options = {
            "--heuristic": heuristic,
            "--distribution": distribution,
            "--memory": memory,
            "--when-full": when_full,
            "--preprocess": preprocess,
            "--pruning": pruning,
            "--seed": None if seed is None else str(seed),
        }
        self._report, self._asked = "", dict[str, Any]()
        self._time_limit: float | None = None

    @property
    def name(self) -> str:
        """Return what the engine is called."""
        return "pdsearch"

    @staticmethod
    def get_credits(**kwargs: Any) -> Credits:
        """Return what is printed when the engine is used."""
        return Credits(
            name="pdsearch",
            author="the authors of pdsearch",
            contact="",
            website="",
            license="MIT",
            short_description="Optimal planning by A* and, on several ranks, hash-distributed A*.",
            long_description="Optimal planning by A* and, on several ranks of one machine, hash-distributed A*.",
        )

    @staticmethod
    def supported_kind() -> ProblemKind:
        """Return what problems may contain; some heuristics take less, and say so by name."""
        kind = ProblemKind(version=2)
        for group, features in _FEATURES.items():
            for feature in features:
                getattr(kind, f"set_{group}")(feature)
        return kind

    @staticmethod
    def supports(problem_kind: ProblemKind) -> bool:
        """Say whether problems of a kind can be given."""
        return bool(problem_kind <= Engine.supported_kind())

    @staticmethod
    def satisfies(optimality_guarantee: OptimalityGuarantee) -> bool:
        """Say yes: every plan is optimal."""
        return True

    @staticmethod
    def ensures(anytime_guarantee: AnytimeGuarantee) -> bool:
        """Say that all plans are optimal, unless others are asked for."""
        return anytime_guarantee is AnytimeGuarantee.OPTIMAL_PLANS

    # --- more than one plan ---

    def _get_solutions(
        self, problem: Problem, timeout: float | None = None, output_stream: Any = None
    ) -> Iterator[PlanGenerationResult]:
        yield from self._get_solutions_with_params(problem, timeout, output_stream)

    def _get_solutions_with_params(
        self,
        problem: Problem,
        timeout: float | None = None,
        output_stream: Any = None,
        warm_start_plan: Any = None,
        all_optimal: int | None = None,
        top_k: int | None = None,
        quality: float | None = None,
    ) -> Iterator[PlanGenerationResult]:
        """Yield plans, none twice, the cheapest first; one result without a plan where there is none.

        Parameters
        ----------
        problem, timeout, output_stream, warm_start_plan
            As the library has them. There is no use for a plan to start with.
        all_optimal : int, optional
            The most optimal plans that are listed; the default, 100 of them.
        top_k : int, optional
            The cheapest so many plans instead, whatever they cost.
        quality : float, optional
            All plans of at most so many times the least cost.
        """
        self._asked = {"--all-optimal": all_optimal, "--top-k": top_k, "--quality": quality}
        if all(value is None for value in self._asked.values()):
            self._asked["--all-optimal"] = _LISTED
        try:
            first, report = self._result_and_report(problem, timeout, output_stream)
        finally:
            self._asked = {}
        listed = report.get("plans") or []
        if not listed:
            yield first
        for one in listed:
            is_optimal = one["cost"] == report["cost"]
            status = (
                self._result_status(problem, None, Status.SOLVED.value) if is_optimal else Outcome.SOLVED_SATISFICING
            )
            plan = self._plan_from_str(problem, "\n".join(one["plan"]), self._writer.get_item_named)
            metrics = {**(first.metrics or {}), "cost": str(one["cost"])}
            yield PlanGenerationResult(status, plan, self.name, metrics, first.log_messages)

    # --- the process ---

    @property
    def _process(self) -> subprocess.Popen[bytes] | None:
        """The process under way. The base class forgets it once told to end, when it has not ended yet."""
        return self._running

    @_process.setter
    def _process(self, process: subprocess.Popen[bytes] | None) -> None:
        self._running = process
        self._started = process or getattr(self, "_started", None)

    def _solve(
        self, problem: Problem, heuristic: Any = None, timeout: float | None = None, output_stream: Any = None
    ) -> PlanGenerationResult:
        return self._result_and_report(problem, timeout, output_stream)[0]

    def _result_and_report(
        self, problem: Problem, timeout: float | None, output_stream: Any
    ) -> tuple[PlanGenerationResult, dict[str, Any]]:
        """Run the command; whatever happens, none of its processes is left when this returns."""
        with tempfile.TemporaryDirectory(prefix="pdsearch-") as folder:
            self._report, self._time_limit = str(Path(folder) / "result.json"), timeout
            self._started = None
            try:
                patience = None if timeout is None else timeout + _LATE_S
                result = super()._solve(problem, None, patience, output_stream)
            finally:
                _end(self._started)
            report = _report(Path(self._report))
        result.metrics.update({name: str(report[name]) for name in _METRICS if report.get(name) is not None})
        return self._with_proof(result, problem, report), report

    def _with_proof(
        self, result: PlanGenerationResult, problem: Problem, report: dict[str, Any]
    ) -> PlanGenerationResult:
        """Return a result that was called a timeout though the search had ended before: it is what it found."""
        if result.status is not Outcome.TIMEOUT or report.get("status") not in _PROVED:
            return result
        if report.get("plan") is not None:
            result.plan = self._plan_from_str(problem, "\n".join(report["plan"]), self._writer.get_item_named)
        result.status = self._result_status(problem, result.plan, _PROVED[report["status"]])
        return result

    def _get_cmd(self, domain_file: str, problem_file: str, plan_file: str) -> list[str]:
        """Return the command; it knows the time limit as well, should this process die before it."""
        options = {**self._options, **self._asked, "--plan-file": plan_file, "--json": self._report}
        if self._time_limit is not None:
            options["--time-limit"] = f"{self._time_limit}s"
        given = [word for name, value in options.items() if value is not None for word in (name, str(value))]
        solver = [sys.executable, "-m", "pdsearch", "solve", "planning", problem_file, "--domain-file", domain_file]
        ranks = [] if self.ranks == 1 or self._asked else ["-n", str(self.ranks)]
        return [*solver, *ranks, *given]

    def _result_status(self, problem: Problem, plan: Any, retval: int, log_messages: Any = None) -> Outcome:
        """Read the exit code. A plan is called optimal only where the problem says what is to be minimised."""
        outcome = _OUTCOMES.get(retval, Outcome.INTERNAL_ERROR)
        if outcome is Outcome.SOLVED_OPTIMALLY and not problem.quality_metrics:
            return Outcome.SOLVED_SATISFICING
        return outcome


def _end(process: subprocess.Popen[bytes] | None) -> None:
    """Wait for a process that has been told to end, and for its group; tell it if nobody did."""
    if process is None or process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE_S)
            return


def _report(file: Path) -> dict[str, Any]:
    """Return what the search counted and found, as far as it came to tell."""
    try:
        values = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
