"""From what the ranks of a best-first search counted to its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pdsearch.comm import Integers
from pdsearch.comm.termination import Round
from pdsearch.kernels.protocol import INFINITY
from pdsearch.result import RankCounts, Status
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.after import After
from pdsearch.search.best_first.continuation import Solved
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Progress, Run
from pdsearch.search.task import Task


@dataclass(frozen=True)
class Report:
    """What one rank hands in at the end."""

    counts: RankCounts
    layers: Integers
    shift: int  # layers[f >> shift]
    most_bytes: int


def report(rank: LocalSearch, sent: int = 0, received: int = 0, messages: int = 0, idle_s: float = 0.0) -> Report:
    """Collect one rank's counts; ``sent`` are the records really put in a message."""
    statistics = rank.statistics.tolist()
    counts = RankCounts(
        rank=rank.rank,
        expanded=statistics[kernels.EXPANDED],
        generated=statistics[kernels.GENERATED],
        evaluated=statistics[kernels.EVALUATED if rank.task.heuristic.is_lazy else kernels.GENERATED],
        reopened=statistics[kernels.REOPENED],
        duplicates=statistics[kernels.DUPLICATES],
        sent=sent,
        received=received,
        messages=messages,
        stored=rank.n_nodes,
        open=rank.n_open,
        memory_bytes=rank.used_bytes,
        idle_s=idle_s,
    )
    return Report(counts, rank.layers, rank.shift, max(rank.most_bytes, rank.used_bytes))


def outcome_of(
    task: Task, algorithm: str, reports: Sequence[Report], last: Round, after: After | None = None, **more: Any
) -> Outcome:
    """Return the outcome of a search that ended as ``last`` says; ``more`` are fields of the outcome.

    ``after`` says how a search went on that ended for want of memory.
    """
    if after is not None:
        reports = _with_counts(reports, after)
        last = replace(last, least_f=after.bound, stop=0 if after.stop is None else after.stop.value)
        last.incumbent = after.incumbent
        more["notes"] = [after.note, *after.notes, *more.get("notes", [])]
    evaluated = sum(one.counts.evaluated for one in reports)
    if not task.heuristic.is_lazy:
        evaluated += 1  # the initial state is counted nowhere else

    return Outcome(
        algorithm,
        lower_bound=last.least_f,
        incumbent=last.incumbent,
        stop=Status(last.stop) if last.stop else None,
        ranks=[one.counts for one in reports],
        totals={"evaluated": evaluated},
        expanded_below=None if any(one.shift for one in reports) else _below(reports, after),
        peak_memory_bytes=sum(one.most_bytes for one in reports),
        **more,
    )


@dataclass(frozen=True)
class Below:
    """Says how many nodes of f below a bound were expanded; one rank may send it to another.

    Attributes
    ----------
    layers : int64[n_f]
        Expansions by f.
    later : list of (int, int)
        f, and expansions with it that are in no layer.
    """

    layers: Integers
    later: list[tuple[int, int]]

    def __call__(self, bound: int) -> int:
        """Return the expansions."""
        return sum(n for f, n in self.later if f < bound) + int(np.sum(self.layers[:bound]))


def _below(reports: Sequence[Report], after: After | None) -> Below:
    layers = np.zeros(max(len(one.layers) for one in reports), np.int64)
    for one in reports:
        layers[: len(one.layers)] += one.layers
    return Below(np.trim_zeros(layers, "b"), list(after.expanded) if after else [])


def solved(plan: list[int] | None, last: Round, after: After | None, reports: Sequence[Report]) -> Solved:
    """Return what a search came to that was a part of another."""
    if after is not None:
        reports = _with_counts(reports, after)
    stop = after.stop if after is not None else Status(last.stop) if last.stop else None
    return Solved(plan, stop, [(one.counts.generated, one.counts.expanded) for one in reports])


def progress_of(run: Run, last: Round) -> Progress:
    """Return what a round of the standing reduction says of the search so far."""
    incumbent = last.incumbent if last.incumbent < INFINITY else None
    return Progress(run.search_s, last.least_f, incumbent, last.expanded, last.open, last.memory_bytes)


def _with_counts(reports: Sequence[Report], after: After) -> list[Report]:
    """Return the reports of the ranks with what they did below their open nodes."""

    def added(one: Report, generated: int, expanded: int) -> Report:
        counts = one.counts
        evaluated = counts.evaluated + generated
        expanded, generated = counts.expanded + expanded, counts.generated + generated
        return replace(one, counts=replace(counts, expanded=expanded, generated=generated, evaluated=evaluated))

    return [added(one, *counts) for one, counts in zip(reports, after.ranks, strict=True)]
