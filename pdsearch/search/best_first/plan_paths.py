"""The plans of a graph of plans: how many there are, and one after the other, the cheapest first.

A plan is a sequence of operators that leads from the initial state to a goal. It may come to a state twice, and go on
behind a goal, where its cost allows that. Operators without cost that lead in a circle make plans without end: such
plans are not counted, and of those that are listed none comes to a state twice without cost.

Source: Aljazzar and Leue (2011), "K*: a heuristic search algorithm for finding the k shortest paths", Artificial
Intelligence 175 (detours); with exact distances to the goal they are an admissible order of what has begun, and a
queue in which what has begun last comes first among equals needs no graph of paths.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import count

from pdsearch.search.best_first.plan_graph import PlanGraph, StoppedError

_OFTEN = 4096  # steps between two looks at the clock
_Begun = tuple["_Begun | None", int, int, int]  # what came before, operator, state, cost so far


class EndlessError(Exception):
    """There are plans without end: operators without cost lead in a circle."""


def count_plans(graph: PlanGraph, stops: Callable[[], bool]) -> int:
    """Return how many plans of cost at most ``graph.within`` there are.

    By dynamic programming over pairs of a state and what may still be spent from there.

    Raises
    ------
    EndlessError
        If there is no end of them.
    StoppedError
        If ``stops`` said so.
    """
    first, target, cost, rest = (array.tolist() for array in (graph.first, graph.target, graph.cost, graph.rest))
    is_goal = graph.is_goal.tolist()
    known: dict[tuple[int, int], int] = {}
    stack, under_way = [(graph.start, graph.within)], set[tuple[int, int]]()
    steps = 0
    while stack:
        steps += 1
        if steps % _OFTEN == 0 and stops():
            raise StoppedError
        pair = state, left = stack[-1]
        moves = range(first[state], first[state + 1])
        after = [(target[i], left - cost[i]) for i in moves if rest[target[i]] <= left - cost[i]]
        if pair not in known and pair not in under_way:
            under_way.add(pair)
            missing = [other for other in after if other not in known]
            if any(other in under_way for other in missing):
                raise EndlessError
            stack += missing
            if missing:
                continue
        stack.pop()
        if pair not in known:
            known[pair] = is_goal[state] + sum(known[other] for other in after)
            under_way.discard(pair)
    return known[graph.start, graph.within]


def cheapest_plans(graph: PlanGraph, stops: Callable[[], bool]) -> Iterator[tuple[int, list[int]]]:
    """Yield cost and operators of plans, the cheapest first, none twice.

    Of those that cost more than ``graph.within`` only the plans that come from its states and moves.

    Parameters
    ----------
    graph : PlanGraph
        Of plans of cost at most ``graph.within``.
    stops : callable
        Asked now and then.

    Raises
    ------
    StoppedError
        If ``stops`` said so.
    """
    first, target, cost, rest = (array.tolist() for array in (graph.first, graph.target, graph.cost, graph.rest))
    operator, is_goal = graph.operator.tolist(), graph.is_goal.tolist()
    order = count(0, -1)
    begun: _Begun = (None, -1, graph.start, 0)
    heap: list[tuple[int, int, bool, _Begun]] = [(rest[graph.start], next(order), False, begun)]
    steps = 0
    while heap:
        steps += 1
        if steps % _OFTEN == 0 and stops():
            raise StoppedError
        total, _, is_ended, begun = heapq.heappop(heap)
        if is_ended:
            yield total, _operators_of(begun)
            continue
        _, _, state, spent = begun
        if is_goal[state]:
            heapq.heappush(heap, (spent, next(order), True, begun))
        for i in range(first[state], first[state + 1]):
            after = spent + cost[i]
            if not _comes_again(begun, target[i], cost[i]):
                entry = (begun, operator[i], target[i], after)
                heapq.heappush(heap, (after + rest[target[i]], next(order), False, entry))


def _comes_again(begun: _Begun | None, state: int, cost: int) -> bool:
    """Say whether a move leads to a state that was left a moment ago, and nothing was spent since."""
    spent = begun[3] + cost if begun is not None else 0
    while begun is not None and begun[3] == spent:
        if begun[2] == state:
            return True
        begun = begun[0]
    return False


def _operators_of(begun: _Begun | None) -> list[int]:
    plan: list[int] = []
    while begun is not None and begun[0] is not None:
        plan.append(begun[1])
        begun = begun[0]
    return plan[::-1]
