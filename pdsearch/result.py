"""What a search returns: one vocabulary for Python, JSON and the command line."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from pdsearch.errors import BadInputError
from pdsearch.units import scaled, sized

if TYPE_CHECKING:  # imported when a report is asked for, so that `import pdsearch` stays fast
    import numpy.typing as npt

    from pdsearch.balance.report import BalanceReport
    from pdsearch.balance.traffic import Crossing


_FELT_S = 0.1  # a phase that is worth a word
_MANY_NODES = 1000  # of fewer the first tables take the most


class Status(Enum):
    """Every way a search can end; the value is the exit code of the command line, but see :attr:`exit_code`.

    The numbers for solved, unsolvable, memory and time are Fast Downward's. CHECKPOINTED is that of sysexits.h for what
    is to be tried again later: a signal ended the search, and a checkpoint was written.
    """

    SOLVED = 0
    WITHIN_BOUND = 3
    UNSOLVABLE = 11
    NODE_LIMIT = 12
    MEMORY_LIMIT = 22
    TIME_LIMIT = 23
    CHECKPOINTED = 75
    INTERRUPTED = 130

    @property
    def words(self) -> str:
        """Return the status as results show it."""
        return "solved within bound" if self is Status.WITHIN_BOUND else self.name.lower().replace("_", " ")

    @property
    def exit_code(self) -> int:
        """Return the exit code of the command line: 0, too, for a plan within the bound that was asked for."""
        return 0 if self is Status.WITHIN_BOUND else int(self.value)


@dataclass(frozen=True)
class RankCounts:
    """One rank's own counts; 0 of what it did not do."""

    rank: int
    expanded: int = 0
    generated: int = 0
    evaluated: int = 0
    reopened: int = 0
    duplicates: int = 0
    sent: int = 0
    received: int = 0
    messages: int = 0
    stored: int = 0
    open: int = 0
    memory_bytes: int = 0
    idle_s: float = 0.0


