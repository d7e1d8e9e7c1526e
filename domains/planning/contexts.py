"""Cases of an operator with conditional effects: in each of them every variable changes by itself.

An effect that looks at another variable ties the two together. Variables that are tied form a *knot* of the operator,
and a knot has cases: sets of values that its variables may have before, which are found by asking one fact after the
other until it is known which effects happen. In a case what happens to a variable follows from its own value, so that
a product of factors, one for each case, has no transition that the task does not have.

Where a knot would have too many cases some questions stay open: effects may then happen or not, as they do where they
ask for derived variables.

Source: Nebel (2000), "On the compilability and expressive power of propositional planning formalisms", JAIR 12
(operators are split by the conditions of their effects); that knots are split apart from each other is our own.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pdsearch.domains.planning.sas import Effect, Operator
from pdsearch.limits import NO_DEADLINE, Deadline

Values = frozenset[int]
Known = Mapping[int, Values]  # which values variables may have; those that it does not name may have any

MOST_CASES = 256  # of one operator, of all its knots that are looked at at the same time together
MOST_IN_ALL = 1 << 16  # of all operators
MOST_LOOKS = 1 << 20  # at effects, while the cases of all operators are found: some seconds


class Knot(NamedTuple):
    """Variables of an operator that its effects tie together, and the cases of what they may be before."""

    variables: tuple[int, ...]  # in the order in which they are to be merged
    cases: tuple[Known, ...]


def knots(
    operator: Operator,
    sizes: Mapping[int, int],
    most: int = MOST_CASES,
    looks: int = MOST_LOOKS,
    deadline: Deadline = NO_DEADLINE,
) -> list[Knot]:
    """Return the knots of an operator that have several cases.

    Parameters
    ----------
    operator : Operator
        Any.
    sizes : mapping of int to int
        How many values each variable has that is not derived, in the order in which they are to be merged.
    most : int
        Knots whose variables lie between each other in that order have no more cases than this together.
    looks : int
        Effects that are looked at to find the cases, about: where they and the values are many there are fewer cases.
    deadline : Deadline, optional
        When it must be done.

    Raises
    ------
    TimeLimitError
        If the deadline passes.

    Examples
    --------
    >>> swap = (Effect(((1, 0),), 0, 0), Effect(((1, 1),), 0, 1), Effect(((0, 0),), 1, 0), Effect(((0, 1),), 1, 1))
    >>> [one] = knots(Operator("swap", (), swap, 1), {0: 2, 1: 2})
    >>> one.variables, len(one.cases)
    ((0, 1), 4)
    """
    effects: dict[int, list[Effect]] = {}
    for effect in operator.effects:
        effects.setdefault(effect.variable, []).append(effect)
    needed = dict(operator.preconditions)
    found = []
    for variables in _tied(effects, needed, sizes):
        known = {var: frozenset({needed[var]}) if var in needed else frozenset(range(sizes[var])) for var in variables}
        base = {var: frozenset({value}) for var, value in operator.preconditions} | known
        at_once = sum(len(known[var]) * len(effects.get(var, [])) for var in variables)  # looks for a question
        of_each = {var: effects.get(var, []) for var in variables}
        cases = _cases(base, of_each, min(most, looks // at_once), deadline)
        looks = max(0, looks - at_once * len(cases))
        found += [Knot(variables, cases)] * (len(cases) > 1)
    return _within(found, list(sizes), most)


def outcomes(known: Known, variable: int, value: int, effects: Sequence[Effect]) -> set[int]:
    """Return the values that a variable of some value can have after its effects, which are in file order."""
    after = {value}
    for effect in effects:
        holds = [_holds(known, variable, value, fact) for fact in effect.conditions]
        if False not in holds:
            after = after | {effect.value} if None in holds else {effect.value}
    return after


def _holds(known: Known, variable: int, value: int, fact: tuple[int, int]) -> bool | None:
    """Say whether a fact holds where a variable has a value; None where that is not known."""
    var, asked = fact
    if var == variable:
        return value == asked
    may_be = known.get(var)
    if may_be is None or (asked in may_be and len(may_be) > 1):
        return None
    return asked in may_be


def _tied(
    effects: Mapping[int, Sequence[Effect]], needed: Mapping[int, int], sizes: Mapping[int, int]
) -> list[tuple[int, ...]]:
    """Return the sets of variables that conditions of effects tie together."""
    sets: dict[int, set[int]] = {}
    for var, some in effects.items():
        for effect in some:
            for other, _ in effect.conditions:
                if other != var and other in sizes and other not in needed:
                    both = sets.get(var, {var}) | sets.get(other, {other})
                    sets |= dict.fromkeys(both, both)
    distinct = {id(one): one for one in sets.values()}
    return [tuple(var for var in sizes if var in one) for one in distinct.values()]


def _cases(base: Known, effects: Mapping[int, Sequence[Effect]], most: int, deadline: Deadline) -> tuple[Known, ...]:
    """Ask one fact after the other, until all is known or there are too many cases."""
    done, waiting = list[Known](), deque([base])
    while waiting:
        deadline.check("merge-and-shrink")
        known = waiting.popleft()
        fact = _question(known, effects) if len(done) + len(waiting) + 1 < most else None
        if fact is None:
            done.append(known)
        else:
            var, value = fact
            waiting += ({**known, var: frozenset({value})}, {**known, var: known[var] - {value}})
    return tuple(done)


def _question(known: Known, effects: Mapping[int, Sequence[Effect]]) -> tuple[int, int] | None:
    """Return the fact that most of what is open depends on; None where nothing is that can be asked."""
    asked: Counter[tuple[int, int]] = Counter()
    for var, some in effects.items():
        for value in known[var]:
            if len(outcomes(known, var, value, some)) > 1:
                for effect in some:
                    holds = {fact: _holds(known, var, value, fact) for fact in effect.conditions}
                    if False not in holds.values():
                        asked.update(fact for fact, verdict in holds.items() if verdict is None and fact[0] in known)
    return min(asked, key=lambda fact: (-asked[fact], fact), default=None)


def _within(found: list[Knot], order: Sequence[int], most: int) -> list[Knot]:
    """Leave out the knots of most cases where too many are open between the same two variables."""
    place = {var: at for at, var in enumerate(order)}
    kept: list[Knot] = []
    for knot in sorted(found, key=lambda knot: (len(knot.cases), place[knot.variables[0]])):
        n_open = [1] * len(order)
        for one in (*kept, knot):
            for at in range(place[one.variables[0]], place[one.variables[-1]] + 1):
                n_open[at] *= len(one.cases)
        kept += [knot] * (max(n_open) <= most)
    return kept
