"""SMEAR: one expert per example, the average of all experts weighted by the router.

Muqeeth, Liu and Raffel (2024), "Soft Merging of Experts with Adaptive Routing", TMLR, section 3. Everything
is differentiable, every expert takes part in every example, and no load can be uneven. A row here is an
example: where it has several tokens, their mean.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pdsearch.balance.learned._module import RouterModule
from pdsearch.balance.learned._module import seeded as seeded


class MergedExperts(RouterModule):
    """A softmax router and linear experts that are merged before they are applied.

    Parameters
    ----------
    n_features, n_experts : int
    dropout : float
        Probability with which an expert sits out an example in training.

    Examples
    --------
    >>> router = seeded(MergedExperts, 0, 4, 3)
    >>> ids, weights = router(torch.ones(2, 4), k=1)
    >>> ids.tolist()
    [[0, 1, 2], [0, 1, 2]]
    """

    def __init__(self, n_features: int, n_experts: int, dropout: float = 0.1) -> None:
        super().__init__(n_features, n_experts)
        self.dropout = dropout
        self.norm = nn.LayerNorm(n_features)
        self.router = nn.Linear(n_features, n_experts)
        bound = n_features**-0.5
        self.experts = nn.Parameter(torch.empty(n_experts, n_features, n_features).uniform_(-bound, bound))

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the router's logits."""
        scores: Tensor = self.router(self.norm(tokens))
        return scores

    def forward(self, tokens: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Return all experts, int64[T, E], and their weights, whatever ``k`` is."""
        logits = self.scores(tokens)
        if self.training and self.dropout:
            out = torch.rand_like(logits) < self.dropout
            out &= ~out.all(dim=1, keepdim=True)  # one that dropped all experts keeps all
            logits = logits.masked_fill(out, -torch.inf)
        ids = torch.arange(self.n_experts, device=tokens.device).expand(len(tokens), -1)
        return ids, torch.softmax(logits, dim=1)

    def apply_merged(self, tokens: Tensor) -> Tensor:
        """Return each example through its own merged expert, float[T, d]."""
        _, weights = self(tokens, self.n_experts)
        merged = torch.einsum("te,eij->tij", weights, self.experts)
        return torch.einsum("tij,tj->ti", merged, tokens)
