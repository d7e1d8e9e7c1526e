"""Which abstractions saturated cost partitioning is to use, and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pdsearch.domains.planning.added_lines import MOST_OF_TREES, laid_out
from pdsearch.domains.planning.cartesian import Limits, cartesian_abstractions, why_not
from pdsearch.domains.planning.hill_climbing import climbed_projections
from pdsearch.domains.planning.linear_merging import MOVE_BYTES, merge
from pdsearch.domains.planning.lines import LINE_BYTES
from pdsearch.domains.planning.lookup import Found, Refined
from pdsearch.domains.planning.merged import Merged
from pdsearch.domains.planning.orders import EFFORT
from pdsearch.domains.planning.pdb_tables import CLIMB, most_states, most_transitions, projector_of, small_projections
from pdsearch.domains.planning.projections import Projection
from pdsearch.domains.planning.shared_costs import Partitioned, share_costs
from pdsearch.domains.planning.sys_scp import larger_projections
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError, shown
from pdsearch.heuristics import Arrays
from pdsearch.limits import Deadline

OPTIONS = (
    "words with commas between: projections, cartesian, merge-and-shrink, abstractions of these kinds only; offline, "
    "no orders during the search; orders-N, at most N before it; hill-climbing, in place of other larger patterns "
    "those that grow where that raises h"
)
_MOST_MOVES = 500_000  # of all refined abstractions
_EFFORT = 1 << 28  # transitions looked at while they are refined
_SHARE = 0.1  # of the time that is left
_MERGED_STATES = 10_000  # of the abstraction that is merged and shrunk
_MERGED_MOVES = 2_000_000  # of its products
N_ORDERS = 1  # where the numbers of the tables say how many orders there are
_KINDS = ("projections", "cartesian", "merge-and-shrink")


class Wanted(NamedTuple):
    """What an option says."""

    projections: bool
    cartesian: bool
    merged: bool
    is_online: bool
    n_orders: int
    climbs: bool


def wanted(option: str | None) -> Wanted:
    """Return what an option says.

    >>> wanted("projections,offline")
    Wanted(projections=True, cartesian=False, merged=False, is_online=False, n_orders=32, climbs=False)

    Raises
    ------
    BadInputError
        If it says what nobody knows, or what does not go together.
    """
    words = [] if option is None else option.split(",")
    n_orders = LINE_BYTES // 2
    for word in words:
        kind, _, number = word.partition("-")
        if kind == "orders" and number.isascii() and number.isdecimal() and 0 < int(number[:4]) <= n_orders:
            n_orders = int(number[:4])
        elif word not in (*_KINDS, "offline", CLIMB):
            raise BadInputError(f"scp option {shown(word)} is unknown; give {OPTIONS}")
    only = set(words).intersection(_KINDS) or {"projections", "cartesian"}
    if CLIMB in words and "projections" not in only:
        raise BadInputError(
            f"scp option {shown(option)} leaves no patterns to grow; add projections, or leave out {CLIMB}"
        )
    projections, cartesian, merged = (kind in only for kind in _KINDS)
    return Wanted(projections, cartesian, merged, "offline" not in words, n_orders, CLIMB in words)


def build_tables(task: Planning, chosen: Wanted) -> Arrays:
    """Return entries, numbers, and the arrays of a lookup, of what its lines hold, and of the joined abstractions.

    The numbers: the largest h, how many orders there are, how many small patterns were asked for, how many of them
    found no memory.
    """
    parts, n_patterns, n_left_out = partitioned(task, chosen)
    shared = laid_out(parts, task.sizes, min(MOST_OF_TREES, most_states(task)))
    largest = shared.largest
    if chosen.is_online:
        largest = min(largest + largest // 2, np.iinfo(shared.entries.dtype).max)
    return (
        shared.entries,
        np.array([largest, shared.n_orders, n_patterns, n_left_out]),
        *shared.lookup.arrays,
        *shared.added,
        *shared.joined,
    )


def partitioned(task: Planning, chosen: Wanted) -> tuple[Partitioned, int, int]:
    """Make the abstractions and let them share the costs; the numbers are of small patterns, in all and left out."""
    room = most_states(task)
    most = room // 2 if chosen.cartesian else room
    projections, n_small, n_left_out = _projections(task, most, chosen.climbs) if chosen.projections else ([], 0, 0)
    n_states, n_moves = sum(len(one.live) for one in projections), sum(len(one.source) for one in projections)
    refined: Sequence[Refined] = ()
    if chosen.cartesian and why_not(task.task) is None:
        moves = min(_MOST_MOVES, most_transitions(task) - n_moves)
        limits = Limits(room - n_states, moves, _EFFORT, _SHARE * task.deadline.left_s)
        refined = cartesian_abstractions(task.task, limits, task.deadline, task.leaves_reachable)
    n_states += sum(len(one.live) for one in refined)
    n_moves += sum(len(one.source) for one in refined)
    merged = _merged(task, room - n_states, most_transitions(task) - n_moves) if chosen.merged else []
    effort = EFFORT // 2 if chosen.is_online else EFFORT
    parts = share_costs(task, Found(projections, refined, merged), chosen.n_orders, effort, n_small)
    return parts, n_small + n_left_out, n_left_out


def _merged(task: Planning, room: int, moves: int) -> list[Merged]:
    """Return the abstraction that merge-and-shrink makes of so many states and transitions, where it has the time."""
    if room < 2 or moves < 1 or not task.primary:
        return []
    within = Deadline(_SHARE * task.deadline.left_s, MOVE_BYTES * min(moves, _MERGED_MOVES))
    try:
        return [merge(task.task, min(_MERGED_STATES, room - 1), within, task.leaves_reachable, apart=True)[0]]
    except (TimeLimitError, MemoryLimitError):
        task.deadline.check("merging and shrinking")
        return []


def _projections(task: Planning, room: int, climbs: bool) -> tuple[list[Projection], int, int]:
    """Return projections of so many states together, but for those of small patterns, which are first.

    And the number of small ones, and of those that found no memory.
    """
    projector = projector_of(task)
    small, n_left_out = small_projections(task, projector, 2)
    moves = most_transitions(task) - sum(len(one.source) for one in small)
    room -= sum(len(one.live) for one in small)
    if climbs:
        known = {one.pattern for one in small}
        larger = [one for one in climbed_projections(task, projector, room, moves) if one.pattern not in known]
    else:
        larger = larger_projections(task, projector, small, room, moves)
    return small + larger, len(small), n_left_out
