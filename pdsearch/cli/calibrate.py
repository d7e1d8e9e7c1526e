"""Measure what the parts of a search cost on this machine.

Everything is measured five times; the medians count, and the table shows the least and the largest measurement. What
no idle machine would measure is refused. The costs are kept in the user's cache (PDSEARCH_CACHE_DIR moves it), and
pdsearch simulate uses them for the same domain, heuristic and size of states. Under mpiexec with two ranks messages go
through MPI; otherwise they are copied in one process, which is faster than any network.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from pdsearch.comm.together import in_turn
from pdsearch.comm.world import speaks, world
from pdsearch.console.arguments import add_domain, domain_values, seed
from pdsearch.console.instances import instances
from pdsearch.console.outputs import writable
from pdsearch.domains import DOMAINS
from pdsearch.environment import environment
from pdsearch.errors import BadInputError

EXAMPLES = """\
  pdsearch calibrate tiles korf:83
  pdsearch calibrate grid random:1024x1024 --neighbours 4
  mpiexec -n 2 pdsearch calibrate tiles korf:83 --json costs.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    add_domain(parser)
    parser.add_argument("instance", help="one that takes A* a second or more")
    parser.add_argument("--heuristic", metavar="NAME", help="(default: the domain's)")
    parser.add_argument("--seed", type=seed, metavar="N", default=0, help="of random instances (default 0)")
    parser.add_argument("--json", metavar="FILE", help="write the costs as JSON, too; - is stdout")


def run(arguments: argparse.Namespace) -> int:
    """Measure, keep and show the costs."""
    from pdsearch.comm.mpi import MpiCommunicator
    from pdsearch.search.best_first.calibration import calibrate, keep
    from pdsearch.search.best_first.robust import check_plausible
    from pdsearch.search.setup import make_task
    from pdsearch.search.task import Task

    ranks = world()

    def read() -> Task:
        if ranks is not None and ranks.Get_size() != 2:
            raise BadInputError(f"{ranks.Get_size()} ranks; calibrate on 2, or without mpiexec")
        if speaks():
            writable(arguments.json)
        domain = DOMAINS[arguments.domain]
        (instance,) = instances(domain, [arguments.instance], domain_values(arguments, domain))
        return make_task(instance, arguments.heuristic, "zobrist", 2)

    task = in_turn(ranks, read)
    domain = task.domain
    comm = MpiCommunicator(ranks) if ranks is not None else None
    measured = calibrate(task, comm)
    costs = measured.costs
    if comm is not None:
        comm.barrier()
        comm.close()
    if not speaks():
        return 0
    check_plausible(costs)
    values = dataclasses.asdict(costs) | {
        "c": costs.c,
        "domain": domain.name,
        "instance": domain.instance,
        "heuristic": task.heuristic.name,
        "messages": "MPI" if comm is not None else "in process",
        "spread": measured.spread,
        "uncertain": measured.uncertain,
        "environment": environment(),
    }
    path = keep(domain, task.heuristic.name, values)
    if arguments.json == "-":
        print(json.dumps(values))
        return 0
    if arguments.json is not None:
        Path(arguments.json).write_text(json.dumps(values) + "\n")
    print(_table(values, path))
    return 0


def _row(values: dict[str, Any], name: str, scale: float, unit: str) -> str:
    least, most = values["spread"][name]
    mark = " ?" if name in values["uncertain"] else ""
    return f"  {name:17} {values[name] * scale:9.2f} {unit:4} ({least * scale:.2f} to {most * scale:.2f}){mark}"


def _table(values: dict[str, Any], path: Path) -> str:
    units = [(name, 1e9, "ns") for name in ("expansion", "kept", "posted", "received")]
    units += [(name, 1e6, "µs") for name in ("message_sent", "message_received", "turn", "reduction", "latency")]
    rows = [_row(values, name, scale, unit) for name, scale, unit in [*units, ("bandwidth", 1e-9, "GB/s")]]
    rows.append(f"  {'c':17} {values['c']:9.2f}")
    if values["uncertain"]:
        rows.append("? measurements differ by more than a factor of two: calibrate again when nothing else runs")
    head = f"{values['domain']} {values['instance']}, {values['heuristic']}, messages {values['messages']}"
    return "\n".join([head, *rows, f"kept in {path}"])
