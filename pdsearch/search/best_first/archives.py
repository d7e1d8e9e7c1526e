"""What all ranks of a search by layers write down, and the way to a goal read back from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from pdsearch.search.best_first.after import Crew, Found
from pdsearch.search.best_first.archive import Archive
from pdsearch.search.best_first.frontier import Frontier, Root, place_of
from pdsearch.search.best_first.trace import operators_between
from pdsearch.search.best_first.under_way import Goal

OpenNode = Callable[[int, int], tuple[Found, Root]]


class Archives:
    """An archive for each front of this process, or for none of all processes.

    Parameters
    ----------
    fronts : sequence of Frontier
        Those of this process.
    crew : Crew
        What the ranks do together.
    files : ExitStack
        Closes them.
    wanted : bool
        Files can be written.
    """

    def __init__(self, fronts: Sequence[Frontier], crew: Crew, files: ExitStack, wanted: bool) -> None:
        self._fronts, self._crew = fronts, crew
        self.each: Sequence[Archive | None] = [None] * len(fronts)
        made: list[Archive] = []
        try:
            for one in fronts if wanted else []:
                made.append(one.archive())
                files.callback(made[-1].close)
        except OSError:
            made = []
        if all(crew.exchange([bool(made)] * len(fronts))):
            self.each = made

    @property
    def are_there(self) -> bool:
        """Say whether there are any."""
        return self.each[0] is not None

    def found(self, goal: Goal, open_node: OpenNode) -> Found:
        """Return a goal as it is found from its root; all must call, and all archives must be finished.

        Without archives only the root is known, and what is left of the cost below it.
        """
        cost, way, state = goal
        if not self.are_there:
            found, root = open_node(*place_of(way))
            return found._replace(rest=(root.state, cost - root.g))
        states = [state]
        while True:
            rank, number = place_of(way)
            parts = zip(self._fronts, self.each, strict=True)
            mine = [to.step(number) if to is not None and one.rank.rank == rank else None for one, to in parts]
            step = self._crew.exchange(mine)[rank]
            if step is None:
                break
            states.append(step.state)
            way = step.way
        found, _ = open_node(*place_of(way))
        return found._replace(below=operators_between(self._fronts[0].rank.task, states[::-1]))
