"""Forecasts of the loads that the next steps will bring, from those that steps have brought.

A forecast is one module of this package. Its object sees every step in order and is asked for the mean loads of
the next steps whenever a policy may rearrange.
"""

from __future__ import annotations

from typing import Protocol

from pdsearch.balance.metrics import FloatArray
from pdsearch.named_options import built
from pdsearch.registry import Registry


class Forecast(Protocol):
    """Loads to come."""

    def begin(self, loads: FloatArray, interval: int) -> None:
        """Forget everything.

        Parameters
        ----------
        loads : array[n_steps, n_layers, n_experts]
            The whole trace: for its shape, and for ``oracle``, which alone may read it.
        interval : int
            Steps for which a forecast will be asked.
        """

    def observe(self, loads: FloatArray) -> None:
        """Take the float64[n_layers, n_experts] loads of the next step."""

    def expect(self, n_steps: int) -> FloatArray:
        """Return float64[n_layers, n_experts], the mean loads expected of the next steps; one was observed."""


FORECASTS: Registry[type[Forecast]] = Registry("forecast", __name__)


def forecast_of(text: str) -> Forecast:
    """Build a forecast from ``name:option=value:...``.

    Raises
    ------
    UnknownNameError
        If no forecast has this name.
    BadInputError
        If it has no such option, or the value does not read as one.

    Examples
    --------
    >>> forecast_of("mean:window=20")
    Mean(window=20)
    """
    forecast: Forecast = built(FORECASTS, text)
    return forecast
