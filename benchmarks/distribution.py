"""Are adaptive messages as good as the best fixed size? Simulated and, under mpiexec, on real ranks.

    python benchmarks/distribution.py --instances korf:97,korf:83 --ranks 2,8
    mpiexec -n 2 python benchmarks/distribution.py --instances korf:83 --repeats 5

Each row is one instance and distribution: seconds with 10, 100 and 1000 records per message and with the size chosen
while running, and the last over the best of the others. Real runs take turns, and medians count.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

from pdsearch.cli import speaks
from pdsearch.cli.solve import _communicator
from pdsearch.domains import DOMAINS, Domain
from pdsearch.limits import Limits
from pdsearch.report.comparison import chosen, ranks_in
from pdsearch.search import solve
from pdsearch.search.costs import TYPICAL, Costs
from pdsearch.search.problem import Problem
from pdsearch.search.timed_simulation import simulate_timed

SIZES: tuple[int | None, ...] = (10, 100, 1000, None)


def main() -> None:
    """Print one row for each instance, distribution and number of ranks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domain", default="tiles")
    parser.add_argument("--instances", default="korf:97,korf:83")
    parser.add_argument("--distributions", default="zobrist,abstract-zobrist")
    parser.add_argument("--ranks", default="2,8")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--costs", default="typical")
    arguments = parser.parse_args()
    world = _communicator("auto")
    costs = TYPICAL if arguments.costs == "typical" else Costs.read(arguments.costs)
    if speaks():
        print(
            f"{'instance':12} {'distribution':18} ranks  "
            + "".join(f"{size or 'adaptive':>10}" for size in SIZES)
            + "   over best"
        )
    for name in arguments.instances.split(","):
        domain = DOMAINS[arguments.domain].parse(name)
        for distribution in chosen(arguments.distributions, domain):
            for n_ranks in [world.Get_size()] if world is not None else ranks_in(arguments.ranks):
                seconds = (
                    simulated(domain, distribution, n_ranks, costs)
                    if world is None
                    else real(domain, distribution, world, arguments.repeats)
                )
                if speaks():
                    show(name, distribution, n_ranks, seconds)


def simulated(domain: Domain, distribution: str, n_ranks: int, costs: Costs) -> list[float]:
    """Return the predicted seconds with each size."""
    problem = Problem.of(domain, None, distribution, n_ranks, 0, alone=False)
    return [simulate_timed(problem, costs, message=size).seconds for size in SIZES]


def real(domain: Domain, distribution: str, world: Any, repeats: int) -> list[float]:
    """Return the median seconds with each size; sizes take turns, so that a busy machine troubles all alike."""
    runs = [
        [solve(domain, distribution=distribution, comm=world, message=size, limits=Limits()).search_s for size in SIZES]
        for _ in range(repeats)
    ]
    return [statistics.median(column) for column in zip(*runs, strict=True)]


def show(name: str, distribution: str, n_ranks: int, seconds: list[float]) -> None:
    """Print a row."""
    over = seconds[-1] / min(seconds[:-1]) - 1
    cells = "".join(f"{each:10.4f}" for each in seconds)
    print(f"{name:12} {distribution:18} {n_ranks:5}  {cells}  {100 * over:+9.1f} %", flush=True)


if __name__ == "__main__":
    main()
