"""LocMoE: tokens prefer experts on their own machine, and experts no larger than theory says they must be.

Li et al. (2024), "LocMoE: A Low-Overhead MoE for Large Language Model Training", IJCAI, arXiv 2401.13920. The
gate is softmax(GrAP(x)), grouped average pooling (section 3.2; :mod:`pdsearch.balance.routers._pooling`): one group an
expert, no parameters, orthogonal rows; the locality loss is KL(traffic || fully local traffic) (section 3.3,
:func:`locality_loss`); the capacity is at least the bound of section 3.4, ec_min = 1 / (n erfc(sqrt(delta^2 d /
(2 - delta^2)))), from how rarely a random token lies within the angle of an expert's class.

Left out: the layer that precedes the pooling in training (the trained module is
:mod:`pdsearch.balance.learned.locmoe`, with the same pooling), and the placement of communication groups on Ascend.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._beta import regularised_incomplete_beta
from pdsearch.balance.routers._checks import checked_k, checked_matrix
from pdsearch.balance.routers._gates import softmax
from pdsearch.balance.routers._pooling import pooling_matrix
from pdsearch.balance.routers.capacity import admit, capacity_of, cut
from pdsearch.balance.routers.rectify import gpus_of_tokens
from pdsearch.balance.routers.top_k import choose_of_scores
from pdsearch.errors import BadInputError


@ROUTERS.add("locmoe")
@dataclass(frozen=True)
class LocMoE:
    """Top-k of grouped average pooling, cut off at a capacity that never lies below the bound; no state.

    Parameters
    ----------
    n_experts : int
        At most the number of features.
    factor : float
        Capacity in multiples of the mean load.
    policy : {"position", "probability", "random"}
    delta : float
        Cosine within which a token belongs to an expert's class; the paper measures about 0.03,
        :func:`largest_cosine` measures that of given tokens.

    Examples
    --------
    >>> tokens = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    >>> LocMoE(n_experts=2).route(tokens, k=1).ids.tolist()
    [[0], [1]]
    """

    n_experts: int = 8
    factor: float = 1.0
    policy: str = "probability"
    delta: float = 0.03

    batch_invariant: ClassVar[bool] = False
    reads: ClassVar[str] = "tokens"
    source: ClassVar[str] = "Li et al. (2024), IJCAI, arXiv 2401.13920"

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route tokens by their own features.

        Parameters
        ----------
        scores : float[T, d]
            Token features.
        k : int
        state : object, optional
            Handed through.

        Raises
        ------
        BadInputError
            For bad tokens, more experts than features, or k > E.
        """
        tokens = checked_matrix(scores, "tokens", "n_features")
        checked_k(k, self.n_experts)
        pooled = grouped_average_pooling(tokens, self.n_experts)
        chosen = choose_of_scores(pooled, k)
        limit = max(
            capacity_of(len(tokens), self.n_experts, k, self.factor),
            min(len(tokens), capacity_bound(self.delta, tokens.shape[1], self.n_experts)),
        )
        affinity = np.take_along_axis(softmax(pooled), chosen.ids, axis=1)
        served = admit(chosen.ids, affinity, math.ceil(limit), self.n_experts, self.policy)
        kept = cut(chosen, served)
        return Assignment(kept.ids, kept.weights, kept.counts, kept.drops, state)


def grouped_average_pooling(tokens: npt.NDArray[Any], n_groups: int) -> npt.NDArray[Any]:
    """Return the means of ``n_groups`` neighbouring groups of features, sizes equal up to one.

    >>> grouped_average_pooling(np.array([[1.0, 3.0, 5.0, 9.0]]), 2).tolist()
    [[2.0, 7.0]]
    """
    return np.asarray(tokens @ pooling_matrix(tokens.shape[1], n_groups).astype(tokens.dtype))


def largest_cosine(tokens: npt.NDArray[Any], n_groups: int) -> float:
    """Return delta: the largest cosine between a token and a row of the gate; 0 for no tokens."""
    gate = pooling_matrix(tokens.shape[1], n_groups)
    lengths = np.linalg.norm(tokens, axis=1, keepdims=True)
    cosines = (tokens @ gate) / np.where(lengths > 0, lengths, 1) / np.linalg.norm(gate, axis=0)
    return float(np.clip(cosines.max(initial=0.0), 0.0, 1.0))


def class_probability(delta: float, dimension: int) -> float:
    """Return P(abs(cos) > delta) of a random direction: 1 - I_{delta^2}(1/2, (d-1)/2).

    >>> round(class_probability(1 / math.sqrt(10_000), 10_000), 3)  # of a standard normal: P(abs > 1)
    0.317
    """
    if not 0 <= delta <= 1 or dimension < 2:
        raise BadInputError(f"delta is {delta} in dimension {dimension}; 0..1 and at least 2 are needed")
    return 1 - regularised_incomplete_beta(0.5, (dimension - 1) / 2, delta * delta)


def capacity_bound(delta: float, dimension: int, n_experts: int) -> float:
    """Return the least capacity in tokens, 1 / (n erfc(sqrt(delta^2 d / (2 - delta^2)))).

    It is infinite where erfc underflows.


    >>> round(capacity_bound(0.03, 4096, 8), 4)
    2.2809
    """
    if not 0 <= delta <= 1 or dimension < 1 or n_experts < 1:
        raise BadInputError(f"delta is {delta}, for {n_experts} experts in dimension {dimension}; 0..1 is needed")
    tail = math.erfc(math.sqrt(delta * delta * dimension / (2 - delta * delta)))
    return 1 / (n_experts * tail) if tail > 0 else math.inf


def locality(assignment: Assignment, gpus: int) -> float:
    """Return the share of the pairs whose expert is on the token's GPU; nan for no pair.

    Experts and tokens lie on the GPUs in contiguous blocks.
    """
    traffic = traffic_of(assignment, gpus)
    total = traffic.sum()
    return float(np.trace(traffic) / total) if total else math.nan


def locality_loss(assignment: Assignment, gpus: int, leak: float = 0.01) -> float:
    """Return KL(traffic from each GPU || fully local traffic), averaged over the pairs; nan for no pair.

    Fully local traffic sends the share ``leak`` elsewhere, evenly: without it the divergence would be
    infinite as soon as one pair leaves. 0 is reached when exactly that share leaves.
    """
    if not 0 < leak < 1:
        raise BadInputError(f"leak is {leak}; give a number between 0 and 1")
    traffic = traffic_of(assignment, gpus).astype(np.float64)
    if not traffic.sum() or gpus == 1:
        return 0.0 if traffic.sum() else math.nan
    local = np.full((gpus, gpus), leak / (gpus - 1))
    np.fill_diagonal(local, 1 - leak)
    sent = traffic.sum(axis=1, keepdims=True)
    share = traffic / np.where(sent > 0, sent, 1)
    terms = share * np.log(np.where(share > 0, share, 1) / local)
    return float((terms.sum(axis=1) * sent[:, 0]).sum() / sent.sum())


def traffic_of(assignment: Assignment, gpus: int) -> npt.NDArray[np.int64]:
    """Return int64[gpus, gpus]: pairs by the token's GPU and the expert's."""
    if gpus < 1 or assignment.n_experts % gpus:
        raise BadInputError(f"{gpus} gpus do not divide {assignment.n_experts} experts; give a divisor")
    source = gpus_of_tokens(len(assignment.ids), gpus)[assignment.pair_tokens]
    target = assignment.pair_experts // (assignment.n_experts // gpus)
    return np.bincount(source * gpus + target, minlength=gpus * gpus).reshape(gpus, gpus)
