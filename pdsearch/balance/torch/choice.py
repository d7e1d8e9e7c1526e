"""Top-k with a bias: the choice that all routers of this package end in.

The bias decides who is chosen and never enters the weights (Wang et al., 2024, arXiv 2408.15664, section 3). The
gates are those of :mod:`pdsearch.balance.routers`: ``softmax``, ``sigmoid``, ``sqrt-softplus`` and ``identity``.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pdsearch.balance.routers._checks import checked_choice, checked_k
from pdsearch.balance.routers._gates import GATES
from pdsearch.balance.torch._tensors import checked_mask, counts_of, wide


class Routing(NamedTuple):
    """Which experts serve which tokens.

    Attributes
    ----------
    ids : int64[..., k]
        Experts of each token, best first; what stands at padding means nothing.
    weights : float[..., k]
        What an expert's output is multiplied with, of the input's type; 0 at padding.
    counts : int64[E]
        Real tokens of this process that each expert serves.
    losses : dict of str to float[]
        Terms to be added to the task's loss, already weighted; empty in evaluation.
    """

    ids: Tensor
    weights: Tensor
    counts: Tensor
    losses: dict[str, Tensor]


def choose(
    scores: Tensor,
    k: int,
    gate: str = "softmax",
    *,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    renormalise: bool | None = None,
    scale: float = 1.0,
) -> Routing:
    """Send each token to the k experts of largest affinity plus bias.

    Parameters
    ----------
    scores : float[..., E]
        Logits.
    k : int
        At most E.
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
        How scores become affinities.
    bias : float[E], optional
        Added to the affinities for the choice alone.
    mask : bool[...], optional
        True for a real token.
    renormalise : bool, optional
        Whether weights are divided by their sum over the k. Not set: unless k is 1.
    scale : float
        By what weights are multiplied (DeepSeek's ``routed_scaling_factor``).

    Returns
    -------
    Routing
        Without losses.

    Raises
    ------
    BadInputError
        For k > E, an unknown gate, or a mask of another shape.

    Examples
    --------
    >>> routing = choose(torch.tensor([[2.0, 1.0, 0.0]]), k=2, gate="sigmoid", bias=torch.tensor([0.0, 0.0, 1.0]))
    >>> routing.ids.tolist(), routing.counts.tolist()
    ([[2, 0]], [1, 0, 1])
    """
    mask = checked_mask(mask, scores.shape[:-1])
    wider = wide(scores)
    affinities = affinities_of(wider, gate)
    # The softmax keeps the order of the scores, and may round two of them to the same.
    order = wider if gate == "softmax" and bias is None else affinities
    ids = top_ids(order if bias is None else order + bias.to(order.dtype), k)
    weights = weights_at(wider, affinities, ids, gate, renormalise) * scale
    if mask is not None:
        weights = weights * mask[..., None].to(weights.dtype)
    return Routing(ids, weights.to(scores.dtype), counts_of(ids, scores.shape[-1], mask), {})


def affinities_of(scores: Tensor, gate: str) -> Tensor:
    """Return the affinities of scores.

    >>> affinities_of(torch.zeros(1, 2), "softmax").tolist()
    [[0.5, 0.5]]
    """
    checked_choice(gate, GATES, "gate")
    if gate == "softmax":
        return torch.softmax(scores, dim=-1)
    if gate == "sigmoid":
        return torch.sigmoid(scores)
    if gate == "sqrt-softplus":
        return torch.sqrt(torch.logaddexp(scores, torch.zeros_like(scores)))
    return scores


def weights_at(scores: Tensor, affinities: Tensor, ids: Tensor, gate: str, renormalise: bool | None = None) -> Tensor:
    """Return the affinities of the chosen, divided by their sum if so wished; equal weights if all are 0."""
    k = ids.shape[-1]
    if not (k > 1 if renormalise is None else renormalise):
        return affinities.gather(-1, ids)
    if gate == "softmax":
        return torch.softmax(scores.gather(-1, ids), dim=-1)
    chosen = affinities.gather(-1, ids)
    total = chosen.sum(dim=-1, keepdim=True)
    return torch.where(total > 0, chosen / torch.where(total > 0, total, 1), 1 / k)


def top_ids(scores: Tensor, k: int) -> Tensor:
    """Return the ids of the k largest along the last dimension, best first, ties to the lowest id.

    ``torch.topk`` leaves the order of ties open. Of float32, score and id are packed into one integer that has none.

    >>> top_ids(torch.tensor([[1.0, 2.0, 2.0, -0.0, 0.0]]), 4).tolist()
    [[1, 2, 0, 3]]
    """
    n_experts = scores.shape[-1]
    checked_k(k, n_experts)
    scores = scores.detach()
    if scores.dtype == torch.float64:
        return torch.sort(scores, dim=-1, descending=True, stable=True).indices[..., :k]
    bits = (scores + 0.0).view(torch.int32)  # + 0 makes -0 and 0 one number
    bits ^= (bits >> 31) & 0x7FFFFFFF  # integers in the order of the floats
    key = bits.long()
    key <<= 32
    key |= torch.arange(n_experts - 1, -1, -1, device=scores.device)
    return key.topk(k, dim=-1).indices
