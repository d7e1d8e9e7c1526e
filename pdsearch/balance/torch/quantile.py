"""Quantile Balancing: the bias at which each expert would have got its share of the last step's tokens.

Su (2026), "Quantile Balancing", kexue.fm/archives/11619. With s the affinities, b the bias and alpha_t the (k+1)-th
largest of s_t + b, the bias that token t would need of expert e is r_te = alpha_t - s_te, and the next bias is the
k/E quantile of r over the tokens. Two estimators of it:

``quantile``
    The exact one of each micro-batch, averaged over micro-batches and ranks: ``qb_dual_update`` of Megatron-core.
``histogram``
    Kimi K3's (technical report, section 2.3.3, equations 13 and 14, appendix D), as in torchtitan and
    TransformerEngine: r in ``bins`` bins over [min b - 1, max b + 1], summed over micro-batches and ranks, the
    quantile interpolated in its bin, the mean subtracted.

Both are one step of a fixed-point iteration, used one step late. The fixed point, at which the loads are exactly
even, is :func:`pdsearch.balance.torch.exact.balanced_bias`. Left out: dynamic activation (no limit per token).
"""

from __future__ import annotations

import torch
from torch import Tensor

from pdsearch.balance.routers._checks import checked_choice, checked_number
from pdsearch.balance.torch._prices import expert_prices, token_prices
from pdsearch.balance.torch._tensors import Group, ones_for, rows, summed, wide
from pdsearch.balance.torch.balancer import Balancer
from pdsearch.balance.torch.choice import Routing, affinities_of

ESTIMATORS = ("quantile", "histogram")


class QuantileBalancing(Balancer):
    """Top-k of affinity plus the quantile bias of the step before.

    Parameters
    ----------
    n_experts : int
    estimator : {"quantile", "histogram"}
    bins : int
        Of the histogram.
    rate : float
        Share of the way from the old bias to the new.
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
        The histogram's range suits affinities from 0 to 1.
    renormalise, scale
        As of :class:`pdsearch.balance.torch.balancer.Balancer`.

    Examples
    --------
    >>> router = QuantileBalancing(2, gate="identity")
    >>> scores = torch.tensor([[0.1, 0.9], [0.6, 0.8]])
    >>> first = router(scores, k=1)
    >>> router.update()
    >>> first.counts.tolist(), router(scores, k=1).counts.tolist()
    ([0, 2], [1, 1])
    """

    def __init__(
        self,
        n_experts: int,
        estimator: str = "quantile",
        bins: int = 1000,
        rate: float = 1.0,
        gate: str = "softmax",
        *,
        renormalise: bool | None = None,
        scale: float = 1.0,
    ) -> None:
        super().__init__(n_experts, gate, renormalise=renormalise, scale=scale)
        self.estimator = checked_choice(estimator, ESTIMATORS, "estimator")
        self.bins, self.rate = int(checked_number(bins, "bins", least=1)), checked_number(rate, "rate", most=1)
        self.share = 0.0  # k / E of what was seen
        counted = torch.zeros(n_experts, self.bins, dtype=torch.int64)
        self.seen = counted if estimator == "histogram" else torch.zeros(n_experts + 1)

    def observe(self, scores: Tensor, k: int, mask: Tensor | None, routing: Routing) -> None:
        """Note the biases that these tokens would need; at k = E there is nothing to balance."""
        if k == self.n_experts or not scores.numel():
            return
        self.share = k / self.n_experts
        affinities = rows(affinities_of(wide(scores), self.gate))
        real = None if mask is None else mask.bool().flatten()
        cutoff = token_prices(affinities, -self.bias.to(affinities.dtype), k)
        if self.estimator == "histogram":
            needed = cutoff[:, None] - affinities
            self.seen.add_(histogram(needed, *bounds(self.bias), self.bins, real))
            return
        price = expert_prices(affinities, cutoff, k, real).to(self.seen.dtype)
        noted = torch.cat([-price, torch.ones_like(price[:1])])
        self.seen.add_(noted if real is None else torch.where(real.any(), noted, 0))

    @torch.no_grad()
    def update(self, group: Group = None) -> None:
        """Go to the bias estimated from what was seen; stay if that was nothing."""
        seen = summed(self.seen, group)
        if self.estimator == "histogram":
            found, number = quantile_of(seen, self.share, *bounds(self.bias)), seen.sum()
            found = found - found.mean()
        else:
            found, number = seen[:-1] / seen[-1].clamp(min=1), seen[-1]
        moved = self.bias + self.rate * (found.to(self.bias.dtype) - self.bias)
        self.bias.copy_(torch.where(number > 0, moved, self.bias))
        self.seen.zero_()


def bounds(bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return the range of the biases that may be needed, of affinities from 0 to 1."""
    return bias.min() - 1, bias.max() + 1


def histogram(values: Tensor, low: Tensor, high: Tensor, bins: int, mask: Tensor | None = None) -> Tensor:
    """Return int64[E, bins]: the values, float[T, E], of each expert in equal bins, outliers in the last ones.

    >>> histogram(torch.tensor([[-9.0], [0.1], [0.9]]), torch.tensor(-1.0), torch.tensor(1.0), 4).tolist()
    [[1, 0, 1, 1]]
    """
    n_experts = values.shape[1]
    place = ((values - low) * (bins / (high - low))).floor().long().clamp(0, bins - 1)
    place = place + bins * torch.arange(n_experts, device=values.device)
    each = ones_for(place) if mask is None else mask[:, None].expand_as(place).flatten().long()
    empty = torch.zeros(n_experts * bins, dtype=torch.int64, device=values.device)
    return empty.scatter_add(0, place.flatten(), each).view(n_experts, bins)


def quantile_of(counts: Tensor, share: float, low: Tensor, high: Tensor) -> Tensor:
    """Return the value that ``share`` of each row's entries lie below, interpolated in its bin.

    >>> quantile_of(torch.tensor([[0, 0, 2, 6]]), 0.25, torch.tensor(0.0), torch.tensor(4.0)).tolist()
    [3.0]
    """
    below = counts.cumsum(dim=1)
    target = share * below[:, -1:].double()
    place = (below < target).sum(dim=1, keepdim=True).clamp(max=counts.shape[1] - 1)
    inside = counts.gather(1, place)
    part = (target - (below.gather(1, place) - inside)) / inside.clamp(min=1)
    return (low + (place + part)[:, 0] * ((high - low) / counts.shape[1])).to(low.dtype)
