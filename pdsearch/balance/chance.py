"""How uneven chance alone is: the MaxVio of choices that are uniformly random.

The counts of n bins are like independent numbers that happen to add up to the number of choices, so with
w(x) the weight of a count x

    P(largest <= t) = c_t / c_n,  c_t = coefficient of z^S in (sum over x <= t of w(x) z^x)^n,  S = items k

(Levin, 1981, "A Representation for Multinomial Cumulative Distribution Functions", Annals of Statistics 9). At k = 1
w is Poisson's 1/x! and this is exact. For k > 1 an item's choices differ; w is then the binomial coefficient
C(N, x), with N such that the counts have their right variance, items k/n (1 - k/n). The coefficient is an
integral of the characteristic function over one period, which the trapezoidal rule finds to rounding.

Above a standard deviation of 300 choices the counts are normal with a third-moment correction, which costs nothing.
"""

from __future__ import annotations

import math

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.errors import BadInputError

_FREQUENCIES = 512  # of a period cut at 20 standard deviations: the sum's alias is 80 of them away
_WIDEST = 300.0  # standard deviation of a count, above which the normal limit is used
_MOST = 10**15  # items and bins: beyond it sums of float64 no longer count ones


def sampling_floor(n_items: int, n_bins: int, k: int = 1) -> float:
    """Return the MaxVio that uniform random choices of k out of n bins have on average.

    A measured MaxVio near this floor is chance, not skew.

    Parameters
    ----------
    n_items : int
        Items that choose.
    n_bins : int
    k : int
        Different bins that each item chooses.

    Returns
    -------
    float
        Exact for k = 1 and for one item; otherwise within 3 % of simulations, within .5 % from 500 choices on.

    Raises
    ------
    BadInputError
        If there is no item, or k is not from 1 to the number of bins.

    Examples
    --------
    >>> round(sampling_floor(1, 8), 9), round(sampling_floor(512, 16, 4), 3)
    (7.0, 0.141)
    """
    if not 1 <= n_items <= _MOST or not 1 <= k <= n_bins <= _MOST:
        raise BadInputError(
            f"{n_items} items choosing {k} of {n_bins} bins; need 1 to 10^15 items and bins, and 1 <= k <= bins"
        )
    if k == n_bins:
        return 0.0
    mean = n_items * (k / n_bins)
    deviation = math.sqrt(mean * (1 - k / n_bins))
    largest = _largest(n_items, n_bins, k) if deviation <= _WIDEST else _normal_largest(mean, deviation, n_bins, k)
    return largest / mean - 1


def _largest(n_items: int, n_bins: int, k: int) -> float:
    """Return the expectation of the largest count, by the characteristic function."""
    mean = n_items * (k / n_bins)
    deviation = math.sqrt(mean * (1 - k / n_bins))
    first = max(0, math.floor(mean - 15 * deviation))
    last = min(n_items, math.ceil(mean + 15 * deviation) + 30)
    counts = np.arange(first, last + 1)
    weights = _weights(counts, n_items, n_bins, k)
    width = min(math.pi, 20 / (deviation * math.sqrt(n_bins)))
    # The period is cut at `width`, outside which the power vanishes; midpoints, so that no end counts twice.
    angles = width * ((np.arange(_FREQUENCIES) + 0.5) / (_FREQUENCIES / 2) - 1)
    turned = weights[:, None] * np.exp(1j * (counts[:, None] - mean) * angles)  # centred: S = n mean
    start = max(math.ceil(mean) - first, 0)
    head = turned[: start + 1].sum(axis=0)
    below = np.cumsum(np.vstack([head, turned[start + 1 :]]), axis=0)  # row i: x <= ceil(mean) + i
    chances = (below**n_bins).sum(axis=1).real
    return float(first + start + (1 - np.clip(chances / chances[-1], 0, 1)).sum())


def _weights(counts: np.ndarray, n_items: int, n_bins: int, k: int) -> FloatArray:
    """Return w(x) r^x, with r such that the mean is about items k / bins, adding up to 1."""
    mean = n_items * (k / n_bins)
    if k == 1:
        logs = counts * math.log(mean) - np.array([math.lgamma(x + 1.0) for x in counts])
    else:
        even = (n_bins - k) / (n_bins - 1)
        size = max((n_items * k - even) / n_bins * ((n_bins - 1) / (k - 1)), float(n_items))
        odds = math.log(mean / (size - mean))
        logs = counts * odds - np.array([math.lgamma(x + 1.0) + math.lgamma(size - x + 1.0) for x in counts])
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def _normal_largest(mean: float, deviation: float, n_bins: int, k: int) -> float:
    """Return the expectation of the largest of normals that add up to their mean, with the counts' skewness."""
    grid, step = np.linspace(-12.0, 12.0, 4801, retstep=True)
    # P(Z <= t)^n by way of the upper tail, which stays exact where n is huge.
    tail = np.array([0.5 * math.erfc(point / math.sqrt(2)) for point in grid])
    below = np.exp(n_bins * np.log1p(-np.minimum(tail, 1 - 1e-16)))
    below[-1] /= 2  # the trapezoidal rule; the other end is 0
    first = 12.0 - float(below.sum() * step)  # E[X] = b - the integral of P(X <= t) up to b
    second = 144.0 - float((2 * grid * below).sum() * step)
    # Differences from the mean of n independent normals have the variance (1 - 1/n) of theirs.
    return mean + deviation / math.sqrt(1 - 1 / n_bins) * first + (1 - 2 * k / n_bins) / 6 * (second - 1)
