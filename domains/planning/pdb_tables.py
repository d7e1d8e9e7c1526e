"""From a planning task to the arrays of its pattern databases.

Each abstract state has a line of 64 bytes: its distances under one cost partitioning after the other. Patterns that
tell nothing, no distance under any partitioning and no dead state that smaller ones do not know, are left out.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.cost_partitioning import DEAD, Integers, abstractions
from pdsearch.domains.planning.lines import LINE_BYTES
from pdsearch.domains.planning.orders import Orders, narrowest
from pdsearch.domains.planning.patterns import Pattern, systematic
from pdsearch.domains.planning.projections import MAX_STATES, MAX_TRANSITIONS, Flags, Projection, Projector
from pdsearch.domains.planning.space import value_of
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.planning.walks import sampled_states
from pdsearch.errors import BadInputError, shown
from pdsearch.heuristics import Arrays
from pdsearch.kernels.protocol import width

OPTIONS = "systematic-1, -2 (default) or -3, patterns of so many variables at most, or those of one pattern, as 3,7,12"
N_SAMPLES = 1000
_STATE_BYTES, _MOVE_BYTES = 512, 64  # while tables are built: of 32 orders, and of the copies of a transition
MAX_STEPS = 300  # of a walk on average


class Places(NamedTuple):
    """Where the lines of patterns lie."""

    first: Integers  # (n_patterns,) its first line
    place: Integers  # (n_patterns * size,) where each of its variables is in ``variables``
    multiplier: Integers  # (n_patterns * size,) 0 where a pattern has fewer variables
    variables: Integers  # of all patterns

    @property
    def size(self) -> int:
        """Return the variables of the largest pattern."""
        return len(self.place) // max(1, len(self.first))

    @classmethod
    def of(cls, projections: list[Projection], first: Integers) -> Places:
        """Return the places of projections whose first lines are known."""
        variables = sorted({var for one in projections for var in one.pattern})
        size = max((len(one.pattern) for one in projections), default=0)
        place, multiplier = np.zeros((2, len(projections), size), np.int64)
        for row, one in enumerate(projections):
            place[row, : len(one.pattern)] = [variables.index(var) for var in one.pattern]
            multiplier[row, : len(one.pattern)] = one.multiplier
        return cls(first.astype(np.int64), place.reshape(-1), multiplier.reshape(-1), np.array(variables, np.int64))


@inlined
def find_lines(places, space, states, at, values, lines, start):
    """Write the lines of the state at ``states[at]`` from ``lines[start]`` on; ``values`` is scratch."""
    for i in range(len(places.variables)):
        values[i] = value_of(space, states, at, places.variables[i])
    size = len(places.place) // max(1, len(places.first))
    for p in range(len(places.first)):
        line = places.first[p]
        for i in range(p * size, (p + 1) * size):
            line += places.multiplier[i] * values[places.place[i]]
        lines[start + p] = line


@kernel
def _find_all_lines(places, space, states, values, lines):
    """Write the lines of many states."""
    for i in range(len(states) // width(space)):
        find_lines(places, space, states, i * width(space), values, lines, i * len(places.first))


def build_tables(task: Planning, option: str | None) -> Arrays:
    """Return the arrays of the tables that an option asks for: entries, largest h, and those of :class:`Places`.

    Raises
    ------
    BadInputError
        If the option makes no sense, or asks for a pattern that is too large.
    """
    projections = _projections(task, option)
    joined = abstractions(projections)
    orders = Orders(joined, task.space.cost, task.deadline)
    samples = _samples(task, Places.of(projections, joined.state_first[:-1]), orders)
    tables = np.array(orders.best(samples, LINE_BYTES // 2))  # entries take two bytes at least
    dead = (orders.h == DEAD) & np.concatenate([np.zeros(0, np.bool_), *(one.live for one in projections)])
    lines_of = [slice(start, end) for start, end in pairwise(joined.state_first.tolist())]
    warns = _warn(task, projections, [dead[lines] for lines in lines_of])
    useful = [warns[p] or bool(tables[:, lines].any()) for p, lines in enumerate(lines_of)]
    kept = [one for one, is_useful in zip(projections, useful, strict=True) if is_useful]
    states = np.repeat(np.array(useful, np.bool_), np.diff(joined.state_first))
    firsts = np.cumsum([0] + [len(one.live) for one in kept])
    entries, largest = _entries(tables[:, states], dead[states], firsts)
    return entries, np.array([largest]), *Places.of(kept, firsts[:-1])


def _warn(task: Planning, projections: list[Projection], dead: list[Flags]) -> list[bool]:
    """Say of each projection whether it has dead states that those onto one variable less do not have."""
    known: dict[Pattern, Flags] = {}
    warns = []
    for one, its_dead in zip(projections, dead, strict=True):
        new = known[one.pattern] = its_dead.reshape([task.sizes[var] for var in one.pattern])
        for i in range(len(one.pattern)):
            smaller = known.get(one.pattern[:i] + one.pattern[i + 1 :])
            new = new if smaller is None else new & ~np.expand_dims(smaller, i)
        warns.append(bool(new.any()))
    return warns


def _projections(task: Planning, option: str | None) -> list[Projection]:
    """Return the projections that an option asks for; of systematic ones those of the fewest states, as room allows."""
    projector = Projector(task.task, task.unpack(task.initial))
    most = {"systematic-1": 1, "systematic-2": 2, "systematic-3": 3, None: 2}.get(option)
    if most is None:
        return [_single(task, projector, str(option))]
    memory = task.deadline.memory_bytes or 2**62
    most_states, most_transitions = min(MAX_STATES, memory // _STATE_BYTES), min(MAX_TRANSITIONS, memory // _MOVE_BYTES)
    projections: list[Projection] = []
    states = transitions = 0
    for pattern in sorted(systematic(task.task, most), key=lambda pattern: (len(pattern), _size(task, pattern))):
        task.deadline.check("building pattern databases")
        one = projector.project(pattern) if states + _size(task, pattern) <= most_states else None
        if one is not None and transitions + len(one.source) <= most_transitions:
            projections.append(one)
            states, transitions = states + len(one.live), transitions + len(one.source)
    return projections


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
    projection = projector.project(pattern)
    if projection is None:
        raise BadInputError(
            f"pattern {shown(option)} has more than {MAX_STATES} states or {MAX_TRANSITIONS} transitions; "
            "give fewer variables"
        )
    return projection


def _samples(task: Planning, places: Places, orders: Orders) -> Integers:
    """Return the states of random walks in each projection, each once: int64[n_samples, n_projections]."""
    initial = _lines(task, places, np.array(task.initial, np.uint64))
    if (orders.h[initial] == DEAD).any():
        return initial
    plan_cost = orders.table(orders.greedy(initial[0]), initial[0])[initial].sum()
    steps = 2 * plan_cost / max(task.space.cost.mean(), 1e-9) if len(task.space.cost) else 0
    lines = _lines(task, places, sampled_states(task, min(steps, MAX_STEPS), N_SAMPLES))
    _, first = np.unique(lines, axis=0, return_index=True)
    return lines[np.sort(first)]


def _lines(task: Planning, places: Places, states: npt.NDArray[np.uint64]) -> Integers:
    """Return the lines of some states: int64[n_states, n_patterns]."""
    lines = np.zeros((len(states) // len(task.initial), len(places.first)), np.int64)
    _find_all_lines(places, task.space, states, np.zeros(len(places.variables), np.int64), lines.reshape(-1))
    return lines


def _entries(tables: Integers, dead: npt.NDArray[np.bool_], firsts: Integers) -> tuple[npt.NDArray[Any], int]:
    """Return the tables[n_orders, n_lines] as lines of the narrowest numbers that hold h, and the largest h.

    Orders for which a line has no room are left out; the first are the best.
    """
    largest = int(np.maximum.reduceat(tables, firsts[:-1], axis=1).sum(axis=1).max()) if len(firsts) > 1 else 0
    kind = narrowest(largest)
    n_orders = LINE_BYTES // kind.itemsize
    room = np.zeros(tables.shape[1] * LINE_BYTES + LINE_BYTES, np.uint8)
    start = -room.ctypes.data % LINE_BYTES  # a line of the cache each
    entries = room[start : start + tables.shape[1] * LINE_BYTES].view(kind).reshape(-1, n_orders)
    entries[:, : len(tables)] = tables[:n_orders].T
    entries[dead] = np.iinfo(kind).min
    return entries.reshape(-1), largest
