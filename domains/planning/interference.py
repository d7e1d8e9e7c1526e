"""Which operators interfere with which, told by how both touch one variable.

Two operators interfere if, in some state where both apply, one takes a precondition from the other or they leave
different values of a variable behind. Seen from an operator and one variable ``v`` that it touches, these are:

==============================  ==========================================================================
the operator                    the others
==============================  ==========================================================================
``moves`` v from d              need v = d, or write v
``reads`` v = d                 move v from d, or write v to another value
``writes`` v to d               need another value of v, move v from d, or write v to another value
==============================  ==========================================================================

To write is to set v without needing any value of it; to read is to need a value and leave it. Others that
need another value of v than the operator itself are left out: the two never apply together.

Source: Wehrle and Helmert (2014), "Efficient stubborn sets: generalized algorithms and selection strategies", ICAPS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from pdsearch.domains.planning.sas import Operator, SasTask

Fact = tuple[int, int]


class Way(NamedTuple):
    """How an operator touches a variable: ``moves`` it from a value, ``reads`` a value, ``writes`` a value."""

    verb: str
    variable: int
    value: int


def ways(operator: Operator) -> Iterator[tuple[Way, int | None]]:
    """Yield how an operator touches each variable, and the value that it sets, if any."""
    needed = dict(operator.preconditions)
    made = {effect.variable: effect.value for effect in operator.effects}
    for var in sorted(needed | made):
        before, after = needed.get(var), made.get(var)
        if before is None:
            assert after is not None
            yield Way("writes", var, after), after
        elif after is None or after == before:
            yield Way("reads", var, before), None
        else:
            yield Way("moves", var, before), after


class Interference:
    """The operators of a task, without conditional effects and axioms, by how they touch facts.

    Attributes
    ----------
    achievers : mapping from (variable, value) to list of int
        The operators that make a fact true where it was not.
    """

    def __init__(self, task: SasTask) -> None:
        self.achievers: defaultdict[Fact, list[int]] = defaultdict(list)
        self._touching: defaultdict[tuple[str, int], defaultdict[int, list[int]]]  # by verb and variable, then value
        self._touching = defaultdict(lambda: defaultdict(list))
        for number, operator in enumerate(task.operators):
            for way, after in ways(operator):
                self._touching[way.verb, way.variable][way.value].append(number)
                if after is not None:
                    self.achievers[way.variable, after].append(number)

    def foes(self, way: Way) -> list[int]:
        """Return the operators that interfere with one that touches a variable so."""
        verb, var, value = way
        found = [self._touching["moves", var][value], self._others("writes", way)]
        if verb == "moves":
            found += [self._touching["reads", var][value], self._touching["writes", var][value]]
        if verb == "writes":
            found += [self._others("moves", way), self._others("reads", way)]
        return list(chain(*found))

    def _others(self, verb: str, way: Way) -> list[int]:
        """Return the operators that touch the same variable with a verb and another value."""
        by_value = self._touching[verb, way.variable]
        return [number for value, numbers in by_value.items() if value != way.value for number in numbers]
