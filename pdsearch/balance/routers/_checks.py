"""What every router asks of its input, said in one line where it is not so."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.errors import BadInputError
from pdsearch.named_options import shortened


def checked_matrix(
    array: Any, what: str = "scores", columns: str = "n_experts", is_finite: bool = False
) -> npt.NDArray[Any]:
    """Return ``array`` as a C-contiguous finite float32 or float64 matrix, copied only if it is not one.

    With ``is_finite`` that is left to the caller, who sees every element anyway.
    """
    matrix = as_array(array, what)
    if matrix.dtype not in (np.float32, np.float64):
        if matrix.dtype.kind not in "fiu":
            raise BadInputError(f"{what} are of type {matrix.dtype}; float32 or float64 is needed")
        matrix = matrix.astype(np.float32 if matrix.dtype.itemsize < 4 else np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise BadInputError(f"{what} have shape {matrix.shape}; (n_tokens, {columns}) is needed")
    if not is_finite:
        refuse_nonfinite(matrix, what)
    return np.ascontiguousarray(matrix)


def refuse_nonfinite(matrix: npt.NDArray[Any], what: str = "scores") -> None:
    """Raise BadInputError that names the first NaN or infinity, if there is one."""
    # A sum that is finite proves all its terms finite; one that is not may only have overflowed.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(matrix.sum()):
            return
    bad = np.argwhere(~np.isfinite(matrix))
    if len(bad):
        row, column = map(int, bad[0])
        raise BadInputError(
            f"{what} hold {matrix[row, column]} at row {row}, column {column}; all must be finite, "
            f"mask with a large negative number"
        )


def checked_k(k: int, n_experts: int) -> int:
    """Return ``k`` if so many different experts exist."""
    if not 1 <= k <= n_experts:
        raise BadInputError(f"k is {k} and there are {n_experts} experts; give 1 <= k <= {n_experts}")
    return int(k)


def checked_vector(vector: Any, n_experts: int, dtype: Any, what: str) -> npt.NDArray[Any]:
    """Return ``vector`` as a finite array of one number per expert."""
    array = np.ascontiguousarray(as_array(vector, f"numbers of the {what}", dtype))
    if array.shape != (n_experts,):
        raise BadInputError(f"{what} has shape {array.shape}; ({n_experts},), one per expert, is needed")
    if not np.isfinite(array).all():
        raise BadInputError(f"{what} holds NaN or infinity; all must be finite")
    return array


def checked_number(value: float, what: str, least: float = 0, most: float = math.inf) -> float:
    """Return ``value`` if it is finite and from ``least`` to ``most``; nan is in no range."""
    if not (least <= value <= most and (isinstance(value, int) or math.isfinite(value))):
        wanted = f"{least:g} or more" if most == math.inf else f"a number from {least:g} to {most:.12g}"
        raise BadInputError(f"{what} is {shortened(value)}; give {wanted}")
    return value


def checked_choice(value: str, choices: tuple[str, ...], what: str) -> str:
    """Return ``value`` if it is one of ``choices``."""
    if value not in choices:
        raise BadInputError(f"{what} is {value!r}; choose one of {', '.join(choices)}")
    return value
