"""LocMoE's trained gate: a linear layer over grouped average pooling, with auxiliary and locality losses.

Li et al. (2024), "LocMoE: A Low-Overhead MoE for Large Language Model Training", IJCAI, arXiv 2401.13920: the
task's loss gets alpha L_aux + mu L_loc, where L_loc is the divergence of the present traffic from fully local
traffic. The router without parameters is :mod:`pdsearch.balance.routers.locmoe`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pdsearch.balance.learned._module import RouterModule, best
from pdsearch.balance.learned._module import seeded as seeded


class LocalGate(RouterModule):
    """A gate on grouped features; tokens and experts lie on ``gpus`` in contiguous blocks.

    Parameters
    ----------
    n_features, n_experts : int
    gpus : int
        Divides the number of experts.
    auxiliary, locality : float
        Weights of the losses.
    leak : float
        Share of the traffic that leaves in fully local traffic; without it the divergence is infinite.

    Examples
    --------
    >>> router = seeded(LocalGate, 0, 8, 4)
    >>> sorted(router.losses(torch.ones(6, 8), k=1))
    ['auxiliary', 'locality']
    """

    def __init__(
        self,
        n_features: int,
        n_experts: int,
        gpus: int = 2,
        auxiliary: float = 0.01,
        locality: float = 0.01,
        leak: float = 0.01,
    ) -> None:
        super().__init__(n_features, n_experts)
        self.gpus, self.leak = gpus, leak
        self.auxiliary, self.locality = auxiliary, locality
        self.pool = nn.AdaptiveAvgPool1d(n_experts)
        self.gate = nn.Linear(n_experts, n_experts)

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the gate's logits."""
        scores: Tensor = self.gate(self.pool(tokens[:, None])[:, 0])
        return scores

    def losses(self, tokens: Tensor, k: int) -> dict[str, Tensor]:
        """Return the auxiliary loss, and the divergence of the expected traffic from local traffic."""
        scores = self.scores(tokens)
        probabilities = torch.softmax(scores, dim=1)
        counts = torch.bincount(best(scores, k)[0].flatten(), minlength=self.n_experts)
        shares = counts / counts.sum()
        return {
            "auxiliary": self.auxiliary * self.n_experts * (shares * probabilities.mean(dim=0)).sum(),
            "locality": self.locality * self.divergence(probabilities),
        }

    def divergence(self, probabilities: Tensor) -> Tensor:
        """Return KL(expected traffic of a GPU || fully local traffic), averaged over the tokens."""
        n_tokens = len(probabilities)
        home = torch.arange(n_tokens, device=probabilities.device) * self.gpus // n_tokens
        by_gpu = probabilities.view(n_tokens, self.gpus, -1).sum(dim=2)
        sent = torch.zeros(self.gpus, self.gpus, device=probabilities.device).index_add(0, home, by_gpu)
        share = sent / sent.sum(dim=1, keepdim=True).clamp(min=1)
        local = torch.full_like(share, self.leak / max(self.gpus - 1, 1)).fill_diagonal_(1 - self.leak)
        terms = torch.xlogy(share, share / local).sum(dim=1)
        return (terms * torch.bincount(home, minlength=self.gpus)).sum() / n_tokens
