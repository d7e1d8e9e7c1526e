"""The forecast ``closed-form``: a closed-form continuous-time cell, trained on the trace as it comes.

The cell answers for any time tau ahead without stepping there:

    x(tau) = s g + (1 - s) h,   s = sigmoid(-f tau),

with f, g and h functions of what is known now (equation 2 of the source, whose networks are here linear
functions of four inputs: 1, and the load of an expert in the latest step, in a fast and in a slow moving mean,
all over the mean load of the layer). All experts share the twelve weights. At first g is the fast mean, h the slow
one, and s fades from the one to the other. Every step is one step of Adam on what the cell said ``tau`` steps ago,
tau going through 1 .. interval, so it learns at each distance that it is asked for. The error is squared and, as
the variance of a count grows with the count, divided by the slow mean; without that the few most loaded
experts alone decide (relative error under drift .190 in place of .170).

Source: Hasani et al. (2022), "Closed-form Continuous-time Neural Networks", Nature Machine Intelligence 4,
arXiv 2106.13898.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.forecasts import FORECASTS
from pdsearch.errors import BadInputError

_FAST, _SLOW = 0.5, 0.05  # weights of the latest step in the two moving means
_FLOOR = 0.1  # added to the slow mean that an error is divided by
_POINTS = 8  # at which a forecast for many steps asks the cell


class Cell(NamedTuple):
    """What a cell says, and the gradient of its mean error: squared, over slow mean + 0.1."""

    value: FloatArray
    gradient: FloatArray  # [3, 4], zero where no target was given


def cell(weights: FloatArray, inputs: FloatArray, tau: float, target: FloatArray | None = None) -> Cell:
    """Evaluate x(tau), and its error's gradient by the weights.

    Parameters
    ----------
    weights : float64[3, 4]
        Of f, g and h.
    inputs : float64[..., 4]
        1, latest, fast, slow.
    tau : float
        Steps ahead, in units of the interval.
    target : float64[...], optional
        What came.

    Examples
    --------
    >>> weights = np.array([[0.0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    >>> cell(weights, np.array([[1.0, 5.0, 4.0, 2.0]]), tau=1.0).value
    array([3.])
    """
    f, g, h = np.moveaxis(inputs @ weights.T, -1, 0)
    s = 0.5 * (1 - np.tanh(0.5 * f * tau))  # sigmoid(-f tau)
    value = s * g + (1 - s) * h
    if target is None:
        return Cell(value, np.zeros_like(weights))
    slope = 2 * (value - target) / (inputs[..., 3] + _FLOOR) / value.size
    by_head = np.stack([-slope * (g - h) * s * (1 - s) * tau, slope * s, slope * (1 - s)])
    return Cell(value, by_head.reshape(3, -1) @ inputs.reshape(-1, inputs.shape[-1]))


@FORECASTS.add("closed-form")
@dataclass
class ClosedForm:
    """The cell, its two moving means and what it last said.

    Parameters
    ----------
    rate : float
        Step size of Adam.
    """

    rate: float = 0.003
    weights: FloatArray = field(init=False, repr=False)
    _means: FloatArray = field(init=False, repr=False)  # [2, layer, expert], fast and slow
    _kept: FloatArray = field(init=False, repr=False)  # [layer, expert, 4]: inputs from which it is trained now
    _adam: FloatArray = field(init=False, repr=False)  # [2, 3, 4]
    _interval: int = field(default=1, init=False, repr=False)
    _age: int = field(default=0, init=False, repr=False)
    _n_seen: int = field(default=0, init=False, repr=False)
    _latest: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise BadInputError(f"the rate is {self.rate}; give one between 0 and 1")

    def begin(self, loads: FloatArray, interval: int) -> None:
        """Forget everything."""
        self.weights = np.array([[1.0, 0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]])
        self._means, self._adam = np.zeros((2, *loads.shape[1:])), np.zeros((2, 3, 4))
        self._interval, self._age, self._n_seen = max(1, interval), 0, 0

    def observe(self, loads: FloatArray) -> None:
        """Take the next step, learn from it, and renew the moving means."""
        self._latest = loads
        if self._n_seen:
            self._age += 1
            self._learn(loads / self._level(loads))
        weights = np.array([_FAST, _SLOW])[:, None, None] if self._n_seen else 1.0
        self._means = self._means + weights * (loads - self._means)
        self._n_seen += 1
        if self._n_seen == 1 or self._age >= self._interval:
            self._kept, self._age = self._inputs(), 0

    def expect(self, n_steps: int) -> FloatArray:
        """Return the mean of what the cell says about the next steps."""
        inputs = self._inputs()
        ahead = np.linspace(1, n_steps, min(_POINTS, n_steps)) / self._interval
        said = np.mean([cell(self.weights, inputs, tau).value for tau in ahead], axis=0)
        return np.asarray(np.maximum(said, 0.0) * self._means[1].mean(axis=1, keepdims=True))

    def _inputs(self) -> FloatArray:
        level = self._level(self._means[1])
        return np.stack([np.ones_like(self._latest), self._latest / level, *(self._means / level)], axis=-1)

    @staticmethod
    def _level(loads: FloatArray) -> FloatArray:
        """Return float64[n_layers, 1], the mean load of an expert; 1 where there is none."""
        mean = loads.mean(axis=1, keepdims=True)
        return np.where(mean > 0, mean, 1.0)

    def _learn(self, came: FloatArray) -> None:
        """Take one step of Adam (Kingma and Ba, 2015), with its usual constants."""
        gradient = cell(self.weights, self._kept, self._age / self._interval, came).gradient
        self._adam[0] += 0.1 * (gradient - self._adam[0])
        self._adam[1] += 0.001 * (gradient**2 - self._adam[1])
        step = self._adam[0] / (1 - 0.9**self._n_seen)
        self.weights = self.weights - self.rate * step / (np.sqrt(self._adam[1] / (1 - 0.999**self._n_seen)) + 1e-12)
