"""When a heuristic that learns during the search is shown a state.

The moments depend on counts alone, never on the clock, so that a search can be repeated. Lessons that teach nothing
come ever more seldom. Of those that teach something others are told, and what they tell is learnt at other moments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pdsearch.domains import State
from pdsearch.heuristics import Heuristic
from pdsearch.search.best_first.step import EVALUATED, EXPANDED

if TYPE_CHECKING:
    from pdsearch.search.best_first.local_search import LocalSearch

_LOOKS = 1024  # expansions between two looks at the number of evaluations


class Others:
    """Those whom a rank tells what it has learnt: here nobody; see :mod:`.broadcast`."""

    def tell(self, state: State) -> None:
        """Say by which state something was learnt."""

    def told(self) -> State | None:
        """Return a state by which somebody has learnt something; None where nobody has said more."""
        return None


class Lessons:
    """The lessons of one rank.

    Parameters
    ----------
    heuristic : Heuristic
        Says after how many evaluations it wants the first, if any.

    Attributes
    ----------
    others : Others
        Who is told.
    """

    def __init__(self, heuristic: Heuristic) -> None:
        self._heuristic, self.others = heuristic, Others()
        self._wait = self._due = heuristic.lesson_every
        self._look = _LOOKS

    def end(self) -> None:
        """Give no more."""
        self._wait = 0

    def portion(self, budget: int, expanded: int) -> int:
        """Return how many nodes to expand before the next look."""
        return budget if not self._wait else max(0, min(budget, self._look - expanded))

    def give(self, search: LocalSearch) -> bool:
        """Show a state if it is time; say whether it was time to look."""
        expanded = int(search.statistics[EXPANDED])
        if not self._wait or expanded < self._look:
            return False
        self._look = expanded // _LOOKS * _LOOKS + _LOOKS
        evaluated = int(search.statistics[EVALUATED])
        if evaluated >= self._due:
            state = search.state_of(search.n_nodes - 1)
            if self._heuristic.learn(state):
                self.others.tell(state)
            else:
                self._wait *= 2
            self._due = evaluated + self._wait
        if (heard := self.others.told()) is not None:
            self._heuristic.learn(heard)
        return True
