"""A search that ended early and is kept in memory, for another run to go on with.

The cut is that of a checkpoint: every node that was expanded has its successors in a table, or in a record that is
kept here; nothing is under way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pdsearch.comm import Records
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.saving import NOTHING
from pdsearch.search.best_first.worker import Worker

_UNSENT: tuple[list[int], Records, list[int]] = [], np.empty(0, np.uint32), []


@dataclass
class Hold:
    """What one rank keeps of a search between two runs; given to both, the first finds it empty and fills it.

    Attributes
    ----------
    rank : LocalSearch or None
        Tables and open list; None before the first run.
    search_s : float
        Seconds of search so far.
    unsent : (list of int, uint32[...], list of int)
        Ranks for which records wait, the records, and the end of each rank's.
    late : list of uint32 arrays
        Records that arrived when the search was to end.
    counted : dict
        What was counted outside of the rank.
    """

    rank: LocalSearch | None = None
    search_s: float = 0.0
    unsent: tuple[list[int], Records, list[int]] = _UNSENT
    late: list[Records] = field(default_factory=list)
    counted: dict[str, Any] = field(default_factory=lambda: NOTHING)

    @property
    def used_bytes(self) -> int:
        """Return the memory of the rank, with the tables of domain and heuristic."""
        return 0 if self.rank is None else self.rank.used_bytes

    def keep(self, rank: LocalSearch, search_s: float) -> None:
        """Keep a rank that has no mail."""
        self.rank, self.search_s = rank, search_s

    def keep_with_mail(self, worker: Worker, search_s: float, idle_s: float) -> None:
        """Keep a rank among others, and its mail; nothing may be done with the worker any more."""
        self.keep(worker.local, search_s)
        self.counted = {name: getattr(worker, name) for name in ("sent", "received", "messages")} | {"idle_s": idle_s}
        self.unsent, self.late = worker.unsent(), worker.kept

    def hand_over(self, worker: Worker) -> None:
        """Let a new worker of the rank send and enter the mail."""
        if self.rank is not None:
            worker.go_on(*self.unsent, self.late)
        self.unsent, self.late = _UNSENT, []
