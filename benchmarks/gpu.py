"""Check and time every GPU scheme on this machine's GPU, in less than eight minutes.

    python benchmarks/gpu.py [--out gpu.json] [--minutes 8]

Compiles the kernels, compares all-solutions counts with the CPU's for instances of growing
size and each scheme, repeats one with donation twenty times, times the hard instances of Korf's hundred (all
solutions) and all hundred (first solution, one batch), and writes a JSON file and a table.
Stops with exit code 1 at the first count that is wrong, and with 2 where there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf
from pdsearch.environment import environment
from pdsearch.errors import PdsearchError
from pdsearch.gpu.devices import Device, choose
from pdsearch.gpu.idastar import model_of, solve_batch
from pdsearch.gpu.schemes import OURS, SCHEMES, Scheme, make
from pdsearch.limits import Limits
from pdsearch.result import Status
from pdsearch.search.idastar import idastar

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
# roots of the persistent scheme, slices of launches: what is worth tuning first
SIZES = [2**14, 2**15, 2**16]


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
    report: dict[str, Any] = {"device": device._asdict(), "environment": environment(), "rows": []}
    try:
        for part in (_check, _repeat, _compare, _hard, _hundred):
            part(device, report, lambda: end - time.monotonic())
    except AssertionError as error:
        report["wrong"] = str(error)
    Path(arguments.out).write_text(json.dumps(report, indent=1))
    _print(report)
    return 1 if "wrong" in report else 0


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
    **options: Any,
) -> Any:
    kernel = _kernel(scheme, device, report)
    puzzles = [Tiles.korf(number) for number in numbers]
    start = time.perf_counter()
    results = solve_batch(
        puzzles, device, mode=mode, scheme=scheme, kernel=kernel, limits=Limits(time_s=max(1.0, left())), **options
    )
    seconds = time.perf_counter() - start
    generated = sum(result.generated for result in results)
    for number, result in zip(numbers, results, strict=True):
        if result.status is Status.SOLVED:
            _verify(number, result, mode)
    report["rows"].append(
        {
            "part": part,
            "scheme": scheme,
            "instances": numbers if len(numbers) < 10 else f"{len(numbers)} instances",
            "mode": mode,
            "solved": sum(result.status is Status.SOLVED for result in results),
            "generated": generated,
            "seconds": seconds,
            "per_s": generated / seconds,
            "last_per_s": results[-1].iterations[-1].nodes / max(1e-9, results[-1].iterations[-1].seconds),
            "LB": results[-1].LB,
            **options,
        }
    )
    return results


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
    """Time instances of at least 1e9 nodes, for several numbers of roots."""
    for wanted in SIZES:
        if left() > 60:
            _run("size", OURS, [66], "all", device, report, left, wanted=wanted)
    for number in HARD:
        if left() > 45:
            _run("hard", OURS, [number], "all", device, report, left)


def _hundred(device: Device, report: dict[str, Any], left: _Left) -> None:
    """Time all hundred, first solution, in one batch."""
    for _ in range(3):
        if left() > 10:
            _run("hundred", OURS, list(range(1, 101)), "first", device, report, left)


def _print(report: dict[str, Any]) -> None:
    core = report.get("cpu_core_per_s")
    print(f"{report['device']['name']}; compile {report.get('compile_s')}")
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
