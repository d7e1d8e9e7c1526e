"""Abstractions that share the costs of the operators, in several ways, and the tables that this leads to.

Abstractions that tell nothing, no distance under any partitioning and no dead state that smaller patterns do not
know, are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains.planning.abstraction import Flags, Integers
from pdsearch.domains.planning.cost_partitioning import DEAD, Abstractions, abstractions
from pdsearch.domains.planning.lines import LINE_BYTES
from pdsearch.domains.planning.lookup import Found, Lookup, lines_of
from pdsearch.domains.planning.orders import EFFORT, Orders
from pdsearch.domains.planning.patterns import Pattern
from pdsearch.domains.planning.projections import Projection
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.planning.walks import sampled_states

N_SAMPLES = 1000
MAX_STEPS = 300  # of a walk on average


class Partitioned(NamedTuple):
    """Abstractions that tell something, and what they tell under each order."""

    found: Found
    joined: Abstractions
    tables: npt.NDArray[np.signedinteger[Any]]  # (n_orders, n_states): distances, the best order first
    dead: Flags  # (n_states,)


def share_costs(
    task: Planning,
    found: Found,
    most: int = LINE_BYTES // 2,
    effort: int = EFFORT,
    n_first: int = 0,
) -> Partitioned:
    """Return what abstractions tell under up to ``most`` diverse orders.

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
    samples = _samples(task, found.lookup(joined.state_first[:-1], task.sizes), orders)
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
    return Partitioned(kept, kept_joined, tables[:, states], dead[states])


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
