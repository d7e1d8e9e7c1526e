"""The policy ``local-search``: from several placements downhill, without needless duplicates on a GPU.

It starts from EPLB's placement and from the most even ones of :mod:`pdsearch.balance.placement.apart`, and keeps
the most even end:

1. An expert keeps at most one replica per GPU of its node: a second one there spreads nothing.
2. Swaps remove the duplicates a GPU still holds. As long as a GPU holds an expert twice, one that lacks it
   has a replica whose swap lowers the number of duplicates, so none is left.
3. Swaps between the fullest GPU and another, as long as they lower the larger load of the two.
4. A replica of another expert becomes one of an expert on the fullest GPU, then 3 again; kept if that lowers
   the largest load. Repeated until nothing does.

Steps 3 and 4 never raise the largest load, so the end is never worse than EPLB's placement if that has no
duplicates. Where it has some, 1 and 2 may cost balance that nothing wins back: of loads 4, 3, 1 in four slots on
two GPUs, EPLB serves 4 at most and no placement without duplicates less than 4.5.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import POLICIES, Cluster, Ids, Placement
from pdsearch.balance.placement.apart import packed_apart
from pdsearch.balance.placement.eplb import eplb

_STARTS = 4  # besides EPLB's: of 200 small cases 52 end above the optimum from 1, 24 from 4, 23 from 8
_TRIALS = 20_000  # replica moves tried per layer and node; keeps 58 layers of 288 slots within seconds


@POLICIES.add("local-search")
def local_search(loads: FloatArray, cluster: Cluster) -> Ids:
    """Return int64[n_layers, n_slots], the expert in each slot."""
    published = eplb(loads, cluster)
    ends = [improve(loads, start, cluster) for start in (published, *_apart(loads, published, cluster))]
    by_node = np.stack(ends).reshape(len(ends), len(loads), cluster.n_domains, -1)
    best = np.stack([_largest(loads, end, cluster) for end in ends]).argmin(axis=0)
    return np.take_along_axis(by_node, best[None, :, :, None], axis=0).reshape(published.shape)


def _apart(loads: FloatArray, published: Ids, cluster: Cluster) -> Ids:
    """Return int64[starts, n_layers, n_slots], greedy placements of each node's experts, the most even first."""
    gpus = cluster.n_gpus // cluster.n_domains
    by_node = published.reshape(len(loads), cluster.n_domains, -1)
    starts = np.empty((_STARTS, *by_node.shape), dtype=np.int64)
    for layer, row in enumerate(loads):
        for node, slots in enumerate(by_node[layer]):
            experts = np.unique(slots)
            placed, largest = packed_apart(row[experts], len(slots), gpus)
            best = np.argsort(largest, kind="stable")[np.arange(_STARTS) % len(largest)]
            starts[:, layer, node] = experts[placed[best]]
    return starts.reshape(_STARTS, *published.shape)


def _largest(loads: FloatArray, experts: Ids, cluster: Cluster) -> FloatArray:
    """Return float64[n_layers, n_domains], the largest load of a GPU of each node."""
    gpu_loads = Placement(experts, loads.shape[1], cluster.n_gpus).gpu_loads(loads)
    return np.asarray(gpu_loads.reshape(len(loads), cluster.n_domains, -1).max(axis=2))


def improve(loads: FloatArray, experts: Ids, cluster: Cluster) -> Ids:
    """Even out a placement, without two replicas of an expert on a GPU where that is avoidable.

    Parameters
    ----------
    loads : float64[n_layers, n_experts]
        Expected loads.
    experts : int64[n_layers, n_slots]
        Where to start; what lies on a node stays there if the cluster is hierarchical.
    cluster : Cluster
        Slots, GPUs, nodes.

    Returns
    -------
    int64[n_layers, n_slots]
        A new array; never less even than the start, once that has its duplicates separated.

    Examples
    --------
    >>> cluster = Cluster(n_slots=4, n_gpus=2)
    >>> improve(np.array([[4.0, 2.0, 1.0]]), np.array([[0, 0, 1, 2]]), cluster)
    array([[1, 0, 0, 2]])
    """
    improved = experts.reshape(len(loads), cluster.n_domains, -1).copy()
    gpus = cluster.n_gpus // cluster.n_domains
    counts = np.empty(loads.shape[1], dtype=np.int64)
    trial_counts, shares = np.empty_like(counts), np.empty(loads.shape[1])
    trial, gpu_loads = np.empty(improved.shape[2], dtype=np.int64), np.empty(gpus)
    for layer, row in enumerate(loads):
        for slots in improved[layer]:
            counts[:] = np.bincount(slots, minlength=len(row))
            _separate(row, slots, counts, shares, gpu_loads)
            _search(row, slots, counts, trial, trial_counts, shares, gpu_loads, _TRIALS)
    return improved.reshape(experts.shape)


@kernel
def _holds(slots, gpu, size, expert):
    """Count the replicas of an expert on one GPU."""
    held = 0
    for slot in range(gpu * size, gpu * size + size):
        held += slots[slot] == expert
    return held


@kernel
def _sum_loads(loads, slots, counts, shares, gpu_loads):
    """Recompute what each GPU serves; return the largest."""
    size = slots.shape[0] // gpu_loads.shape[0]
    for expert in range(loads.shape[0]):
        shares[expert] = loads[expert] / max(counts[expert], 1)
    worst = 0.0
    for gpu in range(gpu_loads.shape[0]):
        total = 0.0
        for slot in range(gpu * size, gpu * size + size):
            total += shares[slots[slot]]
        gpu_loads[gpu] = total
        worst = max(worst, total)
    return worst


