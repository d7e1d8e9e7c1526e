"""The factors of a planning task: each variable by itself, and which operators look alike to it.

A factor's transitions say what an operator may do to one variable. Where effects look at other variables an operator
has cases (see :mod:`pdsearch.domains.planning.contexts`), and a product of the factors of each case has the transitions
of the task. Whatever is asked of derived variables is taken to hold or not, so that the product has some more there.

Source: Helmert, Haslum, Hoffmann and Nissim (2014), "Merge-and-shrink abstraction: a method for generating lower
bounds in factored state spaces", Journal of the ACM 61.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from pdsearch.domains.planning.contexts import MOST_CASES, MOST_IN_ALL, MOST_LOOKS, Knot, Known, knots, outcomes
from pdsearch.domains.planning.sas import Effect, SasTask
from pdsearch.domains.planning.transition_systems import HALF, Integers, TransitionSystem
from pdsearch.limits import NO_DEADLINE, Deadline

Transitions = tuple[tuple[int, int], ...]  # pairs (value before, value after)

_CASE_BYTES = 160  # of a case for each variable, so that labels take a quarter of the memory


class Factor(NamedTuple):
    """What operators do to one variable."""

    system: TransitionSystem  # its labels are the operators
    cases: dict[int, tuple[Knot, Integers]]  # of operators that have a knot with the variable: a group for each case


def factors(task: SasTask, deadline: Deadline = NO_DEADLINE) -> dict[int, Factor]:
    """Return, for each variable that is not derived, its factor; operators have fewer cases where memory is short.

    Raises
    ------
    TimeLimitError
        If the deadline passes.
    """
    sizes = {var: len(variable.values) for var, variable in enumerate(task.variables) if variable.layer < 0}
    sets: dict[int, dict[Transitions, int]] = {var: {tuple((v, v) for v in range(sizes[var])): 0} for var in sizes}
    groups = {var: np.zeros(len(task.operators), np.int64) for var in sizes}
    cases: dict[int, dict[int, tuple[Knot, Integers]]] = {var: {} for var in sizes}

    def number(var: int, transitions: Transitions) -> int:
        return sets[var].setdefault(transitions, len(sets[var]))

    n_split = sum(any(effect.conditions for effect in operator.effects) for operator in task.operators)
    in_all = MOST_IN_ALL
    if deadline.memory_bytes is not None:
        in_all = min(in_all, deadline.memory_bytes // (_CASE_BYTES * max(1, len(sizes))))
    most, looks = (max(1, together // max(1, n_split)) for together in (in_all, MOST_LOOKS))
    fixed = {var: frozenset({0}) for var, size in sizes.items() if size == 1}
    for at, operator in enumerate(task.operators):
        deadline.check("merge-and-shrink")
        effects: defaultdict[int, list[Effect]] = defaultdict(list)
        for effect in operator.effects:
            effects[effect.variable].append(effect)
        needed = fixed | {var: frozenset({value}) for var, value in operator.preconditions}
        for var in needed.keys() | effects.keys():
            if var in sizes:
                groups[var][at] = number(var, _transitions(needed, var, sizes[var], effects[var]))
        for knot in knots(operator, sizes, min(most, MOST_CASES), looks, deadline):
            for var in knot.variables:
                deadline.check("merge-and-shrink")
                found = [number(var, _transitions(case, var, sizes[var], effects[var])) for case in knot.cases]
                cases[var][at] = knot, np.array(found, np.int64)
    goal = dict(task.goal)
    return {
        var: Factor(_system(sizes[var], task.initial[var], goal.get(var), list(sets[var]), groups[var]), cases[var])
        for var in sizes
    }


def _transitions(known: Known, var: int, size: int, effects: list[Effect]) -> Transitions:
    """Return what an operator may do to a variable where something is known of all."""
    before = sorted(known[var]) if var in known else range(size)
    return tuple((u, v) for u in before for v in sorted(outcomes(known, var, u, effects)))


def _system(size: int, initial: int, goal: int | None, sets: list[Transitions], group: Integers) -> TransitionSystem:
    return TransitionSystem(
        initial=np.arange(size) == initial,
        goal=np.array([goal is None or value == goal for value in range(size)]),
        first=np.concatenate([[0], np.cumsum([len(transitions) for transitions in sets])]).astype(np.int64),
        transitions=np.array([u << HALF | v for transitions in sets for u, v in transitions], np.int64),
        group=group,
    )
