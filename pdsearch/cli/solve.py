"""Find optimal plans: A* on one rank, HDA* on several, or the algorithm that is named.

Exit codes: 0 solved, or within the bound that --weight asks for; 11 unsolvable, 12 node limit, 22 memory, 23 time,
75 ended by SIGTERM or SIGUSR1 with a checkpoint written, 130 interrupted, 2 bad input, 1 internal error; of several
instances, that of the first that was not solved.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import IO, Any

from pdsearch import plugins
from pdsearch.comm.together import together
from pdsearch.comm.world import is_local_rank, launched_ranks, speaks, world
from pdsearch.console import clock, say, say_alone
from pdsearch.console.arguments import (
    add_checkpoint,
    add_domain,
    add_limits,
    add_options,
    add_outputs,
    add_ranks,
    domain_values,
    limits_of,
    seed,
)
from pdsearch.console.commandlines import command_of
from pdsearch.console.fitting import heuristics_of
from pdsearch.console.incumbents import Incumbents
from pdsearch.console.instances import instances
from pdsearch.console.interrupts import Interrupts
from pdsearch.console.outputs import save_all, writable
from pdsearch.console.plans import has_notation, on_screen, plan_text
from pdsearch.console.progress import ProgressLine
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import DOMAINS, Domain
from pdsearch.errors import BadInputError, shown
from pdsearch.limits import Deadline, Limits, seconds
from pdsearch.options import values_of
from pdsearch.result import Result, Status
from pdsearch.search import solve_all
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.checkpoint.checkpoints import EVERY_S, Checkpoints
from pdsearch.search.run import OnProgress, Run

TAKES_RANKS = True
EXAMPLES = """\
  pdsearch solve tiles korf:1 --heuristic manhattan --json -
  pdsearch solve tiles korf:1 -n 2 --distribution abstract-zobrist --json result.json --plan-file plan.txt
  mpiexec -n 64 pdsearch solve tiles korf:88
  pdsearch solve tiles "14 13 15 7 11 12 9 5 6 0 2 1 4 8 10 3"
  pdsearch solve tiles random:3x3 --seed 7 --time-limit 30s --memory 2G
  pdsearch solve tiles korf:88 --memory 256M
  pdsearch solve tiles korf:88 --checkpoint ckpt --every 5m
  pdsearch solve tiles korf:1-20 random:4x4 --algorithm idastar --json results.jsonl
  pdsearch solve tiles korf:60 --weight 1.5
  mpiexec -n 2 pdsearch solve tiles korf:60 --anytime --time-limit 10m
