"""The figures of A* and HDA* on the 15-puzzle, beside each other, from one run on one machine.

    python benchmarks/search.py [--quick] [--json FILE]
    python benchmarks/search.py --sixty sixty.jsonl

Beside each figure stands what is wanted of it on two free cores of an x86-64 machine. Compared runs
alternate, so that a machine whose speed drifts slows both; figures are medians. Every run is a process of
its own; times are of the search alone, compilation excluded, unless the row says otherwise.

``--sixty`` solves the sixty of Korf's instances that IDA* generates the fewest nodes for, by A* and by HDA* on
1, 2, 3 and 7 ranks; compares lengths with the published ones, replays the plans, and adds a line to the file for
each. Started again with the same file it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf

TEN = [96, 24, 54, 84, 1, 10, 26, 37, 15, 3]  # Korf instances of 1.3 to 30 M expansions, about evenly spread
PYTHON = sys.executable


def main() -> int:
    """Run all sections and print their tables, or check the sixty."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, three instances")
    parser.add_argument("--json", metavar="FILE", help="write all single runs, too")
    parser.add_argument("--sixty", metavar="FILE", help="check lengths and plans of sixty instances instead")
    arguments = parser.parse_args()
    if arguments.sixty:
        return sixty(Path(arguments.sixty))
    repeats = 2 if arguments.quick else 5
    instances = TEN[:3] if arguments.quick else TEN
    solve("korf:79"), solve("korf:79", ranks=2)  # compile, and touch the caches
    log: dict[str, Any] = {
        "speed": speed(repeats),
        "ranks": two_ranks(instances, 1 if arguments.quick else 3),
        "one rank": one_rank(repeats),
        "start": start_up(repeats),
    }
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(log))
    return 0


