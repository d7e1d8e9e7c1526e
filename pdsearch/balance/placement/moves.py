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

from pdsearch._jit import kernel
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
    before, first = current.held, first_slots(new)
    experts = new.experts.reshape(len(new.experts), new.n_gpus, -1)
    placed = np.empty_like(experts)
    for layer in range(len(experts)):
        chosen = _relabel(_overlap(before[layer], experts[layer]), n_nodes)
        moved = experts[layer, chosen].ravel()
        placed[layer] = keep_slots(first, current.experts[layer], first, moved).reshape(new.n_gpus, -1)
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


def first_slots(placement: Placement) -> Ids:
    """Return int64[n_gpus + 1], where the slots of each GPU begin, and the end."""
    return np.searchsorted(placement.gpu_of_slot, np.arange(placement.n_gpus + 1))


def keep_slots(old_first: Ids, old: Ids, first: Ids, new: Ids) -> Ids:
    """Order the experts of each GPU so that those it already holds stay in their slots, if it has as many as before.

    Parameters
    ----------
    old_first, first : int64[n_gpus + 1]
        Where the slots of each GPU begin, before and now.
    old, new : int64[n_slots]
        The experts in the slots, before and now.

    Examples
    --------
    >>> first = np.array([0, 3, 5])
    >>> keep_slots(first, np.array([4, 1, 2, 0, 3]), first, np.array([2, 4, 4, 5, 6])).tolist()
    [4, 4, 2, 5, 6]
    """
    placed = np.full(len(new), -1, np.int64)
    _keep_slots(old_first.astype(np.int64), old.astype(np.int64), first.astype(np.int64), new.astype(np.int64), placed)
    return placed


@kernel
def _keep_slots(old_first, old, first, waiting, placed):
    """Fill ``placed``, -1 so far; what is placed is taken out of ``waiting``."""
    for gpu in range(first.shape[0] - 1):
        start, end = first[gpu], first[gpu + 1]
        if old_first[gpu + 1] - old_first[gpu] == end - start:
            for slot in range(start, end):
                expert = old[old_first[gpu] + slot - start]
                for other in range(start, end):
                    if waiting[other] == expert:
                        placed[slot], waiting[other] = expert, -1
                        break
        slot = start
        for other in range(start, end):
            if waiting[other] >= 0:
                while placed[slot] >= 0:
                    slot += 1
                placed[slot] = waiting[other]


def _by_node(held: np.ndarray, n_nodes: int) -> np.ndarray:
    n_layers, n_gpus, n_experts = held.shape
    return held.reshape(n_layers, n_nodes, n_gpus // n_nodes, n_experts)


def _check(current: Placement, new: Placement, n_nodes: int) -> None:
    shapes = [(len(placement.experts), placement.n_experts, placement.n_gpus) for placement in (current, new)]
    if shapes[0] != shapes[1]:
        raise BadInputError(f"placements (layers, experts, GPUs) {shapes[0]} and {shapes[1]} differ; need the same")
    if n_nodes < 1 or new.n_gpus % n_nodes:
        raise BadInputError(f"{new.n_gpus} GPUs cannot be shared equally by {n_nodes} nodes; need a multiple")
