"""Distances of the 2×2×2 cube: of every cube, and of its corners' places and twists alone.

A cube is the pair (number of its permutation, number of its twists), and a turn acts on each
half by itself: so breadth-first search is a few look-ups on whole arrays.

Source: Korf (1997), "Finding optimal solutions to Rubik's cube using pattern databases", AAAI,
section 4; Culberson and Schaeffer (1998), Computational Intelligence 14.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations, product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.domains import Domain, State
from pdsearch.domains.rubik2.cube import Rubik2, turned
from pdsearch.domains.rubik2.space import N_CORNERS, N_OPERATORS, TWISTS
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate
from pdsearch.pdb import Database, Entries, Filled

N_PERMUTATIONS, N_TWISTS = 5040, 729
_UNKNOWN = 255
Integers = npt.NDArray[np.int64]


class CubeTable(NamedTuple):
    """The distance of every cube, found by the numbers of its two halves."""

    entries: npt.NDArray[np.uint8]  # (5040 * 729,)
    permutation: npt.NDArray[np.uint16]  # (2**21,) by the low bits of a cube
    twists: npt.NDArray[np.uint16]  # (2**14,) by the high bits


class HalfTables(NamedTuple):
    """The distances of both halves, by the bits themselves."""

    permutation: npt.NDArray[np.uint8]  # (2**21,)
    twists: npt.NDArray[np.uint8]  # (2**14,)


@implements(estimate, CubeTable)
def _estimate(heuristic, space, parent_h, moves, c):
    cube = np.int64(moves.states[c])
    permutation = np.int64(heuristic.permutation[cube & ((1 << TWISTS) - 1)])
    return np.int64(heuristic.entries[permutation * N_TWISTS + np.int64(heuristic.twists[cube >> TWISTS])])


@implements(estimate, HalfTables)
def _estimate_halves(heuristic, space, parent_h, moves, c):
    cube = np.int64(moves.states[c])
    one = np.int64(heuristic.permutation[cube & ((1 << TWISTS) - 1)])
    return max(one, np.int64(heuristic.twists[cube >> TWISTS]))


class Half(NamedTuple):
    """One half of all cubes: the packed bits of each number, and the number each turn leads to."""

    bits: Integers  # (n,)
    after: Integers  # (9, n)


@cache
def permutation_half() -> Half:
    """Number the permutations; 0 is the solved one."""
    all_of_them = np.array(list(permutations(range(N_CORNERS))), np.int64)
    weights = 8 ** np.arange(N_CORNERS)
    after = [all_of_them[:, turned(operator)[0]] @ weights for operator in range(N_OPERATORS)]
    return _half(all_of_them @ weights, after)


@cache
def twist_half() -> Half:
    """Number the twists; 0 is the solved cube's."""
    free = np.array(list(product(range(3), repeat=N_CORNERS - 1)), np.int64)
    all_of_them = np.column_stack([free, -free.sum(axis=1) % 3])
    weights = 4 ** np.arange(N_CORNERS)
    after = []
    for operator in range(N_OPERATORS):
        source, twist = turned(operator)
        after.append((all_of_them[:, source] + np.array(twist)) % 3 @ weights)
    return _half(all_of_them @ weights, after)


def _half(bits: Integers, after: list[Integers]) -> Half:
    number = np.zeros(int(bits.max()) + 1, np.int64)
    number[bits] = np.arange(len(bits))
    return Half(bits, number[np.array(after)])


def _distances(after: Integers, filled: Filled) -> Entries:
    """Breadth-first search from number 0 over the graph of one half."""
    entries = np.full(after.shape[1], _UNKNOWN, np.uint8)
    entries[0] = depth = 0
    while len(layer := np.flatnonzero(entries == depth)):
        beyond = np.unique(after[:, layer])
        entries[beyond[entries[beyond] == _UNKNOWN]] = depth = depth + 1
        filled(int((entries < _UNKNOWN).sum()), len(entries))
    return entries


def _all_distances(filled: Filled) -> Entries:
    """Breadth-first search from the solved cube over all cubes."""
    places, twists = permutation_half().after, twist_half().after
    entries = np.full(N_PERMUTATIONS * N_TWISTS, _UNKNOWN, np.uint8)
    entries[0] = depth = 0
    while len(layer := np.flatnonzero(entries == depth)):
        place, twist = np.divmod(layer, N_TWISTS)
        depth += 1
        for operator in range(N_OPERATORS):
            beyond = places[operator, place] * N_TWISTS + twists[operator, twist]
            entries[beyond[entries[beyond] == _UNKNOWN]] = depth
        filled(int((entries < _UNKNOWN).sum()), len(entries))
    return entries


def _ignore(filled: int, of: int) -> None:
    """Take no interest in progress."""


class _CubeHeuristic(Heuristic):
    """What both have in common."""

    admissible = True
    consistent = True
    max_rise = 2

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit the cube."""
        return isinstance(domain, Rubik2)


@HEURISTICS.add("cube-table")
class CubeTableHeuristic(_CubeHeuristic):
    """The exact distance of every 2×2×2 cube, 11 at most."""

    name = "cube-table"
    source = "Korf (1997), AAAI, section 4"

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        (kept,) = self.databases(domain)
        permutation, twists = np.zeros(1 << TWISTS, np.uint16), np.zeros(1 << (2 * N_CORNERS), np.uint16)
        permutation[permutation_half().bits] = np.arange(N_PERMUTATIONS)
        twists[twist_half().bits] = np.arange(N_TWISTS)
        self.tables = CubeTable(kept.load(deadline=domain.deadline), permutation, twists)
        self.max_h = int(self.tables.entries.max())

    @classmethod
    def databases(cls, domain: Domain) -> list[Database]:
        """Return the table of all cubes."""
        facts = {"domain": "rubik2", "metric": "half turns", "numbering": "permutations, twists"}
        return [
            Database("rubik2-all", facts, N_PERMUTATIONS * N_TWISTS, _all_distances, "pdsearch pdb build rubik2 all")
        ]

    def value(self, state: State) -> int:
        """Look up the numbers of both halves."""
        permutation = np.flatnonzero(permutation_half().bits == state[0] & ((1 << TWISTS) - 1))
        twists = np.flatnonzero(twist_half().bits == state[0] >> TWISTS)
        return int(self.tables.entries[int(permutation[0]) * N_TWISTS + int(twists[0])])


@HEURISTICS.add("cube-pdb")
class CubePdb(_CubeHeuristic):
    """The larger of two distances: of the corners' places alone, and of their twists alone."""

    name = "cube-pdb"
    source = "Culberson and Schaeffer (1998), Computational Intelligence 14"

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.tables = HalfTables(np.zeros(1 << TWISTS, np.uint8), np.zeros(1 << (2 * N_CORNERS), np.uint8))
        for table, half in zip(self.tables, (permutation_half(), twist_half()), strict=True):
            table[half.bits] = _distances(half.after, _ignore)
        self.max_h = max(int(table.max()) for table in self.tables)

    def value(self, state: State) -> int:
        """Look up both."""
        return int(max(self.tables.permutation[state[0] & ((1 << TWISTS) - 1)], self.tables.twists[state[0] >> TWISTS]))
