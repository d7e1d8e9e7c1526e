"""BIP, online: tokens are priced and routed one by one, from histograms of what came before.

Sun (2025), arXiv 2502.15451, the online algorithm in constant space: a price is a quantile of an expert's
past values s_ij - p_i, and a histogram per expert stands for them. Two things differ. The quantile is always
the k/E upper one of the tokens *seen so far*, rather than of an announced total, so that the first tokens are
balanced like the last. And the past is halved every so many tokens, because it was priced wrongly: without
that the prices only creep towards balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_k, checked_matrix, checked_number
from pdsearch.balance.routers._gates import affinities_of, weights_at
from pdsearch.balance.routers._row import n_lanes, top_of_row
from pdsearch.errors import BadInputError


class History(NamedTuple):
    """What the online router remembers.

    ``histogram``, float64[E, bins], counts the positive values s - p in 0..1; ``price_bin``, int64[E], is the
    bin of each expert's price; ``above``, float64[E], counts the values in higher bins; ``seen``, float64[1],
    counts the tokens. All counts are halved now and then.
    """

    histogram: npt.NDArray[np.float64]
    price_bin: npt.NDArray[np.int64]
    above: npt.NDArray[np.float64]
    seen: npt.NDArray[np.float64]


@ROUTERS.add("bip-online")
@dataclass(frozen=True)
class BIPOnline:
    """Top-k of affinity minus a price that each token updates; the state is a :class:`History`.

    Parameters
    ----------
    bins : int
        Resolution of the prices: 1 / bins.
    memory : int
        Tokens after which the counts of the past are halved.
    gate : {"softmax", "sigmoid", "identity"}
        Affinities must lie in 0..1.

    Examples
    --------
    Top-1 sends most of these tokens to expert 1:

    >>> scores = np.random.default_rng(0).random((1000, 2)) * [0.5, 1.0]
    >>> counts = BIPOnline(gate="identity").route(scores, k=1).counts
    >>> bool(abs(counts - 500).max() < 50), int((scores[:, 1] > scores[:, 0]).sum())
    (True, 734)
    """

    bins: int = 1024
    memory: int = 256
    gate: str = "softmax"

    batch_invariant: ClassVar[bool] = False
    reads: ClassVar[str] = "scores"
    source: ClassVar[str] = "Sun (2025), arXiv 2502.15451, online algorithm"

    def __post_init__(self) -> None:
        checked_number(self.bins, "bins", least=2, most=2**20)
        checked_number(self.memory, "memory", least=1, most=10**9)

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route the tokens in their order.

        Parameters
        ----------
        scores : float[T, E]
        k : int
        state : History, optional
            That of the tokens before; it is not changed.

        Raises
        ------
        BadInputError
            For bad scores, affinities above 1, k > E or the history of other experts.
        """
        affinities = affinities_of(checked_matrix(scores), self.gate)
        n_tokens, n_experts = affinities.shape
        checked_k(k, n_experts)
        if affinities.size and affinities.max() > 1:
            raise BadInputError(f"affinities reach {affinities.max():g}; bip-online needs 0..1, as of gate sigmoid")
        history = self._copied(state, n_experts)
        ids = np.empty((n_tokens, min(k + 1, n_experts)), np.int32)
        counts = np.zeros(n_experts, np.int64)
        lanes = np.empty(n_lanes(k + 1), affinities.dtype)
        candidates = np.empty(n_experts + 1, np.int32)
        row = np.empty(n_experts, affinities.dtype)
        _route(affinities, k, self.memory, row, lanes, candidates, *history, ids, counts)
        ids = np.ascontiguousarray(ids[:, :k])
        return Assignment(ids, weights_at(affinities, ids), counts, np.zeros(n_experts, np.int64), history)

    def _copied(self, state: Any, n_experts: int) -> History:
        if state is None:
            bins = np.zeros(n_experts, np.int64)
            return History(np.zeros((n_experts, self.bins)), bins, np.zeros(n_experts), np.zeros(1))
        if not isinstance(state, History) or state.histogram.shape != (n_experts, self.bins):
            raise BadInputError(f"the state is not a History of {n_experts} experts and {self.bins} bins; give none")
        return History(state.histogram.copy(), state.price_bin.copy(), state.above.copy(), state.seen.copy())


@kernel
def _route(affinities, k, memory, row, lanes, candidates, histogram, price_bin, above, seen, ids, counts):
    n_experts = affinities.shape[1]
    n_bins = histogram.shape[1]
    width = affinities.dtype.type(1.0 / n_bins)
    n_wanted = ids.shape[1]
    for token in range(affinities.shape[0]):
        _price(affinities, token, price_bin, width, row)
        top_of_row(row, n_wanted, lanes, candidates, ids, token)
        zero = affinities.dtype.type(0)
        token_price = max(row[ids[token, k]], zero) if n_wanted > k else zero
        if seen[0] >= 2 * memory:
            _halve(histogram, above, seen)
        seen[0] += 1
        rank = seen[0] * k / n_experts
        for expert in range(n_experts):
            value = affinities[token, expert] - token_price
            if value > 0:
                bin_of_value = min(int(value * n_bins), n_bins - 1)
                histogram[expert, bin_of_value] += 1
                if bin_of_value > price_bin[expert]:
                    above[expert] += 1
            _follow(expert, rank, histogram, price_bin, above)
        _price(affinities, token, price_bin, width, row)
        top_of_row(row, n_wanted, lanes, candidates, ids, token)
        for slot in range(k):
            counts[ids[token, slot]] += 1


@inlined
def _halve(histogram, above, seen):
    seen[0] /= 2
    for expert in range(histogram.shape[0]):
        above[expert] /= 2
        for i in range(histogram.shape[1]):
            histogram[expert, i] /= 2


@inlined
def _price(affinities, token, price_bin, width, row):
    for expert in range(row.shape[0]):
        row[expert] = affinities[token, expert] - price_bin[expert] * width


@inlined
def _follow(expert, rank, histogram, price_bin, above):
    """Move the price to the bin of the value that ``rank`` values come before; bin 0 is no price."""
    price = price_bin[expert]
    while above[expert] > rank and price < histogram.shape[1] - 1:
        price += 1
        above[expert] -= histogram[expert, price]
    while price > 0 and above[expert] + histogram[expert, price] <= rank:
        above[expert] += histogram[expert, price]
        price -= 1
    price_bin[expert] = price
