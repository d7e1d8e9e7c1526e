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
        For an unknown gate, probabilities with the gate ``softmax`` or negative scores with the gate ``identity``.

    Examples
    --------
    >>> affinities_of(np.array([[0.0, 0.0]]), "softmax").tolist()
    [[0.5, 0.5]]
    """
    checked_choice(gate, GATES, "gate")
    if gate == "softmax":
        refuse_probabilities(scores)
        return softmax(scores)
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


def softmax(scores: Scores) -> Scores:
    """Return the softmax of each row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def refuse_probabilities(scores: Scores) -> None:
    """Raise BadInputError for rows that went through a softmax already, which a second one would flatten.

    They are from 0 to 1, add up to 1, and are not all 0 and 1. Softmax does not change when a number is added to a row,
    so scores that look like it by chance can be given less 1.
    """
    if scores.shape[1] > 1 and len(scores) and _add_up_to_one(scores[:4]) and _add_up_to_one(scores):
        raise BadInputError(
            "scores are probabilities, each row adds up to 1; choose gate identity, or give the scores before softmax"
        )


def _add_up_to_one(rows: Scores) -> bool:
    if not ((rows >= 0) & (rows <= 1)).all() or ((rows == 0) | (rows == 1)).all():
        return False
    tolerance = 1e-5 if rows.dtype == np.float32 else 1e-9  # of a softmax over 4096 experts in that type
    return bool((np.abs(rows.sum(axis=1, dtype=np.float64) - 1) < tolerance).all())


def weights_at(affinities: Scores, ids: Ids) -> npt.NDArray[np.floating]:
    """Return the affinities of the chosen experts divided by their sum, 0 in empty slots.

    A row whose chosen affinities are all 0 gets equal weights.
    """
    chosen = ids != NOBODY
    weights = np.where(chosen, np.take_along_axis(affinities, np.where(chosen, ids, 0), axis=1), 0)
    total = weights.sum(axis=1, keepdims=True)
    even = chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1)
    return np.where(total > 0, weights / np.where(total > 0, total, 1), even).astype(affinities.dtype)
