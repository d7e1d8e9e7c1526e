"""A* in plain Python, for domains without compiled functions.

Source: Hart, Nilsson and Raphael (1968), "A formal basis for the heuristic determination of
minimum cost paths", IEEE Transactions SSC-4.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import Any

from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.finish import Outcome
from pdsearch.search.plain import Counts
from pdsearch.search.run import Run
from pdsearch.search.task import Task


@ALGORITHMS.add("plain-astar")
class PlainAStar(Algorithm):
    """A* in plain Python: what astar is for a domain without compiled functions."""

    name = "plain-astar"
    source = "Hart, Nilsson and Raphael (1968), IEEE Transactions SSC-4"
    label = "A* (plain Python)"
    max_ranks = 1
    is_plain = True

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Expand the node of least f, of those the one of least h, of those the last in."""
        domain: Any = task.domain
        h_of, start = task.heuristic.value, domain.initial
        run.search_begins()
        counts, order = Counts(run), count(0, -1)
        h = h_of(start)
        best = {start: (0, h, None, -1)}  # state: g, h, parent, operator
        closed = set()
        heap = [(h, h, next(order), 0, start)]
        while heap:
            f, h, _, g, state = heap[0]
            if state in closed or g > best[state][0]:
                heapq.heappop(heap)
                continue
            if domain.is_goal(state):
                return counts.outcome(self.label, f, _plan(best, state), g)
            if not counts.expand(f, len(heap)):
                break
            heapq.heappop(heap)
            closed.add(state)
            for operator, (_, successor, cost) in enumerate(domain.moves(state)):
                counts.generated += 1
                known = best.get(successor)
                if known is None:
                    counts.evaluated += 1
                    successor_h = h_of(successor)
                elif g + cost < known[0]:
                    successor_h = known[1]
                    counts.reopened += successor in closed
                    closed.discard(successor)
                else:
                    counts.duplicates += 1
                    continue
                best[successor] = (g + cost, successor_h, state, operator)
                heapq.heappush(heap, (g + cost + successor_h, successor_h, next(order), g + cost, successor))
            counts.stored = len(best)
        return counts.outcome(self.label, heap[0][0] if heap else INFINITY, None, INFINITY)


def _plan(best: dict[Any, tuple[int, int, Any, int]], state: Any) -> list[int]:
    """Return the operators that lead to a state."""
    plan = []
    while (entry := best[state])[3] >= 0:
        plan.append(entry[3])
        state = entry[2]
    return plan[::-1]
