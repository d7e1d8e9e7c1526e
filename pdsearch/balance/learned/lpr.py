"""Latent Prototype Routing: tokens and experts meet in a small latent space, where experts keep apart.

Yang (2025), "Latent Prototype Routing: Achieving Near-Perfect Load Balancing in Mixture-of-Experts",
arXiv 2506.21328, and its code RANDO11199/LatentPrototypeRouter. A token is encoded as a Gaussian; its scores are
the cosines of the mean to one prototype per expert. Three losses: codes and prototypes orthogonal among
themselves, codes near the standard normal, prototypes near samples of the tokens they serve.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pdsearch.balance.learned._module import RouterModule, best
from pdsearch.balance.learned._module import seeded as seeded


class LatentPrototypes(RouterModule):
    """A variational encoder and one prototype per expert.

    Parameters
    ----------
    n_features, n_experts : int
    latent : int
        Dimension of codes and prototypes.
    diversity, divergence, alignment : float
        Weights of the losses; the defaults are the published ones.

    Examples
    --------
    >>> router = seeded(LatentPrototypes, 0, 8, 4)
    >>> ids, weights = router(torch.ones(3, 8), k=2)
    >>> ids.shape, sorted(router.losses(torch.ones(3, 8), k=2))
    (torch.Size([3, 2]), ['alignment', 'divergence', 'diversity'])
    """

    def __init__(
        self,
        n_features: int,
        n_experts: int,
        latent: int = 16,
        diversity: float = 1.0,
        divergence: float = 0.01,
        alignment: float = 0.1,
    ) -> None:
        super().__init__(n_features, n_experts)
        self.diversity, self.divergence, self.alignment = diversity, divergence, alignment
        self.norm = nn.LayerNorm(n_features)
        self.encoder = nn.Linear(n_features, 2 * latent)
        self.prototypes = nn.Parameter(torch.randn(n_experts, latent))

    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean, log variance and sample, float[T, latent]; in evaluation the sample is the mean."""
        mean, log_variance = self.encoder(functional.silu(self.norm(tokens))).chunk(2, dim=1)
        if not self.training:
            return mean, log_variance, mean
        return mean, log_variance, mean + torch.randn_like(mean) * torch.exp(log_variance / 2)

    def similarity(self, codes: Tensor) -> Tensor:
        """Return the cosines of codes to prototypes, float[T, E]."""
        return functional.normalize(codes, dim=1) @ functional.normalize(self.prototypes, dim=1).T

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the cosines of the tokens' mean codes to the prototypes."""
        return self.similarity(self.encode(tokens)[0])

    def losses(self, tokens: Tensor, k: int) -> dict[str, Tensor]:
        """Return the diversity, divergence and alignment losses of one draw of codes."""
        mean, log_variance, codes = self.encode(tokens)
        ids = best(self.similarity(mean), k)[0]
        served = torch.zeros(len(tokens), self.n_experts, device=codes.device).scatter_(1, ids, 1.0)
        load = served.sum(dim=0).unsqueeze(1)
        centres = (served.T @ codes / load.clamp(min=1)).detach()
        kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1).mean() / 2
        apart = (self.prototypes - centres).abs() * (load > 0)
        return {
            "diversity": self.diversity * (far_from_orthogonal(mean) + far_from_orthogonal(self.prototypes)),
            "divergence": self.divergence * kl,
            "alignment": self.alignment * apart.mean(),
        }


def far_from_orthogonal(rows: Tensor) -> Tensor:
    """Return the mean squared error of the rows' cosines against the identity matrix.

    >>> far_from_orthogonal(torch.eye(3)).item()
    0.0
    """
    unit = functional.normalize(rows, dim=1)
    return functional.mse_loss(unit @ unit.T, torch.eye(len(rows), device=rows.device, dtype=rows.dtype))
