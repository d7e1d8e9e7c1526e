"""Run cases and print what went wrong; see the package."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter

from fuzzing import KINDS
from fuzzing.pool import answers, one


def main() -> int:
    """Return 0 if nothing went wrong."""
    parser = argparse.ArgumentParser(prog="fuzzing", description="Thousands of damaged inputs.")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="run one case, and print all of it")
    parser.add_argument("--apart", action="store_true", help="with --only: as a command of its own")
    given = parser.parse_args()
    kinds = given.kinds.split(",")
    if given.only is not None:
        return _show(given.seed, given.only, kinds, given.apart)
    began, endings, faults = time.monotonic(), Counter(), []
    for n, answer in enumerate(
        answers(given.seed, range(given.first, given.first + given.cases), kinds, given.processes), 1
    ):
        endings[answer.kind, str(answer.code)] += 1
        if answer.fault is not None:
            faults.append(answer)
            print(f"{answer.number} {answer.kind}: {answer.fault}", flush=True)
        if n % 1000 == 0:
            print(f"{n} cases in {time.monotonic() - began:.0f} s, {len(faults)} faults", file=sys.stderr, flush=True)
    for kind in kinds:
        shown = ", ".join(f"{code}: {n}" for (name, code), n in sorted(endings.items()) if name == kind)
        print(f"{kind:<14} exit codes {shown}")
    took = time.monotonic() - began
    print(f"{sum(endings.values())} cases of seed {given.seed} in {took:.0f} s: {len(faults)} faults")
    return int(bool(faults))


def _show(seed: int, number: int, kinds: list[str], apart: bool) -> int:
    kind, case, ending, fault = one(seed, number, kinds, apart)
    print(f"{kind}: pdsearch {' '.join(map(repr, case.words))}")
    for name, content in case.files.items():
        print(f"--- {name}\n{content[:6000].decode(errors='backslashreplace')}")
    print(f"--- exit code {ending.code}\n{ending.out[:3000]}\n--- stderr\n{ending.err[:6000]}\n--- fault: {fault}")
    return int(fault is not None)


if __name__ == "__main__":
    sys.exit(main())
