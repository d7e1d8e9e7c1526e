"""CARROT: the model with the best trade of estimated quality against cost.

Somerstep et al. (2025), "CARROT: A Cost Aware Rate Optimal Router", arXiv 2502.03261: argmax over models of
(1 - mu) quality - mu cost (equation 3). Raising mu moves along the frontier from the best model to the cheapest.
:class:`NearestEstimate` estimates both from queries whose qualities and costs are known.

Left out: the second estimator of the paper, a fine-tuned RoBERTa; its predictions are given like any others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_k, checked_matrix, checked_number, checked_vector
from pdsearch.balance.routers._gates import softmax, weights_at
from pdsearch.balance.routers.top_k import choose
from pdsearch.errors import BadInputError


@ROUTERS.add("carrot")
@dataclass(frozen=True)
class Carrot:
    """The k models of largest (1 - mu) score - mu cost; the state is the costs.

    Parameters
    ----------
    mu : float
        0 for quality alone, 1 for cost alone.

    Examples
    --------
    >>> quality, cost = np.array([[0.9, 0.8]]), np.array([1.0, 0.1])
    >>> [Carrot(mu).route(quality, 1, cost).ids.item() for mu in (0.0, 0.5, 1.0)]
    [0, 1, 1]
    """

    mu: float = 0.5

    batch_invariant: ClassVar[bool] = True
    reads: ClassVar[str] = "qualities"
    source: ClassVar[str] = "Somerstep et al. (2025), arXiv 2502.03261"

    def __post_init__(self) -> None:
        checked_number(self.mu, "mu", most=1)

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Choose models.

        Parameters
        ----------
        scores : float[T, E]
            Estimated quality of each model on each query.
        k : int
        state : float[E] or float[T, E]
            Costs, in the unit of quality; without them there is nothing to trade, and plain top-k is asked for.

        Returns
        -------
        Assignment
            Weights are the softmax of the qualities of those chosen.

        Raises
        ------
        BadInputError
            For bad scores or costs, no costs, or k > E.
        """
        quality = checked_matrix(scores)
        n_models = quality.shape[1]
        checked_k(k, n_models)
        if state is None:
            raise BadInputError("carrot was given no costs; give one per model, or per query and model, as the state")
        if np.ndim(state) == 2 and np.shape(state) == quality.shape:
            cost = checked_matrix(state, "costs")
        else:
            cost = checked_vector(state, n_models, np.float64, "costs")
        utility = np.ascontiguousarray((1 - self.mu) * quality.astype(np.float64) - self.mu * cost)
        chosen = choose(utility, k)
        weights = weights_at(softmax(quality), chosen.ids)
        return Assignment(chosen.ids, weights, chosen.counts, chosen.drops, state)


@dataclass(frozen=True)
class NearestEstimate:
    """Quality and cost of every model on a query, estimated as means over the nearest known queries.

    The paper's nonparametric estimator (section 3.2), with Euclidean distance and equal weights as in the authors'
    program. Costs are estimated like quality, because they are not known beforehand either: what a model writes
    decides what it costs.

    Parameters
    ----------
    queries : float[N, d]
        Embeddings of queries on which the models were tried.
    quality : float[N, E]
        How well they did.
    cost : float[N, E]
        What they cost, in the unit of quality.
    neighbours : int

    Examples
    --------
    >>> estimate = NearestEstimate(
    ...     queries=[[0.0], [1.0]], quality=[[1.0, 0.5], [0.5, 1.0]], cost=[[3.0, 1.0], [5.0, 1.0]], neighbours=1
    ... )
    >>> quality, cost = estimate([[0.2]])
    >>> quality.tolist(), cost.tolist()
    ([[1.0, 0.5]], [[3.0, 1.0]])
    >>> Carrot(mu=0.1).route(quality, k=1, state=cost).ids.tolist()  # .9 - .3 against .45 - .1
    [[0]]
    """

    queries: npt.ArrayLike
    quality: npt.ArrayLike
    cost: npt.ArrayLike
    neighbours: int = 10

    def __post_init__(self) -> None:
        for name in ("queries", "quality", "cost"):
            object.__setattr__(self, name, checked_matrix(getattr(self, name), name, "columns"))
        known, quality, cost = self._tables()
        shapes = known.shape, quality.shape, cost.shape
        if quality.shape != cost.shape or len(known) != len(quality) or not 1 <= self.neighbours <= len(known):
            raise BadInputError(
                f"queries, quality, cost have shapes {shapes} and neighbours is {self.neighbours}; "
                f"give one row of qualities and costs per query and at most as many neighbours"
            )

    def __call__(self, embeddings: npt.ArrayLike) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
        """Return estimated quality and cost, float[T, E] each."""
        known, quality, cost = self._tables()
        wanted = checked_matrix(embeddings, "embeddings", "features")
        if wanted.shape[1] != known.shape[1]:
            raise BadInputError(f"embeddings have {wanted.shape[1]} numbers and the known queries {known.shape[1]}")
        # |a - b|^2 without |a|^2, which does not change the order.
        distances = (known**2).sum(axis=1) - 2 * wanted @ known.T
        nearest = np.argsort(distances, axis=1, kind="stable")[:, : self.neighbours]
        return np.asarray(quality[nearest].mean(axis=1)), np.asarray(cost[nearest].mean(axis=1))

    def _tables(self) -> tuple[npt.NDArray[np.floating], ...]:
        return np.asarray(self.queries), np.asarray(self.quality), np.asarray(self.cost)
