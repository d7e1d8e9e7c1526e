"""Latent Prototype Routing: tokens and experts meet in a small latent space, where experts keep apart.

Yang (2025), "Latent Prototype Routing: Achieving Near-Perfect Load Balancing in Mixture-of-Experts",
arXiv 2506.21328, section 3, and its code RANDO11199/LatentPrototypeRouter. A token is encoded as a Gaussian; its
scores are the cosines of the mean to one prototype per expert. Three losses:

diversity
    Squared error of the cosines among codes, and among prototypes, against the identity. |X X'|^2 = |X' X|^2, so the
    T x T matrix of cosines is not needed: with n rows of length 1 the error is (|X' X|^2 - n) / n^2.
divergence
    Of the tokens' Gaussians from the standard normal.
alignment
    Mean of |K - R' z|: prototypes against samples z of the tokens, by the soft assignment R, a softmax over all
    experts of the chosen experts' scores with 0 for the others. The published code takes the sum R' z as it is, at
    any number of tokens; ``normalised`` divides by R' 1, as its moving prototypes do.

With ``moving`` the prototypes are also set to ema(R' z) / ema(R' 1), :meth:`update` after each step. Left out: the
similarities other than cosines, distributions as prototypes, and the decoded prototypes that the published code adds
to the hidden states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pdsearch.balance.learned._module import RouterModule
from pdsearch.balance.learned._module import seeded as seeded
from pdsearch.balance.torch._tensors import Group, checked_mask, moved, recomputed, rows, summed, token_mean, wide
from pdsearch.balance.torch.choice import Routing


class LatentPrototypes(RouterModule):
    """A variational encoder and one prototype per expert.

    Parameters
    ----------
    n_features, n_experts : int
    latent : int
        Dimension of codes and prototypes.
    diversity, divergence, alignment : float
        Weights of the losses; the defaults are the published ones.
    normalised : bool
        Whether the alignment is to means of tokens in place of sums.
    moving : bool
        Whether :meth:`update` moves the prototypes.
    decay : float
        Of the moving means; the published 0.8.
    renormalise, scale
        As of :class:`pdsearch.balance.learned._module.RouterModule`.

    Examples
    --------
    >>> router = seeded(LatentPrototypes, 0, 8, 4)
    >>> routing = router(torch.ones(3, 8), k=2)
    >>> routing.ids.shape, sorted(routing.losses)
    (torch.Size([3, 2]), ['alignment', 'divergence', 'diversity'])
    """

    moving_sum: Tensor
    moving_weight: Tensor
    seen: Tensor  # R' z and R' 1 of the tokens since the last update

    def __init__(
        self,
        n_features: int,
        n_experts: int,
        latent: int = 16,
        diversity: float = 1.0,
        divergence: float = 0.01,
        alignment: float = 0.1,
        normalised: bool = False,
        moving: bool = False,
        decay: float = 0.8,
        *,
        renormalise: bool | None = None,
        scale: float = 1.0,
    ) -> None:
        super().__init__(n_features, n_experts, renormalise=renormalise, scale=scale)
        self.diversity, self.divergence, self.alignment = diversity, divergence, alignment
        self.normalised, self.moving, self.decay = normalised, moving, decay
        self.norm = nn.LayerNorm(n_features)
        self.encoder = nn.Linear(n_features, 2 * latent)
        self.prototypes = nn.Parameter(torch.randn(n_experts, latent))
        self.register_buffer("moving_sum", self.prototypes.detach().clone())
        self.register_buffer("moving_weight", torch.zeros(n_experts))
        self.seen = torch.zeros(n_experts, latent + 1)

    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance, float[..., latent]."""
        mean, log_variance = self.encoder(functional.silu(self.norm(tokens))).chunk(2, dim=-1)
        return wide(mean), wide(log_variance)

    def similarity(self, codes: Tensor) -> Tensor:
        """Return the cosines of codes to prototypes, float[..., E]."""
        return _unit(codes) @ _unit(self.prototypes.to(codes.dtype)).T

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the cosines of the tokens' mean codes to the prototypes."""
        return self.similarity(self.encode(tokens)[0])

    def forward(self, tokens: Tensor, k: int, mask: Tensor | None = None, group: Group = None) -> Routing:
        """Return the choice by the mean codes and, in training, the losses with one sample of the codes."""
        mask = checked_mask(mask, tokens.shape[:-1])
        mean, log_variance = self.encode(tokens)
        with torch.autocast(mean.device.type, enabled=False):
            scores = self.similarity(mean)
            routing = self.chosen(scores, k, mask, tokens.dtype)
            if not self.training:
                return routing
            codes = mean + torch.randn_like(mean) * torch.exp(log_variance / 2)
            kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=-1, keepdim=True) / 2
            apart = far_from_orthogonal(mean, mask) + far_from_orthogonal(self.prototypes.to(mean.dtype))
            losses = {
                "diversity": self.diversity * apart,
                "divergence": self.divergence * token_mean(kl, mask, group)[0],
                "alignment": self.alignment * self.misalignment(scores, routing.ids, codes, mask, group),
            }
        return routing._replace(losses=losses)

    def misalignment(
        self, scores: Tensor, ids: Tensor, codes: Tensor, mask: Tensor | None = None, group: Group = None
    ) -> Tensor:
        """Return mean |K - R' z|, with all ranks' tokens in the sum, and note both sums if prototypes move."""
        with torch.no_grad():
            kept = torch.zeros_like(scores).scatter(-1, ids, scores.gather(-1, ids))
            assigned = rows(torch.softmax(kept, dim=-1))
            if mask is not None:
                assigned = assigned * mask.flatten()[:, None].to(assigned.dtype)
            own = torch.cat([assigned.T @ rows(codes), assigned.sum(dim=0)[:, None]], dim=1)
            if self.moving and not recomputed():
                self.seen.add_(own.to(self.seen.dtype))
            total = summed(own, group)
            target = total[:, :-1]
            if self.normalised:
                target = target / total[:, -1:].clamp(min=1e-6)
        return (self.prototypes.to(target.dtype) - target).abs().mean()

    @torch.no_grad()
    def update(self, group: Group = None) -> None:
        """Set the prototypes to the moving means of the tokens seen since the last call; after the optimiser's step.

        Does nothing without ``moving``.
        """
        if not self.moving:
            return
        seen = summed(self.seen, group)
        self.moving_sum.mul_(self.decay).add_(seen[:, :-1], alpha=1 - self.decay)
        self.moving_weight.mul_(self.decay).add_(seen[:, -1], alpha=1 - self.decay)
        self.prototypes.copy_(self.moving_sum / self.moving_weight[:, None].clamp(min=1e-6))
        self.seen.zero_()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        kept = {name: getattr(self, name) for name in ("moving_sum", "moving_weight", "seen")}
        super()._apply(fn, recurse)
        for name, tensor in kept.items():  # sums over many tokens stay float32
            setattr(self, name, moved(tensor, self.prototypes.device))
        return self


def far_from_orthogonal(codes: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the mean squared error of the cosines among codes, float[..., n], against the identity matrix.

    >>> far_from_orthogonal(torch.eye(3)).item()
    0.0
    >>> round(far_from_orthogonal(torch.ones(2, 3)).item(), 6)  # two cosines of 1 that should be 0, of four
    0.5
    """
    unit = rows(_unit(codes))
    number = torch.full((), len(unit), dtype=unit.dtype, device=unit.device)
    if mask is not None:
        unit = unit * mask.flatten()[:, None].to(unit.dtype)
        number = mask.sum().to(unit.dtype)
    among = unit.T @ unit
    error = (among**2).sum() - 2 * torch.trace(among) + number
    return (error / number.clamp(min=1) ** 2).clamp(min=0)


def _unit(codes: Tensor) -> Tensor:
    return functional.normalize(codes, dim=-1)