def solve(instance: str, ranks: int = 0, **options: str) -> dict[str, Any]:
    """Solve in a process of its own: A*, or HDA* on so many ranks."""
    words = [PYTHON, "-m", "pdsearch", "solve", "tiles", instance, "--json", "-"]
    if ranks:
        words = [str(_mpiexec()), "-n", str(ranks), *words, "--algorithm", "hdastar"]
    words += [word for name, value in options.items() for word in (f"--{name}", value)]
    run = subprocess.run(words, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def _mpiexec() -> str:
    beside = Path(PYTHON).with_name("mpiexec")
    return str(beside) if beside.exists() else shutil.which("mpiexec") or "mpiexec"


def speed(repeats: int) -> dict[str, list[float]]:
    """A* on Korf's first instance, with batches and without."""
    code = (
        "import sys; from pdsearch import solve; from pdsearch.domains.tiles import Tiles;"
        "r = solve(Tiles.korf(1), 'manhattan', algorithm='astar', batch=int(sys.argv[1]));"
        "print(r.expanded_per_s, r.bytes_per_node)"
    )
    rates: dict[str, list[float]] = {"batch": [], "single": [], "ratio": [], "bytes": []}
    for _ in range(repeats):
        (batch, size), (single, _) = (
            map(float, subprocess.run([PYTHON, "-c", code, n], capture_output=True, text=True).stdout.split())
            for n in ("32", "1")
        )
        for name, value in (("batch", batch), ("single", single), ("ratio", batch / single), ("bytes", size)):
            rates[name].append(value)
    print("A*, Korf #1, Manhattan, one core")
    print(
        f"  {median(rates['batch']) / 1e6:.2f} M expansions/s (best {max(rates['batch']) / 1e6:.2f}); wanted: 6 or more"
    )
    print(f"  {median(rates['ratio']):.2f} x the same engine with batches of one node; wanted: 1.6 or more")
    print(f"  {median(rates['bytes']):.1f} bytes per stored node, everything counted; wanted: 24 or fewer")
    return rates


def two_ranks(instances: list[int], repeats: int) -> list[dict[str, Any]]:
    """HDA* on 2 ranks against A*, instance by instance."""
    rows = []
    print("\nHDA* on 2 ranks against A* on one (medians)")
    print(
        "  Korf   M exp   A* s   |  abstract-zobrist: SO      CO    LB   speed-up |"
        "  zobrist: SO      CO    LB   speed-up"
    )
    for number in instances:
        instance = f"korf:{number}"
        runs: dict[str, list[dict[str, Any]]] = {"A*": [], "abstract-zobrist": [], "zobrist": []}
        for _ in range(repeats):
            runs["A*"].append(solve(instance))
            for name in ("abstract-zobrist", "zobrist"):
                runs[name].append(solve(instance, ranks=2, distribution=name))
        row: dict[str, Any] = {"instance": number, "expanded": runs["A*"][0]["expanded"]}
        row["seconds"] = median(run["search_s"] for run in runs["A*"])
        for name in ("abstract-zobrist", "zobrist"):
            pairs = list(zip(runs["A*"], runs[name], strict=True))
            row[name] = {
                "SO": median(run["expanded"] / alone["expanded"] - 1 for alone, run in pairs),
                "CO": median(run["CO"] for run in runs[name]),
                "LB": median(run["LB"] for run in runs[name]),
                "speed-up": median(alone["search_s"] / run["search_s"] for alone, run in pairs),
            }
        rows.append(row)
        cells = " |         ".join(
            f"{row[name]['SO']:+14.3f} {row[name]['CO']:7.3f} {row[name]['LB']:6.3f} {row[name]['speed-up']:8.2f}"
            for name in ("abstract-zobrist", "zobrist")
        )
        print(f"  {number:4d} {row['expanded'] / 1e6:7.2f} {row['seconds']:6.2f}   | {cells}", flush=True)
    for name, least, most in (("abstract-zobrist", 1.7, 0.02), ("zobrist", 1.0, 0.10)):
        overhead = median(row[name]["SO"] for row in rows)
        faster = median(row[name]["speed-up"] for row in rows)
        print(
            f"  {name}: median search overhead {overhead:+.3f} (wanted: {most:.2f} or less), "
            f"median speed-up {faster:.2f} (wanted: {least} or more)"
        )
    return rows


def one_rank(repeats: int) -> list[float]:
    """HDA* with nobody to share with, against A*."""
    ratios = [solve("korf:24")["search_s"] / solve("korf:24", ranks=1)["search_s"] for _ in range(repeats)]
    print(f"\nHDA* on one rank: {median(ratios):.2f} x the speed of A*; wanted: 0.9 or more")
    return ratios


def start_up(repeats: int) -> dict[str, list[float]]:
    """Whole processes, with a warm cache."""
    commands = {
        "solve": ["-m", "pdsearch", "solve", "tiles", "korf:79"],
        "import": ["-c", "import pdsearch"],
        "bare": ["-c", ""],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, words in commands.items():
            start = time.perf_counter()
            subprocess.run([PYTHON, *words], capture_output=True, check=True)
            times[name].append(time.perf_counter() - start)
    print(f"\npdsearch solve tiles korf:79, whole process: {median(times['solve']):.2f} s; wanted: 1.5 or less")
    alone = median(times["import"]) - median(times["bare"])
    print(f"import pdsearch: {alone:.3f} s more than python alone; wanted: 0.25 or less")
    return times


def sixty(file: Path) -> int:
    """Solve what is not in the file yet; return 1 if any length or plan is wrong."""
    lines = file.read_text().splitlines() if file.exists() else []
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    done = {(row["instance"], row["ranks"]) for row in rows}
    easiest = sorted(range(1, 101), key=lambda number: korf(number).idastar_generated)[:60]
    for number, ranks in product(easiest, (0, 1, 2, 3, 7)):
        if (number, ranks) not in done:
            rows.append(checked(number, ranks))
            with file.open("a") as log:
                log.write(json.dumps(rows[-1]) + "\n")
    wrong = sum(not row["right"] for row in rows)
    print(f"{len(rows) - wrong} of {len(rows)} runs right: lengths as published, plans replayed")
    return 1 if wrong else 0


def checked(number: int, ranks: int) -> dict[str, Any]:
    """Solve one instance, by A* on 0 ranks, and print a line."""
    puzzle, length = Tiles.korf(number), korf(number).optimal_length
    result = solve(f"korf:{number}", ranks)
    names = {puzzle.operator_name(operator): operator for operator in range(puzzle.max_moves)}
    replayed = puzzle.replay([names[name] for name in result["plan"]])
    row = {"instance": number, "ranks": ranks, "right": result["cost"] == replayed == length}
    row |= {key: result[key] for key in ("cost", "expanded", "search_s", "LB", "CO")}
    algorithm = f"HDA* on {ranks}" if ranks else "A*"
    verdict = "right" if row["right"] else f"WRONG: {length} is published"
    print(
        f"  korf:{number:<3} {algorithm:9} length {result['cost']}, {verdict}; expanded {result['expanded']:11,}, "
        f"{result['search_s']:7.2f} s",
        flush=True,
    )
    return row


if __name__ == "__main__":
    sys.exit(main())
