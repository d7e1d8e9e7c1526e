"""Grouped average pooling (GrAP), the gate of LocMoE: defined once, for NumPy and torch.

Li et al. (2024), "LocMoE: A Low-Overhead MoE for Large Language Model Training", IJCAI, arXiv 2401.13920,
section 3.2: the scores of n experts are the means of n groups of neighbouring features, which is a gate whose
rows are orthogonal and have no parameters. The paper has d a multiple of n; here the groups are equal up to one
feature: feature f belongs to group floor(f n / d), so each feature counts exactly once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError


def pooling_matrix(n_features: int, n_groups: int) -> npt.NDArray[np.float64]:
    """Return float64[n_features, n_groups] whose column g averages the features of group g.

    Tokens float[..., n_features] times this matrix are the scores.

    Parameters
    ----------
    n_features, n_groups : int
        At least one feature a group.

    Raises
    ------
    BadInputError
        If there are more groups than features, or no group.

    Examples
    --------
    >>> pooling_matrix(5, 2).T.round(3).tolist()
    [[0.333, 0.333, 0.333, 0.0, 0.0], [0.0, 0.0, 0.0, 0.5, 0.5]]
    """
    if not 1 <= n_groups <= n_features:
        raise BadInputError(f"{n_groups} experts share {n_features} features; give at most one expert per feature")
    group = np.arange(n_features) * n_groups // n_features
    member = (group[:, None] == np.arange(n_groups)).astype(np.float64)
    return np.asarray(member / member.sum(axis=0))
