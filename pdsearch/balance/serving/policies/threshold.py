"""The policy ``threshold``: the better a model, the shorter the backlog up to which it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.serving.policies import POLICIES
from pdsearch.balance.serving.simulation import Actions, simulate
from pdsearch.balance.serving.system import System
from pdsearch.errors import BadInputError

_STREAMS = 64


@POLICIES.add("threshold")
@dataclass
class Threshold:
    """The slowest model whose threshold the shortest backlog does not exceed; else the fastest.

    The thresholds are found one model after the other, twice, by simulating equally spaced ones on the same arrivals.

    Parameters
    ----------
    grid : int
        Thresholds that are tried for a model, from 0 to the longest backlog at which it still answers in time.
    requests : int
        That a trial simulates.
    """

    grid: int = 16
    requests: int = 20_000
    limits: FloatArray = field(init=False, repr=False)  # [n_models], descending; infinite for the fastest

    def __post_init__(self) -> None:
        if self.grid < 1 or self.requests < 1:
            raise BadInputError(f"grid {self.grid}, {self.requests} requests; need at least 1 of each")

    def fit(self, system: System, seed: int) -> None:
        """Find the thresholds."""
        longest = system.deadline - system.seconds
        self.limits = np.where(np.arange(len(longest)) == 0, np.inf, -1.0)  # at first the fastest alone
        best = self._quality(system, seed)
        for _ in range(2):
            for model in range(1, len(longest)):
                for limit in (-1.0, *np.linspace(0, longest[model], self.grid)):
                    before, self.limits[model] = self.limits[model], limit
                    quality = self._quality(system, seed)
                    if quality > best:
                        best = quality
                    else:
                        self.limits[model] = before

    def _quality(self, system: System, seed: int) -> float:
        return simulate(system, self.choose, self.requests, _STREAMS, seed).quality

    def choose(self, backlogs: FloatArray) -> Actions:
        """Return the slowest model within its threshold."""
        fits = backlogs[:, :1] <= self.limits + 1e-12
        return np.asarray(fits.shape[1] - 1 - fits[:, ::-1].argmax(axis=1))
