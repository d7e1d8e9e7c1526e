"""List what there is by name, plug-ins included, with sources and options."""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Mapping
from typing import Any

from pdsearch.balance.placement import POLICIES
from pdsearch.balance.routers import ROUTERS
from pdsearch.console.fitting import domains_of
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import DOMAINS
from pdsearch.domains.planning.preprocessing import PREPROCESSORS
from pdsearch.domains.planning.pruning import PRUNINGS
from pdsearch.gpu_model import MODELS
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.search.algorithms import ALGORITHMS

EXAMPLES = """\
  pdsearch list
  pdsearch list heuristics --json
"""

_REGISTRIES: dict[str, Mapping[str, Any]] = {
    "domains": DOMAINS,
    "heuristics": HEURISTICS,
    "distributions": DISTRIBUTIONS,
    "algorithms": ALGORITHMS,
    "preprocessors": PREPROCESSORS,
    "prunings": PRUNINGS,
    "routers": ROUTERS,
    "placements": POLICIES,
    "gpu-models": MODELS,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("kind", nargs="?", choices=list(_REGISTRIES), help="only these")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the registries."""
    kinds = [arguments.kind] if arguments.kind else list(_REGISTRIES)
    entries = {kind: {name: _describe(cls) for name, cls in _REGISTRIES[kind].items()} for kind in kinds}
    if arguments.json:
        print(json.dumps(entries))
        return 0
    for kind, described in entries.items():
        print(kind)
        for name, facts in described.items():
            source = f"  [{facts['source']}]" if facts["source"] else ""
            print(f"  {name:19} {facts['summary']}{source}")
            if "domains" in facts:
                default = "; default of " * bool(facts["default_of"]) + ", ".join(facts["default_of"])
                print(f"  {'':19} for: {', '.join(facts['domains']) or 'own domains'}{default}")
            if facts.get("option"):
                print(f"  {'':19} option: {facts['option']}")
    return 0


def _describe(cls: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "summary": (inspect.getdoc(cls) or "").split("\n")[0],
        "source": getattr(cls, "source", ""),
    }
    facts |= {fact: getattr(cls, fact) for fact in ("admissible", "consistent") if hasattr(cls, fact)}
    if isinstance(cls, type) and issubclass(cls, Heuristic):
        fitting = domains_of(cls)
        facts["domains"] = fitting
        facts["default_of"] = [name for name in fitting if DOMAINS[name].default_heuristic == cls.name]
    facts |= {"option": cls.option_help} if hasattr(cls, "option_help") else {}
    if isinstance(getattr(cls, "options", None), tuple):
        facts["options"] = {option.flag: option.help for option in cls.options}
    return facts
