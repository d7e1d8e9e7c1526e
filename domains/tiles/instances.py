"""Where tile instances come from: Korf's hundred, Korf and Felner's fifty, a seed, a file.

``korf100.csv`` holds facts published in Korf (1985), "Depth-first iterative-deepening: an
optimal admissible tree search", Artificial Intelligence 27, table 1: boards and optimal
lengths, and the nodes IDA* generates, recounted, with those it expands. ``korf_easy20.csv`` lists those of at least
300,000 expansions by A* with Manhattan distance that need the fewest, with that number (its
last layer depends on ties; counted with batches of 32). ``korf_felner50.csv`` holds those of Korf and
Felner (2002), "Disjoint pattern database heuristics", Artificial Intelligence 134, table 2.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from pdsearch.errors import BadInputError, shown
from pdsearch.reading import read_text, whole_number


class Korf(NamedTuple):
    """One of the hundred."""

    board: tuple[int, ...]
    optimal_length: int
    idastar_generated: int  # by IDA* with Manhattan distance up to the first solution, the root included
    idastar_expanded: int  # by the same search


def korf(number: int) -> Korf:
    """Return instance 1 to 100; BadInputError for other numbers."""
    return _korf100()[number_in(str(number), "korf", 100) - 1]


@cache
def korf_easy20() -> list[int]:
    """Return the numbers of the twenty for comparisons, by rising expansions."""
    text = files("pdsearch.domains.tiles").joinpath("korf_easy20.csv").read_text()
    return [int(row["id"]) for row in csv.DictReader(text.splitlines())]


@cache
def _korf100() -> list[Korf]:
    text = files("pdsearch.domains.tiles").joinpath("korf100.csv").read_text()
    return [
        Korf(
            tuple(int(tile) for tile in row["tiles"].split()),
            int(row["optimal_length"]),
            int(row["idastar_generated_with_root"]),
            int(row["idastar_expanded"]),
        )
        for row in csv.DictReader(text.splitlines())
    ]


class KorfFelner(NamedTuple):
    """One of the fifty 24-puzzles."""

    board: tuple[int, ...]
    optimal_length: int


def korf_felner(number: int) -> KorfFelner:
    """Return instance 1 to 50; BadInputError for other numbers."""
    return _korf_felner50()[number_in(str(number), "korf-felner", 50) - 1]


@cache
def _korf_felner50() -> list[KorfFelner]:
    text = files("pdsearch.domains.tiles").joinpath("korf_felner50.csv").read_text()
    return [
        KorfFelner(tuple(int(tile) for tile in row["tiles"].split()), int(row["optimal_length"]))
        for row in csv.DictReader(text.splitlines())
    ]


def number_in(text: str, kind: str, last: int) -> int:
    """Return the number of an instance named ``kind:text``."""
    try:
        return whole_number(text, kind, 1, last)
    except BadInputError:
        named = f"{kind}:{text}"
        named = named if len(named) < 40 else shown(named)
        raise BadInputError(f"instance {named} is unknown; there are {kind}:1 to {kind}:{last}") from None


def numbers_or_file(text: str) -> str:
    """Return the text itself when it begins like numbers, else the content of the file it names."""
    if not text.strip():
        raise BadInputError("the instance is empty; give korf:1, random:4x4, a file or the tiles row by row")
    if set(text) <= set("0123456789 ,x:-\n\t"):
        return text
    return read_text(text, "korf:1 to korf:100, random:4x4, a file, or the tiles row by row").strip()


def random_board(width: int, height: int, seed: int, blank_last: bool) -> list[int]:
    """Return a solvable board, each as likely as any other; the same seed gives the same board."""
    n = width * height
    tiles: list[int] = np.random.default_rng(seed).permutation(n).tolist()
    y, x = divmod(tiles.index(0), width)
    goal_y, goal_x = (height - 1, width - 1) if blank_last else (0, 0)
    positions = [(tile - 1) % n if blank_last else tile for tile in tiles]
    if is_odd(positions) != ((abs(y - goal_y) + abs(x - goal_x)) % 2 == 1):
        one, two = (cell for cell, tile in enumerate(tiles) if tile in (1, 2))
        tiles[one], tiles[two] = tiles[two], tiles[one]
    return tiles


def is_odd(permutation: Sequence[int]) -> bool:
    """Say whether a permutation of 0 .. n - 1 takes an odd number of swaps."""
    seen = [False] * len(permutation)
    swaps = 0
    for start in range(len(permutation)):
        at = start
        while not seen[at]:
            seen[at] = True
            at = permutation[at]
            swaps += at != start
    return swaps % 2 == 1
