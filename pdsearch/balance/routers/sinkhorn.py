"""Sinkhorn (S-BASE): the scores' exponentials, scaled until every token and every expert has an equal share.

Clark et al. (2022), "Unified Scaling Laws for Routed Language Models", arXiv 2202.01169, section 3.1 and
appendix B: in training a token goes to the largest entries of the entropy-regularised transport plan, in
evaluation to the largest raw scores. The iteration is Megatron-LM's ``sinkhorn``; that one stops by the
absolute change of the factors, which at low temperatures is small before the small ones have moved, this
one by the relative change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_k, checked_matrix, checked_number
from pdsearch.balance.routers._gates import affinities_of, weights_at
from pdsearch.balance.routers.top_k import TopK, choose
from pdsearch.errors import BadInputError

_MOST_TEMPERATURES_APART = 100.0
_MOST_ITERATIONS = 1_000_000
_GUARD = 1e-30  # keeps an all-zero row or column, where every exponential underflowed, from a division by 0


@ROUTERS.add("sinkhorn")
@dataclass(frozen=True)
class Sinkhorn:
    """Top-k of the balanced plan in training, of the raw scores otherwise; no state.

    Parameters
    ----------
    training : bool
        Whether to balance. Without, a token's experts do not depend on its batch mates.
    temperature : float
        Scores are divided by it; towards 0 the plan tends to the optimal balanced assignment.
    tolerance : float
        Stop when the experts' factors change by a smaller share, on average.
    most_iterations : int
    gate : {"sigmoid", "softmax", "sqrt-softplus", "identity"}
        Of the weights.

    Examples
    --------
    >>> scores = np.array([[2.0, 0.0], [1.0, 0.9]])
    >>> Sinkhorn().route(scores, k=1).ids.tolist(), Sinkhorn(training=False).route(scores, k=1).ids.tolist()
    ([[0], [1]], [[0], [0]])
    """

    training: bool = True
    temperature: float = 1.0
    tolerance: float = 1e-4
    most_iterations: int = 1000
    gate: str = "sigmoid"

    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Clark et al. (2022), arXiv 2202.01169, section 3.1; Megatron-LM"

    @property
    def batch_invariant(self) -> bool:
        """Only the evaluation rule looks at one token at a time."""
        return not self.training

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route by the plan or by the raw scores.

        Parameters
        ----------
        scores : float[T, E]
        k : int
        state : object, optional
            Handed through.

        Raises
        ------
        BadInputError
            For scores that are not a finite matrix, k > E or a temperature that is not positive.
        """
        matrix = checked_matrix(scores)
        checked_k(k, matrix.shape[1])
        if not self.training or not len(matrix):
            chosen = TopK(self.gate).route(matrix, k)
            return Assignment(chosen.ids, chosen.weights, chosen.counts, chosen.drops, state)
        plan = transport_plan(matrix, self.temperature, self.tolerance, self.most_iterations)
        chosen = choose(plan, k)
        weights = weights_at(affinities_of(matrix, self.gate), chosen.ids)
        return Assignment(chosen.ids, weights, chosen.counts, chosen.drops, state)


def transport_plan(
    scores: npt.ArrayLike, temperature: float = 1.0, tolerance: float = 1e-4, most_iterations: int = 1000
) -> npt.NDArray[np.float64]:
    """Return d0 exp(scores / temperature) d1 with rows adding up to 1/T and columns to 1/E.

    Parameters
    ----------
    scores : float[T, E]
    temperature, tolerance, most_iterations
        As of :class:`Sinkhorn`.

    Returns
    -------
    float64[T, E]

    Examples
    --------
    >>> transport_plan([[0.0, 0.0], [0.0, 0.0]]).tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    if not 0 < temperature < math.inf:
        raise BadInputError(f"temperature is {temperature}; give a positive number")
    checked_number(tolerance, "tolerance")
    checked_number(most_iterations, "most_iterations", least=1, most=_MOST_ITERATIONS)
    matrix = checked_matrix(scores).astype(np.float64)
    n_tokens, n_experts = matrix.shape
    for stage in _cooling(matrix, temperature):
        # A factor per row is absorbed by that of the token: this one keeps exponentials from overflowing.
        powers = np.exp((matrix - matrix.max(axis=1, keepdims=True)) / stage)
        of_expert = np.ones(n_experts)
        for _ in range(most_iterations):
            of_token = 1 / n_tokens / (powers @ of_expert + _GUARD)
            previous, of_expert = of_expert, 1 / n_experts / (of_token @ powers + _GUARD)
            if np.abs(1 - previous / of_expert).mean() <= tolerance:
                break
        matrix = matrix + stage * np.log(of_expert)
    return np.asarray(of_token[:, None] * powers * of_expert)


def _cooling(matrix: npt.NDArray[np.float64], temperature: float) -> list[float]:
    """Return the temperatures on the way to the last, each half of the one before.

    Exponentials of scores more than 700 temperatures apart underflow. Factors found at a higher temperature
    bring those that matter together first. Scores in the usual range need no such way.
    """
    spread = float(np.ptp(matrix)) if matrix.size else 0.0
    stages = [temperature]
    while spread > _MOST_TEMPERATURES_APART * stages[-1]:
        stages.append(2 * stages[-1])
    return stages[::-1]
