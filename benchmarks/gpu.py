"""Check and time every GPU scheme on this machine's GPU, in less than eight minutes.

    python benchmarks/gpu.py [--out gpu.json] [--minutes 8]

Compiles the kernels, compares all-solutions counts with the CPU's for instances of growing
size and each scheme, repeats one with donation twenty times, times the hard instances of Korf's hundred (all
solutions) by numbers of roots and of warps, all hundred (first solution, one batch), other boards, pattern databases
and pancakes, and writes a JSON file, with date, device, driver and versions, and a table.
Stops with exit code 1 at the first count that is wrong, and with 2 where there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from pdsearch.gpu.idastar import model_of, solve_batch

from pdsearch.domains import Domain
from pdsearch.domains.pancake import Pancake
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf
from pdsearch.environment import environment
from pdsearch.errors import PdsearchError
from pdsearch.gpu.devices import Device, choose
from pdsearch.gpu.schemes import OURS, SCHEMES, Persistent, Scheme, make
from pdsearch.gpu.shim import cuda
from pdsearch.limits import Limits
from pdsearch.result import Status
from pdsearch.search.depth_first.idastar import idastar
from pdsearch.search.depth_first.result import IdaResult

# last whole iterations, counted by two independent C programs: generated, expanded, optimal paths
GOLDEN = {
    79: (929645, 452368, 1),
    9: (6073616, 2967867, 6),
    4: (235394063, 118723360, 5),
    10: (952889948, 474454716, 54),
    3: (1993698085, 999708415, 91),
    17: (2125201795, 1136185305, 9),
    53: (2650063209, 1353446959, 21),
    56: (3880859362, 1951334116, 56),
    66: (5815152701, 2973070595, 47),
    60: (13180903485, 6713097939, 33),
    82: (15695758656, 7922328082, 2),
    88: (32046248474, 16357998249, 67),
}
EASY, HARD = [79, 9, 4], [3, 53, 66, 60, 88]
REPETITIONS = 20
# roots of the persistent scheme, and warps of a block: what is worth tuning first
ROOTS, WARPS = [2**14, 2**15, 2**16], [1, 2, 4, 8]
# other models: how many seconds each may take, and its instances; those not solved by then give a rate all the same
OTHERS: list[tuple[str, str | None, list[Domain], float]] = [
    ("8-puzzle", None, [Tiles.parse("random:3x3", seed=seed) for seed in range(100)], 20.0),
    ("24-puzzle", None, [Tiles.parse("korf-felner:40")], 20.0),
    ("24-puzzle", "pdb", [Tiles.parse("korf-felner:40")], 20.0),
    ("15-puzzle", "pdb", [Tiles.korf(number) for number in (53, 66, 60, 88)], 20.0),
    ("16 pancakes", None, [Pancake.parse("random:16", seed=seed) for seed in range(20)], 20.0),
]


def main() -> int:
    """Run all parts that fit the time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="gpu.json")
    parser.add_argument("--minutes", type=float, default=8.0)
    arguments = parser.parse_args()
    try:
        device = choose("gpu").device
    except PdsearchError as error:
        print(f"gpu.py: {error}", file=sys.stderr)
        return 2
    assert device is not None
    end = time.monotonic() + 60 * arguments.minutes - 20
    report: dict[str, Any] = {"device": device._asdict(), "versions": versions(), "environment": environment()}
    report["rows"] = []
    try:
        for part in (_check, _repeat, _compare, _hundred, _hard, _sizes, _others):
            part(device, report, lambda: end - time.monotonic())
    except AssertionError as error:
        report["wrong"] = str(error)
    Path(arguments.out).write_text(json.dumps(report, indent=1, allow_nan=False))
    _print(report)
    return 1 if "wrong" in report else 0


def versions() -> dict[str, str | None]:
    """Return when this was measured, and with which driver, CUDA and numba-cuda."""
    found: dict[str, str | None] = {"date": datetime.now(UTC).date().isoformat()}
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        found["driver"] = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
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


_Left = Callable[[], float]
_kernels: dict[str, Scheme] = {}


def _kernel(scheme: str, device: Device, report: dict[str, Any]) -> Scheme:
    """Compile once, and solve something small so that the first launch is not timed."""
    if scheme not in _kernels:
        start = time.perf_counter()
        puzzle = Tiles.korf(79)
        _kernels[scheme] = make(scheme, model_of(puzzle, None), device)
        solve_batch([puzzle], device, scheme=scheme, kernel=_kernels[scheme])
        report.setdefault("compile_s", {})[scheme] = time.perf_counter() - start
    return _kernels[scheme]


def _run(
    part: str,
    scheme: str,
    numbers: list[int],
    mode: str,
    device: Device,
    report: dict[str, Any],
    left: _Left,
    compiled: Scheme | None = None,
    **options: Any,
) -> Any:
    kernel = compiled or _kernel(scheme, device, report)
    puzzles = [Tiles.korf(number) for number in numbers]
    start = time.perf_counter()
    results = solve_batch(
        puzzles, device, mode=mode, scheme=scheme, kernel=kernel, limits=Limits(time_s=max(1.0, left())), **options
    )
    seconds = time.perf_counter() - start
    for number, result in zip(numbers, results, strict=True):
        if result.status is Status.SOLVED:
            _verify(number, result, mode)
    name = str(numbers) if len(numbers) < 10 else f"{len(numbers)} instances"
    report["rows"].append(_row(part, scheme, name, mode, results, seconds) | options)
    return results


