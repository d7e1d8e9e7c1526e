"""A task seen through a few of its variables: all transitions between the values they can take together.

States that a mutex group forbids are left out, and so are those that the initial state does not reach: what is left
tells more of the states that matter. Operators whose transitions are the same form a group.
An effect whose condition lies outside the pattern may happen or not, and conditions on other variables, derived
ones among them, are taken to hold: there are never too few transitions.

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

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.patterns import Pattern
from pdsearch.domains.planning.sas import SasTask

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MAX_STATES = 1 << 20  # of one projection; the rows of its table take 64 bytes each
MAX_TRANSITIONS = 1 << 24


class Operators(NamedTuple):
    """Operators as flat arrays; ``first`` arrays are one longer than what they number."""

    condition_first: Integers  # by operator
    condition_variable: Integers
    condition_value: Integers
    effect_first: Integers  # by operator
    effect_variable: Integers
    effect_value: Integers
    when_first: Integers  # by effect: what must hold for it to happen
    when_variable: Integers
    when_value: Integers


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
    """Makes projections of one task, from an initial state that is given by the values of all variables."""

    def __init__(self, task: SasTask, initial: tuple[int, ...]) -> None:
        self._initial, self._goal = initial, dict(task.goal)
        self.sizes = [len(variable.values) for variable in task.variables]
        self._operators = _flat(task)
        self._slot = np.full(len(self.sizes), -1)
        self._changing: defaultdict[int, list[int]] = defaultdict(list)
        for number, operator in enumerate(task.operators):
            for var in sorted({effect.variable for effect in operator.effects}):
                self._changing[var].append(number)
        self._in_group = [np.zeros((size, len(task.mutexes)), np.float32) for size in self.sizes]
        for number, group in enumerate(task.mutexes):
            for var, value in group:
                self._in_group[var][value, number] = 1

    def project(self, pattern: Pattern) -> Projection | None:
        """Return the projection onto some variables; None if it has more states or transitions than is allowed."""
        sizes = np.array([self.sizes[var] for var in pattern])
        if np.prod(sizes, dtype=float) > MAX_STATES or np.prod((sizes + 1.0) ** 2) > 2**62:
            return None
        multiplier = np.append(np.cumprod(sizes[:0:-1])[::-1], 1).astype(np.int64)
        keys, group_of, operator_of = self._groups(pattern, sizes)
        before, after = _decode(keys, sizes)
        counts = np.where(before < 0, sizes, 1).prod(axis=1)
        if counts.sum() > MAX_TRANSITIONS:
            return None
        source, target = np.empty((2, counts.sum()), np.int64)
        _enumerate(before, after, sizes, multiplier, source, target, np.empty_like(sizes))
        group = np.repeat(np.arange(len(keys)), counts)
        possible = self._possible(pattern)
        kept = np.flatnonzero(possible[source] & possible[target])
        initial = int(np.dot(multiplier, [self._initial[var] for var in pattern]))
        live = reached(source[kept], target[kept], len(possible), initial)
        kept = kept[live[source[kept]]]
        kept = kept[np.argsort(target[kept], kind="stable")]
        goal = live & self._goals(pattern)
        return Projection(
            pattern, multiplier, live, goal, source[kept], target[kept], group[kept], group_of, operator_of
        )

    def _groups(self, pattern: Pattern, sizes: Integers) -> tuple[Integers, Integers, Integers]:
        """Return the distinct ways operators act on the pattern, as keys, and which operators act so."""
        relevant = np.array(sorted({number for var in pattern for number in self._changing[var]}), np.int64)
        self._slot[list(pattern)] = np.arange(len(pattern))
        scratch = np.empty((3, len(pattern)), np.int64)
        room = len(relevant)
        while True:
            found = np.empty((2, room), np.int64)
            room = _act(self._operators, relevant, np.array(pattern), sizes, self._slot, scratch, *found)
            if room <= found.shape[1]:
                break
        self._slot[list(pattern)] = -1
        keys, group_of = np.unique(found[1, :room], return_inverse=True)
        by_group = np.argsort(group_of, kind="stable")
        return keys, group_of[by_group], found[0, by_group]

    def _possible(self, pattern: Pattern) -> Flags:
        """Return which states no mutex group forbids: bool[n_states]."""
        possible = np.ones([self.sizes[var] for var in pattern], np.bool_)
        for i, j in combinations(range(len(pattern)), 2):
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


def _flat(task: SasTask) -> Operators:
    conditions = [operator.preconditions for operator in task.operators]
    effects = [[(effect.variable, effect.value) for effect in operator.effects] for operator in task.operators]
    when = [effect.conditions for operator in task.operators for effect in operator.effects]
    return Operators(*_rows(conditions), *_rows(effects), *_rows(when))


def _rows(rows: list) -> tuple[Integers, Integers, Integers]:  # type: ignore[type-arg]
    """Return where each row of facts starts, and the variables and values of all."""
    facts = np.array([fact for row in rows for fact in row], np.int64).reshape(-1, 2)
    first = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return first, facts[:, 0].copy(), facts[:, 1].copy()


@inlined
def _next_effect(operators, operator, variable, effect):
    """Return the first effect on a variable after ``effect``; -1 when there is none."""
    for other in range(effect + 1, operators.effect_first[operator + 1]):
        if operators.effect_variable[other] == variable:
            return other
    return -1


@inlined
def _first_choice(operators, operator, variable):
    """Return -1, no effect, if an operator may leave a variable as it is, else its first effect on it."""
    start = operators.effect_first[operator]
    effect = _next_effect(operators, operator, variable, start - 1)
    while effect >= 0:
        if operators.when_first[effect] == operators.when_first[effect + 1]:
            return _next_effect(operators, operator, variable, start - 1)
        effect = _next_effect(operators, operator, variable, effect)
    return -1


@inlined
def _key_of(operators, operator, sizes, slot, choice, known, needed):
    """Return what an operator with some of its effects needs and does, as a number; -1 if that cannot be.

    Its digits are, for each variable, the value before + 1 and the value after + 1, 0 where there is none.
    """
    k = len(sizes)
    for i in range(k):
        needed[i] = known[i]
    for i in range(k):
        if choice[i] >= 0:
            for when in range(operators.when_first[choice[i]], operators.when_first[choice[i] + 1]):
                at = slot[operators.when_variable[when]]
                if at >= 0:
                    if needed[at] >= 0 and needed[at] != operators.when_value[when]:
                        return -1
                    needed[at] = operators.when_value[when]
    key = 0
    for i in range(k):
        after = operators.effect_value[choice[i]] if choice[i] >= 0 else -1
        key = (key * (sizes[i] + 1) + needed[i] + 1) * (sizes[i] + 1) + after + 1
    return key


@kernel
def _act(operators, relevant, pattern, sizes, slot, scratch, operator_of, key_of):
    """Write the ways in which operators act on a pattern as pairs (operator, key); return how many there are.

    All choices among the effects on each variable are gone through as the digits of a counter.
    """
    known, needed, choice = scratch[0], scratch[1], scratch[2]
    k = len(pattern)
    n = 0
    for operator in relevant:
        for i in range(k):
            known[i] = -1
            choice[i] = _first_choice(operators, operator, pattern[i])
        for condition in range(operators.condition_first[operator], operators.condition_first[operator + 1]):
            at = slot[operators.condition_variable[condition]]
            if at >= 0:
                known[at] = operators.condition_value[condition]
        digit = 0
        while digit < k:
            key = _key_of(operators, operator, sizes, slot, choice, known, needed)
            if key >= 0:
                if n < len(key_of):
                    operator_of[n], key_of[n] = operator, key
                n += 1
            digit = 0
            while digit < k:
                before = max(choice[digit], operators.effect_first[operator] - 1)
                choice[digit] = _next_effect(operators, operator, pattern[digit], before)
                if choice[digit] >= 0:
                    break
                choice[digit] = _first_choice(operators, operator, pattern[digit])
                digit += 1
    return n


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
