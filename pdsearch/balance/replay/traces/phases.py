"""The trace ``phases``: a few kinds of work take turns, each with a popularity of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.traces import TRACES, Synthetic
from pdsearch.errors import BadInputError


@TRACES.add("phases")
@dataclass(frozen=True)
class Phases(Synthetic):
    """Each phase lasts equally long; then comes the next, and after the last the first again.

    Parameters
    ----------
    length : int
        Steps of a phase.
    kinds : int
        Of phases.
    """

    length: int = 150
    kinds: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.length, self.kinds) < 1:
            raise BadInputError(f"length {self.length}, kinds {self.kinds}; need at least 1 of each")

    def popularities(self, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Yield one step's after the other."""
        kinds = [self.popularity(rng) for _ in range(self.kinds)]
        step = 0
        while True:
            yield kinds[step // self.length % self.kinds]
            step += 1
