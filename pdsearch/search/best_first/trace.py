"""The plan, traced back from the goal by asking the ranks how each state was reached."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from operator import methodcaller
from typing import Any

from pdsearch.domains import State
from pdsearch.errors import WrongPlanError
from pdsearch.kernels.layout import parent_of
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.task import Task

Origin = tuple[int, int]  # g of a state, and the way there: see pdsearch.kernels.layout
Asked = Callable[[LocalSearch], Any]
Ask = Callable[[int | None, Asked], Any]  # (rank, None for the answers of all in a list; what to ask it)
Trace = Callable[[Task, int, Ask], list[int]]  # (task, who has found the plan; whom to ask)

_LONGEST = 10_000_000  # a plan that went in circles would hang all ranks


def trace(task: Task, finder: int, ask: Ask) -> list[int]:
    """Return the operators from the initial state to the goal that rank ``finder`` holds.

    Every step back lowers g, or keeps it on the way of an older node, so the walk ends.

    Raises
    ------
    WrongPlanError
        If a rank does not know a state on the way.
    """
    return _along_parents(task, finder, ask) if task.domain.is_linked else _by_undoing(task, finder, ask)


def _by_undoing(task: Task, finder: int, ask: Ask) -> list[int]:
    return way_to(task, ask(finder, LocalSearch.goal_state), ask)


def way_to(task: Task, state: State, ask: Ask) -> list[int]:
    """Return the operators from the initial state to a stored one: ask each state's owner for the last, and undo it."""
    plan: list[int] = []
    while len(plan) < _LONGEST:
        operators, before = _steps_back(task, state, ask)
        plan += operators
        if before is None:
            return plan[::-1]
        state = before
    raise WrongPlanError("the plan does not lead back to the initial state")


Steps = tuple[list[int], State | None]  # the last operators, the last first, and the state before them, if there is one


def _steps_back(task: Task, state: State, ask: Ask) -> Steps:
    """Ask the owner of a state, which goes back as far as the states are its own, or all where states have several."""
    if task.has_owners:
        steps: Steps | None = ask(task.owner_of(state), partial(_own_steps_back, task, state))
    else:
        origins: list[Origin | None] = ask(None, methodcaller("origin_of", state))
        origin = min((one for one in origins if one is not None), default=None)
        steps = None if origin is None else _step_back(task, state, origin)
    if steps is None:
        raise WrongPlanError(f"rank {task.owner_of(state)} does not know a state of the plan it owns")
    return steps


def _own_steps_back(task: Task, state: State, rank: LocalSearch) -> Steps | None:
    """Go back from a state as far as a rank owns the states; None where it does not know one."""
    operators: list[int] = []
    before: State | None = state
    while before is not None and (not operators or (task.owner_of(before) == rank.rank and len(operators) < _LONGEST)):
        origin = rank.origin_of(before)
        if origin is None:
            return None
        last, before = _step_back(task, before, origin)
        operators += last
    return operators, before


def _step_back(task: Task, state: State, origin: Origin) -> Steps:
    return ([], None) if origin[1] == task.no_origin else ([origin[1]], task.domain.undo(state, origin[1]))


def _along_parents(task: Task, finder: int, ask: Ask) -> list[int]:
    return operators_between(task, states_to(task, finder, ask(finder, LocalSearch.goal_node), ask))


def states_to(task: Task, rank: int, node: int, ask: Ask) -> list[State]:
    """Return the states from the initial one to a linked node of a rank: ask for one node after the other."""
    states: list[State] = []
    while len(states) < _LONGEST:
        state, origin = ask(rank, methodcaller("node_at", node))
        states.append(state)
        parent = parent_of(origin)
        if parent is None:
            return states[::-1]
        rank, node = parent
    raise WrongPlanError("the plan does not lead back to the initial state")


def operators_between(task: Task, states: list[State]) -> list[int]:
    """Return the operators that lead from each state to the next."""
    return [task.domain.operator_between(*pair) for pair in pairwise(states)]
