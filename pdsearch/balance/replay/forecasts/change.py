"""The forecast ``change``: the mean of all steps since the loads of a layer last changed.

A long mean has little noise and reacts late; a short one the other way round. Here the mean of a layer grows until
the latest ``window`` steps differ from the steps before them by more than chance: the mean over the experts of
(recent mean - older mean)^2 / (variance of their difference), 1 where nothing changed, exceeds ``limit``. Then only the
window is kept. The variance of a step comes from the differences of successive steps, which a slow drift
leaves alone (von Neumann, 1941, "Distribution of the Ratio of the Mean Square Successive Difference to the
Variance", Annals of Mathematical Statistics 12).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.forecasts import FORECASTS
from pdsearch.errors import BadInputError


@FORECASTS.add("change")
@dataclass
class Change:
    """The mean since the last change, layer by layer.

    Parameters
    ----------
    window : int
        Steps that are compared with those before them.
    limit : float
        Of the statistic, above 1: how much more than chance is a change.
    """

    window: int = 8
    limit: float = 3.0
    _kept: FloatArray = field(init=False, repr=False)  # [window, layer, expert], a ring
    _older: FloatArray = field(init=False, repr=False)  # [layer, expert]: sum of the steps before the window
    _n_older: FloatArray = field(init=False, repr=False)  # [layer, 1]
    _squares: FloatArray = field(init=False, repr=False)  # [layer, expert]: of successive differences, summed
    _n_seen: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.window < 2 or self.limit <= 1:
            raise BadInputError(f"window {self.window}, limit {self.limit}; need 2 steps or more and a limit above 1")

    def begin(self, loads: FloatArray, interval: int) -> None:
        """Forget everything."""
        shape = loads.shape[1:]
        self._kept = np.zeros((self.window, *shape))
        self._older, self._squares, self._n_older = np.zeros(shape), np.zeros(shape), np.zeros((shape[0], 1))
        self._n_seen = 0

    def observe(self, loads: FloatArray) -> None:
        """Take the next step, and forget the older ones of the layers that changed."""
        place = self._n_seen % self.window
        if self._n_seen:
            self._squares += (loads - self._kept[place - 1]) ** 2
        if self._n_seen >= self.window:
            self._older += self._kept[place]
            self._n_older += 1
        self._kept[place] = loads
        self._n_seen += 1
        if self._n_seen > self.window:
            changed = self._statistic() > self.limit
            self._older[changed], self._n_older[changed] = 0.0, 0.0

    def expect(self, n_steps: int) -> FloatArray:
        """Return the means since the last changes."""
        n_recent = min(self._n_seen, self.window)
        return np.asarray((self._older + self._kept.sum(axis=0)) / (self._n_older + n_recent))

    def _statistic(self) -> FloatArray:
        """Return float64[n_layers], 1 on average where nothing changed."""
        n_older = np.maximum(self._n_older, 1)
        variance = self._squares / (2 * (self._n_seen - 1)) * (1 / self.window + 1 / n_older)
        squares = (self._kept.mean(axis=0) - self._older / n_older) ** 2
        known = variance > 0
        terms = np.divide(squares, variance, out=np.zeros_like(squares), where=known)
        return np.where(self._n_older[:, 0] >= self.window, terms.sum(axis=1) / np.maximum(known.sum(axis=1), 1), 0.0)
