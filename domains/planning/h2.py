"""h^2 from both ends: facts, pairs of facts and operators that are on no way from the initial state to a goal.

Forward, a pair of facts is possible if it holds initially or an operator can bring it about; the others are
mutex. Backward, a pair is possible if it fits the goal or stands before an operator that leads to possible pairs; a
state with another pair is a dead end. Each direction leaves out what the other has ruled out, in turn, until
nothing changes.

Every state on a plan has possible pairs only: by induction along the plan from its beginning (forward) or
its end (backward), and neither induction meets a pair that was ruled out before, for those are on no plan.
So every plan is kept, up to operators that change nothing.

Source: Haslum and Geffner (2000), "Admissible heuristics for optimal planning", AIPS; Alcázar and Torralba
(2015), "A reminder about the importance of computing and exploiting invariants in planning", ICAPS.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains.planning.arrays import Integers, flat, starts
from pdsearch.domains.planning.pairs import Bits, Steps, find_usable, spread
from pdsearch.domains.planning.preprocessing import PREPROCESSORS, Prepared, Preprocessor
from pdsearch.domains.planning.reduction import reduced
from pdsearch.domains.planning.sas import Facts, Operator, SasTask
from pdsearch.limits import NO_DEADLINE, Deadline

_BUDGET = 2 * 10**10  # words looked at: some ten seconds; counted, because ranks that look at a clock may disagree
_WORDS_PER_S = 2 * 10**9
_MAX_FACTS = 30_000  # two tables of 100 MiB


@PREPROCESSORS.add("h2")
class H2(Preprocessor):
    """Remove what is on no way from the initial state to a goal, as far as pairs of facts tell."""

    name = "h2"
    source = "Haslum and Geffner (2000), AIPS; Alcázar and Torralba (2015), ICAPS"

    @classmethod
    def prepare(cls, task: SasTask, deadline: Deadline = NO_DEADLINE) -> Prepared:
        """Return the reduced task; the given one if it has conditional effects or axioms, or nothing is found."""
        return reduce_by_h2(task, deadline=deadline)


def budget_of(seconds: float) -> int:
    """Return the work that takes so long, about; never more than that of the preprocessor."""
    return int(min(_BUDGET, seconds * _WORDS_PER_S))


def reduce_by_h2(task: SasTask, budget: int = _BUDGET, deadline: Deadline = NO_DEADLINE) -> Prepared:
    """Return the task without what ``budget`` words of work prove to be on no plan."""
    n_facts = sum(len(variable.values) for variable in task.variables)
    why_off = (
        ("the task has conditional effects" if task.has_conditional_effects else "")
        or ("the task has axioms" if task.axioms else "")
        or (f"{n_facts} facts are more than {_MAX_FACTS}" if n_facts > _MAX_FACTS else "")
    )
    if why_off:
        return Prepared.unchanged(task, f"h2 is off: {why_off}")
    found = find_possible(task, budget, deadline)
    if not found.is_solvable:
        stuck = dataclasses.replace(task, operators=())
        return Prepared(stuck, (), "h2 removed all operators", "no plan has possible pairs of facts only (h2)")
    early = "" if found.is_finished else ", and stopped early"
    if found.usable.all() and found.singles.all():
        return Prepared.unchanged(task, f"h2 is off: it found nothing to remove{early}")
    smaller, kept = reduced(task, found.values(), found.operators(task))
    removed = f"{len(task.operators) - len(kept)} of {len(task.operators)} operators"
    return Prepared(smaller, kept, f"h2 removed {removed} and {(~found.singles).sum()} of {n_facts} facts{early}")


class Possible(NamedTuple):
    """What can be on a plan, as far as pairs tell."""

    first: Integers  # (n_variables + 1,) fact (variable, value) is number first[variable] + value
    pairs: Bits  # (n_facts, n_words) see pairs.py
    usable: npt.NDArray[np.bool_]  # (n_operators,)
    is_solvable: bool
    is_finished: bool  # before the budget was spent

    @property
    def singles(self) -> npt.NDArray[np.bool_]:
        """Return which facts are possible: bool[n_facts]."""
        fact = np.arange(self.first[-1])
        bits = self.pairs[fact, fact >> 6] >> (fact & 63).astype(np.uint64)
        return np.asarray(bits & np.uint64(1), bool)

    def values(self) -> list[list[int]]:
        """Return the possible values of each variable."""
        return [np.flatnonzero(singles).tolist() for singles in np.split(self.singles, self.first[1:-1])]

    def operators(self, task: SasTask) -> dict[int, Operator]:
        """Return the usable operators by number, each with the preconditions that its own imply."""
        return {number: self._explicit(task.operators[number]) for number in np.flatnonzero(self.usable).tolist()}

    def _explicit(self, operator: Operator) -> Operator:
        """Return an operator with a precondition on each variable that it changes and that can have one value only.

        Source: Alcázar, Borrajo, Fernández and Fuentetaja (2013), "Revisiting regression in planning", IJCAI
        (disambiguation).
        """
        needed = dict(operator.preconditions)
        beside = unpack(np.bitwise_and.reduce(self.pairs[numbers_of(operator.preconditions, self.first)], axis=0))
        for effect in operator.effects:
            values = np.flatnonzero(beside[self.first[effect.variable] : self.first[effect.variable + 1]])
            if operator.preconditions and len(values) == 1:
                needed.setdefault(effect.variable, int(values[0]))
        return dataclasses.replace(operator, preconditions=tuple(sorted(needed.items())))


def find_possible(task: SasTask, budget: int = _BUDGET, deadline: Deadline = NO_DEADLINE) -> Possible:
    """Return what can be on a plan of a task without conditional effects and axioms."""
    first = starts([variable.values for variable in task.variables])
    variable = np.repeat(np.arange(len(task.variables)), np.diff(first))
    initial, goal = (numbers_of(facts, first) for facts in (tuple(enumerate(task.initial)), task.goal))
    every = np.arange(first[-1])
    fits_goal = ~np.isin(variable, variable[goal]) | np.isin(every, goal)
    forward, backward = (_steps(task, first, is_forward) for is_forward in (True, False))
    possible, is_finished = _rule_out(
        [(forward, np.isin(every, initial)), (backward, fits_goal)],
        pack(np.arange(len(task.variables))[:, None] == variable),
        pack((variable[:, None] != variable) | (every[:, None] == every)),
        budget,
        deadline,
    )
    usable = np.zeros(len(task.operators), bool)
    find_usable(forward, possible, usable)
    is_solvable = all(unpack(possible[facts])[:, facts].all() for facts in (initial, goal))
    return Possible(first, possible, usable, is_solvable, is_finished)


def _rule_out(
    ways: Sequence[tuple[Steps, npt.NDArray[np.bool_]]], values: Bits, possible: Bits, budget: int, deadline: Deadline
) -> tuple[Bits, bool]:
    """Go both ways in turn, each from its facts, until nothing changes; say whether the budget sufficed.

    A way that rules out nothing would not do so if repeated, so the first such one is the last.
    """
    turn = 0
    while True:
        steps, begin = ways[turn % 2]
        reached, singles = pack(begin[:, None] & begin) & possible, pack(begin)
        work = len(singles) * sum(map(len, steps))
        while spread(steps, values, possible, reached, singles, np.empty_like(singles)):
            deadline.check("h2")
            budget -= work
            if budget < 0:
                return possible, False
        before, possible = possible, reached
        if turn > 0 and np.array_equal(before, possible):
            return possible, True
        turn += 1


def _steps(task: SasTask, first: Integers, is_forward: bool) -> Steps:
    """Return what the operators do to facts, forward or backward."""
    before, after, new, left = [], [], [], []
    for operator in task.operators:
        needed = dict(operator.preconditions)
        made = {effect.variable: effect.value for effect in operator.effects}
        before.append(numbers_of(operator.preconditions, first))
        after.append(numbers_of(tuple((needed | made).items()), first))
        left.append(list(made))
        if is_forward:
            new.append(numbers_of(tuple(made.items()), first))
        else:
            choices = {var: [needed[var]] if var in needed else range(len(task.variables[var].values)) for var in made}
            new.append([int(first[var]) + value for var, values in choices.items() for value in values])
    need, give = (before, after) if is_forward else (after, before)
    return Steps(*flat(need), *flat(give), *flat(new), *flat(left))


def numbers_of(facts: Facts, first: Integers) -> list[int]:
    """Return the numbers of facts."""
    return [int(first[var]) + value for var, value in facts]


def pack(matrix: npt.NDArray[np.bool_]) -> Bits:
    """Return booleans as bits, 64 to a word, along the last axis."""
    spare = [(0, 0)] * (matrix.ndim - 1) + [(0, -matrix.shape[-1] % 64)]
    return np.packbits(np.pad(matrix, spare), axis=-1, bitorder="little").view("<u8").astype(np.uint64)


def unpack(bits: Bits) -> npt.NDArray[np.bool_]:
    """Return bits as booleans; those beyond the last fact are false, or never looked at."""
    return np.unpackbits(bits.astype("<u8").view(np.uint8), axis=-1, bitorder="little").astype(bool)
