"""Loss-Free Balancing: after each step every expert's bias moves one step towards the mean load.

Wang, Gao, Zhao, Sun and Dai (2024), "Auxiliary-Loss-Free Load Balancing Strategy for Mixture-of-Experts",
arXiv 2408.15664, algorithm 1: b += u sign(mean - count). Left out: DeepSeek-V3's sequence loss beside it, which is
:func:`pdsearch.balance.torch.losses.sequence_auxiliary_loss`.
"""

from __future__ import annotations

import torch

from pdsearch.balance.routers._checks import checked_number
from pdsearch.balance.torch._tensors import Group, summed
from pdsearch.balance.torch.balancer import Balancer


class LossFree(Balancer):
    """Top-k of affinity plus a bias that follows the load.

    Parameters
    ----------
    n_experts : int
    step : float
        By how much a bias moves per update, in units of affinity.
    gate : {"sigmoid", "softmax", "sqrt-softplus", "identity"}
    renormalise, scale
        As of :class:`pdsearch.balance.torch.balancer.Balancer`.

    Examples
    --------
    >>> router = LossFree(2, step=0.5)
    >>> router(torch.tensor([[2.0, 0.0], [1.0, 0.0]]), k=1).ids.tolist()
    [[0], [0]]
    >>> router.update()
    >>> router.bias.tolist()
    [-0.5, 0.5]
    """

    def __init__(
        self,
        n_experts: int,
        step: float = 1e-3,
        gate: str = "sigmoid",
        *,
        renormalise: bool | None = None,
        scale: float = 1.0,
    ) -> None:
        super().__init__(n_experts, gate, renormalise=renormalise, scale=scale)
        self.step = checked_number(step, "step")

    @torch.no_grad()
    def update(self, group: Group = None) -> None:
        """Move each bias one step towards the mean load."""
        load = summed(self.seen, group).double()  # counts are exact there
        self.bias += self.step * torch.sign(load.mean() - load).float()
        self.seen.zero_()
