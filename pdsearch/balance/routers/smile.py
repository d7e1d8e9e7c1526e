"""SMILE: a token chooses its machine with one gate and an expert on that machine with another.

He et al. (2022), "SMILE: Scaling Mixture-of-Experts with Efficient Bi-level Routing", arXiv 2212.05191,
section 3: n + m gate outputs in place of n m, and one machine per token, so at most one message between
machines. It is the idea of hierarchical hashing in HDA*: the machine first, then the core. Equal to flat
routing for k = 1 whenever an expert's score is the product of its two gates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment, Ids
from pdsearch.balance.routers._checks import checked_k, checked_matrix
from pdsearch.balance.routers._gates import affinities_of
from pdsearch.balance.routers.losses import auxiliary_loss
from pdsearch.balance.routers.top_k import choose
from pdsearch.errors import BadInputError


@ROUTERS.add("smile")
@dataclass(frozen=True)
class Smile:
    """The best machine, then its k best experts; expert = machine * experts per machine + place; no state.

    Parameters
    ----------
    nodes : int
        The first columns of the scores are the machines, the others the places on a machine.

    Examples
    --------
    >>> two_levels = np.array([[0.0, 1.0, 5.0, 3.0, 4.0]])
    >>> Smile(nodes=2).route(two_levels, k=1).ids.tolist()  # machine 1 of 2, place 0 of 3
    [[3]]
    """

    nodes: int = 4

    batch_invariant: ClassVar[bool] = True
    reads: ClassVar[str] = "two levels"
    source: ClassVar[str] = "He et al. (2022), arXiv 2212.05191, section 3"

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route each token to k experts of one machine.

        Parameters
        ----------
        scores : float[T, nodes + places]
        k : int
            At most the number of places.
        state : object, optional
            Handed through.

        Returns
        -------
        Assignment
            Of ``nodes * places`` experts; weights are products of the two softmaxes, divided by their sum.

        Raises
        ------
        BadInputError
            For bad scores, no column left for the places, or k above their number.
        """
        matrix = checked_matrix(scores, columns="nodes + places")
        n_places = matrix.shape[1] - self.nodes
        if self.nodes < 1 or n_places < 1:
            raise BadInputError(f"{matrix.shape[1]} columns are not {self.nodes} nodes and their places; give more")
        checked_k(k, n_places)
        node = choose(np.ascontiguousarray(matrix[:, : self.nodes]), 1).ids
        place = choose(affinities_of(np.ascontiguousarray(matrix[:, self.nodes :]), "softmax"), k)
        ids = node * np.int32(n_places) + place.ids
        counts = np.bincount(ids.ravel(), minlength=self.nodes * n_places)
        # The machine's own probability is common to a token's experts: dividing by the sum cancels it.
        return Assignment(ids, place.weights, counts, np.zeros_like(counts), state)


def smile_loss(node_probabilities: npt.ArrayLike, place_probabilities: npt.ArrayLike, ids: Ids) -> float:
    """Return the sum of the auxiliary losses of machines and of places; 2 when both are even.

    Parameters
    ----------
    node_probabilities, place_probabilities : float[T, nodes], float[T, places]
    ids : int32[T, k]
        As of :class:`Smile`.

    Examples
    --------
    >>> smile_loss([[0.5, 0.5]] * 2, [[0.5, 0.5]] * 2, np.array([[0], [3]]))
    2.0
    """
    n_places = np.shape(place_probabilities)[1]
    return auxiliary_loss(node_probabilities, ids // n_places) + auxiliary_loss(place_probabilities, ids % n_places)
