"""HyperRouter: a frozen network generates the gate's weights from one trained embedding.

Do et al. (2023), "HyperRouter: Towards Efficient Training and Inference of Sparse Mixture of Experts", EMNLP,
section 3, equation 4, in the layout of its code, giangdip2410/HyperRouter: row e of the generated matrix is the
weight and then the bias of expert e. Between a fixed random gate, which does not learn, and a trained one, which
collapses. It has no balance term. Left out: the dense mode, in which all experts count alike.
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
    renormalise, scale
        As of :class:`pdsearch.balance.learned._module.RouterModule`.

    Examples
    --------
    >>> router = seeded(HyperGate, 0, 8, 4)
    >>> [name for name, parameter in router.named_parameters() if parameter.requires_grad]
    ['embedding']
    """

    def __init__(
        self,
        n_features: int,
        n_experts: int,
        hidden: int = 256,
        *,
        renormalise: bool | None = None,
        scale: float = 1.0,
    ) -> None:
        super().__init__(n_features, n_experts, renormalise=renormalise, scale=scale)
        self.embedding = nn.Parameter(torch.randn(1, n_features))
        self.first = nn.Linear(n_features, hidden)
        self.second = nn.Linear(hidden, n_experts * (n_features + 1))
        for layer in (self.first, self.second):
            layer.requires_grad_(False)

    def gate(self) -> tuple[Tensor, Tensor]:
        """Return the generated weight, float[E, d], and bias, float[E]."""
        generated = self.second(functional.relu(self.first(self.embedding))).view(self.n_experts, -1)
        return generated[:, :-1], generated[:, -1]

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the generated gate's scores."""
        weight, bias = self.gate()
        return functional.linear(tokens, weight, bias)
