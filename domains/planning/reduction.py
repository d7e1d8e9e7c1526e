"""A task without some of its values and operators: what is left is numbered anew, and constant variables go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pdsearch.domains.planning.sas import Effect, Facts, Operator, SasTask


def reduced(
    task: SasTask, values: Sequence[Sequence[int]], operators: Mapping[int, Operator]
) -> tuple[SasTask, tuple[int, ...]]:
    """Return a smaller task and, for each of its operators, the number that it had.

    Parameters
    ----------
    task : SasTask
        Without conditional effects and axioms.
    values : sequence of sequence of int
        The values that each variable keeps, among them the initial one; none but these may be needed, set or a goal.
    operators : mapping from int to Operator
        The operators to keep, by number. Those that change nothing are left out.
    """
    names = _Names(values)
    smaller = {number: _operator(operator, names) for number, operator in operators.items()}
    kept = tuple(number for number in sorted(smaller) if smaller[number].effects)
    variables = tuple(
        replace(task.variables[var], values=tuple(task.variables[var].values[value] for value in values[var]))
        for var in names.variables
    )
    groups = (names.of(group) for group in task.mutexes)
    return SasTask(
        metric=task.metric,
        variables=variables,
        mutexes=tuple(group for group in groups if len(group) > 1),
        initial=tuple(value for _, value in names.of(enumerate(task.initial))),
        goal=names.of(task.goal),
        operators=tuple(smaller[number] for number in kept),
    ), kept


class _Names:
    """The new numbers of what is kept; a task has at least one variable."""

    def __init__(self, values: Sequence[Sequence[int]]) -> None:
        self.variables = [var for var, kept in enumerate(values) if len(kept) > 1] or [0]
        self._facts = {
            (var, value): (new_var, new_value)
            for new_var, var in enumerate(self.variables)
            for new_value, value in enumerate(values[var])
        }

    def of(self, facts: Iterable[tuple[int, int]]) -> Facts:
        """Return those of some facts that are kept, as they are called now."""
        return tuple(self._facts[fact] for fact in facts if fact in self._facts)


def _operator(operator: Operator, names: _Names) -> Operator:
    needed = dict(operator.preconditions)
    made = {effect.variable: effect.value for effect in operator.effects}
    changes = sorted((var, value) for var, value in made.items() if needed.get(var) != value)
    effects = tuple(Effect((), var, value) for var, value in names.of(changes))
    return replace(operator, preconditions=names.of(operator.preconditions), effects=effects)
