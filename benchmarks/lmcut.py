"""Evaluations of LM-cut by CPU second, beside Fast Downward's, task by task on one core.

    python benchmarks/lmcut.py FOLDER [--repeats 3] [--only blocks,depot] [--json FILE]

FOLDER holds the tasks of the international planning competitions as PDDL, a folder for each domain
(github.com/aibasel/downward-benchmarks). A* solves each task with both planners by turns, so that a machine whose speed
drifts slows both; a task's figures are medians of its runs. Seconds are CPU seconds of the search, compilation,
translation and tables excluded, and those that Fast Downward (pip install up-fast-downward) prints for its search.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median

from pdsearch.benchmarking._peers import FAST_DOWNWARD, peer_run
from pdsearch.benchmarking._planning_runs import Trial, own_run
from pdsearch.domains.planning.sas import parse_sas
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import PdsearchError
from pdsearch.limits import Limits

TASKS = [  # of different domains, for their seconds with Fast Downward: one to ten
    "blocks/p9-0",
    "depot/p07",
    "driverlog/p09",
    "elevators-opt08-strips/p03",
    "mprime/p02",
    "nomystery-opt11-strips/p05",
    "rovers/p07",
    "satellite/p07",
    "sokoban-opt11-strips/p05",
    "storage/p14",
    "tidybot-opt11-strips/p02",
    "transport-opt08-strips/p03",
    "woodworking-opt11-strips/p03",
]
LIMITS = Limits(time_s=100.0, memory_bytes=3 << 30)


def main() -> int:
    """Run all tasks and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", metavar="FOLDER", help="a folder for each domain")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of each planner (default 3)")
    parser.add_argument("--only", default="", metavar="TEXT,...", help="tasks whose names begin so")
    parser.add_argument("--json", metavar="FILE", help="write all single runs, too")
    given = parser.parse_args()
    if given.repeats < 1:
        parser.error("--repeats must be 1 or more")
    chosen = [task for task in TASKS if task.startswith(tuple(given.only.split(",")))]
    if not chosen:
        parser.error(f"no task begins with {given.only!r}; those there are: {', '.join(TASKS)}")
    log, ratios = list[Trial](), list[float]()
    print(f"{'':28}      evaluated      CPU s      evaluated/s         before last layer")
    print(f"{'task':<28}   ours  theirs   ours theirs     ours   theirs ratio     ours   theirs")
    for task in chosen:
        pairs = measured(f"{given.folder}/{task}.pddl", given.repeats)
        log += [run for pair in pairs for run in pair]
        ratios.append(line(task, pairs))
    print(f"median of {len(ratios)}: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    if given.json:
        Path(given.json).write_text("".join(json.dumps(asdict(run)) + "\n" for run in log))
    return 0


def measured(problem: str, repeats: int) -> list[tuple[Trial, Trial]]:
    """Return pairs of runs, ours and theirs."""
    sas = Planning.text_of(problem)
    compiling = replace(LIMITS, nodes=100)
    own_run(Planning(parse_sas(sas, problem), problem), "lmcut", compiling, lambda: False)
    pairs = []
    for _ in range(repeats):
        ours = own_run(Planning(parse_sas(sas, problem), problem), "lmcut", LIMITS, lambda: False)
        theirs = peer_run(FAST_DOWNWARD, sas, problem, "lmcut", LIMITS)
        if ours.status != "solved" or (ours.status, ours.cost) != (theirs.status, theirs.cost):
            sys.exit(f"{problem}: {ours.status}, cost {ours.cost}, and {theirs.status}, cost {theirs.cost}")
        pairs.append((ours, theirs))
    return pairs


def line(task: str, pairs: list[tuple[Trial, Trial]]) -> float:
    """Print the medians of a task; return the ratio of the rates."""
    evaluated, layers = zip(*((run.evaluated, run.expanded_before_last_layer) for run in pairs[0]), strict=True)
    seconds = [median(run.cpu_s or 0 for run in runs) for runs in zip(*pairs, strict=True)]
    rates = [median(run.per_second(run.evaluated) or 0 for run in runs) for runs in zip(*pairs, strict=True)]
    ratio = rates[0] / rates[1]
    print(
        f"{task:<28} {evaluated[0]:>7} {evaluated[1]:>7} {seconds[0]:6.2f} {seconds[1]:6.2f}"
        f" {rates[0]:8.0f} {rates[1]:8.0f} {ratio:5.2f} {layers[0] or '-':>8} {layers[1] or '-':>8}",
        flush=True,
    )
    return ratio


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PdsearchError as error:  # no such folder, or no Fast Downward
        sys.exit(f"lmcut.py: {error}")
