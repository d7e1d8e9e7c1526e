"""What policies of rearranging experts would have cost on a trace of expert loads.

TRACE is a .npz file with loads[steps, layers, experts] (array loads, or logical_count, or the only one), a .npy
file, what a server dumped (SGLang's .pt or .json, a .csv with a header), or a synthetic trace
NAME[:OPTION=VALUE]...: steady, drift, bursts or phases, with steps, layers, experts, tokens, zipf, seed and options
of their own. Every policy is replayed by itself:

  static        the map that servers begin with, slot s holds expert s mod experts; never moves anything
  offline       a placement for the mean loads of the whole trace, kept; option placement (eplb)
  eplb          the published greedy placement for the forecast, at every interval
  local-search  the local search's placement, at every interval
  optimum       the exact placement for the forecast; small cases
  few-moves     the few changes that gain most for each expert moved; option moves, of a layer at a time (16)

A policy can have its own interval, threshold, max_moves and forecast: eplb:interval=50:forecast=ewma.
Forecasts: last, mean (option window, 100), ewma (weight, 0.1), change (window 8, limit 3), closed-form (rate,
0.003), oracle (what comes, which no server knows).

A step takes, layer by layer, the seconds of the fullest GPU; a rearrangement as long as the GPU that sends or receives
most. Regret is the time above the least that any placement of each step's loads could take: a lower bound, the larger
of the mean load and the least largest share of a replica, so that the true regret is no more; with --exact the
optimum itself, for small cases. Costs are assumptions until you give your own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pdsearch.balance.placement import Cluster
from pdsearch.balance.replay.costs import Costs
from pdsearch.balance.replay.outcome import Replay
from pdsearch.balance.replay.rules import SETTINGS, rule_of
from pdsearch.balance.replay.run import replay
from pdsearch.balance.replay.trace import Trace, read_trace, write_trace
from pdsearch.balance.replay.traces import TRACES, trace_of
from pdsearch.balance.servers import read_tables
from pdsearch.console.counting import Counting
from pdsearch.console.outputs import writable, write_json
from pdsearch.errors import BadInputError

EXAMPLES = """\
  pdsearch balance replay drift --replicas 80 --gpus 16
  pdsearch balance replay trace.npz --replicas 320 --gpus 64 --nodes 8 --policies static,eplb,local-search
  pdsearch balance replay bursts:steps=500 --replicas 80 --gpus 16 --policies eplb,eplb:threshold=1,few-moves:moves=4
  pdsearch balance replay phases --replicas 80 --gpus 16 --forecast ewma:weight=0.05 --json - --plot replay.png"""
DEFAULT = "static,offline,eplb,local-search,few-moves"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("trace", metavar="TRACE", help="a .npz or .npy file, or steady, drift, bursts or phases")
    parser.add_argument(
        "--replicas", type=int, required=True, metavar="N", help="slots for replicas, all GPUs together"
    )
    parser.add_argument("--gpus", type=int, required=True, metavar="N", help="GPUs; divides the replicas")
    parser.add_argument("--nodes", type=int, default=1, metavar="N", help="machines; divides the GPUs (1)")
    parser.add_argument("--groups", type=int, default=1, metavar="N", help="groups of experts kept on a node (1)")
    parser.add_argument("--policies", default=DEFAULT, metavar="NAME[:OPTION=VALUE]...,...", help=f"({DEFAULT})")
    _rule_arguments(parser)
    _cost_arguments(parser)
    parser.add_argument(
        "--exact", action="store_true", help="regret against the exact optimum of each step; small cases"
    )
    parser.add_argument("--save", metavar="FILE", help="write the trace as a .npz file")
    parser.add_argument("--json", metavar="FILE", help="write the result as JSON, - for stdout instead of the table")
    parser.add_argument("--plot", "--plots", metavar="FILE", help="draw time and regret by step (needs matplotlib)")


def _rule_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--interval", type=int, default=SETTINGS["interval"], metavar="STEPS", help="between two decisions (100)"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=SETTINGS["threshold"],
        metavar="X",
        help="rearrange a layer if it should save more than X times the seconds its moves take (0)",
    )
    parser.add_argument(
        "--max-moves",
        type=int,
        default=SETTINGS["max_moves"],
        metavar="N",
        help="experts that one rearrangement moves at most; 0 for no limit (0)",
    )
    parser.add_argument(
        "--forecast", default=SETTINGS["forecast"], metavar="NAME[:OPTION=VALUE]", help="of the next loads (mean)"
    )


def _cost_arguments(parser: argparse.ArgumentParser) -> None:
    costs = Costs()
    for option, name, of in (
        ("--layer-seconds", "layer_s", "a layer takes without load"),
        ("--load-seconds", "load_s", "a unit of load takes on the fullest GPU"),
        ("--expert-bytes", "expert_bytes", "weights of one expert"),
        ("--bandwidth", "bandwidth", "bytes a second of a GPU, each way"),
        ("--inside-bandwidth", "inside_bandwidth", "the same inside a node; 0 for that of --bandwidth"),
        ("--start-seconds", "start_s", "a rearrangement takes besides"),
    ):
        default = getattr(costs, name)
        parser.add_argument(option, dest=name, type=float, default=default, metavar="X", help=f"{of} ({default:g})")
    parser.add_argument(
        "--overlap",
        dest="is_overlapped",
        action="store_true",
        help="weights travel while steps go on: no wait, and the old placement serves until they have arrived",
    )


def run(arguments: argparse.Namespace) -> int:
    """Replay, and print or write the result."""
    for name in (arguments.json, arguments.plot, arguments.save):
        writable(name)
    if arguments.plot is not None:
        from pdsearch.console.plots import new_figure

        new_figure(1, 1)  # says now if matplotlib is missing
    trace = _trace(arguments.trace)
    cluster = Cluster(arguments.replicas, arguments.gpus, arguments.nodes, arguments.groups)
    names = ("interval", "threshold", "max_moves", "forecast")
    settings = {name: getattr(arguments, name) for name in names}
    rules = [rule_of(text, settings) for text in arguments.policies.split(",")]
    costs = Costs(**{field: getattr(arguments, field) for field in Costs.__slots__})
    if arguments.save is not None:
        write_trace(arguments.save, trace)
    with Counting("steps") as progress:
        result = replay(trace, cluster, rules, costs, progress, arguments.exact)
    _show(arguments, trace, result, settings)
    return 0


def _trace(text: str) -> Trace:
    if text.split(":")[0] in list(TRACES):
        return trace_of(text)
    suffix = Path(text).suffix.lower()
    if suffix == "":
        known = ", ".join(TRACES)
        raise BadInputError(f"{text!r} is neither a file nor a synthetic trace; give a .npz file or one of {known}")
    if suffix in (".npz", ".npy"):
        return read_trace(text)
    counts = read_tables(text).counts
    if counts is None:
        raise BadInputError(f"{text} holds a map of experts to slots and no counts; give the counts of the steps")
    return Trace(counts, Path(text).name)


def _show(arguments: argparse.Namespace, trace: Trace, result: Replay, settings: dict[str, Any]) -> None:
    if arguments.plot is not None:
        from pdsearch.cli._replay_figure import plot_replay

        plot_replay(result, arguments.plot)
    steps, layers, experts = trace.loads.shape
    if arguments.json is not None:
        of = {"trace": trace.name, "steps": steps, "layers": layers, "experts": experts, "settings": settings}
        write_json(arguments.json, of | result.to_dict())
    if arguments.json != "-":
        where = f"{arguments.replicas} slots of {arguments.gpus} GPUs"
        print(f"{steps} steps, {layers} layers, {experts} experts in {where}\n{result}")
