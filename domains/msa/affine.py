"""Gaps that cost more to open than to lengthen: the state knows its last column, compiled.

The last column takes the field behind the positions, 12 bits like each of them; it is 0 at the start. It takes no
part in hashing: nearly every move changes it, and positions alone tell enough states apart. Operator
(l << n) + m - 1 adds column m behind column l, so that it can be undone.

A pair of sequences opens a gap in a column that has a letter of the one and a gap in the other, unless the column
before had the same. These are Altschul's quasi-natural gaps. His natural ones, those of the two rows with the columns
dropped in which both have gaps, would need states that remember any number of columns; quasi-natural counting adds
one for each gap of a row that begins after and ends before a gap of the other.

Source: Altschul (1989), "Gap costs for multiple sequence alignment", Journal of Theoretical Biology 138.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.domains.msa.space import (
    BITS,
    PER_WORD,
    answer_for_columns,
    keep_column,
    last_column,
    opening_cost,
    position_in,
)
from pdsearch.kernels.protocol import is_goal, wide


class AffineMsaSpace(NamedTuple):
    """Tables of 2 to 10 sequences; nodes are wide, because operators hold two columns."""

    goal: tuple[int, ...]  # as many words as a state has
    n: int
    n_values: int
    lengths: npt.NDArray[np.int64]  # (n,)
    letters: npt.NDArray[np.int64]  # (n * n_values,) code of the letter at each position
    costs: npt.NDArray[np.int64]  # (N_CODES * N_CODES,)
    opening: int


answer_for_columns(AffineMsaSpace)
implements(wide, AffineMsaSpace)(lambda space: True)


@implements(is_goal, AffineMsaSpace)
def _is_goal(space, state):
    ended = True
    for i in range(space.n):
        ended = ended and position_in(state, 0, i) == space.lengths[i]
    return ended


@implements(last_column, AffineMsaSpace)
def _last_column(space, states, at):
    return position_in(states, at, space.n)


@implements(keep_column, AffineMsaSpace)
def _keep_column(space, states, at, last, column):
    states[at + space.n // PER_WORD] ^= np.uint64(last ^ column) << np.uint64(BITS * (space.n % PER_WORD))


@implements(opening_cost, AffineMsaSpace)
def _opening_cost(space, last, column):
    letters = letters_again = gaps_again = 0
    for i in range(space.n):
        now, before = (column >> i) & 1, (last >> i) & 1
        letters += now
        letters_again += now & before
        gaps_again += 1 - (now | before)
    return space.opening * (letters * (space.n - letters) - letters_again * gaps_again)
