"""Check and time the GPU schemes on this machine's GPU; each row is written as soon as it is measured.

    python benchmarks/gpu.py [PART ...] [--out gpu.jsonl] [--seconds 60]

Parts, in order: check (counts by three schemes, alone and as a batch), stress (pauses every few steps, few roots,
twenty stops at the first goal, then a fresh search), steps (hard instances, both steps, with the automaton and
without), hundred (Korf's hundred as one batch), compare (thread, block, one CPU core, all cores), sweep (looks,
warps, blocks, roots), others (8- and 24-puzzle, pattern databases and their maximum, pancakes), graphs (BFS and SSSP
by each strategy, against one core). Each part takes at most about
``--seconds``. Works from a plain checkout. Exit code 1 if a count is wrong or a part failed (its row says why), 2
where there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
if not os.access(Path.home(), os.W_OK):
    os.environ.setdefault("PDSEARCH_CACHE_DIR", tempfile.mkdtemp())

import numpy as np

from pdsearch.balance.traversal import STRATEGIES, Graph, traverse
from pdsearch.domains import Domain
from pdsearch.domains.pancake import Pancake
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf
from pdsearch.environment import environment
from pdsearch.errors import PdsearchError
from pdsearch.gpu import persistent, schemes
from pdsearch.gpu.devices import Device, choose
from pdsearch.gpu.launches import Launches
from pdsearch.gpu.schemes import BLOCK, OURS, SCHEMES, THREAD, Persistent, Scheme, make
from pdsearch.gpu.shim import cuda, is_simulated
from pdsearch.gpu.steps import one_by_one
from pdsearch.gpu.traversal import traverse_on_gpu
from pdsearch.gpu_model import model_of
from pdsearch.limits import Limits
from pdsearch.result import Status
from pdsearch.search import solve, solve_all
from pdsearch.search.depth_first.idastar import fair_threads
from pdsearch.search.depth_first.idastar_gpu import IdaStarGpu
from pdsearch.search.depth_first.result import IdaResult
from pdsearch.search.run import Run

# last whole iterations without automaton, counted by two independent C programs: generated, expanded, optimal paths
GOLDEN = {
    79: (929645, 452368, 1),
    9: (6073616, 2967867, 6),
    4: (235394063, 118723360, 5),
    10: (952889948, 474454716, 54),
    66: (5815152701, 2973070595, 47),
    88: (32046248474, 16357998249, 67),
}
PLAIN, PRUNED = 2, 8  # lengths of forbidden words
PART_S, THREAD_S = 60.0, 20.0


class Bench:
    """Where rows go, and what was compiled."""

    def __init__(self, device: Device, out: str, seconds: float) -> None:
        self.device, self.out, self.seconds = device, out, seconds
        self.kernels: dict[Any, Scheme] = {}
        self.is_wrong, self.part, self.end = False, "", 0.0

    def write(self, **row: Any) -> None:
        """Append a row to the file and show it."""
        text = json.dumps({"part": self.part} | row, allow_nan=False, default=str)
        with open(self.out, "a") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        print(text, flush=True)

    def run(self, name: str, part: Callable[[Bench], None]) -> None:
        """Do a part; whatever goes wrong is a row."""
        self.part, self.end = name, time.monotonic() + self.seconds
        try:
            part(self)
        except Exception as error:  # an error of CUDA is of no kind we know
            self.is_wrong = True
            self.write(error=f"{type(error).__name__}: {error}"[:500], where=traceback.format_exc(limit=-2)[:800])

    def left(self) -> float:
        """Return the seconds the part has left."""
        return self.end - time.monotonic()

    def kernel(self, key: Any, build: Callable[[], Scheme], warm: Domain) -> Scheme:
        """Compile once, and solve something small so that the first launch is not timed."""
        if key not in self.kernels:
            start = time.perf_counter()
            kernel = self.kernels[key] = build()
            tiny = IdaStarGpu("first", key[0], self.device, kernel, 1)
            list(solve_all([warm], Run(Limits(nodes=1)), kernel.model.heuristic, algorithm=tiny))
            self.write(compiled=str(key), seconds=round(time.perf_counter() - start, 3), **facts(kernel))
        return self.kernels[key]

    def tiles(self, scheme: str, length: int) -> Scheme:
        """Return the kernel of a scheme for the 15-puzzle."""
        model = model_of(Tiles.korf(79), None, length)
        return self.kernel((scheme, length), lambda: make(scheme, model, self.device), Tiles.korf(79))

    def search(
        self,
        kernel: Scheme,
        domains: list[Domain],
        mode: str,
        scheme: str = OURS,
        most: float = math.inf,
        **options: Any,
    ) -> list[IdaResult]:
        """Solve a batch, check it, and write its row."""
        before, start = kernel.launches, time.perf_counter()
        limits = Limits(time_s=max(1.0, min(most, self.left())))
        algorithm = IdaStarGpu(mode, scheme, self.device, kernel, options.get("wanted"))
        results: list[Any] = list(solve_all(domains, Run(limits), kernel.model.heuristic, algorithm=algorithm))
        seconds = time.perf_counter() - start
        wrong = [text for result in results if (text := mistake(result, mode, kernel))]
        self.is_wrong |= bool(wrong)
        names = ",".join(domain.instance for domain in domains) if len(domains) < 6 else f"{len(domains)} instances"
        self.write(
            scheme=scheme,
            instances=names,
            model=kernel.model.name,
            rows=len(kernel.model.rows),
            mode=mode,
            **options,
            **measured(results, seconds, kernel, before),
            wrong=wrong or None,
        )
        return results


def facts(kernel: Scheme) -> dict[str, Any]:
    """Return registers, grid and stacks of the persistent kernel."""
    if not isinstance(kernel, Persistent) or kernel.resident is None:
        return {}
    held = kernel.resident
    registers = None if is_simulated() else max(held.kernel.get_regs_per_thread().values())
    return {"registers": registers, "blocks": held.blocks, "layout": held.sizes._asdict()}


def measured(results: list[IdaResult], seconds: float, kernel: Scheme, before: Launches) -> dict[str, Any]:
    """Return counts and times of a batch; milliseconds are the device's."""
    generated = sum(result.generated for result in results)
    n, milliseconds = kernel.launches.n - before.n, kernel.launches.milliseconds - before.milliseconds
    loads = results[-1].loads
    last = next((result.iterations[-1] for result in results[::-1] if result.iterations), None)
    return {
        "solved": sum(result.status is Status.SOLVED for result in results),
        "generated": generated,
        "seconds": round(seconds, 6),
        "launches": n,
        "kernel_ms": round(milliseconds, 3),
        "per_s": generated / max(1e-9, seconds),
        "per_kernel_s": generated / max(1e-9, milliseconds / 1000),
        "LB": None if math.isnan(results[-1].LB) else results[-1].LB,
        "lanes_over_makespan": None
        if last is None or not loads
        else last.expanded / (32 * len(loads) * max(1, *loads)),
    }


