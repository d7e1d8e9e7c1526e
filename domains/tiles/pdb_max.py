"""The maximum over several partitions of a tile board, each with its mirror image, whose tables it shares.

All sums of a successor are looked up anew: two of them cost several times what a single partition costs, and save
more nodes the harder the instance is.

Source: Korf and Felner (2002), "Disjoint pattern database heuristics", AIJ 134 (reflected databases); Clausecker and
Reinefeld (2019), "Zero-aware pattern databases with 1-bit compression for sliding tile puzzles", SoCS (the idea of a
catalogue: several partitions that share tables; see :mod:`pdsearch.domains.tiles.partitions`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.domains import Domain
from pdsearch.domains.tiles.partitions import CATALOGUE, MIRRORED
from pdsearch.domains.tiles.pdb import AdditivePdb, PatternTables, places_of
from pdsearch.domains.tiles.space import N_VALUES
from pdsearch.heuristics import HEURISTICS
from pdsearch.kernels.protocol import estimate, width
from pdsearch.pdb.ranking import rank_of


class MaximumTables(NamedTuple):
    """The tables of all partitions, and how each pattern of each looks up its own."""

    entries: npt.NDArray[np.uint8]  # (n_entries,)
    start: npt.NDArray[np.int64]  # (n_patterns,) of the pattern's table in entries
    size: npt.NDArray[np.int64]  # (n_patterns,) tiles
    ends: npt.NDArray[np.bool_]  # (n_patterns,) whether it is the last of its partition
    image: npt.NDArray[np.uint64]  # (n_patterns * N_VALUES,) of each cell in the table's board
    shift: npt.NDArray[np.uint64]  # (n_patterns * N_VALUES,) bits by which a tile's cell is shifted
    n: int


@implements(estimate, MaximumTables)
def _estimate(heuristic, space, parent_h, moves, c):
    most = total = np.int64(0)
    at = c * width(space)
    for i in range(len(heuristic.start)):
        places = places_of(space, heuristic, moves.states, at, i * N_VALUES)
        total += np.int64(heuristic.entries[heuristic.start[i] + rank_of(places, heuristic.size[i], heuristic.n)])
        if heuristic.ends[i]:
            most, total = max(most, total), np.int64(0)
    return most


def _joined(parts: list[PatternTables]) -> MaximumTables:
    ends = [np.arange(len(part.start)) == len(part.start) - 1 for part in parts]
    return MaximumTables(
        parts[0].entries,
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.size for part in parts]),
        np.concatenate(ends),
        np.concatenate([part.image for part in parts]),
        np.concatenate([part.shift for part in parts]),
        parts[0].n,
    )


@HEURISTICS.add(f"pdb{MIRRORED}")
class PdbMaximum(AdditivePdb):
    """``pdb`` and the same partition mirrored at the diagonal, on square boards."""

    name = f"pdb{MIRRORED}"

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.tables = _joined(self.parts)


@HEURISTICS.add(f"pdb-6-6-6-6{MIRRORED}")
class FourSixesMaximum(PdbMaximum):
    """``pdb-6-6-6-6`` and its mirror image, with the same two tables: 255 MB."""

    name = f"pdb-6-6-6-6{MIRRORED}"


@HEURISTICS.add(CATALOGUE)
class Catalogue(PdbMaximum):
    """Seven partitions of the 24-puzzle into sixes, and their mirror images: some 2 GB."""

    name = CATALOGUE
