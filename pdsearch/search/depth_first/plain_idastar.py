"""IDA* in plain Python, for domains without compiled functions.

Source: Korf (1985), "Depth-first iterative-deepening: an optimal admissible tree search",
Artificial Intelligence 27, section 4.
"""

from __future__ import annotations

from typing import Any

from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.finish import Outcome
from pdsearch.search.plain import Counts
from pdsearch.search.run import Run
from pdsearch.search.task import Task


@ALGORITHMS.add("plain-idastar")
class PlainIdaStar(Algorithm):
    """IDA* in plain Python: what idastar is for a domain without compiled functions."""

    name = "plain-idastar"
    source = "Korf (1985), Artificial Intelligence 27"
    label = "IDA* (plain Python)"
    max_ranks = 1
    is_plain = True

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Raise the bound to the least f beyond it until a goal is reached; no state is twice on a path."""
        domain: Any = task.domain
        run.search_begins()
        counts, bound = Counts(run), task.heuristic.value(domain.initial)
        while bound < INFINITY:
            least, plan = _search(domain, task.heuristic.value, bound, counts)
            if plan is not None:
                return counts.outcome(self.label, bound, plan, bound)
            if counts.stop is not None:
                break
            bound = least
        return counts.outcome(self.label, bound, None, INFINITY)


def _search(domain: Any, h_of: Any, bound: int, counts: Counts) -> tuple[int, list[int] | None]:
    """Search within a bound, depth first; return the least f beyond it, and the plan if there is one."""
    least = INFINITY
    state, path, plan = domain.initial, {domain.initial}, list[int]()
    if domain.is_goal(state):
        return bound, []
    levels = [(state, 0, iter(enumerate(domain.moves(state))))]
    counts.expand(bound, 0)
    while levels and counts.stop is None:
        state, g, moves = levels[-1]
        operator, move = next(moves, (-1, None))
        if move is None:
            levels.pop()
            path.discard(state)
            del plan[-1:]
            continue
        _, successor, cost = move
        counts.generated += 1
        if successor in path:
            counts.duplicates += 1
            continue
        counts.evaluated += 1
        f = g + cost + h_of(successor)
        if f > bound:
            least = min(least, f)
        elif domain.is_goal(successor):
            return bound, [*plan, operator]
        elif counts.expand(bound, 0):
            path.add(successor)
            plan.append(operator)
            levels.append((successor, g + cost, iter(enumerate(domain.moves(successor)))))
    return least, None
