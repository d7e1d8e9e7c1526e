"""StableMoE: a balanced greedy routing is learned, distilled into a light router, and then frozen.

Dai et al. (2022), "StableMoE: Stable Routing Strategy for Mixture of Experts", ACL, section 3, and its code
Hunter-DDM/stablemoe. Stage 1: scores are dot products with centroids, with a balance loss, and a light router
learns to imitate the choice by cross-entropy. Stage 2: the light router alone decides, and does not change. In
both the output is alpha expert(token) + (1 - alpha) token, with alpha the sigmoid of the token's score by the
expert's centroid, so that the centroids learn from the task as well, in stage 2 too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pdsearch.balance.learned._module import RouterModule, best
from pdsearch.balance.learned._module import seeded as seeded


class TwoStage(RouterModule):
    """Centroids and a distilled router; :meth:`freeze` goes to stage 2.

    Parameters
    ----------
    n_features, n_experts : int
    distilled : int
        Features of the light router, which reads a projection of the token (in the paper: a word embedding).
    balance, distillation : float
        Weights of the losses; the defaults are the published ones.

    Examples
    --------
    >>> router = seeded(TwoStage, 0, 8, 4)
    >>> sorted(router.losses(torch.ones(3, 8), k=1))
    ['balance', 'distillation']
    >>> router.freeze()
    >>> router.losses(torch.ones(3, 8), k=1)
    {}
    """

    def __init__(
        self,
        n_features: int,
        n_experts: int,
        distilled: int = 50,
        balance: float = 0.3,
        distillation: float = 0.3,
    ) -> None:
        super().__init__(n_features, n_experts)
        self.balance, self.distillation = balance, distillation
        self.register_buffer("frozen", torch.tensor(False))  # a buffer, to be saved and loaded with the parameters
        self.centroids = nn.Parameter(torch.empty(n_experts, n_features))
        self.projection = nn.Linear(n_features, distilled, bias=False)
        self.light_centroids = nn.Parameter(torch.empty(n_experts, distilled))
        for centroids in (self.centroids, self.light_centroids):
            nn.init.orthogonal_(centroids, gain=0.1)

    def freeze(self) -> None:
        """Go to stage 2: route by the distilled router, and train nothing of it any more."""
        self.frozen.fill_(True)
        self._hold()

    def _hold(self) -> None:
        for parameter in (self.projection.weight, self.light_centroids):
            parameter.requires_grad_(not self.frozen)

    def _load_from_state_dict(self, *arguments: Any, **options: Any) -> None:
        super()._load_from_state_dict(*arguments, **options)
        self._hold()  # whether a parameter is trained is not saved

    @property
    def stage(self) -> int:
        """The stage of the training, 1 or 2."""
        return 2 if self.frozen else 1

    def forward(self, tokens: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Return the k best experts of each token, int64[T, k], and alpha / k.

        The paper has k = 1. For more, the division keeps the experts' share of the output at the mean alpha.
        """
        ids, _ = best(self.scores(tokens), k)
        alpha = torch.sigmoid((tokens @ self.centroids.T).gather(1, ids))
        return ids, alpha / k

    def distilled_scores(self, tokens: Tensor) -> Tensor:
        """Return the light router's scores."""
        scores: Tensor = self.projection(tokens) @ self.light_centroids.T
        return scores

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the scores of the present stage."""
        return tokens @ self.centroids.T if self.stage == 1 else self.distilled_scores(tokens)

    def losses(self, tokens: Tensor, k: int) -> dict[str, Tensor]:
        """Return the balance and distillation losses of stage 1, of the best expert; none in stage 2."""
        if self.stage == 2:
            return {}
        scores = tokens @ self.centroids.T
        ids = scores.argmax(dim=1)
        counts = torch.bincount(ids, minlength=self.n_experts).to(scores)
        excess = counts / counts.mean() - 1
        gates = torch.sigmoid(scores.gather(1, ids[:, None])[:, 0])
        # The light router learns from the choice; the token's own features do not learn from it.
        imitation = functional.cross_entropy(self.distilled_scores(tokens.detach()), ids)
        return {
            "balance": self.balance * (excess[ids] * gates).sum(),
            "distillation": self.distillation * imitation,
        }
