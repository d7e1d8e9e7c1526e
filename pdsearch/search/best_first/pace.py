"""How often a search looks at the clock and at signals: some heuristics take a microsecond, some a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pdsearch.search.best_first.step import EXPANDED

_AIM_S = 0.05  # between two looks; a fifth of a second is never passed where one takes up to 20 ms
_FIRST = 10


class Counted(Protocol):
    """A rank, or what stands for one: ``statistics`` count what it expanded."""

    statistics: npt.NDArray[np.int64]


class Pace:
    """Chooses the expansions of one turn by the time that the last ones took.

    Parameters
    ----------
    rank : Counted
        Whose expansions are timed.
    most : int
        Never more than these.
    """

    def __init__(self, rank: Counted, most: int) -> None:
        self.rank, self.most = rank, most
        self.budget = min(most, _FIRST)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Time what is expanded inside, and choose the next budget: at most twice the last one."""
        before, began = int(self.rank.statistics[EXPANDED]), time.perf_counter()
        yield
        expanded, seconds = int(self.rank.statistics[EXPANDED]) - before, time.perf_counter() - began
        if expanded:
            fitting = int(expanded * _AIM_S / max(seconds, 1e-9))
            self.budget = max(1, min(fitting, 2 * self.budget, self.most))
