"""Minimum-cost assignment of rows to columns, by shortest augmenting paths.

Source: Jonker and Volgenant (1987), "A Shortest Augmenting Path Algorithm for Dense and Sparse Linear
Assignment Problems", Computing 38; the row-by-row form without its initialisation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.balance._values import as_array
from pdsearch.errors import BadInputError


def minimum_assignment(cost: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Give every row a column of its own, at the least total cost.

    Parameters
    ----------
    cost : array_like[n_rows, n_columns]
        Finite; at least as many columns as rows.

    Returns
    -------
    int64[n_rows]
        The column of each row.

    Raises
    ------
    BadInputError
        If there are more rows than columns or a cost is not finite.

    Examples
    --------
    >>> minimum_assignment([[4, 1, 3], [2, 0, 5], [3, 2, 2]])
    array([1, 0, 2])
    """
    matrix = np.ascontiguousarray(as_array(cost, "costs", np.float64))
    if matrix.ndim != 2 or matrix.shape[0] > matrix.shape[1]:
        raise BadInputError(f"cost has shape {matrix.shape}; need (rows, columns) with a column for every row")
    if not np.isfinite(matrix).all():
        raise BadInputError("a cost is infinite or nan; forbid a pair by a large finite cost")
    n_rows, n_columns = matrix.shape
    row_of = np.full(n_columns, -1, dtype=np.int64)
    if n_rows:
        floats = np.zeros((3, max(matrix.shape)))
        _assign(matrix, row_of, *floats, np.zeros(n_columns, dtype=np.int64), np.zeros(n_columns, dtype=np.bool_))
    column_of = np.empty(n_rows, dtype=np.int64)
    taken = row_of >= 0
    column_of[row_of[taken]] = np.flatnonzero(taken)
    return column_of


@kernel
def _assign(cost, row_of, row_price, column_price, distance, came_from, is_done):
    """Add one row at a time, along a shortest path in reduced costs."""
    n_rows, n_columns = cost.shape
    for start in range(n_rows):
        for column in range(n_columns):
            distance[column], came_from[column], is_done[column] = np.inf, -1, False
        row, base, previous = start, 0.0, -1
        while True:
            nearest, low = -1, np.inf
            for column in range(n_columns):
                if is_done[column]:
                    continue
                reach = base + cost[row, column] - row_price[row] - column_price[column]
                if reach < distance[column]:
                    distance[column], came_from[column] = reach, previous
                if distance[column] < low:
                    nearest, low = column, distance[column]
            is_done[nearest], base, previous = True, low, nearest
            row = row_of[nearest]
            if row < 0:
                break
        row_price[start] += base
        for column in range(n_columns):
            if is_done[column] and column != nearest:
                row_price[row_of[column]] += base - distance[column]
                column_price[column] -= base - distance[column]
        while True:  # shift the rows along the path
            back = came_from[nearest]
            row_of[nearest] = start if back < 0 else row_of[back]
            if back < 0:
                break
            nearest = back
