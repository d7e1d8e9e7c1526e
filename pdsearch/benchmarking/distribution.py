"""Overheads and efficiency of work distributions, simulated or on the ranks of mpiexec.

Every instance is solved by A* on one rank, too; each row carries that run. The table shows
means over the instances, the fastest distribution first. Under mpiexec the ranks are real and
the speed-up is measured; otherwise it is predicted from the machine's costs. --recommend prints
one line in place of the table: the distribution to use.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pdsearch.benchmarking._runs import CostsOf, add_common_arguments, costs_for, setting_of, write
from pdsearch.benchmarking._suites import SUITES, Suite
from pdsearch.benchmarking.comparison import RunInterruptedError, Setting, chosen, ranks_in, real_rows, simulated_rows
from pdsearch.comm.world import speaks, world
from pdsearch.console import INTERRUPTED, say
from pdsearch.console.arguments import domain_values
from pdsearch.console.instances import instances
from pdsearch.console.interrupts import Interrupts
from pdsearch.domains import DOMAINS, Domain
from pdsearch.errors import BadInputError
from pdsearch.limits import count
from pdsearch.report.means import groups, recommendations, table
from pdsearch.report.rows import Log, Row, read_rows

EXAMPLES = """\
  pdsearch bench distribution --domain tiles --instances korf:easy20 --ranks 48 --json runs.jsonl --plots figures
  mpiexec -n 2 pdsearch bench distribution --domain tiles --instances korf:easy20 --json runs.jsonl
  pdsearch bench distribution --suite tiles15 --ranks 8,48 --first 3
  pdsearch bench distribution --from runs.jsonl --plots figures
  pdsearch bench distribution --domain tiles --ranks 64 --recommend
"""
_REPEATS = 3  # of real runs; the fastest counts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to compare, and where to write it."""
    parser.add_argument("--domain", default="tiles", help=f"one of: {', '.join(DOMAINS)} (default tiles)")
    parser.add_argument(
        "--instances", nargs="+", metavar="NAME", help="instances or sets of them, as korf:easy20 or korf:1,korf:12"
    )
    parser.add_argument("--first", metavar="N", help="only the first N of them; sets and suites begin with the easiest")
    parser.add_argument(
        "--distributions", default="all", metavar="NAME[:OPTION],...|all", help="(default all that fit)"
    )
    parser.add_argument(
        "--ranks", default="48", metavar="N,...", help="simulated ranks (default 48); mpiexec has its own"
    )
    parser.add_argument("--suite", choices=list(SUITES), help="instances and distributions of a published comparison")
    parser.add_argument("--from", dest="read_from", metavar="FILE", help="show runs written by --json, run nothing")
    parser.add_argument("--plots", "--plot", metavar="FOLDER", help="write figures there (needs matplotlib)")
    parser.add_argument(
        "--repeats", type=int, default=_REPEATS, help=f"of real runs, the fastest counts (default {_REPEATS})"
    )
    parser.add_argument(
        "--recommend",
        action="store_true",
        help="print only which distribution to use; without --instances on the three easiest of the domain's suite",
    )
    add_common_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare, print the table and draw the figures."""
    rows, code = (_read(arguments.read_from), 0) if arguments.read_from else _compare(arguments)
    if not speaks():
        return code
    if not rows and not code:
        raise BadInputError("there are no runs to show; see what was skipped, or give a file with runs")
    if rows and arguments.json != "-":
        print("\n".join(recommendations(rows)) if arguments.recommend else table(rows, arguments.so))
    if rows and arguments.plots:
        _draw(rows, arguments.plots, arguments.so)
    return code


def _compare(arguments: argparse.Namespace) -> tuple[list[Row], int]:
    """Run everything; return the rows of what was finished, and the exit code."""
    if arguments.repeats < 1:
        raise BadInputError(f"{arguments.repeats} repeats; need at least 1")
    rows = list[Row]()
    with Interrupts() as interrupts:
        runs = _runs(arguments, interrupts)
        log = Log(arguments.json if speaks() else None)
        try:
            for row in runs:
                if speaks():
                    say(f"{row.instance} {row.distribution} on {row.n_ranks}: efficiency {row.efficiency:.3f}")
                    write(log, row)
                rows.append(row)
        except RunInterruptedError:
            return rows, INTERRUPTED
    return rows, 0


def _runs(arguments: argparse.Namespace, interrupts: Interrupts) -> Iterator[Row]:
    """Read the command line, then yield the runs."""
    if arguments.recommend and not arguments.suite and not arguments.instances:
        arguments.suite = next((name for name in SUITES if SUITES[name].domain == arguments.domain), None)
        arguments.first = arguments.first or "3"
    if arguments.suite:
        _use(SUITES[arguments.suite], arguments)
    setting = setting_of(arguments, interrupts)
    domains = _domains(arguments)
    comm, costs = world(), costs_for(arguments)
    if comm is None:
        return _simulated(arguments, domains, costs, setting)
    return _real(arguments, domains, comm, costs, setting)


def _domains(arguments: argparse.Namespace) -> list[Domain]:
    """Return the instances asked for."""
    if arguments.suite:
        domains = SUITES[arguments.suite].problems()
    elif arguments.instances:
        domain = DOMAINS[arguments.domain]
        domains = instances(domain, _names(arguments.instances), domain_values(arguments, domain))
    else:
        raise BadInputError("no instances given; give --instances korf:easy20, or --suite")
    return domains if arguments.first is None else domains[: count(arguments.first)]


def _names(texts: list[str]) -> list[str]:
    """Return the names in words such as ``korf:1,korf:12``: a comma before a number belongs to a name."""
    return [name for text in texts for name in re.split(r",(?=[^\d])", text)]


def _use(suite: Suite, arguments: argparse.Namespace) -> None:
    """Take over what a suite prescribes, where the command line says nothing else."""
    arguments.domain = suite.domain
    arguments.heuristic = arguments.heuristic or suite.heuristic
    if arguments.distributions == "all":
        arguments.distributions = ",".join(suite.distributions)


def _simulated(arguments: argparse.Namespace, domains: list[Domain], costs: CostsOf, setting: Setting) -> Iterator[Row]:
    ranks = ranks_in(arguments.ranks)
    for domain in domains:
        names = chosen(arguments.distributions, domain)
        for row, _ in simulated_rows(domain, names, ranks, costs(domain), setting):
            yield row


def _real(
    arguments: argparse.Namespace, domains: list[Domain], world: Any, costs: CostsOf, setting: Setting
) -> Iterator[Row]:
    for domain in domains:
        names = chosen(arguments.distributions, domain)
        c = costs(domain).c if setting.c is None else setting.c
        yield from real_rows(domain, names, world, arguments.repeats, c, setting)


def _read(name: str) -> list[Row]:
    try:
        return list(read_rows(Path(name).read_text().splitlines()))
    except OSError as error:
        raise BadInputError(f"cannot read {name!r}: {error.strerror}; give a file written by --json") from None


def _draw(rows: list[Row], folder: str, search_overhead: str) -> None:
    """Draw the figures of each group of rows, in files that bear its name where there are several."""
    from pdsearch.report import plots

    where = Path(folder)
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"cannot write to {folder!r}: {error.strerror}; give a folder") from None
    found = groups(rows)
    for group, members in found.items():
        for name, draw in plots.drawings(members).items():
            path = where / ("-".join([*group, name] if len(found) > 1 else [name]) + ".png")
            plots.save(draw(members, search_overhead=search_overhead), str(path))
            say(f"wrote {path}")
