"""Means over instances: which distribution overheads leave the most of the ranks' time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pdsearch.report.rows import Row, efficiency

# What stands for SO in the estimated efficiency. Jinnai and Fukunaga (2017), HSDIP, eq. 3 and 4 print
# p (LB - 1), which is neither the sum they define nor its share of all states; their tables agree with LB - 1.
SEARCH_OVERHEADS = {
    "measured": "SO as measured",
    "balance": "SO estimated as LB - 1",
    "as_printed": "SO estimated as ranks * (LB - 1), as printed in HSDIP 2017",
}


class Group(NamedTuple):
    """What the rows of one table have in common."""

    kind: str
    domain: str
    heuristic: str

    def __str__(self) -> str:
        """Return the heading of the table."""
        return f"{self.domain}, heuristic {self.heuristic}, {self.kind} ranks"


@dataclass(frozen=True)
class Mean:
    """Means over the instances of one distribution on one number of ranks; ``median_speedup`` is the median."""

    distribution: str
    n_ranks: int
    n_runs: int
    CO: float
    SO: float
    LB: float
    efficiency: float
    speedup: float
    median_speedup: float
    messages: float
    bytes: float


def groups(rows: Sequence[Row]) -> dict[Group, list[Row]]:
    """Return the rows that count, by what can be compared.

    Counted are searches that ended as A* on one rank did; of several of one instance, distribution, number of
    ranks and seed the last.
    """
    last = {
        (Group(row.kind, row.domain, row.heuristic), row.distribution, row.n_ranks, row.instance, row.seed): row
        for row in rows
        if row.is_finished
    }
    found: dict[Group, list[Row]] = {}
    for (group, *_), row in last.items():
        found.setdefault(group, []).append(row)
    return found


def estimated_efficiency(row: Row, search_overhead: str = "measured") -> float:
    """Return 1 / ((1 + c CO)(1 + SO)) with one of :data:`SEARCH_OVERHEADS`."""
    so = {"measured": row.SO, "balance": row.LB - 1, "as_printed": row.n_ranks * (row.LB - 1)}[search_overhead]
    return efficiency(row.CO, so, row.c)


def means(rows: Sequence[Row], search_overhead: str = "measured") -> list[Mean]:
    """Return the means of one group by distribution and ranks: fewest ranks first, then the fastest."""
    keys = sorted({(row.n_ranks, row.distribution) for row in rows})
    found = [_mean([row for row in rows if (row.n_ranks, row.distribution) == key], search_overhead) for key in keys]
    return sorted(found, key=lambda mean: (mean.n_ranks, -mean.speedup, -mean.efficiency))


def _mean(rows: list[Row], search_overhead: str) -> Mean:
    columns = {
        name: float(np.mean([getattr(row, name) for row in rows]))
        for name in ("CO", "SO", "LB", "speedup", "messages", "bytes")
    }
    return Mean(
        rows[0].distribution,
        rows[0].n_ranks,
        len(rows),
        efficiency=float(np.mean([estimated_efficiency(row, search_overhead) for row in rows])),
        median_speedup=float(np.median([row.speedup for row in rows])),
        **columns,
    )


def table(rows: Sequence[Row], search_overhead: str = "measured") -> str:
    """Return a table for each group, the fastest distribution first, and below them what is left out."""
    tables = [_table(group, members, search_overhead) for group, members in groups(rows).items()]
    left_out = [
        f"not counted: {row.distribution} on {row.n_ranks} ranks, {row.instance}, ended with {row.status}"
        for row in rows
        if not row.is_finished
    ]
    return "\n\n".join(tables + ["\n".join(left_out)] * bool(left_out))


def recommendations(rows: Sequence[Row]) -> list[str]:
    """Return for each group and number of ranks, in one line, the distribution of the largest speed-up.

    Only distributions that have a finished run of every instance compete.
    """
    lines = []
    for group, members in groups(rows).items():
        for n_ranks in sorted({row.n_ranks for row in members}):
            there = [mean for mean in means(members) if mean.n_ranks == n_ranks]
            most = max(mean.n_runs for mean in there)
            first, *others = [mean for mean in there if mean.n_runs == most]
            word = "predicted" if group.kind == "simulated" else "measured"
            next_best = f"; next {others[0].distribution}, {others[0].speedup:.1f}" if others else ""
            lines.append(
                f"{group.domain}, heuristic {group.heuristic}, {n_ranks} ranks: --distribution {first.distribution} "
                f"({word} speed-up {first.speedup:.1f}, efficiency {first.efficiency:.2f}, {most} runs{next_best})"
            )
    return lines


def _table(group: Group, rows: list[Row], search_overhead: str) -> str:
    width = max([len("distribution"), *(len(row.distribution) for row in rows)])
    head = (
        f"{'distribution':<{width}}  ranks  runs  speed-up  median  efficiency     CO      SO      LB"
        "    messages          bytes"
    )
    lines = [
        f"{m.distribution:<{width}}  {m.n_ranks:5}  {m.n_runs:4}  {m.speedup:8.2f}  {m.median_speedup:6.2f}  "
        f"{m.efficiency:10.3f}  {m.CO:5.3f}  {m.SO:6.3f}  {m.LB:6.3f}  {m.messages:10,.0f}  {m.bytes:13,.0f}"
        for m in means(rows, search_overhead)
    ]
    c = " to ".join(f"{c:.3g}" for c in sorted({min(row.c for row in rows), max(row.c for row in rows)}))
    words = f"efficiency = 1 / ((1 + c CO)(1 + SO)); c = {c}, {SEARCH_OVERHEADS[search_overhead]}"
    return "\n".join([str(group), head, *lines, words])
