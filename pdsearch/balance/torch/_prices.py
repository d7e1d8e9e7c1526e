"""Prices: the thresholds that BIP and Quantile Balancing iterate between tokens and experts.

The dual and its two half steps are those of :mod:`pdsearch.balance.routers._prices`. Rows are tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor


def token_prices(affinities: Tensor, price: Tensor, k: int) -> Tensor:
    """Return the (k+1)-th largest of each row of ``affinities - price``, float[T]; k is less than E."""
    return (affinities - price).topk(k + 1, dim=1).values[:, k]


def expert_prices(affinities: Tensor, token_price: Tensor, k: int, mask: Tensor | None = None) -> Tensor:
    """Return the (floor(n k / E) + 1)-th largest of each column of ``affinities - token_price`` at n real tokens.

    >>> expert_prices(torch.tensor([[0.1, 0.9], [0.6, 0.8]]), torch.tensor([0.1, 0.6]), 1).tolist()
    [0.0, 0.19999998807907104]
    """
    columns = (affinities - token_price[:, None]).T.contiguous()
    n_experts, n_tokens = columns.shape
    if mask is None:  # fewer than n_tokens come before it, as k is less than E
        return columns.kthvalue(n_tokens - n_tokens * k // n_experts, dim=1).values
    ranked = columns.masked_fill(~mask, -torch.inf).sort(dim=1, descending=True).values
    rank = mask.sum() * k // n_experts
    return ranked.gather(1, rank.expand(n_experts, 1))[:, 0]
