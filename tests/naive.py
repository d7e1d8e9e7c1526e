"""Slow and obvious versions of what the library does fast: dictionaries, heapq, and a domain's own Python methods."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable

from pdsearch.domains import Domain, State


def successors(domain: Domain, state: State) -> list[tuple[int, State, int]]:
    """Return (operator, successor, cost) of every applicable operator."""
    return [(operator, *domain.apply(state, operator)) for operator in domain.operators(state)]


def astar(domain: Domain, h: Callable[[State], int] = lambda _: 0) -> int | None:
    """Return the cost of a cheapest plan, None when there is none; reopens, so ``h`` need only be admissible."""
    g = {domain.initial: 0}
    frontier = [(h(domain.initial), 0, domain.initial)]
    while frontier:
        _, g_then, state = heapq.heappop(frontier)
        if g_then > g[state]:
            continue
        if domain.is_goal(state):
            return g_then
        for _, successor, cost in successors(domain, state):
            if g_then + cost < g.get(successor, g_then + cost + 1):
                g[successor] = g_then + cost
                heapq.heappush(frontier, (g[successor] + h(successor), g[successor], successor))
    return None


def reachable(domain: Domain) -> dict[State, list[tuple[State, int]]]:
    """Return every state that can be reached, each with its (successor, cost) pairs."""
    graph: dict[State, list[tuple[State, int]]] = {}
    waiting = [domain.initial]
    while waiting:
        state = waiting.pop()
        if state not in graph:
            graph[state] = [(successor, cost) for _, successor, cost in successors(domain, state)]
            waiting += [successor for successor, _ in graph[state] if successor not in graph]
    return graph


def distances_to_goal(domain: Domain) -> dict[State, int]:
    """Return the cost of a cheapest plan from every reachable state that has one: Dijkstra, backwards."""
    before: dict[State, list[tuple[State, int]]] = {}
    graph = reachable(domain)
    for state, edges in graph.items():
        for successor, cost in edges:
            before.setdefault(successor, []).append((state, cost))
    distance: dict[State, int] = {}
    frontier = [(0, state) for state in graph if domain.is_goal(state)]
    while frontier:
        d, state = heapq.heappop(frontier)
        if state in distance:
            continue
        distance[state] = d
        for predecessor, cost in before.get(state, []):
            if predecessor not in distance:
                heapq.heappush(frontier, (d + cost, predecessor))
    return distance


def tile_distances(width: int, height: int, blank_last: bool = False) -> dict[tuple[int, ...], int]:
    """Return the moves from every solvable board to the goal, by breadth-first search over tuples of tiles."""
    n = width * height
    goal = (*range(1, n), 0) if blank_last else tuple(range(n))
    beside = [
        [other for other in range(n) if abs(cell // width - other // width) + abs(cell % width - other % width) == 1]
        for cell in range(n)
    ]
    distance = {goal: 0}
    waiting = deque([goal])
    while waiting:
        board = waiting.popleft()
        blank = board.index(0)
        for cell in beside[blank]:
            moved = list(board)
            moved[blank], moved[cell] = board[cell], 0
            successor = tuple(moved)
            if successor not in distance:
                distance[successor] = distance[board] + 1
                waiting.append(successor)
    return distance
