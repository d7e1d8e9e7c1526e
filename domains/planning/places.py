"""Where the distances of a state lie in the tables of projections.

Each abstract state has a *line* of 64 bytes: its distances under one cost partitioning after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined
from pdsearch.domains.planning.abstraction import Integers
from pdsearch.domains.planning.projections import Projection
from pdsearch.domains.planning.space import value_of


class Places(NamedTuple):
    """Where the lines of patterns lie."""

    first: Integers  # (n_patterns,) its first line
    place: Integers  # (n_patterns * size,) where each of its variables is in ``variables``
    multiplier: Integers  # (n_patterns * size,) 0 where a pattern has fewer variables
    variables: Integers  # of all patterns
    mask: npt.NDArray[np.uint64]  # (n_patterns,) a bit for each place of its variables, modulo 64

    @property
    def size(self) -> int:
        """Return the variables of the largest pattern."""
        return len(self.place) // max(1, len(self.first))

    @classmethod
    def of(cls, projections: Sequence[Projection], first: Integers) -> Places:
        """Return the places of projections whose first lines are known."""
        variables = sorted({var for one in projections for var in one.pattern})
        size = max((len(one.pattern) for one in projections), default=0)
        place, multiplier = np.zeros((2, len(projections), size), np.int64)
        for row, one in enumerate(projections):
            place[row, : len(one.pattern)] = [variables.index(var) for var in one.pattern]
            multiplier[row, : len(one.pattern)] = one.multiplier
        bits = [[1 << variables.index(var) % 64 for var in one.pattern] for one in projections]
        mask = np.array([np.bitwise_or.reduce(np.array(some, np.uint64)) for some in bits], np.uint64)
        used = np.array(variables, np.int64)
        return cls(first.astype(np.int64), place.reshape(-1), multiplier.reshape(-1), used, mask)


@inlined
def find_lines(places, space, states, at, values, lines):
    """Write the lines of the state at ``states[at]``, of the patterns that see a change since the last such state.

    ``values`` are those of the last state, -1 before the first, and ``lines`` its lines.
    """
    changed = np.uint64(0)
    for i in range(len(places.variables)):
        value = value_of(space, states, at, places.variables[i])
        if values[i] != value:
            values[i] = value
            changed |= np.uint64(1) << np.uint64(i & 63)
    size = len(places.place) // max(1, len(places.first))
    for p in range(len(places.first)):
        if places.mask[p] & changed != 0:
            line = places.first[p]
            for i in range(p * size, (p + 1) * size):
                line += places.multiplier[i] * values[places.place[i]]
            lines[p] = line
