"""The plan, traced back from the goal by asking the ranks how each state was reached."""

from __future__ import annotations

from collections.abc import Callable
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
        origin = _origin_of(task, state, ask)
        if origin is None:
            raise WrongPlanError(f"rank {task.owner_of(state)} does not know a state of the plan it owns")
        operator = origin[1]
        if operator == task.no_origin:
            return plan[::-1]
        plan.append(operator)
        state = task.domain.undo(state, operator)
    raise WrongPlanError("the plan does not lead back to the initial state")


def _origin_of(task: Task, state: State, ask: Ask) -> Origin | None:
    """Ask the owner of a state, or everybody where states have several."""

    def question(rank: LocalSearch) -> Origin | None:
        return rank.origin_of(state)

    if task.has_owners:
        origin: Origin | None = ask(task.owner_of(state), question)
        return origin
    origins: list[Origin | None] = ask(None, question)
    return min((origin for origin in origins if origin is not None), default=None)


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
