"""Quantile Balancing: one price step per batch, applied to the next batch.

Su (2026), "Quantile Balancing", kexue.fm/archives/11619; Megatron-core's ``qb_dual_update``. It is one warm
iteration of BIP without the clamps at 0 and one batch late, which makes it causal: a token's experts depend
on earlier batches alone. The first batch is therefore routed without prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment, Scores
from pdsearch.balance.routers._checks import checked_k, checked_matrix, checked_number, checked_vector
from pdsearch.balance.routers._gates import affinities_of
from pdsearch.balance.routers._prices import expert_prices, token_prices
from pdsearch.balance.routers.top_k import choose


@ROUTERS.add("quantile")
@dataclass(frozen=True)
class Quantile:
    """Top-k of affinity minus the price of the batches before; the state is the price, float[E].

    Parameters
    ----------
    rate : float
        Share of the way from the old price to the new one.
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}

    Examples
    --------
    >>> scores = np.array([[0.1, 0.9], [0.6, 0.8]])
    >>> router = Quantile(gate="identity")
    >>> first = router.route(scores, k=1)
    >>> second = router.route(scores, k=1, state=first.state)
    >>> first.counts.tolist(), second.counts.tolist()
    ([0, 2], [1, 1])
    """

    rate: float = 1.0
    gate: str = "softmax"

    batch_invariant: ClassVar[bool] = True
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Su (2026), kexue.fm/archives/11619; Megatron-core qb_dual_update"

    def __post_init__(self) -> None:
        checked_number(self.rate, "rate", most=1)

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route at the prices given, and learn those of the next batch.

        Parameters
        ----------
        scores : float[T, E]
        k : int
        state : float[E], optional
            Prices; 0 where not given.

        Raises
        ------
        BadInputError
            For scores that are not a finite matrix, k > E or prices of another length.
        """
        affinities = affinities_of(checked_matrix(scores), self.gate)
        n_experts = affinities.shape[1]
        checked_k(k, n_experts)
        price = np.zeros(n_experts) if state is None else checked_vector(state, n_experts, np.float64, "state")
        chosen = choose(affinities, k, -price)
        learnt = price + self.rate * (quantile_step(affinities, k, price) - price)
        return Assignment(chosen.ids, chosen.weights, chosen.counts, chosen.drops, learnt)


def quantile_step(affinities: Scores, k: int, price: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return the prices at which this batch would have been balanced, to first order.

    At k = E, or without tokens, there is nothing to balance and the price stays.
    """
    n_tokens, n_experts = affinities.shape
    if k == n_experts or not n_tokens:
        return price
    token_price = token_prices(affinities, price.astype(affinities.dtype), k)
    return expert_prices(np.ascontiguousarray(affinities.T), token_price, k).astype(np.float64)
