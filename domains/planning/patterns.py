"""Patterns of one or two variables that can tell something that smaller ones cannot.

A variable is worth a pattern with a goal variable if it decides when that one can change (an arc of the causal
graph from a condition to an effect), or if both are goals and one operator changes both: all other pairs are
sums of smaller patterns. Derived variables have no transitions of their own and are left out.

Source: Pommerening, Röger and Helmert (2013), "Getting the most out of pattern databases for classical
planning", IJCAI, section 4 (interesting patterns).
"""

from __future__ import annotations

from itertools import product

from pdsearch.domains.planning.sas import Operator, SasTask

Pattern = tuple[int, ...]  # variables, ascending


def systematic(task: SasTask, most: int) -> list[Pattern]:
    """Return the interesting patterns of one variable or, if ``most`` is 2, of one and two.

    >>> from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
    >>> systematic(parse_sas(EXAMPLE, "lamp.sas"), 2)
    [(0,)]
    """
    goals = [var for var, _ in task.goal if task.variables[var].layer < 0]
    singles: list[Pattern] = [(var,) for var in goals]
    if most == 1:
        return singles
    wanted = set(goals)
    pairs = {(cause, var) for cause, var in _conditions(task) if var in wanted}
    pairs |= {(one, other) for one, other in _together(task) if one in wanted and other in wanted}
    return singles + sorted({(min(pair), max(pair)) for pair in pairs})


def _conditions(task: SasTask) -> set[Pattern]:
    """Return the pairs (variable of a condition, variable of an effect) of the operators."""
    arcs = set()
    for operator in task.operators:
        always = {var for var, _ in operator.preconditions}
        for effect in operator.effects:
            causes = always | {var for var, _ in effect.conditions}
            arcs |= {(cause, effect.variable) for cause in causes if task.variables[cause].layer < 0}
    return {(cause, var) for cause, var in arcs if cause != var}


def _together(task: SasTask) -> set[Pattern]:
    """Return the pairs of variables that one operator sets."""
    changed = {frozenset(_changed(operator)) for operator in task.operators}
    return {(one, other) for variables in changed for one, other in product(variables, repeat=2) if one < other}


def _changed(operator: Operator) -> set[int]:
    return {effect.variable for effect in operator.effects}
