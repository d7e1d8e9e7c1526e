"""Options that several commands have: of domains and algorithms as these declare them, limits, seeds."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from pdsearch.domains import DOMAINS, Domain
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits, bytes_, count, seconds, whole
from pdsearch.options import Option, values_of


def seed(text: str) -> int:
    """Return the number, or have argparse complain."""
    try:
        return whole(text, "seed")
    except BadInputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_options(parser: argparse.ArgumentParser, owners: Mapping[str, Iterable[Option]]) -> None:
    """Add the options of several owners as texts, each name once: two owners may give one name two meanings.

    What a text means is decided by :func:`pdsearch.options.values_of` when the owner is known.
    """
    by_name: dict[str, list[tuple[str, Option]]] = {}
    for owner, options in owners.items():
        for option in options:
            by_name.setdefault(option.name, []).append((owner, option))
    for name, declared in by_name.items():
        first = declared[0][1]
        helps: dict[str, list[str]] = {}
        for owner, option in declared:
            helps.setdefault(_help(option), []).append(owner)
        text = "; ".join(f"{', '.join(named)}: {words}" for words, named in helps.items()).replace("%", "%%")
        aliases = {alias for _, option in declared for alias in option.aliases}
        how: dict[str, Any] = {"metavar": first.metavar or "|".join(first.choices) or "VALUE"}
        if all(option.is_flag for _, option in declared):
            how = {"action": "store_const", "const": True}
        elif any(option.is_flag for _, option in declared):
            how |= {"nargs": "?", "const": True}
        parser.add_argument(first.flag, *sorted(aliases), dest=name, default=None, help=text, **how)


def _help(option: Option) -> str:
    shown = option.default if isinstance(option.default, str | int) and not option.is_flag else None
    return option.help if shown is None else f"{option.help} (default {shown})"


def add_domain(parser: argparse.ArgumentParser) -> None:
    """Add the domain as a positional, and the options of all domains."""
    parser.add_argument("domain", metavar="DOMAIN", help=f"one of: {', '.join(DOMAINS)}")
    add_domain_options(parser)


def add_domain_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of all domains."""
    add_options(parser, {name: DOMAINS[name].options for name in DOMAINS})


def domain_values(arguments: argparse.Namespace, domain: type[Domain]) -> dict[str, Any]:
    """Return what a domain's ``parse`` may want to know: its own options, and the seed.

    Raises
    ------
    BadInputError
        If an option was given that belongs to other domains only.
    """
    names = {option.name for name in DOMAINS for option in DOMAINS[name].options}
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name, None) is not None}
    values = values_of(domain.options, given, f"domain {domain.name}")
    return values | ({"seed": arguments.seed} if hasattr(arguments, "seed") else {})


def add_ranks(parser: argparse.ArgumentParser) -> None:
    """Describe ``-n``, which is taken out of the words before they are parsed; see :mod:`pdsearch.cli`."""
    parser.add_argument("-n", metavar="RANKS", help="start so many ranks on this machine; no MPI is needed (default 1)")


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add time, memory and nodes."""
    parser.add_argument("--time-limit", metavar="TIME", help="of each search, as 30s, 10m or 2h")
    parser.add_argument("--memory", metavar="BYTES", help="per rank, as 512M or 2G (default 80%% of what is free)")
    parser.add_argument("--node-limit", metavar="N", help="expansions of each search, summed over ranks")


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add the folder of checkpoints, and how often they are written."""
    text = "write the search to this folder now and then, and when it ends early; pdsearch resume DIR goes on"
    parser.add_argument("--checkpoint", metavar="DIR", help=text)
    add_every(parser)


def add_every(parser: argparse.ArgumentParser) -> None:
    """Add how often checkpoints are written."""
    text = (
        "from one checkpoint to the next, or more where the search would stand still for over 3 %% of it (default 10m)"
    )
    parser.add_argument("--every", metavar="TIME", help=text)


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add the files for the result, and progress."""
    parser.add_argument(
        "--json", metavar="FILE", help="write the result as JSON, a line for each instance; - is stdout"
    )
    parser.add_argument("--plan-file", metavar="FILE", help="write the plan, an operator a line; - is stdout")
    parser.add_argument(
        "--solution", metavar="FILE", help="write the plan as the domain shows it: aligned FASTA, a map"
    )
    parser.add_argument("--progress", action="store_true", help="show progress even when stderr is no terminal")


def limits_of(arguments: argparse.Namespace) -> Limits:
    """Return the limits that were given."""
    given: dict[str, Any] = {}
    if arguments.time_limit is not None:
        given["time_s"] = seconds(arguments.time_limit)
    if arguments.memory is not None:
        given["memory_bytes"] = bytes_(arguments.memory)
    if arguments.node_limit is not None:
        given["nodes"] = count(arguments.node_limit)
    return Limits(**given)
