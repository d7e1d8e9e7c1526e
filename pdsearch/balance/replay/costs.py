"""What a step and a rearrangement cost.

A layer takes ``layer_s`` seconds whatever its load, and ``load_s`` for each unit of load of its fullest GPU,
because the others wait for it; a step is its layers one after the other. A rearrangement takes as long as the GPU
that sends or receives the most, all layers together, and ``start_s`` for whatever else stops the server.

Each expert that a GPU needs and does not hold is sent by a GPU that holds it: one of the same node where there
is one, among those the one that has sent the least so far, the lowest id among equals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import Cluster, Ids
from pdsearch.errors import BadInputError


@dataclass(frozen=True, slots=True)
class Costs:
    """Prices of a step and of moving an expert.

    The defaults are assumptions for an expert of 3 x 7168 x 2048 weights of one byte, 4.4e14 operations per second
    and 400 Gbit/s for each GPU; measure your own.

    Parameters
    ----------
    layer_s : float
        Seconds a layer takes without any load.
    load_s : float
        Seconds per unit of load on the fullest GPU.
    expert_bytes : float
        Bytes of one expert's weights.
    bandwidth : float
        Bytes per second that a GPU sends, and receives, between nodes.
    inside_bandwidth : float
        The same between GPUs of one node; 0 stands for ``bandwidth``.
    start_s : float
        Seconds that every rearrangement takes besides.
    is_overlapped : bool
        Weights travel while steps go on: no GPU waits, and the new placement serves once they have arrived.

    Raises
    ------
    BadInputError
        If a price is negative or not finite, or a bandwidth is 0.
    """

    layer_s: float = 1e-4
    load_s: float = 2e-7
    expert_bytes: float = 44e6
    bandwidth: float = 50e9
    inside_bandwidth: float = 0.0
    start_s: float = 0.0
    is_overlapped: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value < math.inf or (field.name == "bandwidth" and value == 0):
                raise BadInputError(f"{field.name} is {value}; costs are finite and not negative, a bandwidth above 0")

    @property
    def seconds_to_send(self) -> tuple[float, float]:
        """Return the seconds that one expert takes inside a node and between nodes."""
        return self.expert_bytes / (self.inside_bandwidth or self.bandwidth), self.expert_bytes / self.bandwidth


class Moves(NamedTuple):
    """What a rearrangement moves."""

    n_moved: int  # experts that a GPU gets
    n_between: int  # those of them from another node
    seconds: float  # of the GPU that sends or receives the longest


def largest_loads(loads: FloatArray, experts: Ids, n_gpus: int) -> FloatArray:
    """Return float64[n_layers], the load of each layer's fullest GPU; replicas share evenly.

    Parameters
    ----------
    loads : float64[n_layers, n_experts]
        Of one step.
    experts : int64[n_layers, n_slots]
        The expert in each slot.
    n_gpus : int
        Divides the slots.

    Examples
    --------
    >>> largest_loads(np.array([[6.0, 1.0, 2.0]]), np.array([[0, 1, 0, 2]]), n_gpus=2)
    array([5.])
    """
    largest, shares = np.empty(len(loads)), np.empty(loads.shape[1])
    _largest(loads, experts, n_gpus, shares, largest)
    return largest


def moves(before: Ids, after: Ids, cluster: Cluster, costs: Costs) -> Moves:
    """Count what turns one placement into another, and how long it takes.

    Parameters
    ----------
    before, after : int64[n_layers, n_slots]
        The expert in each slot.
    cluster : Cluster
        GPUs and nodes.
    costs : Costs
        Bytes and bandwidths.

    Returns
    -------
    Moves

    Examples
    --------
    >>> swapped = np.array([[0, 1, 2, 3]]), np.array([[2, 1, 0, 3]])
    >>> moves(*swapped, Cluster(4, 2), Costs(expert_bytes=100, bandwidth=50))
    Moves(n_moved=2, n_between=0, seconds=2.0)
    """
    received, sent = np.zeros(cluster.n_gpus), np.zeros(cluster.n_gpus)
    inside, between = costs.seconds_to_send
    n_moved, n_between = _send(before, after, cluster.n_nodes, inside, between, received, sent)
    return Moves(n_moved, n_between, float(max(received.max(), sent.max())))


@kernel
def _largest(loads, experts, n_gpus, shares, largest):
    size = experts.shape[1] // n_gpus
    for layer in range(loads.shape[0]):
        for expert in range(loads.shape[1]):
            shares[expert] = 0.0
        for slot in range(experts.shape[1]):
            shares[experts[layer, slot]] += 1.0
        for expert in range(loads.shape[1]):
            shares[expert] = loads[layer, expert] / max(shares[expert], 1.0)
        most = 0.0
        for gpu in range(n_gpus):
            total = 0.0
            for slot in range(gpu * size, gpu * size + size):
                total += shares[experts[layer, slot]]
            most = max(most, total)
        largest[layer] = most


@kernel
def _send(before, after, n_nodes, inside, between, received, sent):
    """Add the seconds of every transfer to its two GPUs; return the transfers, and those between nodes."""
    n_gpus = received.shape[0]
    size, gpus_of_node = before.shape[1] // n_gpus, n_gpus // n_nodes
    n_moved, n_between = 0, 0
    for layer in range(after.shape[0]):
        for slot in range(after.shape[1]):
            expert, gpu = after[layer, slot], slot // size
            if before[layer, slot] == expert:
                continue
            held = False
            for other in range(gpu * size, gpu * size + size):
                held |= before[layer, other] == expert or (other < slot and after[layer, other] == expert)
            if held:
                continue
            source, is_far = -1, True
            for other in range(before.shape[1]):
                if before[layer, other] != expert:
                    continue
                candidate = other // size
                far = candidate // gpus_of_node != gpu // gpus_of_node
                if source < 0 or far < is_far or (far == is_far and sent[candidate] < sent[source]):
                    source, is_far = candidate, far
            seconds = between if is_far else inside
            received[gpu] += seconds
            sent[source] += seconds
            n_moved += 1
            n_between += is_far
    return n_moved, n_between
