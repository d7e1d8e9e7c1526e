"""The loop of merge-and-shrink: shrink the abstraction, multiply the next variable into it, reduce labels.

Operators that no variable still to come can tell apart, of one cost, are one label: exact label reduction with
respect to the abstraction, which with a linear order is all that its size depends on.

Source: Helmert, Haslum and Hoffmann (2007), ICAPS (linear merge-and-shrink); Sievers, Wehrle and Helmert (2014),
"Generalized label reduction for merge-and-shrink heuristics", AAAI (exact label reduction).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains.planning.abstract_distances import Distances, distances
from pdsearch.domains.planning.factors import factors
from pdsearch.domains.planning.sas import SasTask
from pdsearch.domains.planning.shrinking import shrink
from pdsearch.domains.planning.transition_systems import (
    Integers,
    TransitionSystem,
    image,
    most_transitions,
    point,
    product,
)
from pdsearch.heuristics import Arrays
from pdsearch.limits import NO_DEADLINE, Deadline

_SEED = 2007
_BYTES = 64  # of a transition while a product is made and its distances found: 54 to 66 measured
_ENTRY_BYTES = 32  # of an entry of a table, so that all tables take a quarter of the memory while they are made
_MOST_H = 2**31 - 1  # h of an entry; a consistent heuristic that is cut off at a constant is still consistent


class Labels(NamedTuple):
    """The labels before one merge step: sets of operators that the variables from this one on do not tell apart."""

    group: Integers  # (n_labels,) of the variable to be merged
    reduced: Integers  # (n_labels,) the label that each becomes once the variable is merged
    cost: Integers  # (n_labels,)
    cost_after: Integers  # of the labels after


def abstraction(task: SasTask, most: int, deadline: Deadline = NO_DEADLINE, everywhere: bool = False) -> Arrays:
    """Return a merge-and-shrink abstraction of a task.

    Parameters
    ----------
    task : SasTask
        The task.
    most : int
        No product of abstraction and variable has more states than this.
    deadline : Deadline, optional
        When it must be done. Where a product would take more than its memory, both factors are shrunk further.
    everywhere : bool, optional
        States may be met that the initial one does not reach: none is pruned for that.

    Returns
    -------
    entries : int32[n_entries]
        For each variable in turn a table of one row per abstract state and one column per value. An entry says where
        in ``entries`` the row of the next table begins; in the last table it is h; -1 where no goal can be reached.
    order : int64[n_variables]
        The variables of the tables.
    numbers : int64[2]
        The largest h, and the most states that a product was allowed to have.

    Raises
    ------
    TimeLimitError, MemoryLimitError
        If the deadline passes, or not even products of few states fit its memory.
    """
    rng = np.random.default_rng(_SEED)
    parts = factors(task)
    steps = label_steps(list(parts.values()), np.array([operator.cost for operator in task.operators], np.int64))
    system = point(len(steps[0].group) if steps else 0)
    found = Distances(np.zeros(1, np.int64), np.zeros(1, np.int64))
    tables = [np.zeros((1, 1), np.int64)]
    if deadline.memory_bytes is not None:
        most = max(1, min(most, deadline.memory_bytes // (_ENTRY_BYTES * max(1, len(parts)))))
    least = most
    for part, labels in zip(parts.values(), steps, strict=True):
        deadline.check("merge-and-shrink")
        factor = part._replace(group=labels.group)
        found_here = distances(factor, labels.cost, deadline, everywhere)
        to, n_states, value_to, n_values, factors_, allowed = _shrunk(
            system, found, factor, found_here, most, deadline, rng
        )
        least = min(least, allowed)
        tables[-1] = _through(tables[-1], to)
        tables.append(np.where(value_to >= 0, np.arange(n_states)[:, None] * n_values + value_to, -1))
        system = product(*factors_, labels.reduced)
        found = distances(system, labels.cost_after, deadline, everywhere)
    tables[-1] = _through(tables[-1], np.where(found.alive, np.minimum(found.h, _MOST_H), -1))
    ours = tables[1:] or tables  # without variables h is that of the point
    return _flat(ours), np.array(list(parts), np.int64), np.array([tables[-1].max(initial=0), least], np.int64)


def label_steps(parts: Sequence[TransitionSystem], costs: Integers) -> list[Labels]:
    """Return the labels before each merge step, from those of the factors (the operators, with these costs)."""
    cost_after, labels = np.unique(costs, return_inverse=True)
    steps: list[Labels] = []
    for part in reversed(parts):
        n_after = max(1, len(cost_after))
        keys, labels = np.unique(part.group * n_after + labels, return_inverse=True)
        group, reduced = np.divmod(keys, n_after)
        cost = cost_after[reduced]
        steps.append(Labels(group, reduced, cost, cost_after))
        cost_after = cost
    return steps[::-1]


def _shrunk(
    system: TransitionSystem,
    found: Distances,
    factor: TransitionSystem,
    found_here: Distances,
    most: int,
    deadline: Deadline,
    rng: np.random.Generator,
) -> tuple[Integers, int, Integers, int, tuple[TransitionSystem, TransitionSystem], int]:
    """Return how abstraction and variable are shrunk, the states that are left, what they become, and for how many.

    They are shrunk for a product of ``most`` states, or of a half, a quarter ... as the memory asks.
    """
    while True:
        deadline.check("merge-and-shrink")
        limits = _limits(found.n_alive, found_here.n_alive, most)
        to, n_states = shrink(found, limits[0], rng)
        value_to, n_values = shrink(found_here, limits[1], rng)
        parts = image(system, to, n_states), image(factor, value_to, n_values)
        needed = _BYTES * (most_transitions(*parts) + n_states * n_values)
        if most == 1 or deadline.memory_bytes is None or needed <= deadline.memory_bytes:
            deadline.check_memory(needed, "merge-and-shrink")
            return to, n_states, value_to, n_values, parts, most
        most //= 2


def _limits(n_states: int, n_values: int, most: int) -> tuple[int, int]:
    """Return how many states of the abstraction and values of the variable may be left for a product of ``most``.

    If one of them is small the other is shrunk, else both, to the same number.
    """
    n_states, n_values, both = min(n_states, most), min(n_values, most), isqrt(most)
    if n_states * n_values <= most:
        return n_states, n_values
    if n_states <= both:
        return n_states, most // n_states
    return (most // n_values, n_values) if n_values <= both else (both, both)


def _through(table: Integers, to: Integers) -> Integers:
    """Return a table whose entries are mapped; -1 stays what it is."""
    return np.append(to, -1)[table]


def _flat(tables: Sequence[Integers]) -> npt.NDArray[np.signedinteger]:
    """Return all tables one after the other; entries but those of the last become places of rows."""
    starts = np.cumsum([0, *(table.size for table in tables)])
    rows = [
        np.where(table >= 0, start + table * following.shape[1], -1).ravel()
        for table, following, start in zip(tables, tables[1:], starts[1:], strict=False)
    ]
    return np.concatenate([*rows, tables[-1].ravel()]).astype(np.int32 if starts[-1] < 2**31 else np.int64)
