"""Packed planning states and their successors, compiled.

An operator clears the bits of the variables it sets and writes their new values, a word at a time.
Conditional effects look at the state before the operator and are applied in file order; derived
variables are computed anew afterwards, stratum by stratum, until nothing changes.

A feature is ``variable * n_values + value``. Operators have no inverse, so nodes keep their parent.

Source: Helmert (2006), "The Fast Downward Planning System", JAIR 26, sections 5 and 6 (semantics, axioms).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.domains.planning.arrays import Integers, flat, starts
from pdsearch.domains.planning.generator import Generator, generator
from pdsearch.domains.planning.layout import Layout
from pdsearch.domains.planning.sas import Facts, Operator, SasTask
from pdsearch.kernels.protocol import changes, expand, is_goal, links, wide, width

Words = npt.NDArray[np.uint64]


class Rules(NamedTuple):
    """What fires where its conditions hold: rule r belongs to owner ``o`` for ``first[o] <= r < first[o + 1]``."""

    first: Integers  # (n_owners + 1,) an owner is an operator, or a stratum of axioms
    mask: Words  # (n_rules * n_words,) bits its conditions look at
    value: Words  # (n_rules * n_words,) what they must be
    clear: Words  # (n_rules * n_words,) bits it sets
    write: Words  # (n_rules * n_words,) to what


class PlanningSpace(NamedTuple):
    """Tables of a planning task; the number of words is part of the type."""

    goal_mask: tuple[int, ...]  # words
    goal_value: tuple[int, ...]
    code: npt.NDArray[np.int32]  # see generator.py
    start: int
    clear: Words  # (n_operators * n_words,) bits that unconditional effects set
    write: Words  # (n_operators * n_words,) to what
    cost: Integers  # (n_operators,)
    touched_first: Integers  # (n_operators + 1,)
    touched: Integers  # variables each operator may change
    word: Integers  # (n_variables,) see layout.py
    shift: Integers
    mask: Words
    variable_at: Integers  # (64 * n_words,) whose bit each is
    n_values: int
    n_changes: int
    conditional: Rules  # by operator
    derived: Words  # (2 * n_words,) bits of derived variables, then their default values
    axioms: Rules  # by stratum


@implements(width, PlanningSpace)
def _width(space):
    return len(space.goal_mask)


@implements(changes, PlanningSpace)
def _changes(space):
    return space.n_changes


@implements(wide, PlanningSpace)
def _wide(space):
    return True


@implements(links, PlanningSpace)
def _links(space):
    return True


@implements(is_goal, PlanningSpace)
def _is_goal(space, state):
    holds = True
    for word in range(len(space.goal_mask)):
        holds = holds and state[word] & np.uint64(space.goal_mask[word]) == np.uint64(space.goal_value[word])
    return holds


def same_answers(tables: type) -> None:
    """Let tables that have the fields of PlanningSpace answer as it does for all but ``expand``."""
    answered: dict[Any, Any] = {width: _width, changes: _changes, wide: _wide, links: _links, is_goal: _is_goal}
    for stub, answer in answered.items():
        implements(stub, tables)(answer)


# the same tables of a task that has conditional effects or axioms: others do without the code for them
RulesSpace: Any = namedtuple("RulesSpace", PlanningSpace._fields)  # type: ignore[misc]
same_answers(RulesSpace)


@inlined
def value_of(space, states, at, variable):
    """Return the value of a variable in the state at ``states[at]``."""
    return np.int64((states[at + space.word[variable]] >> np.uint64(space.shift[variable])) & space.mask[variable])


@implements(expand, PlanningSpace)
def _expand(space, created_by, moves, n):
    end = applicable(space, moves, n)
    for c in range(n, end):
        apply_operator(space, moves.operator[c], moves, c)
    return end


@implements(expand, RulesSpace)
def _expand_rules(space, created_by, moves, n):
    end = applicable(space, moves, n)
    for c in range(n, end):
        apply_with_rules(space, moves.operator[c], moves, c)
    return end


@inlined
def applicable(space, moves, n):
    """Write the operators that apply in ``moves.parent`` to ``moves.operator`` from ``n`` on; return the end."""
    pc = space.start
    head = space.code[pc]
    while head != -1:
        if head >= 0:
            value = (moves.parent[head] >> np.uint64(space.code[pc + 1])) & np.uint64(space.code[pc + 2])
            pc = space.code[pc + 3 + np.int64(value)]
        else:
            end = pc - head
            for i in range(pc + 1, end):
                moves.operator[n] = space.code[i]
                n += 1
            pc = space.code[end]
        head = space.code[pc]
    return n


@inlined
def apply_operator(space, operator, moves, n):
    """Write the successor of ``moves.parent`` by an operator without conditional effects to row ``n``."""
    _set_facts(space, operator, moves, n)
    _note_changes(space, operator, moves, n)


@inlined
def apply_with_rules(space, operator, moves, n):
    """Do the same where effects have conditions, or variables are derived."""
    n_words = len(space.goal_mask)
    _set_facts(space, operator, moves, n)
    for rule in range(space.conditional.first[operator], space.conditional.first[operator + 1]):
        if _holds(space.conditional, rule, moves.parent, 0, n_words):
            _fire(space.conditional, rule, moves.states, n * n_words, n_words)
    if len(space.axioms.mask) > 0:
        derive(space, moves.states, n * n_words)
    _note_changes(space, operator, moves, n)


@inlined
def _set_facts(space, operator, moves, n):
    n_words = len(space.goal_mask)
    for word in range(n_words):
        kept = moves.parent[word] & ~space.clear[operator * n_words + word]
        moves.states[n * n_words + word] = kept | space.write[operator * n_words + word]


@inlined
def _note_changes(space, operator, moves, n):
    """Write cost and changed features of row ``n``, whose state is complete."""
    moves.operator[n] = operator
    moves.cost[n] = space.cost[operator]
    row = n * space.n_changes
    for i in range(space.touched_first[operator], space.touched_first[operator + 1]):
        row = note_change(space, space.touched[i], moves, n, row)
    end_changes(space, moves, n, row)


@inlined
def note_change(space, variable, moves, n, row):
    """Write the features of a variable in row ``n``, before and after, where it changed; return where the next go."""
    before = value_of(space, moves.parent, 0, variable)
    after = value_of(space, moves.states, n * len(space.goal_mask), variable)
    if before != after:
        moves.removed[row] = variable * space.n_values + before
        moves.added[row] = variable * space.n_values + after
        row += 1
    return row


@inlined
def end_changes(space, moves, n, row):
    """Mark the end of the changed features of row ``n``, where there is room for more."""
    if row < (n + 1) * space.n_changes:
        moves.removed[row] = -1
        moves.added[row] = -1


@inlined
def derive(space, states, at):
    """Compute the derived variables of the state at ``states[at]``."""
    n_words = len(space.goal_mask)
    for word in range(n_words):
        states[at + word] = (states[at + word] & ~space.derived[word]) | space.derived[n_words + word]
    for stratum in range(len(space.axioms.first) - 1):
        changed = True
        while changed:
            changed = False
            for rule in range(space.axioms.first[stratum], space.axioms.first[stratum + 1]):
                if _holds(space.axioms, rule, states, at, n_words):
                    _fire(space.axioms, rule, states, at, n_words)
                    changed = True  # a condition on the value before keeps it from firing twice


@inlined
def _holds(rules, rule, states, at, n_words):
    holds = True
    for word in range(n_words):
        i = rule * n_words + word
        holds = holds and states[at + word] & rules.mask[i] == rules.value[i]
    return holds


@inlined
def _fire(rules, rule, states, at, n_words):
    for word in range(n_words):
        i = rule * n_words + word
        states[at + word] = (states[at + word] & ~rules.clear[i]) | rules.write[i]


def planning_space(task: SasTask, layout: Layout) -> tuple[PlanningSpace, Generator]:
    """Return the tables of a task, and its successor generator."""
    sizes = [len(variable.values) for variable in task.variables]
    found = generator([operator.preconditions for operator in task.operators], sizes, layout)
    split = [_split(operator) for operator in task.operators]
    touched = [sorted({effect.variable for effect in operator.effects}) for operator in task.operators]
    derived = [var for var, variable in enumerate(task.variables) if variable.layer >= 0]
    layers = sorted({task.variables[axiom.variable].layer for axiom in task.axioms})
    touched_first, touched_flat = flat(touched)
    strata = [[axiom for axiom in task.axioms if task.variables[axiom.variable].layer == layer] for layer in layers]
    has_rules = task.has_conditional_effects or bool(task.axioms)
    space: Any = (RulesSpace if has_rules else PlanningSpace)(
        goal_mask=_signed(layout.masks(var for var, _ in task.goal)),
        goal_value=_signed(layout.facts(task.goal)),
        code=found.code,
        start=found.start,
        clear=_words([layout.masks(plain) for plain, _ in split]),
        write=_words([layout.facts(plain.items()) for plain, _ in split]),
        cost=np.array([operator.cost for operator in task.operators], np.int64),
        touched_first=touched_first,
        touched=touched_flat,
        word=layout.word,
        shift=layout.shift,
        mask=layout.mask,
        variable_at=layout.variable_at,
        n_values=max(sizes),
        n_changes=max(1, max(map(len, touched), default=1)),
        conditional=_rules([rules for _, rules in split], layout),
        derived=_words([layout.masks(derived), layout.facts((var, task.initial[var]) for var in derived)]),
        axioms=_rules(strata, layout),
    )
    return space, found


def _split(operator: Operator) -> tuple[dict[int, int], list[tuple[Facts, int, int]]]:
    """Return the values that unconditional effects leave behind, and the other effects in order.

    An unconditional effect on a variable that another sets conditionally keeps its place among those.
    """
    unsure = {effect.variable for effect in operator.effects if effect.conditions}
    plain = {effect.variable: effect.value for effect in operator.effects if effect.variable not in unsure}
    return plain, [(*effect,) for effect in operator.effects if effect.variable in unsure]


def _rules(owners: Sequence[Sequence[tuple[Facts, int, int]]], layout: Layout) -> Rules:
    possible = [[rule for rule in owner if len({var for var, _ in rule[0]}) == len(set(rule[0]))] for owner in owners]
    rules = [rule for owner in possible for rule in owner]
    return Rules(
        starts(possible),
        _words([layout.masks(var for var, _ in conditions) for conditions, _, _ in rules]),
        _words([layout.facts(dict(conditions).items()) for conditions, _, _ in rules]),
        _words([layout.masks([variable]) for _, variable, _ in rules]),
        _words([layout.facts([(variable, value)]) for _, variable, value in rules]),
    )


def _words(rows: Sequence[Sequence[int]]) -> Words:
    return np.array([word for row in rows for word in row], np.uint64)


def _signed(words: Sequence[int]) -> tuple[int, ...]:
    return tuple(np.array(words, np.uint64).view(np.int64).tolist())
