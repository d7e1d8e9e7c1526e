"""The weights of an assignment without renormalisation: the affinities as they are, times a scale.

Routers divide the affinities of the chosen experts by their sum, as Mixtral and DeepSeek-V3 do. Others do not: Switch
(top-1, whose weight would always be 1 and give the gate no gradient: Fedus, Zoph and Shazeer, 2022, JMLR 23, section
2.1), DeepSeek-V2 (``norm_topk_prob`` false, scaled by ``routed_scaling_factor``: arXiv 2405.04434, section 2.1.2),
Qwen-MoE (``norm_topk_prob`` false).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import NOBODY, Assignment
from pdsearch.balance.routers._checks import checked_matrix, checked_number
from pdsearch.balance.routers._gates import affinities_of
from pdsearch.errors import BadInputError


def unnormalised(
    assignment: Assignment, scores: npt.ArrayLike, gate: str = "softmax", scale: float = 1.0
) -> Assignment:
    """Return the assignment with the experts' affinities, times a scale, as weights.

    Parameters
    ----------
    assignment : Assignment
        Of these scores.
    scores : float[T, E]
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
        That of the router.
    scale : float
        Not negative.

    Raises
    ------
    BadInputError
        If the scores are of other tokens or experts.

    Examples
    --------
    >>> from pdsearch.balance.routers.top_k import TopK
    >>> scores = np.log([[0.5, 0.25, 0.25]])
    >>> unnormalised(TopK().route(scores, k=1), scores).weights.round(6).tolist()
    [[0.5]]
    """
    matrix = checked_matrix(scores)
    if matrix.shape != (len(assignment.ids), assignment.n_experts):
        needed = (len(assignment.ids), assignment.n_experts)
        raise BadInputError(f"scores have shape {matrix.shape}; this assignment needs {needed}")
    checked_number(scale, "scale")
    served = assignment.ids != NOBODY
    own = np.take_along_axis(affinities_of(matrix, gate), np.where(served, assignment.ids, 0), axis=1)
    return replace(assignment, weights=np.where(served, own * scale, 0).astype(matrix.dtype))
