"""Find an optimal plan: A* on one rank, HDA* under mpiexec.

Exit codes: 0 solved, 11 unsolvable, 12 node limit, 22 memory, 23 time, 130 interrupted, 2 bad
input, 1 internal error.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import IO, Any

from pdsearch.cli._interrupts import Interrupts
from pdsearch.cli._outputs import writable
from pdsearch.cli._progress import ProgressLine
from pdsearch.cli._seed import seed
from pdsearch.comm.together import once, together
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import DOMAINS, Domain
from pdsearch.errors import BadInputError, MissingDependencyError
from pdsearch.heuristics import HEURISTICS
from pdsearch.limits import Limits, bytes_, count, seconds
from pdsearch.result import Result
from pdsearch.search import solve

EXAMPLES = """\
  pdsearch solve tiles korf:1 --heuristic manhattan --json -
  mpiexec -n 2 pdsearch solve tiles korf:1 --distribution abstract-zobrist --json result.json --plan-file plan.txt
  pdsearch solve tiles "14 13 15 7 11 12 9 5 6 0 2 1 4 8 10 3"
  pdsearch solve tiles random:3x3 --seed 7 --time-limit 30s --memory 2G
"""

_SHOWN = 2000  # characters of a plan in the domain's own notation that are printed unasked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("domain", help=f"one of: {', '.join(DOMAINS)}")
    instances = "; ".join(f"{name}: {DOMAINS[name].instances_help}" for name in DOMAINS)
    parser.add_argument("instance", help=instances.replace("%", "%%"))
    add_search_arguments(parser)
    for name in DOMAINS:
        DOMAINS[name].add_arguments(parser)


def add_search_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the search, its limits and its outputs; ``pdsearch plan`` has the same."""
    parser.add_argument("--heuristic", metavar="NAME", help=f"one of: {', '.join(HEURISTICS)}")
    parser.add_argument("--inadmissible", action="store_true", help="allow a heuristic that is no lower bound")
    parser.add_argument("--distribution", metavar="NAME", help=f"who owns a state: {', '.join(DISTRIBUTIONS)}")
    parser.add_argument("--algorithm", choices=["auto", "astar", "hdastar"], default="auto")
    parser.add_argument("--seed", type=seed, metavar="N", default=0, help="of random instances, random words")
    parser.add_argument("--time-limit", metavar="TIME", help="of the search, as 30s, 10m or 2h")
    parser.add_argument("--memory", metavar="BYTES", help="per rank, as 512M or 2G (default 80%% of what is free)")
    parser.add_argument("--node-limit", metavar="N", help="expansions, summed over ranks")
    parser.add_argument("--batch", metavar="N", help="nodes per message between ranks (default: chosen while running)")
    parser.add_argument("--json", metavar="FILE", help="write the result as JSON; - is stdout")
    parser.add_argument("--plan-file", metavar="FILE", help="write the plan, an operator a line")
    parser.add_argument(
        "--solution", metavar="FILE", help="write the plan as the domain shows it: aligned FASTA, a map"
    )
    parser.add_argument("--progress", action="store_true", help="show progress even when stderr is no terminal")


def run(arguments: argparse.Namespace) -> int:
    """Solve, write what was asked for, and return the exit code."""
    comm = _communicator(arguments.algorithm)
    speaks = comm is None or comm.Get_rank() == 0
    fetched = once(comm, lambda: DOMAINS[arguments.domain].fetch(arguments.instance, **_options(arguments)))
    domain, limits = together(comm, lambda: _read(arguments, fetched, speaks))
    with Interrupts() as interrupts, ProgressLine(speaks, arguments.progress) as progress:
        result = solve(
            domain,
            arguments.heuristic,
            distribution=arguments.distribution,
            comm=comm,
            seed=arguments.seed,
            limits=limits,
            interrupted=interrupts,
            on_progress=progress.show if progress.is_shown else None,
            message=arguments.batch,
            inadmissible=arguments.inadmissible,
        )
    if speaks:
        _write(domain, result, arguments.json, arguments.plan_file)
        _write_solution(domain, result, arguments.solution, arguments.json == "-")
    return result.status.value


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    return {key: value for key, value in vars(arguments).items() if key not in ("run", "domain", "instance")}


def _read(arguments: argparse.Namespace, fetched: Any, writes: bool) -> tuple[Domain, Limits]:
    """Read what is given as text, and refuse files that cannot be written before the search, not after it."""
    arguments.batch = None if arguments.batch is None else count(arguments.batch)
    given = {} if fetched is None else {"fetched": fetched}
    domain = DOMAINS[arguments.domain].parse(arguments.instance, **_options(arguments), **given)
    limits = _limits(arguments)
    if writes:
        for name in (arguments.json, arguments.plan_file, arguments.solution):
            writable(name)
    return domain, limits


def _limits(arguments: argparse.Namespace) -> Limits:
    given: dict[str, Any] = {}
    if arguments.time_limit is not None:
        given["time_s"] = seconds(arguments.time_limit)
    if arguments.memory is not None:
        given["memory_bytes"] = bytes_(arguments.memory)
    if arguments.node_limit is not None:
        given["nodes"] = count(arguments.node_limit)
    return Limits(**given)


def _communicator(algorithm: str) -> Any:
    """Return MPI's world when this is one of its processes, or HDA* is asked for; else None."""
    under_mpi = any(name in os.environ for name in ("PMI_SIZE", "PMIX_RANK", "OMPI_COMM_WORLD_SIZE"))
    ranks = next((os.environ[name] for name in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE") if name in os.environ), "1")
    if algorithm == "astar" and ranks != "1":
        raise BadInputError(f"--algorithm astar runs on one rank and mpiexec started {ranks}; leave out one of them")
    if algorithm == "astar" or (algorithm == "auto" and not under_mpi):
        return None
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise MissingDependencyError(
            "no MPI library was found; run: pip install 'pdsearch[mpich]', or load your cluster's MPI"
        ) from error
    alone = MPI.COMM_WORLD.Get_size() == 1 and algorithm == "auto"
    return None if alone else MPI.COMM_WORLD


def _write(domain: Domain, result: Result, json_file: str | None, plan_file: str | None) -> None:
    if json_file == "-":
        print(result.to_json())
    else:
        print(result.summary())
    if json_file not in (None, "-"):
        Path(json_file).write_text(result.to_json() + "\n")
    if plan_file is not None:
        _write_plan(domain, result, sys.stdout if plan_file == "-" else None, plan_file)


def _write_plan(domain: Domain, result: Result, stream: IO[str] | None, plan_file: str) -> None:
    """Write the operators, and the cost in a last line that begins with a semicolon."""
    if result.plan is None:
        return
    costs = f" ({domain.cost_words})" if domain.cost_words else ""
    text = "".join(f"{operator}\n" for operator in result.plan) + f"; cost = {result.cost}{costs}\n"
    if stream is not None:
        stream.write(text)
    else:
        Path(plan_file).write_text(text)


def _write_solution(domain: Domain, result: Result, file: str | None, is_stdout_taken: bool) -> None:
    """Write the plan in the domain's own notation, to stdout unless told otherwise."""
    text = None if result.plan is None else domain.show_plan(result.plan)
    if text is None:
        return
    if file not in (None, "-"):
        Path(file).write_text(text + "\n")
    elif file == "-":
        print(text)
    elif not is_stdout_taken:
        fits = len(text) <= _SHOWN
        print(text if fits else text.split("\n")[0] + "\n(too long to show; --solution FILE writes it)")
