"""Feature sums in which the values of a variable come in groups that share a word.

A move within a group changes no word, so its successor stays on the rank.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.distribution.feature_sum import FeatureSum


class GroupedSum(FeatureSum):
    """Base of the methods that differ only in how they group values."""

    @property
    def groups(self) -> npt.NDArray[np.int64]:
        """The group of each feature, -1 where it is not hashed: int64[n_variables, n_values]."""
        raise NotImplementedError

    def fill(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw words for the groups."""
        n_groups = max(1, int(self.groups.max()) + 1)
        by_group = rng.integers(self.n_ranks, size=(len(self.groups), n_groups), dtype=np.int64)
        return np.where(self.groups >= 0, np.take_along_axis(by_group, np.maximum(self.groups, 0), axis=1), 0)
