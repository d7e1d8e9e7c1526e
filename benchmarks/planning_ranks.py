"""Planning on several ranks against one, task by task: where the seconds go.

    python benchmarks/planning_ranks.py FOLDER [--ranks 2] [--repeats 3] [--only lmcut] [--json FILE]

FOLDER holds the tasks of the international planning competitions as PDDL, a folder for each domain
(github.com/aibasel/downward-benchmarks). Runs with one rank and with several alternate, so that a machine whose speed
drifts slows both; figures are medians. Seconds are those of the search, compilation and tables excluded; each run is a
process of its own, after one that compiles. Nothing else may run on these cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from pdsearch.balance.metrics import load_balance

TASKS = [  # chosen for their seconds on one rank, 5 to 60, before anything was measured on two
    ("lmcut", "driverlog/p13"),
    ("lmcut", "logistics00/p7-1"),
    ("lmcut", "zenotravel/p09"),
    ("lmcut", "blocks/p10-0"),
    ("lmcut", "storage/p15"),
    ("scp", "gripper/p07"),
    ("scp", "elevators-opt08-strips/p07"),
    ("scp", "rovers/p06"),
    ("scp", "floortile-opt11-strips/p02-003"),
    ("scp", "pipesworld-tankage/p12"),
]
Run = dict[str, Any]


def main() -> int:
    """Run all tasks and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", metavar="FOLDER", help="a folder for each domain")
    parser.add_argument("--ranks", type=int, default=2, metavar="N", help="against one (default 2)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of each kind (default 3)")
    names = sorted({heuristic for heuristic, _ in TASKS})
    parser.add_argument("--only", choices=names, help="the tasks of one heuristic")
    parser.add_argument("--json", metavar="FILE", help="write all single runs, too")
    given = parser.parse_args()
    if given.repeats < 1 or given.ranks < 2:
        parser.error("--repeats must be 1 or more, --ranks 2 or more")
    ratios, log = list[float](), list[Run]()
    print("heuristic  task                          s on 1      s  ratio  evaluated  LB of it     SO     CO   idle")
    for heuristic, task in TASKS:
        if given.only in (None, heuristic):
            runs = measured(Path(given.folder) / f"{task}.pddl", heuristic, given.ranks, given.repeats)
            log += [run for pair in runs for run in pair]
            ratios.append(line(heuristic, task, runs))
    print(f"median of {len(ratios)}: {median(ratios):.2f}")
    if given.json:
        Path(given.json).write_text(json.dumps(log))
    return 0


def measured(problem: Path, heuristic: str, ranks: int, repeats: int) -> list[tuple[Run, Run]]:
    """Return pairs of runs, on one rank and on several, after one pair that compiles."""
    pairs = [(solve(problem, heuristic, 1), solve(problem, heuristic, ranks)) for _ in range(repeats + 1)]
    if any(alone["cost"] != shared["cost"] for alone, shared in pairs):
        sys.exit(f"{problem} with {heuristic}: costs differ; report this bug")
    return pairs[1:]


def solve(problem: Path, heuristic: str, ranks: int) -> Run:
    """Plan in a process of its own."""
    words = [sys.executable, "-m", "pdsearch", "plan", str(problem), "--heuristic", heuristic, "-n", str(ranks)]
    run = subprocess.run([*words, "--json", "-"], capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr.strip() or f"{problem} was not solved")
    result: Run = json.loads(run.stdout)
    return result


def line(heuristic: str, task: str, runs: list[tuple[Run, Run]]) -> float:
    """Print the medians of a task; return the ratio of the seconds."""
    seconds = [median(run["search_s"] for run in kind) for kind in zip(*runs, strict=True)]
    more = [tuple(shared[name] / alone[name] for name in ("evaluated", "expanded")) for alone, shared in runs]
    evaluated, expanded = (median(values) for values in zip(*more, strict=True))
    shared = [run for _, run in runs]
    balance = median(load_balance([rank["evaluated"] for rank in run["ranks"]]) for run in shared)
    idle = median(sum(rank["idle_s"] for rank in run["ranks"]) / len(run["ranks"]) / run["search_s"] for run in shared)
    print(
        f"{heuristic:<10} {task:<28} {seconds[0]:7.2f} {seconds[1]:6.2f} {seconds[0] / seconds[1]:6.2f}"
        f" {evaluated:9.2f}x {balance:9.2f} {expanded - 1:6.2f} {median(run['CO'] for run in shared):6.2f} {idle:6.1%}",
        flush=True,
    )
    return seconds[0] / seconds[1]


if __name__ == "__main__":
    sys.exit(main())
