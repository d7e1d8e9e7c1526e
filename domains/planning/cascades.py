"""In which state of abstractions that merge-and-shrink made a state is: one table after the other, a variable each.

Source: Helmert, Haslum, Hoffmann and Nissim (2014), "Merge-and-shrink abstraction: a method for generating lower
bounds in factored state spaces", Journal of the ACM 61 (cascading tables).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined
from pdsearch.domains.planning.abstraction import Integers
from pdsearch.domains.planning.merged import Merged
from pdsearch.domains.planning.space import value_of


def flat(tables: Sequence[Integers]) -> npt.NDArray[np.signedinteger[Any]]:
    """Return tables one after the other; entries but those of the last become places of rows, -1 stays what it is."""
    starts = np.cumsum([0, *(table.size for table in tables)])
    rows = [
        np.where(table >= 0, start + table * following.shape[1], -1).ravel()
        for table, following, start in zip(tables, tables[1:], starts[1:], strict=False)
    ]
    return np.concatenate([*rows, tables[-1].ravel()]).astype(np.int32 if starts[-1] < 2**31 else np.int64)


class Cascades(NamedTuple):
    """The tables of some abstractions: an entry is the place of a row, in the last table a state; -1 is the last."""

    variable_first: Integers  # (n_abstractions + 1,) where its variables begin
    variable: Integers  # of all abstractions
    root: Integers  # (n_abstractions,) where its first table begins
    line: Integers  # (n_abstractions,) of its first state
    last: Integers  # (n_abstractions,) the line of its last state
    entries: npt.NDArray[np.int64]

    @classmethod
    def of(cls, some: Sequence[Merged], first: Integers) -> Cascades:
        """Join the tables of abstractions; the lines of each begin at ``first``."""
        parts = [flat(one.tables).astype(np.int64) for one in some]
        root = np.cumsum([0, *map(len, parts)])
        entries = [np.zeros(0, np.int64)]
        for one, part, start in zip(some, parts, root, strict=False):
            inner = len(part) - one.tables[-1].size
            part[:inner] += np.where(part[:inner] >= 0, start, 0)
            entries.append(part)
        return cls(
            np.cumsum([0, *(len(one.order) for one in some)]).astype(np.int64),
            np.concatenate([np.zeros(0, np.int64), *(one.order for one in some)]),
            root[:-1].astype(np.int64),
            np.asarray(first, np.int64),
            np.array([line + len(one.live) - 1 for one, line in zip(some, first, strict=True)], np.int64),
            np.concatenate(entries),
        )

    def lines(self, values: Sequence[int]) -> list[int]:
        """Return the line of a state, given by all its values, in each abstraction."""
        found = []
        for one, root in enumerate(self.root.tolist()):
            entry = root
            for var in self.variable[self.variable_first[one] : self.variable_first[one + 1]].tolist():
                entry = int(self.entries[entry + values[var]]) if entry >= 0 else -1
            found.append(int(self.line[one]) + entry if entry >= 0 else int(self.last[one]))
        return found


@inlined
def find_states(cascades, space, states, at, lines, start):
    """Write the lines of the state at ``states[at]`` from ``lines[start]`` on."""
    for one in range(len(cascades.root)):
        entry = cascades.root[one]
        for i in range(cascades.variable_first[one], cascades.variable_first[one + 1]):
            if entry >= 0:
                entry = cascades.entries[entry + value_of(space, states, at, cascades.variable[i])]
        lines[start + one] = cascades.line[one] + entry if entry >= 0 else cascades.last[one]
