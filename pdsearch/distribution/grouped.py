"""Feature sums in which the values of a variable come in groups that share a word.

A move within a group changes no word, so its successor stays on the rank.

Words drawn at random may leave ranks idle: with two groups per variable an owner is a sum of
differences, one per variable. So the words are drawn again until the sums reach every rank.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pdsearch.distribution.feature_sum import FeatureSum
from pdsearch.errors import BadInputError

_DRAWS = 64


class GroupedSum(FeatureSum):
    """Base of the methods that differ only in how they group values.

    Raises
    ------
    BadInputError
        If the groups are too coarse for so many ranks.
    """

    def groups(self) -> npt.NDArray[np.int64]:
        """Return the group of each feature, -1 where it is not hashed: int64[n_variables, n_values]."""
        raise NotImplementedError

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw words for the groups until every rank is reached."""
        groups = self.groups()
        used = (groups >= 0).any(axis=1)
        n_groups = max(1, int(groups.max()) + 1)
        rows = np.arange(len(groups))[:, None]
        best, most = np.zeros((len(groups), n_groups), np.int64), 0
        for _ in range(_DRAWS):
            by_group = rng.integers(self.n_ranks, size=(len(groups), n_groups), dtype=np.int64)
            count = reached(by_group[used], self.n_ranks)
            if count > most:
                best, most = by_group, count
            if count == self.n_ranks:
                break
        self._check(groups[used])
        return np.where(groups >= 0, best[rows, groups], 0)

    def _check(self, groups: npt.NDArray[np.int64]) -> None:
        """Refuse when there are fewer combinations of groups than ranks; a few idle ranks are allowed."""
        combinations = math.prod(len(set(row[row >= 0].tolist())) for row in groups)
        if combinations < self.n_ranks:
            raise BadInputError(
                f"the groups of {self.name!r} tell {combinations} of {self.n_ranks} ranks apart; "
                "use fewer ranks or 'zobrist'"
            )


def reached(words: npt.NDArray[np.int64], n_ranks: int) -> int:
    """Return how many ranks the sums of one word from each row reach.

    >>> reached(np.array([[0, 1], [0, 2]]), 4)
    4
    >>> reached(np.array([[0, 2], [0, 2]]), 4)
    2
    """
    now = np.zeros(n_ranks, bool)
    now[0] = True
    for row in words:
        now = np.logical_or.reduce([np.roll(now, int(word)) for word in np.unique(row)])
    return int(now.sum())
