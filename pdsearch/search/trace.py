"""The plan, traced back from the goal by asking each state's owner how it was reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pdsearch.domains import State
from pdsearch.errors import WrongPlanError
from pdsearch.search.problem import Problem

Way = tuple[int, int]  # g of a state, and the operator that led to it
Ask = Callable[[int | None, State], Way | None]  # (owner, None for every rank; state)


def trace(problem: Problem, goal: State, ask: Ask) -> list[int]:
    """Return the operators from the initial state to ``goal``.

    Every step back lowers g, so the walk ends; it is bounded all the same, because a plan that
    went in circles would otherwise hang all ranks.

    Raises
    ------
    WrongPlanError
        If an owner does not know a state on the way.
    """
    plan: list[int] = []
    state = goal
    while len(plan) < 10_000_000:
        way = ask(problem.owner_of(state) if problem.has_owners else None, state)
        if way is None:
            raise WrongPlanError(f"rank {problem.owner_of(state)} does not know a state of the plan it owns")
        operator = way[1]
        if operator == problem.no_operator:
            return plan[::-1]
        plan.append(operator)
        state = problem.domain.undo(state, operator)
    raise WrongPlanError("the plan does not lead back to the initial state")


def cheapest(ways: Iterable[Way | None]) -> Way | None:
    """Return the way of least g that any rank knows."""
    return min((way for way in ways if way is not None), default=None)
