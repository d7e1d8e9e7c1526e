"""The policy ``eplb``: greedy replicas, greedy packing, groups kept on nodes; the published ids.

Groups of experts are packed onto nodes, then each node replicates its most loaded experts,
then its replicas are packed onto its GPUs. Both packings take items by decreasing weight
and give each to the lightest pack with room. Ties go to the lowest id, and all arithmetic is float32,
as in the published program.

Source: DeepSeek-AI (2025), "Expert Parallelism Load Balancer", github.com/deepseek-ai/EPLB, README and
eplb.py.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import POLICIES, Cluster, Ids


@POLICIES.add("eplb")
def eplb(loads: FloatArray, cluster: Cluster) -> Ids:
    """Return int64[n_layers, n_slots], the expert in each slot."""
    n_layers, n_experts = loads.shape
    n_nodes = cluster.n_domains
    n_groups = cluster.n_groups if cluster.is_hierarchical else 1
    weights = loads.astype(np.float32)

    by_node = _experts_by_node(weights, n_groups, n_nodes)  # row: the experts of one node of one layer
    node_weights = np.take_along_axis(weights, by_node.reshape(n_layers, n_experts), axis=1)
    node_weights = node_weights.reshape(n_layers * n_nodes, -1)

    replicas = np.empty((len(node_weights), cluster.n_slots // n_nodes), dtype=np.int64)
    counts = np.empty(node_weights.shape, dtype=np.int64)
    _replicate(node_weights, replicas, counts)

    shares = np.take_along_axis(np.divide(node_weights, counts, dtype=np.float32), replicas, axis=1)
    slots = pack(shares, cluster.n_gpus // n_nodes)
    placed = np.empty_like(replicas)
    np.put_along_axis(placed, slots, replicas, axis=1)
    experts = np.take_along_axis(by_node.reshape(len(node_weights), -1), placed, axis=1)
    return np.ascontiguousarray(experts.reshape(n_layers, cluster.n_slots))


def pack(weights: npt.NDArray[np.float32], n_packs: int) -> Ids:
    """Give each item of each row a place in one of ``n_packs`` packs of equal size.

    Parameters
    ----------
    weights : float32[n_rows, n_items]
        ``n_items`` a multiple of ``n_packs``.

    Returns
    -------
    int64[n_rows, n_items]
        pack * (n_items / n_packs) + position in the pack.

    Examples
    --------
    >>> pack(np.array([[4, 3, 2, 1]], dtype=np.float32), 2)
    array([[0, 2, 3, 1]])
    """
    n_rows, n_items = weights.shape
    if n_items == n_packs:  # as published: nothing to choose, so the order stays
        return np.ascontiguousarray(np.broadcast_to(np.arange(n_items), weights.shape))
    order = np.argsort(-weights, axis=1, kind="stable")
    places = np.empty((n_rows, n_items), dtype=np.int64)
    load, fill = np.empty(n_packs, dtype=np.float32), np.empty(n_packs, dtype=np.int64)
    _pack(np.ascontiguousarray(weights), order, load, fill, places)
    return places


def _experts_by_node(weights: npt.NDArray[np.float32], n_groups: int, n_nodes: int) -> Ids:
    """Return int64[n_layers, n_nodes, experts per node]."""
    n_layers, n_experts = weights.shape
    size = n_experts // n_groups
    places = pack(weights.reshape(n_layers, n_groups, size).sum(axis=2), n_nodes)
    groups = np.empty_like(places)
    np.put_along_axis(groups, places, np.broadcast_to(np.arange(n_groups), places.shape), axis=1)
    return np.asarray(groups[:, :, None] * size + np.arange(size)).reshape(n_layers, n_nodes, -1)


@kernel
def _replicate(weights, replicas, counts):
    """One replica of each, then one more at a time of the expert with the largest load per replica."""
    n_experts = weights.shape[1]
    for row in range(weights.shape[0]):
        for expert in range(n_experts):
            counts[row, expert] = 1
            replicas[row, expert] = expert
        for slot in range(n_experts, replicas.shape[1]):
            best, top = 0, np.float32(-1.0)
            for expert in range(n_experts):
                share = weights[row, expert] / np.float32(counts[row, expert])
                if share > top:
                    best, top = expert, share
            replicas[row, slot] = best
            counts[row, best] += 1


@kernel
def _pack(weights, order, load, fill, places):
    """Heaviest item first, each to the lightest pack with room, the lowest id among equals."""
    n_packs = load.shape[0]
    size = weights.shape[1] // n_packs
    for row in range(weights.shape[0]):
        load[:] = np.float32(0.0)
        fill[:] = 0
        for position in range(weights.shape[1]):
            item = order[row, position]
            best = -1
            for candidate in range(n_packs):
                if fill[candidate] < size and (best < 0 or load[candidate] < load[best]):
                    best = candidate
            places[row, item] = best * size + fill[best]
            load[best] += weights[row, item]
            fill[best] += 1