def crossing_of(ranks: Sequence[RankCounts]) -> Crossing:
    """Return what each rank sent to others and received from them."""
    from pdsearch.balance.traffic import Crossing

    return Crossing([counts.sent for counts in ranks], [counts.received for counts in ranks])


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
        No plan costs less (proved); None when there is no plan at all, or the heuristic is not admissible.
    expanded_before_last_layer : int or None
        Expansions of f below the lower bound: those that no optimal search can avoid, up to ties. None where they were
        not counted by f: in a heap, whose f are too many, and in weighted searches.
    expanded, generated, evaluated, reopened, duplicates : int
        Summed over ranks. ``generated`` counts every successor except the one that undoes the last move.
    sent, received, messages : int
        Nodes given to other ranks, nodes taken from them, and messages that carried them.
    search_s, total_s : float
        Seconds of the search, and with set-up and compilation.
    peak_memory_bytes, bytes_per_node : int, float
        Largest sum over ranks of tables, open lists and buffers; the same per stored node.
    LB, CO : float
        Load balance max/mean of the ranks' expansions; communication overhead sent/generated; nan without a search.
        :meth:`balance` reports the other measures, too.
    ranks : list of RankCounts
        Each rank's own counts.
    notes : list of str
        What the domain has to say of how it dealt with the instance.
    phases : dict of str to float
        Seconds of what came before the search: read (files, and PDDL translated), preprocess, pruning, heuristic,
        distribution, automaton, compile, checkpoint (loaded); and of what followed when memory was full, which is part
        of ``search_s``: continuation set-up, plan.
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
    expanded_before_last_layer: int | None
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
    phases: dict[str, float] = field(default_factory=dict)

    def balance(
        self, traffic: npt.ArrayLike | Crossing | None = None, sequential: float | None = None
    ) -> BalanceReport:
        """Return the report on the ranks' expansions, the same as of a router's experts.

        Parameters
        ----------
        traffic : array_like[n_ranks, n_ranks], optional
            Nodes generated by each rank (row) and owned by each (column), where they were counted by pairs; what
            the ranks sent and received when left out.
        sequential : float, optional
            Nodes that a search on one rank expands; adds the search overhead.

        Raises
        ------
        BadInputError
            If nothing was searched, or the traffic is that of other ranks.

        Examples
        --------
        >>> from pdsearch import solve
        >>> from pdsearch.domains.tiles import Tiles
        >>> result = solve(Tiles.korf(79))
        >>> report = result.balance(sequential=result.expanded)
        >>> report["load_balance"], report["communication_overhead"], report["search_overhead"]
        (1.0, 0.0, 0.0)
        """
        from pdsearch.balance.report import balance_report

        if not self.ranks:
            raise BadInputError(f"{self.instance} was decided without a search; there is no load to report")
        generated = None if traffic is not None else self.generated
        return balance_report(
            [counts.expanded for counts in self.ranks],
            crossing_of(self.ranks) if traffic is None else traffic,
            generated=generated,
            sequential=sequential,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result and its report as JSON-ready values; what is no finite number becomes None."""
        values: dict[str, Any] = _finite(dataclasses.asdict(self) | {"status": self.status.words})
        try:
            values["balance"] = _finite(self.balance().to_dict())
        except BadInputError:  # a report on no load
            values["balance"] = None
        return values

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @property
    def all_plans(self) -> list[tuple[int | None, list[str]]]:
        """Return cost and operators of every plan found, the cheapest first: of most searches one, or none."""
        return [] if self.plan is None else [(self.cost, self.plan)]

    def _quality(self) -> str:
        """Return what is proved of the cost."""
        if self.lower_bound is None:
            return f"not proved optimal, for {self.heuristic} is not admissible"
        return "optimal" if self.status is Status.SOLVED else f"at least {self.lower_bound}"

    def _speed_and_memory(self) -> str:
        """Return what a search took; no rate where it took no time, and no bytes per node of a few nodes."""
        rate = f", {scaled(self.expanded_per_s)} expansions/s" if math.isfinite(self.expanded_per_s) else ""
        stored = sum(counts.stored for counts in self.ranks)
        each = f", {self.bytes_per_node:.1f} bytes per node" if stored >= _MANY_NODES else ""
        return f"  {self.search_s:.3f} s{rate}; {sized(self.peak_memory_bytes)}{each}"

    def _phases(self) -> list[str]:
        """Return in a row what took how long, where anything but the search can be felt."""
        felt = [f"{name} {spent:.1f} s" for name, spent in self.phases.items() if spent >= _FELT_S]
        return [f"  phases: {', '.join([*felt, f'search {self.search_s:.1f} s'])}"] if felt else []

    def _before_last_layer(self) -> str:
        below = self.expanded_before_last_layer
        return "" if below is None else f" (f < {self.lower_bound}: {below:,})"

    def summary(self) -> str:
        """Return the result as a person reads it."""
        rows = [f"{self.domain} {self.instance}: {self.status.words}"]
        if self.reason:
            rows.append(f"  because {self.reason}")
        rows += [f"  {note}" for note in self.notes]
        if self.cost is not None:
            steps = "" if self.plan is None else f", {len(self.plan)} steps, replayed"
            rows.append(f"  cost {self.cost} ({self._quality()}{steps})")
        elif self.lower_bound is not None:
            rows.append(f"  no plan found; any plan costs at least {self.lower_bound}")
        if not self.ranks:  # proved without a search, or ended before it
            return "\n".join([*rows, *self._phases()])
        searched = sum(counts.expanded > 0 for counts in self.ranks)
        some = f"on {searched} of {self.n_ranks} ranks" if self.n_ranks > 1 else "on one rank"
        shared = f"[{self.distribution}] on {self.n_ranks} ranks" if self.distribution else some
        rows += [
            f"  {self.algorithm} {shared}, heuristic {self.heuristic}",
            f"  expanded {self.expanded:,}{self._before_last_layer()}, "
            f"generated {self.generated:,}, reopened {self.reopened:,}, duplicates {self.duplicates:,}",
            self._speed_and_memory(),
            *self._phases(),
        ]
        if self.n_ranks > 1:
            rows.append(f"  LB {self.LB:.3f}, CO {self.CO:.3f}, {self.sent:,} nodes sent in {self.messages:,} messages")
            rows += [
                f"    rank {r.rank}: expanded {r.expanded:,}, sent {r.sent:,}, received {r.received:,}, "
                f"stored {r.stored:,}, {r.memory_bytes / 2**20:.0f} MiB, idle {r.idle_s:.2f} s"
                for r in self.ranks
            ]
        return "\n".join(rows)


def _finite(value: Any) -> Any:
    """Return a value with every nan and infinity in it replaced by None, which JSON knows."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
