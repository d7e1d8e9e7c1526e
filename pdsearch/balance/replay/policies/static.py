"""The policies ``static`` and ``offline``: one placement for the whole trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import POLICIES as PLACEMENTS
from pdsearch.balance.placement import Cluster, Ids
from pdsearch.balance.replay.policies import POLICIES, FromTheFirstMap


@POLICIES.add("static")
@dataclass(frozen=True)
class Static(FromTheFirstMap):
    """Never moves anything."""

    def target(self, expected: FloatArray, current: Ids, cluster: Cluster) -> Ids:
        """Return the placement there is."""
        return current


@POLICIES.add("offline")
@dataclass(frozen=True)
class Offline:
    """Begins with a placement for the mean loads of the whole trace, as after profiling the same work, and keeps it.

    Parameters
    ----------
    placement : str
        The placement policy that makes it.
    """

    placement: str = "eplb"
    keeps_places: ClassVar[bool] = True

    def start(self, loads: FloatArray, cluster: Cluster) -> Ids:
        """Return int64[n_layers, n_slots]."""
        return PLACEMENTS[self.placement](np.asarray(loads.mean(axis=0, dtype=np.float64)), cluster)

    def target(self, expected: FloatArray, current: Ids, cluster: Cluster) -> Ids:
        """Return the placement there is."""
        return current
