"""Loss-Free Balancing: after each batch every expert's bias moves one step towards the mean load.

Wang, Gao, Zhao, Sun and Dai (2024), "Auxiliary-Loss-Free Load Balancing Strategy for Mixture-of-Experts",
arXiv 2408.15664, algorithm 1: b += u sign(mean - count), u = 0.001, with the sigmoid gate. It is the sign
step on the dual that BIP and Quantile Balancing solve for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_matrix, checked_number, checked_vector
from pdsearch.balance.routers.top_k import TopK


@ROUTERS.add("loss-free")
@dataclass(frozen=True)
class LossFree:
    """Top-k of affinity plus a bias that follows the load; the state is the bias, float[E].

    Parameters
    ----------
    step : float
        By how much a bias moves per batch, in units of affinity.
    gate : {"sigmoid", "softmax", "sqrt-softplus", "identity"}

    Examples
    --------
    >>> scores = np.array([[2.0, 0.0], [1.0, 0.0]])
    >>> LossFree(step=0.5).route(scores, k=1).state.tolist()
    [-0.5, 0.5]
    """

    step: float = 1e-3
    gate: str = "sigmoid"

    batch_invariant: ClassVar[bool] = True
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Wang et al. (2024), arXiv 2408.15664"

    def __post_init__(self) -> None:
        checked_number(self.step, "step")

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route at the bias given, and move it for the next batch.

        Parameters
        ----------
        scores : float[T, E]
        k : int
        state : float[E], optional
            Bias; 0 where not given.

        Raises
        ------
        BadInputError
            For scores that are not a finite matrix, k > E or a bias of another length.
        """
        matrix = checked_matrix(scores)
        n_experts = matrix.shape[1]
        bias = np.zeros(n_experts) if state is None else checked_vector(state, n_experts, np.float64, "state")
        chosen = TopK(self.gate).route(matrix, k, bias)
        moved = bias + self.step * np.sign(chosen.counts.mean() - chosen.counts)
        return Assignment(chosen.ids, chosen.weights, chosen.counts, chosen.drops, moved)
