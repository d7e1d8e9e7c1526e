"""Which pairs of facts can hold together, compiled: one direction of h^2, a bit for each pair.

Row p of a table has bit q where facts p and q are (still) a pair; the tables are symmetric, and bit p of row p
stands for the fact alone. One operator is then a handful of operations on whole rows, so that all operators can
be looked at again and again until nothing changes.

Source: Haslum and Geffner (2000), "Admissible heuristics for optimal planning", AIPS (h^m, here without costs).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.arrays import Integers
from pdsearch.kernels.intrinsics import trailing_zeros

Bits = npt.NDArray[np.uint64]


class Steps(NamedTuple):
    """Operators as steps from state to state; ``need[need_first[o]:need_first[o + 1]]`` are those of operator ``o``.

    Forward, a step leads from a state to its successor; backward, from a state to a predecessor.
    """

    need_first: Integers  # (n_operators + 1,)
    need: Integers  # facts that hold in the state the step leads from
    give_first: Integers
    give: Integers  # facts that hold in the state it leads to
    new_first: Integers
    new: Integers  # facts that hold there, or may, whatever held before
    left_first: Integers
    left: Integers  # variables whose value is not carried over


@inlined
def _has(row, fact):
    return (row[fact >> 6] >> np.uint64(fact & 63)) & np.uint64(1) != 0


@inlined
def _fit(table, facts, start, end):
    """Say whether all of some facts can hold together as far as pairs tell."""
    fit = True
    for i in range(start, end):
        for j in range(start, i + 1):
            fit = fit and _has(table[facts[i]], facts[j])
    return fit


@inlined
def _carry(steps, o, values, possible, reached, singles, row):
    """Write to ``row`` the facts that can hold after step ``o``.

    A fact is carried over if it can hold beside all that the step needs. Whatever holds after the step must
    be possible beside all that the step gives.
    """
    for word in range(len(row)):
        row[word] = singles[word]
    for i in range(steps.need_first[o], steps.need_first[o + 1]):
        for word in range(len(row)):
            row[word] &= reached[steps.need[i], word]
    for i in range(steps.left_first[o], steps.left_first[o + 1]):
        for word in range(len(row)):
            row[word] &= ~values[steps.left[i], word]
    for i in range(steps.new_first[o], steps.new_first[o + 1]):
        row[steps.new[i] >> 6] |= np.uint64(1) << np.uint64(steps.new[i] & 63)
    for i in range(steps.give_first[o], steps.give_first[o + 1]):
        for word in range(len(row)):
            row[word] &= possible[steps.give[i], word]


@inlined
def _enter(fact, row, possible, reached):
    """Enter the pairs of a fact with all of a row that are possible; say whether any is new."""
    changed = False
    for word in range(len(row)):
        new = row[word] & possible[fact, word] & ~reached[fact, word]
        changed = changed or new != 0
        reached[fact, word] |= new
        while new != 0:
            other = 64 * word + trailing_zeros(new)
            reached[other, fact >> 6] |= np.uint64(1) << np.uint64(fact & 63)
            new &= new - np.uint64(1)
    return changed


@kernel
def spread(steps, values, possible, reached, singles, row):
    """Take every step once; say whether a pair was reached that had not been.

    ``possible``, ``reached`` are uint64[n_facts, n_words]; ``values`` uint64[n_variables, n_words] has the facts of
    each variable, ``singles`` uint64[n_words] the facts reached; ``row`` uint64[n_words] is scratch.
    """
    changed = False
    for o in range(len(steps.need_first) - 1):
        leads_on = _fit(reached, steps.need, steps.need_first[o], steps.need_first[o + 1])
        if not (leads_on and _fit(possible, steps.give, steps.give_first[o], steps.give_first[o + 1])):
            continue
        _carry(steps, o, values, possible, reached, singles, row)
        for i in range(steps.new_first[o], steps.new_first[o + 1]):
            fact = steps.new[i]
            if _has(row, fact):
                changed = _enter(fact, row, possible, reached) or changed
                singles[fact >> 6] |= np.uint64(1) << np.uint64(fact & 63)
    return changed


@kernel
def find_usable(steps, possible, usable):
    """Write for each operator whether both the states that it links can exist as far as pairs tell."""
    for o in range(len(usable)):
        usable[o] = _fit(possible, steps.need, steps.need_first[o], steps.need_first[o + 1]) and _fit(
            possible, steps.give, steps.give_first[o], steps.give_first[o + 1]
        )
