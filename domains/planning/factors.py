"""The factors of a planning task: each variable by itself, and which operators look alike to it.

A factor's transitions say what an operator may do to one variable when nothing is known of the others. That is
exact for plain operators. A conditional effect that looks at other variables may fire or not, and whatever is
asked of derived variables is taken to hold, so a product of factors has every transition of the task, and some more.

Source: Helmert, Haslum, Hoffmann and Nissim (2014), "Merge-and-shrink abstraction: a method for generating lower
bounds in factored state spaces", Journal of the ACM 61; our treatment of conditional effects is that of Fast Downward.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from pdsearch.domains.planning.sas import Effect, Operator, SasTask
from pdsearch.domains.planning.transition_systems import HALF, TransitionSystem

Transitions = tuple[tuple[int, int], ...]  # pairs (value before, value after)


def factors(task: SasTask) -> dict[int, TransitionSystem]:
    """Return, for each variable that is not derived, its factor; labels are the operators."""
    goal = dict(task.goal)
    return {
        var: _factor(len(task.variables[var].values), task.initial[var], goal.get(var), groups)
        for var, groups in _groups(task).items()
    }


def _groups(task: SasTask) -> dict[int, tuple[list[Transitions], list[int]]]:
    """Return, for each variable, sets of transitions, the first of which changes nothing, and each operator's set."""
    sizes = {var: len(variable.values) for var, variable in enumerate(task.variables) if variable.layer < 0}
    sets: dict[int, dict[Transitions, int]] = {var: {tuple((v, v) for v in range(sizes[var])): 0} for var in sizes}
    groups = {var: [0] * len(task.operators) for var in sizes}
    for number, operator in enumerate(task.operators):
        effects: defaultdict[int, list[Effect]] = defaultdict(list)
        for effect in operator.effects:
            effects[effect.variable].append(effect)
        for var in {var for var, _ in operator.preconditions} | effects.keys():
            if var in sizes:
                transitions = _transitions(operator, var, sizes[var], effects[var])
                groups[var][number] = sets[var].setdefault(transitions, len(sets[var]))
    return {var: (list(sets[var]), groups[var]) for var in sizes}


def _transitions(operator: Operator, var: int, size: int, effects: list[Effect]) -> Transitions:
    """Return what an operator may do to a variable."""
    needed = dict(operator.preconditions)
    before = [needed[var]] if var in needed else range(size)
    return tuple((u, v) for u in before for v in sorted(_outcomes(needed | {var: u}, u, effects)))


def _outcomes(known: dict[int, int], value: int, effects: list[Effect]) -> set[int]:
    """Return the values a variable can have after its effects, in file order, where some facts are known."""
    outcomes = {value}
    for effect in effects:
        if all(known.get(var, needed) == needed for var, needed in effect.conditions):
            is_sure = all(var in known for var, _ in effect.conditions)
            outcomes = {effect.value} if is_sure else outcomes | {effect.value}
    return outcomes


def _factor(size: int, initial: int, goal: int | None, groups: tuple[list[Transitions], list[int]]) -> TransitionSystem:
    sets, group = groups
    return TransitionSystem(
        initial=np.arange(size) == initial,
        goal=np.array([goal is None or value == goal for value in range(size)]),
        first=np.concatenate([[0], np.cumsum([len(transitions) for transitions in sets])]).astype(np.int64),
        transitions=np.array([u << HALF | v for transitions in sets for u, v in transitions], np.int64),
        group=np.array(group, np.int64),
    )
