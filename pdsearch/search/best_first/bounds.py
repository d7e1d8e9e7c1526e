"""The bounds on f of searches by layers: each is to take about twice the work of the one before.

What a bound dropped is counted by f, and the next bound is the least that lets as many of these in as nodes were
expanded. Where h is never more than what one move costs, a bound saves nothing, for nodes are expanded in the order of
g anyway, and the first is far away.

Source: Sarkar, Chakrabarti, Ghose and De Sarkar (1991), "Reducing reexpansions in iterative-deepening search by
controlling cutoff bounds", Artificial Intelligence 50. The growth is ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pdsearch.kernels.layout import Integers
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.after import Crew
from pdsearch.search.best_first.frontier import Frontier
from pdsearch.search.best_first.layered import N_COUNTS
from pdsearch.search.best_first.layered_task import layered

_LARGEST_STEP = 8  # units by which a bound may rise further than what was dropped says, or twice the rise before
_FAR = 16  # times what is proved: where the bound is only to be finite
_FIRST_SHARE = 16  # the first bound lets in one root for so many stored nodes
_KEPT = ("work", "growth", "cautious", "first")  # in checkpoints


class Bounds:
    """The bounds so far, and the next one.

    Parameters
    ----------
    fronts : sequence of Frontier
        Those of this process.
    crew : Crew
        What the ranks do together.

    Attributes
    ----------
    done : list of (int, int)
        Each bound, and the expansions within it.
    cautious : bool
        Memory was too small for a bound above the least f.
    """

    def __init__(self, fronts: Sequence[Frontier], crew: Crew) -> None:
        self._fronts, self._crew = fronts, crew
        self.done: list[tuple[int, int]] = []
        self.cautious = False
        self._work, self._growth = 0, 0.0  # of the last, and by how much it grew for each unit: a logarithm
        self._counts, self._first = np.zeros(N_COUNTS, np.int64), 0
        self._shift = layered(fronts[0].rank.task, 0, INFINITY).count_shift

    def end(self, bound: int, work: int) -> None:
        """Take note of the work of a bound."""
        if self.done:
            self._growth = math.log(max(1, work) / max(1, self._work)) / max(1, bound - self.done[-1][0])
        self._work = work
        self.done.append((bound, work))

    def count(self, first: int, told: list[Integers]) -> None:
        """Add up what was dropped, by class from a first f on; what belongs to a larger bound is forgotten."""
        if first != self._first:
            self._counts, self._first = np.zeros(N_COUNTS, np.int64), first
        self._counts += np.sum(told, axis=0)

    def next(self, least: int, incumbent: int) -> int:
        """Return the least bound that lets in as much as was expanded within the last, or the first one.

        Parameters
        ----------
        least, incumbent : int
            No plan costs less; the cost of the best plan so far.
        """
        counts, first, wanted = self._counts, self._first, self._work
        if not self.done:
            of_roots = np.stack([self._of_roots(one, least) for one in self._fronts])
            first, counts = least, np.sum(self._crew.exchange(list(of_roots)), axis=0)
            wanted = sum(self._crew.exchange([one.rank.n_nodes for one in self._fronts])) // _FIRST_SHARE
        self._counts, self._first = np.zeros(N_COUNTS, np.int64), 0
        if self.cautious:
            return least
        task = self._fronts[0].rank.task
        if task.upper_bound < INFINITY:  # a plan of the cost just below it is known to be there
            return incumbent - 1
        if task.heuristic.max_h <= task.domain.max_cost:
            return min(least + _FAR * (least + task.domain.max_cost), incumbent - 1)
        known = counts[: N_COUNTS - 1]  # the last class has no upper end
        enough = np.flatnonzero(np.cumsum(known) >= min(wanted, known.sum()))
        bound = first + (int(enough[0] + 1) << self._shift) - 1
        if len(self.done) > 1:  # where all that was dropped is of the next f, growth may be slow nevertheless
            (before, _), (last, _) = self.done[-2:]
            step = max(_LARGEST_STEP, 2 * (last - before))
            bound = max(bound, last + int(math.log(2) / max(self._growth, math.log(2) / step)))
        return min(max(least, bound), incumbent - 1)

    def _of_roots(self, front: Frontier, first: int) -> Integers:
        """Count the open nodes by class of f."""
        f = front.f[front.f < np.iinfo(front.f.dtype).max].astype(np.int64)
        classes = np.clip((f - first) >> self._shift, 0, N_COUNTS - 1)
        counts: Integers = np.bincount(classes, minlength=N_COUNTS)
        return counts

    # --- in checkpoints ---

    def kept(self) -> dict[str, Any]:
        """Return what is known, as JSON knows it."""
        facts = {name: self.cautious if name == "cautious" else getattr(self, f"_{name}") for name in _KEPT}
        return {**facts, "iterations": self.done, "counts": self._counts.tolist()}

    def go_on_with(self, facts: dict[str, Any]) -> None:
        """Take it over."""
        self._work, self._growth, self.cautious, self._first = (facts[name] for name in _KEPT)
        self._counts = np.array(facts["counts"], np.int64)
        self.done = [(bound, expanded) for bound, expanded in facts["iterations"]]
