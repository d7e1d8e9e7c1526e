"""A short search before the search: a sample of the states it will meet, for the distributions that ask for one."""

from __future__ import annotations

import numpy as np

from pdsearch.domains import State
from pdsearch.errors import BadInputError
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.task import Task

STORED = (
    200_000  # states, 20 ms of search and some megabytes: owners fitted to 20,000 left LB at 1.07 to 1.33 on two ranks
)
STORED_EXPENSIVE = 20_000  # states at most, where one costs as much as many
_LOOK = 500  # expansions between two looks at how much is stored


class ShortSearch:
    """A* on one rank that ends when it has stored enough, and may end for any other reason.

    Rank 0 makes it for all, and each rank its own where the distribution cannot be sent: the same on each.

    Parameters
    ----------
    task : Task
        For one rank.
    memory_bytes : int, optional
        The search stops before it takes more.
    most_stored : int
        It ends when so many nodes are stored, or far fewer where a heuristic is expensive.

    Attributes
    ----------
    expanded : int
        Nodes expanded so far, for they are work, too.
    """

    def __init__(self, task: Task, memory_bytes: int | None = None, most_stored: int = STORED) -> None:
        self._task, self._most_stored = task, most_stored
        self._memory = 2**32 + task.table_bytes if memory_bytes is None else memory_bytes
        self.expanded = 0

    def states(self, n_states: int) -> list[State]:
        """Return states evenly from the later half of those stored, the same each time."""
        found, expanded = self._search(n_states)
        self.expanded += expanded
        return found

    def _search(self, n_states: int) -> tuple[list[State], int]:
        """Return states and the number of expansions; only the initial state when memory is too short for tables."""
        initial = self._task.domain.initial
        try:
            rank = LocalSearch(self._task, 0, self._memory)
        except (BadInputError, MemoryLimitError):  # the search itself is going to say so
            return [initial], 0
        rank.end_lessons()  # ranks that share tables would teach each other, and meet different states
        expensive = 32 // self._task.heuristic.batch  # an evaluation of which takes as long as many nodes
        _fill(rank, self._most_stored if expensive == 1 else STORED_EXPENSIVE // expensive)
        first = rank.n_nodes // 2
        nodes = np.linspace(first, rank.n_nodes - 1, min(n_states, rank.n_nodes - first)).astype(np.int64)
        return [rank.state_of(node) for node in nodes.tolist()] or [initial], int(rank.statistics[kernels.EXPANDED])


def _fill(rank: LocalSearch, most_stored: int) -> None:
    """Search until so many nodes are stored, a goal is found, nothing is left, or memory is short."""
    try:
        rank.absorb(initial_record(rank.task))
        while rank.n_nodes < most_stored and rank.expand(_LOOK) == kernels.BUDGET:
            pass
    except MemoryLimitError:
        pass
