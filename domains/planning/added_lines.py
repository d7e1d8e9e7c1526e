"""Lines of abstractions that look at the same variables, added up before the search.

A line of a pattern can hold the sum of the lines of all abstractions that look at its variables alone: h stays what it
is, and fewer lines are added up for each state. Refined abstractions of few variables become patterns, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains.planning.abstraction import Flags, Integers
from pdsearch.domains.planning.cost_partitioning import Abstractions
from pdsearch.domains.planning.lines import LINE_BYTES
from pdsearch.domains.planning.lookup import Found, Lookup, Refined
from pdsearch.domains.planning.orders import narrowest
from pdsearch.domains.planning.patterns import Pattern
from pdsearch.domains.planning.projections import Projection
from pdsearch.domains.planning.refinement_tree import Tree
from pdsearch.domains.planning.shared_costs import Partitioned

_MOST_OF_TREE = 1 << 12  # states of the variables of a tree that becomes a pattern
MOST_OF_TREES = 1 << 16  # of all of them: 4 MiB of lines


class Joint(NamedTuple):
    """A pattern that takes the lines of others; state = sum of multiplier * value."""

    pattern: Pattern
    multiplier: Integers


class Added(NamedTuple):
    """Which states of abstractions each line has the distances of."""

    line: Integers  # (n_abstractions,) which of the lines of a state holds it
    first: Integers  # (n_abstractions,) the first of the lines that do
    at: Integers  # (n_abstractions + 1,) where what these hold begins in the next
    state: npt.NDArray[np.int32]  # a state of the abstraction for each of the lines, all abstractions numbered through

    def states(self, lines: Integers) -> Integers:
        """Return the states that a state is in, given its lines: int64[n_abstractions]."""
        at = self.at[:-1] + lines[self.line] - self.first
        return np.asarray(self.state[at], np.int64)

    def totals(self, table: npt.NDArray[Any], n_lines: int) -> Integers:
        """Return the sum of what a table[n_states] says of the states of each line: int64[n_lines]."""
        sums = np.zeros(n_lines, np.int64)
        for first, (start, end) in zip(self.first.tolist(), pairwise(self.at.tolist()), strict=True):
            sums[first : first + end - start] += table[self.state[start:end]]
        return sums


class Shared(NamedTuple):
    """Tables, and the abstractions they are of."""

    entries: npt.NDArray[Any]  # (n_lines * numbers of a line,)
    largest: int  # h
    n_orders: int  # those that have a place in the lines
    lookup: Lookup
    added: Added
    joined: Abstractions


def laid_out(parts: Partitioned, sizes: Sequence[int], room: int = MOST_OF_TREES) -> Shared:
    """Return the tables of abstractions as lines.

    Parameters
    ----------
    parts : Partitioned
        The tables.
    sizes : sequence of int
        How many values each variable has.
    room : int
        So many lines may trees have that become patterns.
    """
    lookup, added, n_lines = add_up(parts.found, parts.joined.state_first, sizes, room)
    entries, largest, n_orders = as_lines(parts.tables, parts.dead, parts.joined.state_first, added, n_lines)
    return Shared(entries, largest, n_orders, lookup, added, parts.joined)


def apart(first: Integers) -> Added:
    """Return what lines hold that are added to no others, of abstractions that begin at ``first``."""
    return Added(np.arange(len(first) - 1), first[:-1], first, np.arange(first[-1], dtype=np.int32))


def add_up(found: Found, first: Integers, sizes: Sequence[int], room: int) -> tuple[Lookup, Added, int]:
    """Return how the lines of a state are found, what they hold, and how many there are in all."""
    of_trees = _patterns_of_trees([one.tree for one in found.refined], sizes, room)
    patterns = [*(tuple(sorted(one.pattern)) for one in found.projections), *of_trees]
    of, joint = together([one for one in patterns if one is not None], sizes)
    kept = [one for one, own in zip(found.refined, of_trees, strict=True) if own is None]
    counts = [int(np.prod([sizes[var] for var in one.pattern])) for one in joint]
    firsts = np.cumsum([0, *counts, *(len(one.live) for one in kept), *(len(one.live) for one in found.merged)])
    taken, own_lines = iter(of), iter(range(len(joint), len(firsts)))
    line = [next(own_lines if one is None else taken) for one in [*patterns, *(None for _ in found.merged)]]
    state = [np.arange(*both, dtype=np.int32) for both in pairwise(first.tolist())]
    looking: list[Projection | Refined] = [*found.projections, *found.refined]
    for i, (one, own) in enumerate(zip(looking, patterns, strict=True)):
        if own is not None:
            state[i] = _states(one, own, joint[line[i]].pattern, sizes) + np.int32(first[i])
    added = Added(
        np.array(line, np.int64),
        firsts[line].astype(np.int64),
        np.cumsum([0, *map(len, state)]),
        np.concatenate([np.zeros(0, np.int32), *state]),
    )
    return Lookup.of(joint, kept, found.merged, firsts[:-1], sizes), added, int(firsts[-1])


def _patterns_of_trees(trees: Sequence[Tree], sizes: Sequence[int], room: int) -> list[Pattern | None]:
    """Return the variables of each tree; None where they have too many states together, or find no more room."""
    patterns: list[Pattern | None] = [tuple(np.unique(one.variable).tolist()) for one in trees]
    counts = [float(np.prod([float(sizes[var]) for var in one or ()])) for one in patterns]
    for i in np.argsort(counts, kind="stable").tolist():
        if counts[i] <= min(_MOST_OF_TREE, room):
            room -= int(counts[i])
        else:
            patterns[i] = None
    return patterns


def together(patterns: Sequence[Pattern], sizes: Sequence[int]) -> tuple[list[int], list[Joint]]:
    """Return which pattern takes each of the given ones, and those that take them.

    One takes another where it grows by no more states than the other has. What is largest comes first.

    >>> of, joint = together([(0,), (0, 1), (1, 2)], [2, 3, 2])
    >>> of, [one.pattern for one in joint]
    ([0, 0, 0], [(0, 1, 2)])
    >>> together([(0,), (0, 1), (1, 2)], [2, 9, 9])[0]
    [1, 1, 0]
    """
    counts = np.array([np.prod([float(sizes[var]) for var in one]) for one in patterns])
    n_values, n_of = np.array(sizes, np.float64), np.zeros(len(patterns))
    sets, of, n = np.zeros((len(patterns), len(sizes)), np.bool_), [0] * len(patterns), 0
    for i in np.argsort(-counts, kind="stable").tolist():
        own = list(patterns[i])
        grows = n_of[:n] * (np.where(sets[:n, own], 1.0, n_values[own]).prod(axis=1) - 1)
        best = int(grows.argmin()) if n and grows.min() <= counts[i] else n
        n_of[best] = counts[i] if best == n else n_of[best] + grows[best]
        n, of[i] = max(n, best + 1), best
        sets[best, own] = True
    return of, [_joint(tuple(np.flatnonzero(one).tolist()), sizes) for one in sets[:n]]


def _joint(pattern: Pattern, sizes: Sequence[int]) -> Joint:
    counts = [sizes[var] for var in pattern]
    return Joint(pattern, np.array([np.prod(counts[i + 1 :], dtype=np.int64) for i in range(len(counts))], np.int64))


def _states(one: Projection | Refined, own: Pattern, pattern: Pattern, sizes: Sequence[int]) -> npt.NDArray[np.int32]:
    """Return the state of an abstraction, which looks at ``own``, for each state of a pattern: int32[n_states]."""
    shape = [sizes[var] for var in pattern]
    along = [np.arange(sizes[var]).reshape([-1 if var == other else 1 for other in pattern]) for var in own]
    if isinstance(one, Projection):
        multiplier = dict(zip(one.pattern, one.multiplier.tolist(), strict=True))
        found = sum((multiplier[var] * values for var, values in zip(own, along, strict=True)), np.int64(0))
    else:
        found = one.tree.leaves(dict(zip(own, along, strict=True)), [sizes[v] if v in own else 1 for v in pattern])
    return np.broadcast_to(found, shape).astype(np.int32).reshape(-1)


def as_lines(
    tables: npt.NDArray[Any], dead: Flags, firsts: Integers, added: Added, n_lines: int
) -> tuple[npt.NDArray[Any], int, int]:
    """Return the tables[n_orders, n_states] as lines of the narrowest numbers that hold h, the largest h, how many.

    Orders for which a line has no room are left out; the first are the best.
    """
    largest = int(np.maximum.reduceat(tables, firsts[:-1], axis=1).sum(axis=1).max()) if len(firsts) > 1 else 0
    kind = narrowest(largest)
    n_orders = LINE_BYTES // kind.itemsize
    entries = aligned(n_lines, kind)
    for place, table in enumerate(tables[:n_orders]):
        entries[:, place] = added.totals(table, n_lines)
    entries[added.totals(dead, n_lines) > 0] = np.iinfo(kind).min
    return entries.reshape(-1), largest, min(n_orders, len(tables))


def aligned(n_lines: int, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return lines of zeros, each a line of the processor's cache: kind[n_lines, numbers of a line]."""
    room = np.zeros((n_lines + 1) * LINE_BYTES, np.uint8)
    start = -room.ctypes.data % LINE_BYTES
    return room[start : start + n_lines * LINE_BYTES].view(kind).reshape(n_lines, LINE_BYTES // kind.itemsize)
