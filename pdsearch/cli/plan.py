"""Find an optimal plan for a PDDL or SAS+ task: A* on one rank, HDA* on several.

Without a heuristic the best one is chosen by short searches. ``pdsearch solve planning`` does the same. The plan is
replayed on the task before it is shown. Exit codes: 0 solved, 11 unsolvable, 12 node limit, 22 memory, 23 time, 75
ended by SIGTERM or SIGUSR1 with a checkpoint written, 130 interrupted, 2 bad input, 1 internal error.
"""

from __future__ import annotations

import argparse

from pdsearch.cli import solve
from pdsearch.console.arguments import add_options
from pdsearch.console.fitting import heuristics_of
from pdsearch.domains import DOMAINS
from pdsearch.errors import BadInputError
from pdsearch.search.algorithms import ALGORITHMS

TAKES_RANKS = True
EXAMPLES = """\
  pdsearch plan domain.pddl problem.pddl --plan-file sas_plan
  pdsearch plan task.sas --heuristic pdb --pruning stubborn --json -
  pdsearch plan domain.pddl problem.pddl -n 4 --heuristic lmcut
  pdsearch plan domain.pddl problem.pddl --quality 1.1 --count --top-k 20 --plan-file plans
  mpiexec -n 8 pdsearch plan domain.pddl problem.pddl --heuristic merge-and-shrink:50000 --distribution sparsest-cut
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a PDDL domain and a problem, or a .sas file")
    planning = DOMAINS["planning"]
    solve.add_search_arguments(
        parser,
        heuristics_of(planning),
        [name for name in ALGORITHMS if not ALGORITHMS[name].is_plain],
        "chosen by trying where it is left out",
    )
    add_options(parser, {"planning": planning.options})


def run(arguments: argparse.Namespace) -> int:
    """Find the plan, write what was asked for, and return the exit code."""
    if len(arguments.files) > 2:
        raise BadInputError(f"{len(arguments.files)} files given; give a PDDL domain and a problem, or a .sas file")
    *domain_file, instance = arguments.files
    if domain_file:
        (arguments.domain_file,) = domain_file
    arguments.domain, arguments.instance = "planning", [instance]
    return solve.run(arguments)
