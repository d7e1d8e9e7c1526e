"""The losses that balance a trained router: auxiliary loss and z-loss, differentiable.

Fedus, Zoph and Shazeer (2022), "Switch Transformers", JMLR 23, section 2.2, equations 4 to 6 (auxiliary loss); Zoph
et al. (2022), "ST-MoE", arXiv 2202.08906, equation 5 (z-loss); Qiu et al. (2025), "Demons in the Detail",
arXiv 2501.11873 (counts of one sequence, or of the batches of all ranks). Left out: the importance loss, which only
:mod:`pdsearch.balance.routers.losses` has.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pdsearch.balance.torch._tensors import Group, checked_mask, summed, token_mean, wide
from pdsearch.balance.torch.choice import affinities_of
from pdsearch.errors import BadInputError


def auxiliary_loss(
    scores: Tensor,
    counts: Tensor,
    gate: str = "softmax",
    *,
    mask: Tensor | None = None,
    group: Group = None,
    coefficient: float = 1.0,
) -> Tensor:
    """Return a E sum_i f_i P_i, with f the share of the pairs and P the mean probability of expert i.

    Probabilities are affinities divided by their sum over all experts: were they not, a sigmoid gate could lower
    the loss by lowering all scores.

    Parameters
    ----------
    scores : float[..., E]
        Logits.
    counts : int[E]
        Tokens of this process that chose each expert, before any capacity cut; ``Routing.counts``.
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
    mask : bool[...], optional
    group : process group, optional
        f is then of all its ranks (the global-batch loss), P of this one.
    coefficient : float
        The factor a.

    Examples
    --------
    >>> auxiliary_loss(torch.zeros(2, 2), torch.tensor([1, 1])).item()
    1.0
    """
    mask = checked_mask(mask, scores.shape[:-1])
    if counts.shape != scores.shape[-1:]:
        raise BadInputError(f"counts have shape {tuple(counts.shape)}; ({scores.shape[-1]},), one an expert, is needed")
    mean = token_mean(probabilities_of(scores, gate), mask, group)
    total = summed(counts, group).to(mean.dtype)
    return coefficient * scores.shape[-1] * ((total / total.sum().clamp(min=1)) * mean).sum()


def sequence_auxiliary_loss(
    scores: Tensor, ids: Tensor, gate: str = "softmax", *, mask: Tensor | None = None, coefficient: float = 1.0
) -> Tensor:
    """Return the mean over sequences of :func:`auxiliary_loss`; scores are float[B, S, E], ids int64[B, S, k].

    A sequence of padding alone counts for nothing.

    >>> apart = torch.tensor([[[9.0, -9.0]], [[-9.0, 9.0]]])
    >>> round(sequence_auxiliary_loss(apart, apart.argmax(dim=-1, keepdim=True)).item(), 4)
    2.0
    """
    mask = checked_mask(mask, scores.shape[:-1])
    real = torch.ones_like(scores[..., 0], dtype=torch.bool) if mask is None else mask
    probabilities = probabilities_of(scores, gate) * real[..., None]
    pairs = real[..., None].expand_as(ids).to(probabilities.dtype)
    counts = torch.zeros_like(probabilities[:, 0]).scatter_add(1, ids.flatten(1), pairs.flatten(1))
    length = real.sum(dim=1, keepdim=True).to(probabilities.dtype)
    used = length.clamp(min=1)
    shares, mean = counts / (used * ids.shape[-1]), probabilities.sum(dim=1) / used
    return coefficient * scores.shape[-1] * (shares * mean).sum() / (length > 0).sum().clamp(min=1)


def z_loss(scores: Tensor, *, mask: Tensor | None = None, group: Group = None, coefficient: float = 1.0) -> Tensor:
    """Return the mean over tokens of logsumexp(scores)^2, which keeps the scores, float[..., E], small.

    >>> round(z_loss(torch.zeros(1, 2)).item(), 6)  # ln(2)^2
    0.480453
    """
    mask = checked_mask(mask, scores.shape[:-1])
    squares = torch.logsumexp(wide(scores), dim=-1) ** 2
    return coefficient * token_mean(squares[..., None], mask, group)[0]


def probabilities_of(scores: Tensor, gate: str) -> Tensor:
    """Return affinities that add up to 1 over the experts.

    >>> probabilities_of(torch.tensor([[0.0, 0.0]]), "sigmoid").tolist()
    [[0.5, 0.5]]
    """
    affinities = affinities_of(wide(scores), gate)
    if gate == "softmax":
        return affinities
    total = affinities.sum(dim=-1, keepdim=True)
    return affinities / torch.where(total > 0, total, 1)
