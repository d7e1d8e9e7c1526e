"""Which abstract state a state is in, where abstract states were split one after the other: a walk down a tree.

A node asks whether the value of one variable is in a set of values; a leaf is an abstract state. States that follow
each other in a search are alike: a tree is walked anew only where a variable has changed that was asked for last time.

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

_NOT_IN, _SET = 1, 3  # where a node says where to go, and which values are in its set


class Tree(NamedTuple):
    """The nodes of a tree; what is below 0 is a leaf: -1 less its state."""

    root: int
    variable: Integers  # (n_nodes,)
    bits_at: Integers  # (n_nodes,) where its set of values begins
    n_words: Integers  # (n_nodes,) of its set
    child: Integers  # (2 * n_nodes,) where the value is not in the set, and where it is
    bits: Words  # the sets, a bit for each value

    def leaf(self, values: Sequence[int]) -> int:
        """Return the state that a state of the task, given by all its values, is in."""
        node = self.root
        while node >= 0:
            value = values[self.variable[node]]
            word = int(self.bits[self.bits_at[node] + (value >> 6)])
            node = int(self.child[2 * node + (word >> (value & 63) & 1)])
        return -1 - node

    def packed(self, start: int, line: int) -> tuple[int, Integers]:
        """Return its root and nodes as Trees have them that begin at ``start``, and its lines at ``line``."""
        sizes = _SET + self.n_words
        at = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        nodes = np.zeros(at[-1], np.int64)
        child = np.where(self.child < 0, self.child - line, start + at[self.child])
        nodes[at[:-1]], nodes[at[:-1] + _NOT_IN], nodes[at[:-1] + _NOT_IN + 1] = self.variable, child[::2], child[1::2]
        for word in range(int(self.n_words.max(initial=0))):
            some = np.flatnonzero(self.n_words > word)
            nodes[at[some] + _SET + word] = self.bits[self.bits_at[some] + word].view(np.int64)
        return start + int(at[self.root]) if self.root >= 0 else self.root - line, nodes


class Trees(NamedTuple):
    """Some trees; what is below 0 is a leaf: -1 less its line."""

    root: Integers  # (n_trees,)
    variables: Integers  # those that any node asks for
    nodes: Integers  # each: its variable; where to go if the value is not in its set, where if it is; the set's words

    @classmethod
    def of(cls, trees: Sequence[Tree], first: Sequence[int]) -> Trees:
        """Join trees; the lines of each begin at ``first``."""
        roots, parts, start = [], [np.zeros(0, np.int64)], 0
        for one, line in zip(trees, first, strict=True):
            root, nodes = one.packed(start, line)
            roots.append(root)
            parts.append(nodes)
            start += len(nodes)
        variables = sorted({var for one in trees for var in one.variable.tolist()})
        return cls(np.array(roots, np.int64), np.array(variables, np.int64), np.concatenate(parts))

    def lines(self, values: Sequence[int]) -> list[int]:
        """Return the line of a state, given by all its values, in each tree."""
        found = []
        for node in self.root.tolist():
            while node >= 0:
                value = values[self.nodes[node]]
                is_in = int(self.nodes[node + _SET + (value >> 6)]) >> (value & 63) & 1
                node = int(self.nodes[node + _NOT_IN + is_in])
            found.append(-1 - node)
        return found


class Seen(NamedTuple):
    """What is known of the state that was looked up last."""

    values: Integers  # (largest of the variables + 1,) -1 before the first state
    paths: Words  # (n_trees,) a bit for each variable, modulo 64, that the tree asked for

    @classmethod
    def nothing(cls, trees: Trees) -> Seen:
        """Return what is known before the first state."""
        n = len(trees.root)
        return cls(np.full(trees.variables.max(initial=-1) + 1, -1), np.full(n, 2**64 - 1, np.uint64))


@inlined
def find_leaves(trees, space, states, at, seen, lines, start):
    """Write the lines of the state at ``states[at]`` from ``lines[start]`` on, of the trees that see a change.

    The last state's ``lines`` are there, or before the first those of trees without any node.
    """
    changed = np.uint64(0)
    for i in range(len(trees.variables)):
        var = trees.variables[i]
        value = value_of(space, states, at, var)
        if seen.values[var] != value:
            seen.values[var] = value
            changed |= np.uint64(1) << np.uint64(var & 63)
    for tree in range(len(trees.root)):
        if seen.paths[tree] & changed != 0:
            node = trees.root[tree]
            path = np.uint64(0)
            while node >= 0:
                var = trees.nodes[node]
                path |= np.uint64(1) << np.uint64(var & 63)
                value = seen.values[var]
                is_in = (trees.nodes[node + _SET + (value >> 6)] >> (value & 63)) & 1
                node = trees.nodes[node + _NOT_IN + is_in]
            seen.paths[tree] = path
            lines[start + tree] = -1 - node
