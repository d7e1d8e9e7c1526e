"""Check a domain, its heuristics and its owners: compiled functions against plain Python, line by line.

States are those of random walks, or all where they are few. Exit codes: 0 nothing wrong, 1 something wrong,
2 bad input.
"""

from __future__ import annotations

import argparse
import json

from pdsearch.checking import findings, sample
from pdsearch.console.arguments import add_domain, domain_values, seed
from pdsearch.console.instances import instances
from pdsearch.domains import DOMAINS
from pdsearch.errors import BadInputError

EXAMPLES = """\
  pdsearch check tiles 2x3:5,4,3,2,1,0
  pdsearch check --plugin hanoi4.py hanoi4 5
  pdsearch check pancake random:6 --heuristic gap --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    add_domain(parser)
    parser.add_argument("instance", nargs="+", metavar="INSTANCE", help="as for pdsearch solve; small ones say more")
    parser.add_argument("--heuristic", metavar="NAME", action="append", help="only this one; repeatable (default all)")
    parser.add_argument("--states", type=int, default=2000, metavar="N", help="look at all states if not more (2000)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of the walks and of random instances")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(arguments: argparse.Namespace) -> int:
    """Check, and print what is wrong."""
    if arguments.states < 1:
        raise BadInputError(f"{arguments.states} states; give at least 1")
    chosen = DOMAINS[arguments.domain]
    found, looked_at = list[str](), 0
    for domain in instances(chosen, arguments.instance, domain_values(arguments, chosen)):
        states = sample(domain, arguments.states, seed=arguments.seed)
        looked_at += len(states.edges)
        found += findings(domain, arguments.heuristic, seed=arguments.seed, most=arguments.states)
    if arguments.json:
        print(json.dumps({"domain": arguments.domain, "states": looked_at, "wrong": found}))
    else:
        verdict = f"{len(found)} wrong" if found else "nothing wrong"
        print("\n".join([*found, f"{arguments.domain}: {verdict} on {looked_at:,} states"]))
    return 1 if found else 0