def _row(part: str, scheme: str, instances: str, mode: str, results: list[IdaResult], seconds: float) -> dict[str, Any]:
    generated = sum(result.generated for result in results)
    last = next((result.iterations[-1] for result in results[::-1] if result.iterations), None)
    return {
        "part": part,
        "scheme": scheme,
        "instances": instances,
        "mode": mode,
        "solved": sum(result.status is Status.SOLVED for result in results),
        "generated": generated,
        "seconds": seconds,
        "per_s": generated / max(1e-9, seconds),
        "last_per_s": None if last is None else last.nodes / max(1e-9, last.seconds),
        "LB": None if math.isnan(results[-1].LB) else results[-1].LB,
    }


def _verify(number: int, result: Any, mode: str) -> None:
    assert result.cost == korf(number).optimal_length, f"korf:{number} {result.scheme}: cost {result.cost}"
    if mode == "all" and number in GOLDEN:
        last = result.iterations[-1]
        found = (last.nodes, last.expanded, result.solutions)
        assert found == GOLDEN[number], f"korf:{number} {result.scheme}: {found}, not {GOLDEN[number]}"


def _check(device: Device, report: dict[str, Any], left: _Left) -> None:
    """Compare counts of small instances, scheme by scheme, alone and as a batch."""
    for scheme in SCHEMES:
        for numbers in ([79], [9], EASY):
            _run("check", scheme, numbers, "all", device, report, left)


def _repeat(device: Device, report: dict[str, Any], left: _Left) -> None:
    """Counts must not depend on who gave work to whom: few roots force donation."""
    for _ in range(REPETITIONS):
        if left() > 60:
            _run("repeat", OURS, [4], "all", device, report, left, wanted=64)


def _compare(device: Device, report: dict[str, Any], left: _Left) -> None:
    """Measure the paper's comparison: one CPU core, then each scheme, on the same instances."""
    cpu = idastar(Tiles.korf(10), mode="all", threads=1)
    report["cpu_core_per_s"] = cpu.generated_per_s
    for scheme in SCHEMES:
        if left() > 30:
            _run("compare", scheme, [10], "all", device, report, lambda: min(left(), 60.0))


def _hard(device: Device, report: dict[str, Any], left: _Left) -> None:
    """Time instances of at least 1e9 nodes."""
    for number in HARD:
        if left() > 45:
            _run("hard", OURS, [number], "all", device, report, left)


def _sizes(device: Device, report: dict[str, Any], left: _Left) -> None:
    """Time one of them for several numbers of roots, and of warps in a block."""
    for wanted in ROOTS:
        if left() > 60:
            _run("roots", OURS, [66], "all", device, report, left, wanted=wanted)
    for warps in WARPS:
        if left() > 60:
            kernel = Persistent(model_of(Tiles.korf(66), None), device, warps)
            solve_batch([Tiles.korf(79)], device, kernel=kernel)
            _run(f"{warps} warps", OURS, [66], "all", device, report, left, compiled=kernel)


def _others(device: Device, report: dict[str, Any], left: _Left) -> None:
    """Time other boards and heuristics, and pancakes; the 8-puzzle's lengths are compared with the CPU's."""
    for name, heuristic, domains, most in OTHERS:
        if left() < 30:
            continue
        kernel = make(OURS, model_of(domains[0], heuristic), device)
        solve_batch(domains[:1], device, heuristic=heuristic, kernel=kernel, limits=Limits(nodes=1), wanted=1)
        limits = Limits(time_s=min(most, max(1.0, left() - 10)))
        results = solve_batch(domains, device, heuristic=heuristic, kernel=kernel, limits=limits)
        if name == "8-puzzle":
            for domain, result in zip(domains, results, strict=True):
                cost = idastar(domain).cost
                assert result.cost in (None, cost), f"{domain.instance}: {result.cost}, not {cost}"
        part = f"{name}, {heuristic or domains[0].default_heuristic}"
        report["rows"].append(_row(part, OURS, f"{len(domains)} instances", "first", results, results[0].search_s))


def _hundred(device: Device, report: dict[str, Any], left: _Left) -> None:
    """Time all hundred, first solution, in one batch."""
    for _ in range(3):
        if left() > 10:
            _run("hundred", OURS, list(range(1, 101)), "first", device, report, left)


def _print(report: dict[str, Any]) -> None:
    core = report.get("cpu_core_per_s")
    print(f"{report['device']['name']}; {report['versions']}; compile {report.get('compile_s')}")
    print(f"one CPU core {core or float('nan'):.3g} nodes/s")
    print("| part | scheme | instances | mode | solved | generated | seconds | nodes/s | per CPU core | LB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in report["rows"]:
        ratio = f"{row['per_s'] / core:.1f}" if core else ""
        name = f"{row['instances']}" + (f", {row['wanted']} roots" if "wanted" in row else "")
        print(
            f"| {row['part']} | {row['scheme']} | {name} | {row['mode']} | {row['solved']} | {row['generated']:,} "
            f"| {row['seconds']:.3f} | {row['per_s']:.3g} | {ratio} | {row['LB'] or float('nan'):.3f} |"
        )
    if "wrong" in report:
        print(f"WRONG: {report['wrong']}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
