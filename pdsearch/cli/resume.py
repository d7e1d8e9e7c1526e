"""Go on with a search from the newest checkpoint in a folder, on as many ranks as before or on others.

The instance, the heuristic and all else are as they were given to ``solve``, ``plan`` or ``ida``; limits and files for
results are those given here, but for --memory and --every, which stay where they are left out. The search goes on
writing checkpoints to the folder. A node limit counts the expansions from the beginning; a time limit begins anew.

Exit codes: 0 solved, 11 unsolvable, 12 node limit, 22 memory, 23 time, 75 ended by SIGTERM or SIGUSR1 with a checkpoint
written, 130 interrupted, 2 bad input, 1 internal error.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path

from pdsearch.cli import solve
from pdsearch.comm.together import once, together
from pdsearch.comm.world import world
from pdsearch.console.arguments import add_every, add_limits, add_outputs, add_ranks
from pdsearch.plugins import load_file
from pdsearch.search.checkpoint.checkpoints import newest_command

TAKES_RANKS = True
EXAMPLES = """\
  pdsearch resume ckpt
  pdsearch resume ckpt -n 4 --time-limit 2h --json result.json
  mpiexec -n 128 pdsearch resume ckpt --memory 3500M --plan-file plan.txt
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("folder", metavar="DIR", help="the folder that was given with --checkpoint")
    add_ranks(parser)
    add_every(parser)
    add_limits(parser)
    add_outputs(parser)


def run(arguments: argparse.Namespace) -> int:
    """Go on, write what was asked for, and return the exit code."""
    comm = world()
    folder = Path(arguments.folder).absolute()
    command = once(comm, lambda: newest_command(folder))
    together(comm, lambda: [load_file(file) for file in command["plugins"]])
    here = {name: _absolute(getattr(arguments, name)) for name in ("json", "plan_file", "solution")}
    given = {**command["arguments"], **here, "checkpoint": str(folder), "is_resumed": True}
    for name in ("time_limit", "node_limit", "progress"):
        given[name] = getattr(arguments, name)
    for name in ("memory", "every"):
        given[name] = getattr(arguments, name) or given.get(name)
    if given["algorithm"] in ("astar", "hdastar"):  # as many ranks as there are now decide
        given["algorithm"] = "auto"
    with contextlib.chdir(_existing(command["cwd"])):
        return solve.run(argparse.Namespace(**given))


def _absolute(name: str | None) -> str | None:
    return name if name in (None, "-") else os.path.abspath(str(name))


def _existing(folder: str) -> str:
    """Return where the names of the instance's files are read from; the present folder where that one is gone."""
    return folder if os.path.isdir(folder) else os.getcwd()
