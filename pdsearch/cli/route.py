"""Route a matrix of scores to experts and report how even the load is.

Reads .csv, .npy or .json, or CSV from standard input for -: one row a token, one column an expert; ``--list``
says what else a router may read. Prints the report and the first tokens' experts; ``--json`` and ``--out`` write
everything.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._gates import GATES
from pdsearch.balance.routers.options import built
from pdsearch.balance.routers.padding import route_real
from pdsearch.balance.routers.weights import unnormalised
from pdsearch.console.arrays import read_array
from pdsearch.console.outputs import writable, write_json, writing
from pdsearch.errors import BadInputError

EXAMPLES = """\
  pdsearch route scores.npy --router bip --top-k 8
  pdsearch route scores.npy --router bip --option iterations=14 --gate sigmoid --top-k 8 --json -
  pdsearch route scores.csv --router loss-free --state bias.npy --out assignment.npz
  pdsearch route ids.csv --router hash --option n_experts=16 --top-k 2
  pdsearch route --list
"""
SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scores, the router and the output."""
    parser.add_argument(
        "scores", nargs="?", metavar="SCORES", help="a .csv, .npy or .json file, one row a token, or - for CSV on stdin"
    )
    parser.add_argument("--router", default="top-k", metavar="NAME", help="one of --list (default top-k)")
    parser.add_argument("--top-k", type=int, default=1, metavar="K", help="experts per token (default 1)")
    parser.add_argument("--gate", choices=GATES, help="how scores become affinities (default: the router's own)")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="of the router; may be repeated"
    )
    parser.add_argument(
        "--state", metavar="FILE", help="bias, prices, costs or policy to start from; .csv, .npy or .json"
    )
    parser.add_argument(
        "--mask", metavar="FILE", help="1 for each row that is a token, 0 for padding, which gets no expert"
    )
    parser.add_argument(
        "--raw-weights",
        type=float,
        metavar="SCALE",
        help="weights are SCALE times the affinities, not divided by their sum",
    )
    parser.add_argument("--json", metavar="FILE", help="write report and assignment as JSON, - for standard output")
    parser.add_argument("--out", metavar="FILE", help="write ids, weights, counts and drops as .npz")
    parser.add_argument("--list", action="store_true", help="list the routers and end")


def run(arguments: argparse.Namespace) -> int:
    """Route, print, write."""
    if arguments.list:
        print(listing())
        return 0
    if arguments.scores is None:
        raise BadInputError("no scores are given; give a .csv, .npy or .json file, or --list")
    writable(arguments.json), writable(arguments.out)
    gate = {"gate": arguments.gate} if arguments.gate else {}
    router = built(arguments.router, arguments.option, **gate)
    if gate and not hasattr(router, "gate"):
        raise BadInputError(f"{arguments.router} has no gate; leave --gate out")
    state = read_state(arguments.state, router.reads == "token ids") if arguments.state else None
    scores = read_array(arguments.scores)
    if arguments.mask is None:
        assignment = router.route(scores, arguments.top_k, state)
    else:
        assignment = route_real(router, scores, arguments.top_k, read_array(arguments.mask).ravel(), state)
    if arguments.raw_weights is not None:
        assignment = unnormalised(assignment, scores, _gate_of(router, arguments.router), arguments.raw_weights)
    if arguments.out:
        write_arrays(arguments.out, assignment)
    if arguments.json:
        write_json(arguments.json, written(arguments.router, assignment))
    if arguments.json != "-":
        print(shown(arguments.router, assignment))
    return 0


def _gate_of(router: Any, name: str) -> str:
    if not hasattr(router, "gate"):
        raise BadInputError(f"{name} has no gate, and so no affinities; leave --raw-weights out")
    return str(router.gate)


def listing() -> str:
    """Return a table of the routers: name, whether batch mates matter, what they read, source."""
    width = max(map(len, ROUTERS))
    lines = [f"{'router':<{width}}  batch mates  reads       source"]
    for name, kind in ROUTERS.items():
        matter = "do not" if built(name).batch_invariant else "matter"
        lines.append(f"{name:<{width}}  {matter:<11}  {kind.reads:<10}  {kind.source}")
    return "\n".join(lines)


def read_state(name: str, per_token_id: bool) -> npt.NDArray[Any]:
    """Read a bias, prices, costs or a policy; a line or a column of numbers is one for each expert."""
    array = read_array(name)
    return array if per_token_id or 1 not in array.shape else array.ravel()


def shown(name: str, assignment: Assignment) -> str:
    """Return the report, and the experts and weights of the first tokens."""
    lines = [
        str(assignment.report()),
        f"dropped pairs             {assignment.n_dropped:>12}",
        "",
    ]
    lines.append(f"experts and weights by {name}:")
    for token in range(min(SHOWN, len(assignment.ids))):
        row = zip(assignment.ids[token], assignment.weights[token], strict=True)
        experts = (f"{expert}:{weight:.3g}" if expert >= 0 else "-" for expert, weight in row)
        lines.append(f"{token:>6}: {' '.join(experts)}")
    if len(assignment.ids) > SHOWN:
        lines.append(f"... {len(assignment.ids) - SHOWN} more tokens; --json or --out writes all")
    return "\n".join(lines)


def written(name: str, assignment: Assignment) -> dict[str, Any]:
    """Return report and assignment as plain values."""
    return {
        "router": name,
        "report": assignment.report().to_dict(),
        "dropped": assignment.n_dropped,
        "counts": assignment.counts.tolist(),
        "drops": assignment.drops.tolist(),
        "ids": assignment.ids.tolist(),
        "weights": assignment.weights.astype(np.float64).tolist(),
    }


def write_arrays(name: str, assignment: Assignment) -> None:
    """Write ids, weights, counts and drops, and the state where it is an array."""
    arrays: dict[str, Any] = {part: getattr(assignment, part) for part in ("ids", "weights", "counts", "drops")}
    if isinstance(assignment.state, np.ndarray):
        arrays["state"] = assignment.state
    with writing(name):
        np.savez(name, **arrays)
