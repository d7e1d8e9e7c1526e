"""The best policy for one server, by relative value iteration on a grid of backlogs.

A request that finds backlog w and is answered by model a gives quality r(w, a) and leaves w + s_a; the next one finds
(w + s_a - X)+, X exponential. So with U(w) = E v((w - X)+) the best mean quality g of a request satisfies

    v(w) + g = max over a of  r(w, a) + U(w + s_a).

v is linear between grid points h apart, and U is then exact:

    U_i = e^(-rate h) U_(i-1) + A v_i + B v_(i-1),
    B = (1 - e^(-rate h) (1 + rate h)) / (rate h),   A = 1 - e^(-rate h) - B.

What remains is the error of the grid: r jumps at the deadline.

Source: Puterman (1994), "Markov Decision Processes", section 8.5.5.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.serving.simulation import Actions
from pdsearch.balance.serving.system import System
from pdsearch.errors import BadInputError

_POINTS = 400  # up to the deadline
_SPAN = 6  # deadlines: a longer backlog counts as this one; at load .7 that adds .0006 to the quality
_SWEEPS = 20_000


class BestPolicy(NamedTuple):
    """The optimum of one server."""

    quality: float  # mean of a request
    backlogs: FloatArray  # [n_points], ascending
    actions: Actions  # [n_points], the model for each


def best_policy(system: System, tolerance: float = 1e-9) -> BestPolicy:
    """Return the best mean quality and the models that reach it.

    Parameters
    ----------
    system : System
        With one server.
    tolerance : float
        Stop when the bounds of the quality are no farther apart.

    Raises
    ------
    BadInputError
        If there are several servers: their backlogs are too many states.

    Examples
    --------
    >>> best = best_policy(System(rate=1e-6))  # nobody waits
    >>> round(best.quality, 3), int(best.actions[0])
    (0.95, 2)
    """
    if system.n_servers != 1:
        raise BadInputError(f"value iteration is for one server, and there are {system.n_servers}; leave optimal out")
    step = system.deadline / _POINTS
    backlogs = step * np.arange(_SPAN * _POINTS + 1)
    passing, later = _passing(system.rate * step), np.empty(len(backlogs))
    after = np.minimum(backlogs[:, None] + system.seconds, backlogs[-1])
    reward = np.where(backlogs[:, None] + system.seconds <= system.deadline + 1e-9, system.qualities, 0.0)
    values: FloatArray = np.zeros(len(backlogs))
    for _ in range(_SWEEPS):
        _pass(values, *passing, later)
        worth = reward + np.interp(after, backlogs, later)
        change = worth.max(axis=1) - values
        values = worth.max(axis=1) - worth[0].max()
        if np.ptp(change) <= tolerance:
            break
    # Of equally good models the fastest: beyond the deadline all are worth nothing.
    actions = (worth >= worth.max(axis=1, keepdims=True) - 1e-12).argmax(axis=1)
    return BestPolicy(float(change.max() + change.min()) / 2, np.asarray(backlogs, dtype=np.float64), actions)


def _passing(step: float) -> tuple[float, float, float]:
    """Return e^-step, A and B; ``step`` is h in mean gaps between requests."""
    kept = math.exp(-step)
    low = (1 - kept * (1 + step)) / step if step > 1e-4 else step / 2
    return kept, -math.expm1(-step) - low, low


@kernel
def _pass(values, kept, high, low, later):
    """Fill ``later`` with U of ``values``."""
    later[0] = values[0]
    for i in range(1, values.shape[0]):
        later[i] = kept * later[i - 1] + high * values[i] + low * values[i - 1]
