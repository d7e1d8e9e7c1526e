"""Abstractions that share the costs of the operators, in several ways, and the tables that this leads to.

Abstractions that tell nothing, no distance under any partitioning and no dead state that smaller patterns do not
know, are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.abstraction import Abstraction, Flags, Integers
from pdsearch.domains.planning.cascades import Cascades, find_states
from pdsearch.domains.planning.cost_partitioning import DEAD, Abstractions, abstractions
from pdsearch.domains.planning.lines import LINE_BYTES
from pdsearch.domains.planning.merged import Merged
from pdsearch.domains.planning.orders import EFFORT, Orders, narrowest
from pdsearch.domains.planning.patterns import Pattern
from pdsearch.domains.planning.places import Places, find_lines
from pdsearch.domains.planning.projections import Projection
from pdsearch.domains.planning.refinement_tree import Seen, Tree, Trees, find_leaves
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.planning.walks import sampled_states
from pdsearch.heuristics import Arrays
from pdsearch.kernels.protocol import width
from pdsearch.kernels.scratch import scratch

N_SAMPLES = 1000
MAX_STEPS = 300  # of a walk on average


class Refined(Abstraction, Protocol):
    """An abstraction whose states are the leaves of a tree."""

    @property
    def tree(self) -> Tree:
        """Return the tree; a leaf is -1 less the state."""


class Found(NamedTuple):
    """Abstractions of all kinds."""

    projections: Sequence[Projection]
    refined: Sequence[Refined] = ()
    merged: Sequence[Merged] = ()

    @property
    def all(self) -> list[Abstraction]:
        """Return those of one kind after those of the other."""
        return [*self.projections, *self.refined, *self.merged]

    def chosen(self, flags: Sequence[bool]) -> Found:
        """Return those whose flags are set."""
        places = np.cumsum([0, *map(len, self)])
        return Found(*(_chosen(some, flags[a:b]) for some, (a, b) in zip(self, pairwise(places), strict=True)))


class Lookup(NamedTuple):
    """How the lines of a state are found: those of projections, of refined abstractions, of merged ones."""

    places: Places
    trees: Trees
    cascades: Cascades

    @property
    def n(self) -> int:
        """Return the number of abstractions."""
        return len(self.places.first) + len(self.trees.root) + len(self.cascades.root)

    @property
    def arrays(self) -> Arrays:
        """Return the arrays of all parts."""
        return tuple(array for part in self for array in part)

    @classmethod
    def of(cls, found: Found, first: Integers) -> Lookup:
        """Return how lines are found where each abstraction begins at one of ``first``."""
        of_projections, of_refined, of_merged = np.split(first, np.cumsum([len(some) for some in found])[:2])
        trees = Trees.of([one.tree for one in found.refined], of_refined.tolist())
        return cls(Places.of(found.projections, of_projections), trees, Cascades.of(found.merged, of_merged))

    @classmethod
    def from_arrays(cls, arrays: Sequence[npt.NDArray[Any]]) -> Lookup:
        """Return what has these arrays."""
        kinds = (Places, Trees, Cascades)
        parts = np.cumsum([0, *(len(kind._fields) for kind in kinds)])
        return cls(*(kind(*arrays[a:b]) for kind, (a, b) in zip(kinds, pairwise(parts), strict=True)))


@scratch("values", "seen", "lines")
class Last(NamedTuple):
    """What is known of the state that was looked up last."""

    values: Integers  # of the variables of projections
    seen: Seen
    lines: Integers  # (n_abstractions,)

    @classmethod
    def nothing(cls, lookup: Lookup) -> Last:
        """Return what is known before the first state."""
        n, root = len(lookup.places.first), lookup.trees.root
        lines = np.zeros(lookup.n, np.int64)
        lines[n : n + len(root)] = -1 - root
        return cls(np.full(len(lookup.places.variables), -1), Seen.nothing(lookup.trees), lines)


@inlined
def look_up(lookup, space, states, at, last):
    """Write the lines of the state at ``states[at]`` to those of the last one."""
    find_lines(lookup.places, space, states, at, last.values, last.lines)
    start = len(lookup.places.first)
    find_leaves(lookup.trees, space, states, at, last.seen, last.lines, start)
    find_states(lookup.cascades, space, states, at, last.lines, start + len(lookup.trees.root))


@kernel
def _look_all_up(lookup, space, states, last, lines):
    """Write the lines of many states."""
    n = len(last.lines)
    for i in range(len(states) // width(space)):
        look_up(lookup, space, states, i * width(space), last)
        for one in range(n):
            lines[i * n + one] = last.lines[one]


def lines_of(lookup: Lookup, space: Any, states: npt.NDArray[np.uint64]) -> Integers:
    """Return the lines of states that are given one after the other: int64[n_states, n_abstractions]."""
    lines = np.zeros((len(states) // len(space.goal_mask), lookup.n), np.int64)
    _look_all_up(lookup, space, states, Last.nothing(lookup), lines.reshape(-1))
    return lines


class Shared(NamedTuple):
    """Tables, and the abstractions they are of."""

    entries: npt.NDArray[Any]  # (n_lines * width,) a line begins below 0 where its state is dead
    largest: int  # sum
    n_orders: int  # with which a line is filled; what is behind them is 0
    lookup: Lookup
    joined: Abstractions


def share_costs(
    task: Planning,
    found: Found,
    most: int = LINE_BYTES // 2,
    effort: int = EFFORT,
    n_first: int = 0,
) -> Shared:
    """Return the tables of abstractions under up to ``most`` diverse orders.

    Parameters
    ----------
    task : Planning
        Its deadline is kept.
    found : Found
        All abstractions.
    most : int
        No more orders than these, and than a line has room for.
    effort : int
        Transitions looked at to find them.
    n_first : int
        Orders are tried that begin with so many of the projections, too, see :meth:`Orders.best`.
    """
    joined = abstractions(found.all)
    orders = Orders(joined, task.space.cost, task.deadline)
    samples = _samples(task, Lookup.of(found, joined.state_first[:-1]), orders)
    first = abstractions(found.projections[:n_first]) if 0 < n_first < len(found.all) else None
    begins = None if first is None else Orders(first, task.space.cost, task.deadline)
    tables = np.array(orders.best(samples, most, effort, begins))
    dead = (orders.h == DEAD) & np.concatenate([np.zeros(0, np.bool_), *(one.live for one in found.all)])
    lines_of_each = [slice(start, end) for start, end in pairwise(joined.state_first.tolist())]
    warns = _warn(task, found.projections, [dead[lines] for lines in lines_of_each])
    warns += [bool(dead[lines].any()) for lines in lines_of_each[len(found.projections) :]]
    useful = [warns[a] or bool(tables[:, lines].any()) for a, lines in enumerate(lines_of_each)]
    kept = found.chosen(useful)
    states = np.repeat(np.array(useful, np.bool_), np.diff(joined.state_first))
    kept_joined = joined if all(useful) else abstractions(kept.all)
    firsts = kept_joined.state_first
    entries, largest, n_orders = _entries(tables[:, states], dead[states], firsts)
    return Shared(entries, largest, n_orders, Lookup.of(kept, firsts[:-1]), kept_joined)


def _chosen(some: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    return [one for one, is_chosen in zip(some, flags, strict=True) if is_chosen]


def _warn(task: Planning, projections: Sequence[Projection], dead: list[Flags]) -> list[bool]:
    """Say of each projection whether it has dead states that those onto one variable less do not have."""
    known: dict[Pattern, Flags] = {}
    warns = []
    for one, its_dead in zip(projections, dead, strict=False):
        new = known[one.pattern] = its_dead.reshape([task.sizes[var] for var in one.pattern])
        for i in range(len(one.pattern)):
            smaller = known.get(one.pattern[:i] + one.pattern[i + 1 :])
            new = new if smaller is None else new & ~np.expand_dims(smaller, i)
        warns.append(bool(new.any()))
    return warns


def _samples(task: Planning, lookup: Lookup, orders: Orders) -> Integers:
    """Return the states of random walks in each abstraction, each once: int64[n_samples, n_abstractions]."""
    initial = lines_of(lookup, task.space, np.array(task.initial, np.uint64))
    if (orders.h[initial] == DEAD).any():
        return initial
    plan_cost = orders.table(orders.greedy(initial[0]), initial[0])[initial].sum()
    steps = 2 * plan_cost / max(task.space.cost.mean(), 1e-9) if len(task.space.cost) else 0
    lines = lines_of(lookup, task.space, sampled_states(task, min(steps, MAX_STEPS), N_SAMPLES))
    _, first = np.unique(lines, axis=0, return_index=True)
    return lines[np.sort(first)]


def _entries(tables: Integers, dead: Flags, firsts: Integers) -> tuple[npt.NDArray[Any], int, int]:
    """Return the tables[n_orders, n_lines] as lines of the narrowest numbers that hold h, the largest h, how many.

    Orders for which a line has no room are left out; the first are the best.
    """
    largest = int(np.maximum.reduceat(tables, firsts[:-1], axis=1).sum(axis=1).max()) if len(firsts) > 1 else 0
    kind = narrowest(largest)
    n_orders = LINE_BYTES // kind.itemsize
    entries = aligned(tables.shape[1], kind)
    entries[:, : len(tables)] = tables[:n_orders].T
    entries[dead] = np.iinfo(kind).min
    return entries.reshape(-1), largest, min(n_orders, len(tables))


def aligned(n_lines: int, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return lines of zeros, each a line of the processor's cache: kind[n_lines, numbers of a line]."""
    room = np.zeros((n_lines + 1) * LINE_BYTES, np.uint8)
    start = -room.ctypes.data % LINE_BYTES
    return room[start : start + n_lines * LINE_BYTES].view(kind).reshape(n_lines, LINE_BYTES // kind.itemsize)
