"""Options of ``pdsearch place`` that are lists: slots, ranks, speeds and pins, as they stand on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pdsearch.balance.placement import Placement
from pdsearch.balance.placement.constraints import Constraints
from pdsearch.balance.servers import read_loads
from pdsearch.console.arrays import csv_rows, read_array, read_text
from pdsearch.errors import BadInputError

_MOST_RANKS = 1_000_000


def add_constraints(parser: argparse.ArgumentParser) -> None:
    """Declare the options of :class:`Constraints`."""
    group = parser.add_argument_group("constraints", "hard; with any of them the policy is local-search")
    group.add_argument("--slots", metavar="N,N,...", help="slots of each GPU, in place of --replicas")
    group.add_argument("--active", metavar="RANKS", help="GPUs that are there, such as 0-6,8; the others get nothing")
    group.add_argument("--speeds", metavar="X,X,...", help="relative speeds of the GPUs")
    group.add_argument("--pin", metavar="EXPERT:GPU,...", help="replicas that must be there, in every layer")
    group.add_argument(
        "--max-moves", type=int, metavar="N", help="most experts a layer that a GPU gets and has not in --current"
    )


def constraints_of(arguments: argparse.Namespace, current: Placement | None) -> Constraints | None:
    """Return the constraints, None if there are none."""
    given = (arguments.slots, arguments.active, arguments.speeds, arguments.pin, arguments.max_moves)
    if all(option is None for option in given):
        return None
    return Constraints(
        None if arguments.slots is None else [_integer(part, "--slots") for part in arguments.slots.split(",")],
        None if arguments.active is None else _ranks(arguments.active, arguments.gpus),
        None if arguments.speeds is None else [_number(part) for part in arguments.speeds.split(",")],
        () if arguments.pin is None else [_pin(part) for part in arguments.pin.split(",")],
        current,
        arguments.max_moves,
    )


def loads_of(name: str) -> tuple[npt.NDArray[np.float64], tuple[int, ...] | None]:
    """Read loads, float64[layers, experts], from an array or a server's dump, and its layers' numbers if it has any."""
    if _is_dump(name):
        return read_loads(name)
    return np.atleast_2d(read_array(name)), None


def _is_dump(name: str) -> bool:
    suffix = "" if name == "-" else Path(name).suffix.lower()
    if suffix not in (".csv", ".json"):
        return suffix in (".pt", ".npz", ".yaml", ".yml")
    try:
        text = read_text(name)
    except (OSError, ValueError):
        return False  # reading it as an array says what is wrong
    if suffix == ".json":
        return text.lstrip().startswith("{")
    head = next(iter(csv_rows(text[:10_000])), [])
    return "expert_id" in [cell.strip() for cell in head]


def _ranks(text: str, n_gpus: int) -> list[bool]:
    active = [False] * min(max(n_gpus, 0), _MOST_RANKS)
    for part in text.split(","):
        first, dash, last = part.partition("-")
        start = _integer(first, "--active")
        end = _integer(last, "--active") if dash else start
        if not 0 <= start <= end < n_gpus:
            raise BadInputError(f"--active has {part!r} and there are GPUs 0 to {n_gpus - 1}; write 0-6,8")
        active[start : end + 1] = [True] * (end + 1 - start)
    return active


def _pin(text: str) -> tuple[int, int]:
    expert, _, gpu = text.partition(":")
    return _integer(expert, "--pin"), _integer(gpu, "--pin")


def _integer(text: str, option: str) -> int:
    if not text.strip().isdecimal() or len(text) > 9:
        raise BadInputError(f"{text[:40]!r} in {option} is no whole number below 10^9; write 1,2,3 (pins: 1:0,2:3)")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInputError(f"{text[:40]!r} in --speeds is no number; write 1,1,2") from None
