"""What the learned routers share."""

from __future__ import annotations

import itertools
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from pdsearch.balance.routers import Assignment
from pdsearch.balance.routers._checks import checked_k, checked_matrix, checked_number
from pdsearch.balance.torch._tensors import Group
from pdsearch.balance.torch.choice import Routing, choose
from pdsearch.errors import BadInputError

M = TypeVar("M", bound="RouterModule")


class RouterModule(nn.Module):
    """A module that scores tokens for experts.

    Parameters
    ----------
    n_features, n_experts : int
    renormalise : bool, optional
    scale : float
        Of the weights, as of :func:`pdsearch.balance.torch.choice.choose`.
    """

    def __init__(self, n_features: int, n_experts: int, *, renormalise: bool | None = None, scale: float = 1.0) -> None:
        super().__init__()
        self.n_features = int(checked_number(n_features, "n_features", least=1))
        self.n_experts = int(checked_number(n_experts, "n_experts", least=1))
        self.renormalise, self.scale = renormalise, scale

    def scores(self, tokens: Tensor) -> Tensor:
        """Return differentiable scores, float[..., E]."""
        raise NotImplementedError

    def forward(self, tokens: Tensor, k: int, mask: Tensor | None = None, group: Group = None) -> Routing:
        """Return the k best experts of each token, their softmax weights, counts and losses."""
        return self.chosen(self.scores(tokens), k, mask, tokens.dtype)

    def chosen(self, scores: Tensor, k: int, mask: Tensor | None, dtype: torch.dtype) -> Routing:
        """Return the choice by scores, with weights of type ``dtype``."""
        routing = choose(scores, k, mask=mask, renormalise=self.renormalise, scale=self.scale)
        return routing._replace(weights=routing.weights.to(dtype))

    @torch.no_grad()
    def route(self, tokens: Any, k: int, **inputs: Any) -> Assignment:
        """Route tokens, float[T, d], an array or a tensor, in evaluation mode; the state is this module."""
        features = self.features(tokens)
        checked_k(k, self.n_experts)
        was_training = self.training
        self.eval()
        try:
            routing = self(features, k, **inputs)
        finally:
            self.train(was_training)
        ids = routing.ids.cpu().numpy().astype(np.int32)
        counts = np.bincount(ids.ravel(), minlength=self.n_experts)
        weights = routing.weights.to(torch.promote_types(routing.weights.dtype, torch.float32)).cpu().numpy()
        return Assignment(ids, weights, counts, np.zeros(self.n_experts, np.int64), self)

    def features(self, tokens: Any) -> Tensor:
        """Return tokens as a tensor of this module's type, on its device."""
        if isinstance(tokens, Tensor):
            tokens = tokens.detach().double().cpu().numpy()
        matrix = checked_matrix(tokens, "tokens", "n_features")
        if matrix.shape[1] != self.n_features:
            raise BadInputError(f"tokens have {matrix.shape[1]} features; the module reads {self.n_features}")
        return torch.from_numpy(matrix).to(next(itertools.chain(self.parameters(), self.buffers())))


def seeded(kind: type[M], seed: int, *arguments: Any, **options: Any) -> M:
    """Build a module whose initial parameters depend on ``seed`` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(*arguments, **options)
