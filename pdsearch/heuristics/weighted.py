"""A heuristic times W, for the order of a bounded-suboptimal search; not registered, for it is no lower bound.

h is kept as floor(W * h). For W of at least 1 no two values of h share one product, so that h itself can be had back
from what a node keeps: ceil(product / W). Incremental heuristics go on from that.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from pdsearch._jit import implements, inlined
from pdsearch.domains import Domain, State
from pdsearch.errors import BadInputError
from pdsearch.heuristics import Heuristic
from pdsearch.kernels.protocol import INFINITY, estimate, evaluate

_MOST, _MOST_LEAN = 2**50, 2**31  # of a product: what a node in a message holds, and what sums of it leave room for


class WeightedTables(NamedTuple):
    """The tables of the heuristic, and the weight as a fraction."""

    inner: Any
    numerator: int
    denominator: int


@inlined
def _times(heuristic, h):
    return h if h >= INFINITY else h * heuristic.numerator // heuristic.denominator


@implements(estimate, WeightedTables)
def _estimate(heuristic, space, parent_h, moves, c):
    plain = parent_h
    if parent_h < INFINITY:
        plain = (parent_h * heuristic.denominator + heuristic.numerator - 1) // heuristic.numerator
    return _times(heuristic, estimate(heuristic.inner, space, plain, moves, c))


@implements(evaluate, WeightedTables)
def _evaluate(heuristic, space, states, at):
    return _times(heuristic, evaluate(heuristic.inner, space, states, at))


class Weighted(Heuristic):
    """W times another heuristic, rounded down.

    Parameters
    ----------
    inner : Heuristic
        Admissible.
    weight : Fraction
        At least 1.
    is_wide : bool
        Whether nodes of the domain have room for large numbers.

    Raises
    ------
    BadInputError
        If the products could be too large.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> from pdsearch.heuristics import make_heuristic
    >>> Weighted(make_heuristic(Tiles.korf(1), "manhattan"), Fraction(3, 2), False).value(Tiles.korf(1).initial)
    61
    """

    name = "weighted"
    source = "Pohl (1970), Artificial Intelligence 1"
    admissible = consistent = False

    def __init__(self, inner: Heuristic, weight: Fraction, is_wide: bool) -> None:
        self.inner, self.weight = inner, weight
        self.label = inner.label
        self.tables = WeightedTables(inner.tables, weight.numerator, weight.denominator)
        self.is_lazy, self.batch = inner.is_lazy, inner.batch  # type: ignore[misc]
        self.lesson_every, self.held = inner.lesson_every, inner.held
        self.max_h = self.times(inner.max_h)
        # f rises by c + W * (rise of h), which is at most W times the rise of the plain f
        self.max_rise = int(weight * inner.max_rise) + 2
        if max(inner.max_h * weight.numerator, self.max_h, self.max_rise) >= (_MOST if is_wide else _MOST_LEAN):
            raise BadInputError(f"weight {float(weight)} makes the numbers of such costs too large; give a smaller one")

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit what the other fits."""
        return True

    def value(self, state: State) -> int:
        """Return the product of a state."""
        return self.times(self.inner.value(state))

    def learn(self, state: State) -> bool:
        """Let the other learn."""
        return self.inner.learn(state)

    def times(self, h: int) -> int:
        """Return floor(W * h); INFINITY stays what it is."""
        return h if h >= INFINITY else int(self.weight * h)