def mistake(result: IdaResult, mode: str, kernel: Scheme) -> str | None:
    """Return what is wrong with a result, if anything."""
    kind, _, number = result.instance.partition(":")
    if result.status is not Status.SOLVED or kind != "korf":
        return None
    if result.cost != korf(int(number)).optimal_length:
        return f"{result.instance}: cost {result.cost}"
    found = (result.iterations[-1].generated, result.iterations[-1].expanded, result.solutions)
    plain = len(kernel.model.rows) == 64
    if mode == "all" and plain and int(number) in GOLDEN and found != GOLDEN[int(number)]:
        return f"{result.instance}: {found}, not {GOLDEN[int(number)]}"
    return None


def check(bench: Bench) -> None:
    """Compare counts of small instances, scheme by scheme, alone and as a batch."""
    for scheme in SCHEMES:
        for numbers in ([79], [9], [79, 9]):
            bench.search(bench.tiles(scheme, PLAIN), [Tiles.korf(number) for number in numbers], "all", scheme)


def stress(bench: Bench) -> None:
    """Pause every few steps with few roots; stop at the first goal; then search afresh."""
    kernel, slice_steps = bench.tiles(OURS, PLAIN), schemes.SLICE_STEPS
    schemes.SLICE_STEPS = 512
    for _ in range(20):
        if bench.left() > 10:
            bench.search(kernel, [Tiles.korf(4)], "all", wanted=64)
    schemes.SLICE_STEPS = slice_steps
    for _ in range(20):
        if bench.left() > 5:
            bench.search(kernel, [Tiles.korf(9)], "first")
    bench.search(Persistent(kernel.model, bench.device), [Tiles.korf(4)], "all")


