"""Run a benchmark and print its table; ``pdsearch bench NAME --help`` shows its options."""

from __future__ import annotations

import argparse
import importlib

from pdsearch.benchmarking import benchmark_names, summary
from pdsearch.console import Parser
from pdsearch.console.arguments import add_ranks
from pdsearch.errors import UnknownNameError

TAKES_RANKS = True
EXAMPLES = """\
  pdsearch bench ida korf:4,7 --threads 2
  pdsearch bench distribution --instances korf:easy20 -n 2
  pdsearch bench routers --batches 10
  pdsearch bench routers --routers top-k,bip,quantile --json -
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the name of the benchmark; what follows is the benchmark's own."""
    width = max(map(len, benchmark_names()), default=0)
    listing = "\n".join(f"  {name:<{width}}  {summary(name)}" for name in benchmark_names())
    parser.description = f"{parser.description}\n\nbenchmarks:\n{listing}"
    add_ranks(parser)
    parser.add_argument("benchmark", metavar="NAME", help=f"one of {', '.join(benchmark_names())}")
    parser.add_argument("rest", metavar="...", nargs=argparse.REMAINDER, help="options of the benchmark")


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark named."""
    name = arguments.benchmark
    if name not in benchmark_names():
        raise UnknownNameError(f"no benchmark is called {name!r}; known: {', '.join(benchmark_names())}")
    module = importlib.import_module(f"pdsearch.benchmarking.{name}")
    parser = Parser(
        prog=f"pdsearch bench {name}",
        description=module.__doc__,
        epilog=f"examples:\n{module.EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(arguments.rest)))
