"""Find optimal plans by IDA*, on the CPU's cores or a GPU: short for pdsearch solve --algorithm idastar.

Exit codes: 0 all solved, else that of the first instance that was not: 11 unsolvable, 12 node
limit, 23 time, 75 ended by SIGTERM or SIGUSR1 with a checkpoint written, 130 interrupted; 2 bad input, 1 internal
error.
"""

from __future__ import annotations

import argparse

from pdsearch.cli import solve
from pdsearch.comm.together import ranks_of_node, together
from pdsearch.comm.world import world
from pdsearch.console import complain
from pdsearch.gpu.devices import choose
from pdsearch.search.algorithms import ALGORITHMS

TAKES_RANKS = True
EXAMPLES = """\
  pdsearch ida tiles korf:1-20 --threads 2 --mode first --json out.jsonl
  pdsearch ida tiles korf:1-20 --heuristic walking-distance
  pdsearch ida tiles korf:all --device gpu
  pdsearch ida tiles korf:1,4,7 -n 2 --mode all
  mpiexec -n 16 pdsearch ida tiles korf:all --mode first
  pdsearch ida tiles boards.txt --heuristic linear-conflict --time-limit 1m
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line: that of ``pdsearch solve``."""
    solve.add_arguments(parser, [name for name in ALGORITHMS if "idastar" in name])


def run(arguments: argparse.Namespace) -> int:
    """Choose between the cores and a GPU, and solve."""
    if arguments.algorithm == "auto":
        comm = world()
        place = 0 if comm is None else ranks_of_node(comm)[0]
        choice = together(comm, lambda: choose(arguments.device or "auto", place))
        if choice.word and arguments.device is not None:  # who asked for nothing is told nothing
            complain(choice.word)
        arguments.algorithm = "idastar" if choice.device is None else "idastar-gpu"
        if arguments.device in (None, "auto", "cpu"):
            arguments.device = None
        _keep_what_fits(arguments)
    return solve.run(arguments)


def _keep_what_fits(arguments: argparse.Namespace) -> None:
    """Forget options of the other device, so that one command line serves machines with and without a GPU."""
    fitting = {option.name for option in ALGORITHMS[arguments.algorithm].options}
    for name in ("idastar", "idastar-gpu"):
        for option in ALGORITHMS[name].options:
            if option.name not in fitting:
                setattr(arguments, option.name, None)
