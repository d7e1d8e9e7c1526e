"""A task seen through a few of its variables: all transitions between the values they can take together.

States that a mutex group forbids are left out, and so are those that the initial state does not reach: what is left
tells more of the states that matter. Where a search meets others, too, nothing is left out. Operators whose transitions
are the same form a group.
An effect happens where its condition is seen to hold, and may happen or not where parts of it lie outside the pattern;
preconditions outside, on derived variables among them, are taken to hold: there are never too few transitions.

Source: Culberson and Schaeffer (1998), Computational Intelligence 14; Edelkamp (2001), "Planning with pattern
databases", ECP (projections); Haslum, Bonet and Geffner (2005), "New admissible heuristics for domain-independent
planning", AAAI (mutex groups).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains.planning.patterns import Pattern
from pdsearch.domains.planning.projected_operators import act, flat, keep_what_happens
from pdsearch.domains.planning.sas import SasTask

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MAX_STATES = 1 << 20  # of one projection; the rows of its table take 64 bytes each
MAX_TRANSITIONS = 1 << 24


class Projection(NamedTuple):
    """The transitions of a pattern, and what is known of its states; state = sum of multiplier * value.

    Attributes
    ----------
    pattern : tuple of int
        Its variables.
    multiplier : int64[n_variables]
        Of each variable.
    live, goal : bool[n_states]
        Whether the initial state may reach it; whether it agrees with the goal.
    source, target, group : int64[n_transitions]
        Sorted by target; live states only.
    group_of, operator_of : int64[n_members]
        Pairs: operator ``operator_of[i]`` makes the transitions of group ``group_of[i]``; sorted by group.
    """

    pattern: Pattern
    multiplier: Integers
    live: Flags
    goal: Flags
    source: Integers
    target: Integers
    group: Integers
    group_of: Integers
    operator_of: Integers

    def state_of(self, values: Sequence[int]) -> int:
        """Return the abstract state of a state that is given by the values of all variables."""
        return int(np.dot(self.multiplier, [values[var] for var in self.pattern]))


class Projector:
    """Makes projections of one task.

    Parameters
    ----------
    task : SasTask
        The task.
    initial : tuple of int or None
        The initial state, by the values of all variables; None if states may be met that it does not reach.
    """

    def __init__(self, task: SasTask, initial: tuple[int, ...] | None) -> None:
        self._initial, self._goal = initial, dict(task.goal)
        self.sizes = [len(variable.values) for variable in task.variables]
        self._operators = flat(task)
        self._has_conditions = np.array(
            [any(effect.conditions for effect in operator.effects) for operator in task.operators], np.bool_
        )
        self._changing: defaultdict[int, list[int]] = defaultdict(list)
        for number, operator in enumerate(task.operators):
            for var in sorted({effect.variable for effect in operator.effects}):
                self._changing[var].append(number)
        self._in_group = [np.zeros((size, len(task.mutexes)), np.float32) for size in self.sizes]
        for number, group in enumerate(task.mutexes):
            for var, value in group:
                self._in_group[var][value, number] = 1

    def project(self, pattern: Pattern, most_transitions: int = MAX_TRANSITIONS) -> Projection | None:
        """Return the projection onto some variables; None if it has more states or transitions than is allowed."""
        sizes = np.array([self.sizes[var] for var in pattern])
        if np.prod(sizes, dtype=float) > MAX_STATES or np.prod((sizes + 1.0) ** 2) > 2**62:
            return None
        multiplier = np.append(np.cumprod(sizes[:0:-1])[::-1], 1).astype(np.int64)
        keys, alone, group_of, operator_of = self._groups(pattern, sizes)
        before, after = _decode(keys, sizes)
        counts = np.where(before < 0, sizes, 1).prod(axis=1)
        if counts.sum() > min(most_transitions, MAX_TRANSITIONS):
            return None
        source, target = np.empty((2, counts.sum()), np.int64)
        _enumerate(before, after, sizes, multiplier, source, target, np.empty_like(sizes))
        group = np.repeat(np.arange(len(keys)), counts)
        possible = self._possible(pattern)
        kept = possible[source] & possible[target]
        if len(alone):
            slot = self._slots(pattern)
            keep_what_happens(
                self._operators, alone[group], source, target, np.array(pattern), sizes, multiplier, slot, kept
            )
        kept = np.flatnonzero(kept)
        live = self._live(pattern, multiplier, source[kept], target[kept], len(possible))
        kept = kept[live[source[kept]]]
        kept = kept[np.argsort(target[kept], kind="stable")]
        goal = live & self._goals(pattern)
        return Projection(
            pattern, multiplier, live, goal, source[kept], target[kept], group[kept], group_of, operator_of
        )

    def _live(self, pattern: Pattern, multiplier: Integers, source: Integers, target: Integers, n: int) -> Flags:
        """Return which of ``n`` states may be met: bool[n]."""
        if self._initial is None:
            return np.ones(n, np.bool_)
        return reached(source, target, n, int(np.dot(multiplier, [self._initial[var] for var in pattern])))

    def _groups(self, pattern: Pattern, sizes: Integers) -> tuple[Integers, Integers, Integers, Integers]:
        """Return the distinct ways operators act on the pattern, as keys, and which operators act so.

        Operators with conditional effects form groups of their own; the second array says of each group which operator
        that is, -1 for the others. It is empty where there are none.
        """
        relevant = np.array(sorted({number for var in pattern for number in self._changing[var]}), np.int64)
        slot, scratch = self._slots(pattern), np.empty((3, len(pattern)), np.int64)
        room = len(relevant)
        while True:
            found = np.empty((2, room), np.int64)
            room = act(self._operators, relevant, np.array(pattern), sizes, slot, scratch, *found)
            if room <= found.shape[1]:
                break
        operator_of, keys = found[:, :room]
        alone = np.where(self._has_conditions[operator_of], operator_of, -1)
        if (alone >= 0).any():
            (keys, alone), group_of = np.unique([keys, alone], axis=1, return_inverse=True)
        else:
            keys, group_of = np.unique(keys, return_inverse=True)
            alone = alone[:0]
        group_of = group_of.reshape(-1)
        by_group = np.argsort(group_of, kind="stable")
        return keys, alone, group_of[by_group], operator_of[by_group]

    def _slots(self, pattern: Pattern) -> Integers:
        """Return where in a pattern each variable is, -1 where it is not: int64[n_variables]."""
        slot = np.full(len(self.sizes), -1)
        slot[list(pattern)] = np.arange(len(pattern))
        return slot

    def _possible(self, pattern: Pattern) -> Flags:
        """Return which states no mutex group forbids: bool[n_states]."""
        possible = np.ones([self.sizes[var] for var in pattern], np.bool_)
        for i, j in combinations(range(len(pattern) if self._initial is not None else 0), 2):
            forbidden = self._in_group[pattern[i]] @ self._in_group[pattern[j]].T > 0
            shape = [1] * len(pattern)
            shape[i], shape[j] = forbidden.shape
            possible &= ~forbidden.reshape(shape)
        return possible.reshape(-1)

    def _goals(self, pattern: Pattern) -> Flags:
        goals = np.ones([self.sizes[var] for var in pattern], np.bool_)
        for i, var in enumerate(pattern):
            if var in self._goal:
                shape = [1] * len(pattern)
                shape[i] = -1
                goals &= (np.arange(self.sizes[var]) == self._goal[var]).reshape(shape)
        return goals.reshape(-1)


def _decode(keys: Integers, sizes: Integers) -> tuple[Integers, Integers]:
    """Return the digits of keys: values before and after, int64[n_keys, n_variables] each, -1 where there is none."""
    before, after = np.empty((2, len(keys), len(sizes)), np.int64)
    for i in range(len(sizes) - 1, -1, -1):
        keys, after[:, i] = np.divmod(keys, sizes[i] + 1)
        keys, before[:, i] = np.divmod(keys, sizes[i] + 1)
    return before - 1, after - 1


@kernel
def _enumerate(before, after, sizes, multiplier, source, target, values):
    """Write the transitions of all groups: those of one for each combination of values that it leaves open."""
    n = 0
    k = len(sizes)
    for group in range(len(before)):
        for i in range(k):
            values[i] = max(before[group, i], 0)
        digit = 0
        while digit < k:
            here = there = 0
            for i in range(k):
                here += multiplier[i] * values[i]
                there += multiplier[i] * (after[group, i] if after[group, i] >= 0 else values[i])
            source[n], target[n] = here, there
            n += 1
            digit = 0
            while digit < k:
                if before[group, digit] < 0:
                    values[digit] += 1
                    if values[digit] < sizes[digit]:
                        break
                    values[digit] = 0
                digit += 1


def reached(source: Integers, target: Integers, n_states: int, start: int) -> Flags:
    """Return which states can be reached from one: bool[n_states]."""
    by_source = np.argsort(source, kind="stable")
    first = np.searchsorted(source[by_source], np.arange(n_states + 1))
    seen, queue = np.zeros(n_states, np.bool_), np.empty(n_states, np.int64)
    _spread(first, target[by_source], start, seen, queue)
    return seen


@kernel
def _spread(first, target, start, seen, queue):
    """Breadth-first search."""
    seen[start] = True
    queue[0] = start
    n = 1
    at = 0
    while at < n:
        for i in range(first[queue[at]], first[queue[at] + 1]):
            if not seen[target[i]]:
                seen[target[i]] = True
                queue[n] = target[i]
                n += 1
        at += 1
