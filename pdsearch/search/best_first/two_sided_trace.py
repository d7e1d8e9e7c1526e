"""The plan of a search from both ends: from the state where the sides met, each side's way back to where it began."""

from __future__ import annotations

from itertools import pairwise
from operator import methodcaller
from typing import Any

from pdsearch.errors import WrongPlanError
from pdsearch.kernels.sides import BACKWARD, FORWARD
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.trace import Ask
from pdsearch.search.task import Task

_LONGEST = 10_000_000  # a plan that went in circles would hang all ranks


def trace_both(task: Task, finder: int, ask: Ask) -> list[int]:
    """Return the operators from the initial state to the goal, through the node where the sides met on a rank.

    Raises
    ------
    WrongPlanError
        If a rank does not know a state on the way.
    """
    met = ask(finder, LocalSearch.goal_state)
    to_start = _way(task, met, FORWARD, ask)
    to_goal = _way(task, met, BACKWARD, ask)
    states = [*reversed(to_start), *to_goal[1:]]
    return [task.domain.operator_between(*pair) for pair in pairwise(states)]


def _way(task: Task, state: Any, side: int, ask: Ask) -> list[Any]:
    """Return the states from one to where a side began, by asking each state's owner for the operator."""
    states = [state]
    while len(states) < _LONGEST:
        owner = task.owner_of(state)
        part = ask(owner, methodcaller("part_of", state, side))
        if part is None:
            raise WrongPlanError(f"rank {owner} does not know a state of the plan it owns")
        if part[1] == task.no_origin:
            return states
        state = task.domain.undo(state, part[1])
        states.append(state)
    raise WrongPlanError("the plan does not lead back to where a side began")
