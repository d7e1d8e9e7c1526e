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


class _End:
    """One end of a search from both: what it reached, and what it has still to expand, the least b first."""

    def __init__(self, root: State) -> None:
        self.g, self.closed, self.entered = {root: 0}, set[State](), 0
        self.open: list[tuple[int, int, int, int, State]] = []

    def push(self, state: State, own: int, other: int) -> None:
        """Enter a state by b, then by h of its own direction, then the last one first."""
        g, self.entered = self.g[state], self.entered + 1
        heapq.heappush(self.open, (2 * g + own - other, own, -self.entered, g, state))

    def least_b(self, best: int | None) -> int | None:
        """Return the least b, after what was closed or improved meanwhile, or costs too much, is forgotten."""
        while self.open:
            b, own, _, g, state = self.open[0]
            if state not in self.closed and self.g[state] == g and (best is None or g + own < best):
                return b
            heapq.heappop(self.open)
        return None


def bae(domain: Domain, hs: tuple[Callable[[State], int], Callable[[State], int]], step: int) -> tuple[int | None, int]:
    """Return the cost of a cheapest plan and the necessary expansions: those before the bound reached that cost.

    Both ends take turns, one node at a time; ``hs`` are towards the goal and towards the initial state.
    """
    ends = _End(domain.initial), _End(domain.backwards().initial)
    for end, root, own, other in zip(ends, (domain.initial, domain.backwards().initial), hs, hs[::-1], strict=True):
        end.push(root, own(root), other(root))
    best = 0 if domain.is_goal(domain.initial) else None
    at_bound: dict[int, int] = {}
    turn = 0
    while True:
        least = [end.least_b(best) for end in ends]
        if None in least:
            break
        bound = -(-sum(least) // 2)
        bound += (hs[0](domain.initial) - bound) % step
        if best is not None and best <= bound:
            break
        end, there, own, other = ends[turn], ends[1 - turn], hs[turn], hs[1 - turn]
        turn = 1 - turn
        state = heapq.heappop(end.open)[4]
        end.closed.add(state)
        if state in there.closed:
            continue
        at_bound[bound] = at_bound.get(bound, 0) + 1
        for _, successor, cost in successors(domain, state):
            g = end.g[state] + cost
            if g >= end.g.get(successor, g + 1) or (best is not None and g + own(successor) >= best):
                continue
            end.g[successor] = g
            end.closed.discard(successor)
            if successor in there.g and (best is None or g + there.g[successor] < best):
                best = g + there.g[successor]
            end.push(successor, own(successor), other(successor))
    return best, sum(n for bound, n in at_bound.items() if best is None or bound < best)
