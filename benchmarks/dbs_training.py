"""Dynamic against fixed batch sizes over MPI ranks of different speeds; the weights must come out equal.

mpiexec -n 4 python benchmarks/dbs_training.py            (about 20 s)
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from mpi4py import MPI

from pdsearch.balance.batching import BatchSizer
from pdsearch.balance.training import Training, toy_samples, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--samples", type=int, default=18_000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--us-per-sample", type=float, default=200.0, help="time of the fastest rank")
    parser.add_argument("--slowness", type=float, nargs="+", default=[1, 1, 2, 4], help="cycled over the ranks")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    comm = MPI.COMM_WORLD
    slowness = arguments.slowness[comm.rank % len(arguments.slowness)]

    samples, labels = toy_samples(arguments.samples, 20, 10, seed=0)
    runs = {
        name: train(
            comm,
            samples,
            labels,
            BatchSizer(arguments.batch, comm.size),
            arguments.epochs,
            is_dynamic=name == "dynamic",
            extra_s_per_sample=1e-6 * arguments.us_per_sample * slowness,
        )
        for name in ("fixed", "dynamic")
    }
    if comm.rank == 0:
        report(runs, arguments.json)


def report(runs: dict[str, Training], as_json: bool) -> None:
    fixed, dynamic = runs["fixed"], runs["dynamic"]
    result = {
        "speedup_from_the_second_epoch": np.mean([epoch.seconds for epoch in fixed.epochs[1:]])
        / np.mean([epoch.seconds for epoch in dynamic.epochs[1:]]),
        "load_balance_fixed": max(epoch.load_balance for epoch in fixed.epochs[1:]),
        "load_balance_dynamic": max(epoch.load_balance for epoch in dynamic.epochs[1:]),
        "sizes": dynamic.epochs[-1].sizes,
        "largest_difference_of_weights": float(np.abs(fixed.weights - dynamic.weights).max()),
        "largest_weight": float(np.abs(fixed.weights).max()),
        "loss": [epoch.loss for epoch in dynamic.epochs],
    }
    if as_json:
        print(json.dumps(result))
        return
    for name, run in runs.items():
        for number, epoch in enumerate(run.epochs, 1):
            print(
                f"{name:<8} epoch {number}  {epoch.seconds:7.3f} s  LB {epoch.load_balance:.3f}  "
                f"sizes {list(epoch.sizes)}  loss {epoch.loss:.4f}"
            )
    for name, value in result.items():
        print(f"{name:<32} {value}")


if __name__ == "__main__":
    main()
