"""How local a sequence of choices is: can a few experts, or a few ranks, serve a stretch of it?

A sequence has, for every token, the k experts it activates; or, for every node a rank generates, the
rank that owns it (k = 1): the same number then says whether few neighbours take what a rank sends.

* SRP(m): the best F1 of a fixed set of experts per segment of m tokens, over all thresholds on how often an
  expert must occur in the segment. All segments of all sequences are pooled before the threshold is chosen.
* SCH(m, rho): the hit rate of a cache of rho k experts, filled segment by segment with the most frequent
  (the first version of the paper), or by a rule that looks m tokens ahead (the later ones).
* LRU looks at nothing ahead; Belady's rule looks at everything, and no cache of that size does better.

Source: Liang et al. (2025), "Not All Models Suit Expert Offloading: On Local Routing Consistency of
Mixture-of-Expert Models", arXiv 2505.16056; the authors' program, github.com/ljcleo/moe-lrc,
src/30_srp_calc.py, src/40_sch_calc.py (first version), src/41_sch_calc.py. Belady (1966), "A Study of
Replacement Algorithms for a Virtual-Storage Computer", IBM Systems Journal 5.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.balance._values import as_array
from pdsearch.errors import BadInputError

Ids: TypeAlias = npt.NDArray[np.int64]
WINDOWS = ("current", "next")


class SegmentRouting(NamedTuple):
    """SRP of one segment length."""

    best: float  # SRP(m), the largest F1
    threshold: int  # how often an expert occurs in a segment that keeps it
    size_ratio: float  # experts kept over experts active, per token: the cache size it asks for


def segment_routing(ids: npt.ArrayLike, n_experts: int, segment: int) -> SegmentRouting:
    """Return SRP(m): how well a fixed set of experts can serve each segment.

    Parameters
    ----------
    ids : array_like[..., n_tokens, k] of int
        The experts each token activates; leading axes are sequences. For the owners of generated nodes use
        :func:`pdsearch.search.best_first.owners.owners_generated`.
    n_experts : int
        Ids are below it.
    segment : int
        m, the tokens of a segment; segments start at every token.

    Returns
    -------
    SegmentRouting
        At threshold 0 F1 is 2 k / (n_experts + k), which uniform random routing tends to.

    Raises
    ------
    BadInputError
        If the ids are no such array or the sequence is shorter than a segment.

    Examples
    --------
    >>> segment_routing([[0, 1]] * 9, n_experts=8, segment=4)
    SegmentRouting(best=1.0, threshold=1, size_ratio=1.0)
    """
    counts = _segment_counts(ids, n_experts, segment)
    segments_with = np.bincount(counts.ravel(), minlength=segment + 1)  # (segment, expert) pairs by count
    kept = np.cumsum(segments_with[::-1])[::-1]
    hits = np.cumsum((segments_with * np.arange(segment + 1))[::-1])[::-1]
    predicted, active = segment * kept, hits[0]
    score = 2 * hits / (predicted + active)
    best = int(score.argmax())
    return SegmentRouting(float(score[best]), best, float(predicted[best] / active))


def segment_cache(ids: npt.ArrayLike, n_experts: int, segment: int, ratio: float) -> float:
    """Return SCH(m, rho) of the paper's first version: each segment keeps its most frequent experts.

    Parameters
    ----------
    ids, n_experts, segment
        As for :func:`segment_routing`.
    ratio : float
        rho; the cache holds rho k experts, rounded down.

    Returns
    -------
    float
        The share of activations that are of a kept expert.

    Raises
    ------
    BadInputError
        As for :func:`segment_routing`, or if the cache would hold no expert.

    Examples
    --------
    >>> segment_cache([[0], [0], [1], [0]], n_experts=2, segment=4, ratio=1)
    0.75
    """
    counts = _segment_counts(ids, n_experts, segment)
    k = _as_sequences(ids, n_experts).shape[2]
    size = _cache_size(ratio, k, n_experts)
    kept = np.sort(counts, axis=-1)[..., n_experts - size :]
    return float(kept.sum() / counts.sum())


def look_ahead_cache(
    ids: npt.ArrayLike,
    n_experts: int,
    segment: int,
    ratio: float,
    first_use_hits: bool = True,
    window: str = "current",
) -> float:
    """Return SCH(m, rho) of the paper's later versions: a cache that knows the next m tokens.

    Hits are counted for a token as a whole, before it changes the cache. What leaves the cache is the expert with
    the fewest activations in the window, the least recently used among equals.

    Parameters
    ----------
    ids, n_experts
        As for :func:`segment_routing`; every sequence starts with an empty cache.
    segment : int
        m; 0 is LRU.
    ratio : float
        rho; the cache holds rho k experts, rounded down.
    first_use_hits : bool
        Count the first use of an expert as a hit while the cache still has room, as the program does.
    window : {"current", "next"}
        ``current``, as the authors' program has it: the window is what is left of m tokens from the current one on,
        and each missing expert replaces one at once. ``next``, as published: all experts of the token enter, then
        those leave that the m tokens after it use least.

    Returns
    -------
    float
        Hits over activations.

    Raises
    ------
    BadInputError
        If the ids are no such array, m is negative, the cache would hold no expert or the window is another.

    Examples
    --------
    >>> sequence = [[0], [1], [2], [0], [1], [2]]
    >>> [
    ...     round(look_ahead_cache(sequence, 3, segment=3, ratio=2, first_use_hits=False, window=window), 3)
    ...     for window in ("current", "next")
    ... ]
    [0.167, 0.333]
    """
    if window not in WINDOWS:
        raise BadInputError(f"window is {window!r}; choose one of {', '.join(WINDOWS)}")
    sequences = _as_sequences(ids, n_experts)
    if segment < 0:
        raise BadInputError(f"the segment is {segment} tokens; need at least 0")
    size = _cache_size(ratio, sequences.shape[2], n_experts)
    hits = 0
    for sequence in sequences:
        left, used = np.zeros(n_experts, dtype=np.int64), np.full(n_experts, -1, dtype=np.int64)
        is_cached = np.zeros(n_experts, dtype=np.bool_)
        replay = _look_ahead if window == "current" else _look_beyond
        hits += replay(sequence, left, used, is_cached, size, segment, first_use_hits)
    return hits / sequences.size


def lru_cache(ids: npt.ArrayLike, n_experts: int, ratio: float, first_use_hits: bool = True) -> float:
    """Return the hit rate of a cache of rho k experts that drops the least recently used.

    >>> lru_cache([[0], [1], [0], [2], [1]], n_experts=3, ratio=2, first_use_hits=False)
    0.2
    """
    return look_ahead_cache(ids, n_experts, 0, ratio, first_use_hits)


def belady_cache(ids: npt.ArrayLike, n_experts: int, ratio: float, first_use_hits: bool = True) -> float:
    """Return the hit rate of the best cache of rho k experts there is, which knows the whole sequence.

    After each token the experts with the nearest next use stay. Parameters and errors as for
    :func:`look_ahead_cache`.

    >>> belady_cache([[0], [1], [0], [2], [1]], n_experts=3, ratio=2, first_use_hits=False)
    0.4
    """
    sequences = _as_sequences(ids, n_experts)
    size = _cache_size(ratio, sequences.shape[2], n_experts)
    hits = 0
    for sequence in sequences:
        following, later = np.empty_like(sequence), np.full(n_experts, len(sequence), dtype=np.int64)
        is_cached, is_known = np.zeros(n_experts, dtype=np.bool_), np.zeros(n_experts, dtype=np.bool_)
        hits += _farthest(sequence, following, later, is_cached, is_known, size, first_use_hits)
    return hits / sequences.size


def _as_sequences(ids: npt.ArrayLike, n_experts: int) -> Ids:
    """Return int64[n_sequences, n_tokens, k], or say what is wrong with the ids."""
    array = as_array(ids, "ids")
    if array.dtype.kind not in "iu" or array.ndim < 2 or array.size == 0:
        raise BadInputError(
            f"ids have shape {array.shape} and type {array.dtype}; need integers (..., tokens, k), not empty"
        )
    if array.min() < 0 or array.max() >= n_experts:
        raise BadInputError(
            f"ids go from {array.min()} to {array.max()}; {n_experts} experts have 0 to {n_experts - 1}"
        )
    sequences = np.ascontiguousarray(array.reshape(-1, *array.shape[-2:]), dtype=np.int64)
    in_order = np.sort(sequences, axis=2)
    if (in_order[:, :, 1:] == in_order[:, :, :-1]).any():
        raise BadInputError("a token activates an expert twice; its k experts must differ")
    return sequences


def _segment_counts(ids: npt.ArrayLike, n_experts: int, segment: int) -> Ids:
    """Return int64[n_sequences, n_segments, n_experts]: how often each expert occurs in each segment."""
    sequences = _as_sequences(ids, n_experts)
    n_sequences, n_tokens, _ = sequences.shape
    if not 1 <= segment <= n_tokens:
        raise BadInputError(f"segments of {segment} tokens in sequences of {n_tokens}; need 1 to {n_tokens}")
    until = np.zeros((n_sequences, n_tokens + 1, n_experts), dtype=np.int64)
    np.put_along_axis(until[:, 1:], sequences, 1, axis=2)
    np.cumsum(until, axis=1, out=until)
    return np.asarray(until[:, segment:] - until[:, :-segment])


def _cache_size(ratio: float, k: int, n_experts: int) -> int:
    size = math.floor(ratio * k + 1e-9) if 0 < ratio < math.inf else 0
    if size < 1:
        raise BadInputError(f"a cache of {ratio} times {k} experts holds none; give a larger ratio")
    return min(size, n_experts)


@kernel
def _look_ahead(sequence, left, used, is_cached, size, segment, first_use_hits):
    """Count hits; ``left`` holds the activations left in the window, ``used`` the time of the last use."""
    n_tokens, k = sequence.shape
    hits, held, known, time = 0, 0, 0, 0
    for token in range(min(segment, n_tokens)):
        for i in range(k):
            left[sequence[token, i]] += 1
    for token in range(n_tokens):
        for i in range(k):
            expert = sequence[token, i]
            hits += is_cached[expert]
            if used[expert] < 0:
                hits += first_use_hits and known < size
                known += 1
        for i in range(k):
            expert = sequence[token, i]
            if not is_cached[expert]:
                if held == size:
                    is_cached[_least(left, used, is_cached)] = False
                    held -= 1
                is_cached[expert] = True
                held += 1
            used[expert] = time
            time += 1
            if segment > 0:
                left[expert] -= 1
        if segment > 0 and token + segment < n_tokens:
            for i in range(k):
                left[sequence[token + segment, i]] += 1
    return hits


@kernel
def _look_beyond(sequence, left, used, is_cached, size, segment, first_use_hits):
    """Count hits; ``left`` holds the activations in the tokens after the current one."""
    n_tokens, k = sequence.shape
    hits, held, known = 0, 0, 0
    for token in range(min(segment, n_tokens)):
        for i in range(k):
            left[sequence[token, i]] += 1
    for token in range(n_tokens):
        for i in range(k):
            expert = sequence[token, i]
            hits += is_cached[expert]
            if used[expert] < 0:
                hits += first_use_hits and known < size
                known += 1
            held += not is_cached[expert]
        for i in range(k):
            is_cached[sequence[token, i]] = True
            used[sequence[token, i]] = token * k + i
            if segment > 0:
                left[sequence[token, i]] -= 1
                if token + segment < n_tokens:
                    left[sequence[token + segment, i]] += 1
        while held > size:
            is_cached[_least(left, used, is_cached)] = False
            held -= 1
    return hits


@kernel
def _least(left, used, is_cached):
    """Return the cached expert with the fewest activations left, the least recently used among equals."""
    least = -1
    for expert in range(left.shape[0]):
        if is_cached[expert] and (
            least < 0 or left[expert] < left[least] or (left[expert] == left[least] and used[expert] < used[least])
        ):
            least = expert
    return least


@kernel
def _farthest(sequence, following, later, is_cached, is_known, size, first_use_hits):
    """Count hits of Belady's rule; ``following`` gets the next use of every activation."""
    n_tokens, k = sequence.shape
    n_experts = later.shape[0]
    for token in range(n_tokens - 1, -1, -1):
        for i in range(k):
            following[token, i] = later[sequence[token, i]]
        for i in range(k):
            later[sequence[token, i]] = token
    hits, known = 0, 0
    for token in range(n_tokens):
        for i in range(k):
            expert = sequence[token, i]
            hits += is_cached[expert]
            if not is_known[expert]:
                hits += first_use_hits and known < size
                known += 1
                is_known[expert] = True
        for i in range(k):
            is_cached[sequence[token, i]] = True
            later[sequence[token, i]] = following[token, i]
        held = 0
        for expert in range(n_experts):
            held += is_cached[expert]
        while held > size:
            last = -1
            for expert in range(n_experts):
                if is_cached[expert] and (last < 0 or later[expert] > later[last]):
                    last = expert
            is_cached[last] = False
            held -= 1
    return hits
