"""Routers: which experts serve which tokens. One file per router, one registry, one signature.

A router is an object with the method ``route(scores, k, state=None) -> Assignment``: a pure function of its
arguments and of the options it was built with. What it learns from a batch is in the ``state`` of the answer,
to be given to the next call. What holds of every router is data on its class:

``batch_invariant``
    Whether, at a given state, a token's experts are the same whatever other tokens are in the batch. Where
    they are not, one user's tokens can push another's to other experts (Hayes, Shumailov and Yona, 2024,
    "Buffer Overflow in Mixture of Experts", arXiv 2402.05526). :mod:`pdsearch.balance.routers.invariance`
    puts the claim to the test.
``reads``
    What a row of ``scores`` is: ``scores`` (one number per expert), ``tokens`` (features, of which the router
    makes scores itself), ``token ids`` (one integer), ``qualities`` (of models, whose costs are the state) or ``two
    levels`` (node scores, then scores within a node).

Ties always go to the lowest expert id: tests need it, and an arbitrary order leaks other users' tokens (Yona,
Shumailov, Hayes and Carlini, 2024, "Stealing User Prompts from Mixture of Experts", arXiv 2410.22884).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from pdsearch.balance.report import BalanceReport, balance_report
from pdsearch.registry import Registry

Scores = npt.NDArray[Any]  # float32 or float64 [T, E]
Ids = npt.NDArray[np.int32]  # [T, width]
Counts = npt.NDArray[np.int64]  # [E]

NOBODY = -1  # the id in a slot that no expert fills


@dataclass(frozen=True)
class Assignment:
    """Which experts serve which tokens.

    Parameters
    ----------
    ids : int32[T, width]
        Experts of each token, -1 where a slot is empty. The width is ``k`` except where a router gives some
        tokens more (Expert Choice, fill-in): there it is the most any token got.
    weights : float[T, width]
        What each expert's output is multiplied with; 0 in empty slots.
    counts : int64[E]
        Tokens each expert serves.
    drops : int64[E]
        Tokens each expert was chosen for and refused, and no other expert took in its place.
    state : object
        To be given to the next call.
    n_real : int, optional
        Rows that are tokens where others are padding (:mod:`pdsearch.balance.routers.padding`); all unless given.

    Examples
    --------
    >>> from pdsearch.balance.routers.top_k import TopK
    >>> assignment = TopK().route(np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]]), k=2)
    >>> assignment.ids.tolist(), assignment.counts.tolist(), assignment.n_dropped
    ([[0, 2], [1, 2]], [1, 1, 2], 0)
    """

    ids: Ids
    weights: npt.NDArray[Any]
    counts: Counts
    drops: Counts
    state: Any = None
    n_real: int | None = None

    @property
    def n_tokens(self) -> int:
        """The number of tokens, padding left out."""
        return len(self.ids) if self.n_real is None else self.n_real

    @property
    def chosen(self) -> Counts:
        """Tokens that chose each expert, those it refused included, int64[E]: the f of the auxiliary loss."""
        return self.counts + self.drops

    @property
    def n_experts(self) -> int:
        """The number of experts, those without tokens included."""
        return len(self.counts)

    @property
    def n_dropped(self) -> int:
        """The number of (token, expert) pairs refused and not made good."""
        return int(self.drops.sum())

    @property
    def pair_tokens(self) -> npt.NDArray[np.int64]:
        """The token of each (token, expert) pair, in the order of :attr:`pair_experts`."""
        return np.nonzero(self.ids != NOBODY)[0]

    @property
    def pair_experts(self) -> Ids:
        """The expert of each (token, expert) pair, token by token."""
        experts: Ids = self.ids[self.ids != NOBODY]
        return experts

    def report(self, **options: Any) -> BalanceReport:
        """Return the report on :attr:`counts`, the same as of a search's ranks.

        Its sampling floor is that of as many random choices a token as were made on average.

        Parameters
        ----------
        **options
            As of :func:`pdsearch.balance.report.balance_report`: traffic, capacity factor and so on.

        Examples
        --------
        >>> from pdsearch.balance.routers.top_k import TopK
        >>> TopK().route(np.array([[3.0, 1.0], [2.0, 1.0]]), k=1).report()["load_balance"]
        2.0
        """
        if self.n_tokens:
            pairs = int(self.chosen.sum())
            options = {
                "n_items": self.n_tokens,
                "k": min(max(1, round(pairs / self.n_tokens)), self.n_experts),
            } | options
        return balance_report(self.counts, **options)


class Router(Protocol):
    """What every router is; see the module's docstring."""

    reads: ClassVar[str]
    source: ClassVar[str]

    @property
    def batch_invariant(self) -> bool: ...

    def route(self, scores: Any, k: int, state: Any = None) -> Assignment: ...


ROUTERS: Registry[type[Router]] = Registry("router", __name__)


def kept_score(affinities: Scores, assignment: Assignment) -> float:
    """Return the sum of the affinities of all (token, expert) pairs that are served.

    Balance is paid for with score: compare it with plain top-k's, the most there is with k experts a token. Routers
    that give some tokens more (Expert Choice, fill-in of ``rectify``) may exceed it.

    Parameters
    ----------
    affinities : float[T, E]
    assignment : Assignment

    Returns
    -------
    float
        In float64 whatever the affinities are.

    Examples
    --------
    >>> from pdsearch.balance.routers.top_k import TopK
    >>> affinities = np.array([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]])
    >>> kept_score(affinities, TopK(gate="identity").route(affinities, k=1))
    1.0
    """
    served = affinities[assignment.pair_tokens, assignment.pair_experts]
    return float(served.sum(dtype=np.float64))
