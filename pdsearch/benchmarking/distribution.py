"""Overheads and efficiency of work distributions, simulated or on the ranks of mpiexec.

Every instance is solved by A* on one rank, too; each row carries that run. The table shows
means over the instances, the most efficient distribution first. Under mpiexec the ranks are
real and the speed-up is measured; otherwise it is predicted from the machine's costs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pdsearch.benchmarking._suites import SUITES, available
from pdsearch.cli import speaks
from pdsearch.cli.simulate import add_common_arguments, read_common, write
from pdsearch.cli.solve import _communicator
from pdsearch.domains import DOMAINS, Domain
from pdsearch.errors import BadInputError, PdsearchError
from pdsearch.limits import Limits
from pdsearch.report.rows import Log, Row, read_rows, table

EXAMPLES = """\
  pdsearch bench distribution --domain tiles --instances korf:easy20 --ranks 48 --json runs.jsonl --plots figures
  mpiexec -n 2 pdsearch bench distribution --domain tiles --instances korf:easy20 --json runs.jsonl
  pdsearch bench distribution --suite tiles15 --ranks 8,48
  pdsearch bench distribution --from runs.jsonl --plots figures
"""
_REPEATS = 3  # of real runs; the fastest counts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to compare, and where to write it."""
    parser.add_argument("--domain", default="tiles", help=f"one of: {', '.join(DOMAINS)} (default tiles)")
    parser.add_argument(
        "--instances", metavar="NAME,...", help="instances or sets of them, as korf:easy20 or korf:1,korf:12"
    )
    parser.add_argument("--distributions", default="all", metavar="NAME,...|all", help="(default all that fit)")
    parser.add_argument(
        "--ranks", default="48", metavar="N,...", help="simulated ranks (default 48); mpiexec has its own"
    )
    parser.add_argument("--suite", choices=list(SUITES), help="instances and distributions of a published comparison")
    parser.add_argument("--from", dest="read_from", metavar="FILE", help="show runs written by --json, run nothing")
    parser.add_argument("--plots", metavar="FOLDER", help="write figures there (needs matplotlib)")
    parser.add_argument(
        "--repeats", type=int, default=_REPEATS, help=f"of real runs, the fastest counts (default {_REPEATS})"
    )
    add_common_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare, print the table and draw the figures."""
    rows = _read(arguments.read_from) if arguments.read_from else _compare(arguments)
    if not speaks():
        return 0
    if not rows:
        raise BadInputError("there are no runs to show; see what was skipped, or give a file with runs")
    if arguments.json != "-":
        print(table(rows))
    if arguments.plots:
        _draw(rows, arguments.plots)
    return 0


def _compare(arguments: argparse.Namespace) -> list[Row]:
    if arguments.suite:
        suite = SUITES[arguments.suite]
        names, skipped = available(suite)
        for reason in skipped:
            _say(f"skipped: {reason}")
        if not names:
            return []
        arguments.domain, arguments.instances, arguments.distributions = suite.domain, suite.instances, ",".join(names)
    domains = _instances(arguments)
    log = Log(arguments.json if speaks() else None)
    rows = []
    world = _communicator("auto")
    for row in _real(arguments, domains, world) if world is not None else _simulated(arguments, domains):
        if speaks():
            _say(f"{row.instance} {row.distribution} on {row.n_ranks}: efficiency {row.efficiency:.3f}")
            write(log, row)
        rows.append(row)
    return rows


def _instances(arguments: argparse.Namespace) -> list[Domain]:
    """Return the instances named, those of sets one by one."""
    if not arguments.instances:
        raise BadInputError("no instances given; give --instances korf:easy20, or --suite")
    domain_class = DOMAINS[arguments.domain]
    names = [name for text in arguments.instances.split(",") for name in domain_class.instance_set(text.strip())]
    try:
        return [domain_class.parse(name, seed=arguments.seed) for name in names]
    except BadInputError as error:
        if not arguments.suite:
            raise
        _say(f"skipped: instances {arguments.instances} do not exist here ({error})")
        return []


def _simulated(arguments: argparse.Namespace, domains: list[Domain]) -> Iterator[Row]:
    from pdsearch.report.comparison import chosen, ranks_in, serial_result, simulated_row

    costs, c, message, limits = read_common(arguments)
    ranks = ranks_in(arguments.ranks)
    for domain in domains:
        names = chosen(arguments.distributions, domain)
        serial = serial_result(domain, arguments.heuristic, limits)
        for n_ranks in ranks:
            for name in names:
                options: dict[str, Any] = {"seed": arguments.seed, "c": c, "limits": limits, "message": message}
                try:
                    row, _ = simulated_row(domain, arguments.heuristic, name, n_ranks, serial, costs, **options)
                except PdsearchError as error:  # a projection too coarse for so many ranks, say
                    _say(f"skipped: {name} on {n_ranks} ranks, {error}")
                    continue
                yield row


def _real(arguments: argparse.Namespace, domains: list[Domain], world: Any) -> Iterator[Row]:
    from pdsearch.report.comparison import chosen, real_row, serial_result

    c, message, limits = _for_real(arguments)
    for domain in domains:
        # all ranks compute at once, so that the one that counts shares the memory as it does later
        found = [serial_result(domain, arguments.heuristic, limits) for _ in range(arguments.repeats)]
        serial = min(found, key=lambda result: result.search_s)
        for name in chosen(arguments.distributions, domain):
            options: dict[str, Any] = {"seed": arguments.seed, "limits": limits, "message": message}
            rows = [
                real_row(domain, arguments.heuristic, name, world, serial, c, **options)
                for _ in range(arguments.repeats)
            ]
            yield min(rows, key=lambda row: row.seconds)


def _for_real(arguments: argparse.Namespace) -> tuple[float, int | None, Limits]:
    """Return c, records per message and limits; costs are needed for c only."""
    if arguments.repeats < 1:
        raise BadInputError(f"{arguments.repeats} repeats; need at least 1")
    if arguments.c is not None and arguments.costs is None:
        arguments.costs = "typical"
    costs, c, message, limits = read_common(arguments)
    return costs.c if c is None else c, message, limits


def _read(name: str) -> list[Row]:
    try:
        return list(read_rows(Path(name).read_text().splitlines()))
    except OSError as error:
        raise BadInputError(f"cannot read {name!r}: {error.strerror}; give a file written by --json") from None


def _draw(rows: list[Row], folder: str) -> None:
    from pdsearch.report import plots

    where = Path(folder)
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"cannot write to {folder!r}: {error.strerror}; give a folder") from None
    drawings = {"efficiency": plots.plot_efficiency, "loads": plots.plot_loads}
    if len({row.n_ranks for row in rows}) > 1:
        drawings |= {"communication": plots.plot_communication, "speedup": plots.plot_speedup}
    for name, draw in drawings.items():
        path = where / f"{name}.png"
        plots.save(draw(rows), str(path))
        _say(f"wrote {path}")


def _say(words: str) -> None:
    if speaks():
        print(words, file=sys.stderr, flush=True)
