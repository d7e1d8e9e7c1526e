"""The losses that balance a trained router, as values: auxiliary loss, z-loss, importance loss.

Fedus, Zoph and Shazeer (2022), "Switch Transformers", JMLR 23, section 2.2, equations 4 to 6 (auxiliary loss); Zoph et
al. (2022), "ST-MoE", arXiv 2202.08906, equation 5 (z-loss); Shazeer et al. (2017), arXiv 1701.06538, equation 7
(importance); Qiu et al. (2025), "Demons in the Detail", arXiv 2501.11873 (sequence-level and global-batch
counts). Every loss takes a ``mask`` of the rows that are tokens and not padding.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.balance.routers import NOBODY, Assignment, Ids, Scores
from pdsearch.balance.routers._checks import checked_matrix, checked_vector
from pdsearch.balance.routers.padding import checked_mask
from pdsearch.errors import BadInputError

_NORMALISED = 1e-3  # how far a row of probabilities may be from 1: bfloat16 rounds to 4e-3 / sqrt(experts) on average


def auxiliary_loss(
    probabilities: npt.ArrayLike,
    chosen: Ids | Assignment,
    counts: npt.ArrayLike | None = None,
    coefficient: float = 1.0,
    mask: npt.ArrayLike | None = None,
    first_choice: bool = False,
) -> float:
    """Return a E sum_i f_i P_i, with f the share of the choices and P the mean probability of expert i.

    It is ``coefficient`` when both are even and up to E times that when one expert has everything.

    Parameters
    ----------
    probabilities : float[T, E]
        Affinities of all experts, each row adding up to 1; divide those of a sigmoid gate by their sum.
    chosen : int32[T, k] or Assignment
        Experts chosen. Of an assignment, what a capacity refused counts as chosen: f is of the choices, before any
        cut.
    counts : int[E], optional
        Choices per expert over more than this batch, for the global-batch loss; those of ``chosen`` where not given.
    coefficient : float
        The factor a.
    mask : bool[T], optional
        Rows that are tokens; the others count neither in f nor in P.
    first_choice : bool
        Count a token's first expert alone in f, as GShard does (arXiv 2006.16668, section 2.2).

    Raises
    ------
    BadInputError
        For probabilities that are no finite matrix of rows that add up to 1, for ids or counts of another length, and
        for ids with empty slots of which it is unknown who refused them.

    Examples
    --------
    >>> auxiliary_loss([[0.5, 0.5], [0.5, 0.5]], np.array([[0], [1]]))
    1.0
    >>> auxiliary_loss([[1.0, 0.0], [1.0, 0.0]], np.array([[0], [0]]))
    2.0
    """
    matrix = _normalised(probabilities)
    n_tokens, n_experts = matrix.shape
    real = np.ones(n_tokens, bool) if mask is None else checked_mask(mask, n_tokens)
    if counts is None:
        counts = _choices(chosen, real, n_experts, first_choice)
    shares = checked_vector(counts, n_experts, np.float64, "counts")
    if not real.any() or not shares.sum():
        return 0.0
    return float(coefficient * n_experts * (shares / shares.sum()) @ matrix[real].mean(axis=0, dtype=np.float64))


def _choices(
    chosen: Ids | Assignment, real: npt.NDArray[np.bool_], n_experts: int, first_choice: bool
) -> npt.NDArray[np.int64]:
    ids = chosen.ids if isinstance(chosen, Assignment) else as_array(chosen, "ids")
    if len(ids) != len(real):
        raise BadInputError(f"ids are of {len(ids)} tokens and probabilities of {len(real)}; give both for the same")
    taken = ids[real][:, :1] if first_choice else ids[real]
    if (taken == NOBODY).any() and (first_choice or not isinstance(chosen, Assignment)):
        raise BadInputError(
            "ids have empty slots, whose experts refused the token and count as chosen; "
            "give the assignment, or counts of the choices before the cut"
        )
    kept = np.bincount(taken[taken != NOBODY], minlength=n_experts)
    return kept + chosen.drops if isinstance(chosen, Assignment) and not first_choice else kept


def sequence_auxiliary_loss(
    probabilities: npt.ArrayLike,
    ids: Ids,
    lengths: npt.ArrayLike,
    coefficient: float = 1.0,
    mask: npt.ArrayLike | None = None,
) -> float:
    """Return the mean over sequences of :func:`auxiliary_loss`; ``lengths``, int[S], add up to the tokens.

    A sequence that is all padding does not count.

    >>> auxiliary = [[1.0, 0.0], [0.0, 1.0]], np.array([[0], [1]])
    >>> auxiliary_loss(*auxiliary), sequence_auxiliary_loss(*auxiliary, lengths=[1, 1])
    (1.0, 2.0)
    """
    matrix = _normalised(probabilities)
    ends = np.cumsum(as_array(lengths, "lengths"))
    if not len(ends) or ends[-1] != len(matrix):
        raise BadInputError(f"lengths add up to {ends[-1] if len(ends) else 0}, not to the {len(matrix)} tokens")
    real = np.ones(len(matrix), bool) if mask is None else checked_mask(mask, len(matrix))
    parts = zip(*(np.split(whole, ends[:-1]) for whole in (matrix, as_array(ids, "ids"), real)), strict=True)
    values = [auxiliary_loss(p, chosen, None, coefficient, tokens) for p, chosen, tokens in parts if tokens.any()]
    return float(np.mean(values)) if values else 0.0


def z_loss(scores: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> float:
    """Return the mean over tokens of logsumexp(scores)^2, which keeps the scores small; 0 for no token.

    >>> round(z_loss([[0.0, 0.0]]), 6)  # ln(2)^2
    0.480453
    """
    matrix = _real(checked_matrix(scores), mask).astype(np.float64)
    if not len(matrix):
        return 0.0
    top = matrix.max(axis=1)
    return float(np.mean((top + np.log(np.exp(matrix - top[:, None]).sum(axis=1))) ** 2))


def importance_loss(probabilities: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> float:
    """Return CV^2 of the experts' summed probabilities, ddof 0; 0 for no token.

    >>> importance_loss([[1.0, 0.0], [1.0, 0.0]])
    1.0
    """
    importance = _real(_normalised(probabilities), mask).sum(axis=0, dtype=np.float64)
    mean = importance.mean()
    return float(importance.var() / mean**2) if mean else 0.0


def _real(matrix: Scores, mask: npt.ArrayLike | None) -> Scores:
    return matrix if mask is None else np.asarray(matrix[checked_mask(mask, len(matrix))])


def _normalised(probabilities: npt.ArrayLike) -> Scores:
    """Return a matrix of probabilities, or name the first row that adds up to something else."""
    matrix = checked_matrix(probabilities, "probabilities")
    sums = matrix.sum(axis=1, dtype=np.float64)
    wrong = np.flatnonzero((np.abs(sums - 1) > _NORMALISED) | (matrix < 0).any(axis=1))
    if len(wrong):
        raise BadInputError(
            f"row {wrong[0]} of the probabilities adds up to {sums[wrong[0]]:.6g} or holds one below 0; "
            f"give a softmax, or sigmoids divided by their sum"
        )
    return matrix
