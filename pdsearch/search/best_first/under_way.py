"""A search by layers that is under way, as arrays and numbers in a checkpoint, and back.

Roots are fed in one order, so their number says which are still to come. Nodes keep the numbers of the roots that they
were reached from, which other ranks would count otherwise: so only as many ranks with the same owners go on with such a
search. To others it is not there, and they begin the group of roots again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.comm import Records
from pdsearch.domains import State
from pdsearch.kernels import layers
from pdsearch.kernels.layout import g_of
from pdsearch.search.best_first.archive import Archive
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.moving import entries, first_f_without_place, in_pieces

_LOOSE = "loose"


Goal = tuple[int, int, State]  # cost, way, and state


class UnderWay(NamedTuple):
    """One rank of such a search.

    Attributes
    ----------
    arrays : dict
        What it holds; ``loose`` are records that are in no table.
    facts : dict
        Numbers, as JSON knows them.
    """

    arrays: dict[str, npt.NDArray[Any]]
    facts: dict[str, Any]

    @property
    def loose(self) -> Records:
        """Return the records that are in no table."""
        found: Records = self.arrays[_LOOSE]
        return found

    def with_loose(self, records: list[Records]) -> UnderWay:
        """Return the same with records that are in no table."""
        return self._replace(arrays={**self.arrays, _LOOSE: np.concatenate([np.empty(0, np.uint32), *records])})


class LayersUnderWay(LocalSearch):
    """The part of a rank of such a search that is written and read; parameters are those of ``LocalSearch``."""

    floor: int
    found: Goal | None
    archive: Archive | None
    _n_fed: int
    _counts: npt.NDArray[np.int64]

    def under_way(self) -> UnderWay:
        """Return all that the rank knows; valid until it goes on."""
        written = {} if self.archive is None else self.archive.kept()
        return UnderWay({**self.saved(), **written, "counts": self._counts}, self._numbers())

    def _numbers(self) -> dict[str, Any]:
        known = {"fed": self._n_fed, "floor": self.floor, "incumbent": self.incumbent, "found": self.found}
        return {**known, "least": int(self._frame.words[layers.LEAST])}

    def go_on_with(self, before: UnderWay) -> None:
        """Take over all that a rank knew that was made for the same roots, bound and owners.

        Raises
        ------
        MemoryLimitError
            If that does not fit.
        """
        arrays = before.arrays
        n_chunks = int(arrays["open_scalars"][3]) if "open_top" in arrays else 0
        self.reserve(len(arrays["nodes"]), first_f_without_place(arrays, ""), n_chunks)
        for rows in in_pieces(arrays["nodes"]):  # of a file that is mapped, and not read at once
            self.enter_nodes(rows)
        for nodes, g, h in entries(arrays, ""):
            self.enter_open(nodes, g, h)
        if self.archive is not None:
            self.archive.go_on_with(arrays["archive"], arrays["archive_end"])
        self._take_over(before)
        self._measure()

    def _take_over(self, before: UnderWay) -> None:
        arrays, facts = before.arrays, before.facts
        self._counts[:], self.statistics[:] = arrays["counts"], arrays["statistics"]
        self.layers = np.array(arrays["layers"])
        self._n_fed, self.floor = facts["fed"], facts["floor"]
        self.incumbent = min(self.incumbent, facts["incumbent"])
        self.found = None if facts["found"] is None else _goal(*facts["found"])
        self._frame.words[layers.LEAST] = facts["least"]

    def _are_open(
        self, nodes: npt.NDArray[np.int64], f: npt.NDArray[np.int64] | int, h: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Say so of entries in the order of g."""
        rows = self._rows[nodes]
        are_open: npt.NDArray[np.bool_] = (rows[:, -1] & 1 == 0) & (g_of(self._layout, rows) == f)
        return are_open


def _goal(cost: int, way: int, state: list[int]) -> Goal:
    return cost, way, tuple(state)
