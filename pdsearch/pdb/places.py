"""What a table of distances over places is made for, in words that no domain needs to explain.

Some things lie on the cells of a grid, one of whose other cells is empty; a thing beside the empty cell may slide into
it. A table tells how many slides of its own things are needed at least to bring them to their goal cells, when what
else lies on the grid moves for nothing.
"""

from __future__ import annotations

from typing import NamedTuple


class Places(NamedTuple):
    """One table; its entries are in the order of :func:`pdsearch.pdb.ranking.lehmer`, 0 for what cannot be reached.

    Attributes
    ----------
    width, n : int
        Of the grid: cells of a row, and of all rows, at most 32.
    goal : tuple of int
        The goal cell of each thing.
    blanks : int
        Cells, as a bit set, where the empty cell may be when all things are there; one connected region.
    """

    width: int
    n: int
    goal: tuple[int, ...]
    blanks: int

    @property
    def n_numbers(self) -> int:
        """Return how many numbers :meth:`number` may take."""
        return int(self.n ** len(self.goal))

    def number(self, places: tuple[int, ...]) -> int:
        """Return the running number of some places: their cells as digits in the base of the cells, the first lowest.

        >>> Places(2, 4, (1, 2), 1).number((3, 1))
        7
        """
        return sum(place * self.n**i for i, place in enumerate(places))
