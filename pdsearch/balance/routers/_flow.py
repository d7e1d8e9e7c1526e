"""The flow of greatest score from tokens to experts of equal capacity; used by BASE."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel


def flow(scores: npt.NDArray[np.float64], k: int) -> npt.NDArray[np.bool_]:
    """Say which experts serve which tokens: k each, at most ceil(T k / E) tokens each, the sum greatest.

    Parameters
    ----------
    scores : float64[T, E]
    k : int

    Returns
    -------
    bool[T, E]
    """
    n_tokens, n_experts = scores.shape
    limit = -(-n_tokens * k // n_experts)
    serves = np.zeros(scores.shape, np.bool_)
    _assign(
        scores,
        k,
        serves,
        np.empty((n_experts, max(limit, 1)), np.int32),
        np.zeros(n_experts, np.int64),
        np.full((n_experts, n_experts), np.inf),
        np.full((n_experts, n_experts), -1, np.int32),
        np.zeros((3, n_experts)),
        np.empty(n_experts, np.int64),
        np.empty(n_experts, np.bool_),
    )
    return serves


@kernel
def _assign(scores, k, serves, members, loads, loss, mover, distances, previous, is_done):
    """Add the tokens' units one by one, each along the shortest path to an expert with room.

    ``loss[e, f]`` is what the score falls by when ``mover[e, f]`` moves from e to f, the least of all tokens
    on e.
    """
    for token in range(scores.shape[0]):
        for _ in range(k):
            target = _nearest(scores, token, serves, members, loads, loss, distances, previous, is_done)
            while previous[target] >= 0:
                source = previous[target]
                moved = mover[source, target]
                _leave(scores, moved, source, serves, members, loads, loss, mover)
                _join(scores, moved, target, serves, members, loads, loss, mover)
                target = source
            _join(scores, token, target, serves, members, loads, loss, mover)


@inlined
def _nearest(scores, token, serves, members, loads, loss, distances, previous, is_done):
    """Return the nearest expert with room for ``token``; ``previous`` is the path, -1 at its start."""
    n_experts = scores.shape[1]
    reduced, potential, furthest = distances[0], distances[1], 0.0
    for e in range(n_experts):
        reduced[e] = np.inf if serves[token, e] else -scores[token, e] - potential[e]
        previous[e] = -1
        is_done[e] = False
    target, best = -1, np.inf
    for _ in range(n_experts):
        e, least = -1, np.inf
        for f in range(n_experts):
            if not is_done[f] and reduced[f] < least:
                e, least = f, reduced[f]
        if e < 0:
            break
        is_done[e] = True
        furthest = least
        if loads[e] < members.shape[1] and least + potential[e] < best:
            target, best = e, least + potential[e]
        for f in range(n_experts):
            length = least + loss[e, f] + potential[e] - potential[f]
            if not is_done[f] and length < reduced[f]:
                reduced[f] = length
                previous[f] = e
    # Potentials become the distances; experts out of reach move with the furthest, which keeps every
    # remaining arc's reduced length >= 0.
    for e in range(n_experts):
        potential[e] += min(reduced[e], furthest)
    return target


@inlined
def _join(scores, token, expert, serves, members, loads, loss, mover):
    """Add ``token`` to ``expert``: it may now move from there, and no longer to there."""
    members[expert, loads[expert]] = token
    loads[expert] += 1
    serves[token, expert] = True
    for other in range(scores.shape[1]):
        if serves[token, other]:
            if mover[other, expert] == token:
                _search(scores, other, expert, serves, members, loads, loss, mover)
        elif scores[token, expert] - scores[token, other] < loss[expert, other]:
            loss[expert, other] = scores[token, expert] - scores[token, other]
            mover[expert, other] = token


@inlined
def _leave(scores, token, expert, serves, members, loads, loss, mover):
    """Take ``token`` from ``expert``: it may no longer move from there, and again to there."""
    loads[expert] -= 1
    place = 0
    while members[expert, place] != token:
        place += 1
    members[expert, place] = members[expert, loads[expert]]
    serves[token, expert] = False
    for other in range(scores.shape[1]):
        if mover[expert, other] == token:
            _search(scores, expert, other, serves, members, loads, loss, mover)
        if serves[token, other] and scores[token, other] - scores[token, expert] < loss[other, expert]:
            loss[other, expert] = scores[token, other] - scores[token, expert]
            mover[other, expert] = token


@inlined
def _search(scores, source, target, serves, members, loads, loss, mover):
    """Find anew the token that loses least by moving from ``source`` to ``target``."""
    loss[source, target] = np.inf
    mover[source, target] = -1
    for place in range(loads[source]):
        token = members[source, place]
        if not serves[token, target] and scores[token, source] - scores[token, target] < loss[source, target]:
            loss[source, target] = scores[token, source] - scores[token, target]
            mover[source, target] = token
