"""Models, servers and requests: what a simulation serves and a policy knows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.errors import BadInputError


@dataclass(frozen=True, slots=True)
class Model:
    """A way to answer.

    Parameters
    ----------
    name : str
        What to call it.
    seconds : float
        That an answer takes, always.
    quality : float
        Of an answer in time, from 0 to 1.
    """

    name: str
    seconds: float
    quality: float


DEFAULT_MODELS = (Model("small", 0.25, 0.6), Model("medium", 0.5, 0.8), Model("large", 1.0, 0.95))


@dataclass(frozen=True, slots=True)
class System:
    """Servers that can run every model, one request at a time, in the order of arrival.

    Requests arrive as a Poisson process. Each goes to the server with the fewest unfinished seconds, its backlog, and
    is answered by the model that the policy names when it arrives.

    Parameters
    ----------
    rate : float
        Requests a second, all servers together.
    models : tuple of Model
        At least one, the fastest first.
    deadline : float
        Seconds from arrival to answer; what is later has quality 0.
    n_servers : int
        At least 1.

    Raises
    ------
    BadInputError
        If a number is out of range, or models are not in the order of their seconds.

    Examples
    --------
    >>> System(rate=1.0).seconds.tolist()
    [0.25, 0.5, 1.0]
    """

    rate: float
    models: tuple[Model, ...] = DEFAULT_MODELS
    deadline: float = 2.0
    n_servers: int = 1

    def __post_init__(self) -> None:
        if not (0 < self.rate < math.inf and 0 < self.deadline < math.inf and self.n_servers >= 1):
            raise BadInputError(
                f"rate {self.rate}, deadline {self.deadline}, {self.n_servers} servers; need numbers above 0"
            )
        if not self.models or not all(0 < m.seconds < math.inf and 0 <= m.quality <= 1 for m in self.models):
            raise BadInputError("models need seconds above 0 and a quality from 0 to 1; give at least one")
        if (np.diff(self.seconds) < 0).any():
            raise BadInputError(f"models take {self.seconds} s; give the fastest first")

    @property
    def seconds(self) -> FloatArray:
        """Return float64[n_models], the seconds of an answer."""
        return np.array([model.seconds for model in self.models])

    @property
    def qualities(self) -> FloatArray:
        """Return float64[n_models], the quality of an answer in time."""
        return np.array([model.quality for model in self.models])