"""


def add_arguments(parser: argparse.ArgumentParser, algorithms: Sequence[str] = ()) -> None:
    """Describe the command line; some commands have only some of the algorithms."""
    add_domain(parser)
    helps = "; ".join(f"{name}: {DOMAINS[name].instances_help}" for name in DOMAINS)
    parser.add_argument("instance", nargs="+", metavar="INSTANCE", help=helps.replace("%", "%%"))
    add_search_arguments(parser, algorithms=algorithms)


def add_search_arguments(
    parser: argparse.ArgumentParser, heuristics: Sequence[str] = (), algorithms: Sequence[str] = (), left_out: str = ""
) -> None:
    """Describe the search, its limits and its outputs; ``left_out`` says what follows where no heuristic is named.

    ``pdsearch plan`` and ``pdsearch ida`` have the same, and name the heuristics and algorithms that fit them.
    """
    algorithms = algorithms or list(ALGORITHMS)
    by_domain = "; ".join(f"{name}: {', '.join(heuristics_of(DOMAINS[name]))}" for name in DOMAINS)
    add_ranks(parser)
    which = f"{left_out or 'the default first'}: {', '.join(heuristics) or by_domain}"
    parser.add_argument("--heuristic", metavar="NAME", help=which)
    parser.add_argument("--inadmissible", action="store_true", help="allow a heuristic that is no lower bound")
    parser.add_argument("--distribution", metavar="NAME", help=f"who owns a state: {', '.join(DISTRIBUTIONS)}")
    if "anytime" in algorithms:
        text = "a plan soon, better ones as they come, the best in the end: short for --algorithm anytime"
        parser.add_argument("--anytime", action="store_true", help=text)
    names = ", ".join(algorithms)
    parser.add_argument("--algorithm", metavar="NAME", default="auto", help=f"auto, or one of: {names} (default auto)")
    add_options(parser, {name: ALGORITHMS[name].options for name in algorithms})
    parser.add_argument("--seed", type=seed, metavar="N", default=0, help="of random instances, random words")
    add_limits(parser)
    add_checkpoint(parser)
    add_outputs(parser)


def run(arguments: argparse.Namespace) -> int:
    """Solve, write what was asked for, and return the exit code."""
    domain = DOMAINS[arguments.domain]
    algorithm = _algorithm(arguments, domain)
    options = _algorithm_options(arguments, algorithm)
    comm = world()
    limits = together(comm, lambda: _limits(arguments))
    checkpoints = together(comm, lambda: _checkpoints(arguments))
    values = together(comm, lambda: domain_values(arguments, domain))
    deadline = Deadline(limits.time_s - clock.spent_s(), limits.memory_bytes)
    domains = instances(domain, arguments.instance, values | {"deadline": deadline}, comm)
    together(comm, lambda: _check_plan_files(arguments, domains))
    with (
        _lines(arguments.json, len(domains)) as lines,
        Interrupts(saves=arguments.checkpoint is not None) as interrupts,
        ProgressLine(speaks(), arguments.progress, len(domains)) as progress,
    ):
        shown: OnProgress | None = progress.show if progress.is_shown else None
        if algorithm == "anytime" and speaks():
            shown = Incumbents(progress).show
        spent_s = clock.spent_s() if len(domains) == 1 else 0.0  # of several, each has so much time
        conditions = Run(limits, interrupts, shown, arguments.seed, spent_s=spent_s)
        conditions.checkpoints, conditions.preempted = checkpoints, interrupts.is_preempted
        conditions.say = partial(_say, progress)
        conditions.on_lost = lambda result: _write(domains[0], result, arguments, lines)
        names = arguments.heuristic, arguments.distribution, algorithm
        results = solve_all(domains, conditions, *names, comm, inadmissible=arguments.inadmissible, **options)
        codes, total = [], _Total()
        for one, result in zip(domains, results, strict=True):
            progress.end()
            total.add(result)
            codes.append(result.status.exit_code)
            if speaks():
                _write(one, result, arguments, lines)
            if result.status is Status.INTERRUPTED:
                break
    if speaks() and len(domains) > 1:
        total.show(len(domains), sys.stderr if arguments.json == "-" else sys.stdout)
    return next((code for code in codes if code), 0)


def _algorithm(arguments: argparse.Namespace, domain: type[Domain]) -> str | None:
    """Return the name of the algorithm, None for the best of one rank or several."""
    if getattr(arguments, "anytime", False):
        if arguments.algorithm not in ("auto", "anytime"):
            raise BadInputError(f"--anytime with --algorithm {arguments.algorithm}; leave out one of them")
        return "anytime"
    if arguments.algorithm == "auto":
        return next((name for name in ALGORITHMS if _is_asked_for(ALGORITHMS[name], arguments)), None)
    name: str = domain.stand_ins.get(arguments.algorithm, arguments.algorithm)
    chosen = ALGORITHMS[name]
    ranks = launched_ranks() or 1
    if chosen.max_ranks is not None and ranks > chosen.max_ranks:
        by = "-n asks for" if is_local_rank() else "mpiexec started"
        raise BadInputError(
            f"--algorithm {arguments.algorithm} runs on one rank and {by} {ranks}; leave out one of them"
        )
    return name


def _is_asked_for(algorithm: type[Algorithm], arguments: argparse.Namespace) -> bool:
    """Say whether an option is given that names an algorithm."""
    return any(getattr(arguments, option.name, None) not in (None, False) for option in algorithm.named_by)


def _algorithm_options(arguments: argparse.Namespace, algorithm: str | None) -> dict[str, Any]:
    """Return the options given to an algorithm; those of HDA* are allowed where the choice is automatic."""
    names = {option.name for name in ALGORITHMS for option in ALGORITHMS[name].options}
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name, None) is not None}
    if algorithm is not None:
        return values_of(ALGORITHMS[algorithm].options, given, f"algorithm {algorithm}")
    values = values_of(ALGORITHMS["hdastar"].options, given, "the automatic choice; name an --algorithm")
    known = {option.name for option in ALGORITHMS["astar" if world() is None else "hdastar"].options}
    return {name: value for name, value in values.items() if name in given and name in known}


def _checkpoints(arguments: argparse.Namespace) -> Checkpoints | None:
    """Return where the search is written to, if anywhere."""
    if arguments.checkpoint is None:
        if arguments.every is not None:
            raise BadInputError(f"--every {shown(arguments.every)} without --checkpoint; give the folder, too")
        return None
    every_s = EVERY_S if arguments.every is None else seconds(arguments.every)
    is_resumed = getattr(arguments, "is_resumed", False)
    return Checkpoints(arguments.checkpoint, every_s, is_resumed, command_of(arguments, plugins.files), say_alone)


def _check_plan_files(arguments: argparse.Namespace, domains: Sequence[Domain]) -> None:
    """Refuse one file for several plans, and the domain's notation where there is none."""
    n = len(domains)
    if n > 1 and (arguments.plan_file or arguments.solution):
        raise BadInputError(f"{n} instances and one file for a plan; give one instance, or --json for all plans")
    if arguments.solution and not has_notation(domains[0]):
        raise BadInputError(f"--solution: plans of {domains[0].name} are moves and no more; write them by --plan-file")


