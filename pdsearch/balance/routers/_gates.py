"""Gates: how raw scores become affinities, the numbers that are biased, priced, compared and used as weights.

===============  ====================================================  ==============================
gate             affinity                                              where
===============  ====================================================  ==============================
``softmax``      softmax over the row                                  Switch, Mixtral
``sigmoid``      1 / (1 + e^-s), expert by expert                      Loss-Free, DeepSeek-V3
``sqrt-softplus``  sqrt(ln(1 + e^s))                                   later DeepSeek models
``identity``     the scores themselves, which must not be negative     scores that went through a gate
===============  ====================================================  ==============================
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import NOBODY, Ids, Scores
from pdsearch.balance.routers._checks import checked_choice
from pdsearch.errors import BadInputError

GATES = ("softmax", "sigmoid", "sqrt-softplus", "identity")


def affinities_of(scores: Scores, gate: str) -> Scores:
    """Return the affinities of finite scores, of the same type and shape.

    Raises
    ------
    BadInputError
        For an unknown gate, and for negative scores with the gate ``identity``.

    Examples
    --------
    >>> affinities_of(np.array([[0.0, 0.0]]), "softmax").tolist()
    [[0.5, 0.5]]
    """
    checked_choice(gate, GATES, "gate")
    if gate == "softmax":
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    if gate == "sigmoid":
        with np.errstate(over="ignore"):  # e^-s overflows to infinity, whose inverse is the right answer
            return np.asarray(1 / (1 + np.exp(-scores)))
    if gate == "sqrt-softplus":
        return np.asarray(np.sqrt(np.logaddexp(scores, scores.dtype.type(0))))
    if scores.size and scores.min() < 0:
        raise BadInputError(
            f"gate identity takes scores as affinities, all >= 0, and the least is {scores.min():g}; "
            f"choose gate softmax or sigmoid"
        )
    return scores


def weights_at(affinities: Scores, ids: Ids) -> npt.NDArray[np.floating]:
    """Return the affinities of the chosen experts divided by their sum, 0 in empty slots.

    A row whose chosen affinities are all 0 gets equal weights.
    """
    chosen = ids != NOBODY
    weights = np.where(chosen, np.take_along_axis(affinities, np.where(chosen, ids, 0), axis=1), 0)
    total = weights.sum(axis=1, keepdims=True)
    even = chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1)
    return np.where(total > 0, weights / np.where(total > 0, total, 1), even).astype(affinities.dtype)
