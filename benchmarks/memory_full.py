"""A* with all memory against A* with little, which goes on when that is full: seconds of CPU, expansions, memory.

    python benchmarks/memory_full.py --data FOLDER --out lines.jsonl
    python benchmarks/memory_full.py --data FOLDER --memory 300M "gripper p08 blind" "depot p07 blind"

Each task is ``DOMAIN PROBLEM HEURISTIC``: ``FOLDER/DOMAIN/PROBLEM.pddl`` beside ``PROBLEM-domain.pddl`` or
``domain.pddl``. Without any, gripper p08 of the planning competitions is run, blind: A* needs more than 1 GB for it.
Each is searched with both, one search after the other, in processes of their own. Both sides are compared by the
seconds of CPU of the whole process, less those of one that expands a single node: so others may use the machine
meanwhile, and waiting for a disk is not counted (wall time is in the lines, too). What takes longer than
``--cpu-limit`` is not solved, nor what takes ``--most-ratio`` times as long with little; with little only those are run
for which A* took ``--least`` MiB. Each task is a line of ``--out``; those that are there are not run again. Run it
twice where compiled code is not in the disk cache yet. Costs must be equal.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

TASKS = ("gripper p08 blind",)
Row = dict[str, Any]


def run(words: list[str], cpu_limit: int) -> Row:
    """Return what a search came to, with the seconds of CPU and the most memory of its process."""
    command = [sys.executable, "-m", "pdsearch", "plan", *words, "--json", "-"]
    limit = partial(resource.setrlimit, resource.RLIMIT_CPU, (cpu_limit, cpu_limit + 5))
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as said:
        job = subprocess.Popen(command, stdout=out, stderr=said, text=True, preexec_fn=limit)
        _, status, used = os.wait4(job.pid, 0)
        job.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said.seek(0)
        text, error = out.read(), said.read()
    if job.returncode == 2:
        raise SystemExit(error)
    result = json.loads(text.splitlines()[-1]) if text else {"status": f"ended by signal {-job.returncode}"}
    names = ("status", "cost", "expanded", "search_s", "peak_memory_bytes", "notes")
    return {
        **{name: result.get(name) for name in names},
        "cpu_s": used.ru_utime + used.ru_stime,
        "resident_bytes": used.ru_maxrss * 1024,
    }


def files_of(task: str, data: Path) -> list[str]:
    """Return domain, problem and heuristic as arguments of ``pdsearch plan``."""
    domain, problem, heuristic = task.split()
    folder = data / domain
    own = folder / f"{problem}-domain.pddl"
    return [
        str(own if own.exists() else folder / "domain.pddl"),
        str(folder / f"{problem}.pddl"),
        "--heuristic",
        heuristic,
    ]


def compare(task: str, arguments: argparse.Namespace) -> Row:
    """Return a task's line."""
    words = files_of(task, arguments.data)
    begun = run([*words, "--memory", arguments.much, "--node-limit", "1"], arguments.cpu_limit)
    much = run([*words, "--memory", arguments.much, "--when-full", "stop"], arguments.cpu_limit)
    row = {"task": task, "memory": arguments.memory, "setup_cpu_s": begun["cpu_s"], "much": much, "little": None}
    if much["cost"] is not None and much["peak_memory_bytes"] >= arguments.least * 2**20:
        row["little"] = run([*words, "--memory", arguments.memory], int(arguments.most_ratio * much["cpu_s"]) + 1)
    return row


def ratio(row: Row) -> float:
    """Return the seconds with little memory by those with much, nan unless both found the same cost."""
    much, little = row["much"], row["little"]
    if little is None or much["cost"] is None or much["cost"] != little["cost"]:
        return math.nan
    return float((little["cpu_s"] - row["setup_cpu_s"]) / max(much["cpu_s"] - row["setup_cpu_s"], 1e-9))


def told(side: Row | None, setup_s: float) -> str:
    """Return what a search came to, for a table."""
    if side is None:
        return "not run | | |"
    cost = side["status"] if side["cost"] is None else side["cost"]
    expanded, peak = side["expanded"] or 0, side["peak_memory_bytes"] or 0
    return f"{cost} | {side['cpu_s'] - setup_s:.1f} | {expanded / 1e6:.1f} | {peak / 2**20:.0f}"


def print_table(rows: list[Row]) -> None:
    """Print all lines, and the median of their ratios."""
    print("| task | cost | CPU s | M expanded | MiB | with little: cost | CPU s | M expanded | MiB | ratio |")
    print("| --- " * 10 + "|")
    for row in rows:
        sides = [told(row[name], row["setup_cpu_s"]) for name in ("much", "little")]
        print(f"| {row['task']} | {' | '.join(sides)} | {ratio(row):.1f} |")
    solved = [one for one in map(ratio, rows) if not math.isnan(one)]
    median = statistics.median(solved) if solved else math.nan
    print(
        f"{len(solved)} of {len(rows)} solved twice; median {median:.1f}, largest {max(solved, default=math.nan):.1f}"
    )


def main() -> None:
    """Compare what is not compared yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="'DOMAIN PROBLEM HEURISTIC'", help="(default: gripper p08 blind)")
    parser.add_argument("--data", type=Path, required=True, help="folder of the tasks")
    parser.add_argument("--out", type=Path, default=Path("memory_full.jsonl"), help="lines (default memory_full.jsonl)")
    parser.add_argument("--memory", default="300M", help="what is little (default 300M)")
    parser.add_argument("--much", default="8G", help="what is enough for A* alone (default 8G)")
    parser.add_argument("--cpu-limit", type=int, default=400, metavar="S", help="of A* (default 400)")
    parser.add_argument("--least", type=int, default=954, metavar="MIB", help="that A* must take (default 954, one GB)")
    parser.add_argument("--most-ratio", type=float, default=12, metavar="R", help="of little to much (default 12)")
    arguments = parser.parse_args()
    lines = arguments.out.read_text().splitlines() if arguments.out.exists() else []
    known = {(row["task"], row["memory"]): row for row in map(json.loads, lines)}
    asked = [" ".join(task.split()) for task in arguments.tasks] or list(TASKS)
    for task in asked:
        if (task, arguments.memory) in known:
            continue
        known[task, arguments.memory] = row = compare(task, arguments)
        with arguments.out.open("a") as file:
            print(json.dumps(row), file=file)
        print(f"{task}: {ratio(row):.1f} x", file=sys.stderr, flush=True)
    print_table([known[task, arguments.memory] for task in asked])


if __name__ == "__main__":
    main()
