"""How even a load vector is: one set of numbers for search ranks, GPU blocks, workers and experts.

Every function takes non-negative loads, reduces one ``axis`` (the last, unless told) and
returns a float for a vector, an array for a batch. ``weights`` are the bins' relative
speeds or sizes: a bin of weight w counts as w equal bins that share its load, so even means
*load proportional to weight*. Scaling all loads, or all weights, changes nothing.

Defined once for all of them: no load at all gives nan (nothing is neither even nor uneven);
one bin is even; a negative, infinite or nan load is an error.

Sources: LB: Jinnai and Fukunaga (2017), "On Hash-Based Work Distribution Methods for Parallel
Best-First Search", JAIR 60. MaxVio: Wang et al. (2024), "Auxiliary-Loss-Free Load Balancing
Strategy for Mixture-of-Experts", arXiv 2408.15664. Its averages over batches: Sun (2025), BIP-Based
Balancing, arXiv 2502.15451. Gini, min/max: as used for experts by Latent Prototype Routing, arXiv 2506.21328.
Jain, Chiu and Hawe (1984), "A Quantitative Measure of Fairness", DEC TR-301.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.errors import BadInputError

FloatArray: TypeAlias = npt.NDArray[np.float64]
Value: TypeAlias = Any  # float for a vector of loads, float64[...] for a batch of vectors

# Long vectors are reduced in pieces that fit the cache, so that temporaries never reach memory.
_BLOCK = 1 << 15


def load_balance(loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None) -> Value:
    """Return LB = max / mean of the loads: 1 is even, the number of bins is the worst.

    Parameters
    ----------
    loads : array_like[..., n_bins]
        Non-negative and finite.
    axis : int
        The axis of the bins.
    weights : array_like[n_bins], optional
        Relative speeds or sizes of the bins, positive.

    Returns
    -------
    float or float64[...]
        nan where there is no load.

    Raises
    ------
    BadInputError
        If there is no bin, a load is negative, infinite or nan, or the weights do not fit.

    Examples
    --------
    >>> load_balance([3, 1])
    1.5
    >>> load_balance([3, 1], weights=[3, 1])
    1.0
    >>> load_balance([[4, 0], [1, 1]], axis=0)
    array([1.6, 2. ])
    """
    bins = as_bins(loads, axis, weights)
    return _value(bins.levels.max(axis=-1) / bins.mean)


def max_violation(loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None) -> Value:
    """Return MaxVio = (max - mean) / mean = LB - 1.

    >>> max_violation([3, 1])
    0.5
    """
    bins = as_bins(loads, axis, weights)
    return _value((bins.levels.max(axis=-1) - bins.mean) / bins.mean)


def min_violation(loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None) -> Value:
    """Return (mean - min) / mean: 0 is even, 1 means that some bin has nothing.

    >>> min_violation([3, 1])
    0.5
    """
    bins = as_bins(loads, axis, weights)
    return _value((bins.mean - bins.levels.min(axis=-1)) / bins.mean)


class MaxViolation(NamedTuple):
    """MaxVio of a stream of batches, in the three ways it is quoted."""

    average: Value  # AvgMaxVio: the mean of the batches' values
    supremum: Value  # SupMaxVio: the worst batch
    pooled: Value  # MaxVio_global: of the loads added up over the batches


def max_violation_of_batches(loads: npt.ArrayLike, axis: int = -1, batch_axis: int = 0) -> MaxViolation:
    """Return the average, the supremum and the pooled MaxVio over a stream of batches.

    Parameters
    ----------
    loads : array_like[..., n_batches, ..., n_bins]
        Non-negative and finite; batches without load do not count.
    axis, batch_axis : int
        Where the bins and the batches are.

    Raises
    ------
    BadInputError
        If the two axes are one, or as for :func:`load_balance`.

    Examples
    --------
    >>> max_violation_of_batches([[2, 0], [0, 2]])
    MaxViolation(average=1.0, supremum=1.0, pooled=0.0)
    """
    array = as_array(loads, "loads")
    array = array.astype(np.float64) if array.dtype == np.float16 else array  # sums would end at 65,504
    axes = [which % array.ndim if -array.ndim <= which < array.ndim else which for which in (axis, batch_axis)]
    if array.ndim < 2 or axes[0] == axes[1]:
        raise BadInputError(
            f"loads of shape {array.shape} have no separate axes {axis} of bins and {batch_axis} of batches; "
            f"give loads[batch, bin]"
        )
    rows = np.moveaxis(array, axes[::-1], (0, -1))  # [batch, ..., bin]
    each = np.asarray(max_violation(rows))
    empty = np.isnan(each)
    counted = np.where(empty, 0.0, each).sum(axis=0) / np.where(empty.all(axis=0), np.nan, (~empty).sum(axis=0))
    worst = np.where(empty.all(axis=0), np.nan, np.where(empty, -np.inf, each).max(axis=0))
    return MaxViolation(_value(counted), _value(worst), max_violation(rows.sum(axis=0)))


def balancedness(loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None) -> Value:
    """Return mean / max = 1 / LB: the share of the bins' time that is used while the fullest works.

    >>> balancedness([2, 0])
    0.5
    """
    bins = as_bins(loads, axis, weights)
    return _value(bins.mean / bins.levels.max(axis=-1))


def min_max_ratio(loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None) -> Value:
    """Return min / max.

    >>> min_max_ratio([4, 1, 2])
    0.25
    """
    bins = as_bins(loads, axis, weights)
    return _value(bins.levels.min(axis=-1) / bins.levels.max(axis=-1))


def coefficient_of_variation(
    loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None, ddof: int = 0
) -> Value:
    """Return standard deviation / mean; ``ddof=1`` is the sample version that some papers quote.

    >>> coefficient_of_variation([3, 1])
    0.5
    """
    bins = as_bins(loads, axis, weights)
    if not 0 <= ddof < bins.n_bins:
        raise BadInputError(f"ddof is {ddof}; {bins.n_bins} bins need one from 0 to {bins.n_bins - 1}")
    return _value(np.sqrt(_squared_variation(bins) * bins.n_bins / (bins.n_bins - ddof)))


def jain(loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None) -> Value:
    """Return Jain's index S² / (n sum x²) = 1 / (1 + CV²): 1 is even, 1/n one bin with everything.

    >>> jain([1, 0, 0, 0])
    0.25
    """
    return _value(1 / (1 + _squared_variation(as_bins(loads, axis, weights))))


def gini(loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None) -> Value:
    """Return Gini's coefficient: the mean absolute difference of two bins over twice the mean.

    0 is even and 1 - 1/n is one bin with everything.

    >>> gini([0, 0, 0, 5])
    0.75
    """
    return _value(_gini(as_bins(loads, axis, weights)))


def entropy(
    loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None, normalised: bool = True
) -> Value:
    """Return the entropy of the shares, by default over its largest value ln n.

    With weights this is 1 - KL(shares, weights) / (largest KL there is), or ln n - KL in nats.

    >>> entropy([1, 1, 0, 0])
    0.5
    >>> round(entropy([1, 1, 0, 0], normalised=False), 4)
    0.6931
    """
    bins = as_bins(loads, axis, weights)
    shortfall = _divergence(bins)
    if not normalised:
        return _value(math.log(bins.n_bins) - shortfall)
    return _value(1 - shortfall / _largest_divergence(bins))


def effective_bins(loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None, order: int = 1) -> Value:
    """Return how many evenly loaded bins would be as even: exp(entropy), or n Jain for order 2.

    >>> round(effective_bins([1, 1, 0, 0]), 12)
    2.0
    """
    bins = as_bins(loads, axis, weights)
    if order not in (1, 2):
        raise BadInputError(f"order is {order}; 1 is exp(entropy) and 2 is n Jain")
    if order == 2:
        return _value(bins.n_bins / (1 + _squared_variation(bins)))
    return _value(bins.n_bins * np.exp(-_divergence(bins)))


def evenness(loads: npt.ArrayLike, axis: int = -1, weights: npt.ArrayLike | None = None) -> dict[str, Value]:
    """Return every metric of this module that one vector has, from one sort.

    Returns
    -------
    dict[str, float or float64[...]]
        The keys are the names of the functions of this module.

    Raises
    ------
    BadInputError
        As for :func:`load_balance`.

    Examples
    --------
    >>> evenness([3, 1])["load_balance"], evenness([3, 1])["gini"]
    (1.5, 0.25)
    """
    bins = as_bins(loads, axis, weights)
    unevenness = _gini(bins)  # leaves the levels sorted: sums of sorted loads are also more exact
    mean, peak, low = bins.mean, bins.levels.max(axis=-1), bins.levels.min(axis=-1)
    squared, shortfall = _squared_variation(bins), _divergence(bins)
    return {
        "load_balance": _value(peak / mean),
        "max_violation": _value((peak - mean) / mean),
        "min_violation": _value((mean - low) / mean),
        "balancedness": _value(mean / peak),
        "min_max_ratio": _value(low / peak),
        "gini": _value(unevenness),
        "coefficient_of_variation": _value(np.sqrt(squared)),
        "jain": _value(1 / (1 + squared)),
        "entropy": _value(1 - shortfall / _largest_divergence(bins)),
        "effective_bins": _value(bins.n_bins * np.exp(-shortfall)),
        "effective_bins_order_2": _value(bins.n_bins / (1 + squared)),
    }


class Bins(NamedTuple):
    """Checked loads, one vector a row, ready to be reduced along the last axis."""

    levels: FloatArray  # [..., n_bins]: load over weight, scaled by a power of two; nan where a row has no load
    weights: FloatArray | None  # [n_bins], mean 1; None when all are equal
    mean: FloatArray  # [...]: the level at which all bins would be even

    @property
    def n_bins(self) -> int:
        """Return the number of bins."""
        return int(self.levels.shape[-1])


def as_bins(loads: npt.ArrayLike, axis: int, weights: npt.ArrayLike | None) -> Bins:
    """Check the loads and move the bins to the last axis; the levels are a copy."""
    array = as_loads(loads, axis)
    peak = array.max(axis=-1)
    # A power of two changes no digit and keeps the squares of huge and tiny loads in range.
    exponent = np.clip(np.frexp(peak.astype(np.float64))[1], -1000, 1000)
    scale = np.where(peak > 0, np.ldexp(1.0, exponent), np.nan)
    levels = array * (1 / scale)[..., None]
    mean = levels.mean(axis=-1)
    relative = None
    if weights is not None:
        relative = _as_weights(weights, array.shape[-1])
        levels /= relative
    # Rounding must not carry the mean past the extremes: LB is never below 1.
    mean = np.clip(mean, levels.min(axis=-1), levels.max(axis=-1))
    return Bins(levels, relative, np.asarray(mean))


def as_loads(loads: npt.ArrayLike, axis: int = -1) -> npt.NDArray[Any]:
    """Return the loads with the bins on the last axis, or say what is wrong with them."""
    array = as_array(loads, "loads")
    if array.dtype.kind not in "biuf":
        raise BadInputError(f"loads have type {array.dtype}; they must be numbers")
    if array.ndim == 0 or not -array.ndim <= axis < array.ndim:
        raise BadInputError(f"loads have shape {array.shape}, which has no axis {axis}; give one load per bin")
    array = np.moveaxis(array, axis, -1)
    if array.shape[-1] == 0:
        raise BadInputError(f"loads have shape {array.shape}: no bin; give at least one")
    if array.dtype == bool or array.dtype == np.float16:
        array = array.astype(np.float64)
    if array.size and not (array.min() >= 0 and array.max() < np.inf):  # nan fails the comparison
        wrong = array[~((array >= 0) & (array < np.inf))][0]
        raise BadInputError(f"a load is {wrong}; loads must be finite and not negative")
    return array


def _as_weights(weights: npt.ArrayLike, n_bins: int) -> FloatArray:
    relative = as_array(weights, "weights", np.float64)
    if relative.shape != (n_bins,):
        raise BadInputError(f"weights have shape {relative.shape}; {n_bins} bins need ({n_bins},)")
    if not (relative.min() > 0 and relative.max() < np.inf):
        raise BadInputError("a weight is zero, negative or not finite; weights must be positive")
    return np.asarray(relative / relative.mean())


def _value(result: Any) -> Value:
    """Return a float for one vector of loads, the array for a batch."""
    return float(result) if np.ndim(result) == 0 else result


def _summed(bins: Bins, term: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Add up ``term(levels)`` times the weights, in pieces that stay in the cache."""
    total = np.zeros(bins.mean.shape)
    for start in range(0, bins.n_bins, _BLOCK):
        part = slice(start, start + _BLOCK)
        terms = term(bins.levels[..., part])
        total += (terms if bins.weights is None else terms * bins.weights[part]).sum(axis=-1)
    return total


