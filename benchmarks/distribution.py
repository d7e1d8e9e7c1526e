"""The figures of distributions: one command prints one table, compared things beside each other from one run.

    python benchmarks/distribution.py owner                   # the owner's share of the time of an expansion
    python benchmarks/distribution.py batch                   # adaptive messages against fixed sizes, three domains
    mpiexec -n 2 python benchmarks/distribution.py batch      # the same on real ranks
    mpiexec -n 2 python benchmarks/distribution.py predict    # predicted against measured speed-up
    python benchmarks/distribution.py large                   # the time to simulate 1024 ranks
    python benchmarks/distribution.py pdb24                   # A* on the 24-puzzle with pattern databases

Compared runs take turns, so that a busy machine troubles all alike; medians count. ``--quick`` is a look at small
instances. Efficiencies and speed-ups of whole sets of instances are ``pdsearch bench distribution``'s.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

from pdsearch.benchmarking.comparison import Setting, chosen, real_rows, serial_result, simulated_row
from pdsearch.comm.mpi import MpiCommunicator
from pdsearch.comm.world import speaks
from pdsearch.comm.world import world as mpi_world
from pdsearch.domains import DOMAINS, Domain
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits
from pdsearch.search import solve
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.calibration import calibrate
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.best_first.timed_simulation import Simulated
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task
from pdsearch.search.task import Task

SIZES: tuple[int | None, ...] = (10, 100, 1000, None)
THREE_DOMAINS = [("tiles", "korf:83"), ("msa", "random:5x140"), ("grid", "random:1024x1024")]
THREE_SMALL = [("tiles", "korf:97"), ("pancake", "random:14"), ("grid", "random:300x300")]
_MEMORY = 2**33


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=list(TABLES))
    parser.add_argument("--distributions", metavar="NAME,...|all", help="(default: all, or those of the table)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small instances")
    arguments = parser.parse_args()
    TABLES[arguments.table](arguments)


def say(words: str) -> None:
    """Print a line, from rank 0 only."""
    if speaks():
        print(words, flush=True)


# --- the owner's share ---


def owner(arguments: argparse.Namespace) -> None:
    """Compare expansions that ask for no owner with those that do and keep every successor, at equal counts."""
    domain = Tiles.korf(97 if arguments.quick else 83)
    names = chosen(arguments.distributions or "all", domain)
    problems = {"no owner": make_task(domain)}
    problems |= {name: make_task(domain, None, name, 1) for name in names}
    n = 100_000 if arguments.quick else 2_000_000
    for task in problems.values():
        compile_kernels(task)
    times = {name: list[float]() for name in problems}
    for _ in range(arguments.repeats):
        for name, task in problems.items():
            times[name].append(expansion_s(task, n))
    alone = statistics.median(times["no owner"])
    say(f"{domain.instance}, {n:,} expansions, median of {arguments.repeats}, ns an expansion")
    say(f"{'distribution':20}  all of it  the owner   share")
    for name, each in times.items():
        now = statistics.median(each)
        say(f"{name:20}  {1e9 * now:9.1f}  {1e9 * (now - alone):9.1f}  {100 * (1 - alone / now):5.1f} %")


def expansion_s(task: Task, n: int) -> float:
    """Return the processor seconds of one of the first ``n`` expansions of A*."""
    rank = LocalSearch(task, 0, _MEMORY)
    rank.absorb(initial_record(task))
    began = time.thread_time()
    why = kernels.BUDGET
    while rank.statistics[kernels.EXPANDED] < n and why != kernels.EMPTY:
        why = rank.expand(n - int(rank.statistics[kernels.EXPANDED]))
    return (time.thread_time() - began) / int(rank.statistics[kernels.EXPANDED])


# --- message sizes ---


def batch(arguments: argparse.Namespace) -> None:
    """Compare messages of 10, 100 and 1000 records with sizes chosen while running."""
    world = mpi_world()
    head = "".join(f"{size or 'adaptive':>10}" for size in SIZES)
    say(f"seconds; {'domain':8} {'instance':24} {'distribution':18} ranks  {head}   over best")
    for domain in instances(THREE_SMALL if arguments.quick else THREE_DOMAINS):
        for name in chosen(arguments.distributions or "zobrist,abstract-zobrist", domain):
            for n_ranks in [world.Get_size()] if world is not None else [2, 8]:
                run = _simulated(domain, name, n_ranks) if world is None else _real(domain, name, world)
                try:
                    runs = [[run(size) for size in SIZES] for _ in range(1 if world is None else arguments.repeats)]
                except BadInputError as error:
                    say(f"skipped: {name} on {n_ranks} ranks: {error}")
                    continue
                seconds = [statistics.median(column) for column in zip(*runs, strict=True)]
                over = 100 * (seconds[-1] / min(seconds[:-1]) - 1)
                cells = "".join(f"{each:10.4f}" for each in seconds)
                say(f"         {domain.name:8} {domain.instance:24} {name:18} {n_ranks:5}  {cells}  {over:+9.1f} %")


def _simulated(domain: Domain, name: str, n_ranks: int) -> Callable[[int | None], float]:
    """Return what predicts the seconds with a size."""

    def run(size: int | None) -> float:
        return Simulated(message_size=size).solve(make_task(domain, None, name, n_ranks)).predicted_s

    return run


def _real(domain: Domain, name: str, world: Any) -> Callable[[int | None], float]:
    """Return what measures the seconds with a size."""

    def run(size: int | None) -> float:
        return solve(domain, distribution=name, comm=world, message=size, limits=Limits()).search_s

    return run


def instances(named: Iterable[tuple[str, str]]) -> list[Domain]:
    """Return the instances."""
    return [DOMAINS[name].parse(text) for name, text in named]


# --- the model of the simulator ---


def predict(arguments: argparse.Namespace) -> None:
    """Calibrate, predict the speed-up on two ranks, and measure it."""
    world = mpi_world()
    if world is None or world.Get_size() != 2:
        raise SystemExit("predict needs two ranks: mpiexec -n 2 python benchmarks/distribution.py predict")
    numbers = [97] if arguments.quick else [39, 96, 24, 54, 84]  # 1.1 to 11 M expansions
    names = (arguments.distributions or "zobrist,abstract-zobrist,sampled-cut").split(",")
    comm = MpiCommunicator(world)
    task = make_task(Tiles.korf(numbers[0]), None, "zobrist", 2)
    costs = calibrate(task, comm, *((100_000, 1) if arguments.quick else ())).costs
    costs = comm.broadcast(costs, 0)
    say(f"{'instance':10} {'distribution':18}  predicted  measured  predicted / measured")
    setting = Setting()
    for domain in map(Tiles.korf, numbers):
        measured = {row.distribution: row for row in real_rows(domain, names, world, arguments.repeats, 1.0, setting)}
        if speaks():
            serial = serial_result(make_task(domain), setting)
            for name, real in measured.items():
                two = make_task(domain, None, name, 2)
                row, _ = simulated_row(two, name, serial, costs, setting)
                quotient = row.speedup / real.speedup
                say(f"{domain.instance:10} {name:18}  {row.speedup:9.2f}  {real.speedup:8.2f}  {quotient:20.2f}")
        comm.barrier()
    comm.close()


# --- the time of the simulator, and of A* with pattern databases ---


def large(arguments: argparse.Namespace) -> None:
    """Simulate 1024 ranks on an instance of about a million expansions."""
    domain = Tiles.korf(97 if arguments.quick else 39)
    serial = serial_result(make_task(domain), Setting())
    n_ranks = 64 if arguments.quick else 1024
    say(f"{domain.instance}: {serial.expanded:,} expansions by A*")
    for name in chosen(arguments.distributions or "zobrist,abstract-zobrist", domain):
        task = make_task(domain, None, name, n_ranks)
        compile_kernels(task)
        began = time.perf_counter()
        timed = Simulated().solve(task, Run(Limits(memory_bytes=_MEMORY // n_ranks)))
        took = time.perf_counter() - began
        say(f"  {name:18} {n_ranks} ranks {timed.expanded:>12,} expanded  {timed.turns:>10,} turns  {took:.1f} s")


def pdb24(arguments: argparse.Namespace) -> None:
    """Expand so many nodes of a 24-puzzle, with each database that is there."""
    limits = Limits(nodes=300_000 if arguments.quick else 10_000_000, memory_bytes=_MEMORY)
    domain = Tiles.parse("korf-felner:40")
    for heuristic in ("manhattan", "pdb", "pdb-6-6-6-6"):
        try:
            solve(domain, heuristic, limits=Limits(nodes=1))  # compiles, and loads the database
        except BadInputError as error:
            say(f"  {heuristic:12} skipped: {error}")
            continue
        rates = [solve(domain, heuristic, limits=limits).expanded_per_s for _ in range(arguments.repeats)]
        say(f"  {heuristic:12} {statistics.median(rates) / 1e6:6.2f} M expansions/s, at best {max(rates) / 1e6:.2f}")


TABLES = {"owner": owner, "batch": batch, "predict": predict, "large": large, "pdb24": pdb24}

if __name__ == "__main__":
    main()
