"""BIP-Based Balancing: expert prices from a few dual iterations on the batch itself, before it is routed.

Sun (2025), "Binary-Integer-Programming Based Algorithm for Expert Load Balancing in Mixture-of-Experts
Models", arXiv 2502.15451. Each half step minimises the dual (see :mod:`pdsearch.balance.routers._prices`)
exactly over its block, so the dual never rises; the relaxation is a transportation problem, so its optimum is
integral. The dual is not smooth, so the descent may stand still above the optimum: with many tokens the gap is
small (1.00001 times the optimum for 512 tokens, 16 experts, k = 4), with few it is not (scores [[.4, .9, .2], [.8,
.3, .5]], k = 2: 2.467, and the optimum is 2.4). The prices are kept from batch to batch. As the batch is priced before
it is routed, the first batch is balanced too; for the same reason a token's experts depend on its batch mates. Tokens
that are alike stay together: prices cannot tell them apart, and ties go to the lowest id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.balance.routers import ROUTERS, Assignment, Scores
from pdsearch.balance.routers._checks import checked_k, checked_matrix, checked_number, checked_vector
from pdsearch.balance.routers._gates import affinities_of
from pdsearch.balance.routers._prices import expert_prices, token_prices
from pdsearch.balance.routers.top_k import choose

MOST_ITERATIONS = 10_000  # the paper has 14; the prices of 4096 tokens and 64 experts stand still after 200


@ROUTERS.add("bip")
@dataclass(frozen=True)
class BIP:
    """Top-k of affinity minus price; the state is the prices, float[E].

    Parameters
    ----------
    iterations : int
        Dual iterations per batch; the paper uses 2 to 14. None at all is plain top-k at the prices given.
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}

    Examples
    --------
    Two tokens prefer the same expert; at the price the iterations find, one of them goes elsewhere.

    >>> scores = np.array([[0.1, 0.9], [0.6, 0.8]])
    >>> BIP(iterations=0, gate="identity").route(scores, k=1).counts.tolist()
    [0, 2]
    >>> BIP(iterations=2, gate="identity").route(scores, k=1).ids.tolist()
    [[1], [0]]
    """

    iterations: int = 4
    gate: str = "softmax"

    batch_invariant: ClassVar[bool] = False
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Sun (2025), arXiv 2502.15451"

    def __post_init__(self) -> None:
        checked_number(self.iterations, "iterations", most=MOST_ITERATIONS)

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Price the experts on this batch, then route it.

        Parameters
        ----------
        scores : float[T, E]
        k : int
        state : float[E], optional
            Prices of the batch before; 0 where not given.

        Returns
        -------
        Assignment
            Its state is the new prices; its weights are the affinities without prices.

        Raises
        ------
        BadInputError
            For scores that are not a finite matrix, k > E or prices of another length.
        """
        affinities = affinities_of(checked_matrix(scores), self.gate)
        _, price = dual_prices(affinities, k, self.iterations, state)
        chosen = choose(affinities, k, -price)
        return Assignment(chosen.ids, chosen.weights, chosen.counts, chosen.drops, price)


def dual_prices(
    affinities: npt.ArrayLike, k: int, iterations: int, start: Any = None
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Return token prices p, float[T], and expert prices q, float[E], after some dual iterations.

    Parameters
    ----------
    affinities : float[T, E]
    k : int
    iterations : int
    start : float[E], optional
        Expert prices to start from.

    Raises
    ------
    BadInputError
        For affinities that are not a finite matrix, k > E or prices of another length.

    Examples
    --------
    >>> p, q = dual_prices([[0.9, 0.1], [0.8, 0.6]], k=1, iterations=2)
    >>> round(dual_objective([[0.9, 0.1], [0.8, 0.6]], 1, p, q), 6)  # the optimum: 0.9 + 0.6
    1.5
    """
    matrix = checked_matrix(affinities, "affinities")
    n_tokens, n_experts = matrix.shape
    checked_k(k, n_experts)
    real = matrix.dtype
    price = np.zeros(n_experts, real) if start is None else checked_vector(start, n_experts, real, "state")
    columns = np.ascontiguousarray(matrix.T)
    for _ in range(iterations if n_tokens else 0):
        token_price = np.maximum(token_prices(matrix, price, k), 0)
        price = np.maximum(expert_prices(columns, token_price, k), 0)
    return np.maximum(token_prices(matrix, price, k), 0), price


def dual_objective(affinities: npt.ArrayLike, k: int, token_price: Scores, expert_price: Scores) -> float:
    """Return the dual objective: an upper bound of the score of every balanced assignment.

    Parameters
    ----------
    affinities : float[T, E]
    k : int
    token_price : float[T]
    expert_price : float[E]
    """
    matrix = as_array(affinities, "affinities", np.float64)
    n_tokens, n_experts = matrix.shape
    gains = np.maximum(matrix - token_price[:, None] - expert_price, 0)
    return float(k * token_price.sum() + n_tokens * k / n_experts * expert_price.sum() + gains.sum())
