"""Searches that go on when memory is full, on Korf's 15-puzzles: against plain IDA*, and against A* with all memory.

    python benchmarks/continuation.py ida --instances 1-100 --memory 256M -n 2 --out ida.jsonl --most-s 140
    python benchmarks/continuation.py astar --out astar.jsonl

``ida`` runs HDA* (A* on one rank) with a limit on memory and ``--when-full continue``, IDA* without and IDA* with the
automaton, on as many ranks. ``astar`` runs A* with and without the limit, on one rank. Each instance is a line of
``--out``; those that are there are not run again, and none is begun after ``--most-s`` seconds, so that the hundred can
be run in pieces. The table is that of all lines. Seconds are those of the searches, without start and compilation.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pdsearch.domains.tiles.instances import korf

PDSEARCH = [sys.executable, "-m", "pdsearch"]
MILLIONS = "1,3,4,7,10,21,22,26,33,37,54,63"  # A* expands 5 to 30 million nodes
Row = dict[str, Any]


def main() -> int:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("against", choices=("ida", "astar"))
    parser.add_argument("--instances", help="numbers, as 1-100 or 4,7 (default: 1-100; 12 of them against A*)")
    parser.add_argument("--memory", default="256M", help="of each rank")
    parser.add_argument("-n", dest="ranks", type=int, default=2, help="ranks, against IDA*")
    parser.add_argument("--out", type=Path, default=Path("continuation.jsonl"))
    parser.add_argument("--most-s", type=float, default=float("inf"), help="begin nothing after so many seconds")
    arguments = parser.parse_args()
    began, against = time.monotonic(), arguments.against
    rows: list[Row] = (
        [json.loads(line) for line in arguments.out.read_text().splitlines()] if arguments.out.exists() else []
    )
    asked = numbers(arguments.instances or (MILLIONS if against == "astar" else "1-100"))
    for number in asked:
        if time.monotonic() - began > arguments.most_s:
            break
        if number in {row["instance"] for row in rows}:
            continue
        rows.append(searched(number, SEARCHES[against](arguments.memory, arguments.ranks)))
        with arguments.out.open("a") as file:
            print(json.dumps(rows[-1]), file=file)
    done = [row for row in rows if row["instance"] in asked]
    print_table(done)
    print(f"{len(done)} of {len(asked)} instances, {sum(not row['right'] for row in done)} of them wrong or not solved")
    return int(any(not row["right"] for row in done))


def against_ida(memory: str, ranks: int) -> dict[str, list[str]]:
    """Return the searches of one instance: the one that goes on first."""
    several = ["-n", str(ranks), "--threads", "1"]
    return {
        "continued": ["solve", "--memory", memory, "--when-full", "continue", "-n", str(ranks)],
        "IDA*, plain": ["ida", "--prune", "none", *several],
        "IDA*, automaton": ["ida", *several],
    }


def against_astar(memory: str, _: int) -> dict[str, list[str]]:
    """Return the same, on one rank."""
    one = ["solve", "--algorithm", "astar"]
    return {"continued": [*one, "--memory", memory, "--when-full", "continue"], "A*, all memory": one}


SEARCHES = {"ida": against_ida, "astar": against_astar}


def numbers(text: str) -> list[int]:
    """Return what is meant, the easiest for IDA* first.

    >>> numbers("1-3,88")
    [2, 1, 3, 88]
    """
    ends = [[int(end) for end in part.split("-")] for part in text.split(",")]
    return sorted((i for pair in ends for i in range(pair[0], pair[-1] + 1)), key=lambda i: korf(i).idastar_generated)


def searched(number: int, searches: dict[str, list[str]]) -> Row:
    """Return the seconds of each search, and whether all found the right length."""
    row: Row = {"instance": number, "right": True}
    for name, (command, *options) in searches.items():
        words = [*PDSEARCH, command, "tiles", f"korf:{number}", *options, "--json", "-"]
        run = subprocess.run(words, capture_output=True, text=True)
        result = json.loads(run.stdout.splitlines()[-1]) if run.stdout else {}
        row[name] = result.get("search_s", float("nan"))
        row["right"] &= result.get("cost") == korf(number).optimal_length and result.get("status") == "solved"
        if name == "continued":
            row["full"] = any("memory was full" in note for note in result.get("notes", []))
        if name.startswith("A*"):
            row["expanded"] = result.get("expanded")
    return row


def print_table(rows: Sequence[Row]) -> None:
    """Print seconds, and those of the others by those of the search that goes on; and their medians."""
    names = [name for name in rows[0] if name not in ("instance", "right", "full", "expanded")] if rows else []
    heads = ["korf", "memory full", *(f"{name}, s" for name in names), *(f"{one} / continued" for one in names[1:])]
    print(f"| {' | '.join(heads)} |\n{'| --- ' * len(heads)}|")
    in_order = numbers("1-100")
    for row in sorted(rows, key=lambda row: in_order.index(row["instance"])):
        seconds = [f"{row[name]:.2f}" for name in names]
        by_ours = [f"{row[one] / row['continued']:.2f}" for one in names[1:]]
        print(f"| {' | '.join([str(row['instance']), 'yes' if row['full'] else 'no', *seconds, *by_ours])} |")
    harder = [row for row in rows if row["instance"] in in_order[50:]]
    for what, some in (("all", rows), ("the harder half of the hundred", harder)):
        for one in names[1:] if some else []:
            median = statistics.median(row[one] / row["continued"] for row in some)
            print(f"{one} / continued, median of {len(some)}, {what}: {median:.2f}")


if __name__ == "__main__":
    sys.exit(main())
