"""The policy ``few-moves``: from the placement there is, the changes that gain most for each expert moved.

As long as moves are left, one of two changes is made, both on the fullest GPU:

* swap one of its replicas with a replica of another GPU;
* give an expert of it one more replica, in the slot of an expert that has another one.

Of all changes after which each GPU they touch has less than the fullest had before, the one is taken that lowers the
larger of them most per expert that a GPU gets and did not hold when the search began. The largest load never rises.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import Cluster, Ids
from pdsearch.balance.replay.policies import POLICIES, FromTheFirstMap
from pdsearch.errors import BadInputError


@POLICIES.add("few-moves")
@dataclass(frozen=True)
class FewMoves(FromTheFirstMap):
    """A few changes a layer.

    Parameters
    ----------
    moves : int
        Experts that GPUs of a layer get at most, each time.
    """

    moves: int = 16

    def __post_init__(self) -> None:
        if self.moves < 1:
            raise BadInputError(f"moves is {self.moves}; give at least 1")

    def target(self, expected: FloatArray, current: Ids, cluster: Cluster) -> Ids:
        """Return int64[n_layers, n_slots]; experts stay on their node if the cluster is hierarchical."""
        domains, n_experts = cluster.n_domains, expected.shape[1]
        experts = current.reshape(len(current), domains, -1).copy()
        gpus, size = cluster.n_gpus // domains, experts.shape[2]
        counts, held = np.empty(n_experts, dtype=np.int64), np.empty((gpus, n_experts), dtype=np.int64)
        before, shares = np.empty((gpus, n_experts), dtype=np.bool_), np.empty(n_experts)
        gpu_loads, change = np.empty(gpus), np.empty(3, dtype=np.int64)
        for layer, row in enumerate(expected):
            for slots in experts[layer]:
                _improve(row, slots, size // gpus, self.moves, counts, held, before, shares, gpu_loads, change)
        return experts.reshape(current.shape)


@kernel
def _improve(loads, slots, size, moves, counts, held, before, shares, gpu_loads, change):
    counts[:] = 0
    held[:] = 0
    for slot in range(slots.shape[0]):
        counts[slots[slot]] += 1
        held[slot // size, slots[slot]] += 1
    for gpu in range(held.shape[0]):
        for expert in range(held.shape[1]):
            before[gpu, expert] = held[gpu, expert] > 0
    while moves > 0:
        full = _sum(loads, slots, size, counts, shares, gpu_loads)
        change[2] = 0
        value = _best_swap(slots, size, held, before, shares, gpu_loads, full, moves, change)
        _best_replica(loads, slots, size, counts, held, before, shares, gpu_loads, full, value, change)
        if change[2] == 0:
            break
        moves -= _apply(slots, size, counts, held, before, change)


@kernel
def _sum(loads, slots, size, counts, shares, gpu_loads):
    """Recompute what each GPU serves; return the fullest."""
    for expert in range(loads.shape[0]):
        shares[expert] = loads[expert] / max(counts[expert], 1)
    gpu_loads[:] = 0.0
    for slot in range(slots.shape[0]):
        gpu_loads[slot // size] += shares[slots[slot]]
    full = 0
    for gpu in range(1, gpu_loads.shape[0]):
        if gpu_loads[gpu] > gpu_loads[full]:
            full = gpu
    return full


@kernel
def _best_swap(slots, size, held, before, shares, gpu_loads, full, moves, change):
    """Put the best swap into ``change`` and return its gain per move; kind 1, two slots."""
    value, limit = 0.0, gpu_loads[full] * (1 - 1e-9)
    for slot in range(full * size, full * size + size):
        for other in range(slots.shape[0]):
            gpu = other // size
            moved = shares[slots[slot]] - shares[slots[other]]
            if gpu == full or moved <= 0.0:
                continue
            larger = max(gpu_loads[full] - moved, gpu_loads[gpu] + moved)
            if larger >= limit or held[gpu, slots[slot]] > 0 or held[full, slots[other]] > 0:
                continue
            needed = (not before[gpu, slots[slot]]) + (not before[full, slots[other]])
            gain = (gpu_loads[full] - larger) / max(needed, 0.5)
            if needed <= moves and gain > value:
                value = gain
                change[0], change[1], change[2] = slot, other, 1
    return value


@kernel
def _best_replica(loads, slots, size, counts, held, before, shares, gpu_loads, full, value, change):
    """Put the best new replica into ``change`` if it gains more per move; kind 2, the slot that gives and that gets."""
    limit = gpu_loads[full] * (1 - 1e-9)
    for slot in range(full * size, full * size + size):
        expert = slots[slot]
        less = loads[expert] / (counts[expert] + 1)
        for other in range(slots.shape[0]):
            loses, gpu = slots[other], other // size
            if counts[loses] < 2 or loses == expert or held[gpu, expert] > 0:
                continue
            more = loads[loses] / (counts[loses] - 1)
            larger = 0.0
            for touched in range(gpu_loads.shape[0]):
                if held[touched, loses] == 0 and touched != gpu and touched != full:
                    continue
                load = gpu_loads[touched] + held[touched, loses] * (more - shares[loses])
                load -= held[touched, expert] * (shares[expert] - less)
                if touched == gpu:
                    load += less - more
                larger = max(larger, load)
            gain = (gpu_loads[full] - larger) / (0.5 if before[gpu, expert] else 1.0)
            if larger < limit and gain > value:
                value = gain
                change[0], change[1], change[2] = slot, other, 2


@kernel
def _apply(slots, size, counts, held, before, change):
    """Make the change; return the experts that a GPU gets by it."""
    one, other = change[0], change[1]
    gains, loses, gpu, full = slots[one], slots[other], other // size, one // size
    slots[other] = gains
    held[gpu, gains] += 1
    held[gpu, loses] -= 1
    needed = int(not before[gpu, gains])
    if change[2] == 1:
        slots[one] = loses
        held[full, gains] -= 1
        held[full, loses] += 1
        needed += int(not before[full, loses])
    else:
        counts[gains] += 1
        counts[loses] -= 1
    return needed
