"""Capacity: each expert serves at most C tokens and refuses the others.

C = ceil(factor T k / E), as in Megatron and GShard; Switch has k = 1. Who is refused is the policy:

``position``
    The last in the batch: first come, first served, which an attacker earlier in the batch can exploit
    (arXiv 2402.05526, and see :mod:`pdsearch.balance.routers.invariance`).
``choice``
    As position, but all first choices come before all second ones (GShard, arXiv 2006.16668, algorithm 1).
``probability``
    Those with the least affinity, ties to the later token; or with ``rank_by="weight"`` with the least weight. The
    first is Megatron's order with ``moe_router_pre_softmax``, the second its default, where the softmax is taken
    over the k chosen scores alone: an expert then keeps tokens that are sure of it among their k, not of all.
``random``
    By a seeded shuffle of the batch, one of the remedies the paper on that attack proposes.

Source: Fedus, Zoph and Shazeer (2022), "Switch Transformers", JMLR 23, section 2.2; policies: Megatron-LM.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.balance.capacity import rounded_up
from pdsearch.balance.routers import NOBODY, ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_choice, checked_matrix, checked_number
from pdsearch.balance.routers._gates import affinities_of
from pdsearch.balance.routers.options import built
from pdsearch.errors import BadInputError

POLICIES = ("position", "choice", "probability", "random")
RANKS = ("affinity", "weight")


@ROUTERS.add("capacity")
@dataclass(frozen=True)
class Capacity:
    """Another router's choice, cut off at each expert's capacity; the state is the other router's.

    Parameters
    ----------
    factor : float
        Capacity in multiples of the mean load.
    policy : {"position", "choice", "probability", "random"}
        Who is refused.
    rank_by : {"affinity", "weight"}
        What the policy ``probability`` compares.
    inner : str
        Name of the router that chooses, built with its defaults and, if it has one, this gate; it must read scores.
    gate : {"softmax", "sigmoid", "sqrt-softplus", "identity"}
    seed : int
        Of the policy ``random``.

    Examples
    --------
    >>> scores = np.array([[2.0, 0.0], [3.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> Capacity(factor=1, policy="position").route(scores, k=1).ids.ravel().tolist()
    [0, 0, -1, 1]
    >>> Capacity(factor=0.5, policy="probability").route(scores, k=1).ids.ravel().tolist()
    [-1, 0, -1, 1]
    """

    factor: float = 1.25
    policy: str = "position"
    rank_by: str = "affinity"
    inner: str = "top-k"
    gate: str = "softmax"
    seed: int = 0

    batch_invariant: ClassVar[bool] = False
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Fedus, Zoph and Shazeer (2022), JMLR 23, section 2.2; Megatron-LM"

    def __post_init__(self) -> None:
        checked_choice(self.policy, POLICIES, "policy")
        checked_choice(self.rank_by, RANKS, "rank_by")
        checked_number(self.seed, "seed")
        reads = ROUTERS[self.inner].reads
        if reads != "scores":
            raise BadInputError(f"{self.inner} reads {reads} and capacity cuts off scores; choose another inner router")

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route with the inner router and refuse what exceeds the capacity.

        Parameters
        ----------
        scores : float[T, E]
        k : int
        state : object, optional
            The inner router's.

        Returns
        -------
        Assignment
            The weights of those served stay as they were: a refused share passes through the residual.

        Raises
        ------
        BadInputError
            For bad scores or a factor that is not positive.
        """
        matrix = checked_matrix(scores)
        chosen = built(self.inner, gate=self.gate).route(matrix, k, state)
        limit = capacity_of(len(matrix), chosen.n_experts, k, self.factor)
        rank = chosen.weights
        if self.rank_by == "affinity":
            rank = np.take_along_axis(affinities_of(matrix, self.gate), np.maximum(chosen.ids, 0), axis=1)
        return cut(chosen, admit(chosen.ids, rank, limit, chosen.n_experts, self.policy, self.seed))


def capacity_of(n_tokens: int, n_experts: int, k: int, factor: float) -> int:
    """Return C = ceil(factor T k / E), as :func:`pdsearch.balance.capacity.capacity` rounds it.

    >>> [capacity_of(4096, 64, 2, factor) for factor in (1, 1.25, 1.5, 2)]
    [128, 160, 192, 256]
    >>> capacity_of(100, 10, 1, 1.1)  # 1.1 * 100 / 10 in binary is a little more than 11
    11
    """
    return int(rounded_up(n_tokens * k / n_experts, factor))


def admit(
    ids: npt.NDArray[np.int32],
    affinity: npt.NDArray[Any],
    limit: int,
    n_experts: int,
    policy: str = "position",
    seed: int = 0,
    taken: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.bool_]:
    """Say which (token, expert) pairs fit.

    Parameters
    ----------
    ids, affinity : int32[T, width], float[T, width]
    limit : int
        Tokens an expert may serve.
    n_experts : int
    policy : {"position", "choice", "probability", "random"}
    seed : int
    taken : int64[E], optional
        Tokens each expert has already; it is added to.

    Returns
    -------
    bool[T, width]
        False for empty slots, too.
    """
    taken = np.zeros(n_experts, np.int64) if taken is None else taken
    served = np.zeros(ids.size, np.bool_)
    _admit(np.ascontiguousarray(ids).ravel(), _order(affinity, policy, seed), limit, taken, served)
    return served.reshape(ids.shape)


def cut(chosen: Assignment, served: npt.NDArray[np.bool_]) -> Assignment:
    """Return the assignment without the pairs that are not ``served``."""
    refused = chosen.ids[~served & (chosen.ids != NOBODY)]
    drops = np.bincount(refused, minlength=chosen.n_experts)
    return replace(
        chosen,
        ids=np.where(served, chosen.ids, np.int32(NOBODY)),
        weights=np.where(served, chosen.weights, chosen.weights.dtype.type(0)),
        counts=chosen.counts - drops,
        drops=chosen.drops + drops,
    )


def _order(affinity: npt.NDArray[Any], policy: str, seed: int) -> npt.NDArray[np.int64]:
    """Return the pairs in the order in which they are let in."""
    checked_choice(policy, POLICIES, "policy")
    if policy == "probability":
        return np.argsort(-affinity.ravel(), kind="stable")
    n_tokens, width = affinity.shape
    if policy == "choice":
        return np.arange(affinity.size).reshape(n_tokens, width).T.ravel()
    if policy == "random":
        tokens = np.random.default_rng(seed).permutation(n_tokens)
        return np.asarray(tokens[:, None] * width + np.arange(width)).ravel()
    return np.arange(affinity.size)


@kernel
def _admit(experts, order, limit, taken, served):
    for i in range(order.shape[0]):
        expert = experts[order[i]]
        if expert >= 0 and taken[expert] < limit:
            taken[expert] += 1
            served[order[i]] = True
