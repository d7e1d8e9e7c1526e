"""From one placement to the next: fewest moves, and what the moves cost.

The GPUs of a placement are interchangeable inside a node, and nodes with each other. So a new placement is
relabelled to overlap the current one as much as possible: an assignment problem of GPUs for every pair of
nodes, then one of nodes, which together are exact. Balance is not the aim by itself: a rebalancing that
raised the balancedness of a served model from .936 to .992 made the run 3.17 times slower, because weights
moved synchronously (vllm-project/vllm, issue 50647).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdsearch.balance.assignment import minimum_assignment
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import Ids, Placement
from pdsearch.errors import BadInputError


@dataclass(frozen=True, slots=True)
class MovingCost:
    """What a change of placement copies between GPUs.

    Attributes
    ----------
    n_moved : int
        Experts that some GPU holds now and did not hold before, over all layers.
    churn : float
        ``n_moved`` over the number of slots.
    busiest : int
        The most that one GPU receives: with equal links, the time of the change.
    n_between_nodes : int
        Those of ``n_moved`` that no GPU of the node held before.
    n_bytes : float
        ``n_moved`` times the size of an expert.
    """

    n_moved: int
    churn: float
    busiest: int
    n_between_nodes: int
    n_bytes: float


def moving_cost(current: Placement, new: Placement, n_nodes: int = 1, bytes_per_expert: float = 0) -> MovingCost:
    """Count what has to be copied to turn one placement into another.

    Parameters
    ----------
    current, new : Placement
        Of the same layers, experts and GPUs.
    n_nodes : int
        Divides the number of GPUs.
    bytes_per_expert : float
        Size of one expert's weights.

    Returns
    -------
    MovingCost

    Raises
    ------
    BadInputError
        If the placements differ in shape or the nodes do not divide the GPUs.

    Examples
    --------
    >>> before, after = (Placement(np.array([ids]), 3, 2) for ids in ([0, 1, 2, 0], [1, 0, 0, 1]))
    >>> moving_cost(before, after)
    MovingCost(n_moved=1, churn=0.25, busiest=1, n_between_nodes=0, n_bytes=0)
    """
    _check(current, new, n_nodes)
    before, after = current.held > 0, new.held > 0
    arrives = after & ~before
    on_node = np.repeat(_by_node(before, n_nodes).any(axis=2), new.n_gpus // n_nodes, axis=1)
    n_moved = int(arrives.sum())
    return MovingCost(
        n_moved=n_moved,
        churn=n_moved / new.experts.size,
        busiest=int(arrives.sum(axis=(0, 2)).max()),
        n_between_nodes=int((arrives & ~on_node).sum()),
        n_bytes=n_moved * bytes_per_expert,
    )


def fewest_moves(current: Placement, new: Placement, n_nodes: int = 1) -> Placement:
    """Relabel nodes, GPUs and slots of ``new`` so that the fewest replicas move; loads stay as even.

    Parameters
    ----------
    current, new : Placement
        Of the same shape.
    n_nodes : int
        GPUs that share a node before share one after.

    Returns
    -------
    Placement
        The same sets of experts as ``new``; an expert that stays on its GPU stays in its slot.

    Raises
    ------
    BadInputError
        If the placements differ in shape or the nodes do not divide the GPUs.

    Examples
    --------
    >>> current, new = (Placement(np.array([ids]), 4, 2) for ids in ([0, 1, 2, 3], [2, 3, 1, 0]))
    >>> fewest_moves(current, new).experts
    array([[0, 1, 2, 3]])
    """
    _check(current, new, n_nodes)
    if current.slots is not None or new.slots is not None or current.experts.shape != new.experts.shape:
        raise BadInputError(
            "GPUs have different numbers of slots and cannot change places; give both placements the same"
        )
    before = current.held
    experts = new.experts.reshape(len(new.experts), new.n_gpus, -1)
    placed = np.empty_like(experts)
    for layer in range(len(experts)):
        chosen = _relabel(_overlap(before[layer], experts[layer]), n_nodes)
        old = current.experts[layer].reshape(new.n_gpus, -1)
        for gpu, source in enumerate(chosen):
            placed[layer, gpu] = keep_slots(old[gpu], experts[layer, source])
    return Placement(placed.reshape(new.experts.shape), new.n_experts, new.n_gpus)


def _overlap(held: Ids, experts: Ids) -> FloatArray:
    """Return float64[old GPU, new GPU], the experts of the new GPU, each counted once, that the old one holds.

    Only presence counts: a second replica on a GPU is copied from the first. Not a product of matrices: on a busy
    machine the threads of a BLAS make that take 5 ms for 64 GPUs and 256 experts, ten times as long as this.
    """
    ids = np.sort(experts, axis=1)
    is_first = np.concatenate([np.ones((len(ids), 1), dtype=bool), ids[:, 1:] != ids[:, :-1]], axis=1)
    return np.asarray(((held[:, ids] > 0) & is_first).sum(axis=2), dtype=np.float64)


def _relabel(overlap: FloatArray, n_nodes: int) -> Ids:
    """Return the new GPU that each GPU becomes, from overlap[old GPU, new GPU]."""
    size = len(overlap) // n_nodes
    blocks = overlap.reshape(n_nodes, size, n_nodes, size).transpose(0, 2, 1, 3)
    inside = np.array([[minimum_assignment(-block) for block in row] for row in blocks])
    kept = np.take_along_axis(blocks, inside[..., None], axis=3).sum(axis=(2, 3))
    node_of = minimum_assignment(-kept)
    return np.concatenate([node_of[node] * size + inside[node, node_of[node]] for node in range(n_nodes)])


def keep_slots(old: Ids, new: Ids) -> Ids:
    """Order the experts of a GPU so that those it already holds stay where they are."""
    slots, waiting = np.full(len(old), -1, dtype=np.int64), list(new)
    for slot, expert in enumerate(old):
        if expert in waiting:
            waiting.remove(expert)
            slots[slot] = expert
    slots[slots < 0] = waiting
    return slots


def _by_node(held: np.ndarray, n_nodes: int) -> np.ndarray:
    n_layers, n_gpus, n_experts = held.shape
    return held.reshape(n_layers, n_nodes, n_gpus // n_nodes, n_experts)


def _check(current: Placement, new: Placement, n_nodes: int) -> None:
    shapes = [(len(placement.experts), placement.n_experts, placement.n_gpus) for placement in (current, new)]
    if shapes[0] != shapes[1]:
        raise BadInputError(f"placements (layers, experts, GPUs) {shapes[0]} and {shapes[1]} differ; need the same")
    if n_nodes < 1 or new.n_gpus % n_nodes:
        raise BadInputError(f"{new.n_gpus} GPUs cannot be shared equally by {n_nodes} nodes; need a multiple")
