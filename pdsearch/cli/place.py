"""Place replicas of experts on GPUs so that the fullest one has as little load as possible.

Loads are expected tokens per expert, one row a layer: a .csv, .npy or .json file, or - for CSV on standard
input; or counts that a server wrote: SGLang's .pt or .json dumps, .npz, CSV with layer_id,expert_id,count. The policy
eplb gives the ids of the published program; local-search goes on from there and leaves no two replicas of an expert
on a GPU where that is avoidable; optimum is exact for small cases. Formats of --current and --out: sglang, vllm,
ascend, tensorrt-llm, npz, pdsearch.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from pdsearch.balance.metrics import load_balance
from pdsearch.balance.placement import Placement, place
from pdsearch.balance.placement.constraints import place_within
from pdsearch.balance.placement.moves import fewest_moves, moving_cost
from pdsearch.balance.servers import FORMATS, read_placement, write_placement
from pdsearch.cli._placement import add_constraints, constraints_of, loads_of
from pdsearch.console.outputs import writable, write_json
from pdsearch.errors import BadInputError

_WIDEST, _SHOWN = 80, 32  # characters and lines of a placement that are printed unasked

EXAMPLES = """\
  pdsearch place loads.csv --replicas 288 --gpus 32 --nodes 4 --groups 8 --json -
  pdsearch place loads.csv --replicas 16 --gpus 8 --policy local-search
  pdsearch place today.csv --replicas 16 --gpus 8 --current yesterday.json --json today.json
  pdsearch place dump.pt --replicas 288 --gpus 32 --current map.json --max-moves 16 --format sglang --out new.json
  pdsearch place loads.npz --replicas 288 --gpus 36 --active 0-34 --format tensorrt-llm --out balancer.yaml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("loads", metavar="LOADS", help="a .csv, .npy or .json file, a server's dump, or - for stdin")
    parser.add_argument("--replicas", type=int, metavar="N", help="slots for replicas, all GPUs together")
    parser.add_argument("--gpus", type=int, required=True, metavar="N", help="GPUs; divides the replicas")
    parser.add_argument("--nodes", type=int, default=1, metavar="N", help="machines; divides the GPUs (1)")
    parser.add_argument("--groups", type=int, default=1, metavar="N", help="groups of experts kept on a node (1)")
    parser.add_argument("--policy", default="eplb", metavar="NAME", help="eplb (default), local-search or optimum")
    parser.add_argument("--current", metavar="FILE", help="placement in use, of any format: relabel for fewest moves")
    parser.add_argument("--format", metavar="NAME", help=f"of --out and --current: {', '.join(FORMATS)}")
    parser.add_argument("--out", metavar="FILE", help="write the placement for a server, as --format says")
    parser.add_argument("--json", metavar="FILE", help="write the placement as JSON, - for stdout instead of the table")
    add_constraints(parser)


def run(arguments: argparse.Namespace) -> int:
    """Place, and print or write the result."""
    writable(arguments.json), writable(arguments.out)
    format_name = None if arguments.format is None else _known(arguments.format)
    if arguments.out is not None and format_name is None:
        raise BadInputError(f"--out needs --format; choose one of {', '.join(FORMATS)}")
    loads, layers = loads_of(arguments.loads)
    current = None
    if arguments.current is not None:
        current = read_placement(arguments.current, loads.shape[1], arguments.gpus, format_name)
    placement = _placed(arguments, loads, current)
    result = _described(placement, loads, _policy(arguments))
    if current is not None:
        cost = moving_cost(current, placement, arguments.nodes)
        result["moves"] = {
            "moved": cost.n_moved,
            "churn": cost.churn,
            "busiest": cost.busiest,
            "between_nodes": cost.n_between_nodes,
        }
    if arguments.out is not None and format_name is not None:
        write_placement(arguments.out, placement, format_name, layers)
    if arguments.json is not None:
        write_json(arguments.json, result)
    if arguments.json != "-":
        print(_table(result))
    return 0


def _placed(arguments: argparse.Namespace, loads: Any, current: Placement | None) -> Placement:
    constraints = constraints_of(arguments, current)
    if constraints is not None:
        if arguments.policy not in ("eplb", "local-search"):
            raise BadInputError(f"constraints need the policy local-search, not {arguments.policy!r}; leave one out")
        slots = sum(constraints.slots) if constraints.slots is not None else _replicas(arguments)
        return place_within(loads, slots, arguments.gpus, constraints, arguments.nodes, arguments.groups)
    placement = place(loads, _replicas(arguments), arguments.gpus, arguments.nodes, arguments.groups, arguments.policy)
    return placement if current is None else fewest_moves(current, placement, arguments.nodes)


def _replicas(arguments: argparse.Namespace) -> int:
    if arguments.replicas is None:
        raise BadInputError("neither --replicas nor --slots is given; give the number of slots, or those of each GPU")
    return int(arguments.replicas)


def _policy(arguments: argparse.Namespace) -> str:
    return "local-search" if constraints_of(arguments, None) is not None else str(arguments.policy)


def _known(format_name: str) -> str:
    FORMATS[format_name]  # raises, with a suggestion
    return format_name


def _described(placement: Placement, loads: Any, policy: str) -> dict[str, Any]:
    gpu_loads = placement.gpu_loads(loads)
    even = np.nan_to_num(np.asarray(load_balance(gpu_loads)), nan=1.0)  # a layer without load is even
    return {
        "policy": policy,
        "n_experts": placement.n_experts,
        "n_gpus": placement.n_gpus,
        "slots": placement.slots,
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


def _placement(result: dict[str, Any]) -> list[str]:
    """Return the experts on each GPU, a line for each; shortened where they are many."""
    lines = []
    for number, layer in enumerate(result["layers"]):
        even = [len(layer["experts"]) // result["n_gpus"]] * result["n_gpus"]
        slots = np.cumsum([0, *(result["slots"] or even)])
        for gpu in range(result["n_gpus"]):
            experts = " ".join(map(str, layer["experts"][slots[gpu] : slots[gpu + 1]]))
            shown = experts if len(experts) <= _WIDEST else experts[:_WIDEST].rsplit(" ", 1)[0] + " ..."
            lines.append(f"layer {number}, GPU {gpu}: experts {shown}")
    left = len(lines) - _SHOWN
    return lines if left <= 0 else [*lines[:_SHOWN], f"... and {left} lines more; --json FILE has the whole placement"]


def _table(result: dict[str, Any]) -> str:
    lines = [f"policy {result['policy']}, {result['n_experts']} experts, {result['n_gpus']} GPUs"]
    lines.append(f"{'layer':>5} {'max load':>12} {'mean load':>12} {'LB':>8} {'balancedness':>13} {'duplicates':>11}")
    for number, layer in enumerate(result["layers"]):
        gpu_loads = np.array(layer["gpu_loads"])
        lines.append(
            f"{number:>5} {gpu_loads.max():>12.6g} {gpu_loads.mean():>12.6g} {layer['load_balance']:>8.4f} "
            f"{layer['balancedness']:>13.4f} {layer['duplicates']:>11}"
        )
    lines += _placement(result)
    if "moves" in result:
        moves = result["moves"]
        lines.append(
            f"moves {moves['moved']} replicas ({moves['churn']:.1%} of the slots), "
            f"{moves['between_nodes']} between nodes, at most {moves['busiest']} to one GPU"
        )
    return "\n".join(lines)
