"""Predict overheads and speed-up of work distributions on any number of simulated ranks.

The ranks run the code of the real search; each has a clock, and messages take the time that
the machine's costs say (pdsearch calibrate measures them). Compared with A* on one rank.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pdsearch.benchmarking._runs import add_common_arguments, costs_for, setting_of, write
from pdsearch.benchmarking.comparison import RunInterruptedError, chosen, ranks_in, simulated_rows
from pdsearch.comm import Integers
from pdsearch.console import INTERRUPTED
from pdsearch.console.arguments import domain_values
from pdsearch.console.instances import instances
from pdsearch.console.interrupts import Interrupts
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import DOMAINS
from pdsearch.errors import BadInputError
from pdsearch.report.means import table
from pdsearch.report.rows import Log, Row

EXAMPLES = """\
  pdsearch simulate tiles korf:12 --ranks 2,8,48 --distribution all --costs typical
  pdsearch simulate tiles korf:83 --ranks 2,8,48,256,1024 --distribution zobrist,abstract-zobrist --json runs.jsonl
  pdsearch simulate grid random:512x512 --neighbours 4 --distribution abstract-zobrist:squares-8,hyperplane
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("domain", help=f"one of: {', '.join(DOMAINS)}")
    parser.add_argument("instance", nargs="+", metavar="INSTANCE", help="as for pdsearch solve; simulated one by one")
    parser.add_argument("--ranks", default="2,8,48", metavar="N,...", help="(default 2,8,48)")
    names = ", ".join(DISTRIBUTIONS)
    parser.add_argument(
        "--distributions",
        "--distribution",
        dest="distribution",
        default="all",
        metavar="NAME,...|all",
        help=f"of: {names} (default all)",
    )
    parser.add_argument("--traffic", metavar="FOLDER", help="write each run's traffic matrix there, as .npy")
    add_common_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate every distribution on every number of ranks, and print the table."""
    with Interrupts() as interrupts:
        runs = _runs(arguments, interrupts)
        log, rows, code = Log(arguments.json), list[Row](), 0
        try:
            for row, traffic in runs:
                write(log, row)
                _keep_traffic(arguments.traffic, row, traffic)
                rows.append(row)
        except RunInterruptedError:
            code = INTERRUPTED
    if not rows and not code:
        raise BadInputError("no distribution could be run; see what was skipped")
    if rows and log.name != "-":
        print(table(rows, arguments.so))
    return code


def _runs(arguments: argparse.Namespace, interrupts: Interrupts) -> Iterator[tuple[Row, Integers]]:
    """Read the command line, then yield the runs."""
    domain = DOMAINS[arguments.domain]
    domains = instances(domain, arguments.instance, domain_values(arguments, domain))
    names, ranks = chosen(arguments.distribution, domains[0]), ranks_in(arguments.ranks)
    setting, costs = setting_of(arguments, interrupts), costs_for(arguments)
    return (run for domain in domains for run in simulated_rows(domain, names, ranks, costs(domain), setting))


def _keep_traffic(folder: str | None, row: Row, traffic: Integers) -> None:
    if folder is None:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"cannot write to {folder!r}: {error.strerror}; give a folder") from None
    np.save(Path(folder) / f"{row.domain}-{_plain(row.instance)}-{_plain(row.distribution)}-{row.n_ranks}.npy", traffic)


def _plain(name: str) -> str:
    """Return a name as part of a file's."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)
