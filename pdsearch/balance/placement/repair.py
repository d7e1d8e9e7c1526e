"""The placement in use, made to fit: what GPUs hold stays, experts of lost slots come back, spare slots are filled."""

from __future__ import annotations

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.placement import Ids
from pdsearch.balance.placement._state import Problem


def repaired(problem: Problem, pinned: Ids) -> Ids:
    """Return slots with what the GPUs hold already, the pins, what would be lost, and more replicas in spare slots.

    Parameters
    ----------
    problem : Problem
        ``old`` says what each GPU holds.
    pinned : int64[n_slots]
        The expert that must be in a slot, -1 for none.

    Returns
    -------
    int64[n_slots]
        Every expert at least once, if the slots that are not pinned are enough.

    Examples
    --------
    Two GPUs of two slots; the first has lost one of its three experts, the second has a slot more than it had:

    >>> from pdsearch.balance.placement._state import new_problem
    >>> old = np.array([[True, True, True, False], [False, False, False, True]])
    >>> problem = new_problem(np.array([4.0, 3.0, 2.0, 1.0]), np.array([2, 2]), old=old)
    >>> repaired(problem, np.full(4, -1)).tolist()
    [0, 1, 3, 2]
    """
    slots = pinned.astype(np.int64)
    heaviest = np.argsort(-problem.loads, kind="stable")
    holds = np.zeros((len(problem.pace), len(problem.loads)), np.bool_)
    counts, times = np.zeros(len(problem.loads), np.int64), np.zeros(len(problem.pace))
    _repair(problem, heaviest, problem.old.sum(axis=0), slots, holds, counts, times)
    return slots


@kernel
def _repair(problem, heaviest, elsewhere, slots, holds, counts, times):
    """Fill the slots below 0; ``holds`` and ``counts`` begin at zero."""
    for slot in range(slots.shape[0]):
        if slots[slot] >= 0:
            _enter(problem, slots[slot], slot, slots, holds, counts)
    for gpu in range(holds.shape[0]):
        _keep(problem, heaviest, elsewhere, gpu, slots, holds, counts)
    for i in range(heaviest.shape[0]):
        if counts[heaviest[i]] == 0:
            _bring_back(problem, heaviest[i], slots, holds, counts, times)
    for slot in range(slots.shape[0]):
        if slots[slot] < 0:
            _fill(problem, slot, slots, holds, counts)


@kernel
def _enter(problem, expert, slot, slots, holds, counts):
    slots[slot] = expert
    holds[problem.gpu[slot], expert] = True
    counts[expert] += 1


@kernel
def _keep(problem, heaviest, elsewhere, gpu, slots, holds, counts):
    """Let a GPU keep what it holds, heaviest first, those that nobody else has before the others."""
    slot, end = problem.first[gpu], problem.first[gpu + 1]
    for is_shared in (False, True):
        for i in range(heaviest.shape[0]):
            expert = heaviest[i]
            if holds[gpu, expert] or not problem.old[gpu, expert] or (elsewhere[expert] > 1) != is_shared:
                continue
            while slot < end and slots[slot] >= 0:
                slot += 1
            if slot == end:
                return
            _enter(problem, expert, slot, slots, holds, counts)


@kernel
def _bring_back(problem, expert, slots, holds, counts, times):
    """Put an expert nobody has in the empty slot whose GPU takes least time, or in place of what is missed least."""
    times[:] = 0.0
    for gpu in range(holds.shape[0]):
        for other in range(holds.shape[1]):
            if holds[gpu, other]:
                times[gpu] += problem.loads[other] / counts[other] * problem.pace[gpu]
    best, least, is_empty = -1, np.inf, False
    for slot in range(slots.shape[0]):
        held = slots[slot]
        if held < 0:
            if not is_empty or times[problem.gpu[slot]] < least:
                best, least, is_empty = slot, times[problem.gpu[slot]], True
        elif not is_empty and counts[held] > 1 and not problem.locked[slot]:
            missed = problem.loads[held] / (counts[held] - 1)
            if missed < least:
                best, least = slot, missed
    if not is_empty:
        holds[problem.gpu[best], slots[best]] = False
        counts[slots[best]] -= 1
    _enter(problem, expert, best, slots, holds, counts)


@kernel
def _fill(problem, slot, slots, holds, counts):
    """Fill a slot with the expert of largest load per replica; with one the GPU had, if there is such a one."""
    gpu = problem.gpu[slot]
    best, most, was_there = 0, -1.0, False
    for expert in range(counts.shape[0]):
        if holds[gpu, expert]:
            continue
        share, had = problem.loads[expert] / counts[expert], problem.old[gpu, expert]
        if (had and not was_there) or (had == was_there and share > most):
            best, most, was_there = expert, share, had
    _enter(problem, best, slot, slots, holds, counts)