def _squared_variation(bins: Bins) -> FloatArray:
    mean = bins.mean[..., None]
    return _summed(bins, lambda levels: np.square(levels / mean - 1)) / bins.n_bins


def _divergence(bins: Bins) -> FloatArray:
    """KL divergence of the shares from the weights, at least 0."""
    mean = bins.mean[..., None]

    def term(levels: FloatArray) -> FloatArray:
        ratio = levels / mean
        return ratio * np.log(np.maximum(ratio, np.finfo(np.float64).tiny))  # 0 ln 0 = 0

    return np.maximum(_summed(bins, term) / bins.n_bins, 0.0)


def _largest_divergence(bins: Bins) -> float:
    """KL when the bin of least weight has everything; one bin is even, whatever it holds."""
    least = 1.0 if bins.weights is None else float(bins.weights.min())
    return math.log(bins.n_bins / least) if bins.n_bins > 1 else 1.0


def _gini(bins: Bins) -> FloatArray:
    """Gini from the loads in ascending order; sorts the levels in place when no weights go with them."""
    if bins.weights is None:
        bins.levels.sort(axis=-1)
        total = np.zeros(bins.mean.shape)
        for start in range(0, bins.n_bins, _BLOCK):
            part = bins.levels[..., start : start + _BLOCK]
            total += part @ (2.0 * np.arange(start, start + part.shape[-1]) + 1 - bins.n_bins)
        return np.maximum(total / bins.mean / bins.n_bins**2, 0.0)
    order = np.argsort(bins.levels, axis=-1)
    weights = bins.weights[order]
    middle = np.cumsum(weights, axis=-1) - weights / 2
    rises = np.take_along_axis(bins.levels, order, axis=-1) * weights * (2 * middle - bins.n_bins)
    return np.asarray(np.maximum(rises.sum(axis=-1) / bins.mean / bins.n_bins**2, 0.0))
