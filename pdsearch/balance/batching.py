"""How much each should get, from how fast each was: batch sizes of workers, records per message.

Both measure, and leave to one :class:`~pdsearch.balance.controller.Controller` how far to go and when to hold
still. :class:`BatchSizer` equalises the time of workers with different speeds (dynamic batch size, DBS); a
worker's gradient then counts by its share of the samples, so what is learned does not depend on the sizes.
:class:`MessageSizer` chooses how many records a rank of HDA* collects per destination before it sends: enough that
the cost of a message is a small part of the cost of its records, and no more than arrive within an allowed delay,
because nodes held back make other ranks search in worse order.

Sources: Ye et al. (2020), "DBS: Dynamic Batch Size For Distributed Deep Neural Network Training",
arXiv 2007.11831; the affine model and the message rule are derived here, see docs/balance.md.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.balance.controller import Controller
from pdsearch.balance.metrics import FloatArray
from pdsearch.errors import BadInputError

Sizes = npt.NDArray[np.int64]


def apportion(weights: npt.ArrayLike, total: int, least: int = 0, most: npt.ArrayLike | None = None) -> Sizes:
    """Split a total into whole parts as near to the weights as bounds allow, by largest remainder.

    Parameters
    ----------
    weights : array_like[n_parts]
        Not negative, not all zero.
    total : int
        What the parts add up to.
    least : int
        Lower bound of every part.
    most : int or array_like[n_parts], optional
        Upper bounds.

    Returns
    -------
    int64[n_parts]
        Adds up to ``total`` exactly; equal remainders favour the lower index.

    Raises
    ------
    BadInputError
        If the weights are none, the total is no integer, or no parts within the bounds add up to it.

    Examples
    --------
    >>> apportion([13.7, 16.5, 19.6, 14.2], 64)
    array([14, 16, 20, 14])
    >>> apportion([1, 1, 1], 127)
    array([43, 42, 42])
    """
    if not isinstance(total, numbers.Integral):
        raise BadInputError(f"the total is {total!r}; whole parts need a whole number")
    shares = as_array(weights, "weights", np.float64)
    if shares.ndim != 1 or not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
        raise BadInputError(f"weights are {shares}; need one for each part, not negative and not all zero")
    low = np.full(len(shares), float(least))
    high = np.broadcast_to(np.inf if most is None else as_array(most, "limits", np.float64), shares.shape)
    if least < 0 or (low > high).any() or not low.sum() <= total <= high.sum():
        raise BadInputError(
            f"{len(shares)} parts from {least} to {most!r} cannot add up to {total}; change the total or the bounds"
        )
    ideal = _clipped(shares, float(total), low, high)
    parts = np.floor(ideal + 1e-9)
    left = int(total - parts.sum())
    remainder = np.where(parts < high, ideal - parts, -np.inf)
    order = np.argsort(-np.round(remainder, 9), kind="stable")  # equal up to rounding is equal
    parts[order[:left]] += 1
    return parts.astype(np.int64)


def affine_shares(fixed: npt.ArrayLike, per_item: npt.ArrayLike, total: float, least: float = 0.0) -> FloatArray:
    """Return the real sizes at which workers with times fixed + per_item * size finish together.

    Parameters
    ----------
    fixed, per_item : array_like[n_workers]
        Seconds per batch and per item; ``per_item`` positive.
    total : float
        What the sizes add up to.
    least : float
        Lower bound of every size; a worker too slow even for that gets it.

    Returns
    -------
    float64[n_workers]

    Raises
    ------
    BadInputError
        If the times make no sense or the lower bounds exceed the total.

    Examples
    --------
    >>> affine_shares([0, 2], [1, 1], 10)
    array([6., 4.])
    """
    start, slope = np.broadcast_arrays(
        as_array(fixed, "fixed times", np.float64), as_array(per_item, "times per item", np.float64)
    )
    if start.ndim != 1 or not ((start >= 0).all() and (slope > 0).all() and np.isfinite(start + slope).all()):
        raise BadInputError(f"times {start} + {slope} per item; need times that are not negative, and items that cost")
    if least * len(start) > total:
        raise BadInputError(f"{len(start)} workers with at least {least} each exceed the total {total}")
    sizes = np.full(len(start), float(least))
    is_free = np.ones(len(start), dtype=bool)
    while True:  # workers below the lower bound are fixed there, one round at a time
        rest = total - sizes[~is_free].sum()
        together = (rest + (start / slope)[is_free].sum()) / (1 / slope[is_free]).sum()
        sizes[is_free] = (together - start[is_free]) / slope[is_free]
        below = is_free & (sizes < least)
        if not below.any():
            return sizes
        sizes[below] = least
        is_free &= ~below


class BatchSizer:
    """Sizes of the workers' batches, from the times that their last ones took.

    Parameters
    ----------
    total : int
        The batch of all workers together.
    n_workers : int
        At least 1.
    least : int
        Samples that every worker gets at least.
    most : int or array_like[n_workers], optional
        Samples that a worker's memory holds.
    damping : float
        The part of the step to take, above 0; 1 is exact for times proportional to sizes, less averages out
        noise.
    dead_band : float
        Change nothing while the slowest worker takes up to 1 + this times the mean: moving data has a cost.

    Raises
    ------
    BadInputError
        If no sizes within the bounds add up to the total, or a parameter is out of range.

    Examples
    --------
    >>> sizer = BatchSizer(512, 4)
    >>> sizer.sizes
    array([128, 128, 128, 128])
    >>> sizer.update([1, 1, 2, 4])
    array([186, 186,  93,  47])
    """

    def __init__(
        self,
        total: int,
        n_workers: int,
        least: int = 1,
        most: npt.ArrayLike | None = None,
        damping: float = 1.0,
        dead_band: float = 0.0,
    ) -> None:
        if n_workers < 1:
            raise BadInputError(f"{n_workers} workers; need at least 1")
        self.controller = Controller(damping, dead_band)
        self.total, self._least, self._most = total, least, most
        self.sizes = apportion(np.ones(n_workers), total, least, most)

    @property
    def shares(self) -> FloatArray:
        """Return float64[n_workers], the weights of the workers' mean gradients; their sum is 1."""
        return self.sizes / self.total

    def update(self, times: npt.ArrayLike) -> Sizes:
        """Take the seconds each worker computed on its last batch, waiting excluded; return the next sizes.

        Raises
        ------
        BadInputError
            If there is not one positive time per worker.
        """
        seconds = as_array(times, "times", np.float64)
        if seconds.shape != self.sizes.shape or not ((seconds > 0).all() and np.isfinite(seconds).all()):
            raise BadInputError(f"times are {seconds}; need {len(self.sizes)} positive ones, one for each worker")
        if self.controller.dead_band > 0 and self.controller.is_settled(seconds.max(), seconds.mean()):
            return self.sizes.copy()
        speed = np.maximum(self.sizes, 1) / seconds
        step = self.controller.toward(self.shares, speed / speed.sum())
        self.sizes = apportion(step, self.total, self._least, self._most)
        return self.sizes.copy()

    def partition(self, n_samples: int) -> list[range]:
        """Split sample numbers in proportion to the sizes, so that all workers make equally many steps.

        >>> BatchSizer(4, 2).partition(10)
        [range(0, 5), range(5, 10)]
        """
        ends = [0, *np.cumsum(apportion(self.sizes, n_samples)).tolist()]
        return [range(ends[i], ends[i + 1]) for i in range(len(self.sizes))]


