"""Greedy placements that keep the replicas of an expert on different GPUs: other starts for the local search.

EPLB gives all spare slots to the most loaded experts and packs their replicas as if they had nothing to do with
each other. Two that end up on one GPU spread nothing; the second one is an empty slot, which may be just what
balances. Where no GPU may hold an expert twice, a replica of the lightest expert is nearest to an empty slot.
So here f of the spare slots go to the lightest experts, for every f, and each replica, heaviest first, to the
lightest GPU with room that does not hold its expert yet; where there is none, to the lightest with room.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import Ids


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
    spare = n_slots - len(loads)
    counts, by_load = np.ones(len(loads), dtype=np.int64), np.argsort(loads, kind="stable")
    placed, largest = np.empty((spare + 1, n_slots), dtype=np.int64), np.empty(spare + 1)
    gpu_loads, fill = np.empty(n_gpus), np.empty(n_gpus, dtype=np.int64)
    for f in range(spare, -1, -1):
        filled = _filled(counts, by_load, f, n_gpus)
        share = loads / filled
        heaviest_first = np.argsort(-share, kind="stable")
        replicas = np.repeat(heaviest_first, filled[heaviest_first])
        _pack(replicas, share, gpu_loads, fill, placed[f])
        largest[f] = gpu_loads.max()
        counts[np.where(counts < n_gpus, loads / counts, -1.0).argmax()] += 1
    return placed, largest


def _filled(counts: Ids, by_load: Ids, f: int, n_gpus: int) -> Ids:
    """Return the counts with ``f`` replicas more of the lightest experts, on each GPU at most one if possible."""
    room = np.maximum(n_gpus - counts[by_load], 0)
    taken = np.diff(np.minimum(np.cumsum(room), f), prepend=0)
    taken[0] += f - taken.sum()
    filled = counts.copy()
    filled[by_load] += taken
    return filled


@kernel
def _pack(replicas, share, gpu_loads, fill, slots):
    """Fill the slots with the replicas, in their order."""
    n_gpus = gpu_loads.shape[0]
    size = slots.shape[0] // n_gpus
    gpu_loads[:] = 0.0
    fill[:] = 0
    for item in range(replicas.shape[0]):
        best, best_holds = -1, 1
        for gpu in range(n_gpus):
            if fill[gpu] == size:
                continue
            holds = 0
            for slot in range(gpu * size, gpu * size + fill[gpu]):
                holds |= slots[slot] == replicas[item]
            if best < 0 or holds < best_holds or (holds == best_holds and gpu_loads[gpu] < gpu_loads[best]):
                best, best_holds = gpu, holds
        slots[best * size + fill[best]] = replicas[item]
        gpu_loads[best] += share[replicas[item]]
        fill[best] += 1
