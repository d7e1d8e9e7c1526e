"""BASE: the balanced assignment of greatest total score, exactly.

Lewis, Bhosale, Dettmers, Goyal and Zettlemoyer (2021), "BASE Layers: Simplifying Training of Large, Sparse
Models", ICML, section 2: every expert serves ceil(T k / E) tokens at most, and the sum of the chosen scores
is the largest there is. The paper uses an auction; here it is a minimum-cost flow by successive shortest
paths (Ahuja, Magnanti and Orlin, 1993, "Network Flows", section 9.7) on the graph of experts alone: the arc
from e to f is the token that loses least by moving from e to f. A token more costs one Dijkstra on E nodes,
so T tokens O(T k E^2), where the assignment problem with repeated columns takes O(T^3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_k, checked_matrix
from pdsearch.balance.routers._flow import flow
from pdsearch.balance.routers._gates import affinities_of, weights_at


@ROUTERS.add("base")
@dataclass(frozen=True)
class Base:
    """The best assignment with at most ceil(T k / E) tokens per expert; no state.

    Parameters
    ----------
    gate : {"sigmoid", "softmax", "sqrt-softplus", "identity"}
        Of the weights; the assignment maximises the raw scores.

    Examples
    --------
    Both tokens prefer expert 0; the one that loses less by it moves.

    >>> Base().route(np.array([[2.0, 0.0], [1.0, 0.9]]), k=1).ids.tolist()
    [[0], [1]]
    """

    gate: str = "sigmoid"

    batch_invariant: ClassVar[bool] = False
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Lewis et al. (2021), ICML, section 2"

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Assign the batch.

        Parameters
        ----------
        scores : float[T, E]
        k : int
        state : object, optional
            Handed through.

        Returns
        -------
        Assignment
            The experts of a token in the order of their scores.

        Raises
        ------
        BadInputError
            For scores that are not a finite matrix, or k > E.
        """
        matrix = checked_matrix(scores)
        n_experts = matrix.shape[1]
        checked_k(k, n_experts)
        serves = flow(matrix.astype(np.float64), k)
        ids = np.argsort(np.where(serves, -matrix, np.inf), axis=1, kind="stable")[:, :k].astype(np.int32)
        weights = weights_at(affinities_of(matrix, self.gate), ids)
        return Assignment(ids, weights, serves.sum(axis=0, dtype=np.int64), np.zeros(n_experts, np.int64), state)
