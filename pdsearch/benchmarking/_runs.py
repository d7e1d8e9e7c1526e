"""What pdsearch simulate and pdsearch bench distribution have in common: their options, and the runs these describe."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pdsearch.benchmarking.comparison import Setting
from pdsearch.comm.world import speaks
from pdsearch.console import say
from pdsearch.console.arguments import add_domain_options, add_options, limits_of, seed
from pdsearch.console.interrupts import Interrupts
from pdsearch.console.progress import ProgressLine
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.limits import count
from pdsearch.report.means import SEARCH_OVERHEADS
from pdsearch.report.rows import Line, Log
from pdsearch.search import OnProgress
from pdsearch.search.best_first.calibration import path_of
from pdsearch.search.best_first.hdastar import MESSAGE_SIZE
from pdsearch.search.costs import TYPICAL, Costs, costs_of

CostsOf = Callable[[Domain], Costs]


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--heuristic", metavar="NAME", help="(default: the domain's)")
    parser.add_argument("--seed", type=seed, metavar="N", default=0, help="of random instances and words (default 0)")
    parser.add_argument("--costs", metavar="FILE|typical", help="of the machine (default: pdsearch calibrate's)")
    parser.add_argument("--c", type=float, help="time to send a state / time to generate one (default: from the costs)")
    add_options(parser, {"hdastar": [MESSAGE_SIZE]})
    parser.add_argument("--memory", metavar="BYTES", help="per rank, as 512M or 2G (default: 80%% of what is free)")
    parser.add_argument(
        "--so", choices=list(SEARCH_OVERHEADS), default="measured", help="in the efficiency shown (default measured)"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="add a line of JSON for each run; - is stdout, without the table"
    )
    parser.set_defaults(time_limit=None, node_limit=None)
    add_domain_options(parser)


def setting_of(arguments: argparse.Namespace, interrupts: Interrupts) -> Setting:
    """Return what all runs share."""
    if arguments.c is not None and not 0 <= arguments.c < float("inf"):
        raise BadInputError(f"c is {arguments.c}; need a quotient of times, at least 0")
    return Setting(
        heuristic=arguments.heuristic,
        seed=arguments.seed,
        limits=limits_of(arguments),
        message_size=None if arguments.message_size is None else count(arguments.message_size),
        c=arguments.c,
        interrupted=interrupts,
        watch=_watch,
        skipped=lambda words: say(f"skipped: {words}"),
    )


def costs_for(arguments: argparse.Namespace) -> CostsOf:
    """Return a function that looks up the costs for an instance, and says once which they are."""
    if arguments.costs is not None:
        costs = costs_of(arguments.costs)
        return lambda domain: costs
    found: dict[str, Costs] = {}

    def look_up(domain: Domain) -> Costs:
        path = str(path_of(domain, arguments.heuristic))
        if path not in found:
            found[path] = _kept(path, domain, arguments.heuristic or domain.default_heuristic)
        return found[path]

    return look_up


def _kept(path: str, domain: Domain, heuristic: str) -> Costs:
    if not Path(path).is_file():
        say(
            f"no calibration of this machine for {domain.name} {domain.instance} with {heuristic}, so typical costs "
            f"are used; to measure: pdsearch calibrate {domain.name} INSTANCE --heuristic {heuristic}"
        )
        return TYPICAL
    say(f"costs: {path}")
    return Costs.read(path)


@contextmanager
def _watch() -> Iterator[OnProgress | None]:
    """Show the progress of one run while stderr is a terminal."""
    with ProgressLine(speaks(), False) as line:
        yield line.show if line.is_shown else None


def write(log: Log, row: Line) -> None:
    """Append a row to the log, or print it."""
    if log.name == "-":
        print(row.to_json(), flush=True)
    log.add(row)
