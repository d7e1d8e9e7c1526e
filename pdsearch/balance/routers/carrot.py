"""CARROT: the model with the best trade of estimated quality against cost.

Somerstep et al. (2025), "CARROT: A Cost Aware Rate Optimal Router", arXiv 2502.03261: argmax over models of
(1 - mu) quality - mu cost. Raising mu moves along the frontier from the best model to the cheapest.
:class:`NearestQuality` is the paper's nearest-neighbour estimate of quality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_k, checked_matrix, checked_number, checked_vector
from pdsearch.balance.routers._gates import affinities_of, weights_at
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
    reads: ClassVar[str] = "scores"
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
        state : float[E] or float[T, E], optional
            Costs, in the unit of quality; 0 where not given.

        Returns
        -------
        Assignment
            Weights are the softmax of the qualities of those chosen.

        Raises
        ------
        BadInputError
            For bad scores or costs, or k > E.
        """
        quality = checked_matrix(scores)
        n_models = quality.shape[1]
        checked_k(k, n_models)
        if state is None:
            cost = np.zeros(n_models)
        elif np.ndim(state) == 2 and np.shape(state) == quality.shape:
            cost = checked_matrix(state, "costs")
        else:
            cost = checked_vector(state, n_models, np.float64, "costs")
        utility = np.ascontiguousarray((1 - self.mu) * quality.astype(np.float64) - self.mu * cost)
        chosen = choose(utility, k)
        weights = weights_at(affinities_of(quality, "softmax"), chosen.ids)
        return Assignment(chosen.ids, weights, chosen.counts, chosen.drops, state)


@dataclass(frozen=True)
class NearestQuality:
    """Quality of every model on a query, estimated as the mean over the nearest known queries.

    Parameters
    ----------
    queries : float[N, d]
        Embeddings of queries on which the models were tried.
    quality : float[N, E]
        How well they did.
    neighbours : int

    Examples
    --------
    >>> estimate = NearestQuality(np.array([[0.0], [1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]), neighbours=1)
    >>> estimate(np.array([[0.2]])).tolist()
    [[1.0, 0.0]]
    """

    queries: npt.NDArray[np.floating]
    quality: npt.NDArray[np.floating]
    neighbours: int = 10

    def __post_init__(self) -> None:
        if len(self.queries) != len(self.quality) or not 1 <= self.neighbours <= len(self.queries):
            raise BadInputError(
                f"{len(self.queries)} queries, {len(self.quality)} qualities, {self.neighbours} neighbours; "
                f"give one quality row per query and at most as many neighbours"
            )

    def __call__(self, embeddings: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Return the estimates, float[T, E], by Euclidean distance."""
        # |a - b|^2 without |a|^2, which does not change the order.
        distances = (self.queries**2).sum(axis=1) - 2 * embeddings @ self.queries.T
        nearest = np.argsort(distances, axis=1, kind="stable")[:, : self.neighbours]
        return np.asarray(self.quality[nearest].mean(axis=1))
