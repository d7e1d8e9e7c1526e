"""SMILE: a token chooses its machine with one gate and an expert on that machine with another.

He et al. (2022), "SMILE: Scaling Mixture-of-Experts with Efficient Bi-level Routing", arXiv 2212.05191,
section 3: y = p_i q_j E_ij(x), with p the softmax over n machines and q that over the m places of a machine, so n + m
gate outputs in place of n m, and one machine per token, so at most one message between machines. The loss is the sum
of the auxiliary losses of both levels (:func:`smile_loss`). It is the idea of hierarchical hashing in HDA*: the machine
first, then the core. Equal to flat routing for k = 1 whenever an expert's score is the product of its two gates.

Left out: the two all-to-all stages; the paper has k = 1, here k places of the machine may be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment, Ids
from pdsearch.balance.routers._checks import checked_k, checked_matrix
from pdsearch.balance.routers._gates import softmax
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
    >>> assignment = Smile(nodes=2).route(two_levels, k=1)
    >>> assignment.ids.tolist(), assignment.weights.round(3).tolist()  # machine 1 of 2, place 0 of 3; .731 times .665
    ([[3]], [[0.486]])
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
            Of ``nodes * places`` experts; weights are the products p_i q_j of the two softmaxes, as they are.

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
        of_node, of_place = (softmax(np.ascontiguousarray(part)) for part in np.split(matrix, [self.nodes], axis=1))
        node, place = choose(of_node, 1).ids, choose(of_place, k).ids
        ids = node * np.int32(n_places) + place
        weights = np.take_along_axis(of_node, node, axis=1) * np.take_along_axis(of_place, place, axis=1)
        counts = np.bincount(ids.ravel(), minlength=self.nodes * n_places)
        return Assignment(ids, weights, counts, np.zeros_like(counts), state)


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
