"""What the two searches in plain Python share: their counts, their outcome, and which tasks they take."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass, field
from typing import Any

from pdsearch.kernels.protocol import INFINITY
from pdsearch.result import RankCounts, Status
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Progress, Run

LOOK = 256  # expansions between two looks at limits and signals


@dataclass
class Counts:
    """What a search counts on its way."""

    run: Run
    expanded: int = 0
    generated: int = 0
    evaluated: int = 1  # the initial state
    reopened: int = 0
    duplicates: int = 0
    stored: int = 0
    by_f: dict[int, int] = field(default_factory=dict)
    stop: Status | None = None
    _before: int = field(default_factory=lambda: _resident_bytes())

    def expand(self, f: int, open_nodes: int, incumbent: int = INFINITY) -> bool:
        """Count an expansion; look at limits and signals now and then, and say whether to go on."""
        self.expanded += 1
        self.by_f[f] = self.by_f.get(f, 0) + 1
        if self.expanded % LOOK == 0 or self.expanded >= self.run.limits.nodes:
            self.stop = self.run.why_stop(self.expanded)
            most = self.run.limits.memory_bytes
            if self.stop is None and most is not None and self.memory_bytes > most:
                self.stop = Status.MEMORY_LIMIT
            if self.run.on_progress is not None:
                best = incumbent if incumbent < INFINITY else None
                self.run.on_progress(Progress(self.run.search_s, f, best, self.expanded, open_nodes, self.memory_bytes))
        return self.stop is None

    @property
    def memory_bytes(self) -> int:
        """Return by how much the memory of the process has grown."""
        return max(0, _resident_bytes() - self._before)

    def outcome(self, label: str, bound: int, plan: list[int] | None, cost: int, **more: Any) -> Outcome:
        """Return the outcome of one rank."""
        names = ("expanded", "generated", "evaluated", "reopened", "duplicates", "stored")
        counts = {name: getattr(self, name) for name in names}
        rank = RankCounts(rank=0, memory_bytes=self.memory_bytes, **counts)
        return Outcome(
            label,
            lower_bound=bound,
            incumbent=cost,
            plan=plan,
            stop=self.stop,
            search_s=self.run.search_s,
            ranks=[rank],
            expanded_below=lambda limit: sum(n for f, n in self.by_f.items() if f < limit),
            peak_memory_bytes=self.memory_bytes,
            **more,
        )


def _resident_bytes() -> int:
    """Return the largest memory of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else 1024 * used
