"""HyperRouter: a frozen network generates the gate's weights from one trained embedding.

Do et al. (2023), "HyperRouter: Towards Efficient Training and Inference of Sparse Mixture of Experts", EMNLP,
section 3, and its code giangdip2410/HyperRouter. Between a fixed random gate, which does not learn, and a
trained one, which collapses. No balance term.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pdsearch.balance.learned._module import RouterModule
from pdsearch.balance.learned._module import seeded as seeded


class HyperGate(RouterModule):
    """A linear gate [W | b] = reshape(L2(relu(L1(embedding)))), of which only the embedding is trained.

    Parameters
    ----------
    n_features, n_experts : int
    hidden : int
        Width of the generating network.

    Examples
    --------
    >>> router = seeded(HyperGate, 0, 8, 4)
    >>> [name for name, parameter in router.named_parameters() if parameter.requires_grad]
    ['embedding']
    """

    def __init__(self, n_features: int, n_experts: int, hidden: int = 256) -> None:
        super().__init__(n_features, n_experts)
        self.embedding = nn.Parameter(torch.randn(1, n_features))
        self.first = nn.Linear(n_features, hidden)
        self.second = nn.Linear(hidden, n_features * n_experts + n_experts)
        for layer in (self.first, self.second):
            layer.requires_grad_(False)

    def gate(self) -> tuple[Tensor, Tensor]:
        """Return the generated weight, float[E, d], and bias, float[E]."""
        generated = self.second(functional.relu(self.first(self.embedding)))[0]
        weight, bias = generated.split([self.n_features * self.n_experts, self.n_experts])
        return weight.view(self.n_experts, self.n_features), bias

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the generated gate's scores."""
        weight, bias = self.gate()
        return functional.linear(tokens, weight, bias)