def steps(bench: Bench) -> None:
    """Time hard instances by both steps, without the automaton and with."""
    for length in (PLAIN, PRUNED):
        model = model_of(Tiles.korf(79), None, length)
        by_one = bench.kernel(
            (OURS, length, "one by one"),
            lambda model=model: Persistent(model, bench.device, step=one_by_one(model)),
            Tiles.korf(79),
        )
        for number in (10, 66, 88):
            for name, kernel in (("masked", bench.tiles(OURS, length)), ("one by one", by_one)):
                if bench.left() > 2:
                    bench.search(kernel, [Tiles.korf(number)], "all", step=name, length=length)


def hundred(bench: Bench) -> None:
    """Time all hundred in one batch: first solution three times, all solutions once."""
    everything: list[Domain] = [Tiles.korf(number) for number in range(1, 101)]
    for length, mode in ((PRUNED, "first"), (PRUNED, "first"), (PRUNED, "first"), (PLAIN, "first"), (PLAIN, "all")):
        if bench.left() > 2:
            bench.search(bench.tiles(OURS, length), everything, mode, length=length)


def compare(bench: Bench) -> None:
    """Measure the paper's comparison on one instance: one CPU core, all cores, each scheme."""
    for threads in sorted({1, fair_threads()}):
        cpu: Any = solve(Tiles.korf(10), algorithm="idastar", mode="all", threads=threads, prune="none")
        bench.write(scheme=f"cpu {threads}", instances="korf:10", seconds=cpu.search_s, per_s=cpu.generated_per_s)
    for scheme in (OURS, BLOCK, THREAD):
        if bench.left() > 2:
            bench.search(bench.tiles(scheme, PLAIN), [Tiles.korf(10)], "all", scheme, THREAD_S)


def sweep(bench: Bench) -> None:
    """Time one instance for several numbers of roots, looks, warps of a block and blocks."""
    model, puzzle = model_of(Tiles.korf(66), None, PLAIN), Tiles.korf(66)
    for wanted in (2**14, 2**16, 2**18):
        bench.search(bench.tiles(OURS, PLAIN), [puzzle], "all", wanted=wanted)
    held = bench.kernels[OURS, PLAIN]
    most = held.resident.blocks if isinstance(held, Persistent) and held.resident else 1
    for warps, look, often, share in (
        *((4, look, often, 1) for look, often in ((16, 16), (64, 64), (128, 8), (64, 4))),
        *((4, persistent.LOOK, persistent.LOOK_OFTEN, share) for share in (0.75, 0.5)),
        *((warps, persistent.LOOK, persistent.LOOK_OFTEN, 1) for warps in (1, 2)),
    ):
        if bench.left() < 5:
            return
        saved = persistent.LOOK, persistent.LOOK_OFTEN
        persistent.LOOK, persistent.LOOK_OFTEN = look, often
        blocks = None if share == 1 else int(most * share)
        key = (OURS, PLAIN, warps, look, often, share)
        kernel = bench.kernel(
            key, lambda warps=warps, blocks=blocks: Persistent(model, bench.device, warps, blocks), Tiles.korf(79)
        )
        persistent.LOOK, persistent.LOOK_OFTEN = saved
        bench.search(kernel, [puzzle], "all", warps=warps, look=look, often=often, blocks_share=share)


