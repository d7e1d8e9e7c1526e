"""One rank of a search for more than one plan, and how far a search goes that all ranks make together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pdsearch.comm.termination import Round
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.step import GOAL_COST


class PlansRank(LocalSearch):
    """A rank that expands goals as other nodes, and what is open below an end; parameters are those of ``LocalSearch``.

    Attributes
    ----------
    incumbent : int
        The end: nodes of this f, and of larger, stay open. At first it is the least g of a goal that was expanded.
    wanted_f : int
        Plans of a larger cost are not wanted, and no nodes that only these come to.
    known : int
        The least cost of a plan, once all ranks know it; INFINITY before.
    """

    takes_ring_turns = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.go_through_goals()
        self.incumbent, self.wanted_f, self.known, self._seeks = INFINITY, INFINITY - 1, INFINITY, True

    @property
    def unwanted_f(self) -> int:
        """Return the f from which on nodes are dropped."""
        return self.wanted_f + 1

    @property
    def least(self) -> int:
        """Return the least g of a goal that was expanded here."""
        return int(self.statistics[GOAL_COST])

    def go_up_to(self, f: int) -> None:
        """Expand all nodes of this f, whatever plans were found."""
        self.incumbent, self._seeks = f + 1, False

    def expand(self, budget: int, f_limit: int = INFINITY, most: int = INFINITY) -> int:
        """Do as ``LocalSearch`` does, below the end."""
        why = super().expand(budget, min(f_limit, self.incumbent - 1), most)
        if self._seeks:
            self.incumbent = min(self.incumbent, self.least)
        return why


class PlansCrew(Protocol):
    """The ranks of a search, those of this process among them, and what they do together; all must call."""

    @property
    def ranks(self) -> Sequence[PlansRank]:
        """Return those of this process."""

    def exchange(self, mine: list[Any]) -> list[Any]:
        """Return what all ranks say, in their order."""

    def gather(self, mine: list[Any]) -> list[Any] | None:
        """Return it where rank 0 is, None elsewhere."""

    def drive(self) -> Round:
        """Search until nothing is open below the end, or somebody stops; return the last round."""
