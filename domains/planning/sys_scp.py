"""Larger patterns that still tell something when the smaller ones have taken their share of the costs.

Candidates come in order of their size. Each that has a distance above 0 under the costs that are left is chosen and
takes what its distances need. When all were asked, it begins anew with the whole costs and with those that were not
chosen yet, until nothing is added or the effort is spent.

Source: Seipp (2019), "Pattern selection for optimal classical planning with saturated cost partitioning", IJCAI.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

from pdsearch.domains.planning.abstraction import Integers
from pdsearch.domains.planning.cost_partitioning import abstractions, new_scratch, take_costs
from pdsearch.domains.planning.patterns import Pattern, grown
from pdsearch.domains.planning.projections import Projection, Projector
from pdsearch.domains.planning.task import Planning

_EFFORT = 1 << 24  # transitions and states looked at in all: the same on every machine, unlike seconds
_OF_PATTERN = 5000  # what a pattern takes besides, in the same unit
_MOST_VARIABLES = 5
_MOST_STATES = 1 << 16  # of one pattern
_MOST_CANDIDATES = 4000  # of one size
_SHARE = 0.1  # of the time that is left


class _Effort:
    """What is left of effort and time."""

    def __init__(self, task: Planning) -> None:
        self._task, self.left = task, _EFFORT
        self._end_s = time.monotonic() + _SHARE * task.deadline.left_s

    def spend(self, one: Projection) -> bool:
        """Note that a projection was looked at; say whether there is anything left."""
        self._task.deadline.check("choosing patterns")
        self.left -= _OF_PATTERN + len(one.live) + len(one.source)
        return self.left > 0 and time.monotonic() < self._end_s


def larger_projections(
    task: Planning, projector: Projector, small: Sequence[Projection], most_states: int, most_moves: int
) -> list[Projection]:
    """Return projections onto more variables than ``small`` has, of ``most_states`` together.

    Parameters
    ----------
    task : Planning
        Its deadline is kept, and a tenth of the time that is left.
    projector : Projector
        Of this task.
    small : sequence of Projection
        They are asked first for the costs they need.
    most_states, most_moves : int
        More states and transitions have no place.
    """
    effort, chosen = _Effort(task), list[Projection]()
    n_before = -1
    candidates = _Candidates(task, projector, [one.pattern for one in small], most_moves)
    while effort.left > 0 and len(chosen) > n_before:
        n_before = len(chosen)
        costs = task.space.cost.copy()
        for one in small if n_before == 0 else ():
            _takes(one, costs)
        for one in candidates.each():
            room = most_states - sum(len(other.live) for other in chosen)
            moves = most_moves - sum(len(other.source) for other in chosen)
            if len(one.live) <= room and len(one.source) <= moves and _takes(one, costs):
                chosen.append(one)
                candidates.remove(one)
            if not effort.spend(one):
                return chosen
    return chosen


class _Candidates:
    """Projections onto ever more variables; those that were made are kept while they have so many transitions."""

    def __init__(self, task: Planning, projector: Projector, patterns: Sequence[Pattern], most_moves: int) -> None:
        self._task, self._projector, self._most, self._room = task, projector, most_moves, most_moves
        largest = max(map(len, patterns), default=_MOST_VARIABLES)
        self._last = [pattern for pattern in patterns if len(pattern) == largest]
        self._made: dict[Pattern, Projection] = {}
        self._is_complete = False

    def remove(self, one: Projection) -> None:
        """Leave one out from now on."""
        if self._made.pop(one.pattern, None) is not None:
            self._room += len(one.source)

    def each(self) -> Iterator[Projection]:
        """Yield those that are left, the smaller first."""
        yield from list(self._made.values())
        while not self._is_complete:
            size = len(self._last[0]) + 1 if self._last else _MOST_VARIABLES + 1
            self._is_complete = size > _MOST_VARIABLES
            if self._is_complete:
                return
            larger = []
            for pattern in grown(self._task.task, self._last):
                n_states = int(np.prod([float(self._task.sizes[var]) for var in pattern]))
                if n_states <= _MOST_STATES:
                    larger.append((n_states, pattern))
                if len(larger) == _MOST_CANDIDATES:
                    break
            self._last = [pattern for _, pattern in sorted(larger)]
            for pattern in self._last:
                one = self._projector.project(pattern, self._most)
                if one is not None and len(one.source) <= self._room:
                    self._made[pattern] = one
                    self._room -= len(one.source)
                if one is not None:
                    yield one


def _takes(one: Projection, costs: Integers) -> bool:
    """Let a projection take what it needs; say whether it tells anything under what was left, else take nothing."""
    joined = abstractions([one])
    taken, left = np.zeros(len(costs), np.int64), costs.copy()
    if not take_costs(joined, left, taken, new_scratch(joined, len(costs))):
        return False
    costs[:] = left
    return True
