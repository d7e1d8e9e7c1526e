"""Instances of every domain on which the tests of the registries run; a new domain adds a line to each table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from naive import successors

from pdsearch.domains import DOMAINS, Domain, State

DATA = Path(__file__).parent / "data"
Named = tuple[str, Mapping[str, Any]]  # an instance as a user names it, and its options

# all states of these can be enumerated within a second or so
SMALL: dict[str, list[Named]] = {
    "grid": [(str(DATA / "rooms.map.scen") + ":2", {}), ("random:9x7", {"neighbours": 4, "seed": 3})],
    "msa": [
        (str(DATA / "three.fasta"), {}),
        (str(DATA / "three.fasta"), {"matrix": "blosum62", "gap": 7}),
        (str(DATA / "three.fasta"), {"gap": 4, "gap_open": 19}),
    ],
    "pancake": [("2 1 0 3 4", {}), ("random:6", {"seed": 2})],
    "planning": [(str(DATA / "planning" / f"{task}.sas"), {}) for task in ("courier", "switches", "pipes")],
    "rubik2": [],  # 3.7 million states
    "topspin": [("random:6", {"seed": 1}), ("random:7", {"turnstile": 3, "seed": 2})],
    "tiles": [
        ("2x3: 5 4 3 2 1 0", {}),
        ("random:3x2", {"seed": 3, "goal": "blank-last"}),
        ("2x2: 3 2 1 0", {}),
        ("random:2x4", {"seed": 1}),
    ],
}

# what differs most from the first of its domain: affine gaps, conditional effects; run always where that is cheap
BESIDE = [SMALL["msa"][2], SMALL["planning"][1]]

HEAVY = "depots.sas"  # seconds a test

# these cannot; random walks go through them
LARGE: dict[str, list[Named]] = {
    "grid": [("random:40x30", {"seed": 1}), ("random:200x300", {"seed": 2})],
    "msa": [
        (str(DATA / "six.fasta"), {}),
        (str(DATA / "eight.fasta"), {"matrix": "blosum62"}),
        (str(DATA / "six.fasta"), {"gap_open": 30}),
    ],
    "pancake": [(f"random:{n}", {"seed": n}) for n in (7, 16, 17, 20, 21, 60)],
    "planning": [(str(DATA / "planning" / "depots.sas"), {})],
    "rubik2": [("random", {"seed": 1}), ("R U2 F'", {})],
    "topspin": [(f"random:{n}", {"seed": n, "turnstile": k}) for n, k in ((9, 2), (12, 4), (16, 4), (17, 5), (20, 8))],
    "tiles": [
        (f"random:{shape}", {"seed": seed, "goal": goal})
        for seed, (shape, goal) in enumerate(
            product(["3x3", "4x4", "2x7", "4x5", "5x5", "2x12", "6x4", "8x2"], ["blank-first", "blank-last"])
        )
        if min(map(int, shape.split("x"))) > 2 or goal == "blank-first"
    ],
}


def params(table: Mapping[str, list[Named]], beside: Sequence[Named] = ()) -> list[Any]:
    """Return one pytest parameter per instance: its domain, text and options.

    The first of each domain is run always, and those ``beside`` it: each kind of instance compiles kernels of its own,
    which takes most of a test's time, so that the others are `wide`.
    """
    return [
        pytest.param(
            *(name, text, options),
            id=" ".join([name, text, *map(str, options.values())]),
            marks=[pytest.mark.heavy] * text.endswith(HEAVY)
            + [pytest.mark.wide] * (number > 0 and (text, options) not in beside),
        )
        for name, named in table.items()
        for number, (text, options) in enumerate(named)
    ]


def others_wide(values: Sequence[Any], n: int = 1) -> list[Any]:
    """Return parameters of which the first ``n`` are run always, the others by ``make test-wide``."""
    each = [value if isinstance(value, tuple) else (value,) for value in values]
    return [pytest.param(*value, marks=[pytest.mark.wide] * (number >= n)) for number, value in enumerate(each)]


def make(name: str, text: str, options: Mapping[str, Any]) -> Domain:
    """Return the instance, the same one each time: many tests only look whether something fits it."""
    return _made(name, text, tuple(options.items()))


@cache
def _made(name: str, text: str, options: tuple[tuple[str, Any], ...]) -> Domain:
    return DOMAINS[name].parse(text, **dict(options))


def walk(domain: Domain, length: int, seed: int = 0) -> Iterator[tuple[State, int]]:
    """Yield the states of a random walk from the initial one, each with the operator that led to it (-1 at first)."""
    rng = np.random.default_rng(seed)
    state, operator = domain.initial, -1
    for _ in range(length):
        yield state, operator
        choices = successors(domain, state)
        if not choices:
            return
        operator, state, _ = choices[int(rng.integers(len(choices)))]
