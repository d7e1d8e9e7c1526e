"""The forecasts ``last`` and ``mean``: what the latest steps had."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.forecasts import FORECASTS
from pdsearch.errors import BadInputError


@FORECASTS.add("mean")
@dataclass
class Mean:
    """The mean of a window of steps, which is what servers use.

    Parameters
    ----------
    window : int
        The latest steps that count.
    """

    window: int = 100
    _steps: deque[FloatArray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.window < 1:
            raise BadInputError(f"the window is {self.window} steps; give at least 1")
        self._steps = deque(maxlen=self.window)

    def begin(self, loads: FloatArray, interval: int) -> None:
        """Forget everything."""
        self._steps.clear()

    def observe(self, loads: FloatArray) -> None:
        """Take the next step."""
        self._steps.append(loads)

    def expect(self, n_steps: int) -> FloatArray:
        """Return the mean of the window."""
        return np.asarray(np.sum(self._steps, axis=0) / len(self._steps))


@FORECASTS.add("last")
@dataclass
class Last(Mean):
    """The latest step alone."""

    window: int = field(default=1, init=False)
