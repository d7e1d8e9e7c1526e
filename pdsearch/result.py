"""What a search returns: one vocabulary for Python, JSON and the command line."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Status(Enum):
    """Every way a search can end; the value is the exit code of the command line.

    The numbers for solved, unsolvable, memory and time are Fast Downward's.
    """

    SOLVED = 0
    UNSOLVABLE = 11
    NODE_LIMIT = 12
    MEMORY_LIMIT = 22
    TIME_LIMIT = 23
    INTERRUPTED = 130

    @property
    def words(self) -> str:
        """Return the status as results show it."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class RankCounts:
    """One rank's own counts."""

    rank: int
    expanded: int
    generated: int
    evaluated: int
    reopened: int
    duplicates: int
    sent: int
    received: int
    messages: int
    stored: int
    open: int
    memory_bytes: int
    idle_s: float


@dataclass(frozen=True)
class Result:
    """The outcome of one search.

    Attributes
    ----------
    status : Status
        Why it ended.
    cost : int or None
        Cost of the plan: optimal when ``status`` is SOLVED, else of the best plan found so far.
    plan : list of str or None
        Names of the operators, checked by replay from the initial state.
    lower_bound : int or None
        No plan costs less (proved); None when there is no plan at all.
    expanded_before_last_layer : int
        Expansions of f below the lower bound: those that no optimal search can avoid, up to ties.
    expanded, generated, evaluated, reopened, duplicates : int
        Summed over ranks. ``generated`` counts every successor except the one that undoes the last move.
    sent, received, messages : int
        Nodes given to other ranks, nodes taken from them, and messages that carried them.
    search_s, total_s : float
        Seconds of the search, and with set-up and compilation.
    peak_memory_bytes, bytes_per_node : int, float
        Largest sum over ranks of tables, open lists and buffers; the same per stored node.
    LB, CO : float
        Load balance max/mean of the ranks' expansions; communication overhead sent/generated.
    ranks : list of RankCounts
        Each rank's own counts.
    notes : list of str
        What the domain has to say of how it dealt with the instance.
    """

    status: Status
    cost: int | None
    plan: list[str] | None
    lower_bound: int | None
    domain: str
    instance: str
    heuristic: str
    algorithm: str
    distribution: str | None
    n_ranks: int
    expanded: int
    expanded_before_last_layer: int
    generated: int
    evaluated: int
    reopened: int
    duplicates: int
    sent: int
    received: int
    messages: int
    search_s: float
    total_s: float
    peak_memory_bytes: int
    bytes_per_node: float
    expanded_per_s: float
    LB: float
    CO: float
    ranks: list[RankCounts]
    seed: int
    environment: dict[str, Any] = field(repr=False)
    reason: str | None = None
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values; nan becomes None."""
        values = dataclasses.asdict(self) | {"status": self.status.words}
        return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in values.items()}

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(self.to_dict())

    def summary(self) -> str:
        """Return the result as a person reads it."""
        rows = [f"{self.domain} {self.instance}: {self.status.words}"]
        if self.reason:
            rows.append(f"  because {self.reason}")
        rows += [f"  {note}" for note in self.notes]
        if self.cost is not None:
            steps = "" if self.plan is None else f", {len(self.plan)} steps, replayed"
            quality = "optimal" if self.status is Status.SOLVED else f"at least {self.lower_bound}"
            rows.append(f"  cost {self.cost} ({quality}{steps})")
        elif self.lower_bound is not None:
            rows.append(f"  no plan found; any plan costs at least {self.lower_bound}")
        if not self.ranks:  # proved without a search
            return "\n".join(rows)
        shared = f"[{self.distribution}] on {self.n_ranks} ranks" if self.distribution else "on one rank"
        rows += [
            f"  {self.algorithm} {shared}, heuristic {self.heuristic}",
            f"  expanded {self.expanded:,} (f < {self.lower_bound}: {self.expanded_before_last_layer:,}), "
            f"generated {self.generated:,}, reopened {self.reopened:,}, duplicates {self.duplicates:,}",
            f"  {self.search_s:.3f} s, {self.expanded_per_s / 1e6:.2f} M expansions/s; "
            f"{self.peak_memory_bytes / 2**20:.0f} MiB, {self.bytes_per_node:.1f} bytes per node",
        ]
        if self.n_ranks > 1:
            rows.append(f"  LB {self.LB:.3f}, CO {self.CO:.3f}, {self.sent:,} nodes sent in {self.messages:,} messages")
            rows += [
                f"    rank {r.rank}: expanded {r.expanded:,}, sent {r.sent:,}, received {r.received:,}, "
                f"stored {r.stored:,}, {r.memory_bytes / 2**20:.0f} MiB, idle {r.idle_s:.2f} s"
                for r in self.ranks
            ]
        return "\n".join(rows)
