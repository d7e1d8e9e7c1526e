"""Greedy placements that keep the replicas of an expert on different GPUs: other starts for the local search.

EPLB gives all spare slots to the most loaded experts and packs their replicas as if they had nothing to do with
each other. Two that end up on one GPU spread nothing; the second one is an empty slot, which may be just what
balances. Where no GPU may hold an expert twice, a replica of the lightest expert is nearest to an empty slot.
So here f of the spare slots go to the lightest experts, for every f, and each replica, heaviest first, to the GPU
with room that does not hold its expert yet and then takes least time; where there is none, to the best with room.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import Ids
from pdsearch.balance.placement._state import Problem, new_problem


def packed_apart(loads: FloatArray, n_slots: int, n_gpus: int) -> tuple[Ids, FloatArray]:
    """Place the experts of one node once for every number of slots given to the lightest.

    Parameters
    ----------
    loads : float64[n_experts]
        Expected loads.
    n_slots, n_gpus : int
        Of the node.

    Returns
    -------
    int64[n_slots - n_experts + 1, n_slots], float64[n_slots - n_experts + 1]
        The expert in each slot, row f with f slots for the lightest; and the largest load of a GPU.

    Examples
    --------
    >>> packed_apart(np.array([4.0, 2.0, 1.0]), n_slots=4, n_gpus=2)
    (array([[0, 1, 0, 2],
           [0, 2, 1, 2]]), array([4. , 4.5]))
    """
    problem = new_problem(loads, np.full(n_gpus, n_slots // n_gpus))
    return pack(problem, np.full(n_slots, -1, np.int64))


def pack(problem: Problem, pinned: Ids, rows: int | None = None) -> tuple[Ids, FloatArray]:
    """Place experts once for every number of slots given to the lightest, or for some numbers from 0 to all.

    Parameters
    ----------
    problem : Problem
    pinned : int64[n_slots]
        The expert that must be in a slot, -1 for none; those of a GPU come first.
    rows : int, optional
        How many numbers, about; evenly spread over their logarithms.

    Returns
    -------
    int64[rows, n_slots], float64[rows]
        Placements and their longest times, as of :func:`packed_apart`.
    """
    n_experts, n_gpus = len(problem.loads), len(problem.pace)
    counts = np.maximum(np.bincount(pinned[pinned >= 0], minlength=n_experts), 1)
    spare = len(pinned) - int(counts.sum())
    light = np.arange(spare + 1)
    if rows is not None and spare >= rows:
        light = np.unique(np.rint(np.geomspace(1, spare + 1, rows)).astype(np.int64)) - 1
    placed, longest = np.empty((len(light), len(pinned)), np.int64), np.empty(len(light))
    ids = np.empty((4, n_experts), np.int64)
    ids[0], ids[1], ids[2] = counts, np.argsort(problem.loads, kind="stable"), np.argsort(-problem.loads, kind="stable")
    holds, fill = np.empty((n_gpus, n_experts), np.bool_), np.empty(n_gpus, np.int64)
    pack_each(problem, pinned, light, ids, np.empty(n_experts), np.empty(n_gpus), holds, fill, placed, longest)
    return placed, longest


@kernel
def pack_each(problem, pinned, light, ids, share, load, holds, fill, placed, longest):
    """Fill a row of ``placed`` for each of ``light``; ``ids`` are counts, experts by load, by share, and scratch."""
    counts, by_load, by_share, filled = ids[0], ids[1], ids[2], ids[3]
    gpus = 0
    for gpu in range(fill.shape[0]):
        gpus += problem.first[gpu + 1] > problem.first[gpu]
    row = light.shape[0] - 1
    for f in range(light[row], -1, -1):
        if f == light[row]:
            _fill_lightest(counts, by_load, f, gpus, filled)
            _sort_by_share(problem.loads, filled, share, by_share)
            longest[row] = _pack(problem, pinned, by_share, filled, share, load, holds, fill, placed[row])
            row -= 1
            if row < 0:
                break
        best, top = 0, -1.0
        for expert in range(counts.shape[0]):
            value = problem.loads[expert] / counts[expert]
            if counts[expert] < gpus and value > top:
                best, top = expert, value
        counts[best] += 1


@kernel
def _fill_lightest(counts, by_load, f, gpus, filled):
    """Give ``f`` replicas more to the lightest experts, on each GPU at most one if possible."""
    left = f
    for i in range(by_load.shape[0]):
        expert = by_load[i]
        taken = min(left, max(gpus - counts[expert], 0))
        filled[expert] = counts[expert] + taken
        left -= taken
    filled[by_load[0]] += left


@kernel
def _sort_by_share(loads, filled, share, order):
    """Sort by share, largest first, ties to the lower id; by insertion, as the order changes little each time."""
    for expert in range(loads.shape[0]):
        share[expert] = loads[expert] / filled[expert]
    for i in range(1, order.shape[0]):
        expert, j = order[i], i
        while j > 0 and (
            share[order[j - 1]] < share[expert] or (share[order[j - 1]] == share[expert] and order[j - 1] > expert)
        ):
            order[j] = order[j - 1]
            j -= 1
        order[j] = expert


@kernel
def _pack(problem, pinned, by_share, filled, share, load, holds, fill, slots):
    """Put the replicas in slots, pinned ones first; return the longest time."""
    load[:] = 0.0
    holds[:] = False
    for gpu in range(fill.shape[0]):
        fill[gpu] = problem.first[gpu]
        while fill[gpu] < problem.first[gpu + 1] and pinned[fill[gpu]] >= 0:
            expert = pinned[fill[gpu]]
            slots[fill[gpu]] = expert
            load[gpu] += share[expert]
            holds[gpu, expert] = True
            filled[expert] -= 1
            fill[gpu] += 1
    for i in range(by_share.shape[0]):
        expert = by_share[i]
        for _ in range(filled[expert]):
            best, least, held = -1, np.inf, True
            for gpu in range(fill.shape[0]):
                if fill[gpu] == problem.first[gpu + 1] or (holds[gpu, expert] and not held):
                    continue
                time = (load[gpu] + share[expert]) * problem.pace[gpu]
                if time < least or (held and not holds[gpu, expert]):
                    best, least, held = gpu, time, holds[gpu, expert]
            slots[fill[best]] = expert
            load[best] += share[expert]
            holds[best, expert] = True
            fill[best] += 1
    longest = 0.0
    for gpu in range(load.shape[0]):
        longest = max(longest, load[gpu] * problem.pace[gpu])
    return longest
