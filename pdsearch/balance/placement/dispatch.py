"""Moving load inside a placement: how much each replica serves, or each rank hands to its neighbours.

EPLB splits an expert's load evenly; a batch is better served by the split that minimises the largest load,
a linear program. It has a coordinate rule: level the two ends of one edge (or the replicas of one expert)
as far as the bounds allow, sweep until nothing changes. That minimises the sum of squares, and the minimiser
of the sum of squares also has the least largest load (cut argument). As dimension exchange the same rule
plans which search rank gives work to which.

Sources: DeepSeek-AI (2025), "Linear-Programming-Based Load Balancer", github.com/deepseek-ai/LPLB (the
problem); Cybenko (1989), "Dynamic Load Balancing for Distributed Memory Multiprocessors", JPDC 7 (dimension
exchange).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.balance._values import as_array
from pdsearch.balance.metrics import FloatArray, as_loads
from pdsearch.balance.placement import Placement, as_layers
from pdsearch.errors import BadInputError

_SWEEPS = 1_000_000  # a path of 100 ranks needs some 20,000; more edges than loads need fewer


class EdgeFlow(NamedTuple):
    """Load moved along edges."""

    flow: FloatArray  # [n_edges]
    loads: FloatArray  # [n_ranks], after the flow
    sweeps: int


def balance_edges(
    loads: npt.ArrayLike, edges: npt.ArrayLike, capacity: npt.ArrayLike, tolerance: float = 1e-12
) -> EdgeFlow:
    """Move load along directed edges so that the largest load is as small as it can be.

    Parameters
    ----------
    loads : array_like[n_ranks]
        What each rank has.
    edges : array_like[n_edges, 2]
        From rank, to rank; give both directions where load may go either way.
    capacity : array_like[n_edges]
        The most that may move along each edge; ``np.inf`` for no limit.
    tolerance : float
        Stop when a sweep moves no more than this times the mean load along any edge.

    Returns
    -------
    EdgeFlow

    Raises
    ------
    BadInputError
        If loads, edges and capacities do not fit each other.

    Examples
    --------
    >>> balance_edges([6, 2, 1], [(0, 1), (1, 2)], [9, 9]).loads.round(6).tolist()
    [3.0, 3.0, 3.0]
    """
    levels = np.array(as_loads(loads), dtype=np.float64)
    ends, room = as_array(edges, "edges"), as_array(capacity, "capacities", np.float64)
    if levels.ndim != 1 or ends.ndim != 2 or ends.shape[1] != 2 or room.shape != ends.shape[:1]:
        raise BadInputError(
            f"loads {levels.shape}, edges {ends.shape}, capacity {room.shape}; need (ranks,), (edges, 2), (edges,)"
        )
    if ends.size and (ends.dtype.kind not in "iu" or ends.min() < 0 or ends.max() >= len(levels)):
        raise BadInputError(f"an edge ends at no rank; ranks are 0 to {len(levels) - 1}")
    if not (room >= 0).all():
        raise BadInputError("a capacity is negative or nan; capacities are at least 0")
    flow = np.zeros(len(ends))
    stop = max(tolerance, 0.0) * levels.mean()
    sweeps = _sweep_edges(levels, np.ascontiguousarray(ends, dtype=np.int64), room, flow, stop, _SWEEPS)
    return EdgeFlow(flow, levels, sweeps)


class ReplicaShares(NamedTuple):
    """What every slot serves, and what that adds up to."""

    slots: FloatArray  # [n_layers, n_slots]
    gpu_loads: FloatArray  # [n_layers, n_gpus]


def balance_replicas(placement: Placement, loads: npt.ArrayLike, tolerance: float = 1e-12) -> ReplicaShares:
    """Split each expert's load over its replicas so that the largest load of a GPU is as small as it can be.

    Parameters
    ----------
    placement : Placement
        Who holds what.
    loads : array_like[n_layers, n_experts]
        The load of a batch.
    tolerance : float
        Stop when a sweep moves no more than this times the mean load of a GPU.

    Returns
    -------
    ReplicaShares

    Raises
    ------
    BadInputError
        If the loads do not fit the placement.

    Examples
    --------
    >>> placement = Placement(np.array([[0, 1, 0, 2]]), n_experts=3, n_gpus=2)
    >>> balance_replicas(placement, [4.0, 3.0, 1.0]).gpu_loads.tolist()
    [[4.0, 4.0]]
    """
    layers = as_layers(loads)
    gpu_loads = placement.gpu_loads(layers)
    shares = np.take_along_axis(layers / placement.counts, placement.experts, axis=1)
    gpu_of_slot = placement.gpu_of_slot
    for layer, experts in enumerate(placement.experts):
        order = np.argsort(experts, kind="stable")  # the slots of each expert, together
        starts = np.searchsorted(experts[order], np.arange(placement.n_experts + 1))
        stop = max(tolerance, 0.0) * layers[layer].sum() / placement.n_gpus
        _sweep_experts(gpu_loads[layer], shares[layer], order, starts, gpu_of_slot, stop, _SWEEPS)
    return ReplicaShares(shares, gpu_loads)


@kernel
def _sweep_edges(levels, edges, room, flow, stop, sweeps):
    """Level the ends of each edge in turn, within 0 <= flow <= room."""
    for sweep in range(1, sweeps + 1):
        largest = 0.0
        for edge in range(edges.shape[0]):
            source, target = edges[edge, 0], edges[edge, 1]
            step = (levels[source] - levels[target]) / 2
            step = min(max(step, -flow[edge]), room[edge] - flow[edge])
            flow[edge] += step
            levels[source] -= step
            levels[target] += step
            largest = max(largest, abs(step))
        if largest <= stop:
            return sweep
    return sweeps


@kernel
def _sweep_experts(gpu_loads, shares, order, starts, gpu_of_slot, stop, sweeps):
    """Level each pair of replicas of each expert in turn, within shares that are not negative."""
    for sweep in range(1, sweeps + 1):
        largest = 0.0
        for expert in range(starts.shape[0] - 1):
            for i in range(starts[expert], starts[expert + 1]):
                for j in range(i + 1, starts[expert + 1]):
                    one, other = order[i], order[j]
                    source, target = gpu_of_slot[one], gpu_of_slot[other]
                    if source == target:
                        continue
                    step = (gpu_loads[source] - gpu_loads[target]) / 2
                    step = min(max(step, -shares[other]), shares[one])
                    shares[one] -= step
                    shares[other] += step
                    gpu_loads[source] -= step
                    gpu_loads[target] += step
                    largest = max(largest, abs(step))
        if largest <= stop:
            return sweep
    return sweeps
