"""The policy ``optimal``: what value iteration says, for one server."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.serving.policies import POLICIES
from pdsearch.balance.serving.simulation import Actions
from pdsearch.balance.serving.system import System
from pdsearch.balance.serving.value_iteration import BestPolicy, best_policy


@POLICIES.add("optimal")
@dataclass
class Optimal:
    """No policy serves better."""

    best: BestPolicy = field(init=False, repr=False)

    def fit(self, system: System, seed: int) -> None:
        """Iterate to the best policy."""
        self.best = best_policy(system)

    def choose(self, backlogs: FloatArray) -> Actions:
        """Return the model of the next longer backlog of the grid, with which the answer is in time if that says so."""
        at = np.searchsorted(self.best.backlogs, backlogs[:, 0] - 1e-12)
        return self.best.actions[np.minimum(at, len(self.best.actions) - 1)]
