"""StableMoE: a balanced greedy routing is learned, distilled into a router of token ids, and then frozen.

Dai et al. (2022), "StableMoE: Stable Routing Strategy for Mixture of Experts", ACL, section 3, and its code
Hunter-DDM/stablemoe. Stage 1: scores are dot products with centroids (equation 2), with a balance loss (equation 7),
and a light router, which reads a word embedding of the token's id, learns to imitate the choice by cross-entropy
(equation 9). Stage 2: the light router alone decides and does not change; so a token's expert does not either,
whatever becomes of its hidden state. In both the output is alpha expert(token) + (1 - alpha) token, with alpha the
sigmoid of the token's score by the expert's centroid (equation 5), so that the centroids learn from the task as
well, in stage 2 too. Both losses are sums over tokens divided by their number, as published: their ratio does not
depend on the batch.

Left out: the other light routers (bigrams, convolution, transformer), capacity, and that the published code routes
by the light router in evaluation already in stage 1.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pdsearch.balance.learned._module import RouterModule
from pdsearch.balance.learned._module import seeded as seeded
from pdsearch.balance.torch._tensors import Group, checked_mask, counts_of, rows, summed, token_mean, wide
from pdsearch.balance.torch.choice import Routing, top_ids
from pdsearch.errors import BadInputError


class TwoStage(RouterModule):
    """Centroids and a distilled router of token ids; :meth:`freeze` goes to stage 2.

    Parameters
    ----------
    n_features, n_experts : int
    vocabulary : int
        Number of token ids.
    distilled : int
        Width of the light router's word embedding.
    balance, distillation : float
        Weights of the losses; the defaults are the published ones.
    scale : float
        Of the weights.

    Examples
    --------
    >>> router = seeded(TwoStage, 0, 8, 4, vocabulary=10)
    >>> words = torch.tensor([1, 5, 1])
    >>> sorted(router(torch.randn(3, 8), k=1, token_ids=words).losses)
    ['balance', 'distillation']
    >>> router.freeze()
    >>> routing = router(torch.randn(3, 8), k=1, token_ids=words)
    >>> routing.losses, bool(routing.ids[0] == routing.ids[2])
    ({}, True)
    """

    frozen: Tensor

    def __init__(
        self,
        n_features: int,
        n_experts: int,
        vocabulary: int = 32_768,
        distilled: int = 50,
        balance: float = 0.3,
        distillation: float = 0.3,
        *,
        scale: float = 1.0,
    ) -> None:
        super().__init__(n_features, n_experts, scale=scale)
        self.balance, self.distillation = balance, distillation
        self.stage = 1  # the stage of the training; a number, as to look at a tensor would stall the device
        self.register_buffer("frozen", torch.tensor(False))  # the same, to be saved with the parameters
        self.centroids = nn.Parameter(torch.empty(n_experts, n_features))
        self.embedding = nn.Embedding(vocabulary, distilled)
        self.light_centroids = nn.Parameter(torch.empty(n_experts, distilled))
        for centroids in (self.centroids, self.light_centroids):
            nn.init.orthogonal_(centroids, gain=0.1)

    def freeze(self) -> None:
        """Go to stage 2: route by the distilled router, and train nothing of it any more."""
        self.frozen.fill_(True)
        self._hold()

    def _hold(self) -> None:
        self.stage = 2 if self.frozen else 1
        for parameter in (self.embedding.weight, self.light_centroids):
            parameter.requires_grad_(self.stage == 1)

    def _load_from_state_dict(self, *arguments: Any, **options: Any) -> None:
        super()._load_from_state_dict(*arguments, **options)
        self._hold()  # whether a parameter is trained is not saved

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the dot products with the centroids."""
        return functional.linear(tokens, self.centroids)

    def distilled_scores(self, token_ids: Tensor) -> Tensor:
        """Return the light router's scores, float[..., E], of token ids, int[...]."""
        return functional.linear(self.embedding(token_ids), self.light_centroids)

    def forward(
        self,
        tokens: Tensor,
        k: int,
        mask: Tensor | None = None,
        group: Group = None,
        token_ids: Tensor | None = None,
    ) -> Routing:
        """Return the k best experts of each token, int64[..., k], and alpha / k.

        The paper has k = 1. For more, the division keeps the experts' share of the output at the mean alpha.
        ``token_ids``, int[...], may be left out in evaluation in stage 1 only.
        """
        mask = checked_mask(mask, tokens.shape[:-1])
        self._refuse(tokens, token_ids)
        scores = wide(self.scores(tokens))
        by = scores if self.stage == 1 or token_ids is None else wide(self.distilled_scores(token_ids))
        ids = top_ids(by, k)
        weights = torch.sigmoid(scores.gather(-1, ids)) * (self.scale / k)
        if mask is not None:
            weights = weights * mask[..., None].to(weights.dtype)
        losses = {}
        if self.training and self.stage == 1 and token_ids is not None:
            losses = self.losses(scores, token_ids, mask, group)
        return Routing(ids, weights.to(tokens.dtype), counts_of(ids, self.n_experts, mask), losses)

    def losses(
        self, scores: Tensor, token_ids: Tensor, mask: Tensor | None = None, group: Group = None
    ) -> dict[str, Tensor]:
        """Return the balance and distillation losses of stage 1, of the best expert by scores, float[..., E]."""
        best = top_ids(scores, 1)
        counts = summed(counts_of(best, self.n_experts, mask), group).to(scores.dtype)
        excess = counts / counts.mean().clamp(min=1 / self.n_experts) - 1
        gates = torch.sigmoid(scores.gather(-1, best))
        # The light router learns from the choice; the choice does not learn from it.
        light = rows(wide(self.distilled_scores(token_ids)))
        imitation = functional.cross_entropy(light, best.flatten(), reduction="none").view(best.shape)
        return {
            "balance": self.balance * token_mean(excess[best] * gates, mask, group)[0],
            "distillation": self.distillation * token_mean(imitation, mask, group)[0],
        }

    def _refuse(self, tokens: Tensor, token_ids: Tensor | None) -> None:
        if token_ids is None:
            if self.training or self.stage == 2:
                raise BadInputError("no token ids are given; the light router of stable-moe reads them")
        elif token_ids.shape != tokens.shape[:-1]:
            raise BadInputError(
                f"token ids have shape {tuple(token_ids.shape)} and tokens {tuple(tokens.shape)}; give one a token"
            )
