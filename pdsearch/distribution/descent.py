"""Coordinate descent over partitions and multipliers, by what they do to a sample of states and moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel

Integers = npt.NDArray[np.int64]
PER_DESTINATION = 0.01  # what another rank to send to costs, in nodes sent per node generated
SPANS = 8  # of a sample in the order of the search, each of which is to be balanced
_STARTS, _SWEEPS = 4, 6
_ALL, _SOME = 64, 24  # multipliers: all of them up to so many ranks, else some
_EXTREME = 2.2  # the largest of about fifty normal deviates
_BEYOND = 10.0  # what LB beyond its bound costs, per factor of e
_IDLE = 1.0  # what it would cost if all ranks were idle


class Choice(NamedTuple):
    """What a partition of a variable says of a sample.

    Attributes
    ----------
    variable : int
        Whose values it is a partition of.
    n_parts : int
        Parts, those that no state of the sample is in included.
    parts, steps : int64[n_states]
        The number of the part of each state, and what a move out of each adds to it.
    """

    variable: int
    n_parts: int
    parts: Integers
    steps: Integers


def descend(choices: Sequence[Choice], n_ranks: int, most_lb: float, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return which choices to take, at most one a variable, and with which multipliers."""
    if not choices:
        return []
    found = [_from_random_order(choices, n_ranks, most_lb, rng) for _ in range(_STARTS)]
    return min(found, key=lambda cost_and_taken: cost_and_taken[0])[1]


def _from_random_order(
    choices: Sequence[Choice], n_ranks: int, most_lb: float, rng: np.random.Generator
) -> tuple[float, list[tuple[int, int]]]:
    """Descend from nothing taken, the variables in random order."""
    variables = sorted({choice.variable for choice in choices})
    taken: dict[int, tuple[int, int]] = {}
    owners, steps = np.zeros((2, len(choices[0].parts)), np.int64)
    cost = np.inf
    for _ in range(_SWEEPS):
        before = cost
        for variable in rng.permutation(variables).tolist():
            at, multiplier = taken.pop(variable, (0, 0))
            owners = (owners - choices[at].parts * multiplier) % n_ranks
            steps = (steps - choices[at].steps * multiplier) % n_ranks
            tried = _multipliers(n_ranks, multiplier, rng)
            own = [i for i, choice in enumerate(choices) if choice.variable == variable]
            costs = np.array([_costs(choices[i], tried, owners, steps, n_ranks, most_lb) for i in own])
            best, column = np.unravel_index(int(costs.argmin()), costs.shape)
            cost, at, multiplier = float(costs[best, column]), own[best], int(tried[column])
            owners = (owners + choices[at].parts * multiplier) % n_ranks
            steps = (steps + choices[at].steps * multiplier) % n_ranks
            if multiplier:
                taken[variable] = at, multiplier
        if cost >= before:
            break
    return cost, list(taken.values())


def _multipliers(n_ranks: int, present: int, rng: np.random.Generator) -> Integers:
    """Return 0, which leaves a variable out, the one it has, and all others or some of them."""
    if n_ranks <= _ALL:
        return np.arange(n_ranks)
    return np.array([0, present, *rng.integers(1, n_ranks, size=_SOME).tolist()], np.int64)


def _costs(
    choice: Choice, multipliers: Integers, owners: Integers, steps: Integers, n_ranks: int, most_lb: float
) -> npt.NDArray[np.float64]:
    """Return the cost of taking a choice with each multiplier: float64[n_multipliers]."""
    counts, met = np.zeros((2, n_ranks), np.int64)
    squares, idle, sent, others = np.zeros((4, len(multipliers)), np.int64)
    numbers = np.arange(choice.n_parts)
    added = numbers * multipliers[:, None] % n_ranks  # by number of the part
    _count_loads(choice.parts, added, owners, counts, met, squares, idle)
    added = np.concatenate([added, -numbers[:0:-1] * multipliers[:, None] % n_ranks], axis=1)  # by step, from 0 to -1
    _count_sent(choice.steps, added, steps, counts, sent, others)
    beyond = np.maximum(np.log(load_balance(squares, len(owners), n_ranks) / most_lb), 0.0)
    costs: npt.NDArray[np.float64] = (
        sent / len(steps) + PER_DESTINATION * others + _BEYOND * beyond + _IDLE * idle / n_ranks
    )
    return costs


def load_balance(squares: Integers, n_states: int, n_ranks: int) -> npt.NDArray[np.float64]:
    """Return LB as estimated from the squares of ranks' states, added up over the spans, less what chance would give.

    Where loads change from span to span they are going to change later, too.

    >>> load_balance(np.array([SPANS * 500**2 * 2]), SPANS * 1000, 2).tolist()
    [1.0]
    """
    mean = n_states / n_ranks / SPANS
    spread = squares / n_ranks / SPANS / mean**2 - 1 - 1 / mean
    balance: npt.NDArray[np.float64] = 1 + _EXTREME * np.sqrt(np.maximum(spread, 0.0))
    return balance


@kernel
def _count_loads(parts, added, owners, counts, met, squares, idle):
    """Add up, for each row of ``added``, the squares of the ranks' loads in each span, and the ranks without any.

    ``counts`` and ``met`` (int64[n_ranks]) are scratch, all zero before and after.
    """
    n_ranks, n = len(counts), len(parts)
    for m in range(len(added)):
        for span in range(SPANS):
            for i in range(span * n // SPANS, (span + 1) * n // SPANS):
                owner = owners[i] + added[m, parts[i]]
                counts[owner if owner < n_ranks else owner - n_ranks] += 1
            for rank in range(n_ranks):
                squares[m] += counts[rank] * counts[rank]
                met[rank] += counts[rank]
                counts[rank] = 0
        for rank in range(n_ranks):
            idle[m] += met[rank] == 0
            met[rank] = 0


@kernel
def _count_sent(moved, added, steps, counts, sent, others):
    """Add up, for each row of ``added``, the moves that change the owner, and by how many different numbers."""
    n_ranks = len(counts)
    for m in range(len(added)):
        for i in range(len(moved)):
            step = steps[i] + added[m, moved[i]]  # a negative step counts from the end
            counts[step if step < n_ranks else step - n_ranks] += 1
        sent[m] = len(moved) - counts[0]
        counts[0] = 0
        for rank in range(1, n_ranks):
            others[m] += counts[rank] > 0
            counts[rank] = 0
