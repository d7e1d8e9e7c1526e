"""What operators do to the variables of a pattern: the ways in which each may act, and which transitions it makes.

All choices among an operator's effects on each variable are ways to act; where effects have conditions, some of their
transitions cannot be, for the condition of another effect is seen to hold in the state that they start from.

Source: the semantics of conditional effects are those of :mod:`pdsearch.domains.planning.semantics`: conditions are
looked at before the operator is applied, and the last effect on a variable wins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.sas import SasTask

Integers = npt.NDArray[np.int64]

_NEVER, _MAYBE, _SURE = range(3)


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


def flat(task: SasTask) -> Operators:
    """Return the operators of a task."""
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
def act(operators, relevant, pattern, sizes, slot, scratch, operator_of, key_of):
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


@inlined
def _seen(operators, effect, source, sizes, multiplier, slot):
    """Say whether an effect happens in an abstract state: never, for sure, or maybe, for a condition is not seen."""
    verdict = _SURE
    for when in range(operators.when_first[effect], operators.when_first[effect + 1]):
        at = slot[operators.when_variable[when]]
        if at < 0:
            verdict = _MAYBE
        elif source // multiplier[at] % sizes[at] != operators.when_value[when]:
            return _NEVER
    return verdict


@kernel
def keep_what_happens(operators, operator_of, source, target, pattern, sizes, multiplier, slot, kept):
    """Clear ``kept`` of the transitions that their operators cannot make; an operator of -1 makes all of its own."""
    for i in range(len(source)):
        operator = operator_of[i]
        if operator < 0 or not kept[i]:
            continue
        for at in range(len(pattern)):
            after = target[i] // multiplier[at] % sizes[at]
            possible = after == source[i] // multiplier[at] % sizes[at]
            for effect in range(operators.effect_first[operator], operators.effect_first[operator + 1]):
                if operators.effect_variable[effect] == pattern[at]:
                    verdict = _seen(operators, effect, source[i], sizes, multiplier, slot)
                    agrees = after == operators.effect_value[effect]
                    if verdict == _SURE:
                        possible = agrees
                    elif verdict == _MAYBE:
                        possible = possible or agrees
            if not possible:
                kept[i] = False
                break
