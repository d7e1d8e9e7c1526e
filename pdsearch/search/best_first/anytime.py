"""Anytime search: a plan soon, better ones as they come, and the proof that the last is optimal if there is time.

Weighted searches one after the other, of falling weights, each from the start and only for plans cheaper than the
best so far; the last has the weight 1 and is A* or HDA*, whose proof a known cost makes shorter. Starting anew was
found better than to go on from where the search with the larger weight stood: that weight chose its open nodes.

Source: Richter, Thayer and Ruml (2010), "The joy of forgetting: faster anytime search via restarting", ICAPS.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from pdsearch.heuristics import check_admissible
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.algorithms import ALGORITHMS
from pdsearch.search.best_first.weighted import Best, WeightedAStar, search_once
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Progress, Run
from pdsearch.search.task import Task

WEIGHTS = tuple(map(Fraction, ("5", "3", "2", "1.5", "1.2", "1")))


@ALGORITHMS.add("anytime")
class Anytime(WeightedAStar):
    """Weighted searches of falling weights: a plan soon, better ones as they come, optimal in the end.

    Parameters
    ----------
    weight : float, str or Fraction, optional
        The first; 5 when left out.
    message_size : int, optional
        Of HDA*.

    Examples
    --------
    >>> from pdsearch import solve
    >>> from pdsearch.domains.tiles import Tiles
    >>> result = solve(Tiles.korf(79), algorithm="anytime")
    >>> result.status.words, result.cost, result.incumbents[-1].cost
    ('solved', 42, 42)
    """

    name = "anytime"
    source = "Richter, Thayer and Ruml (2010), ICAPS"
    label = "anytime A*"
    named_by = ()

    def __init__(self, weight: float | str | Fraction | None = None, message_size: int | None = None) -> None:
        super().__init__(WEIGHTS[0] if weight is None else weight, message_size)

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Search with smaller and smaller weights, until the plan is proved optimal or there is a reason to stop."""
        check_admissible(task.heuristic, "nothing is proved with it: choose another")
        best, outcomes = Best(task, run), list[Outcome]()
        for weight in self._weights(best):
            outcomes.append(search_once(best, weight, self._inner(comm), comm))
            if run.on_progress is not None and best.cost < INFINITY:
                bound = min(best.bound, best.cost)
                run.on_progress(Progress(run.total_s, bound, best.cost, best.expanded, proved=bound))
        return best.outcome(self.label, outcomes, weight)

    def _weights(self, best: Best) -> Iterator[Fraction]:
        """Yield the first weight, and then those that can still say something new."""
        yield self.weight
        for weight in WEIGHTS:
            is_smaller = weight < self.weight and weight * best.bound < best.cost
            if is_smaller and best.stop is None and best.bound < best.cost:
                yield weight
