"""The symmetries of small tasks, found by trying all permutations that may be one: slow and obvious."""

from __future__ import annotations

from collections import Counter
from itertools import permutations, product


def signature(task, var, value):
    """Return in which roles a fact occurs, which no symmetry changes."""
    fact, variable = (var, value), task.variables[var]
    roles = [("default",)] * (variable.layer >= 0 and value == task.initial[var]) + [("goal",)] * (fact in task.goal)
    for operator in task.operators:
        roles += [("needed", operator.cost)] * (fact in operator.preconditions)
        for rule in operator.effects:
            roles += [("when", operator.cost)] * (fact in rule.conditions) + [("made", operator.cost)] * (
                rule[1:] == fact
            )
    for rule in task.axioms:
        roles += [("derives",)] * (fact in rule.conditions) + [("derived",)] * (rule[1:] == fact)
    return (variable.layer, len(variable.values), *sorted(Counter(roles).items()))


def parts_of(task, to, values):
    """Return what a task consists of after a permutation; no operator has two effects on one variable."""

    def moved(fact):
        return to[fact[0]], values[fact[0]][fact[1]]

    def rule_of(rule):
        return frozenset(map(moved, rule.conditions)), moved(rule[1:])

    operators = Counter(
        (operator.cost, frozenset(map(moved, operator.preconditions)), frozenset(map(rule_of, operator.effects)))
        for operator in task.operators
    )
    return operators, Counter(map(rule_of, task.axioms)), set(map(moved, task.goal))


def of(task):
    """Return all permutations of variables and their values under which a task stays what it is, by trying each."""
    told = [[signature(task, var, value) for value in range(len(v.values))] for var, v in enumerate(task.variables)]
    same = [list(range(len(one))) for one in told]
    before, found = parts_of(task, range(len(told)), same), []
    for to in permutations(range(len(told))):
        if any(sorted(told[var]) != sorted(told[to[var]]) for var in range(len(to))):
            continue
        maps = [
            [m for m in permutations(range(len(one))) if all(told[to[var]][m[v]] == one[v] for v in range(len(one)))]
            for var, one in enumerate(told)
        ]
        found += [(to, values) for values in product(*maps) if parts_of(task, to, values) == before]
    return found


def image(one, values):
    to, maps = one
    after = dict(zip(to, (m[value] for m, value in zip(maps, values, strict=True)), strict=True))
    return tuple(after[var] for var in range(len(values)))
