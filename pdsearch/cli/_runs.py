"""What pdsearch simulate and pdsearch bench distribution have in common: their options, and the runs these describe."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pdsearch.cli import speaks
from pdsearch.cli._interrupts import Interrupts
from pdsearch.cli._progress import ProgressLine
from pdsearch.cli._seed import seed
from pdsearch.domains import DOMAINS, Domain
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits, bytes_, count
from pdsearch.report.comparison import Setting
from pdsearch.report.means import SEARCH_OVERHEADS
from pdsearch.report.rows import Line, Log
from pdsearch.search import OnProgress
from pdsearch.search.best_first.calibration import path_of
from pdsearch.search.costs import TYPICAL, Costs

CostsOf = Callable[[Domain], Costs]


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--heuristic", metavar="NAME", help="(default: the domain's)")
    parser.add_argument("--seed", type=seed, metavar="N", default=0, help="of random instances and words (default 0)")
    parser.add_argument("--costs", metavar="FILE|typical", help="of the machine (default: pdsearch calibrate's)")
    parser.add_argument("--c", type=float, help="time to send a state / time to generate one (default: from the costs)")
    parser.add_argument("--batch", metavar="N", help="nodes per message (default: chosen while running)")
    parser.add_argument("--memory", metavar="BYTES", help="per rank, as 512M or 2G (default: 80%% of what is free)")
    parser.add_argument(
        "--so", choices=list(SEARCH_OVERHEADS), default="measured", help="in the efficiency shown (default measured)"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="add a line of JSON for each run; - is stdout, without the table"
    )
    for name in DOMAINS:
        DOMAINS[name].add_arguments(parser)


def options_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what a domain's ``parse`` may want to know."""
    return {key: value for key, value in vars(arguments).items() if key not in ("run", "domain", "instance")}


def setting_of(arguments: argparse.Namespace, interrupts: Interrupts) -> Setting:
    """Return what all runs share."""
    if arguments.c is not None and not 0 <= arguments.c < float("inf"):
        raise BadInputError(f"c is {arguments.c}; need a quotient of times, at least 0")
    return Setting(
        heuristic=arguments.heuristic,
        seed=arguments.seed,
        limits=Limits() if arguments.memory is None else Limits(memory_bytes=bytes_(arguments.memory)),
        message=None if arguments.batch is None else count(arguments.batch),
        c=arguments.c,
        interrupted=interrupts,
        watch=_watch,
        skipped=lambda words: say(f"skipped: {words}"),
    )


def costs_of(arguments: argparse.Namespace) -> CostsOf:
    """Return a function that looks up the costs for an instance, and says once which they are."""
    if arguments.costs is not None:
        costs = TYPICAL if arguments.costs == "typical" else Costs.read(arguments.costs)
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


def instances_of(domain_class: type[Domain], names: Sequence[str], arguments: argparse.Namespace) -> list[Domain]:
    """Return the instances named, those of sets one by one."""
    options = options_of(arguments)
    return [domain_class.parse(name, **options) for text in names for name in domain_class.instance_set(text.strip())]


def write(log: Log, row: Line) -> None:
    """Append a row to the log, or print it."""
    if log.name == "-":
        print(row.to_json(), flush=True)
    log.add(row)


def say(words: str) -> None:
    """Print a line on stderr, from rank 0 only."""
    if speaks():
        print(words, file=sys.stderr, flush=True)
