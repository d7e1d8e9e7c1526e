"""HyperRouter; the module is :mod:`pdsearch.balance.learned.hyper_router`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pdsearch.balance.routers import ROUTERS
from pdsearch.balance.routers._learned import Learned


@ROUTERS.add("hyper-router")
@dataclass(frozen=True)
class HyperRouter(Learned):
    """Top-k of a gate whose weights a frozen network generates from one trained embedding."""

    source: ClassVar[str] = "Do et al. (2023), HyperRouter, EMNLP"
    module: ClassVar[str] = "hyper_router.HyperGate"
