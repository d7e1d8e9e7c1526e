"""The forecast ``oracle``: what the steps really bring, to see what any forecast could gain."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.forecasts import FORECASTS


@FORECASTS.add("oracle")
@dataclass
class Oracle:
    """The true mean of the next steps; no server has it."""

    _loads: FloatArray = field(init=False, repr=False)
    _n_seen: int = field(default=0, init=False, repr=False)

    def begin(self, loads: FloatArray, interval: int) -> None:
        """Keep the trace."""
        self._loads, self._n_seen = loads, 0

    def observe(self, loads: FloatArray) -> None:
        """Go one step on."""
        self._n_seen += 1

    def expect(self, n_steps: int) -> FloatArray:
        """Return the mean of the next steps; after the last one, that one."""
        first = min(self._n_seen, len(self._loads) - 1)
        return np.asarray(self._loads[first : first + n_steps].mean(axis=0, dtype=np.float64))