def _limits(arguments: argparse.Namespace) -> Limits:
    """Read the limits, and refuse files that cannot be written before the search, not after it."""
    limits = limits_of(arguments)
    if speaks():
        for name in (arguments.json, arguments.plan_file, arguments.solution):
            writable(name)
    return limits


@contextmanager
def _lines(name: str | None, n: int) -> Iterator[IO[str] | None]:
    """Open the file that gets a line of JSON for each of several instances, as they come."""
    if n == 1 or name in (None, "-") or not speaks():
        yield None
    else:
        with open(str(name), "w") as file:
            yield file


def _say(progress: ProgressLine, line: str) -> None:
    """Print a line while a search runs."""
    progress.clear()
    say(line)


def _write(domain: Domain, result: Result, arguments: argparse.Namespace, lines: IO[str] | None) -> None:
    """Write what was asked for; what cannot be written is printed, so that no plan is lost."""
    plan, shown = plan_text(domain, result), None if result.plan is None else domain.show_plan(result.plan)
    json_file = arguments.json if lines is None else None
    seen = on_screen(domain, result, shown, arguments.plan_file, arguments.solution)
    outputs: list[tuple[str | None, str]] = [("-", result.to_json() + "\n" if arguments.json == "-" else seen)]
    if json_file != "-":
        outputs.append((json_file, result.to_json() + "\n"))
    if plan:
        outputs.append((arguments.plan_file, plan))
    if shown is not None:
        outputs.append((arguments.solution, shown + "\n"))
    save_all(outputs, instead=plan)
    if lines is not None:
        print(result.to_json(), file=lines, flush=True)


class _Total:
    """What several searches took together."""

    def __init__(self) -> None:
        self.solved = self.generated = 0
        self.seconds = 0.0

    def add(self, result: Result) -> None:
        """Add one."""
        self.solved += result.status in (Status.SOLVED, Status.WITHIN_BOUND)
        self.generated += result.generated
        self.seconds += result.search_s

    def show(self, n: int, stream: IO[str]) -> None:
        """Print it."""
        rate = self.generated / max(1e-9, self.seconds)
        print(
            f"{self.solved} of {n} solved; {self.generated:,} generated in {self.seconds:.3f} s of search, "
            f"{rate / 1e6:.1f} M nodes/s",
            file=stream,
        )
