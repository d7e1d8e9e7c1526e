"""Facts that hold at some time in every plan, and what can be reached before they do, if deletes are ignored.

Only the facts of one relaxed plan are asked: no other is in every plan. Without a fact the goal cannot be reached:
it is a landmark. What is reached without it is closed under all operators that do not make it true, so from every
state of such facts alone the way to the goal leads through it.

Source: Hoffmann, Porteous and Sebastia (2004), "Ordered landmarks in planning", JAIR 22, section 3; Seipp and
Helmert (2018), JAIR 62, section 5.3.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pdsearch._jit import kernel
from pdsearch.domains.planning.abstraction import Flags
from pdsearch.domains.planning.relaxed import relaxed
from pdsearch.domains.planning.sas import SasTask
from pdsearch.limits import NO_DEADLINE, Deadline

_NOBODY = -1


class Landmark(NamedTuple):
    """A fact, and the facts that can be reached before it holds for the first time, itself included."""

    variable: int
    value: int
    before: list[Flags]  # for each variable bool[n_values]


@kernel
def _reach(task, starts, banned, reached, achiever, missing, queue):
    """Mark what can be reached without a fact, and the operator by which it is first."""
    n = 0
    for operator in range(len(missing)):
        missing[operator] = task.needs.first[operator + 1] - task.needs.first[operator]
    for fact in starts:
        if not reached[fact]:
            reached[fact] = True
            queue[n] = fact
            n += 1
    at = 0
    while at < n:
        fact = queue[at]
        at += 1
        for i in range(task.needed_by.first[fact], task.needed_by.first[fact + 1]):
            operator = task.needed_by.items[i]
            missing[operator] -= 1
            if missing[operator] == 0:
                for k in range(task.adds.first[operator], task.adds.first[operator + 1]):
                    added = task.adds.items[k]
                    if added != banned and not reached[added]:
                        reached[added] = True
                        achiever[added] = operator
                        queue[n] = added
                        n += 1


def landmarks(task: SasTask, deadline: Deadline = NO_DEADLINE) -> list[Landmark]:
    """Return the landmarks that do not hold in the beginning and are no goals; none where no plan can exist.

    Parameters
    ----------
    task : SasTask
        Any; conditional effects count as operators of their own, and axioms, too.
    deadline : Deadline, optional
        When this must be done.

    Examples
    --------
    >>> from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
    >>> landmarks(parse_sas(EXAMPLE, "lamp.sas"))
    []
    """
    facts = relaxed(task)
    first = facts.first.tolist()
    starts = np.array([*(first[var] + value for var, value in enumerate(task.initial)), *facts.always], np.int64)
    reached, achiever = np.zeros(facts.goal + 1, np.bool_), np.full(facts.goal + 1, _NOBODY)
    missing, queue = np.zeros(len(facts.cost), np.int64), np.zeros(facts.goal + 1, np.int64)
    _reach(facts, starts, _NOBODY, reached, achiever, missing, queue)
    if not reached[facts.goal]:
        return []
    plain = {first[var] + value: (var, value) for var, value in _facts_of(task)}
    waiting, plan = [facts.goal], set[int]()
    while waiting:
        operator = int(achiever[waiting.pop()])
        if operator != _NOBODY:
            needs = facts.needs.items[facts.needs.first[operator] : facts.needs.first[operator + 1]].tolist()
            waiting += set(needs) - plan
            plan |= set(needs)
    goals = {first[var] + value for var, value in task.goal}
    found = []
    for fact in sorted(plan - set(starts.tolist()) - goals):
        deadline.check("looking for landmarks")
        reached = np.zeros(facts.goal + 1, np.bool_)
        _reach(facts, starts, fact, reached, achiever, missing, queue)
        if fact in plain and not reached[facts.goal]:
            reached[fact] = True
            before = [reached[start:end] for start, end in pairwise(first)]
            found.append(Landmark(*plain[fact], before))
    return found


def _facts_of(task: SasTask) -> list[tuple[int, int]]:
    """Return all facts of variables that are not derived."""
    return [
        (var, value)
        for var, variable in enumerate(task.variables)
        if variable.layer < 0
        for value in range(len(variable.values))
    ]
