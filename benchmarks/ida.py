"""IDA* on the CPU: nodes per second of one core, and what a second thread or rank adds.

    python benchmarks/ida.py [korf:4,7,10,11] [--threads 2] [--repeat 3] [--heuristic NAME] [--all-hundred out.jsonl]

Each row is the best of some repetitions, for a shared machine only takes away. ``cpu`` is nodes by CPU
seconds of the process, which other programs do not change; ``wall`` by the clock.
``--all-hundred`` solves Korf's hundred once, checks every length and, with Manhattan distance, every count, and writes
a line each.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from pdsearch.console.instances import instances
from pdsearch.domains import Domain
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf
from pdsearch.heuristics import HEURISTICS
from pdsearch.search import solve
from pdsearch.search.depth_first.idastar import fair_threads

# what other programs reach on the author's machine: a shared 2-core virtual x86-64, by CPU time
C_FIRST, C_ALL, BURNS = 3.9e8, 4.75e8, 1.04e8


def main() -> int:
    """Print one table, or solve the hundred."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instances", nargs="?", default="korf:4,7,10,11")
    parser.add_argument("--threads", type=int, default=fair_threads())
    parser.add_argument("--repeat", type=int, default=3)
    fitting = [name for name in HEURISTICS if HEURISTICS[name].fits(Tiles.korf(1))]
    parser.add_argument("--heuristic", default="manhattan", choices=fitting)
    parser.add_argument("--all-hundred", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.all_hundred:
        return _hundred(Path(arguments.all_hundred), arguments.threads, arguments.heuristic)
    searched = partial(_solve, heuristic=arguments.heuristic)
    puzzles = instances(Tiles, [arguments.instances], {})
    print("| search | mode | generated | cpu M/s | wall M/s | against own C | against Burns et al. C++ | LB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    searched([Tiles.korf(79)], "first", 1)  # compile outside the clock
    for mode, anchor in (("first", C_FIRST), ("all", C_ALL)):
        table = partial(_row, mode=mode, anchor=anchor, repeat=arguments.repeat)
        n = arguments.threads
        one = table("one thread", run=partial(searched, puzzles, mode, 1))
        many = table(f"{n} threads", run=partial(searched, puzzles, mode, n))
        ranks = table(f"{n} ranks", run=partial(_mpi, _ranks(arguments.instances, mode, n, arguments.heuristic)))
        # on a shared machine the clock says little: what a core does by CPU time, and how even the work is
        by_cpu = n * many.cpu / one.cpu / many.load_balance
        print(
            f"\n{mode}: {n} threads / one {many.wall / one.wall:.2f} by the clock, {by_cpu:.2f} by CPU time and LB; "
            f"{n} ranks / one {ranks.wall / one.wall:.2f} by the clock\n"
        )
    general = partial(searched, puzzles[:1], "first", 1, specialised=False)
    _row("general, one thread", general, mode="first", anchor=C_FIRST, repeat=1)
    return 0


def _solve(
    puzzles: list[Domain], mode: str, threads: int, specialised: bool = True, heuristic: str = "manhattan"
) -> dict[str, float]:
    start, cpu = time.perf_counter(), time.process_time()
    results = [
        solve(puzzle, heuristic, algorithm="idastar", mode=mode, threads=threads, general=not specialised, prune="none")
        for puzzle in puzzles
    ]
    return {
        "generated": sum(result.generated + result.beyond for result in results),
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - start,
        "LB": max(result.LB for result in results),
    }


def _ranks(names: str, mode: str, n: int, heuristic: str) -> list[str]:
    beside = Path(sys.executable).with_name("mpiexec")
    mpiexec = str(beside) if beside.exists() else "mpiexec"
    command = [mpiexec, "-n", str(n), sys.executable, "-m", "pdsearch", "ida", "tiles", names, "--mode", mode]
    return [*command, "--threads", "1", "--device", "cpu", "--prune", "none", "--heuristic", heuristic, "--json", "-"]


def _mpi(command: list[str]) -> dict[str, float]:
    """Run ranks; seconds are those of the searches, for processes start and load outside them."""
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    results: list[dict[str, Any]] = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    return {
        "generated": sum(result["generated"] + result["beyond"] for result in results),
        "cpu": math.nan,
        "wall": sum(result["search_s"] for result in results),
        "LB": max(result["LB"] for result in results),
    }


class _Best(NamedTuple):
    """Nodes per second, and the evenest run."""

    cpu: float
    wall: float
    load_balance: float


def _row(name: str, run: Callable[[], dict[str, float]], mode: str, anchor: float, repeat: int) -> _Best:
    """Print and return the best of some runs."""
    runs = [run() for _ in range(repeat)]
    best = _Best(
        max(run["generated"] / run["cpu"] for run in runs),
        max(run["generated"] / run["wall"] for run in runs),
        min(run["LB"] for run in runs),
    )
    rate = best.wall if math.isnan(best.cpu) else best.cpu
    print(
        f"| {name} | {mode} | {runs[0]['generated']:,} | {best.cpu / 1e6:.0f} | {best.wall / 1e6:.0f} "
        f"| {rate / anchor:.2f} | {rate / BURNS:.2f} | {best.load_balance:.3f} |",
        flush=True,
    )
    return best


def _hundred(out: Path, threads: int, heuristic: str) -> int:
    wrong, start, generated = 0, time.perf_counter(), 0
    with out.open("w") as file:
        for number in range(1, 101):
            result = solve(Tiles.korf(number), heuristic, algorithm="idastar", threads=threads, prune="none")
            published = korf(number)
            are_korfs = heuristic != "manhattan" or result.generated + 1 == published.idastar_generated
            right = result.cost == published.optimal_length and are_korfs
            wrong += not right
            generated += result.generated
            keys = (
                "instance",
                "cost",
                "generated",
                "expanded",
                "beyond",
                "search_s",
                "generated_per_s",
                "LB",
                "threads",
            )
            row = {key: value for key, value in result.to_dict().items() if key in keys}
            print(json.dumps(row | {"right": right}), file=file, flush=True)
    seconds = time.perf_counter() - start
    print(f"{100 - wrong} of 100 right; {generated:,} generated in {seconds:.1f} s, {threads} threads")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
