"""Latent Prototype Routing; the module is :mod:`pdsearch.balance.learned.lpr`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pdsearch.balance.routers import ROUTERS
from pdsearch.balance.routers._learned import Learned


@ROUTERS.add("lpr")
@dataclass(frozen=True)
class LPR(Learned):
    """Top-k of the similarity of a token's latent code to one prototype per expert."""

    source: ClassVar[str] = "Yang (2025), arXiv 2506.21328"
    module: ClassVar[str] = "lpr.LatentPrototypes"
