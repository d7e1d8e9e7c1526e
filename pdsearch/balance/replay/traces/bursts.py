"""The trace ``bursts``: now and then an expert is wanted much more, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.traces import TRACES, Synthetic
from pdsearch.errors import BadInputError


@TRACES.add("bursts")
@dataclass(frozen=True)
class Bursts(Synthetic):
    """Bursts begin and end at random, in each expert by itself.

    Parameters
    ----------
    share : float
        Of the experts that are in a burst, on average, in [0, 1).
    length : float
        Steps that a burst lasts, on average, at least 1.
    height : float
        What a burst multiplies the popularity with.
    """

    share: float = 0.02
    length: float = 40.0
    height: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 <= self.share < 1 and self.length >= 1 and 0 < self.height < 1e9):
            raise BadInputError(
                f"share {self.share}, length {self.length}, height {self.height}; "
                "need a share from 0 to below 1, 1 step or more, and a height above 0"
            )

    def popularities(self, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Yield one step's after the other."""
        base, end = self.popularity(rng), 1 / self.length
        begin = min(1.0, end * self.share / (1 - self.share))  # as many begin as end
        is_up = rng.random(base.shape) < self.share
        while True:
            popularity = np.where(is_up, self.height * base, base)
            yield popularity / popularity.sum(axis=1, keepdims=True)
            is_up ^= rng.random(base.shape) < np.where(is_up, end, begin)
