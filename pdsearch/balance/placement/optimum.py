"""The policy ``optimum``: the least largest load there is, for small cases.

All ways to choose the numbers of replicas are put in the order of a lower bound; each
is packed by depth-first branch and bound, from the local search's placement as the first bound.

The bound: of the k n + 1 largest replicas, one of the n GPUs holds k + 1, and then its other slots hold at
least the smallest ones. For two slots a GPU that is the fold pairing, which is optimal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import POLICIES, Cluster, Ids, Placement
from pdsearch.balance.placement.local_search import local_search
from pdsearch.errors import BadInputError

_MAX_COUNTS = 200_000
_MAX_NODES = 50_000_000  # of the branch and bound, per layer: about a second


@POLICIES.add("optimum")
def optimum(loads: FloatArray, cluster: Cluster) -> Ids:
    """Return int64[n_layers, n_slots], an exact optimum among the placements without avoidable duplicates.

    Raises
    ------
    BadInputError
        If groups must stay on nodes, or the case is too large.
    """
    _check_size(loads.shape[1], cluster)
    start = local_search(loads, cluster)
    separate = cluster.slots_per_gpu <= loads.shape[1]  # otherwise some GPU holds an expert twice anyway
    return np.stack([_solve(row, slots, cluster, separate) for row, slots in zip(loads, start, strict=True)])


def least_possible(loads: FloatArray, cluster: Cluster) -> FloatArray:
    """Return float64[n_layers], the least largest load of a GPU of all placements, duplicates on a GPU allowed.

    Raises
    ------
    BadInputError
        As for the policy.

    Examples
    --------
    >>> least_possible(np.array([[4.0, 3.0, 1.0]]), Cluster(n_slots=4, n_gpus=2))
    array([4.])
    """
    _check_size(loads.shape[1], cluster)
    start = local_search(loads, cluster)
    best = np.stack([_solve(row, slots, cluster, False) for row, slots in zip(loads, start, strict=True)])
    return np.asarray(Placement(best, loads.shape[1], cluster.n_gpus).gpu_loads(loads).max(axis=1))


def _check_size(n_experts: int, cluster: Cluster) -> None:
    if cluster.is_hierarchical and cluster.n_nodes > 1:
        raise BadInputError(
            f"the exact optimum places globally, not {cluster.n_groups} groups on {cluster.n_nodes} nodes; "
            "use local-search, or one node and one group"
        )
    spare = cluster.n_slots - n_experts
    if math.comb(spare + n_experts - 1, spare) > _MAX_COUNTS:
        raise BadInputError(
            f"{n_experts} experts in {cluster.n_slots} slots have over {_MAX_COUNTS} choices of replicas, "
            "too many for the exact optimum; use local-search"
        )


def _solve(loads: FloatArray, start: Ids, cluster: Cluster, separate: bool) -> Ids:
    placement = Placement(start[None], len(loads), cluster.n_gpus)
    best, bound = start, float(placement.gpu_loads(loads).max())
    candidates = sorted(
        (_lower_bound(shares, cluster), counts, shares, experts)
        for counts, shares, experts in _choices(loads, cluster, separate)
    )
    left = _MAX_NODES
    for lower, _, shares, experts in candidates:
        if lower >= bound * (1 - 1e-12):
            break
        packed, bound, left = _pack(np.array(shares), np.array(experts), cluster, separate, bound, left)
        best = best if packed is None else packed
    return best


def _choices(
    loads: FloatArray, cluster: Cluster, separate: bool
) -> Iterator[tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...]]]:
    """Yield all numbers of replicas with their shares, largest first, and the experts they belong to."""
    n_experts, spare = len(loads), cluster.n_slots - len(loads)
    for bars in combinations(range(spare + n_experts - 1), n_experts - 1):
        edges = (-1, *bars, spare + n_experts - 1)
        counts = tuple(after - before for before, after in pairwise(edges))
        if separate and max(counts) > cluster.n_gpus:
            continue
        share = loads / counts
        experts = sorted(np.repeat(np.arange(n_experts), counts).tolist(), key=lambda e: (-share[e], e))
        yield counts, tuple(float(share[e]) for e in experts), tuple(experts)


def _lower_bound(shares: tuple[float, ...], cluster: Cluster) -> float:
    n_gpus, size = cluster.n_gpus, cluster.slots_per_gpu
    bound = sum(shares) / n_gpus
    for k in range(size):
        crowded = sum(shares[k * n_gpus - k : k * n_gpus + 1])
        rest = size - k - 1
        bound = max(bound, crowded + sum(shares[len(shares) - rest :]) if rest else crowded)
    return bound


def _pack(
    shares: FloatArray, experts: Ids, cluster: Cluster, separate: bool, bound: float, left: int
) -> tuple[Ids | None, float, int]:
    n_gpus, size = cluster.n_gpus, cluster.slots_per_gpu
    gpu = np.full(len(shares), -1, dtype=np.int64)
    best = np.full(len(shares), -1, dtype=np.int64)
    load, fill = np.zeros(n_gpus), np.zeros(n_gpus, dtype=np.int64)
    reached, left = _branch(shares, experts, gpu, best, load, fill, size, separate, bound, left)
    if left == 0:
        raise BadInputError(
            f"packing {len(shares)} slots on {n_gpus} GPUs exactly takes over {_MAX_NODES} steps; use local-search"
        )
    if best[0] < 0:
        return None, bound, left
    return experts[np.argsort(best, kind="stable")], reached, left


@kernel
def _branch(shares, experts, gpu, best, load, fill, size, separate, bound, left):
    """Depth first, largest item first; return the best largest load found and the steps left."""
    item, last = 0, shares.shape[0] - 1
    while item >= 0 and left > 0:
        left -= 1
        current = gpu[item]
        if current >= 0:  # take it back, to try the next GPU
            load[current] -= shares[item]
            fill[current] -= 1
        following = _next_gpu(shares, experts, gpu, load, fill, size, separate, bound, item)
        gpu[item] = following
        if following < 0:
            item -= 1
            continue
        load[following] += shares[item]
        fill[following] += 1
        if item < last:
            item += 1
            gpu[item] = -1
        else:
            bound = 0.0
            for i in range(load.shape[0]):
                bound = max(bound, load[i])
            for i in range(gpu.shape[0]):
                best[i] = gpu[i]
    return bound, left


@kernel
def _next_gpu(shares, experts, gpu, load, fill, size, separate, bound, item):
    """Find the next GPU for an item that can still lead below the bound; -1 if there is none."""
    candidate = gpu[item] + 1
    if gpu[item] < 0 and item > 0 and experts[item - 1] == experts[item]:
        candidate = gpu[item - 1] + separate  # replicas of an expert are alike: keep them in order
    elif gpu[item] >= 0 and fill[gpu[item]] == 0:
        return -1  # empty GPUs are alike: the first one stands for all
    while candidate < load.shape[0]:
        if fill[candidate] < size and load[candidate] + shares[item] < bound * (1 - 1e-12):
            return candidate
        if fill[candidate] == 0:
            return -1
        candidate += 1
    return -1
