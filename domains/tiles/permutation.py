"""PHDA*: the owner is the lexicographic rank of the board as a permutation, modulo p.

The place values (n - 1 - i)! are multiples of p for all but the last few cells, so the owner
depends on the order of the last entries only: few nodes are sent, and the load is uneven.

Source: Korf and Schultze (2005), "Large-scale parallel breadth-first search", AAAI (the
ranking); Burns, Lemons, Ruml and Zhou (2010), JAIR 39 (as an owner).
"""

from __future__ import annotations

from math import factorial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import answers
from pdsearch.distribution import DISTRIBUTIONS, Distribution
from pdsearch.domains import Domain, State
from pdsearch.domains.tiles.puzzle import Tiles
from pdsearch.domains.tiles.space import tile_at
from pdsearch.kernels.protocol import owner, width


class PermutationTables(NamedTuple):
    """Place values modulo p."""

    place: npt.NDArray[np.int64]  # (n_cells,) (n - 1 - i)! modulo n_ranks
    n_ranks: int


@answers(owner, PermutationTables)
def _owner(sharing, rank, space, moves, c):
    n = len(sharing.place)
    at = c * width(space)
    unused = (1 << n) - 1
    total = 0
    for cell in range(n):
        tile = tile_at(space, moves.states, at, cell)
        below = unused & ((1 << tile) - 1)
        unused &= ~(1 << tile)
        if sharing.place[cell] != 0:
            digit = 0
            while below:
                below &= below - 1
                digit += 1
            total += digit * sharing.place[cell]
    return total % sharing.n_ranks


@DISTRIBUTIONS.add("permutation")
class Permutation(Distribution):
    """The lexicographic rank of the board modulo p."""

    name = "permutation"
    source = "Korf and Schultze (2005), AAAI; Burns et al. (2010), JAIR 39"
    is_seeded = False

    def __init__(self, domain: Domain, n_ranks: int, seed: int = 0, option: str | None = None) -> None:
        super().__init__(domain, n_ranks, seed, option)
        assert isinstance(domain, Tiles)
        self.puzzle = domain
        n = domain.n_cells
        self.tables = PermutationTables(np.array([factorial(n - 1 - i) % n_ranks for i in range(n)], np.int64), n_ranks)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit tile boards."""
        return isinstance(domain, Tiles)

    def owner_of(self, state: State) -> int:
        """Rank the permutation by its definition."""
        board = self.puzzle.unpack(state)
        n = len(board)
        digits = [sum(later < tile for later in board[i + 1 :]) for i, tile in enumerate(board)]
        return sum(digit * factorial(n - 1 - i) for i, digit in enumerate(digits)) % self.n_ranks
