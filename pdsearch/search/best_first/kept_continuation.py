"""What follows when memory is full, written to a folder of checkpoints.

The table does not change any more: it lies in a file that the epochs share. Of each open node are kept its number, h,
and f, which rises when the search below it is done: who goes on begins the bound again, and what was done of it is not
repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pdsearch.comm.termination import Round
from pdsearch.search.best_first.after import Found, way_through
from pdsearch.search.best_first.begun import UNDER_WAY
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.open_nodes import OpenNodes
from pdsearch.search.best_first.saving import Saving
from pdsearch.search.best_first.trace import Ask
from pdsearch.search.best_first.under_way import UnderWay


class Keeping:
    """Writes one rank of a search below open nodes, and says what it goes on from.

    Parameters
    ----------
    saving : Saving
        That of the search whose memory was full.
    rank : LocalSearch
        With the table.
    ask : callable
        Asks the ranks for the way to a goal.
    last, plan : Round, list of int or None
        What that search came to.
    counted : callable
        Returns what is counted outside of the rank.
    shares : bool
        The last epoch that was written has the table as it is.
    """

    def __init__(
        self,
        saving: Saving,
        rank: LocalSearch,
        ask: Ask,
        last: Round,
        plan: list[int] | None,
        counted: Callable[[], dict[str, Any]],
        shares: bool,
    ) -> None:
        self._saving, self._rank, self._ask, self._counted = saving, rank, ask, counted
        self._facts = {"last": asdict(last), "plan": None if plan is None else [int(operator) for operator in plan]}
        self.begun = saving.begun
        self._shares = shares and self.begun is None

    @property
    def is_due(self) -> bool:
        """Say, on rank 0, whether it is time to write."""
        return self._saving.run.wants_checkpoint

    def save(
        self,
        opened: OpenNodes,
        counts: tuple[int, int],
        incumbent: int,
        found: Found | None,
        facts: dict[str, Any],
        under_way: UnderWay | None = None,
    ) -> None:
        """Write this rank; all must call.

        Parameters
        ----------
        opened : OpenNodes
            Of this rank, as they are now.
        counts : (int, int)
            What it generated and expanded below them.
        incumbent, found : int, Found or None
            The best plan, and the goal if that lies below an open node.
        facts : dict
            What the kind of search adds, the same on all ranks.
        under_way : UnderWay, optional
            The search below some of them that is not at its end, of this rank.
        """
        checkpoints, task = self._saving.run.checkpoints, self._rank.task
        assert checkpoints is not None
        if self._shares:
            checkpoints.lasts()
            self._shares = False
        kept = None
        if found is not None:
            rest = None if found.rest is None else [list(map(int, found.rest[0])), int(found.rest[1])]
            kept = [list(map(int, way_through(task, found, self._ask))), rest]
        known = {**self._facts, **facts, "incumbent": int(incumbent), "found": kept}
        mine = {**self._counted(), **self._rank.known_goal(), "below": list(map(int, counts))}
        arrays = {name: array for name, array in opened._asdict().items() if array is not None}
        if under_way is not None:
            arrays |= {f"{UNDER_WAY}{name}": array for name, array in under_way.arrays.items()}
            mine[UNDER_WAY] = under_way.facts
        about = {**self._saving.about(), "continuation": known}
        checkpoints.save(about, arrays, mine, task.n_ranks, self._table)

    def _table(self) -> dict[str, Any]:
        return {name: array for name, array in self._rank.saved().items() if name in ("nodes", "layers", "statistics")}
