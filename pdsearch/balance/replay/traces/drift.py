"""The trace ``drift``: each expert's popularity wanders away from where it began, and back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.traces import TRACES, Synthetic
from pdsearch.errors import BadInputError


@TRACES.add("drift")
@dataclass(frozen=True)
class Drift(Synthetic):
    """The logarithm of the popularity is an Ornstein-Uhlenbeck process, begun in its stationary state.

    Parameters
    ----------
    spread : float
        Standard deviation of the logarithm.
    memory : float
        Steps after which the correlation has fallen to 1 / e.
    """

    spread: float = 1.0
    memory: float = 300.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 <= self.spread <= 10 and self.memory > 0):
            raise BadInputError(f"spread {self.spread}, memory {self.memory}; need 0 to 10, and steps above 0")

    def popularities(self, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Yield one step's after the other."""
        base, kept = self.popularity(rng), math.exp(-1 / self.memory)
        wander = rng.normal(0, self.spread, base.shape)
        while True:
            popularity = base * np.exp(wander)
            yield popularity / popularity.sum(axis=1, keepdims=True)
            wander = kept * wander + math.sqrt(1 - kept**2) * rng.normal(0, self.spread, base.shape)
