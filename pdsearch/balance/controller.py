"""The controller that sizes batches and messages: part of the way to the target, nothing inside a dead band.

What is measured is noisy, and a change costs something: data moves, buffers are allocated anew. So an estimate goes
only a part of the way to each new measurement, and a size stays while what is wrong with it is small.
:class:`~pdsearch.balance.batching.BatchSizer` aims at equal seconds of all workers,
:class:`~pdsearch.balance.batching.MessageSizer` at the cheapest messages that an allowed delay permits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pdsearch.balance.metrics import FloatArray
from pdsearch.errors import BadInputError


@dataclass(frozen=True, slots=True)
class Controller:
    """A proportional step with a dead band.

    Parameters
    ----------
    damping : float
        The part of the way to the target that a step takes, in (0, 1]; 1 is all of it.
    dead_band : float
        What may be wrong, over what it should be, before anything changes; not negative.

    Raises
    ------
    BadInputError
        If a parameter is out of range.

    Examples
    --------
    >>> controller = Controller(damping=0.25, dead_band=0.1)
    >>> float(controller.toward(100.0, 140.0)), controller.is_settled([109, 120], [100, 100]).tolist()
    (110.0, [True, False])
    """

    damping: float = 1.0
    dead_band: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.damping <= 1 and 0 <= self.dead_band < math.inf):
            raise BadInputError(
                f"damping {self.damping}, dead band {self.dead_band}; "
                "need damping in (0, 1] and a dead band that is not negative"
            )

    def toward(self, current: npt.ArrayLike, target: npt.ArrayLike) -> FloatArray:
        """Return float64[...], ``damping`` of the way from one to the other."""
        here = np.asarray(current, dtype=np.float64)
        return np.asarray(here + self.damping * (np.asarray(target, dtype=np.float64) - here))

    def is_settled(self, value: npt.ArrayLike, should_be: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return bool[...], whether a value is within the dead band around what it should be."""
        wanted = np.asarray(should_be, dtype=np.float64)
        return np.asarray(np.abs(np.asarray(value, dtype=np.float64) - wanted) <= self.dead_band * wanted)
