"""Strong stubborn sets: of operators whose order does not matter, only one order is followed.

A set T of operators is a strong stubborn set in a state s that is no goal if

1. for some fact of the goal that does not hold, T has every operator that achieves it;
2. for each operator in T that does not apply in s, T has every achiever of some precondition that does not hold;
3. for each operator in T that applies in s, T has every operator that interferes with it: see interference.py.

Then the operators of T that apply in s suffice. Take a cheapest plan from s, and among the cheapest a shortest.
By (1) it has operators of T; let o be the first. If o did not apply in s, an achiever of what it lacks would stand
before it, and by (2) be in T. So o applies in s. None of those before o is in T, so by (3) none interferes with it:
step by step, o still applies after each of them, and each of them would after o. (Operators that never apply together
need not count as interfering, for here both apply in the state before each step.) Hence o can go first, with the
same operators and the same cost, and after it a cheapest plan is left with one step less.

So the pair (cost, steps) still to go falls with every step, operators of cost 0 included, and no state is left out
for ever: at any time some node of least g is open, or under way to its owner, on such a plan, whatever the order of
expansions and however often nodes are reopened. This asks nothing of other states, so each rank of HDA* may switch
pruning off on its own. (The source argues with plans of the fewest operators of cost 0, to the same effect.)

Source: Wehrle and Helmert (2014), "Efficient stubborn sets: generalized algorithms and selection strategies", ICAPS
(definition, theorem; choosing a fact whose achievers are in T already, else one with few); Röger, Helmert, Seipp and
Sievers (2020), "An atom-centric perspective on stubborn sets", SoCS (one mark for all operators that touch a fact in
the same way). Switching off is Fast Downward's ("limited pruning").
"""

from __future__ import annotations

from collections import namedtuple
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from pdsearch._jit import implements, inlined
from pdsearch.domains.planning.arrays import Integers, flat
from pdsearch.domains.planning.interference import Interference, ways
from pdsearch.domains.planning.pruning import PRUNINGS, Pruning
from pdsearch.domains.planning.sas import SasTask
from pdsearch.domains.planning.space import PlanningSpace, applicable, apply_operator, same_answers, value_of
from pdsearch.domains.sharing import Arrays, Share, build_here
from pdsearch.kernels.protocol import expand
from pdsearch.kernels.scratch import scratch
from pdsearch.limits import NO_DEADLINE, Deadline

_EPOCH, _EXPANDED, _BEFORE, _AFTER, _OFF = range(5)
_TRIAL = 1000  # expansions after which pruning is given up
_WORTH_PERCENT = 20  # unless at least so many of the successors were left out


@scratch("marked", "member", "applies", "waiting", "counts")
class Stubborn(NamedTuple):
    """What a stubborn set is made of; a *list* holds operators. The goal counts as one more operator.

    List f has the achievers of fact f; those after the last fact have operators that interfere with others.
    """

    variable: Integers  # (n_facts,)
    value: Integers  # (n_facts,)
    needed_first: Integers  # (n_operators + 2,)
    needed: Integers  # facts that each operator needs, those with few achievers first
    foes_first: Integers  # (n_operators + 1,)
    foes: Integers  # lists with the operators that interfere with each operator
    list_first: Integers  # (n_lists + 1,)
    operators: Integers
    marked: Integers  # (n_lists,) scratch; the epoch in which a list was last taken into the set
    member: Integers  # (n_operators,) scratch; the same of operators
    applies: Integers  # (n_operators,) scratch; the epoch in which an operator last applied
    waiting: Integers  # (n_lists,) scratch
    counts: Integers  # (5,) epoch, expansions, successors before and after pruning, whether it is off


# the fields of PlanningSpace, so that heuristics can read the one as the other
StubbornSpace: Any = namedtuple("StubbornSpace", (*PlanningSpace._fields, "stubborn"))  # type: ignore[misc]
same_answers(StubbornSpace)


@implements(expand, StubbornSpace)
def _expand(space, created_by, moves, n):
    end = applicable(space, moves, n)
    if space.stubborn.counts[_OFF] == 0:
        end = _prune(space, space.stubborn, moves, n, end)
    for c in range(n, end):
        apply_operator(space, moves.operator[c], moves, c)
    return end


@inlined
def _prune(space, stubborn, moves, n, end):
    """Keep those of the operators from ``n`` to ``end`` that are in a stubborn set; return their end."""
    counts = stubborn.counts
    counts[_EPOCH] += 1
    kept = end
    if not _close(space, stubborn, moves, n, end, counts[_EPOCH]):
        kept = n
        for c in range(n, end):
            if stubborn.member[moves.operator[c]] == counts[_EPOCH]:
                moves.operator[kept] = moves.operator[c]
                kept += 1
    counts[_EXPANDED] += 1
    counts[_BEFORE] += end - n
    counts[_AFTER] += kept - n
    if counts[_EXPANDED] == _TRIAL and 100 * (counts[_BEFORE] - counts[_AFTER]) < _WORTH_PERCENT * counts[_BEFORE]:
        counts[_OFF] = 1
    return kept