def others(bench: Bench) -> None:
    """Time other boards and heuristics, and pancakes; those not solved in time give a rate all the same."""
    cases: list[tuple[str | None, list[Domain]]] = [
        (None, [Tiles.parse("random:3x3", seed=seed) for seed in range(50)]),
        (None, [Pancake.parse("random:16", seed=seed) for seed in range(10)]),
        ("pdb-6-6-6-6", [Tiles.parse("korf-felner:40")]),
        ("pdb-6-6-6-6-max", [Tiles.parse("korf-felner:40")]),
        (None, [Tiles.parse("korf-felner:40")]),
        ("pdb", [Tiles.korf(number) for number in (53, 66, 60, 88)]),
        ("pdb-max", [Tiles.korf(number) for number in (53, 66, 60, 88)]),
        ("pdb-catalogue", [Tiles.parse("korf-felner:40")]),
    ]
    for heuristic, domains in cases:
        if bench.left() > 5:
            try:
                model = model_of(domains[0], heuristic)
            except PdsearchError as error:  # a database that nobody has built
                bench.write(instances=domains[0].instance, heuristic=heuristic, left_out=str(error))
                continue
            kernel = bench.kernel((OURS, model.name), lambda model=model: make(OURS, model, bench.device), domains[0])
            bench.search(kernel, domains, "first", most=20.0, heuristic=model.heuristic)


def graphs(bench: Bench) -> None:
    """Time BFS and SSSP on a graph whose degrees are very uneven, by each strategy, and one core."""
    draw, n = np.random.default_rng(1), 2**20
    degrees = np.minimum(draw.zipf(1.9, n), 2**16)
    first = np.concatenate([[0], np.cumsum(degrees)])
    targets = draw.integers(0, n, int(first[-1]))
    for lengths in (None, draw.integers(1, 100, len(targets))):
        graph = Graph(first, targets, lengths)
        start = time.perf_counter()
        expected = traverse(graph, 0, "edges", 4096).distance
        seconds = time.perf_counter() - start
        bench.write(scheme="cpu 1", edges=len(targets), weighted=lengths is not None, seconds=round(seconds, 4))
        for strategy in STRATEGIES:
            for run in ("compiled", "again"):
                start = time.perf_counter()
                found = traverse_on_gpu(graph, 0, strategy)
                seconds = time.perf_counter() - start
                is_wrong = not np.array_equal(found.distance, expected)
                bench.is_wrong |= is_wrong
                bench.write(
                    scheme=strategy, run=run, weighted=lengths is not None, seconds=round(seconds, 4),
                    launches=len(found.loads), relaxed=int(found.loads.sum()), wrong=is_wrong or None,
                )  # fmt: skip


PARTS = {part.__name__: part for part in (check, stress, steps, hundred, compare, sweep, others, graphs)}


def versions() -> dict[str, Any]:
    """Return when this was measured, and with which driver, CUDA and numba-cuda."""
    found: dict[str, Any] = {"date": datetime.now(UTC).isoformat(timespec="seconds")}
    query = ["nvidia-smi", "--query-gpu=name,driver_version,clocks.max.sm", "--format=csv,noheader"]
    try:
        found["driver"] = subprocess.run(query, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        found["driver"] = None
    try:
        found["cuda"] = ".".join(map(str, cuda.runtime.get_version()))
    except Exception:  # which one depends on the CUDA package
        found["cuda"] = None
    try:
        found["numba-cuda"] = metadata.version("numba-cuda")
    except metadata.PackageNotFoundError:
        found["numba-cuda"] = None
    return found


def main() -> int:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--out", default="gpu.jsonl")
    parser.add_argument("--seconds", type=float, default=PART_S, help="of a part")
    arguments = parser.parse_args()
    unknown = [part for part in arguments.parts if part not in PARTS]
    if unknown:
        parser.error(f"part {unknown[0]!r} is unknown; give {', '.join(PARTS)}")
    try:
        device = choose("gpu").device
    except PdsearchError as error:
        print(f"gpu.py: {error}", file=sys.stderr)
        return 2
    assert device is not None
    bench = Bench(device, arguments.out, arguments.seconds)
    bench.part = "versions"
    bench.write(device=device._asdict(), versions=versions(), environment=environment())
    for name in arguments.parts or PARTS:
        bench.run(name, PARTS[name])
    return int(bench.is_wrong)


if __name__ == "__main__":
    sys.exit(main())
