"""Measure how evenly loads are spread, and what traffic between bins costs.

Loads are nodes per rank, tokens per expert or seconds per worker: a .csv (one row a batch or layer), .npy or
.json file, or - for CSV on standard input; or the .npz or .pt file of a recorder or server. Several rows are
reported as means over the rows.
``pdsearch balance replay --help`` is about traces of loads, and what rearranging experts would have cost on them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy.typing as npt

from pdsearch.balance.layers import layer_balance, layer_table
from pdsearch.balance.report import balance_report
from pdsearch.balance.servers import read_tables
from pdsearch.console.arrays import read_array
from pdsearch.console.outputs import writable, write_json
from pdsearch.errors import BadInputError

SUBCOMMANDS = {"replay": "pdsearch.cli._replay"}
EXAMPLES = """\
  printf '3,1,2,2\\n' | pdsearch balance -
  pdsearch balance loads.csv --json -
  pdsearch balance steps_layers_experts.npy --layers --plot loads.png
  pdsearch balance tokens.npy --axis 0 --capacity-factor 1.25 --items 4096 --top-k 8
  pdsearch balance expanded.json --traffic sent.npy --sequential 540859 --plot loads.png"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("loads", metavar="LOADS", help="a file of loads, or - for CSV on standard input")
    parser.add_argument("--traffic", metavar="FILE", help="load from each bin (row) to each bin (column)")
    parser.add_argument("--weights", metavar="FILE", help="relative speeds or sizes of the bins")
    parser.add_argument("--nodes", metavar="FILE", help="the machine node of each bin; adds the locality of nodes")
    parser.add_argument("--axis", type=int, default=-1, help="axis of the bins in LOADS (default: the last)")
    parser.add_argument("--capacity-factor", type=float, default=1.0, metavar="C", help="slots over mean load (1)")
    parser.add_argument("--sequential", type=float, metavar="LOAD", help="load needed; adds the search overhead")
    parser.add_argument("--items", type=int, metavar="N", help="items a row that chose bins; adds the sampling floor")
    parser.add_argument("--top-k", type=int, default=1, metavar="K", help="bins that each of the items chose (1)")
    parser.add_argument(
        "--layers",
        action="store_true",
        help="a table of the balancedness of each layer, the axis before that of the bins",
    )
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON, - for stdout instead of the table")
    parser.add_argument(
        "--plot", "--plots", metavar="FILE", help="draw layers, steps, Lorenz curves (needs matplotlib)"
    )


def _loads(name: str) -> npt.NDArray[Any]:
    """Read an array, or the counts[steps, layers, experts] that a recorder or a server wrote."""
    if Path(name).suffix.lower() not in (".npz", ".pt"):
        return read_array(name)
    counts = read_tables(name).counts
    if counts is None:
        raise BadInputError(f"{name} holds a map of experts to slots and no counts; give loads")
    return counts


def run(arguments: argparse.Namespace) -> int:
    """Print or write the report."""
    writable(arguments.json), writable(arguments.plot)
    loads = _loads(arguments.loads)
    traffic, weights, nodes = (
        None if name is None else read_array(name) for name in (arguments.traffic, arguments.weights, arguments.nodes)
    )
    report = balance_report(
        loads,
        traffic if traffic is None else traffic.squeeze(),
        axis=arguments.axis,
        weights=weights if weights is None else weights.ravel(),
        capacity_factor=arguments.capacity_factor,
        node_of_bin=nodes if nodes is None else nodes.ravel(),
        sequential=arguments.sequential,
        n_items=arguments.items,
        k=arguments.top_k,
    )
    if arguments.plot is not None:
        from pdsearch.cli._load_figure import plot_loads

        plot_loads(loads, arguments.axis, arguments.plot)
    layers = layer_balance(loads, arguments.axis) if arguments.layers else []
    if arguments.json is not None:
        extra = {"layers": [row.to_dict() for row in layers]} if layers else {}
        write_json(arguments.json, report.to_dict() | extra)
    if arguments.json != "-":
        print(f"{report}\n\n{layer_table(layers)}" if layers else report)
    return 0
