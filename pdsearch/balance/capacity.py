"""What a fixed capacity per bin drops and wastes.

With capacity C per bin a layer drops sum max(x - C, 0) and pads sum max(C - x, 0). At C = mean the
two rates are equal, and equal to the total-variation distance of the shares from even (Hoover's index).

Source of the capacity factor: Lepikhin et al. (2020), "GShard", arXiv 2006.16668, section 2.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pdsearch.balance.metrics import FloatArray, Value, as_loads
from pdsearch.errors import BadInputError

# A factor such as 1.1 is not a binary number: 1.1 * 10 must not become a capacity of 12.
_ROUNDING = 1 - 1e-12


def capacity(loads: npt.ArrayLike, factor: float = 1.0, axis: int = -1, whole: bool = True) -> Value:
    """Return the capacity of a bin: factor times the mean load, rounded up when ``whole``.

    >>> capacity([7, 3, 0, 0], factor=1.25)
    4.0
    """
    mean = as_loads(loads, axis).mean(axis=-1, dtype=np.float64)
    with np.errstate(over="ignore"):
        limit = rounded_up(mean, factor) if whole else _checked(factor) * mean
    return float(limit) if np.ndim(limit) == 0 else limit


def rounded_up(mean: float | FloatArray, factor: float) -> Value:
    """Return the capacity of a bin whose mean load is known: factor times the mean, rounded up.

    >>> rounded_up(10.0, 1.1)
    11.0
    """
    with np.errstate(over="ignore"):  # a capacity beyond all numbers drops nothing
        limit = np.ceil(_checked(factor) * np.asarray(mean) * _ROUNDING)
    return float(limit) if limit.ndim == 0 else limit


def drop_rate(loads: npt.ArrayLike, factor: float = 1.0, axis: int = -1, whole: bool = True) -> Value:
    """Return the share of the load above the capacity.

    Parameters
    ----------
    loads : array_like[..., n_bins]
        Non-negative and finite.
    factor : float
        The capacity of a bin over the mean load, positive. With top-k routing the mean counts every one of a
        token's k choices.
    axis : int
        The axis of the bins.
    whole : bool
        Round the capacity up to a whole number, as routers do; otherwise take it exactly.

    Returns
    -------
    float or float64[...]
        From 0 to 1 - 1/n; nan where there is no load.

    Raises
    ------
    BadInputError
        If the factor is not positive, or the loads are not loads.

    Examples
    --------
    >>> drop_rate([6, 2, 0, 0])
    0.5
    """
    return _beyond(loads, factor, axis, whole)[0]


def padding_rate(loads: npt.ArrayLike, factor: float = 1.0, axis: int = -1, whole: bool = True) -> Value:
    """Return the share of the slots, n times the capacity, that stays empty; as :func:`drop_rate`.

    >>> padding_rate([6, 2, 0, 0], factor=2)
    0.625
    """
    return _beyond(loads, factor, axis, whole)[1]


def _beyond(loads: npt.ArrayLike, factor: float, axis: int, whole: bool) -> tuple[Value, Value]:
    array = as_loads(loads, axis)
    limit = np.asarray(capacity(array, factor, whole=whole))
    total = array.sum(axis=-1, dtype=np.float64)
    kept = np.minimum(array, limit[..., None]).sum(axis=-1, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        dropped = np.where(total > 0, (total - kept) / total, np.nan)
        padded = np.where(total > 0, 1 - kept / (limit * array.shape[-1]), np.nan)
    pair = np.clip(dropped, 0, 1), np.clip(padded, 0, 1)
    return (float(pair[0]), float(pair[1])) if total.ndim == 0 else pair


def _checked(factor: float) -> float:
    if not 0 < factor < math.inf:
        raise BadInputError(f"the capacity factor is {factor}; give a positive number")
    return factor
