"""What checkpoints cost, and what they save: wall time with and without, and random kills from which searches go on.

    python benchmarks/checkpoints.py cost --instance korf:1 --every 1s
    python benchmarks/checkpoints.py kills --kills 100 --ranks 1 2 3 4
    python benchmarks/checkpoints.py kills --searches astar ida words layers bae --kills 100 --ranks 1 2 3 4

``cost`` runs a search with and without, by turns, and prints medians and their ratio. ``kills`` starts a search on some
ranks, kills all of them by SIGKILL at a random moment, and goes on, on ranks drawn anew, until it is solved; then the
next search begins. What a kill lost is what was expanded since the newest complete checkpoint: the seconds between the
moment at which that was written and the kill, beside the seconds between two checkpoints. A search that was killed
before it had written one had searched for less than an interval. ``--searches`` takes several kinds of searches by
turns: A*, IDA*, what goes on when memory is full by words and by layers, BAE*, planning.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

SEARCHES = {  # with the memory of all ranks together, in MiB: as many nodes fit on four ranks as on one
    "astar": (["solve", "tiles", "korf:1"], 2048),
    "bae": (["solve", "tiles", "korf:60", "--algorithm", "bae"], 2048),
    "ida": (["ida", "tiles", "korf:60", "--prune", "none"], None),
    "words": (["solve", "tiles", "korf:1"], 240),
    "layers": (["solve", "grid", "random:1500x1500", "--heuristic", "blind"], 48),
    "planning": (["plan", "tests/data/planning/depots.sas", "--heuristic", "blind"], 2048),
}
PDSEARCH = [sys.executable, "-m", "pdsearch"]
_SEARCHING = re.compile("expanded|generated")  # in what is told of the progress, IDA*'s the second


def with_memory(words: list[str], total_mib: int | None, ranks: int) -> list[str]:
    """Return the words of a command with the memory of each rank."""
    return words if total_mib is None else [*words, "--memory", f"{total_mib // ranks}M"]


def run(words: list[str]) -> dict[str, object]:
    """Return the JSON of a command, whose exit code must be 0."""
    done = subprocess.run([*PDSEARCH, *words, "--json", "-"], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def cost(arguments: argparse.Namespace) -> None:
    """Print the wall time of searches with checkpoints over that of those without."""
    words = ["solve", *arguments.instance, "-n", str(arguments.ranks[0]), "--memory", arguments.memory]
    words += ["--heuristic", arguments.heuristic] if arguments.heuristic else []
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(arguments.repeats):
        for is_on in (False, True):
            with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
                more = ["--checkpoint", f"{folder}/c", "--every", arguments.every] if is_on else []
                result = run([*words, *more])
                seconds[is_on].append(float(str(result["search_s"])))
                if is_on:
                    newest = max((path.name for path in Path(folder, "c").glob("epoch-*")), default="none")
                    size = max((path.stat().st_size for path in Path(folder, "c").glob("*/*.bin")), default=0)
    without, with_ = (statistics.median(seconds[is_on]) for is_on in (False, True))
    print(
        f"{' '.join(arguments.instance)}: {without:.2f} s without, {with_:.2f} s with checkpoints every "
        f"{arguments.every} (the last {newest}, {size / 2**20:.0f} MiB a rank): {100 * (with_ / without - 1):+.1f} %"
    )


def kills(arguments: argparse.Namespace) -> None:
    """Kill searches at random moments, go on, and compare every cost with the right one."""
    rng = random.Random(arguments.seed)
    given = {name: SEARCHES[name] for name in arguments.searches or []} or {"": (["solve", *arguments.instance], None)}
    right = {name: run(with_memory(words, memory, 1))["cost"] for name, (words, memory) in given.items()}
    number, kills_of = 0, dict.fromkeys(given, 0)
    done, solved, wrong, torn, lost = 0, 0, 0, 0, []
    every_s = float(arguments.every.removesuffix("s"))
    while done < arguments.kills:
        name = list(given)[number % len(given)]
        number += 1
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            where, out = Path(folder, "c"), Path(folder, "result.json")
            while True:
                ranks = rng.choice(arguments.ranks)
                begins = not list(where.glob("epoch-*/COMPLETE"))
                if begins:
                    shutil.rmtree(where, ignore_errors=True)
                words, memory = given[name]
                more = ["--checkpoint", str(where), "--every", arguments.every]
                words = with_memory([*words, *more] if begins else ["resume", str(where)], memory, ranks)
                began = time.time()
                said = Path(folder, "stderr")
                with said.open("w") as stderr:
                    job = subprocess.Popen(
                        [*PDSEARCH, *words, "-n", str(ranks), "--json", str(out), "--progress"],
                        start_new_session=True,
                        stdout=subprocess.DEVNULL,
                        stderr=stderr,
                        text=True,
                    )
                while job.poll() is None and not _SEARCHING.search(said.read_text()):  # half a second of search
                    time.sleep(0.01)
                try:
                    job.wait(rng.uniform(0, arguments.most_s) if done < arguments.kills else None)
                except subprocess.TimeoutExpired:
                    killed(job)
                    done += 1
                    kills_of[name] += 1
                    lost += since_newest(where, began)
                    torn += any(not (path / "COMPLETE").exists() for path in where.glob("epoch-*"))
                    continue
                if job.returncode:
                    print(f"exit code {job.returncode}: {said.read_text()[-500:]}", flush=True)
                    wrong += 1
                    break
                solved += 1
                wrong += json.loads(out.read_text())["cost"] != right[name]
                break
        print(f"{name}: {done} kills, {solved} solved, {wrong} wrong, {torn} in the middle of writing", flush=True)
    waited = ""
    if lost:
        most, median = max(lost), statistics.median(lost)
        waited = f"; lost at most {most:.2f} s, {median:.2f} s in the median, of {every_s:g} s between checkpoints"
    print(f"{done} kills on {arguments.ranks} ranks: {solved} searches solved, {wrong} wrong{waited}; kills {kills_of}")


def killed(job: subprocess.Popen[str]) -> None:
    """Kill a launcher and its ranks, which are groups of their own, at once."""
    children = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
    for process in (job.pid, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    job.wait()


def since_newest(where: Path, began: float) -> list[float]:
    """Return the seconds since the newest complete checkpoint was begun, if this search wrote it since ``began``."""
    complete = sorted(path.parent for path in where.glob("epoch-*/COMPLETE"))
    newest = [min(path.stat().st_mtime for path in folder.glob("*.bin")) for folder in complete[-1:]]
    return [time.time() - at for at in newest if at > began]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cost", "kills"))
    parser.add_argument("--instance", nargs="+", default=["tiles", "korf:1"])
    parser.add_argument("--searches", nargs="+", choices=SEARCHES, help="kinds of searches, instead of an instance")
    parser.add_argument("--heuristic")
    parser.add_argument("--memory", default="4G")
    parser.add_argument("--every", default="1s")
    parser.add_argument("--ranks", nargs="+", type=int, default=[1])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--most-s", type=float, default=3.0, help="from the first sign of progress to the kill")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--folder", help="where the checkpoints are written (default: the system's for temporary files)"
    )
    arguments = parser.parse_args()
    {"cost": cost, "kills": kills}[arguments.what](arguments)


if __name__ == "__main__":
    main()
