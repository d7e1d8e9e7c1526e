"""What operators and axioms do to the values of variables, by definition: the slow twin of the compiled code.

Source: Helmert (2006), "The Fast Downward Planning System", JAIR 26, sections 5 and 6 (semantics, axioms).
"""

from __future__ import annotations

from collections.abc import Sequence

from pdsearch.domains.planning.sas import Facts, Operator, SasTask
from pdsearch.errors import WrongPlanError

Values = tuple[int, ...]


def holds(facts: Facts, values: Sequence[int]) -> bool:
    """Say whether all of some facts hold."""
    return all(values[var] == value for var, value in facts)


def derived(task: SasTask, values: Sequence[int]) -> Values:
    """Return the values with those of derived variables computed anew, stratum by stratum."""
    after = [
        task.initial[var] if variable.layer >= 0 else value
        for var, (variable, value) in enumerate(zip(task.variables, values, strict=True))
    ]
    for layer in sorted({task.variables[axiom.variable].layer for axiom in task.axioms}):
        rules = [axiom for axiom in task.axioms if task.variables[axiom.variable].layer == layer]
        while fired := [axiom for axiom in rules if holds(axiom.conditions, after)]:
            for axiom in fired:
                after[axiom.variable] = axiom.value
    return tuple(after)


def successor(task: SasTask, values: Sequence[int], operator: Operator) -> Values:
    """Apply the effects whose conditions hold, in file order; then derive. ValueError if it does not apply."""
    if not holds(operator.preconditions, values):
        raise ValueError(f"({operator.name}) does not apply")
    after = list(values)
    for effect in operator.effects:
        if holds(effect.conditions, values):
            after[effect.variable] = effect.value
    return derived(task, after)


def cost_of(task: SasTask, plan: Sequence[int]) -> int:
    """Return the cost of a plan, a list of numbers of operators; WrongPlanError unless it leads to a goal."""
    values, total = derived(task, task.initial), 0
    for step, number in enumerate(plan):
        try:
            values = successor(task, values, task.operators[number])
        except ValueError as error:
            raise WrongPlanError(f"step {step} of the plan does not apply: {error}") from error
        total += task.operators[number].cost
    if not holds(task.goal, values):
        raise WrongPlanError(f"the plan of {len(plan)} steps does not reach a goal")
    return total
