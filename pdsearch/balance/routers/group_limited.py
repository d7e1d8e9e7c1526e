"""Group-limited top-k: a token chooses a few groups of experts first, then its k experts inside them.

A group is the experts of one machine; limiting the groups bounds the machines a token is sent to. DeepSeek-AI
(2024), "DeepSeek-V3 Technical Report", arXiv 2412.19437, section 2.1.2: a group's score is the sum of its k /
g best affinities plus bias, where g groups are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_choice, checked_k, checked_matrix, checked_vector
from pdsearch.balance.routers._gates import affinities_of
from pdsearch.balance.routers.top_k import choose
from pdsearch.errors import BadInputError


@ROUTERS.add("group-limited")
@dataclass(frozen=True)
class GroupLimited:
    """Top-k within the best groups; experts of a group have neighbouring ids; the state is the bias.

    Parameters
    ----------
    groups : int
        Divides the number of experts.
    kept : int
        Groups a token may use.
    rule : {"sum", "max"}
        A group's score: the sum of its k / kept best affinities (DeepSeek-V3), or its best one (DeepSeek-V2, arXiv
        2405.04434, section 2.1.2).
    gate : {"sigmoid", "softmax", "sqrt-softplus", "identity"}

    Examples
    --------
    The best expert is in a group whose others are poor, and the pair next to it wins:

    >>> scores = np.array([[0.9, 0.0, 0.6, 0.5]])
    >>> GroupLimited(groups=2, kept=1, gate="identity").route(scores, k=2).ids.tolist()
    [[2, 3]]
    """

    groups: int = 4
    kept: int = 2
    rule: str = "sum"
    gate: str = "sigmoid"

    batch_invariant: ClassVar[bool] = True
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "DeepSeek-AI (2024), arXiv 2412.19437, section 2.1.2"

    def __post_init__(self) -> None:
        checked_choice(self.rule, ("sum", "max"), "rule")

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route each token to k experts in at most ``kept`` groups.

        Parameters
        ----------
        scores : float[T, E]
        k : int
            At most the number of experts in the kept groups.
        state : float[E], optional
            Bias, for the choice alone.

        Raises
        ------
        BadInputError
            For bad scores, or groups that do not divide the experts or hold fewer than k of them.
        """
        affinities = affinities_of(checked_matrix(scores), self.gate)
        n_tokens, n_experts = affinities.shape
        self._check(k, n_experts)
        bias = 0 if state is None else checked_vector(state, n_experts, affinities.dtype, "bias")
        biased = (affinities + bias).reshape(n_tokens, self.groups, n_experts // self.groups)
        best = min(max(1, k // self.kept), biased.shape[2]) if self.rule == "sum" else 1
        group_scores = np.partition(biased, -best, axis=2)[:, :, -best:].sum(axis=2)
        open_groups = choose(np.ascontiguousarray(group_scores), self.kept).ids
        is_open = np.zeros((n_tokens, self.groups), bool)
        np.put_along_axis(is_open, open_groups.astype(np.int64), True, axis=1)
        masked = np.where(np.repeat(is_open, biased.shape[2], axis=1), affinities, -np.inf)
        return choose(masked.astype(affinities.dtype), k, state)

    def _check(self, k: int, n_experts: int) -> None:
        checked_k(k, n_experts)
        if self.groups < 1 or n_experts % self.groups:
            raise BadInputError(f"{self.groups} groups do not divide {n_experts} experts; give a divisor")
        if not 1 <= self.kept <= self.groups:
            raise BadInputError(f"kept is {self.kept} of {self.groups} groups; give 1 <= kept <= {self.groups}")
        if k > self.kept * (n_experts // self.groups):
            raise BadInputError(
                f"k is {k} and {self.kept} groups hold {self.kept * (n_experts // self.groups)} experts; "
                f"keep more groups or lower k"
            )
