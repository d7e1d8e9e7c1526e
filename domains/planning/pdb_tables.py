"""Which projections the pattern databases of a task are, and their tables."""

from __future__ import annotations

import numpy as np

from pdsearch.domains.planning.added_lines import laid_out
from pdsearch.domains.planning.hill_climbing import climbed_projections
from pdsearch.domains.planning.lookup import Found
from pdsearch.domains.planning.patterns import Pattern, systematic
from pdsearch.domains.planning.projections import MAX_STATES, MAX_TRANSITIONS, Projection, Projector
from pdsearch.domains.planning.shared_costs import Partitioned, share_costs
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, shown
from pdsearch.heuristics import Arrays

OPTIONS = (
    "systematic-1, -2 (default) or -3, patterns of so many variables at most; hill-climbing, patterns that grow where "
    "that raises h; or those of one pattern, as 3,7,12"
)
CLIMB = "hill-climbing"
_STATE_BYTES, _MOVE_BYTES = 512, 64  # while tables are built: of 32 orders, and of the copies of a transition


def build_tables(task: Planning, option: str | None) -> Arrays:
    """Return the arrays of the tables that an option asks for.

    These are the entries; the largest h, how many patterns were asked for, how many of them found no memory; and the
    arrays of ``Places``.
    """
    parts, n_patterns, n_left_out = partitioned_patterns(task, option)
    shared = laid_out(parts, task.sizes)
    return shared.entries, np.array([shared.largest, n_patterns, n_left_out]), *shared.lookup.places


def partitioned_patterns(task: Planning, option: str | None) -> tuple[Partitioned, int, int]:
    """Let the patterns that an option asks for share the costs; the numbers are of patterns, in all and left out.

    Raises
    ------
    BadInputError
        If the option makes no sense, or asks for a pattern that is too large.
    """
    projector = projector_of(task)
    most = {"systematic-1": 1, "systematic-2": 2, "systematic-3": 3, None: 2}.get(option)
    if option == CLIMB:
        found, n_left_out = climbed_projections(task, projector, most_states(task), most_transitions(task)), 0
    elif most is None:
        found, n_left_out = [_single(task, projector, str(option))], 0
    else:
        found, n_left_out = small_projections(task, projector, most)
    return share_costs(task, Found(found)), len(found) + n_left_out, n_left_out


def projector_of(task: Planning) -> Projector:
    """Return what makes projections that hold of every state a search may meet."""
    return Projector(task.task, None if task.leaves_reachable else task.unpack(task.initial))


def most_states(task: Planning) -> int:
    """Return how many abstract states have room while tables are built."""
    return min(MAX_STATES, (task.deadline.memory_bytes or 2**62) // 2 // _STATE_BYTES)


def most_transitions(task: Planning) -> int:
    """Return how many transitions of abstractions have room while tables are built."""
    return min(MAX_TRANSITIONS, (task.deadline.memory_bytes or 2**62) // 2 // _MOVE_BYTES)


def small_projections(task: Planning, projector: Projector, most: int) -> tuple[list[Projection], int]:
    """Return the projections onto the interesting patterns of up to ``most`` variables, the smaller first, that fit.

    And the number of those for which there was no memory.
    """
    projections: list[Projection] = []
    states = transitions = n_left_out = 0
    most_here, moves_here = most_states(task), most_transitions(task)
    for pattern in sorted(systematic(task.task, most), key=lambda pattern: (len(pattern), _size(task, pattern))):
        task.deadline.check("building pattern databases")
        fits = states + _size(task, pattern) <= most_here
        one = projector.project(pattern, moves_here - transitions) if fits else None
        if one is not None:
            projections.append(one)
            states, transitions = states + len(one.live), transitions + len(one.source)
        elif (most_here < MAX_STATES and not fits) or (moves_here < MAX_TRANSITIONS and fits):
            n_left_out += 1
    return projections, n_left_out


def _size(task: Planning, pattern: Pattern) -> int:
    return int(np.prod([task.sizes[var] for var in pattern]))


def _single(task: Planning, projector: Projector, option: str) -> Projection:
    """Return the projection onto variables given by their numbers."""
    numbers = option.split(",")
    if not all(number.isascii() and number.isdecimal() and len(number) < 9 for number in numbers):
        raise BadInputError(f"pdb option {shown(option)} is unknown; give {OPTIONS}")
    pattern = tuple(sorted({int(number) for number in numbers}))
    wrong = next((var for var in pattern if var not in task.primary), None)
    if wrong is not None:
        raise BadInputError(f"pdb cannot look at variable {wrong}; give numbers of variables that are not derived")
    task.deadline.check_memory(_STATE_BYTES * _size(task, pattern), f"pattern {option}")
    projection = projector.project(pattern)
    if projection is None:
        raise BadInputError(
            f"pattern {shown(option)} has more than {MAX_STATES} states or {MAX_TRANSITIONS} transitions; "
            "give fewer variables"
        )
    return projection
