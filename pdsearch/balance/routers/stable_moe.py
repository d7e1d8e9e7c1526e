"""StableMoE's two measures as values: tokens that change their expert, and the balance loss of its first stage.

Dai et al. (2022), "StableMoE: Stable Routing Strategy for Mixture of Experts", ACL: figure 2 (fluctuation) and section
3.1, equation 6 (balance loss, a sum over the batch's tokens; the authors' program adds the sum of the distillation
losses and divides both by the number of tokens). The router itself is trained:
:mod:`pdsearch.balance.learned.stable_moe`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.balance.routers import Ids
from pdsearch.balance.routers._checks import checked_matrix
from pdsearch.balance.routers._gates import affinities_of
from pdsearch.errors import BadInputError


def fluctuation(before: npt.ArrayLike, after: npt.ArrayLike) -> float:
    """Return the share of items whose bin changed; nan for none.

    In search it is the share of states that change their owner when the work is partitioned anew.

    Parameters
    ----------
    before, after : int[T] or int[T, k]
        Bins of the same items. Of several bins an item has, the order does not matter, and the item counts
        with the share of its bins that are new.

    Raises
    ------
    BadInputError
        If the shapes differ.

    Examples
    --------
    >>> fluctuation([0, 1, 2, 3], [0, 1, 3, 3])
    0.25
    >>> fluctuation([[0, 1]], [[1, 2]])
    0.5
    """
    old, new = as_array(before, "bins before"), as_array(after, "bins after")
    if old.shape != new.shape or old.ndim not in (1, 2):
        raise BadInputError(f"bins have shapes {old.shape} and {new.shape}; give the same items twice")
    if not old.size:
        return math.nan
    old, new = old.reshape(len(old), -1), new.reshape(len(new), -1)
    return float((new[:, :, None] != old[:, None, :]).all(axis=2).mean())


def stable_balance_loss(scores: npt.ArrayLike, ids: Ids) -> float:
    """Return sum_i (n_i - mean)/mean * sum of sigmoid(score) over the tokens of expert i; 0 for no token.

    Parameters
    ----------
    scores : float[T, E]
    ids : int32[T, 1]
        The best expert of each token.

    Examples
    --------
    >>> stable_balance_loss([[0.0, 0.0], [0.0, 0.0]], np.array([[0], [1]]))
    0.0
    >>> stable_balance_loss([[0.0, 0.0], [0.0, 0.0]], np.array([[0], [0]]))
    1.0
    """
    matrix = checked_matrix(scores)
    if ids.shape != (len(matrix), 1):
        raise BadInputError(f"ids have shape {ids.shape} and scores {matrix.shape}; give one expert for each token")
    if not len(matrix):
        return 0.0
    if ids.min() < 0 or ids.max() >= matrix.shape[1]:
        raise BadInputError(
            f"ids go from {ids.min()} to {ids.max()}; {matrix.shape[1]} experts have 0 to {matrix.shape[1] - 1}"
        )
    gates = np.take_along_axis(affinities_of(matrix.astype(np.float64), "sigmoid"), ids, axis=1)
    counts = np.bincount(ids.ravel(), minlength=matrix.shape[1])
    return float(((counts / counts.mean() - 1)[ids] * gates).sum())
