"""Lengths a + b√2 as integers a·S + b·D whose order is exactly that of the lengths.

D / S is a convergent of the continued fraction of √2. No fraction with a denominator below S
comes closer to √2 than the convergent before it, so for b < S the error b·|D / S - √2| is
smaller than any a + b√2 other than 0 (b of either sign): two lengths whose diagonal steps
differ by less than S are in the same order, and equal only when a and b are.

Source: Khinchin (1964), "Continued Fractions", section 6 (best approximations of the second kind).
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Scale(NamedTuple):
    """The costs of a straight and of a diagonal step."""

    straight: int
    diagonal: int


def scale_for(n_cells: int) -> Scale:
    """Return the least costs that order all paths through ``n_cells`` cells exactly.

    >>> scale_for(2054)
    Scale(straight=2378, diagonal=3363)
    """
    straight, diagonal = 1, 1
    while straight < n_cells:
        straight, diagonal = straight + diagonal, 2 * straight + diagonal
    return Scale(straight, diagonal)


def words(n_straight: int, n_diagonal: int) -> str:
    """Return a length as a person reads it.

    >>> words(2, 1)
    '2 + 1·√2 = 3.41421356'
    """
    return f"{n_straight} + {n_diagonal}·√2 = {n_straight + n_diagonal * math.sqrt(2):.8f}"
