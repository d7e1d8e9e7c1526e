"""Where the distances of a state lie in the tables of patterns, found from those of the state before.

Each abstract state has a *line* of 64 bytes: its distances under one cost partitioning after the other. States that
follow each other in a search are alike: the bits in which their words differ tell which variables have changed, and
each of them moves the lines of the patterns that it is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined
from pdsearch.domains.planning.abstraction import Integers
from pdsearch.domains.planning.patterns import Pattern
from pdsearch.kernels.intrinsics import trailing_zeros
from pdsearch.kernels.protocol import width
from pdsearch.kernels.scratch import scratch


class Weighted(Protocol):
    """A pattern whose state is the sum of multiplier * value."""

    @property
    def pattern(self) -> Pattern:
        """Return its variables."""

    @property
    def multiplier(self) -> Integers:
        """Return what each of them counts: int64[n_variables]."""


class Places(NamedTuple):
    """Where the lines of patterns lie."""

    first: Integers  # (n_patterns,) the line where all values are 0
    seen_from: Integers  # (n_variables + 1,) where what is said of each variable begins in the two arrays below
    pattern: Integers  # which pattern sees it
    multiplier: Integers  # by how many lines it moves the pattern's for each value

    @classmethod
    def of(cls, some: Sequence[Weighted], first: Integers, n_variables: int) -> Places:
        """Return the places of patterns whose first lines are known."""
        seen: list[list[tuple[int, int]]] = [[] for _ in range(n_variables)]
        for number, one in enumerate(some):
            for var, multiplier in zip(one.pattern, one.multiplier.tolist(), strict=True):
                seen[var].append((number, multiplier))
        pairs = np.array([pair for those in seen for pair in those], np.int64).reshape(-1, 2)
        seen_from = np.cumsum([0, *map(len, seen)]).astype(np.int64)
        return cls(first.astype(np.int64), seen_from, *np.ascontiguousarray(pairs.T))

    def lines(self, values: Sequence[int]) -> Integers:
        """Return the line of a state, given by all its values, in each pattern: int64[n_patterns]."""
        lines = self.first.copy()
        np.add.at(lines, self.pattern, self.multiplier * np.repeat(values, np.diff(self.seen_from)))
        return lines


@scratch("words", "values", "lines")
class Last(NamedTuple):
    """What is known of the state that was looked up last."""

    words: npt.NDArray[np.uint64]  # (n_words,) it
    values: Integers  # (n_variables,) of its variables
    lines: Integers  # (n_abstractions,) its lines

    @classmethod
    def zero(cls, space: Any, lines: Integers) -> Last:
        """Return what is known of the state whose values are all 0, given its lines."""
        return cls(np.zeros(len(space.goal_mask), np.uint64), np.zeros(len(space.word), np.int64), lines)


@inlined
def move_lines(places, space, states, at, last):
    """Let ``last`` be the state at ``states[at]``, its lines of patterns too; return a bit for each change.

    It is that of the variable, modulo 64.
    """
    changed = np.uint64(0)
    for word in range(width(space)):
        now = states[at + word]
        differs = now ^ last.words[word]
        last.words[word] = now
        while differs != 0:
            var = space.variable_at[64 * word + trailing_zeros(differs)]
            shift, mask = np.uint64(space.shift[var]), space.mask[var]
            differs &= ~(mask << shift)
            changed |= np.uint64(1) << np.uint64(var & 63)
            value = np.int64((now >> shift) & mask)
            rise = value - last.values[var]
            last.values[var] = value
            for i in range(places.seen_from[var], places.seen_from[var + 1]):
                last.lines[places.pattern[i]] += rise * places.multiplier[i]
    return changed
