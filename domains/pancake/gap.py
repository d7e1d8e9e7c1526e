"""The gap heuristic: neighbours in the stack that are not neighbours in size need a flip each.

A flip of the top k breaks one adjacency, that of positions k - 1 and k, and makes one, so it
closes at most one gap. The plate counts as the pancake below the largest.

Source: Helmert (2010), "Landmark heuristics for the pancake problem", SoCS, section 3.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.domains import Domain, State
from pdsearch.domains.packing import cell_at
from pdsearch.domains.pancake.space import WIDE_BITS
from pdsearch.domains.pancake.stack import Pancake
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate, width


class GapTables(NamedTuple):
    """All there is to know is the number of pancakes."""

    n: int


class GapTowardsTables(NamedTuple):
    """The place of each pancake, and of the plate, in the stack that is wanted."""

    n: int
    place: npt.NDArray[np.int64]  # (n + 1,)


@inlined
def _gap(one, other):
    """Return 1 unless two pancakes are neighbours in size."""
    return 1 if one - other > 1 or other - one > 1 else 0


@implements(estimate, GapTables)
def _estimate(heuristic, space, parent_h, moves, c):
    n_words = width(space)
    k = moves.operator[c]
    top = cell_at(moves.parent, 0, 0, n_words, WIDE_BITS)
    last = cell_at(moves.parent, 0, k - 1, n_words, WIDE_BITS)
    below = heuristic.n
    if k < heuristic.n:
        below = cell_at(moves.parent, 0, k, n_words, WIDE_BITS)
    return parent_h - _gap(last, below) + _gap(top, below)


@implements(estimate, GapTowardsTables)
def _estimate_towards(heuristic, space, parent_h, moves, c):
    n_words = width(space)
    k = moves.operator[c]
    top = heuristic.place[cell_at(moves.parent, 0, 0, n_words, WIDE_BITS)]
    last = heuristic.place[cell_at(moves.parent, 0, k - 1, n_words, WIDE_BITS)]
    below = heuristic.n
    if k < heuristic.n:
        below = heuristic.place[cell_at(moves.parent, 0, k, n_words, WIDE_BITS)]
    return parent_h - _gap(last, below) + _gap(top, below)


@HEURISTICS.add("gap")
class Gap(Heuristic):
    """Number of neighbours in a stack, plate included, that differ in size by more than one."""

    name = "gap"
    source = "Helmert (2010), SoCS, section 3"
    admissible = True
    consistent = True
    max_rise = 2

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Pancake)
        self.stack = domain
        self.tables: Any = GapTables(domain.n)
        self.max_h = domain.n

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every stack of pancakes."""
        return isinstance(domain, Pancake)

    def value(self, state: State) -> int:
        """Count the gaps."""
        stack = (*self.stack.unpack(state), self.stack.n)
        return sum(abs(stack[i] - stack[i + 1]) > 1 for i in range(self.stack.n))

    def towards(self, instance: Domain) -> Gap:
        """Return the gaps on the way to another stack."""
        return GapTowards(instance)


class GapTowards(Gap):
    """The same towards any stack: pancakes are named after their places in it, and it is the ordered one."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.place = np.array([*np.argsort(self.stack.goal), self.stack.n], np.int64)
        self.tables = GapTowardsTables(self.stack.n, self.place)

    def value(self, state: State) -> int:
        """Count the gaps."""
        places = self.place[[*self.stack.unpack(state), self.stack.n]]
        return int((np.abs(np.diff(places)) > 1).sum())
