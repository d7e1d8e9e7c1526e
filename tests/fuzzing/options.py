"""Odd values for every option of every command, on instances whose answers are known."""

from __future__ import annotations

import argparse
import importlib
import random
from functools import cache
from typing import Any

from fuzzing.cases import SEARCH, Case, agrees, kind
from fuzzing.damage import JUNK, NUMBERS

_KNOWN = {
    "tiles": (["tiles", "3 1 2 4 0 5 6 7 8"], 2),
    "pancake": (["pancake", "2 1 0 3 4"], 1),
    "grid": (["grid", "random:9x7"], 140),
    "rubik2": (["rubik2", "R U2"], 2),
}
_OTHERS = {
    "list": [],
    "env": [],
    "check": ["tiles", "random:2x2"],
    "simulate": ["tiles", "random:3x2", "--ranks", "3", "--time-limit", "2s"],
    "balance": ["loads.csv"],
    "place": ["loads.csv", "--gpus", "2", "--replicas", "4"],
    "route": ["loads.csv"],
}
_NO = {"--plugin", "--help", "--device", "--progress", "--version"}
_WORDS = (
    "auto",
    "none",
    "blind",
    "manhattan",
    "zobrist",
    "abstract-zobrist:rows",
    "pdb",
    "astar",
    "idastar",
    "all",
    "fsm",
    "cpu",
)


@kind("options", 30)
def options(rng: random.Random) -> Case:
    """A command with one or two options, of which it may have none."""
    if rng.random() < 0.7:
        command = rng.choice(("solve", "solve", "ida"))
        words, cost = _KNOWN[rng.choice([*_KNOWN])]
        more = _some(rng, command)
        searched = [*SEARCH] if rng.random() < 0.9 else SEARCH[-2:]
        free = ("--inadmissible", "--goal", "--neighbours", "--weight", "--anytime", "--mode")
        is_known = not any(word.startswith(free) for word in more)
        return Case(
            [command, *words, *searched, *more], {}, lambda c, r: agrees(r, c, cost) if is_known and c != 2 else None
        )
    command = rng.choice([*_OTHERS])
    return Case([command, *_OTHERS[command], *_some(rng, command)], {"loads.csv": b"4,3,2,1\n"})


def _some(rng: random.Random, command: str) -> list[str]:
    known = _flags(command)
    words = []
    for flag, takes in rng.sample(known, min(len(known), rng.randint(1, 2))):
        if takes or rng.random() < 0.05:
            words.append(f"{flag}={_value(rng)}")
        else:
            words.append(flag)
    if rng.random() < 0.1:
        words.append(rng.choice(("--no-such", "-x", "--json", "extra", "", "--")))
    return words


def _value(rng: random.Random) -> str:
    pick = rng.random()
    if pick < 0.5:
        return rng.choice(NUMBERS) + rng.choice(("", "", "", "s", "M", "G", "h"))
    if pick < 0.9:
        return rng.choice(_WORDS) + rng.choice(("", "", "", ":", ":3", ":x", "," + rng.choice(_WORDS)))
    return rng.choice(JUNK).replace("\x00", "0")


@cache
def _flags(command: str) -> list[tuple[str, bool]]:
    """Return the options of a command, and whether each takes a value."""
    parser: Any = argparse.ArgumentParser()
    importlib.import_module(f"pdsearch.cli.{command}").add_arguments(parser)
    actions = [one for one in parser._actions if one.option_strings]
    return sorted((one.option_strings[-1], one.nargs != 0) for one in actions if one.option_strings[-1] not in _NO)
