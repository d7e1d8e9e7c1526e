"""Patterns that can tell something that smaller ones cannot.

In the causal graph an arc leads from the variable of a condition to that of an effect. A pattern is worth a table if
it is connected, by such arcs or by operators that set two of its variables, and an arc or a chain of arcs leads from
each of its variables to a goal variable in it: any other is a sum of smaller patterns. Derived variables have no
transitions of their own and are left out.

Source: Pommerening, Röger and Helmert (2013), "Getting the most out of pattern databases for classical
planning", IJCAI, section 4 (interesting patterns).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pdsearch.domains.planning.sas import SasTask

Pattern = tuple[int, ...]  # variables, ascending
_Arcs = Mapping[int, set[int]]


def systematic(task: SasTask, most: int) -> list[Pattern]:
    """Return the interesting patterns of up to ``most`` variables, 3 at most, the smaller ones first.

    >>> from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
    >>> systematic(parse_sas(EXAMPLE, "lamp.sas"), 2)
    [(0,)]
    """
    causes, linked = _causal_graph(task)
    goals = {var for var, _ in task.goal if task.variables[var].layer < 0}
    last: list[Pattern] = [(var,) for var in sorted(goals)]
    found = list(last)
    for _ in range(most - 1):  # beyond three variables, some patterns do not come of smaller ones by adding one
        larger = {tuple(sorted((*pattern, var))) for pattern in last for var in _beside(pattern, linked)}
        last = sorted(pattern for pattern in larger if _all_lead_to(goals.intersection(pattern), pattern, causes))
        found += last
    return found


def grown(task: SasTask, patterns: Iterable[Pattern]) -> Iterator[Pattern]:
    """Yield the interesting patterns that have one variable more than one of ``patterns``, each once.

    >>> from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
    >>> list(grown(parse_sas(EXAMPLE, "lamp.sas"), [(0,)]))
    []
    """
    causes, linked = _causal_graph(task)
    goals = {var for var, _ in task.goal if task.variables[var].layer < 0}
    seen: set[Pattern] = set()
    for pattern in patterns:
        for var in sorted(_beside(pattern, linked)):
            larger = tuple(sorted((*pattern, var)))
            if larger not in seen:
                seen.add(larger)
                if _all_lead_to(goals.intersection(larger), larger, causes):
                    yield larger


def _causal_graph(task: SasTask) -> tuple[_Arcs, _Arcs]:
    """Return, for each variable, those of conditions for its effects, and those with which it is linked in any way."""
    causes: defaultdict[int, set[int]] = defaultdict(set)
    linked: defaultdict[int, set[int]] = defaultdict(set)
    for operator in task.operators:
        always = {var for var, _ in operator.preconditions}
        changed = {effect.variable for effect in operator.effects}
        for effect in operator.effects:
            needed = always | {var for var, _ in effect.conditions}
            causes[effect.variable] |= {var for var in needed if task.variables[var].layer < 0} - {effect.variable}
            linked[effect.variable] |= changed - {effect.variable}
    for var, others in causes.items():
        linked[var] |= others
        for other in others:
            linked[other].add(var)
    return causes, linked


def _beside(pattern: Pattern, linked: _Arcs) -> set[int]:
    """Return the variables outside a pattern that are linked with one inside."""
    return {other for var in pattern for other in linked.get(var, ())} - set(pattern)


def _all_lead_to(goals: Iterable[int], pattern: Pattern, causes: _Arcs) -> bool:
    """Say whether arcs within the pattern lead from each of its variables to one of ``goals``."""
    reached = set(goals)
    waiting = list(reached)
    while waiting:
        new = causes.get(waiting.pop(), set()).intersection(pattern) - reached
        reached |= new
        waiting += new
    return len(reached) == len(pattern)
