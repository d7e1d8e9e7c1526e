"""SMEAR: one expert per example, the average of all experts weighted by the router.

Muqeeth, Liu and Raffel (2024), "Soft Merging of Experts with Adaptive Routing", TMLR, section 3, and its code,
r-three/smear: an example is a sequence, the router reads its mean (after a layer norm) and the experts are adapters
up(activation(down(x))), whose weights and biases are averaged before they are applied. Everything is differentiable,
every expert takes part in every example, and no load can be uneven. Left out: the layer norm of the router's own
weights, experts of other kinds, and the residual connection around the adapter, which is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from pdsearch.balance.learned._module import RouterModule
from pdsearch.balance.learned._module import seeded as seeded
from pdsearch.balance.routers._checks import checked_number
from pdsearch.balance.torch._tensors import Group, checked_mask, wide
from pdsearch.balance.torch.choice import Routing

_LEAST = 1e-10  # of a probability after dropout, as published: an example that dropped all experts merges all alike


class MergedExperts(RouterModule):
    """A softmax router and adapters that are merged, one for each example, before they are applied.

    Parameters
    ----------
    n_features, n_experts : int
    hidden : int, optional
        Width of the adapters; a quarter of the features if not given.
    dropout : float
        Probability with which an expert sits out an example in training.
    activation : callable
        Between the adapter's layers; the published default is GELU.

    Examples
    --------
    >>> router = seeded(MergedExperts, 0, 4, 3)
    >>> router.apply_merged(torch.ones(2, 5, 4)).shape  # 2 sequences of 5 tokens
    torch.Size([2, 5, 4])
    >>> router(torch.ones(2, 5, 4), k=1).ids.tolist()
    [[0, 1, 2], [0, 1, 2]]
    """

    def __init__(
        self,
        n_features: int,
        n_experts: int,
        hidden: int | None = None,
        dropout: float = 0.1,
        activation: Callable[[Tensor], Tensor] = functional.gelu,
    ) -> None:
        super().__init__(n_features, n_experts)
        hidden = max(1, n_features // 4) if hidden is None else int(checked_number(hidden, "hidden", least=1))
        self.dropout, self.activation = checked_number(dropout, "dropout", most=1), activation
        self.norm = nn.LayerNorm(n_features)
        self.router = nn.Linear(n_features, n_experts)
        self.down = nn.Parameter(0.01 * torch.randn(n_experts, hidden, n_features))
        self.down_bias = nn.Parameter(torch.zeros(n_experts, hidden))
        self.up = nn.Parameter(0.01 * torch.randn(n_experts, n_features, hidden))
        self.up_bias = nn.Parameter(torch.zeros(n_experts, n_features))

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the router's logits, float[B, E], of examples, float[B, d] or float[B, S, d]."""
        return self.example_scores(tokens, None)

    def example_scores(self, tokens: Tensor, mask: Tensor | None) -> Tensor:
        """Return the router's logits of the examples' means over their real tokens."""
        if tokens.dim() == 3:
            real = torch.ones_like(tokens[..., :1]) if mask is None else mask[..., None].to(tokens.dtype)
            tokens = (tokens * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)
        scores: Tensor = self.router(self.norm(tokens))
        return scores

    def weights(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the experts' shares in each example, float[B, E], with dropout in training."""
        mask = checked_mask(mask, tokens.shape[:-1])
        shares = torch.softmax(wide(self.example_scores(tokens, mask)), dim=-1)
        if self.training and self.dropout:
            shares = shares * (torch.rand_like(shares) >= self.dropout) + _LEAST
            shares = shares / shares.sum(dim=-1, keepdim=True)
        return shares.to(tokens.dtype)

    def forward(self, tokens: Tensor, k: int, mask: Tensor | None = None, group: Group = None) -> Routing:
        """Return all experts of each example, int64[B, E], and their shares, whatever ``k`` is."""
        shares = self.weights(tokens, mask)
        ids = torch.arange(self.n_experts, device=tokens.device).expand(shares.shape)
        counts = torch.full((self.n_experts,), len(shares), device=tokens.device)
        return Routing(ids, shares, counts, {})

    def apply_merged(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return examples, float[B, S, d] or float[B, d], each through its own merged expert; 0 at padding."""
        shares = self.weights(tokens, mask)
        rows = tokens if tokens.dim() == 3 else tokens[:, None]
        down, down_bias, up, up_bias = (
            torch.einsum("be,e...->b...", shares, part.to(shares.dtype))
            for part in (self.down, self.down_bias, self.up, self.up_bias)
        )
        hidden = self.activation(torch.einsum("bhd,bsd->bsh", down, rows) + down_bias[:, None])
        out = (torch.einsum("bdh,bsh->bsd", up, hidden) + up_bias[:, None]).to(tokens.dtype)
        if mask is not None:
            out = out * mask.view(out.shape[:2])[..., None].to(out.dtype)
        return out.view(tokens.shape)
