"""Synthetic traces, by name: what servers see, with the change in it known. One module of this package each.

All begin from the same picture: the popularity of the experts of a layer falls as 1 / rank^zipf in an order that
is each layer's own, and in a step each expert gets a Poisson number of (token, expert) pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.trace import Trace
from pdsearch.errors import BadInputError
from pdsearch.named_options import built
from pdsearch.registry import Registry


@dataclass(frozen=True)
class Synthetic:
    """What all synthetic traces have; a kind says how the popularity changes.

    Parameters
    ----------
    steps, layers, experts : int
        Shape of the trace.
    tokens : int
        (token, expert) pairs of a step and layer, on average.
    zipf : float
        Exponent of the popularity; 0 is even.
    seed : int
        Of all that is random.
    """

    steps: int = 1000
    layers: int = 4
    experts: int = 64
    tokens: int = 32768
    zipf: float = 0.8
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.steps, self.layers, self.experts, self.tokens) < 1 or not 0 <= self.zipf <= 10 or self.seed < 0:
            raise BadInputError(
                f"{self}: steps, layers, experts and tokens are at least 1, zipf from 0 to 10, the seed not negative"
            )

    def popularity(self, rng: np.random.Generator) -> FloatArray:
        """Return float64[n_layers, n_experts], each row adding up to 1."""
        weights = np.arange(1, self.experts + 1) ** -self.zipf
        return rng.permuted(np.tile(weights / weights.sum(), (self.layers, 1)), axis=1)

    def popularities(self, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Yield the popularity in every step."""
        raise NotImplementedError

    def trace(self) -> Trace:
        """Draw the loads: uint32[n_steps, n_layers, n_experts]."""
        rng = np.random.default_rng(self.seed)
        loads = np.empty((self.steps, self.layers, self.experts), dtype=np.uint32)
        for step, popularity in zip(range(self.steps), self.popularities(rng), strict=False):
            loads[step] = rng.poisson(self.tokens * popularity)
        return Trace(loads, repr(self))


TRACES: Registry[type[Synthetic]] = Registry("synthetic trace", __name__)


def trace_of(text: str) -> Trace:
    """Draw a trace from ``name:option=value:...``.

    Raises
    ------
    UnknownNameError
        If there is no such kind.
    BadInputError
        If it has no such option, or the value does not make sense.

    Examples
    --------
    >>> trace_of("drift:steps=3:layers=2:experts=8").loads.shape
    (3, 2, 8)
    """
    synthetic: Synthetic = built(TRACES, text)
    return synthetic.trace()
