"""A rank that is written to a checkpoint, and filled from one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError
from pdsearch.kernels.layout import g_of
from pdsearch.kernels.naming import name_nodes
from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.store import MAX_FILL, new_index
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import allocated
from pdsearch.search.best_first.rank_arrays import RankArrays
from pdsearch.search.best_first.step import GOAL_COST

Enter = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]], None]  # nodes, f and h


class KeptRank(RankArrays):
    """The arrays of a rank, all of them at once; parameters and errors are those of ``LocalSearch``."""

    def saved(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays that hold all the rank knows but unsent records; valid until it goes on."""
        return {
            "nodes": self._rows[: self.n_nodes],
            "layers": self.layers,
            "statistics": self.statistics,
            **self._open_list.saved(),
        }

    @property
    def _stored_layout(self) -> Any:
        """Return what says where the state of a stored node is."""
        return self._layout

    def open_lists(self) -> list[tuple[str, Enter]]:
        """Return what the names of the arrays of each open list begin with, and what enters nodes into it."""
        return [("", self.enter_open)]

    def learn_again(self, facts: list[dict[str, Any]]) -> None:
        """Take over what else the ranks of a checkpoint knew; here nothing."""

    def known_goal(self) -> dict[str, Any]:
        """Return the cost of the best plan that the rank knows of, and node and cost of the best goal stored here."""
        goal = [int(self.statistics[kernels.GOAL_NODE]), int(self.statistics[GOAL_COST])]
        return {"incumbent": int(self.incumbent), "goal": goal}

    def reserve(self, n_nodes: int, f_end: int, n_chunks: int) -> None:
        """Make room, in a rank without nodes, for all that a checkpoint holds for it.

        ``n_chunks`` are those of a bucket queue.
        """
        stride = self.task.node_words
        if self._open_list.f_end < f_end < INFINITY:
            self._widen(f_end - 1)
        self._make_room(n_chunks)
        slots = len(self._table.index)
        while slots * MAX_FILL < n_nodes + self._most_moves:
            slots *= 2
        words = max(len(self._table.nodes), (n_nodes + 4 * self._most_moves) * stride)
        self._check_memory(4 * (slots - len(self._table.index) + words - len(self._table.nodes)))
        if slots > len(self._table.index):
            self._index_room = allocated(lambda: new_index(slots))
        if words > len(self._table.nodes):
            self._reserved = self._address_space(words, stride)
        self._table = self._table._replace(nodes=self._reserved[:words], index=self._index_room[:slots])
        self._measure()

    def enter_nodes(self, rows: npt.NDArray[np.uint32]) -> None:
        """Add nodes, a row each, of states that are not stored yet; there must be room."""
        stride, start = self.task.node_words, self.n_nodes
        end = start + len(rows)
        self._table.nodes[start * stride : end * stride] = rows.reshape(-1)
        name_nodes(self._stored_layout, self._table.nodes, self._table.index, self._moves.parent, start, end)
        self._table.n_nodes[0] = end

    def enter_open(self, nodes: npt.NDArray[np.int64], f: npt.NDArray[np.int64], h: npt.NDArray[np.int64]) -> None:
        """Enter stored nodes into the open list, the last first out, but for those that are not open with this f."""
        is_open = self._are_open(nodes, f, h)
        nodes, f, h = nodes[is_open], f[is_open], h[is_open]
        if len(f) and (int(h.min()) < 0 or int(h.max()) > self.task.heuristic.max_h):
            raise BadInputError(f"a checkpoint holds an h beyond {self.task.heuristic.max_h}, the largest there is")
        if self._open_list.f_end <= int(f.max(initial=0)):
            self._widen(int(f.max()))
        self._make_room(self._open_list.needed(f, h))
        kernels.give(self._open_list, nodes, f, h)
        self._measure()

    def _make_room(self, needed: int) -> None:
        """Double the open list until it has room for so many moves or chunks."""
        while not self._open_list.has_room(needed):
            self._check_memory(2 * self._open_list_bytes())
            self._open_list = allocated(lambda: self._open_list.doubled())
            self._measure()

    def _are_open(
        self, nodes: npt.NDArray[np.int64], f: npt.NDArray[np.int64] | int, h: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Say which entries of the open list are not out of date: closed since, or entered again with a smaller g."""
        rows = self._rows[nodes]
        are_open: npt.NDArray[np.bool_] = (rows[:, -1] & 1 == 0) & (g_of(self._layout, rows) + h == f)
        return are_open

    def go_on_from(
        self, incumbent: int, goal: tuple[int, int] | None, statistics: npt.NDArray[np.int64], layers: list[Any]
    ) -> None:
        """Take over the cost of the best plan, a goal's node and cost if it is stored here, and what was counted."""
        self.incumbent = min(self.incumbent, incumbent)
        self.statistics[:] = statistics
        self.statistics[kernels.GOAL_NODE], self.statistics[GOAL_COST] = goal or (0, INFINITY)
        size = max([len(self.layers), *map(len, layers)])
        self.layers = sum((np.pad(one, (0, size - len(one))) for one in layers), np.zeros(size, np.int64))
        self._measure()
