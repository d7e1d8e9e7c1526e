"""IDA* by scheme: total time, ratio to one CPU core, and load balance, as the paper's table has them.

Rows are one core with the code of any domain, one core and all cores with the code made for the domain, and the
three GPU schemes, each over all instances. Times are of the search; compilation is outside. LB is max/mean of what
the workers did in the instance with the most nodes. Where there is no GPU its rows say so.

Source: Horie and Fukunaga (2017), "Block-parallel IDA* for GPUs", SoCS.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pdsearch.console.instances import instances
from pdsearch.domains import DOMAINS, Domain
from pdsearch.environment import environment
from pdsearch.errors import BadInputError
from pdsearch.gpu.devices import FORMS, Choice, Device, choose
from pdsearch.gpu_model import AUTOMATON, model_of
from pdsearch.heuristics import make_heuristic
from pdsearch.limits import Limits
from pdsearch.pruning.choice import length_of
from pdsearch.result import Result, Status
from pdsearch.search import solve, solve_all
from pdsearch.search.depth_first.idastar import fair_threads
from pdsearch.search.depth_first.idastar_gpu import IdaStarGpu
from pdsearch.search.depth_first.result import MODES, IdaResult
from pdsearch.search.run import Run
from pdsearch.subtrees import fastest

EXAMPLES = """\
  pdsearch bench ida
  pdsearch bench ida korf:4,7,10,11 --threads 2 --json ida.json
  pdsearch bench ida korf:all --mode first --device gpu --no-general
  pdsearch bench ida random:13 --domain pancake
"""
_GPU_SCHEMES = ("thread", "block", "persistent")  # of pdsearch.gpu.schemes, which loads CUDA


@dataclass(frozen=True)
class Row:
    """One scheme over all instances; numbers are None where nothing was measured.

    Attributes
    ----------
    seconds : float
        Of search, all instances together.
    ratio : float
        Seconds of one core by seconds of this scheme.
    LB : float
        max/mean of the workers' loads in the instance with the most nodes; 1 for one worker.
    """

    scheme: str
    solved: int | None = None
    generated: int | None = None
    seconds: float | None = None
    per_s: float | None = None
    ratio: float | None = None
    LB: float | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's command line."""
    parser.add_argument("instances", nargs="*", default=["korf:4,7"], help="as for pdsearch ida (default korf:4,7)")
    parser.add_argument("--domain", default="tiles", metavar="NAME", help=f"one of: {', '.join(DOMAINS)}")
    parser.add_argument("--heuristic", metavar="NAME", help="(default: the domain's)")
    parser.add_argument("--mode", choices=MODES, default="all", help="all solutions (default): counts are then equal")
    parser.add_argument(
        "--prune", default="none", metavar="HOW", help="none (default), or fsm[:LENGTH], on CPU and GPU alike"
    )
    parser.add_argument("--threads", type=int, default=fair_threads(), metavar="N", help="(default: one for each core)")
    parser.add_argument("--device", default="auto", metavar="DEVICE", help=f"{FORMS} (default auto)")
    parser.add_argument("--no-general", action="store_true", help="leave out the slow row of the general code")
    parser.add_argument("--json", metavar="FILE", help="JSON in place of a table; - for standard output")


def run(arguments: argparse.Namespace) -> int:
    """Measure every scheme; 1 when their counts are not alike though they should be."""
    if arguments.threads < 1:
        raise BadInputError(f"{arguments.threads} threads make no sense; give 1 or more")
    puzzles = instances(DOMAINS[arguments.domain], arguments.instances, {})
    choice = choose(arguments.device)
    rows = list(_rows(puzzles, arguments, choice))
    one_core = next(row.seconds for row in rows if row.scheme == "one core")
    rows = [_compared(row, one_core) for row in rows]
    alike = len({row.generated for row in rows if row.generated is not None}) == 1
    if arguments.json:
        _write_json(rows, arguments, choice)
    else:
        print(table(rows))
        _explain(arguments.mode, alike, choice)
    return 0 if alike or arguments.mode == "first" else 1


