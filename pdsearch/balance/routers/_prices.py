"""Prices: the thresholds that BIP and Quantile Balancing iterate between tokens and experts.

Both solve max sum s_ij x_ij with at most k experts a token and n k / m tokens an expert, by its dual

    min  k sum p_i + (n k / m) sum q_j + sum (s_ij - p_i - q_j)^+     with p, q >= 0

one block at a time: at fixed q the best p_i is the (k+1)-th largest of s_i. - q, at fixed p the best q_j is
the (floor(n k / m) + 1)-th largest of s_.j - p, and neither below 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import Scores


def token_prices(affinities: Scores, expert_price: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.floating]:
    """Return the (k+1)-th largest of each row of ``affinities - expert_price``, before any clamping."""
    return ranked(affinities - expert_price, k)


def expert_prices(columns: Scores, token_price: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.floating]:
    """Return the (floor(n k / m) + 1)-th largest of each row of ``columns - token_price``.

    ``columns`` are the transposed affinities, float[m, n], contiguous: an expert's values lie side by side.
    """
    n_experts, n_tokens = columns.shape
    return ranked(columns - token_price, n_tokens * k // n_experts)


def ranked(rows: Scores, rank: int) -> npt.NDArray[np.floating]:
    """Return the element of each row that ``rank`` others come before, -inf where there is none.

    >>> ranked(np.array([[3.0, 1.0, 2.0]]), 1).tolist()
    [2.0]
    """
    width = rows.shape[1]
    if rank >= width:
        return np.full(len(rows), -np.inf, rows.dtype)
    return np.partition(rows, width - 1 - rank, axis=1)[:, width - 1 - rank]
