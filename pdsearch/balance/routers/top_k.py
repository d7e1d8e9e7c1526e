"""Top-k: each token goes to the k experts with the largest affinity plus bias.

The bias decides who is chosen and never enters the weights, which are the chosen affinities divided by their
sum: Wang, Gao, Zhao, Sun and Dai (2024), "Auxiliary-Loss-Free Load Balancing Strategy for
Mixture-of-Experts", arXiv 2408.15664, section 3. Gate, bias, choice, weights and counts are one pass over the
scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.balance.routers import ROUTERS, Assignment, Scores
from pdsearch.balance.routers._bits import exp32
from pdsearch.balance.routers._checks import checked_choice, checked_k, checked_matrix, checked_vector, refuse_nonfinite
from pdsearch.balance.routers._gates import GATES, affinities_of, refuse_probabilities
from pdsearch.balance.routers._row import n_lanes, top_of_row

_IDENTITY, _SIGMOID, _SOFTMAX_OF_CHOSEN = 0, 1, 2


@ROUTERS.add("top-k")
@dataclass(frozen=True)
class TopK:
    """Each token's k experts of largest affinity plus bias; the state is the bias, None for none.

    Parameters
    ----------
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
        How scores become affinities.

    Examples
    --------
    >>> scores = np.array([[2.0, 1.0, 0.0]], dtype=np.float32)
    >>> TopK(gate="sigmoid").route(scores, k=1).ids.tolist()
    [[0]]
    >>> TopK(gate="sigmoid").route(scores, k=1, state=np.array([0.0, 0.5, 0.0])).ids.tolist()
    [[1]]
    """

    gate: str = "softmax"

    batch_invariant: ClassVar[bool] = True
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Shazeer et al. (2017), arXiv 1701.06538; bias: Wang et al. (2024), arXiv 2408.15664"

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route each token to its k best experts.

        Parameters
        ----------
        scores : float32 or float64 [T, E]
        k : int
            At most E.
        state : float[E], optional
            Bias added to the affinities for the choice alone.

        Returns
        -------
        Assignment
            Its state is the one given.

        Raises
        ------
        BadInputError
            For scores that are not a finite matrix, k > E or a bias of another length.
        """
        checked_choice(self.gate, GATES, "gate")
        matrix = checked_matrix(scores, is_finite=True)
        checked_k(k, matrix.shape[1])
        if self.gate == "sigmoid" and matrix.dtype == np.float32:
            return choose(matrix, k, state, gate=_SIGMOID, checks=True)
        refuse_nonfinite(matrix)
        if self.gate == "softmax" and state is None:
            refuse_probabilities(matrix)
            return choose_of_scores(matrix, k)
        return choose(affinities_of(matrix, self.gate), k, state)


def choose_of_scores(scores: Scores, k: int) -> Assignment:
    """Return the top-k of checked scores, weighted by the softmax of those chosen."""
    return choose(np.ascontiguousarray(scores), k, gate=_SOFTMAX_OF_CHOSEN)


def choose(affinities: Scores, k: int, bias: Any = None, gate: int = _IDENTITY, checks: bool = False) -> Assignment:
    """Return the plain top-k of affinities plus ``bias``, which becomes the state; ``checks`` that they are finite."""
    n_tokens, n_experts = affinities.shape
    real = affinities.dtype
    offsets = np.zeros(n_experts, real) if bias is None else checked_vector(bias, n_experts, real, "bias")
    ids = np.empty((n_tokens, k), np.int32)
    weights = np.empty((n_tokens, k), real)
    counts = np.zeros(n_experts, np.int64)
    scratch = np.empty((2, n_experts), real)
    lanes = np.empty(n_lanes(k), real)
    candidates = np.empty(n_experts + 1, np.int32)
    work = scratch[0], scratch[1], lanes, candidates
    if not _choose(affinities, offsets, k, gate, checks, *work, ids, weights, counts):
        refuse_nonfinite(affinities)
    return Assignment(ids, weights, counts, np.zeros(n_experts, np.int64), bias)


@kernel(error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _choose(scores, bias, k, gate, checks, affinity, row, lanes, candidates, ids, weights, counts):
    """Fill ids, weights and counts; return False at the first row that is not finite, if asked to look."""
    # error_model: a division that may raise would keep the gate's loop from being vectorised.
    one = scores.dtype.type(1)
    for token in range(scores.shape[0]):
        nothing = scores.dtype.type(0)  # 0 times infinity or NaN is NaN
        for expert in range(scores.shape[1]):
            score = scores[token, expert]
            nothing += score * scores.dtype.type(0)
            if gate == _SIGMOID:
                score = one / (one + exp32(-score))
            affinity[expert] = score
            row[expert] = score + bias[expert]
        if checks and nothing != 0:  # NaN is not 0 either
            return False
        top_of_row(row, k, lanes, candidates, ids, token)
        total = scores.dtype.type(0)
        for slot in range(k):
            expert = ids[token, slot]
            weight = affinity[expert]
            if gate == _SOFTMAX_OF_CHOSEN:
                weight = np.exp(weight - affinity[ids[token, 0]])
            weights[token, slot] = weight
            total += weight
            counts[expert] += 1
        for slot in range(k):
            weights[token, slot] = weights[token, slot] / total if total > 0 else one / scores.dtype.type(k)
    return True