@kernel
def _separate(loads, slots, counts, shares, gpu_loads):
    """Steps 1 and 2: no expert with more replicas than GPUs, none twice on one GPU, where avoidable."""
    n_gpus = gpu_loads.shape[0]
    size = slots.shape[0] // n_gpus
    for slot in range(slots.shape[0]):
        if counts[slots[slot]] > n_gpus and _holds(slots, slot // size, size, slots[slot]) > 1:
            best, top = -1, -1.0
            for expert in range(loads.shape[0]):
                if 0 < counts[expert] < n_gpus and loads[expert] / counts[expert] > top:
                    best, top = expert, loads[expert] / counts[expert]
            if best >= 0:
                counts[slots[slot]] -= 1
                counts[best] += 1
                slots[slot] = best
    _sum_loads(loads, slots, counts, shares, gpu_loads)
    for slot in range(slots.shape[0]):
        while _holds(slots, slot // size, size, slots[slot]) > 1:
            other = _best_exchange(slots, shares, gpu_loads, slot, size)
            if other < 0:
                break
            slots[slot], slots[other] = slots[other], slots[slot]
            _sum_loads(loads, slots, counts, shares, gpu_loads)


@kernel
def _best_exchange(slots, shares, gpu_loads, slot, size):
    """Find the swap that leaves fewer duplicates and the least larger load of the two GPUs; -1 for none."""
    gpu, expert = slot // size, slots[slot]
    best, value = -1, np.inf
    for other in range(slots.shape[0]):
        there = other // size
        if there == gpu or _holds(slots, there, size, expert) > 0:
            continue
        gained = 1 - (_holds(slots, gpu, size, slots[other]) > 0) + (_holds(slots, there, size, slots[other]) > 1)
        change = shares[expert] - shares[slots[other]]
        larger = max(gpu_loads[gpu] - change, gpu_loads[there] + change)
        if gained > 0 and larger < value:
            best, value = other, larger
    return best


@kernel
def _may_swap(slots, size, one, other):
    """Say whether two slots can swap without either GPU holding an expert twice because of it."""
    return _holds(slots, one // size, size, slots[other]) == 0 and _holds(slots, other // size, size, slots[one]) == 0


@kernel
def _swap_downhill(slots, shares, gpu_loads):
    """Step 3; return the largest load."""
    n_gpus = gpu_loads.shape[0]
    size = slots.shape[0] // n_gpus
    while True:
        full = 0
        for gpu in range(1, n_gpus):
            if gpu_loads[gpu] > gpu_loads[full]:
                full = gpu
        # A gain must be larger than rounding, so that the descent ends.
        value, mine, theirs = gpu_loads[full] * (1 - 1e-12), -1, -1
        for one in range(full * size, full * size + size):
            for other in range(slots.shape[0]):
                change = shares[slots[one]] - shares[slots[other]]
                larger = max(gpu_loads[full] - change, gpu_loads[other // size] + change)
                if change > 0 and larger < value and _may_swap(slots, size, one, other):
                    value, mine, theirs = larger, one, other
        if mine < 0:
            return gpu_loads[full]
        change = shares[slots[mine]] - shares[slots[theirs]]
        gpu_loads[full] -= change
        gpu_loads[theirs // size] += change
        slots[mine], slots[theirs] = slots[theirs], slots[mine]


@kernel
def _search(loads, slots, counts, trial, trial_counts, shares, gpu_loads, trials):
    """Steps 3 and 4, in place."""
    _sum_loads(loads, slots, counts, shares, gpu_loads)
    _swap_downhill(slots, shares, gpu_loads)
    while trials > 0:
        worst = _sum_loads(loads, slots, counts, shares, gpu_loads)
        trials, improved = _move_a_replica(
            loads, slots, counts, trial, trial_counts, shares, gpu_loads, trials, worst * (1 - 1e-12)
        )
        if not improved:
            break


@kernel
def _move_a_replica(loads, slots, counts, trial, trial_counts, shares, gpu_loads, trials, limit):
    """Step 4 once: take the first move below the limit; return the trials left and whether there was one."""
    size = slots.shape[0] // gpu_loads.shape[0]
    full = 0
    for gpu in range(1, gpu_loads.shape[0]):
        if gpu_loads[gpu] > gpu_loads[full]:
            full = gpu
    for source in range(full * size, full * size + size):
        gains = slots[source]  # the expert that gets a replica more
        for slot in range(slots.shape[0]):
            loses = slots[slot]
            if counts[loses] < 2 or loads[loses] / (counts[loses] - 1) >= limit:
                continue
            if trials == 0 or _holds(slots, slot // size, size, gains) > 0:
                continue
            trials -= 1
            _copy(slots, trial)
            _copy(counts, trial_counts)
            trial[slot] = gains
            trial_counts[gains] += 1
            trial_counts[loses] -= 1
            _sum_loads(loads, trial, trial_counts, shares, gpu_loads)
            _swap_downhill(trial, shares, gpu_loads)
            if _sum_loads(loads, trial, trial_counts, shares, gpu_loads) < limit:
                _copy(trial, slots)
                _copy(trial_counts, counts)
                return trials, True
    return trials, False


@kernel
def _copy(source, target):
    """Copy without the temporary that a slice assignment would allocate."""
    for i in range(source.shape[0]):
        target[i] = source[i]
