"""The delete relaxation of a task as flat arrays: what a fact makes applicable, and what that adds.

A proposition is a fact, numbered ``first[variable] + value``; two more stand for "nothing needed" and "all goals
hold". A relaxed operator has preconditions, effects it adds and a cost. An effect with conditions is a relaxed
operator of its own, a *part* of the one that it belongs to; an axiom is one of cost 0, and the default value of a
derived variable is taken to hold always, which only makes more things possible.

Source: Bonet and Geffner (2001), "Planning as heuristic search", AIJ 129, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains.planning.sas import Facts, Operator, SasTask

_Part = tuple[Facts, Facts, int]  # needed, added, cost
Integers = npt.NDArray[np.uint32]  # unsigned, so that numba need not look for indices that count from the end


class Rows(NamedTuple):
    """Lists of different lengths: row i is ``items[first[i] : first[i + 1]]``."""

    first: Integers
    items: Integers

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Rows:
        """Return the rows in one array."""
        first = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        return cls(first.astype(np.uint32), np.array([item for row in rows for item in row], np.uint32))

    def turned(self, n: int) -> Rows:
        """Return for each of ``n`` items the rows it is in, ascending."""
        rows: list[list[int]] = [[] for _ in range(n)]
        for row in range(len(self.first) - 1):
            for item in self.items[self.first[row] : self.first[row + 1]].tolist():
                rows[item].append(row)
        return Rows.of(rows)


class Relaxed(NamedTuple):
    """The relaxed task; the last operator has the goals as preconditions and costs nothing."""

    first: Integers  # (n_variables + 1,) number of a variable's first fact
    needs: Rows  # propositions by operator, at least one each
    adds: Rows  # propositions by operator
    needed_by: Rows  # operators by proposition
    added_by: Rows  # operators by proposition
    cost: npt.NDArray[np.int64]  # (n_operators,)
    origin: Integers  # (n_operators,) which one it is a part of
    first_part: Integers  # (n_origins + 1,) parts of one follow each other
    always: Integers  # propositions that hold in every state
    goal: int  # the proposition that says that all goals hold


def relaxed(task: SasTask) -> Relaxed:
    """Return the delete relaxation of a task."""
    sizes = [len(variable.values) for variable in task.variables]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.uint32)
    nothing, goal = int(first[-1]), int(first[-1]) + 1

    def number(facts: Facts) -> list[int]:
        return [int(first[var]) + value for var, value in facts]

    parts: list[list[_Part]] = [*_operators(task), [(task.goal, (), 0)]]
    operators = [part for of_one in parts for part in of_one]
    n_parts = [len(of_one) for of_one in parts]
    needs = Rows.of([number(needed) or [nothing] for needed, _, _ in operators])
    adds = Rows.of([*(number(added) for _, added, _ in operators[:-1]), [goal]])
    defaults = [(var, task.initial[var]) for var, variable in enumerate(task.variables) if variable.layer >= 0]
    return Relaxed(
        first,
        needs,
        adds,
        needs.turned(goal + 1),
        adds.turned(goal + 1),
        np.array([cost for _, _, cost in operators], np.int64),
        np.repeat(np.arange(len(parts)), n_parts).astype(np.uint32),
        np.concatenate([[0], np.cumsum(n_parts)]).astype(np.uint32),
        np.array([*number(tuple(defaults)), nothing], np.uint32),
        goal,
    )


def _operators(task: SasTask) -> Iterator[list[_Part]]:
    """Yield the parts of each operator and axiom."""
    for operator in task.operators:
        plain = tuple((effect.variable, effect.value) for effect in operator.effects if not effect.conditions)
        parts = [(_kept_first(operator), plain, operator.cost)] if plain else []
        for conditions, variable, value in operator.effects:
            if conditions:
                parts.append((tuple({*operator.preconditions, *conditions}), ((variable, value),), operator.cost))
        yield parts
    for conditions, variable, value in task.axioms:
        yield [(conditions, ((variable, value),), 0)]


def _kept_first(operator: Operator) -> Facts:
    """Return the preconditions, those that the operator leaves as they are first: LM-cut's ties depend on the order."""
    changed = {effect.variable for effect in operator.effects}
    return tuple(sorted(operator.preconditions, key=lambda fact: fact[0] in changed))


def most_h(task: SasTask) -> int:
    """Return a bound on every finite h that adds up costs of distinct parts of operators, or of distinct facts."""
    costs = [cost for parts in _operators(task) for _, _, cost in parts] or [0]
    return min(sum(costs), max(costs) * sum(len(variable.values) for variable in task.variables))
