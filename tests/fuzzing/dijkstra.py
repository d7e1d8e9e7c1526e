"""The search that cases are held against: every state in a dictionary, or nothing where there are too many."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable
from typing import Any

MOST_STATES = 20_000


class TooLargeError(Exception):
    """There are more states than are searched here."""


def cheapest(
    initial: Hashable,
    is_goal: Callable[[Any], bool],
    moves: Callable[[Any], Iterable[tuple[Hashable, int]]],
    most: int = MOST_STATES,
) -> int | None:
    """Return the cost of a cheapest plan, None when there is none; TooLargeError past ``most`` states."""
    distance, done, waiting = {initial: 0}, set(), [(0, 0, initial)]
    n = 0
    while waiting:
        d, _, state = heapq.heappop(waiting)
        if state in done:
            continue
        if is_goal(state):
            return d
        done.add(state)
        if len(done) > most:
            raise TooLargeError
        for successor, cost in moves(state):
            if d + cost < distance.get(successor, d + cost + 1):
                distance[successor] = d + cost
                n += 1
                heapq.heappush(waiting, (d + cost, n, successor))
    return None
