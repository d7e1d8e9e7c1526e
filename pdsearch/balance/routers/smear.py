"""SMEAR; the module is :mod:`pdsearch.balance.learned.smear`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pdsearch.balance.routers import ROUTERS
from pdsearch.balance.routers._learned import Learned


@ROUTERS.add("smear")
@dataclass(frozen=True)
class Smear(Learned):
    """All experts, merged with softmax weights; ``k`` bounds nothing, and the load is always even."""

    source: ClassVar[str] = "Muqeeth, Liu and Raffel (2024), TMLR"
    module: ClassVar[str] = "smear.MergedExperts"
