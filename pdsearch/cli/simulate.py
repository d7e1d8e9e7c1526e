"""Predict overheads and speed-up of work distributions on any number of simulated ranks.

The ranks run the code of the real search; each has a clock, and messages take the time that
the machine's costs say (pdsearch calibrate measures them). Compared with A* on one rank.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pdsearch.cli._interrupts import Interrupts
from pdsearch.cli._progress import ProgressLine
from pdsearch.cli._seed import seed
from pdsearch.comm import Integers
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import DOMAINS
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits, bytes_, count
from pdsearch.report.rows import Log, Row, table
from pdsearch.search.costs import TYPICAL, Costs

EXAMPLES = """\
  pdsearch simulate tiles korf:12 --ranks 2,8,48 --distribution all --costs typical
  pdsearch simulate tiles korf:83 --ranks 2,8,48,256,1024 --distribution zobrist,abstract-zobrist --json runs.jsonl
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("domain", help=f"one of: {', '.join(DOMAINS)}")
    parser.add_argument("instance", help="as for pdsearch solve; a set such as korf:easy20 is simulated one by one")
    parser.add_argument("--ranks", default="2,8,48", metavar="N,...", help="(default 2,8,48)")
    names = ", ".join(DISTRIBUTIONS)
    parser.add_argument("--distribution", default="all", metavar="NAME,...|all", help=f"of: {names} (default all)")
    parser.add_argument("--traffic", metavar="FOLDER", help="write each run's traffic matrix there, as .npy")
    add_common_arguments(parser)


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what pdsearch bench distribution has, too."""
    parser.add_argument("--heuristic", metavar="NAME", help="(default: the domain's)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of the owners' random words (default 0)")
    parser.add_argument("--costs", metavar="FILE|typical", help="of the machine (default: pdsearch calibrate's)")
    parser.add_argument("--c", type=float, help="time to send a state / time to generate one (default: from the costs)")
    parser.add_argument("--batch", metavar="N", help="nodes per message (default: chosen while running)")
    parser.add_argument("--memory", metavar="BYTES", help="per rank, as 512M or 2G (default: 80%% of what is free)")
    parser.add_argument(
        "--json", metavar="FILE", help="add a line of JSON for each run; - is stdout, without the table"
    )


def run(arguments: argparse.Namespace) -> int:
    """Simulate every distribution on every number of ranks, and print the table."""
    from pdsearch.report.comparison import chosen, ranks_in, serial_result, simulated_row

    domain_class = DOMAINS[arguments.domain]
    domains = [domain_class.parse(name, seed=arguments.seed) for name in domain_class.instance_set(arguments.instance)]
    names, ranks = chosen(arguments.distribution, domains[0]), ranks_in(arguments.ranks)
    costs, c, message, limits = read_common(arguments)
    log, rows = Log(arguments.json), list[Row]()
    with Interrupts() as interrupts, ProgressLine(True, False) as progress:
        for domain in domains:
            serial = serial_result(domain, arguments.heuristic, limits)
            for n_ranks in ranks:
                for name in names:
                    row, traffic = simulated_row(
                        domain,
                        arguments.heuristic,
                        name,
                        n_ranks,
                        serial,
                        costs,
                        seed=arguments.seed,
                        c=c,
                        limits=limits,
                        message=message,
                        interrupted=interrupts,
                        on_progress=progress.show if progress.is_shown else None,
                    )
                    write(log, row)
                    _keep_traffic(arguments.traffic, row, traffic)
                    rows.append(row)
    if log.name != "-":
        print(table(rows))
    return 0


def read_common(arguments: argparse.Namespace) -> tuple[Costs, float | None, int | None, Limits]:
    """Return costs, c, records per message and limits."""
    from pdsearch.search.calibration import kept_costs

    if arguments.c is not None and not 0 <= arguments.c < float("inf"):
        raise BadInputError(f"c is {arguments.c}; need a quotient of times, at least 0")
    if arguments.costs is None:
        costs = kept_costs(arguments.domain)
    else:
        costs = TYPICAL if arguments.costs == "typical" else Costs.read(arguments.costs)
    message = None if arguments.batch is None else count(arguments.batch)
    limits = Limits() if arguments.memory is None else Limits(memory_bytes=bytes_(arguments.memory))
    return costs, arguments.c, message, limits


def write(log: Log, row: Row) -> None:
    """Append a row to the log, or print it."""
    if log.name == "-":
        print(row.to_json(), flush=True)
    log.add(row)


def _keep_traffic(folder: str | None, row: Row, traffic: Integers) -> None:
    if folder is None:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"cannot write to {folder!r}: {error.strerror}; give a folder") from None
    instance = "".join(letter if letter.isalnum() else "-" for letter in row.instance)
    np.save(Path(folder) / f"{row.domain}-{instance}-{row.distribution}-{row.n_ranks}.npy", traffic)
