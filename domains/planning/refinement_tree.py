"""Which abstract state a state is in, where abstract states were split one after the other: a walk down a tree.

A node asks whether the value of one variable is in a set of values; a leaf is an abstract state.

Source: Seipp and Helmert (2018), "Counterexample-guided Cartesian abstraction refinement for classical planning",
JAIR 62, section 4 (refinement hierarchy).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined
from pdsearch.domains.planning.abstraction import Integers
from pdsearch.domains.planning.space import value_of

Words = npt.NDArray[np.uint64]


class Trees(NamedTuple):
    """The nodes of some trees; what is below 0 is a leaf: -1 less its line."""

    root: Integers  # (n_trees,)
    variable: Integers  # (n_nodes,)
    bits_at: Integers  # (n_nodes,) where its set of values begins
    child: Integers  # (2 * n_nodes,) where the value is not in the set, and where it is
    bits: Words  # the sets, a bit for each value

    @classmethod
    def of(cls, trees: Sequence[Trees], first: Sequence[int]) -> Trees:
        """Join trees; the lines of each begin at ``first``."""
        parts: list[list[npt.NDArray[np.generic]]] = [[np.zeros(0, np.int64)] for _ in range(4)]
        bits, n_nodes, n_bits = [np.zeros(0, np.uint64)], 0, 0
        for one, line in zip(trees, first, strict=True):
            parts[0].append(np.where(one.root < 0, one.root - line, one.root + n_nodes))
            parts[1].append(one.variable)
            parts[2].append(one.bits_at + n_bits)
            parts[3].append(np.where(one.child < 0, one.child - line, one.child + n_nodes))
            bits.append(one.bits)
            n_nodes, n_bits = n_nodes + len(one.variable), n_bits + len(one.bits)
        return cls(*(np.concatenate(part).astype(np.int64) for part in parts), np.concatenate(bits))  # type: ignore[arg-type, call-arg]

    def lines(self, values: Sequence[int]) -> list[int]:
        """Return the line of a state, given by all its values, in each tree."""
        found = []
        for node in self.root.tolist():
            while node >= 0:
                value = values[self.variable[node]]
                word = int(self.bits[self.bits_at[node] + (value >> 6)])
                node = int(self.child[2 * node + (word >> (value & 63) & 1)])
            found.append(-1 - node)
        return found


@inlined
def find_leaves(trees, space, states, at, lines, start):
    """Write the lines of the state at ``states[at]`` from ``lines[start]`` on."""
    for tree in range(len(trees.root)):
        node = trees.root[tree]
        while node >= 0:
            value = value_of(space, states, at, trees.variable[node])
            word = trees.bits[trees.bits_at[node] + (value >> 6)]
            node = trees.child[2 * node + np.int64((word >> np.uint64(value & 63)) & np.uint64(1))]
        lines[start + tree] = -1 - node
