"""Show versions, machine and compiler cache, as every result records them."""

from __future__ import annotations

import argparse
import json

from pdsearch.environment import environment

EXAMPLES = """\
  pdsearch env
  pdsearch env --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the environment."""
    from pdsearch._jit import cache_folder

    facts = environment() | {"kernel_cache": str(cache_folder())}
    if arguments.json:
        print(json.dumps(facts))
    else:
        print("\n".join(f"{name:14} {value}" for name, value in facts.items()))
    return 0