class MessageSizer:
    """Records to collect for each destination before sending a message.

    A message of b records costs alpha + beta b seconds. To keep alpha under the share eps of that takes
    b >= alpha (1 - eps) / (beta eps). A record waits up to b / rate seconds for the rest of its message, so b
    is at most rate * delay. Where the two disagree the delay wins: it bounds the search overhead.

    Parameters
    ----------
    n_destinations : int
        At least 1.
    per_message, per_record : float
        alpha and beta, seconds; a first guess is enough if :meth:`measure_message` is called.
    overhead : float
        eps, in (0, 1).
    delay : float
        Seconds a record may wait, positive.
    most : int
        Records that fit a message.
    damping : float
        Weight of a new measurement against the old ones, in (0, 1].
    dead_band : float
        Keep a size while the new one is within this part of it.

    Raises
    ------
    BadInputError
        If a parameter is out of range.

    Examples
    --------
    >>> sizer = MessageSizer(2, per_message=2e-6, per_record=1e-7, overhead=0.1, delay=1e-3)
    >>> sizer.update(records=[1000, 50], seconds=0.01)
    array([100,   5])
    """

    def __init__(
        self,
        n_destinations: int,
        per_message: float = 2e-6,
        per_record: float = 5e-8,
        overhead: float = 0.1,
        delay: float = 1e-3,
        most: int = 4096,
        damping: float = 0.25,
        dead_band: float = 0.1,
    ) -> None:
        good = n_destinations >= 1 and 0 < overhead < 1 and most >= 1
        if not (good and min(per_message, per_record, delay) > 0 and max(per_message, per_record) < math.inf):
            raise BadInputError(
                f"{n_destinations} destinations, {per_message} s a message, {per_record} s a record, "
                f"overhead {overhead}, delay {delay} s, {most} records; "
                "need a destination, costs, a delay and sizes above 0, an overhead from 0 to 1"
            )
        self.per_message, self.per_record = per_message, per_record
        self.overhead, self.delay, self.most = overhead, delay, most
        self.controller = Controller(damping, dead_band)
        self._rates: FloatArray | None = None
        self._fits: list[tuple[float, float]] = []
        self.sizes = np.full(n_destinations, self.enough, dtype=np.int64)

    @property
    def enough(self) -> int:
        """Return the records at which a message's own cost is the allowed share, whatever their rate."""
        needed = self.per_message * (1 - self.overhead) / (self.per_record * self.overhead)
        return max(1, min(self.most, math.ceil(needed - 1e-9)))

    def measure_message(self, records: float, seconds: float, own: float | None = None) -> None:
        """Learn alpha and beta from one timed message, or from the mean of several.

        Parameters
        ----------
        records : float
            In the message.
        seconds : float
            It took, its records included.
        own : float, optional
            The part of ``seconds`` that no record caused, where the two were timed apart; otherwise it takes
            messages of two different sizes to tell them.

        Raises
        ------
        BadInputError
            If there is no record, or a time is not positive or longer than the whole.
        """
        if records < 1 or not 0 < seconds < math.inf:
            raise BadInputError(f"{records} records in {seconds} s; need a record and a positive time")
        if own is not None:
            if not 0 <= own < seconds:
                raise BadInputError(f"{own} s of {seconds} s are the message's own; need 0 or more, and less than all")
            self._learn(own, (seconds - own) / records)
            return
        self._fits = [*self._fits[-63:], (float(records), seconds)]
        sizes, times = np.array(self._fits).T
        spread = sizes - sizes.mean()
        if not spread.any():
            return
        slope = max(float(spread @ times / (spread @ spread)), 1e-12)
        start = max(float(times.mean() - slope * sizes.mean()), 1e-12)
        self._learn(start, slope)

    def _learn(self, per_message: float, per_record: float) -> None:
        learned = self.controller.toward([self.per_message, self.per_record], [per_message, per_record])
        self.per_message, self.per_record = learned.tolist()

    def update(self, records: Sequence[int] | npt.ArrayLike, seconds: float) -> Sizes:
        """Take the records that went to each destination in a stretch of time; return the sizes to use next.

        Raises
        ------
        BadInputError
            If there is not one count per destination or the time is not positive.
        """
        counts = as_array(records, "records", np.float64)
        if counts.shape != self.sizes.shape or not (counts >= 0).all() or not 0 < seconds < math.inf:
            raise BadInputError(f"{counts} records in {seconds} s; need {len(self.sizes)} counts and a positive time")
        rates = counts / seconds
        self._rates = rates if self._rates is None else self.controller.toward(self._rates, rates)
        wanted = np.clip(np.floor(self._rates * self.delay + 1e-9), 1, self.enough).astype(np.int64)
        self.sizes = np.where(self.controller.is_settled(wanted, self.sizes), self.sizes, wanted)
        return self.sizes.copy()


def _clipped(shares: FloatArray, total: float, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return clip(scale * shares, low, high) with the scale at which it adds up to the total."""
    # Tiny shares stand in for zero: where all others are at their upper bound they take the rest evenly.
    scaled = np.maximum(shares / shares.max(), 1e-12)
    least, most = 0.0, 1.0
    while np.clip(most * scaled, low, high).sum() < total and most < 1e300:
        most *= 2
    for _ in range(200):
        middle = (least + most) / 2
        if np.clip(middle * scaled, low, high).sum() < total:
            least = middle
        else:
            most = middle
    ideal = np.clip(most * scaled, low, high)
    # The bisection ends within rounding; what is off goes to a part with room.
    room = (ideal > low) & (ideal < high)
    if room.any():
        ideal[room] *= 1 + (total - ideal.sum()) / ideal[room].sum()
    return np.asarray(np.clip(ideal, low, high))
