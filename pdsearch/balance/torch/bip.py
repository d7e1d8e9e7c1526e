"""BIP-Based Balancing: expert prices from a few dual iterations on the batch itself, before it is routed.

Sun (2025), "Binary-Integer-Programming Based Algorithm for Expert Load Balancing in Mixture-of-Experts Models",
arXiv 2502.15451, algorithm 1; the dual is in :mod:`pdsearch.balance.routers.bip`. Left out: the online variant with
histograms, which is :mod:`pdsearch.balance.routers.bip_online`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pdsearch.balance.routers._checks import checked_number
from pdsearch.balance.torch._prices import expert_prices, token_prices
from pdsearch.balance.torch._tensors import Group, checked_mask, gathered, recomputed, rows, wide
from pdsearch.balance.torch.balancer import Balancer
from pdsearch.balance.torch.choice import Routing, affinities_of, choose


class BIP(Balancer):
    """Top-k of affinity minus a price found on the batch; :attr:`bias` is minus the price to start from.

    Within a step all batches start from the same prices, so that the second forward pass of activation
    checkpointing finds the same; :meth:`update` keeps those of the last batch.

    Parameters
    ----------
    n_experts : int
    iterations : int
        Dual iterations per batch; the paper uses 2 to 14.
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
    renormalise, scale
        As of :class:`pdsearch.balance.torch.balancer.Balancer`.

    Examples
    --------
    >>> scores = torch.tensor([[0.1, 0.9], [0.6, 0.8]])
    >>> BIP(2, iterations=2, gate="identity")(scores, k=1).ids.tolist()
    [[1], [0]]
    """

    def __init__(
        self,
        n_experts: int,
        iterations: int = 4,
        gate: str = "softmax",
        *,
        renormalise: bool | None = None,
        scale: float = 1.0,
    ) -> None:
        super().__init__(n_experts, gate, renormalise=renormalise, scale=scale)
        self.iterations = int(checked_number(iterations, "iterations"))
        self.seen = torch.zeros(n_experts)

    def forward(self, scores: Tensor, k: int, mask: Tensor | None = None, group: Group = None) -> Routing:
        """Price the experts on this batch, then route it.

        With a group the batch is that of all its ranks, which must have as many tokens each, padding included.
        """
        mask = checked_mask(mask, scores.shape[:-1])
        with torch.no_grad():
            affinities = rows(affinities_of(wide(scores), self.gate))
            real = None if mask is None else gathered(mask.flatten(), group)
            price = dual_prices(gathered(affinities, group), k, self.iterations, -self.bias, real)
            if self.training and not recomputed():
                self.seen.copy_(-price)
        options = {"renormalise": self.renormalise, "scale": self.scale}
        return choose(scores, k, self.gate, bias=-price, mask=mask, **options)  # type: ignore[arg-type]

    @torch.no_grad()
    def update(self, group: Group = None) -> None:
        """Keep the prices of the last batch."""
        self.bias.copy_(self.seen)


def dual_prices(
    affinities: Tensor, k: int, iterations: int, start: Tensor | None = None, mask: Tensor | None = None
) -> Tensor:
    """Return expert prices, float[E], after some dual iterations on affinities, float[T, E].

    >>> dual_prices(torch.tensor([[0.25, 1.0], [0.5, 0.75]]), k=1, iterations=2).tolist()
    [0.0, 0.25]
    """
    n_tokens, n_experts = affinities.shape
    price = affinities.new_zeros(n_experts) if start is None else start.to(affinities.dtype)
    if not n_tokens or k >= n_experts:  # nothing to balance; k > E is for the choice to refuse
        return price
    for _ in range(iterations):
        token_price = token_prices(affinities, price, k).clamp(min=0)
        price = expert_prices(affinities, token_price, k, mask).clamp(min=0)
    return price
