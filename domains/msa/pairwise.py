"""The sum of optimal pairwise alignments of what is left: no alignment of all does better for any pair.

Where opening a gap costs something, a pair has a table for each kind of last column: a letter of the first against
a gap of the other, the converse, or neither. Why their sum is a lower bound: take any way to end an alignment, and two
of its rows. Dropping the columns in which both have gaps, which cost the pair nothing, leaves an alignment of what
is left of the two. It opens no gap that was not opened before: a column that lengthens a gap follows one of its own
kind, which is not dropped. So the pair paid what its table says, or more.

It is consistent, too. An entry is the least, over the columns but those of two gaps, of what the column costs and
the entry behind it. A column of two gaps costs nothing and leads to the entry for neither kind at the same positions,
which is not less: whatever follows opens the same gaps there, or one more.

Source: Ikeda and Imai (1994), "Fast A* algorithms for multiple sequence alignment", Genome
Informatics 5, section 3; Gotoh (1982), "An improved algorithm for matching biological sequences", Journal of
Molecular Biology 162, for the tables by kind.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined, kernel
from pdsearch.domains import Domain, State
from pdsearch.domains.msa.alignment import Alignment
from pdsearch.domains.msa.scoring import GAP_LETTER, N_CODES
from pdsearch.domains.msa.space import last_column, position_in
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate, width

# kinds of column for a pair
NEITHER, FIRST, SECOND = range(3)  # two letters or two gaps; a letter of the first, or second, against a gap
_NEVER = 2**30  # above the cost of any alignment of two sequences


class PairwiseTables(NamedTuple):
    """The cost of aligning what is left of each pair, by kind of last column (if it matters) and two positions."""

    costs: npt.NDArray[np.int32]  # (sum over pairs of n_kinds * (length + 1) * (length + 1),)
    start: npt.NDArray[np.int64]  # (n_kinds * n * n,) of the table of each kind and pair (i, j), j < i, in costs
    stride: npt.NDArray[np.int64]  # (n,) length of each sequence + 1


@inlined
def _kind(column, i, j):
    """Return the kind of a column for the pair (i, j)."""
    letter, other = (column >> i) & 1, (column >> j) & 1
    return FIRST * (letter > other) + SECOND * (letter < other)


@implements(estimate, PairwiseTables)
def _estimate(heuristic, space, parent_h, moves, c):
    at = c * width(space)
    last = last_column(space, moves.states, at)
    h = np.int64(0)
    for i in range(space.n):
        here = position_in(moves.states, at, i)
        for j in range(i):
            key = here * heuristic.stride[j] + position_in(moves.states, at, j)
            table = (_kind(last, i, j) * space.n + i) * space.n + j
            h += np.int64(heuristic.costs[heuristic.start[table] + key])
    return h


@inlined
def _through(one, other, pair_costs, opening, tables, kind, p, q, step):
    """Return the cost of ``tables[kind, p, q]`` if the next column is of kind ``step``."""
    if (step != SECOND and p == len(one)) or (step != FIRST and q == len(other)):
        return _NEVER
    first = GAP_LETTER if step == SECOND else one[p]
    second = GAP_LETTER if step == FIRST else other[q]
    behind = tables[min(step, len(tables) - 1), p + (step != SECOND), q + (step != FIRST)]
    return behind + pair_costs[first * N_CODES + second] + (opening if step not in (NEITHER, kind) else 0)


@kernel
def _align(one, other, pair_costs, opening, tables):
    """Fill ``tables[kind, p, q]`` with the cost of aligning one[p:] with other[q:] after a column of a kind.

    Returns the most f can rise in a step. One table is enough where ``opening`` is 0.
    """
    most = 0
    for p in range(len(one), -1, -1):
        for q in range(len(other), -1, -1):
            for kind in range(len(tables)):
                best = 0 if p == len(one) and q == len(other) else _NEVER
                for step in range(3):
                    best = min(best, _through(one, other, pair_costs, opening, tables, kind, p, q, step))
                for step in range(3):
                    through = _through(one, other, pair_costs, opening, tables, kind, p, q, step)
                    most = max(most, through - best if through < _NEVER else 0)
                tables[kind, p, q] = best
                most = max(most, tables[NEITHER, p, q] - best)  # by a column of two gaps
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
        n_kinds = 3 if domain.gap_open else 1
        start = np.zeros((n_kinds, domain.n, domain.n), np.int64)
        self.pairs: dict[tuple[int, int], npt.NDArray[np.int32]] = {}
        self.max_rise = self.max_h = end = 0
        for i in range(domain.n):
            for j in range(i):
                tables = np.zeros((n_kinds, domain.lengths[i] + 1, domain.lengths[j] + 1), np.int32)
                codes = domain.codes[i], domain.codes[j]
                self.max_rise += int(_align(*codes, domain.space.costs, domain.gap_open, tables))
                self.max_h += int(tables.max())
                self.pairs[i, j] = tables
                start[:, i, j] = end + tables[0].size * np.arange(n_kinds)
                end += tables.size
        flat = np.concatenate([tables.reshape(-1) for tables in self.pairs.values()])
        self.tables = PairwiseTables(flat, start.reshape(-1), np.array(domain.lengths, np.int64) + 1)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit alignments."""
        return isinstance(domain, Alignment)

    def value(self, state: State) -> int:
        """Add up the pairs."""
        positions, last = self.alignment.unpack(state), self.alignment.last_column(state)
        return sum(
            int(tables[((last >> i & 1) - (last >> j & 1)) % 3, positions[i], positions[j]])
            for (i, j), tables in self.pairs.items()
        )
