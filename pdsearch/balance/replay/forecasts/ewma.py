"""The forecast ``ewma``: a mean that forgets, each step a little."""

from __future__ import annotations

from dataclasses import dataclass, field

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.forecasts import FORECASTS
from pdsearch.errors import BadInputError


@FORECASTS.add("ewma")
@dataclass
class EWMA:
    """The exponentially weighted moving mean, its first steps weighted up to be a mean.

    Parameters
    ----------
    weight : float
        Of the latest step, in (0, 1]; 1 / weight is about the number of steps that count.
    """

    weight: float = 0.1
    _sum: FloatArray | float = field(default=0.0, init=False, repr=False)
    _weights: float = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 1:
            raise BadInputError(f"the weight is {self.weight}; give one above 0, up to 1")

    def begin(self, loads: FloatArray, interval: int) -> None:
        """Forget everything."""
        self._sum, self._weights = 0.0, 0.0

    def observe(self, loads: FloatArray) -> None:
        """Take the next step."""
        self._sum = (1 - self.weight) * self._sum + self.weight * loads
        self._weights = (1 - self.weight) * self._weights + self.weight

    def expect(self, n_steps: int) -> FloatArray:
        """Return the weighted mean."""
        return self._sum / self._weights  # type: ignore[return-value]
