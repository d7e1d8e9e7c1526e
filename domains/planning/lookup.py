"""In which states of many abstractions of all kinds a state is: the lines of their distances."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.abstraction import Abstraction, Integers
from pdsearch.domains.planning.cascades import Cascades, find_states
from pdsearch.domains.planning.merged import Merged
from pdsearch.domains.planning.places import Last, Places, Weighted, move_lines
from pdsearch.domains.planning.projections import Projection
from pdsearch.domains.planning.refinement_tree import Tree, Trees, Words, find_leaves, no_paths
from pdsearch.heuristics import Arrays
from pdsearch.kernels.protocol import width


class Refined(Abstraction, Protocol):
    """An abstraction whose states are the leaves of a tree."""

    @property
    def tree(self) -> Tree:
        """Return the tree; a leaf is -1 less the state."""


class Found(NamedTuple):
    """Abstractions of all kinds."""

    projections: Sequence[Projection]
    refined: Sequence[Refined] = ()
    merged: Sequence[Merged] = ()

    @property
    def all(self) -> list[Abstraction]:
        """Return those of one kind after those of the other."""
        return [*self.projections, *self.refined, *self.merged]

    def chosen(self, flags: Sequence[bool]) -> Found:
        """Return those whose flags are set."""
        places = np.cumsum([0, *map(len, self)])
        return Found(*(_chosen(some, flags[a:b]) for some, (a, b) in zip(self, pairwise(places), strict=True)))

    def lookup(self, first: Integers, sizes: Sequence[int]) -> Lookup:
        """Return how the lines of each abstraction are found; the first of each is given."""
        return Lookup.of(*self, first, sizes)


class Lookup(NamedTuple):
    """How the lines of a state are found: those of patterns, of refined abstractions, of merged ones."""

    places: Places
    trees: Trees
    cascades: Cascades

    @property
    def n(self) -> int:
        """Return the number of lines of a state."""
        return len(self.places.first) + len(self.trees.root) + len(self.cascades.root)

    @property
    def arrays(self) -> Arrays:
        """Return the arrays of all parts."""
        return tuple(array for part in self for array in part)

    @classmethod
    def of(
        cls,
        patterns: Sequence[Weighted],
        refined: Sequence[Refined],
        merged: Sequence[Merged],
        first: Integers,
        sizes: Sequence[int],
    ) -> Lookup:
        """Return how lines are found where each abstraction begins at one of ``first``; variables have ``sizes``."""
        of_patterns, of_refined, of_merged = np.split(first, np.cumsum([len(patterns), len(refined)]))
        return cls(
            Places.of(patterns, of_patterns, len(sizes)),
            Trees.of([one.tree for one in refined], of_refined.tolist(), sizes),
            Cascades.of(merged, of_merged),
        )

    @classmethod
    def from_arrays(cls, arrays: Sequence[npt.NDArray[Any]]) -> Lookup:
        """Return what has these arrays."""
        kinds = (Places, Trees, Cascades)
        parts = np.cumsum([0, *(len(kind._fields) for kind in kinds)])
        return cls(*(kind(*arrays[a:b]) for kind, (a, b) in zip(kinds, pairwise(parts), strict=True)))

    def lines(self, values: Sequence[int]) -> Integers:
        """Return the lines of a state that is given by all its values: int64[n]."""
        more = np.array([*self.trees.lines(values), *self.cascades.lines(values)], np.int64)
        return np.concatenate([self.places.lines(values), more])

    def begin(self, space: Any) -> tuple[Last, Words]:
        """Return what :func:`look_up` is to know before the first state."""
        return Last.zero(space, self.lines([0] * len(space.word))), no_paths(self.trees)


@inlined
def look_up(lookup, space, states, at, last, paths):
    """Write the lines of the state at ``states[at]`` to those of the last one."""
    changed = move_lines(lookup.places, space, states, at, last)
    start = len(lookup.places.first)
    find_leaves(lookup.trees, changed, last.values, paths, last.lines, start)
    find_states(lookup.cascades, space, states, at, last.lines, start + len(lookup.trees.root))


@kernel
def _look_all_up(lookup, space, states, last, paths, lines):
    """Write the lines of many states."""
    n = len(last.lines)
    for i in range(len(states) // width(space)):
        look_up(lookup, space, states, i * width(space), last, paths)
        for one in range(n):
            lines[i * n + one] = last.lines[one]


def lines_of(lookup: Lookup, space: Any, states: npt.NDArray[np.uint64]) -> Integers:
    """Return the lines of states that are given one after the other: int64[n_states, n]."""
    lines = np.zeros((len(states) // len(space.goal_mask), lookup.n), np.int64)
    _look_all_up(lookup, space, states, *lookup.begin(space), lines.reshape(-1))
    return lines


def _chosen(some: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    return [one for one, is_chosen in zip(some, flags, strict=True) if is_chosen]
