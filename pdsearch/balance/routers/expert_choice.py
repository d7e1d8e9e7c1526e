"""Expert Choice: each expert takes its C best tokens, so the load is exactly even and coverage is not.

Zhou et al. (2022), "Mixture-of-Experts with Expert Choice Routing", NeurIPS 35, section 3.2. C = ceil(T k /
E). A token gets as many experts as chose it, possibly none; which ones depends on all the batch, later tokens
too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import NOBODY, ROUTERS, Assignment, Scores
from pdsearch.balance.routers._checks import checked_k, checked_matrix
from pdsearch.balance.routers._gates import affinities_of
from pdsearch.balance.routers._prices import ranked


@ROUTERS.add("expert-choice")
@dataclass(frozen=True)
class ExpertChoice:
    """Each expert's C best tokens; ties to the earlier token; no state.

    Parameters
    ----------
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
        The weights are the affinities themselves, as published: not divided by their sum.

    Examples
    --------
    >>> scores = np.array([[0.9, 0.8], [0.1, 0.2]])
    >>> ExpertChoice(gate="identity").route(scores, k=1).ids.tolist()
    [[0, 1], [-1, -1]]
    """

    gate: str = "softmax"

    batch_invariant: ClassVar[bool] = False
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Zhou et al. (2022), NeurIPS 35, section 3.2"

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Let each expert choose.

        Parameters
        ----------
        scores : float[T, E]
        k : int
            Mean number of experts per token.
        state : object, optional
            Handed through.

        Returns
        -------
        Assignment
            As wide as the most experts any token got, at least k, each row in the order of the experts' ids.

        Raises
        ------
        BadInputError
            For scores that are not a finite matrix, or k > E.
        """
        affinities = affinities_of(checked_matrix(scores), self.gate)
        n_tokens, n_experts = affinities.shape
        checked_k(k, n_experts)
        chosen = best_of_columns(affinities, math.ceil(n_tokens * k / n_experts))
        ids = _packed(chosen, k)
        weights = np.where(ids >= 0, np.take_along_axis(affinities, np.maximum(ids, 0), axis=1), 0)
        return Assignment(
            ids,
            weights.astype(affinities.dtype),
            chosen.sum(axis=0, dtype=np.int64),
            np.zeros(n_experts, np.int64),
            state,
        )


def best_of_columns(affinities: Scores, n_best: int) -> npt.NDArray[np.bool_]:
    """Mark the ``n_best`` largest of each column, ties to the earlier row."""
    columns = np.ascontiguousarray(affinities.T)
    if not n_best:
        return np.zeros(affinities.shape, np.bool_)
    least = ranked(columns, n_best - 1)[:, None]
    above = columns > least
    level = columns == least
    room = n_best - above.sum(axis=1, keepdims=True)
    return np.ascontiguousarray((above | (level & (np.cumsum(level, axis=1) <= room))).T)


def _packed(chosen: npt.NDArray[np.bool_], least_width: int) -> npt.NDArray[np.int32]:
    """Return the marked columns of each row, at the front of as narrow a matrix as holds them."""
    n_chosen = chosen.sum(axis=1)
    width = max(least_width, int(n_chosen.max(initial=0)))
    ids = np.full((len(chosen), width), NOBODY, np.int32)
    tokens, experts = np.nonzero(chosen)
    starts = np.cumsum(n_chosen) - n_chosen
    ids[tokens, np.arange(len(tokens)) - starts[tokens]] = experts
    return ids
