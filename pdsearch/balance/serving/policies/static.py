"""The policy ``static``: always the same model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.serving.policies import POLICIES
from pdsearch.balance.serving.simulation import Actions
from pdsearch.balance.serving.system import System
from pdsearch.errors import BadInputError


@POLICIES.add("static")
@dataclass
class Static:
    """One model, whatever waits.

    Parameters
    ----------
    model : int
        Its place, from 0.
    """

    model: int = 0

    def fit(self, system: System, seed: int) -> None:
        """Check that there is such a model."""
        if not 0 <= self.model < len(system.models):
            raise BadInputError(f"there is no model {self.model}; give one from 0 to {len(system.models) - 1}")

    def choose(self, backlogs: FloatArray) -> Actions:
        """Return the model."""
        return np.full(len(backlogs), self.model)
