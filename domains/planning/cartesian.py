"""Cartesian abstractions, refined where their best plans fail: one for each goal and for each landmark.

The abstraction for a goal fact begins with two states, those with the fact and the others. The one for a landmark
counts as goals, too, the states with any fact that cannot be reached before the landmark: in all others the landmark
is still to come. Refinement goes on until the best abstract plan is one of the task, or the share of the room or the
time is used up.

Source: Seipp and Helmert (2018), "Counterexample-guided Cartesian abstraction refinement for classical planning",
JAIR 62, sections 3 to 5; Speck and Seipp (2022), "New refinement strategies for Cartesian abstractions", ICAPS.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pdsearch.domains.planning.abstraction import Flags, Integers
from pdsearch.domains.planning.cartesian_distances import find_distances, new_queue
from pdsearch.domains.planning.cartesian_flaws import GO_ON, NO_ROOM, grown_flaws, new_flaws, refine
from pdsearch.domains.planning.cartesian_states import (
    FAR,
    INITIAL,
    N_BITS,
    N_LOOPS,
    N_MOVES,
    N_NODES,
    N_STATES,
    CartesianTask,
    States,
    cartesian_task,
    first_state,
    split,
    with_room,
)
from pdsearch.domains.planning.landmarks import landmarks
from pdsearch.domains.planning.projections import reached
from pdsearch.domains.planning.refinement_tree import Tree
from pdsearch.domains.planning.sas import Facts, SasTask
from pdsearch.limits import NO_DEADLINE, Deadline

MOST_COST = 2**30  # of one operator: of larger ones sums might be too large
_AT_ONCE = 1 << 20  # transitions looked at between two looks at the clock


class Limits(NamedTuple):
    """How large all abstractions together may grow."""

    states: int
    moves: int
    effort: int  # transitions looked at
    time_s: float


class Cartesian(NamedTuple):
    """One abstraction; see :class:`pdsearch.domains.planning.abstraction.Abstraction`."""

    live: Flags
    goal: Flags
    source: Integers
    target: Integers
    group: Integers
    group_of: Integers
    operator_of: Integers
    tree: Tree

    def state_of(self, values: Sequence[int]) -> int:
        """Return the abstract state of a state that is given by the values of all variables."""
        return self.tree.leaf(values)


class Subtask(NamedTuple):
    """Facts to be reached, and for each variable which values leave them still to come; None: all."""

    facts: Facts
    before: list[Flags] | None


def why_not(task: SasTask) -> str | None:
    """Return why a task has no Cartesian abstractions here; None if it has."""
    if task.has_conditional_effects:
        return "conditional effects"
    if task.axioms:
        return "axioms"
    return "large costs" if any(operator.cost > MOST_COST for operator in task.operators) else None


def subtasks(task: SasTask, deadline: Deadline = NO_DEADLINE, seed: int = 0) -> list[Subtask]:
    """Return landmarks, then goals that do not hold in the beginning, each kind in random order, then all goals."""
    rng = np.random.default_rng(seed)
    found = [Subtask(((one.variable, one.value),), one.before) for one in landmarks(task, deadline)]
    goals = [Subtask((fact,), None) for fact in task.goal if task.initial[fact[0]] != fact[1]]
    in_order = [some[i] for some in (found, goals) for i in rng.permutation(len(some)).tolist()]
    return in_order + ([Subtask(task.goal, None)] if len(task.goal) > 1 else [])


def cartesian_abstractions(
    task: SasTask, limits: Limits, deadline: Deadline = NO_DEADLINE, everywhere: bool = False
) -> list[Cartesian]:
    """Return an abstraction for each subtask.

    Parameters
    ----------
    task : SasTask
        Without conditional effects, axioms and large costs, see :func:`why_not`.
    limits : Limits
        Each subtask gets its share of what is left.
    deadline : Deadline, optional
        When this must be done.
    everywhere : bool, optional
        States may be met that the initial one does not reach.

    Examples
    --------
    >>> from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
    >>> (one,) = cartesian_abstractions(parse_sas(EXAMPLE, "lamp.sas"), Limits(100, 100, 10**6, 10.0))
    >>> len(one.live), one.source.tolist(), one.target.tolist()
    (2, [0], [1])
    """
    flat, found, began = cartesian_task(task), list[Cartesian](), time.monotonic()
    states_left, moves_left, effort_left = limits.states, limits.moves, limits.effort
    some = subtasks(task, deadline)
    for number, subtask in enumerate(some):
        is_last = number == len(some) - 1
        spent_s = time.monotonic() - began
        if not is_last and (moves_left < limits.moves // 2 or spent_s > limits.time_s / 2):
            continue
        n = 1 if is_last else 2 * len(some) - number  # half is left for the last, all goals
        share = Limits(states_left // n, moves_left // n, effort_left // n, (limits.time_s - spent_s) / n)
        states, effort = refined(flat, subtask, share, deadline)
        states_left -= int(states.counts[N_STATES])
        moves_left -= int(states.counts[N_MOVES])
        effort_left -= effort
        if states.counts[N_STATES] > 1:
            found.append(finished(flat, states, everywhere))
    return found


def begun(task: CartesianTask, subtask: Subtask) -> States:
    """Return the abstraction of a subtask before any refinement, with its distances."""
    states = first_state(task)
    for var, values in enumerate(subtask.before or ()):
        if not values.all():
            states, other = _parted(task, states, 0, var, np.flatnonzero(~values).tolist())
            states.goal[other] = True
    goal = 0
    for var, value in subtask.facts:
        states, other = _parted(task, states, goal, var, [value])
        if states.counts[INITIAL] == goal and task.initial[var] == value:
            states.counts[INITIAL] = other
        goal = other
    states.goal[goal] = True
    find_distances(task, states, new_queue(states))
    return states


def _parted(task: CartesianTask, states: States, state: int, var: int, values: list[int]) -> tuple[States, int]:
    """Part a state by some values of a variable, not all that it has; return the number of the part with them."""
    wanted = np.zeros(int(task.span.max()), np.uint64)
    for value in values:
        bit = int(task.shift[var]) + value
        wanted[bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
    states = _grown(states, int(task.span.max()))
    return states, int(split(task, states, state, var, wanted))


def _grown(states: States, span: int) -> States:
    """Return the same with room to split any state, and then half as much again."""
    counts = states.counts
    more = 1 + int(counts[N_STATES]) // 2
    moves = int(counts[N_MOVES]) + int(counts[N_LOOPS])  # no state has more than all
    return with_room(states, more, moves + 1, int(counts[N_LOOPS]) + 1, span * (more + int(counts[N_BITS]) // 2))


def refined(
    task: CartesianTask, subtask: Subtask, limits: Limits, deadline: Deadline = NO_DEADLINE
) -> tuple[States, int]:
    """Return the abstraction of a subtask after refinement, and how many transitions were looked at."""
    states = begun(task, subtask)
    flaws, queue = new_flaws(task, states), new_queue(states)
    effort, end = 0, time.monotonic() + limits.time_s
    why = GO_ON
    while why in (GO_ON, NO_ROOM) and effort < limits.effort and time.monotonic() < end:
        deadline.check("refining Cartesian abstractions")
        before = int(states.counts[-1])
        why = refine(task, states, flaws, queue, limits.states, limits.moves, min(_AT_ONCE, limits.effort - effort))
        effort += int(states.counts[-1]) - before
        if why == NO_ROOM:
            states = _grown(states, len(flaws.wanted))
            flaws, queue = grown_flaws(flaws, len(states.h)), new_queue(states)
    return states, effort


def finished(task: CartesianTask, states: States, everywhere: bool = False) -> Cartesian:
    """Return an abstraction as others use it: what can be reached, or all, sorted, and no more room than needed."""
    n, n_moves = int(states.counts[N_STATES]), int(states.counts[N_MOVES])
    loops = np.flatnonzero(states.loop_state[: int(states.counts[N_LOOPS])] >= 0)
    source, target = (moves[:n_moves].astype(np.int64) for moves in (states.source, states.target))
    live = np.ones(n, np.bool_) if everywhere else reached(source, target, n, int(states.counts[INITIAL]))
    at = states.loop_state[loops].astype(np.int64)
    operators, first = np.unique(states.loop_operator[loops][live[at] & (states.h[at] < FAR)], return_index=True)
    at = at[live[at] & (states.h[at] < FAR)][first]  # one loop says as much as all of an operator
    source, target = np.append(source, at), np.append(target, at)
    operator = np.append(states.operator[:n_moves].astype(np.int64), operators)
    kept = np.flatnonzero(live[source])
    kept = kept[np.argsort(target[kept], kind="stable")]
    operator_of, group = np.unique(operator[kept], return_inverse=True)
    return Cartesian(
        live,
        live & states.goal[:n],
        source[kept],
        target[kept],
        group.astype(np.int64),
        np.arange(len(operator_of)),
        operator_of,
        tree_of(task, states),
    )


def tree_of(task: CartesianTask, states: States) -> Tree:
    """Return the tree that says in which state of an abstraction a state of the task is."""
    n = int(states.counts[N_NODES])
    variable = states.node_variable[:n].astype(np.int64)
    inner = np.flatnonzero(variable >= 0)
    number = np.full(n, 0)
    number[inner] = np.arange(len(inner))
    leaf_state = states.child[: 2 * n : 2].astype(np.int64)
    place = np.where(variable >= 0, number, -1 - leaf_state)
    child = place[states.child[: 2 * n].astype(np.int64).reshape(-1, 2)[inner]].reshape(-1)
    bits = states.bits[: int(states.counts[N_BITS])].copy()
    n_words = (task.size[variable[inner]] + 63) >> 6
    return Tree(int(place[0]), variable[inner], states.node_bits[inner].astype(np.int64), n_words, child, bits)
