"""The policies ``eplb``, ``local-search`` and ``optimum``: a new placement for what is expected, each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import POLICIES as PLACEMENTS
from pdsearch.balance.placement import Cluster, Ids
from pdsearch.balance.replay.policies import POLICIES, FromTheFirstMap


@dataclass(frozen=True)
class Placed(FromTheFirstMap):
    """Places anew by a policy of :mod:`pdsearch.balance.placement`."""

    placement: ClassVar[str]
    keeps_places: ClassVar[bool] = False

    def target(self, expected: FloatArray, current: Ids, cluster: Cluster) -> Ids:
        """Return int64[n_layers, n_slots]."""
        return PLACEMENTS[self.placement](expected, cluster)


@POLICIES.add("eplb")
@dataclass(frozen=True)
class EPLB(Placed):
    """The published greedy placement."""

    placement: ClassVar[str] = "eplb"


@POLICIES.add("local-search")
@dataclass(frozen=True)
class LocalSearch(Placed):
    """The placement of the local search, which ignores where experts are."""

    placement: ClassVar[str] = "local-search"


@POLICIES.add("optimum")
@dataclass(frozen=True)
class Optimum(Placed):
    """The exact placement for what is expected; small cases only."""

    placement: ClassVar[str] = "optimum"