def _rows(puzzles: list[Domain], arguments: argparse.Namespace, choice: Choice) -> Iterator[Row]:
    is_specialised = fastest(puzzles[0], make_heuristic(puzzles[0], arguments.heuristic)) is not None
    if is_specialised and not arguments.no_general:
        yield _on_cpu("one core, general code", puzzles, arguments, 1, general=True)
    yield _on_cpu("one core", puzzles, arguments, 1)
    if arguments.threads > 1:
        yield _on_cpu(f"{arguments.threads} threads", puzzles, arguments, arguments.threads)
    for scheme in _GPU_SCHEMES:
        name = f"GPU, {scheme}"
        yield Row(name) if choice.device is None else _on_gpu(name, scheme, puzzles, arguments, choice.device)


def _on_cpu(
    name: str, puzzles: list[Domain], arguments: argparse.Namespace, threads: int, general: bool = False
) -> Row:
    results = []
    for puzzle in puzzles:
        print(f"{name}: {puzzle.instance} ...", file=sys.stderr, flush=True)
        options = {"mode": arguments.mode, "threads": threads, "general": general}
        options["prune"] = f"fsm:{AUTOMATON}" if arguments.prune == "fsm" else arguments.prune
        results.append(solve(puzzle, arguments.heuristic, algorithm="idastar", **options))
    return _row(name, results, sum(result.search_s for result in results))


def _on_gpu(name: str, scheme: str, puzzles: list[Domain], arguments: argparse.Namespace, device: Device) -> Row:
    """Search all instances in one batch, after a launch that compiles."""
    from pdsearch.gpu.schemes import make

    print(f"{name}: {len(puzzles)} instances ...", file=sys.stderr, flush=True)
    kernel = make(scheme, model_of(puzzles[0], arguments.heuristic, length_of(arguments.prune, AUTOMATON)), device)
    tiny = IdaStarGpu(scheme=scheme, device=device, kernel=kernel, wanted=1)
    list(solve_all(puzzles[:1], Run(Limits(nodes=1)), arguments.heuristic, algorithm=tiny))
    algorithm = IdaStarGpu(arguments.mode, scheme, device, kernel)
    results = list(solve_all(puzzles, Run(), arguments.heuristic, algorithm=algorithm))
    return _row(name, results, results[0].search_s)


def _row(name: str, results: Sequence[Result], seconds: float) -> Row:
    generated = sum(result.generated for result in results)
    solved = sum(result.status is Status.SOLVED for result in results)
    largest = max(results, key=lambda result: result.generated)
    done = generated + sum(result.beyond for result in results if isinstance(result, IdaResult))
    return Row(
        name, solved, generated, seconds, done / max(seconds, 1e-9), LB=None if math.isnan(largest.LB) else largest.LB
    )


def _compared(row: Row, one_core: float | None) -> Row:
    if row.seconds is None or one_core is None:
        return row
    return Row(**asdict(row) | {"ratio": one_core / max(row.seconds, 1e-9)})


def table(rows: list[Row]) -> str:
    """Return the rows as a table."""
    width = max(len(row.scheme) for row in rows)
    lines = [f"{'scheme':<{width}}  solved        generated   seconds  M nodes/s  / one core     LB"]
    for row in rows:
        if row.seconds is None:
            lines.append(f"{row.scheme:<{width}}  not measured")
        else:
            balance = "    -" if row.LB is None else f"{row.LB:5.3f}"
            lines.append(
                f"{row.scheme:<{width}}  {row.solved:6}  {row.generated:15,}  {row.seconds:8.3f}  "
                f"{(row.per_s or 0) / 1e6:9.1f}  {row.ratio or 0:10.2f}  {balance}"
            )
    return "\n".join(lines)


def _explain(mode: str, alike: bool, choice: Choice) -> None:
    if choice.word:
        print(choice.word.replace("; searching on the CPU", ""))
    if mode == "all":
        print("counts are alike" if alike else "WRONG: counts differ")


def _write_json(rows: list[Row], arguments: argparse.Namespace, choice: Choice) -> None:
    """Write the rows, and what they were measured on."""
    names = ("domain", "instances", "heuristic", "mode", "threads")
    facts = {name: getattr(arguments, name) for name in names} | {"environment": environment()}
    facts["device"] = None if choice.device is None else choice.device._asdict()
    text = json.dumps(facts | {"rows": [asdict(row) for row in rows]}, allow_nan=False)
    if arguments.json == "-":
        print(text)
    else:
        Path(arguments.json).write_text(text + "\n", encoding="utf-8")
