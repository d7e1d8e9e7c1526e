"""Rectify-Router: what an overflowed expert refuses stays on the token's own GPU, and spare room is filled.

Zeng et al. (2024), "Turn Waste into Worth: Rectifying Top-k Router of MoE", Findings of EMNLP, arXiv
2402.12399. Intra-GPU rectification (section 3.1) sends a refused token to the best expert on its own GPU, with no
further message; fill-in rectification (section 3.2) gives an expert's spare slots to tokens whose (k+1)-th choice it
is, the best first. Neither lets an expert exceed its capacity, and no token goes back to an expert that refused it.

Left out: the straight-through gradient with which the paper trains the fill-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import NOBODY, ROUTERS, Assignment, Ids, Scores
from pdsearch.balance.routers._checks import checked_k, checked_matrix
from pdsearch.balance.routers._gates import affinities_of, weights_at
from pdsearch.balance.routers.capacity import admit, capacity_of
from pdsearch.balance.routers.top_k import choose
from pdsearch.errors import BadInputError


@ROUTERS.add("rectify")
@dataclass(frozen=True)
class Rectify:
    """Top-k with capacity, then intra-GPU and fill-in rectification; no state.

    Parameters
    ----------
    gpus : int
        Experts and tokens lie on them in contiguous blocks; divides the number of experts.
    factor : float
        Capacity in multiples of the mean load.
    policy : {"position", "probability", "random"}
        Whom an overflowed expert refuses.
    intra, fill : bool
        Which rectifications are on.
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}

    Examples
    --------
    Expert 0, on GPU 0, refuses the tokens of GPU 1; they stay there, on expert 2.

    >>> scores = np.array([[9.0, 0, 1, 0], [9.0, 0, 1, 0], [9.0, 0, 1, 0], [9.0, 0, 1, 0]])
    >>> Rectify(gpus=2, factor=2, fill=False).route(scores, k=1).ids.ravel().tolist()
    [0, 0, 2, 2]
    """

    gpus: int = 2
    factor: float = 1.0
    policy: str = "position"
    intra: bool = True
    fill: bool = True
    gate: str = "softmax"

    batch_invariant: ClassVar[bool] = False
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Zeng et al. (2024), Findings of EMNLP, arXiv 2402.12399"

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route and rectify.

        Parameters
        ----------
        scores : float[T, E]
        k : int
        state : object, optional
            Handed through.

        Returns
        -------
        Assignment
            Of width k, or k + 1 with fill-in and k < E: a token may get one expert more than k. ``drops`` counts
            the refusals that neither rectification made good.

        Raises
        ------
        BadInputError
            For bad scores, k > E, or GPUs that do not divide the experts.
        """
        affinities = affinities_of(checked_matrix(scores), self.gate)
        n_tokens, n_experts = affinities.shape
        checked_k(k, n_experts)
        if self.gpus < 1 or n_experts % self.gpus:
            raise BadInputError(f"{self.gpus} gpus do not divide {n_experts} experts; give a divisor")
        fills = self.fill and k < n_experts
        wanted = choose(affinities, k + fills).ids
        limit = capacity_of(n_tokens, n_experts, k, self.factor)
        ids, next_choice = wanted[:, :k].copy(), wanted[:, k:]
        chosen_affinity = np.take_along_axis(affinities, ids, axis=1)
        served = admit(ids, chosen_affinity, limit, n_experts, self.policy)
        ids[~served] = NOBODY
        if self.intra:
            keep_on_gpu(affinities, ids, wanted[:, :k], self.gpus, limit)
        lost = ids == NOBODY
        if fills:
            ids = np.hstack([ids, fill_in(affinities, ids, next_choice, limit)])
            taken = np.flatnonzero(ids[:, k] != NOBODY)
            lost[taken, lost[taken].argmax(axis=1)] = False  # the next choice stands in for the first refusal
        drops = np.bincount(wanted[:, :k][lost], minlength=n_experts)
        counts = np.bincount(ids[ids != NOBODY], minlength=n_experts)
        return Assignment(ids, weights_at(affinities, ids), counts, drops, state)


def gpus_of_tokens(n_tokens: int, gpus: int) -> npt.NDArray[np.int64]:
    """Return the GPU of each token: blocks of equal size up to one.

    >>> gpus_of_tokens(5, 2).tolist()
    [0, 0, 0, 1, 1]
    """
    return np.arange(n_tokens) * gpus // max(n_tokens, 1)


def keep_on_gpu(affinities: Scores, ids: Ids, wanted: Ids, gpus: int, limit: int) -> None:
    """Fill empty slots of ``ids`` with the token's best expert on its own GPU that has room, in place.

    Experts of ``wanted`` are those that a token has asked already: they serve it or refused it. Where tokens compete
    for the room of an expert, those with the greatest affinity get it, and the others ask their next best.
    """
    n_tokens, n_experts = affinities.shape
    gpu_of_expert = np.arange(n_experts) * gpus // n_experts
    local = np.where(gpu_of_expert == gpus_of_tokens(n_tokens, gpus)[:, None], affinities, -np.inf)
    np.put_along_axis(local, wanted.astype(np.int64), -np.inf, axis=1)
    taken = np.bincount(ids[ids != NOBODY], minlength=n_experts).astype(np.int64)
    for slot in range(ids.shape[1]):
        empty = ids[:, slot] == NOBODY
        while True:
            local[:, taken >= limit] = -np.inf
            asking = np.flatnonzero(empty & (local.max(axis=1) > -np.inf))
            if not len(asking):
                break
            best = local[asking].argmax(axis=1).astype(np.int32)[:, None]
            rank = np.take_along_axis(local[asking], best.astype(np.int64), axis=1)
            fits = admit(best, rank, limit, n_experts, "probability", taken=taken)[:, 0]
            local[asking, best[:, 0]] = -np.inf
            ids[asking[fits], slot] = best[fits, 0]
            empty[asking[fits]] = False


def fill_in(affinities: Scores, ids: Ids, next_choice: Ids, limit: int) -> Ids:
    """Return the experts, int32[T, 1], that take a token as their spare slots' best, -1 for none.

    ``next_choice``, int32[T, 1], is each token's (k+1)-th expert; nobody gets an expert twice.
    """
    taken = np.bincount(ids[ids != NOBODY], minlength=affinities.shape[1]).astype(np.int64)
    offered = np.where((ids == next_choice).any(axis=1, keepdims=True), np.int32(NOBODY), next_choice)
    affinity = np.take_along_axis(affinities, next_choice, axis=1)
    fits = admit(offered, affinity, limit, len(taken), "probability", taken=taken)
    return np.where(fits, offered, np.int32(NOBODY))
