"""A* with all memory against A* with little, which goes on when that is full: wall time, expansions, memory.

    python benchmarks/memory_full.py --memory 300M domain.pddl,p08.pddl,blind task.sas,hmax

Each task is a .sas file, or a domain and a problem in PDDL, with a heuristic. Each is searched twice, one search after
the other, in processes of their own; compiled code is in the disk cache after the first time, and its seconds are not
counted. Costs must be equal. A search that was not solved counts with the seconds after which it ended.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
from typing import Any


def run(words: list[str]) -> dict[str, Any]:
    """Return the JSON of a search, however it ended."""
    command = [sys.executable, "-m", "pdsearch", "plan", *words, "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def told(result: dict[str, Any]) -> str:
    """Return what a search came to."""
    cost = result["cost"] if result["cost"] is not None else result["status"]
    counts = f"{result['expanded'] / 1e6:8.2f} M {result['peak_memory_bytes'] / 2**20:6.0f} MiB"
    return f"{cost!s:>8} {result['search_s']:8.1f} s {counts}"


def compare(task: str, arguments: argparse.Namespace) -> tuple[float, bool]:
    """Print a task's line; return the ratio of the seconds, and whether both were solved at the same cost."""
    *files, heuristic = task.split(",")
    words = [*files, "--heuristic", heuristic, "--time-limit", arguments.time_limit]
    much = run([*words, "--memory", arguments.much])
    little = run([*words, "--memory", arguments.memory])
    ratio = little["search_s"] / max(much["search_s"], 1e-9)
    name = f"{'/'.join(files[-1].split('/')[-2:])} {heuristic}"
    print(f"{name:42} {told(much)}  |  {told(little)}  |  {ratio:5.1f} x", flush=True)
    return ratio, much["cost"] is not None and much["cost"] == little["cost"]


def main() -> None:
    """Compare all tasks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="+", metavar="FILE[,FILE],HEURISTIC")
    parser.add_argument("--memory", default="300M", help="what is little (default 300M)")
    parser.add_argument("--much", default="8G", help="what is enough for A* alone (default 8G)")
    parser.add_argument("--time-limit", default="30m", help="of each search (default 30m)")
    arguments = parser.parse_args()
    ratios = [compare(task, arguments) for task in arguments.tasks]
    solved = [ratio for ratio, is_solved in ratios if is_solved]
    median = statistics.median(solved) if solved else math.nan
    print(
        f"{len(solved)} of {len(ratios)} solved twice; ratio {median:.1f} (median), {max(solved, default=math.nan):.1f}"
    )


if __name__ == "__main__":
    main()
