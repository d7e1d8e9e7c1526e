"""What the learned routers share."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from pdsearch.balance.routers import Assignment

M = TypeVar("M", bound="RouterModule")


class RouterModule(nn.Module):
    """A module that scores tokens for experts.

    Parameters
    ----------
    n_features, n_experts : int
    """

    def __init__(self, n_features: int, n_experts: int) -> None:
        super().__init__()
        self.n_features = n_features
        self.n_experts = n_experts

    def scores(self, tokens: Tensor) -> Tensor:
        """Return differentiable scores, float[T, E]."""
        raise NotImplementedError

    def forward(self, tokens: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Return the k best experts of each token, int64[T, k], and their softmax weights."""
        return best(self.scores(tokens), k)

    def losses(self, tokens: Tensor, k: int) -> dict[str, Tensor]:
        """Return the weighted terms to be added to the task's loss; none unless a subclass has some."""
        return {}

    @torch.no_grad()
    def route(self, tokens: npt.NDArray[Any], k: int) -> Assignment:
        """Route NumPy tokens, float[T, d], in evaluation mode; the state of the answer is this module."""
        was_training = self.training
        self.eval()
        like = next(self.parameters())
        chosen, weights = self(torch.from_numpy(tokens).to(like), k)
        self.train(was_training)
        ids = chosen.cpu().numpy().astype(np.int32)
        counts = np.bincount(ids.ravel(), minlength=self.n_experts)
        return Assignment(ids, weights.cpu().numpy(), counts, np.zeros(self.n_experts, np.int64), self)


def best(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return ids and softmax weights of the k largest of each row, ties to the lowest id."""
    ids = torch.sort(scores, dim=1, descending=True, stable=True).indices[:, :k]
    return ids, torch.softmax(scores.gather(1, ids), dim=1)


def seeded(kind: type[M], seed: int, *arguments: Any) -> M:
    """Build a module whose initial parameters depend on ``seed`` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(*arguments)
