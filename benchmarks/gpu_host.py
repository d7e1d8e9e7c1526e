"""What the host does for a batch of Korf's instances on a GPU, timed without one.

    python benchmarks/gpu_host.py [--easiest 80]

All instances are one batch, first solution. In place of the kernel the CPU looks, outside the time, for a root with a
goal below it in the iteration at the known length, so that cuts, packets and the search for the moves below that root
are what they are on a GPU. Its own searches make this slow for the hardest instances: the easiest are taken. Prints
seconds by part.
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
from pdsearch.gpu import below
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

    def __init__(self, model: Model, puzzles: list[Tiles]) -> None:
        super().__init__(model, Device(0, "none", (9, 0), 132, 2**36))
        self.left = list(puzzles)
        self.bounds: dict[str, int] = {}
        self.elsewhere = self.packets = 0.0

    def search(self, work: Work, n_instances: int, first_only: bool, go_on: Any) -> Counts:
        """Say at the known length that there is a goal."""
        start = time.process_time()
        deal(work, WARPS)
        self.packets += time.process_time() - start
        start, tallies = time.process_time(), np.zeros((n_instances, N_TALLIES), np.uint64)
        for number, puzzle in enumerate(self.left[:]):
            if self.bounds[puzzle.instance] == korf(int(puzzle.instance[5:])).optimal_length:
                tallies[number, GOALS:] = 1, self._root(puzzle, work, np.flatnonzero(work.instance == number))
                self.left.remove(puzzle)
        self.elsewhere += time.process_time() - start
        return Counts(tallies, np.ones(WARPS, np.uint64), True)

    def _root(self, puzzle: Tiles, work: Work, mine: Any) -> int:
        none = np.full(len(mine), -1)
        level = Level(work.words[mine], work.low[mine], work.slack[mine], none, none)
        return int(work.root[mine[below.solve_below(self.model, puzzle, level)[0]]])


assert GOAL_ROOT == GOALS + 1


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
    arguments = parser.parse_args()
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
    cut = idastar_gpu._cut
    for part in (puzzles[:1], puzzles):  # the first compiles
        seconds |= dict.fromkeys(seconds, 0.0)
        kernel = Oracle(model, part)
        idastar_gpu._cut = noting(kernel, cut)
        start = time.process_time()
        algorithm = idastar_gpu.IdaStarGpu(device=kernel.device, kernel=kernel)
        results = list(solve_all(list(part), Run(), algorithm=algorithm))
        total = time.process_time() - start - kernel.elsewhere
    assert all(result.cost == korf(int(result.instance[5:])).optimal_length for result in results)
    parts = seconds | {"packets": kernel.packets, "host": total}
    print(json.dumps({"instances": len(puzzles)} | {name: round(value, 3) for name, value in parts.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