@inlined
def _close(space, stubborn, moves, n, end, epoch):
    """Make a stubborn set of ``moves.parent``; end early, and say so, once it has all operators that apply."""
    for c in range(n, end):
        stubborn.applies[moves.operator[c]] = epoch
    missing = end - n
    top = _take(stubborn, _unmet(space, stubborn, len(stubborn.member), moves, epoch), epoch, 0)
    if top == 0:  # a goal
        return True
    while top > 0 and missing > 0:
        top -= 1
        chosen = stubborn.waiting[top]
        for i in range(stubborn.list_first[chosen], stubborn.list_first[chosen + 1]):
            o = stubborn.operators[i]
            if stubborn.member[o] == epoch:
                continue
            stubborn.member[o] = epoch
            if stubborn.applies[o] == epoch:
                missing -= 1
                for j in range(stubborn.foes_first[o], stubborn.foes_first[o + 1]):
                    top = _take(stubborn, stubborn.foes[j], epoch, top)
            else:
                top = _take(stubborn, _unmet(space, stubborn, o, moves, epoch), epoch, top)
    return missing == 0


@inlined
def _take(stubborn, chosen, epoch, top):
    """Let a list wait unless it is -1 or was taken before; return the number of those that wait."""
    if chosen >= 0 and stubborn.marked[chosen] != epoch:
        stubborn.marked[chosen] = epoch
        stubborn.waiting[top] = chosen
        top += 1
    return top


@inlined
def _unmet(space, stubborn, o, moves, epoch):
    """Return a fact that an operator (or the goal) needs and that does not hold, best one whose achievers are taken."""
    chosen = -1
    for i in range(stubborn.needed_first[o], stubborn.needed_first[o + 1]):
        fact = stubborn.needed[i]
        if value_of(space, moves.parent, 0, stubborn.variable[fact]) != stubborn.value[fact]:
            if stubborn.marked[fact] == epoch:
                return fact
            if chosen < 0:
                chosen = fact
    return chosen


@PRUNINGS.add("stubborn")
class StubbornSets(Pruning):
    """Of operators whose order does not matter, follow one order only."""

    name = "stubborn"
    source = "Wehrle and Helmert (2014), ICAPS; Röger, Helmert, Seipp and Sievers (2020), SoCS"
    is_shared = True

    def __init__(
        self,
        task: SasTask,
        plain: PlanningSpace,
        max_moves: int,
        deadline: Deadline = NO_DEADLINE,
        share: Share = build_here,
    ) -> None:
        self.space = StubbornSpace(*plain, _tables(share(lambda: _lists(task))))

    @classmethod
    def misfit(cls, task: SasTask) -> str | None:
        """Return what the definition of interference does not cover."""
        return "conditional effects" if task.has_conditional_effects else "axioms" if task.axioms else None

    @property
    def is_off(self) -> bool:
        """Read the switch."""
        return bool(self.space.stubborn.counts[_OFF])

    @property
    def note(self) -> str:
        """Return how many successors were left out."""
        _, expanded, before, after, off = self.space.stubborn.counts.tolist()
        share = f"{100 * (before - after) / max(1, before):.1f} % of the successors of {expanded:,} states"
        return f"stubborn sets are off: they left out {share}" if off else f"stubborn sets left out {share}"


def _tables(lists: Any) -> Stubborn:
    """Return the tables: what is only read, and scratch."""
    only_read = dict(zip(Stubborn._fields, lists, strict=False))
    n_operators, n_lists = len(only_read["foes_first"]) - 1, len(only_read["list_first"]) - 1
    return Stubborn(*lists, *(np.zeros(size, np.int64) for size in (n_lists, n_operators, n_operators, n_lists, 5)))


def _lists(task: SasTask) -> Arrays:
    """Return the fields of the tables that are no scratch, in their order."""
    facts = [(var, value) for var, variable in enumerate(task.variables) for value in range(len(variable.values))]
    number = {fact: i for i, fact in enumerate(facts)}
    interference = Interference(task)
    touched = [[way for way, _ in ways(operator)] for operator in task.operators]
    list_of = {way: i for i, way in enumerate(dict.fromkeys(chain(*touched)), start=len(facts))}
    lists = [interference.achievers[fact] for fact in facts] + [interference.foes(way) for way in list_of]
    needs = [*(operator.preconditions for operator in task.operators), task.goal]
    return (
        *np.array(facts, np.int64).T.copy(),
        *flat([sorted((number[fact] for fact in need), key=lambda i: len(lists[i])) for need in needs]),
        *flat([[list_of[way] for way in row if lists[list_of[way]]] for row in touched]),
        *flat(lists),
    )
