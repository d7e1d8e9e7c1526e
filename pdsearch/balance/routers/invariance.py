"""Does a token's route depend on its batch mates? The claim every router makes, put to the test.

Hayes, Shumailov and Yona (2024), "Buffer Overflow in Mixture of Experts", arXiv 2402.05526: where experts
have a capacity and serve first come, first served, an adversary ahead in the batch fills the experts of a
victim, whose tokens are dropped or sent elsewhere. :func:`flood` builds such a batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import NOBODY, Router


def changed_by_batch_mates(
    router: Router,
    rows: npt.NDArray[Any],
    mates: npt.NDArray[Any],
    k: int,
    state: Any = None,
    tolerance: float = 1e-5,
) -> npt.NDArray[np.bool_]:
    """Say which rows get other experts, or weights, behind ``mates`` than alone.

    Parameters
    ----------
    router : Router
    rows, mates : [T, ...], [M, ...]
        What the router reads.
    k : int
    state : object, optional
        The same for both batches.
    tolerance : float
        By which weights may differ: sums over a batch round differently at different batch sizes.

    Returns
    -------
    bool[T]

    Examples
    --------
    The victims keep their experts under top-k, and lose them to a flood where experts have a capacity:

    >>> from pdsearch.balance.routers import ROUTERS
    >>> victims = np.random.default_rng(0).normal(size=(8, 4))
    >>> attack = flood(victims, 100)
    >>> int(changed_by_batch_mates(ROUTERS["top-k"](), victims, attack, k=1).sum())
    0
    >>> bool(changed_by_batch_mates(ROUTERS["capacity"](), victims, attack, k=1).any())
    True
    """
    alone = served_by(router, rows, k, state)
    together = served_by(router, np.concatenate([mates, rows]), k, state)[len(mates) :]
    different_experts = (np.isnan(alone) != np.isnan(together)).any(axis=1)
    return np.asarray(different_experts | (np.abs(np.nan_to_num(alone - together)) > tolerance).any(axis=1))


def flood(rows: npt.NDArray[Any], n_mates: int) -> npt.NDArray[Any]:
    """Return batch mates that want what ``rows`` want: copies of them, over and over."""
    return np.asarray(rows[np.arange(n_mates) % len(rows)])


def served_by(router: Router, rows: npt.NDArray[Any], k: int, state: Any = None) -> npt.NDArray[np.float64]:
    """Return the weight of each expert on each token, float64[T, E], nan where it does not serve it."""
    assignment = router.route(rows, k, state)
    dense = np.full((len(rows), assignment.n_experts), np.nan)
    served = assignment.ids != NOBODY
    dense[np.nonzero(served)[0], assignment.ids[served]] = assignment.weights[served]
    return dense
