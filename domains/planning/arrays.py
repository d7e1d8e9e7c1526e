"""Rows of different lengths, one after the other in a flat array, as compiled code takes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


def starts(rows: Sequence[Sequence[object]]) -> Integers:
    """Return where each row begins, and the end: int64[n_rows + 1]."""
    return np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)


def flat(rows: Sequence[Sequence[int]]) -> tuple[Integers, Integers]:
    """Return where each row begins, and all the numbers.

    >>> first, numbers = flat([[7, 8], [], [9]])
    >>> first.tolist(), numbers.tolist()
    ([0, 2, 2, 3], [7, 8, 9])
    """
    return starts(rows), np.array([number for row in rows for number in row], np.int64)
