"""What modules that balance by a bias share: a bias that stays float32, and updates once a step.

A forward pass in training only notes what it saw; :meth:`Balancer.update` moves the bias, once per optimiser step,
after all micro-batches and over all ranks. So the bias is the same for all micro-batches of a step and for the
second forward pass of activation checkpointing, which is not counted, and evaluation never moves it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from pdsearch.balance.routers._checks import checked_choice, checked_number
from pdsearch.balance.routers._gates import GATES
from pdsearch.balance.torch._tensors import Group, moved, recomputed
from pdsearch.balance.torch.choice import Routing, choose


class Balancer(nn.Module):
    """Top-k of affinity plus :attr:`bias`, float32[E], which is saved with the state.

    Parameters
    ----------
    n_experts : int
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
    renormalise : bool, optional
    scale : float
        All as of :func:`pdsearch.balance.torch.choice.choose`.
    """

    bias: Tensor
    seen: Tensor  # since the last update; no buffer, which data-parallel training would overwrite with rank 0's

    def __init__(
        self, n_experts: int, gate: str = "softmax", *, renormalise: bool | None = None, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.n_experts = int(checked_number(n_experts, "n_experts", least=1))
        self.gate = checked_choice(gate, GATES, "gate")
        self.renormalise, self.scale = renormalise, scale
        self.register_buffer("bias", torch.zeros(n_experts))
        self.seen = torch.zeros(n_experts, dtype=torch.int64)

    def forward(self, scores: Tensor, k: int, mask: Tensor | None = None) -> Routing:
        """Route scores, float[..., E], at the present bias."""
        routing = self.chosen(scores, k, mask)
        if self.training and not recomputed():
            with torch.no_grad():
                self.observe(scores, k, mask, routing)
        return routing

    def chosen(self, scores: Tensor, k: int, mask: Tensor | None) -> Routing:
        """Return the choice at the present bias, and note nothing."""
        options: dict[str, Any] = {"renormalise": self.renormalise, "scale": self.scale}
        return choose(scores, k, self.gate, bias=self.bias, mask=mask, **options)

    def observe(self, scores: Tensor, k: int, mask: Tensor | None, routing: Routing) -> None:
        """Note what :meth:`update` needs: here, the counts."""
        self.seen.add_(routing.counts)

    def update(self, group: Group = None) -> None:
        """Move the bias by what was seen since the last update, by all ranks of the group, and forget it."""
        raise NotImplementedError

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        bias, seen = self.bias, self.seen
        super()._apply(fn, recurse)
        # To bfloat16 a model may go; the bias may not: there .5 + .001 is .5.
        self.bias, self.seen = (moved(kept, self.bias.device) for kept in (bias, seen))
        return self


def update_balance(model: nn.Module, group: Group = None) -> None:
    """Call ``update(group)`` of every balancer and every router with moving keys in the model.

    >>> from pdsearch.balance.torch.loss_free import LossFree
    >>> model = nn.Sequential(LossFree(2, step=0.5))
    >>> _ = model[0](torch.tensor([[2.0, 0.0], [1.0, 0.0]]), 1)
    >>> update_balance(model)
    >>> model[0].bias.tolist()
    [-0.5, 0.5]
    """
    for module in model.modules():
        update = getattr(module, "update", None)
        if callable(update) and hasattr(module, "seen"):
            update(group)


def update_with(optimiser: torch.optim.Optimizer, model: nn.Module, group: Group = None) -> Any:
    """Call :func:`update_balance` after every step of the optimiser; return the handle that ends it."""
    return optimiser.register_step_post_hook(lambda *_: update_balance(model, group))
