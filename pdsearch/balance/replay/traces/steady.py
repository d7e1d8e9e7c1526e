"""The trace ``steady``: the popularity never changes, only chance does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.traces import TRACES, Synthetic


@TRACES.add("steady")
@dataclass(frozen=True)
class Steady(Synthetic):
    """One popularity for all steps."""

    def popularities(self, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Yield the same one."""
        return repeat(self.popularity(rng))
