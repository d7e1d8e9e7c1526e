"""Policies that rearrange experts: which placement a forecast asks for. One module of this package each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import Cluster, Ids
from pdsearch.registry import Registry


class Policy(Protocol):
    """Where to begin, and where to go.

    Attributes
    ----------
    keeps_places : bool
        The target is made from the current placement, so that relabelling its GPUs cannot save moves.
    """

    keeps_places: ClassVar[bool]

    def start(self, loads: FloatArray, cluster: Cluster) -> Ids:
        """Return int64[n_layers, n_slots], the placement of the first step, for a trace [step, layer, expert]."""

    def target(self, expected: FloatArray, current: Ids, cluster: Cluster) -> Ids:
        """Return int64[n_layers, n_slots], the placement for expected float64[n_layers, n_experts] loads."""


POLICIES: Registry[type[Policy]] = Registry("replay policy", __name__)


@dataclass(frozen=True)
class FromTheFirstMap:
    """Begins as servers do that know nothing yet: slot s holds expert s mod n_experts, in every layer."""

    keeps_places: ClassVar[bool] = True

    def start(self, loads: FloatArray, cluster: Cluster) -> Ids:
        """Return int64[n_layers, n_slots]."""
        _, n_layers, n_experts = loads.shape
        return np.tile(np.arange(cluster.n_slots) % n_experts, (n_layers, 1))
