"""One report for three programs on the same ranks: a search, a router and data-parallel training, before and after.

mpiexec -n 4 python benchmarks/one_report.py            (about 10 s)

Ranks are bins to all three. The search spreads states by two hashes, the router tokens by two rules, training samples
in equal batches and by the seconds that the batches took; every second column is the one that evens something out.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from mpi4py import MPI

from pdsearch import solve
from pdsearch.balance.batching import BatchSizer
from pdsearch.balance.report import BalanceReport, balance_report
from pdsearch.balance.routers import ROUTERS
from pdsearch.balance.traffic import dispatch_traffic
from pdsearch.balance.training import Epoch, toy_samples, train
from pdsearch.domains.tiles import Tiles

METRICS = ("load_balance", "balancedness", "gini", "effective_bins", "communication_overhead", "all_to_all_bottleneck")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instance", default="korf:79", help="the 15-puzzle of the search")
    parser.add_argument("--tokens", type=int, default=8192, help="of the router")
    parser.add_argument("--samples", type=int, default=6000, help="of an epoch of training")
    parser.add_argument("--us-per-sample", type=float, default=100.0, help="time of the fastest rank")
    parser.add_argument("--slowness", type=float, nargs="+", default=[1, 1, 2, 4], help="cycled over the ranks")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    comm = MPI.COMM_WORLD

    reports = searches(comm, arguments.instance) | routers(comm.size, arguments.tokens)
    epochs = trained(comm, arguments)
    reports |= {"training, equal": of_epoch(epochs[0]), "training, DBS": of_epoch(epochs[-1])}
    if comm.rank == 0:
        sizes = {"equal": epochs[0].sizes, "DBS": epochs[-1].sizes}
        show(reports, sizes, arguments.json)


def searches(comm: MPI.Intracomm, instance: str) -> dict[str, BalanceReport]:
    """Return the reports of HDA* with two hashes: load is the nodes that each rank expanded."""
    puzzle = Tiles.parse(instance)
    return {
        f"search, {name}": solve(puzzle, distribution=owners, comm=comm).balance()
        for name, owners in {"Zobrist": "zobrist", "abstract": "abstract-zobrist"}.items()
    }


def routers(n_ranks: int, n_tokens: int) -> dict[str, BalanceReport]:
    """Return the reports of two routers with an expert on each rank: load is the tokens that it gets."""
    scores = np.random.default_rng(0).normal(size=(n_tokens, n_ranks)) + np.linspace(0, 2, n_ranks)
    at = np.arange(n_tokens) * n_ranks // n_tokens  # the rank where a token is
    found = {}
    for name in ("top-k", "bip"):
        assignment = ROUTERS[name]().route(scores, k=2 if n_ranks > 2 else 1)
        found[f"router, {name}"] = assignment.report(traffic=dispatch_traffic(at, assignment.ids, n_ranks))
    return found


def trained(comm: MPI.Intracomm, arguments: argparse.Namespace) -> tuple[Epoch, ...]:
    """Return three epochs: the first with equal batches, the others with sizes from the seconds of the one before."""
    samples, labels = toy_samples(arguments.samples, 20, 10, seed=0)
    slowness = arguments.slowness[comm.rank % len(arguments.slowness)]
    sizer = BatchSizer(min(500, arguments.samples), comm.size)
    return train(
        comm, samples, labels, sizer, epochs=3, extra_s_per_sample=1e-6 * arguments.us_per_sample * slowness
    ).epochs


def of_epoch(epoch: Epoch) -> BalanceReport:
    """Return the report of an epoch: load is the seconds that each worker computed."""
    return balance_report(epoch.compute_s)


def show(reports: dict[str, BalanceReport], sizes: dict[str, tuple[int, ...]], as_json: bool) -> None:
    """Print the reports side by side, a dash where a program has no such number."""
    if as_json:
        print(json.dumps({"reports": {name: report.to_dict() for name, report in reports.items()}, "sizes": sizes}))
        return
    print(" " * 22, *(f"{name:>16}" for name in reports))
    for name in METRICS:
        values = (report.metrics.get(name) for report in reports.values())
        print(f"{name:<22}", *(f"{'-' if value is None else format(value, '.2f'):>16}" for value in values))
    print("batches", *(f"{name} {list(parts)}" for name, parts in sizes.items()), sep="  ")


if __name__ == "__main__":
    main()
