"""LocMoE's gate: grouped average pooling, without parameters, with auxiliary and locality losses.

Li et al. (2024), "LocMoE: A Low-Overhead MoE for Large Language Model Training", IJCAI, arXiv 2401.13920: the gate
(section 3.2) is that of :mod:`pdsearch.balance.routers.locmoe`, by the same matrix; what learns is the model below
it. The task's loss gets alpha L_aux + mu L_loc (section 3.3), L_loc the divergence of the present traffic from fully
local traffic. Left out: the capacity bound, which the NumPy router has, and the all-to-all itself.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pdsearch.balance.learned._module import RouterModule
from pdsearch.balance.learned._module import seeded as seeded
from pdsearch.balance.routers._pooling import pooling_matrix
from pdsearch.balance.torch._tensors import Group, checked_mask, rows, token_mean, wide
from pdsearch.balance.torch.choice import Routing
from pdsearch.balance.torch.losses import auxiliary_loss
from pdsearch.errors import BadInputError


class LocalGate(RouterModule):
    """Means of groups of features as scores; experts lie on ``gpus`` in contiguous blocks.

    Parameters
    ----------
    n_features, n_experts : int
        At least one feature an expert.
    gpus : int
        Divides the number of experts. Tokens lie on them in contiguous blocks, or, with a process group, on the
        one of their rank; the group then has ``gpus`` ranks.
    auxiliary, locality : float
        Weights of the losses.
    leak : float
        Share of the traffic that leaves in fully local traffic; without it the divergence is infinite.
    renormalise, scale
        As of :class:`pdsearch.balance.learned._module.RouterModule`.

    Examples
    --------
    >>> router = LocalGate(8, 4)
    >>> sorted(router(torch.ones(6, 8), k=1).losses)
    ['auxiliary', 'locality']
    """

    pool: Tensor

    def __init__(
        self,
        n_features: int,
        n_experts: int,
        gpus: int = 2,
        auxiliary: float = 0.01,
        locality: float = 0.01,
        leak: float = 0.01,
        *,
        renormalise: bool | None = None,
        scale: float = 1.0,
    ) -> None:
        super().__init__(n_features, n_experts, renormalise=renormalise, scale=scale)
        if gpus < 1 or n_experts % gpus:
            raise BadInputError(f"{gpus} gpus do not divide {n_experts} experts; give a divisor")
        if not 0 < leak < 1:
            raise BadInputError(f"leak is {leak}; give a number between 0 and 1")
        self.gpus, self.leak = gpus, leak
        self.auxiliary, self.locality = auxiliary, locality
        matrix = torch.from_numpy(pooling_matrix(n_features, n_experts))
        self.register_buffer("pool", matrix.to(torch.get_default_dtype()), persistent=False)

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the means of the groups of features."""
        return tokens @ self.pool

    def forward(self, tokens: Tensor, k: int, mask: Tensor | None = None, group: Group = None) -> Routing:
        """Return the choice and, in training, the two losses."""
        scores = self.scores(tokens)
        routing = self.chosen(scores, k, mask, tokens.dtype)
        if not self.training:
            return routing
        probabilities = torch.softmax(wide(scores), dim=-1)
        even = auxiliary_loss(scores, routing.counts, mask=mask, group=group, coefficient=self.auxiliary)
        losses = {"auxiliary": even, "locality": self.locality * self.divergence(probabilities, mask, group)}
        return routing._replace(losses=losses)

    def divergence(self, probabilities: Tensor, mask: Tensor | None = None, group: Group = None) -> Tensor:
        """Return KL(expected traffic of a GPU || fully local traffic), averaged over the tokens."""
        mask = checked_mask(mask, probabilities.shape[:-1])
        by_gpu = rows(probabilities).unflatten(1, (self.gpus, -1)).sum(dim=2)
        n_tokens = len(by_gpu)
        if group is None:
            home = torch.arange(n_tokens, device=by_gpu.device) * self.gpus // max(n_tokens, 1)
        else:
            home = torch.full((n_tokens,), group.rank(), device=by_gpu.device)
        if mask is not None:
            by_gpu = by_gpu * mask.flatten()[:, None].to(by_gpu.dtype)
        sent = by_gpu.new_zeros(self.gpus, self.gpus).index_add(0, home, by_gpu)
        total = sent.sum(dim=1, keepdim=True)
        share = sent / torch.where(total > 0, total, 1)
        local = torch.full_like(share, self.leak / max(self.gpus - 1, 1)).fill_diagonal_(1 - self.leak)
        terms = torch.where(share > 0, share * torch.log(torch.where(share > 0, share, 1) / local), 0).sum(dim=1)
        return token_mean(terms[home][:, None], None if mask is None else mask.flatten(), group)[0]
