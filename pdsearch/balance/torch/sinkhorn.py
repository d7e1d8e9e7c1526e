"""Sinkhorn (S-BASE): in training, top-k of the entropy-regularised balanced plan; in evaluation, of the scores.

Clark et al. (2022), "Unified Scaling Laws for Routed Language Models", arXiv 2202.01169, section 3.1 and
appendix B. In a row of the plan d0_t exp(s_te / temperature) d1_e the factor d0_t is the same for all experts:
log d1 is a bias. The iteration runs on logarithms, where no temperature underflows, and a fixed number of times,
because to stop by what was reached would stall the device. Left out: a transport plan for k experts a token;
for k above 1 the k largest of the plan for one are taken.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from pdsearch.balance.routers._checks import checked_choice, checked_number
from pdsearch.balance.routers._gates import GATES
from pdsearch.balance.torch._tensors import Group, checked_mask, counts_of, gathered, rows, wide
from pdsearch.balance.torch.choice import Routing, affinities_of, choose, top_ids, weights_at
from pdsearch.errors import BadInputError


class Sinkhorn(nn.Module):
    """Top-k of the balanced plan in training, of the raw scores in evaluation.

    Parameters
    ----------
    temperature : float
        Scores are divided by it.
    iterations : int
    gate : {"sigmoid", "softmax", "sqrt-softplus", "identity"}
        Of the weights.
    renormalise : bool, optional
    scale : float
        As of :func:`pdsearch.balance.torch.choice.choose`.

    Examples
    --------
    >>> scores = torch.tensor([[2.0, 0.0], [1.0, 0.9]])
    >>> Sinkhorn()(scores, k=1).ids.tolist(), Sinkhorn().eval()(scores, k=1).ids.tolist()
    ([[0], [1]], [[0], [0]])
    """

    def __init__(
        self,
        temperature: float = 1.0,
        iterations: int = 50,
        gate: str = "sigmoid",
        *,
        renormalise: bool | None = None,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        if not 0 < temperature < math.inf:
            raise BadInputError(f"temperature is {temperature}; give a positive number")
        self.temperature, self.gate = temperature, checked_choice(gate, GATES, "gate")
        self.iterations = int(checked_number(iterations, "iterations", least=1))
        self.renormalise, self.scale = renormalise, scale

    def forward(self, scores: Tensor, k: int, mask: Tensor | None = None, group: Group = None) -> Routing:
        """Route scores, float[..., E]; with a group the plan is for the tokens of all ranks, as many on each."""
        if not self.training:
            options = {"renormalise": self.renormalise, "scale": self.scale}
            return choose(scores, k, self.gate, mask=mask, **options)  # type: ignore[arg-type]
        mask = checked_mask(mask, scores.shape[:-1])
        wider = wide(scores)
        with torch.no_grad():
            everyone = gathered(rows(wider), group) / self.temperature
            real = None if mask is None else gathered(mask.flatten(), group)
            ids = top_ids(wider / self.temperature + log_factors(everyone, self.iterations, real), k)
        weights = weights_at(wider, affinities_of(wider, self.gate), ids, self.gate, self.renormalise) * self.scale
        if mask is not None:
            weights = weights * mask[..., None].to(weights.dtype)
        return Routing(ids, weights.to(scores.dtype), counts_of(ids, scores.shape[-1], mask), {})


def log_factors(scores: Tensor, iterations: int, mask: Tensor | None = None) -> Tensor:
    """Return log d1, float[E]: with it added, the softmax of each row of float[T, E] sums to T/E in each column.

    >>> factors = log_factors(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), 50)
    >>> torch.softmax(torch.tensor([1.0, 0.0]) + factors, dim=0).tolist()
    [0.5, 0.5]
    """
    n_experts = scores.shape[1]
    factors = scores.new_zeros(n_experts)
    if not len(scores):
        return factors
    real = scores if mask is None else scores.masked_fill(~mask[:, None], -torch.inf)
    for _ in range(iterations):
        token = torch.logsumexp(scores + factors, dim=1, keepdim=True)
        factors = -torch.logsumexp(real - token, dim=0)
        factors = factors - factors.mean()  # of which the plan does not depend
    # A batch of padding alone has no plan.
    return torch.nan_to_num(factors)
