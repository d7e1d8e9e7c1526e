"""Which abstract state a state is in, where abstract states were split one after the other: a walk down a tree.

A node asks whether the value of one variable is in a set of values; a leaf is an abstract state. To be walked, nodes
below each other that ask for the same variable are one: where to go on for each value. States that follow each other in
a search are alike: a tree is walked anew only where a variable has changed that was asked for last time.

Source: Seipp and Helmert (2018), "Counterexample-guided Cartesian abstraction refinement for classical planning",
JAIR 62, section 4 (refinement hierarchy).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.abstraction import Flags, Integers

Words = npt.NDArray[np.uint64]


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

    def leaves(self, values: dict[int, Integers], shape: Sequence[int]) -> Integers:
        """Return the states of many states, given by the values of each variable: arrays that broadcast to a shape."""
        slot = np.zeros(max(values, default=0) + 1, np.int64)
        slot[list(values)] = np.arange(len(values))
        given = np.array([np.broadcast_to(some, shape).reshape(-1) for some in values.values()])
        node = np.full(int(np.prod(shape)), self.root)
        while (here := np.flatnonzero(node >= 0)).size:
            some = node[here]
            value = given[slot[self.variable[some]], here]
            bit = (self.bits[self.bits_at[some] + (value >> 6)] >> (value & 63).astype(np.uint64)) & np.uint64(1)
            node[here] = self.child[2 * some + bit.astype(np.int64)]
        return (-1 - node).reshape(shape)

    @property
    def is_asked_after_another(self) -> Flags:
        """Return of each node whether the node above it asks for another variable, or there is none."""
        first = np.ones(len(self.variable), np.bool_)
        above = np.repeat(np.arange(len(self.variable)), 2)
        inner = self.child >= 0
        first[self.child[inner]] = self.variable[self.child[inner]] != self.variable[above[inner]]
        return first

    def packed(self, start: int, line: int, sizes: Integers) -> tuple[int, Integers]:
        """Return its root and nodes as Trees have them that begin at ``start``, and its lines at ``line``."""
        kept = np.flatnonzero(self.is_asked_after_another)
        n_values = sizes[self.variable[kept]]
        at = np.zeros(len(self.variable), np.int64)
        at[kept] = start + np.cumsum(1 + n_values) - (1 + n_values)
        nodes = np.zeros(int((1 + n_values).sum()), np.int64)
        _write_nodes(self, kept, at, sizes, start, line, nodes)
        return int(at[self.root]) if self.root >= 0 else self.root - line, nodes


@kernel
def _write_nodes(tree, kept, at, sizes, start, line, nodes):
    """Write the nodes that are kept, each to its place ``at`` less ``start``, with where to go on for each value."""
    for node in kept:
        var, to = tree.variable[node], at[node] - start
        nodes[to] = var
        for value in range(sizes[var]):
            there = node
            while there >= 0 and tree.variable[there] == var:
                word = tree.bits[tree.bits_at[there] + (value >> 6)]
                there = tree.child[2 * there + np.int64((word >> np.uint64(value & 63)) & np.uint64(1))]
            nodes[to + 1 + value] = at[there] if there >= 0 else there - line


class Trees(NamedTuple):
    """Some trees; what is below 0 is a leaf: -1 less its line."""

    root: Integers  # (n_trees,)
    nodes: Integers  # each: its variable, then where to go for each value

    @classmethod
    def of(cls, trees: Sequence[Tree], first: Sequence[int], sizes: Sequence[int]) -> Trees:
        """Join trees; the lines of each begin at ``first``, and variables have so many values."""
        roots, parts, start = [], [np.zeros(0, np.int64)], 0
        for one, line in zip(trees, first, strict=True):
            root, nodes = one.packed(start, line, np.asarray(sizes, np.int64))
            roots.append(root)
            parts.append(nodes)
            start += len(nodes)
        return cls(np.array(roots, np.int64), np.concatenate(parts))

    def lines(self, values: Sequence[int]) -> list[int]:
        """Return the line of a state, given by all its values, in each tree."""
        found = []
        for node in self.root.tolist():
            while node >= 0:
                node = int(self.nodes[node + 1 + values[self.nodes[node]]])
            found.append(-1 - node)
        return found


def no_paths(trees: Trees) -> Words:
    """Return what is known of the paths of trees that nobody has walked yet: that any change may matter."""
    return np.full(len(trees.root), 2**64 - 1, np.uint64)


@inlined
def find_leaves(trees, changed, values, paths, lines, start):
    """Write the lines of a state, given by its values, from ``lines[start]`` on, of the trees that see a change.

    The last state's ``lines`` are there. ``changed`` and ``paths`` (uint64[n_trees]) have a bit for each variable,
    modulo 64: those that changed, and those that each tree asked for.
    """
    for tree in range(len(trees.root)):
        if paths[tree] & changed != 0:
            node = trees.root[tree]
            path = np.uint64(0)
            while node >= 0:
                var = trees.nodes[node]
                path |= np.uint64(1) << np.uint64(var & 63)
                node = trees.nodes[node + 1 + values[var]]
            paths[tree] = path
            lines[start + tree] = -1 - node
