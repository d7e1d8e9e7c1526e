"""The losses that balance a trained router, as values: auxiliary loss, z-loss, importance loss.

Fedus, Zoph and Shazeer (2022), "Switch Transformers", JMLR 23, section 2.2 (auxiliary loss); Zoph et al.
(2022), "ST-MoE", arXiv 2202.08906, equation 5 (z-loss); Shazeer et al. (2017), arXiv 1701.06538, equation 7
(importance); Qiu et al. (2025), "Demons in the Detail", arXiv 2501.11873 (sequence-level and global-batch
counts).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import NOBODY, Ids
from pdsearch.balance.routers._checks import checked_matrix, checked_vector
from pdsearch.errors import BadInputError


def auxiliary_loss(
    probabilities: npt.ArrayLike, ids: Ids, counts: npt.ArrayLike | None = None, coefficient: float = 1.0
) -> float:
    """Return a E sum_i f_i P_i, with f the share of the pairs and P the mean probability of expert i.

    It is ``coefficient`` when both are even and up to E times that when one expert has everything.

    Parameters
    ----------
    probabilities : float[T, E]
        Affinities of all experts, each row adding up to 1.
    ids : int32[T, k]
        Experts chosen, -1 for none.
    counts : int[E], optional
        Pairs per expert over more than this batch, for the global-batch loss; those of ``ids`` where not
        given.
    coefficient : float
        The factor a.

    Raises
    ------
    BadInputError
        For probabilities that are not a finite matrix, or ids or counts of another length.

    Examples
    --------
    >>> auxiliary_loss([[0.5, 0.5], [0.5, 0.5]], np.array([[0], [1]]))
    1.0
    >>> auxiliary_loss([[1.0, 0.0], [1.0, 0.0]], np.array([[0], [0]]))
    2.0
    """
    matrix = checked_matrix(probabilities, "probabilities")
    n_tokens, n_experts = matrix.shape
    if len(ids) != n_tokens:
        raise BadInputError(f"ids are of {len(ids)} tokens and probabilities of {n_tokens}; give both for the same")
    if counts is None:
        counts = np.bincount(ids[ids != NOBODY], minlength=n_experts)
    shares = checked_vector(counts, n_experts, np.float64, "counts")
    if not n_tokens or not shares.sum():
        return 0.0
    return float(coefficient * n_experts * (shares / shares.sum()) @ matrix.mean(axis=0, dtype=np.float64))


def sequence_auxiliary_loss(
    probabilities: npt.ArrayLike, ids: Ids, lengths: npt.ArrayLike, coefficient: float = 1.0
) -> float:
    """Return the mean over sequences of :func:`auxiliary_loss`; ``lengths``, int[S], add up to the tokens.

    >>> auxiliary = [[1.0, 0.0], [0.0, 1.0]], np.array([[0], [1]])
    >>> auxiliary_loss(*auxiliary), sequence_auxiliary_loss(*auxiliary, lengths=[1, 1])
    (1.0, 2.0)
    """
    matrix = checked_matrix(probabilities, "probabilities")
    ends = np.cumsum(lengths)
    if not len(ends) or ends[-1] != len(matrix):
        raise BadInputError(f"lengths add up to {ends[-1] if len(ends) else 0}, not to the {len(matrix)} tokens")
    cuts = ends[:-1]
    parts = zip(np.split(matrix, cuts), np.split(ids, cuts), strict=True)
    return float(np.mean([auxiliary_loss(part, chosen, None, coefficient) for part, chosen in parts]))


def z_loss(scores: npt.ArrayLike) -> float:
    """Return the mean over tokens of logsumexp(scores)^2, which keeps the scores small; 0 for no token.

    >>> round(z_loss([[0.0, 0.0]]), 6)  # ln(2)^2
    0.480453
    """
    matrix = checked_matrix(scores).astype(np.float64)
    if not len(matrix):
        return 0.0
    top = matrix.max(axis=1)
    return float(np.mean((top + np.log(np.exp(matrix - top[:, None]).sum(axis=1))) ** 2))


def importance_loss(probabilities: npt.ArrayLike) -> float:
    """Return CV^2 of the experts' summed probabilities, ddof 0; 0 for no token.

    >>> importance_loss([[1.0, 0.0], [1.0, 0.0]])
    1.0
    """
    importance = checked_matrix(probabilities, "probabilities").sum(axis=0, dtype=np.float64)
    mean = importance.mean()
    return float(importance.var() / mean**2) if mean else 0.0
