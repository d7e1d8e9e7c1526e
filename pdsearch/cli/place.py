"""Place replicas of experts on GPUs so that the fullest one has as little load as possible.

Loads are expected tokens per expert, one row a layer: a .csv, .npy or .json file, or - for CSV on standard
input. The policy eplb gives the ids of the published program; local-search goes on from there and leaves no
two replicas of an expert on a GPU where that is avoidable; optimum is exact for small cases.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from pdsearch.balance.metrics import load_balance
from pdsearch.balance.placement import Placement, place
from pdsearch.balance.placement.moves import fewest_moves, moving_cost
from pdsearch.console.arrays import read_array
from pdsearch.console.outputs import writable, write_json
from pdsearch.errors import BadInputError

EXAMPLES = """\
  pdsearch place loads.csv --replicas 288 --gpus 32 --nodes 4 --groups 8 --json -
  pdsearch place loads.csv --replicas 16 --gpus 8 --policy local-search
  pdsearch place today.csv --replicas 16 --gpus 8 --current yesterday.json --json today.json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("loads", metavar="LOADS", help="a .csv, .npy or .json file, one row a layer, or - for stdin")
    parser.add_argument(
        "--replicas", type=int, required=True, metavar="N", help="slots for replicas, all GPUs together"
    )
    parser.add_argument("--gpus", type=int, required=True, metavar="N", help="GPUs; divides the replicas")
    parser.add_argument("--nodes", type=int, default=1, metavar="N", help="machines; divides the GPUs (1)")
    parser.add_argument("--groups", type=int, default=1, metavar="N", help="groups of experts kept on a node (1)")
    parser.add_argument("--policy", default="eplb", metavar="NAME", help="eplb (default), local-search or optimum")
    parser.add_argument(
        "--current", metavar="FILE", help="placement in use, written by --json: relabel for fewest moves"
    )
    parser.add_argument("--json", metavar="FILE", help="write the placement as JSON, - for stdout instead of the table")


def run(arguments: argparse.Namespace) -> int:
    """Place, and print or write the result."""
    writable(arguments.json)
    loads = np.atleast_2d(read_array(arguments.loads))
    placement = place(loads, arguments.replicas, arguments.gpus, arguments.nodes, arguments.groups, arguments.policy)
    cost = None
    if arguments.current is not None:
        current = _read_placement(arguments.current, placement)
        placement = fewest_moves(current, placement, arguments.nodes)
        cost = moving_cost(current, placement, arguments.nodes)
    result = _described(placement, loads, arguments.policy)
    if cost is not None:
        result["moves"] = {
            "moved": cost.n_moved,
            "churn": cost.churn,
            "busiest": cost.busiest,
            "between_nodes": cost.n_between_nodes,
        }
    if arguments.json is not None:
        write_json(arguments.json, result)
    if arguments.json != "-":
        print(_table(result))
    return 0


def _described(placement: Placement, loads: Any, policy: str) -> dict[str, Any]:
    gpu_loads = placement.gpu_loads(loads)
    even = np.nan_to_num(np.asarray(load_balance(gpu_loads)), nan=1.0)  # a layer without load is even
    return {
        "policy": policy,
        "n_experts": placement.n_experts,
        "n_gpus": placement.n_gpus,
        "layers": [
            {
                "experts": placement.experts[layer].tolist(),
                "replicas": placement.counts[layer].tolist(),
                "gpu_loads": gpu_loads[layer].tolist(),
                "load_balance": float(even[layer]),
                "balancedness": float(1 / even[layer]),
                "duplicates": int(placement.duplicates()[layer]),
            }
            for layer in range(len(placement.experts))
        ],
    }


def _table(result: dict[str, Any]) -> str:
    lines = [f"policy {result['policy']}, {result['n_experts']} experts, {result['n_gpus']} GPUs"]
    lines.append(f"{'layer':>5} {'max load':>12} {'mean load':>12} {'LB':>8} {'balancedness':>13} {'duplicates':>11}")
    for number, layer in enumerate(result["layers"]):
        gpu_loads = np.array(layer["gpu_loads"])
        lines.append(
            f"{number:>5} {gpu_loads.max():>12.6g} {gpu_loads.mean():>12.6g} {layer['load_balance']:>8.4f} "
            f"{layer['balancedness']:>13.4f} {layer['duplicates']:>11}"
        )
    if "moves" in result:
        moves = result["moves"]
        lines.append(
            f"moves {moves['moved']} replicas ({moves['churn']:.1%} of the slots), "
            f"{moves['between_nodes']} between nodes, at most {moves['busiest']} to one GPU"
        )
    return "\n".join(lines)


def _read_placement(name: str, like: Placement) -> Placement:
    try:
        content = json.loads(Path(name).read_text())
        experts = np.array([layer["experts"] for layer in content["layers"]], dtype=np.int64)
        shape = (*experts.shape, int(content["n_experts"]), int(content["n_gpus"]))
    except OSError as error:
        raise BadInputError(f"cannot read {name}: {error.strerror}; give an existing file") from None
    except (ValueError, TypeError, KeyError):
        raise BadInputError(f"{name} is no placement; give a file written by --json") from None
    needed = (*like.experts.shape, like.n_experts, like.n_gpus)
    if shape != needed:
        raise BadInputError(
            f"{name} places (layers, replicas, experts, GPUs) {shape} and {needed} are asked for; "
            "give the placement in use of the same layers on the same GPUs"
        )
    if experts.min() < 0 or experts.max() >= like.n_experts:
        raise BadInputError(f"{name} places experts {experts.min()} to {experts.max()}; {like.n_experts} are there")
    return Placement(experts, like.n_experts, like.n_gpus)
