"""The loop of merge-and-shrink: shrink the abstraction, multiply the next variable into it, reduce labels.

Operators that no variable still to come can tell apart, of one cost, are one label: exact label reduction with
respect to the abstraction, which with a linear order is all that its size depends on. Cases of conditional effects
are labels of their own where that makes them exact, see :mod:`pdsearch.domains.planning.labels`.

Source: Helmert, Haslum and Hoffmann (2007), ICAPS (linear merge-and-shrink); Sievers, Wehrle and Helmert (2014),
"Generalized label reduction for merge-and-shrink heuristics", AAAI (exact label reduction).
"""

from __future__ import annotations

from math import isqrt

import numpy as np

from pdsearch.domains.planning.abstract_distances import Distances, distances
from pdsearch.domains.planning.factors import factors
from pdsearch.domains.planning.labels import label_steps
from pdsearch.domains.planning.merged import Merged, merged
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
from pdsearch.limits import NO_DEADLINE, Deadline

_SEED = 2007
MOVE_BYTES = 64  # of a transition while a product is made and its distances found: 54 to 66 measured
_ENTRY_BYTES = 32  # of an entry of a table, so that all tables take a quarter of the memory while they are made


def merge(
    task: SasTask, most: int, deadline: Deadline = NO_DEADLINE, everywhere: bool = False, apart: bool = False
) -> tuple[Merged, int]:
    """Return a merge-and-shrink abstraction of a task, and the most states that a product was allowed to have.

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
    apart : bool, optional
        Operators keep transitions of their own, so that they may be given other costs than those of the task. Else
        the transitions of an operator are those of all that cost as much.

    Raises
    ------
    TimeLimitError, MemoryLimitError
        If the deadline passes, or not even products of few states fit its memory.
    """
    rng = np.random.default_rng(_SEED)
    parts = factors(task, deadline)
    costs = np.array([operator.cost for operator in task.operators], np.int64)
    steps, of_operator = label_steps(parts, costs, apart, deadline)
    system = point(int((steps[0].before if steps else of_operator).max(initial=-1)) + 1)
    found = Distances(np.zeros(1, np.int64), np.zeros(1, np.int64))
    tables = [np.zeros((1, 1), np.int64)]
    if deadline.memory_bytes is not None:
        most = max(1, min(most, deadline.memory_bytes // (_ENTRY_BYTES * max(1, len(parts)))))
    least = most
    for part, labels in zip(parts.values(), steps, strict=True):
        deadline.check("merge-and-shrink")
        system = system._replace(group=system.group[labels.before])
        factor = part.system._replace(group=labels.group)
        found_here = distances(factor, labels.cost, deadline, everywhere)
        to, n_states, value_to, n_values, factors_, allowed = _shrunk(
            system, found, factor, found_here, most, deadline, rng
        )
        least = min(least, allowed)
        tables[-1] = _through(tables[-1], to)
        tables.append(np.where(value_to >= 0, np.arange(n_states)[:, None] * n_values + value_to, -1))
        system = product(*factors_, labels.reduced)
        found = distances(system, labels.cost_after, deadline, everywhere)
    to = np.where(found.alive, np.cumsum(found.alive) - 1, -1)
    tables[-1] = _through(tables[-1], to)
    ours = tables[1:] or tables  # without variables there is one state
    return merged(image(system, to, found.n_alive), of_operator, np.array(list(parts), np.int64), ours), least


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
        needed = MOVE_BYTES * (most_transitions(*parts) + n_states * n_values)
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
