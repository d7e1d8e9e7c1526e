"""The sum of optimal pairwise alignments of what is left: no alignment of all does better for any pair.

Source: Ikeda and Imai (1994), "Fast A* algorithms for multiple sequence alignment", Genome
Informatics 5, section 3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import answers, kernel
from pdsearch.domains import Domain, State
from pdsearch.domains.msa.alignment import Alignment
from pdsearch.domains.msa.scoring import GAP_LETTER, N_CODES
from pdsearch.domains.msa.space import position_in
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate, width


class PairwiseTables(NamedTuple):
    """The cost of aligning what is left of each pair, for every two positions."""

    costs: npt.NDArray[np.int32]  # (sum over pairs of (length + 1) * (length + 1),)
    start: npt.NDArray[np.int64]  # (n * n,) of the table of each pair (i, j), j < i, in costs
    stride: npt.NDArray[np.int64]  # (n,) length of each sequence + 1


@answers(estimate, PairwiseTables)
def _estimate(estimator, space, parent_h, moves, c):
    at = c * width(space)
    h = np.int64(0)
    for i in range(space.n):
        here = position_in(moves.states, at, i)
        for j in range(i):
            key = here * estimator.stride[j] + position_in(moves.states, at, j)
            h += np.int64(estimator.costs[estimator.start[i * space.n + j] + key])
    return h


@kernel
def _align(one, other, pair_costs, table):
    """Fill ``table[p, q]`` with the cost of aligning one[p:] with other[q:]; return the most f can rise in a step."""
    most = 0
    for p in range(len(one), -1, -1):
        for q in range(len(other), -1, -1):
            best = 0 if p == len(one) and q == len(other) else 2**30
            first = pair_costs[one[p] * N_CODES + GAP_LETTER] if p < len(one) else 0
            second = pair_costs[other[q] * N_CODES + GAP_LETTER] if q < len(other) else 0
            if p < len(one):
                best = min(best, table[p + 1, q] + first)
            if q < len(other):
                best = min(best, table[p, q + 1] + second)
            if p < len(one) and q < len(other):
                both = pair_costs[one[p] * N_CODES + other[q]]
                best = min(best, table[p + 1, q + 1] + both)
                most = max(most, table[p + 1, q + 1] + both - best)
            table[p, q] = best
            if p < len(one):
                most = max(most, table[p + 1, q] + first - best)
            if q < len(other):
                most = max(most, table[p, q + 1] + second - best)
    return most


@HEURISTICS.add("pairwise")
class Pairwise(Heuristic):
    """Cost of aligning what is left of each two sequences, added up over the pairs."""

    name = "pairwise"
    source = "Ikeda and Imai (1994), Genome Informatics 5, section 3"
    admissible = True
    consistent = True

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Alignment)
        self.alignment = domain
        start = np.zeros((domain.n, domain.n), np.int64)
        self.pairs: dict[tuple[int, int], npt.NDArray[np.int32]] = {}
        self.max_rise = self.max_h = end = 0
        for i in range(domain.n):
            for j in range(i):
                table = np.zeros((domain.lengths[i] + 1, domain.lengths[j] + 1), np.int32)
                self.max_rise += int(_align(domain.codes[i], domain.codes[j], domain.space.costs, table))
                self.max_h += int(table.max())
                self.pairs[i, j], start[i, j] = table, end
                end += table.size
        flat = np.concatenate([table.reshape(-1) for table in self.pairs.values()])
        self.tables = PairwiseTables(flat, start.reshape(-1), np.array(domain.lengths, np.int64) + 1)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit alignments."""
        return isinstance(domain, Alignment)

    def value(self, state: State) -> int:
        """Add up the pairs."""
        positions = self.alignment.unpack(state)
        return sum(int(table[positions[i], positions[j]]) for (i, j), table in self.pairs.items())
