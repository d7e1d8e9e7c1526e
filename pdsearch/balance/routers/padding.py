"""Padding rows: routed around, so that they have no expert, no load and no influence on bias or price.

Batches of sequences are filled up to one length. Routed like tokens, the filling is load that nobody needs: of 20
tokens and 100 padding rows it decides where the bias moves and what MaxVio is reported. So a router gets the real
rows alone, and its answer is spread over all rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.balance.routers import NOBODY, Assignment, Router
from pdsearch.errors import BadInputError


def route_real(router: Router, scores: npt.ArrayLike, k: int, mask: npt.ArrayLike, state: Any = None) -> Assignment:
    """Route the rows that are tokens, and leave padding to nobody.

    Parameters
    ----------
    router : Router
    scores : float[T, E]
        Or whatever the router reads, one row a token.
    k : int
    mask : bool[T] or int[T]
        Not 0 where a row is a token, 0 where it is padding.
    state : object, optional
        The router's.

    Returns
    -------
    Assignment
        Of T rows; those of padding have -1 for every expert and weight 0. Counts, drops, state and report are those
        of the tokens alone.

    Raises
    ------
    BadInputError
        If the mask is no list of T zeros and ones, and whatever the router raises.

    Examples
    --------
    >>> from pdsearch.balance.routers.top_k import TopK
    >>> assignment = route_real(TopK(), [[0.0, 1.0], [9.0, 0.0]], k=1, mask=[1, 0])
    >>> assignment.ids.tolist(), assignment.counts.tolist(), assignment.n_tokens
    ([[1], [-1]], [0, 1], 1)
    """
    rows = as_array(scores, "scores")
    real = checked_mask(mask, len(rows) if rows.ndim else 0)
    chosen = router.route(rows[real], k, state)
    ids = np.full((len(real), chosen.ids.shape[1]), NOBODY, chosen.ids.dtype)
    weights = np.zeros(ids.shape, chosen.weights.dtype)
    ids[real], weights[real] = chosen.ids, chosen.weights
    return replace(chosen, ids=ids, weights=weights, n_real=int(real.sum()))


def checked_mask(mask: npt.ArrayLike, n_rows: int) -> npt.NDArray[np.bool_]:
    """Return the mask as bool[n_rows], or say what is wrong with it."""
    given = as_array(mask, "mask entries")
    if (
        given.shape not in ((n_rows,), (n_rows, 1))
        or given.dtype.kind not in "biuf"
        or not np.isin(given, (0, 1)).all()
    ):
        raise BadInputError(
            f"the mask is {given.dtype}{list(given.shape)}; {n_rows} rows need as many ones (token) and zeros (padding)"
        )
    return np.asarray(given.reshape(n_rows) != 0)
