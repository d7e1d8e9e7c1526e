"""What the host does for a batch of Korf's instances on a GPU, timed without one.

    python benchmarks/gpu_host.py [--easiest 80] [--known FILE]

All instances are one batch, first solution. In place of the kernel the CPU looks, outside the time, for a root with a
goal below it in the iteration at the known length, so that cuts, packets and the search for the moves below that root
are what they are on a GPU, the second look below it (:mod:`pdsearch.gpu.narrow`) as well. Its own searches make this
slow for the hardest instances: the easiest are taken, and roots once found are kept in a file. Prints seconds of the
CPU by part, and those by the clock, without the kernel's part.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf
from pdsearch.gpu import below, narrow
from pdsearch.gpu.devices import Device
from pdsearch.gpu.packets import deal
from pdsearch.gpu.roots import Level
from pdsearch.gpu.schemes import Counts, Scheme, Work
from pdsearch.gpu.steps import GOAL_ROOT, GOALS, N_TALLIES
from pdsearch.gpu_model import Model, model_of
from pdsearch.search import solve_all
from pdsearch.search.depth_first import idastar_gpu
from pdsearch.search.run import Run

WARPS = 132 * 32


class Oracle(Scheme):
    """Deals packets as the kernel's driver does, and knows which root has a goal below it."""

    def __init__(self, model: Model, puzzles: list[Tiles], known: dict[str, int]) -> None:
        super().__init__(model, Device(0, "none", (9, 0), 132, 2**36))
        self.left, self.found = list(puzzles), list[Tiles]()
        self.looks_again = False
        self.bounds: dict[str, int] = {}
        self.elsewhere = self.elsewhere_clock = self.packets = 0.0
        self.known = known

    def search(self, work: Work, n_instances: int, first_only: bool, go_on: Any) -> Counts:
        """Say at the known length that there is a goal."""
        start = time.process_time()
        deal(work, WARPS)
        self.packets += time.process_time() - start
        start, clock, tallies = time.process_time(), time.perf_counter(), np.zeros((n_instances, N_TALLIES), np.uint64)
        asked = self.found if self.looks_again else self.left
        if not self.looks_again:
            self.found = []
        for number, puzzle in enumerate(asked[:]):
            mine = np.flatnonzero(work.instance == number)
            if len(mine) and self.bounds[puzzle.instance] == korf(int(puzzle.instance[5:])).optimal_length:
                tallies[number] = 10**9, 10**9, 1, self._root(puzzle, work, mine)
                if not self.looks_again:
                    self.left.remove(puzzle)
                    self.found.append(puzzle)
        self.elsewhere += time.process_time() - start
        self.elsewhere_clock += time.perf_counter() - clock
        return Counts(tallies, np.ones(WARPS, np.uint64), True)

    def _root(self, puzzle: Tiles, work: Work, mine: Any) -> int:
        key = f"{puzzle.instance} {len(mine)} {work.words[mine[0]][0]} {len(self.model.rows)}"
        if key in self.known:
            return self.known[key]
        none = np.full(len(mine), -1)
        level = Level(work.words[mine], work.low[mine], work.slack[mine], none, none)
        self.known[key] = int(work.root[mine[below.solve_below(self.model, puzzle, level)[0]]])
        return self.known[key]


assert GOAL_ROOT == GOALS + 1


def looking_again(kernel: Oracle, narrowed: Any) -> Any:
    """Return what narrows groups of roots, and tells that the next search is of those that were found."""

    def again(*given: Any) -> Any:
        kernel.looks_again = True
        try:
            return narrowed(*given)
        finally:
            kernel.looks_again = False

    return again


def noting(kernel: Oracle, cut: Any) -> Any:
    """Return what cuts an instance, and tells its bound."""

    def noted(one: Any, number: int, wanted: int) -> Work:
        kernel.bounds[one.task.domain.instance] = one.bound
        return cut(one, number, wanted)

    return noted


def main() -> int:
    """Time the batch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--easiest", type=int, default=80)
    parser.add_argument("--known", type=Path, help="file of the roots that were found before")
    arguments = parser.parse_args()
    known = json.loads(arguments.known.read_text()) if arguments.known and arguments.known.exists() else {}
    numbers = sorted(range(1, 101), key=lambda number: korf(number).idastar_generated)[: arguments.easiest]
    puzzles = [Tiles.korf(number) for number in sorted(numbers)]
    model = model_of(puzzles[0])
    seconds = {"solve_below": 0.0, "cut": 0.0}

    def timed(name: str, function: Any) -> Any:
        def call(*given: Any) -> Any:
            start = time.process_time()
            try:
                return function(*given)
            finally:
                seconds[name] += time.process_time() - start

        return call

    idastar_gpu.solve_below = timed("solve_below", idastar_gpu.solve_below)
    idastar_gpu.roots.cut = timed("cut", idastar_gpu.roots.cut)
    cut, narrowed = idastar_gpu._cut, narrow.narrowed
    for part in (puzzles[:1], puzzles):  # the first compiles
        seconds |= dict.fromkeys(seconds, 0.0)
        kernel = Oracle(model, part, known)
        idastar_gpu._cut = noting(kernel, cut)
        narrow.narrowed = looking_again(kernel, narrowed)
        start, clock = time.process_time(), time.perf_counter()
        algorithm = idastar_gpu.IdaStarGpu(device=kernel.device, kernel=kernel)
        results = list(solve_all(list(part), Run(), algorithm=algorithm))
        total = time.process_time() - start - kernel.elsewhere
        by_clock = time.perf_counter() - clock - kernel.elsewhere_clock
        if arguments.known:
            arguments.known.write_text(json.dumps(known))
    assert all(result.cost == korf(int(result.instance[5:])).optimal_length for result in results)
    parts = seconds | {"packets": kernel.packets, "host": total, "host_by_clock": by_clock}
    print(json.dumps({"instances": len(puzzles)} | {name: round(value, 3) for name, value in parts.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
