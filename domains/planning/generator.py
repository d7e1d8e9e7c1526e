"""Which operators apply: a decision tree over the preconditions, as threaded code in one array.

A *switch* reads one variable of the packed state and jumps; a *leaf* names operators that apply and says where
to go on. Where to go on after a subtree does not depend on the state, so no stack is needed.

=======  =========================================================================
switch   ``word, shift, mask``, then for each value where to go
leaf     ``-1 - n``, then n operators, then where to go
end      ``-1``
=======  =========================================================================

Source: Helmert (2006), "The Fast Downward Planning System", JAIR 26, section 5.3.1 (successor generators);
the threaded form is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains.planning.layout import Layout
from pdsearch.domains.planning.sas import Facts

_END = 0
_Waiting = list[tuple[int, Facts]]  # operators, each with its preconditions not yet tested


class Generator(NamedTuple):
    """The code and where it begins; ``most`` operators apply in one state at most."""

    code: npt.NDArray[np.int32]
    start: int
    most: int


def generator(preconditions: Sequence[Facts], sizes: Sequence[int], layout: Layout) -> Generator:
    """Return the code for operators with these preconditions (sorted by variable) over variables of these sizes."""
    code = [-1]
    start, most = _tree(list(enumerate(preconditions)), _END, code, sizes, layout)
    return Generator(np.array(code, np.int32), start, most)


def _tree(waiting: _Waiting, then: int, code: list[int], sizes: Sequence[int], layout: Layout) -> tuple[int, int]:
    """Append the code for some operators, which goes on at ``then``; return where it begins and the most that apply."""
    most = 0
    for variable in sorted({facts[0][0] for _, facts in waiting if facts}, reverse=True):
        tested = [(operator, facts) for operator, facts in waiting if facts and facts[0][0] == variable]
        by_value = [[(o, facts[1:]) for o, facts in tested if facts[0][1] == value] for value in range(sizes[variable])]
        branches = [_tree(chosen, then, code, sizes, layout) for chosen in by_value]
        where = [int(layout.word[variable]), int(layout.shift[variable]), int(layout.mask[variable])]
        then = _append(code, where + [start for start, _ in branches])
        most += max(count for _, count in branches)
    here = [operator for operator, facts in waiting if not facts]
    if here:
        then = _append(code, [-1 - len(here), *here, then])
    return then, most + len(here)


def _append(code: list[int], more: list[int]) -> int:
    """Append to the code and return where that begins."""
    code.extend(more)
    return len(code) - len(more)
