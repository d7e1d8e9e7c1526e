"""What follows when memory is full: a search on below the open nodes, beside the table as it is.

A* is cut where every node that was expanded has its successors in the table, on their way, or dropped for a cheaper
duplicate or the incumbent. Whatever the cut, some open node lies on an optimal plan with its least g, unless the
incumbent is optimal (Hart, Nilsson and Raphael 1968, lemma 1). So the cheapest plan is the cheapest of those below the
open nodes.

Where moves are words of an automaton, paths to equal states are few once it prunes them, and depth-first searches that
remember nothing are the fastest: :mod:`pdsearch.search.best_first.deepening`. Everywhere else they would be too many:
:mod:`pdsearch.search.best_first.groups` searches breadth first in the memory that is left.

The plan is traced from the open node through the table and goes on with the moves below. A search by layers knows only
the state below which it found a goal, and at what cost: from there the task is searched again, with all memory and
for plans of that cost only, and so on until the goal is in the table.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from pdsearch.comm import Records
from pdsearch.comm.termination import Round
from pdsearch.errors import BadInputError, TimeLimitError
from pdsearch.options import Option
from pdsearch.pruning.words import has_words
from pdsearch.result import Status
from pdsearch.search.best_first.after import After, Crew, Found, way_through
from pdsearch.search.best_first.below import Below
from pdsearch.search.best_first.deepening import compile_deepening, new_engine, search_below
from pdsearch.search.best_first.frontier import Frontier
from pdsearch.search.best_first.groups import Groups
from pdsearch.search.best_first.kept_continuation import Keeping
from pdsearch.search.best_first.layers_pipeline import compile_layers
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.moving import owners_of
from pdsearch.search.best_first.open_nodes import OpenNodes, given_up
from pdsearch.search.best_first.saving import NOTHING, Saving
from pdsearch.search.best_first.trace import Ask
from pdsearch.search.run import Run
from pdsearch.search.task import Task
from pdsearch.subtrees import fastest

CHOICES = ("continue", "early", "stop")
WHEN_FULL = Option(
    "when_full",
    "at the memory limit search on below the open nodes, early where depth-first search is faster than A*, or stop",
    CHOICES[0],
    choices=CHOICES,
)
_BEFORE_WORDS = 0.75  # the share of memory that A* may fill before depth-first searches
_ENOUGH = 2 * 2**20  # bytes of a rank: some 80,000 nodes, ten milliseconds
_BEFORE_LAYERS = 0.2  # before searches by layers: these take much, and the more of them are kept the less is done twice


class Solved(NamedTuple):
    """What a search of a task on all ranks came to, with all that followed.

    Attributes
    ----------
    plan : list of int or None
        Operators from the initial state to a goal.
    stop : Status or None
        Why it ended early.
    ranks : list of (int, int)
        Generated and expanded by each rank.
    """

    plan: list[int] | None
    stop: Status | None
    ranks: list[tuple[int, int]]


def check_when_full(when_full: str) -> None:
    """Raise BadInputError unless there is such a choice."""
    if when_full not in CHOICES:
        raise BadInputError(f"when_full {when_full!r:.40} is unknown; it is one of {', '.join(CHOICES)}")


def may_go_on(task: Task, when_full: str) -> bool:
    """Say whether a search goes on when memory is full."""
    return when_full != "stop" and task.heuristic.admissible


def _by_words(task: Task) -> bool:
    """Say whether paths are few, for an automaton prunes them."""
    return has_words(task.domain) and not task.domain.is_linked


def memory_before(task: Task, when_full: str, memory_bytes: int) -> int:
    """Return what a rank may take of its memory before it is full.

    With ``early`` that is little where depth-first searches are so fast that they have the answer before A* has filled
    the memory; :mod:`pdsearch.search.best_first.deepening` has the measurements.
    """
    if not _by_words(task):
        return memory_bytes
    engine = fastest(task.domain, task.heuristic) if when_full == "early" else None  # which asks all plug-ins
    is_early = engine is not None and engine.outruns_astar
    return min(int(memory_bytes * _BEFORE_WORDS), _ENOUGH + task.table_bytes if is_early else memory_bytes)


def begins_again(task: Task) -> bool:
    """Say whether A* is to begin again, and fill less of the memory, before the search goes on in what is left.

    How much memory A* needs is known only when it has filled all. To repeat its first fifth costs little.
    """
    return not _by_words(task)


def memory_again(rank: LocalSearch, memory_bytes: int) -> int:
    """Return what a rank may take of its memory when it begins again: enough for some nodes, if half of all is."""
    return max(int(memory_bytes * _BEFORE_LAYERS), min(2 * rank.granted_bytes, memory_bytes // 2))


def proved_before(run: Run, bound: int) -> Run:
    """Return a run that tells of no lower bound below the one that is known, and goes on from the cut if it ends."""
    part = copy.copy(run)
    part.pauses = False
    if run.on_progress is not None:
        tell = run.on_progress
        part.on_progress = lambda now: tell(dataclasses.replace(now, least_f=max(now.least_f, bound)))
    return part


def keeping_of(
    saving: Saving | None,
    rank: LocalSearch,
    ask: Ask,
    last: Round,
    plan: list[int] | None,
    counted: Callable[[], dict[str, Any]] = lambda: NOTHING,
) -> Keeping | None:
    """Return what writes checkpoints of a search below open nodes, if any are asked for; parameters as there."""
    if saving is None or not saving.is_on:
        return None
    return Keeping(saving, rank, ask, last, plan, counted, shares=not begins_again(rank.task))


def prepare_continuation(task: Task, when_full: str, memory_bytes: int | None) -> None:
    """Find out, before the search, how it would go on when memory is full; compile that where memory is limited."""
    if not may_go_on(task, when_full):
        return
    by_words = _by_words(task)  # loads all plug-ins that know moves, at the first call
    if memory_bytes is None and not (by_words and when_full == "early"):
        return
    if by_words:
        compile_deepening(task)
    else:
        compile_layers(task)


def search_on(crew: Crew, run: Run, last: Round, keeping: Keeping | None = None) -> After:
    """Search below the open nodes of all ranks until there is a proof or a reason to stop.

    Parameters
    ----------
    crew : Crew
        The ranks whose memory is full.
    run : Run
        Limits, signals and progress.
    last : Round
        What they know: incumbent, lower bound, and expansions so far.
    keeping : Keeping, optional
        Writes it to checkpoints, and knows what it goes on from; of a crew with one rank in each process.
    """
    try:
        return (_deepen if _by_words(crew.ranks[0].task) else _by_groups)(crew, run, last, keeping)
    except TimeLimitError:  # of all ranks together: what they know is kept
        ranks = [(0, 0) for _ in crew.exchange([0] * len(crew.ranks))]
        how = "searches (no time was left)"
        return After(last.least_f, None, last.incumbent, Status.TIME_LIMIT, ranks, [], how, [])


def _deepen(crew: Crew, run: Run, last: Round, keeping: Keeping | None) -> After:
    with run.phase("compile"):
        engine = crew.in_turn(lambda: new_engine(crew.ranks[0].task))
    with run.phase("continuation set-up", is_watched=False):
        parts = zip(crew.ranks, _opened(crew, keeping), strict=True)
        ranks = [Below(rank, engine.fresh(), opened, lambda: run.why_stop() is not None) for rank, opened in parts]
    for one in ranks:
        one.rank.mail_bytes += one.memory_bytes
    return search_below(ranks, run, crew.exchange, last.incumbent, last.expanded, keeping)


def _opened(crew: Crew, keeping: Keeping | None) -> list[OpenNodes]:
    if keeping is not None and keeping.begun is not None:
        crew.ranks[0].give_up_open()  # an empty one, for its room
        return [keeping.begun.opened]
    return [given_up(*pair) for pair in zip(crew.ranks, _with_owners(crew), strict=True)]


def _with_owners(crew: Crew) -> Sequence[list[Records]]:
    """Return the records that are in no table, each with the rank that owns its state.

    Owners of successors are found from the change of the state and the rank that expands it. So below a state that is
    not its owner's all others would have wrong owners, too, and be searched beside those with right ones.
    """
    task = crew.ranks[0].task
    if task.n_ranks == 1:
        return crew.unsent
    told = crew.exchange([np.concatenate([np.empty(0, np.uint32), *records]) for records in crew.unsent])
    rows = np.concatenate(told).reshape(-1, task.record_words)
    owners = owners_of(task, rows)
    return [[rows[owners == rank.rank].reshape(-1)] for rank in crew.ranks]


def _by_groups(crew: Crew, run: Run, last: Round, keeping: Keeping | None) -> After:
    with run.phase("compile"):
        crew.in_turn(lambda: compile_layers(crew.ranks[0].task))
    with run.phase("continuation set-up", is_watched=False):
        parts = zip(crew.ranks, _opened(crew, keeping), strict=True)
        fronts = [Frontier(rank, opened, crew.memory) for rank, opened in parts]
    for one in fronts:
        one.raise_all(last.least_f)
    groups = Groups(fronts, crew, run, last.incumbent, last.expanded, keeping)
    run.tell = lambda: groups.progress
    after = groups.search()
    for one in fronts:
        one.rank.mail_bytes += one.memory_bytes
    return after


def plan_through(
    crew: Crew,
    run: Run,
    before: int,
    after: After,
    ask: Ask,
    again: Callable[[Task, Run], Solved],
    keeping: Keeping | None = None,
) -> tuple[list[int] | None, After]:
    """Return the plan through an open node, and how the search ended if that had to be searched for.

    Parameters
    ----------
    crew, run : Crew, Run
        Whose memory was full, and what limits them.
    before : int
        Expansions of all ranks before that.
    after : After
        With a goal.
    ask : callable
        Asks the ranks for the way.
    again : callable
        Searches another task on the same ranks, which have all their memory.
    keeping : Keeping, optional
        What the search went on from, perhaps with more memory now.
    """
    assert after.found is not None
    task = crew.ranks[0].task
    way = way_through(task, after.found, ask)
    if after.found.rest is None:
        return way, after
    is_anew = keeping is None or keeping.begun is None
    if is_anew and not way and after.found.rest[0] == task.domain.initial:  # memory was full before a node was expanded
        return None, after._replace(stop=Status.MEMORY_LIMIT)
    for rank in crew.ranks:
        rank.free()
    with run.phase("plan", is_watched=False):
        solved = again(_rest_of(task, after.found), _portion(run, before, after))
    ranks = [(a + c, b + d) for (a, b), (c, d) in zip(after.ranks, solved.ranks, strict=True)]
    after = after._replace(ranks=ranks, stop=after.stop or solved.stop)
    return None if solved.plan is None else way + solved.plan, after


def _rest_of(task: Task, found: Found) -> Task:
    """Return the task from where the way is not known any more, for plans of the cost that is."""
    assert found.rest is not None
    domain = copy.copy(task.domain)
    domain.initial, cost = found.rest
    return dataclasses.replace(task, domain=domain, upper_bound=cost + 1)


def _portion(run: Run, before: int, after: After) -> Run:
    """Return the run of what is left; what is proved does not change any more."""
    part, done = copy.copy(run), before + sum(expanded for _, expanded in after.ranks)
    part.pauses = False
    part.limits = dataclasses.replace(run.limits, nodes=max(1, run.limits.nodes - done))
    if run.on_progress is not None:
        tell = run.on_progress
        part.on_progress = lambda now: tell(
            dataclasses.replace(now, least_f=after.bound, incumbent=after.incumbent, expanded=done + now.expanded)
        )
    return part
