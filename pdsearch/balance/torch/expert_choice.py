"""Expert Choice: each expert takes its C best tokens, so the load is exactly even and coverage is not.

Zhou et al. (2022), "Mixture-of-Experts with Expert Choice Routing", NeurIPS 35, section 3.2, equation 2: C =
ceil(T k / E). Left out: the bound on the experts a token may get (section 3.3).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pdsearch.balance.routers._checks import checked_k
from pdsearch.balance.torch._tensors import checked_mask, rows, wide
from pdsearch.balance.torch.choice import affinities_of, top_ids


class Chosen(NamedTuple):
    """Which tokens each expert serves.

    Attributes
    ----------
    tokens : int64[E, C]
        Numbers of tokens, all leading dimensions of the scores taken as one, best first.
    weights : float[E, C]
        Their affinities, of the scores' type; 0 in slots left empty because tokens are padding.
    counts : int64[E]
        Tokens each expert serves.
    """

    tokens: Tensor
    weights: Tensor
    counts: Tensor


def expert_choice(
    scores: Tensor, k: int, gate: str = "softmax", *, mask: Tensor | None = None, scale: float = 1.0
) -> Chosen:
    """Let each expert choose its tokens; ties go to the earlier token.

    Parameters
    ----------
    scores : float[..., E]
    k : int
        Mean number of experts per token.
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
        Weights are the affinities themselves, as published: not divided by their sum.
    mask : bool[...], optional
        Of n real tokens an expert takes ceil(n k / E).
    scale : float

    Examples
    --------
    >>> expert_choice(torch.tensor([[0.9, 0.8], [0.1, 0.2]]), k=1, gate="identity").tokens.tolist()
    [[0], [0]]
    """
    n_experts = scores.shape[-1]
    checked_k(k, n_experts)
    mask = checked_mask(mask, scores.shape[:-1])
    affinities = rows(affinities_of(wide(scores), gate))
    n_tokens = len(affinities)
    capacity = -(-n_tokens * k // n_experts)
    columns = affinities.T
    slots = torch.arange(capacity, device=scores.device)
    if mask is None:
        filled = torch.ones_like(slots, dtype=torch.bool)
    else:
        columns = columns.masked_fill(~mask.flatten(), -torch.inf)
        filled = slots < (mask.sum() * k + n_experts - 1) // n_experts
    if not n_tokens:
        tokens = torch.zeros(n_experts, 0, dtype=torch.int64, device=scores.device)
    else:
        tokens = top_ids(columns.contiguous(), capacity)
    weights = torch.where(filled, affinities.T.gather(1, tokens), 0) * scale
    return Chosen(tokens, weights.to(scores.dtype), filled.sum().expand(n_experts))
