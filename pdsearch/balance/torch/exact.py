"""The bias at which top-k is exactly balanced: the fixed point of Quantile Balancing, found and made strict.

Balanced choice of greatest score is a transportation problem; its dual prices are biases under which top-k chooses
the same (Sun, 2025, arXiv 2502.15451). Found in three parts:

1. The iteration of Quantile Balancing with the middles of the intervals in which its two thresholds may lie. It
   usually ends a few tokens from balance; coordinate descent on such a dual may stop early.
2. Shortest paths from experts with too many tokens to those with room, over edges e -> f that cost the least score
   lost by moving a token from e to f. A top-k choice is the best one of its own loads, and stays so along shortest
   paths (Ahuja, Magnanti and Orlin, 1993, "Network Flows", section 9.7).
3. Among all biases under which that choice is a top-k, one with the widest margin: the least mean of a cycle (Karp,
   1978) is the most that all differences can be off their bounds.

Control flow depends on values here: this is no part of a compiled graph. O(E^2) memory beside the scores.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pdsearch.balance.routers._checks import checked_k
from pdsearch.balance.torch.choice import top_ids
from pdsearch.errors import BadInputError

_ITERATIONS = 32


@torch.no_grad()
def balanced_bias(affinities: Tensor, k: int) -> Tensor:
    """Return the bias with which no expert has more than ceil(T k / E) tokens.

    Parameters
    ----------
    affinities : float[T, E]
        After the gate.
    k : int

    Returns
    -------
    float64[E]
        Of mean 0. Add it to the affinities in float64: margins may be finer than float32. Affinities that tie
        exactly have no such bias in general: top-k cannot tell the tokens apart.

    Raises
    ------
    BadInputError
        For k > E or affinities that are not a finite matrix.

    Examples
    --------
    >>> affinities = torch.tensor([[0.1, 0.9], [0.6, 0.8], [0.3, 0.4], [0.2, 0.7]])
    >>> bias = balanced_bias(affinities, 1)
    >>> (affinities + bias).argmax(dim=1).tolist()
    [1, 0, 0, 1]
    """
    if affinities.dim() != 2 or not torch.isfinite(affinities).all():
        raise BadInputError(f"affinities have shape {tuple(affinities.shape)}; a finite matrix (T, E) is needed")
    n_tokens, n_experts = affinities.shape
    checked_k(k, n_experts)
    scores = affinities.detach().double()
    if k == n_experts or not n_tokens:
        return scores.new_zeros(n_experts)
    ids = top_ids(scores + _near(scores, k), k)
    chosen = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, ids, True)
    _repair(scores, chosen, -(-n_tokens * k // n_experts))
    bias = _widest(_moves(scores, chosen)[0])
    return bias - bias.mean()


def _near(scores: Tensor, k: int) -> Tensor:
    """Return the bias after some iterations with middles, float64[E]."""
    n_tokens, n_experts = scores.shape
    share = n_tokens * k // n_experts
    first = max(share - 1, 0)
    bias = scores.new_zeros(n_experts)
    for _ in range(_ITERATIONS):
        best = (scores + bias).topk(k + 1, dim=1).values
        needed = best[:, k - 1 :].mean(dim=1, keepdim=True) - scores
        bias = needed.topk(share + 1, dim=0, largest=False).values[first:].mean(dim=0)
    return bias


def _moves(scores: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Return the least score lost by moving a token from e to f, float64[E, E], inf if none can, and the token."""
    n_experts = scores.shape[1]
    cost = scores.new_full((n_experts, n_experts), torch.inf)
    token = torch.zeros_like(cost, dtype=torch.int64)
    open_to = scores.masked_fill(chosen, -torch.inf)
    for expert in range(n_experts):
        here = chosen[:, expert].nonzero()[:, 0]
        if len(here):
            lost = scores[here, expert, None] - open_to[here]
            cost[expert], row = lost.min(dim=0)
            token[expert] = here[row]
    return cost, token


def _repair(scores: Tensor, chosen: Tensor, most: int) -> None:
    """Move tokens along shortest paths until no expert has more than ``most``."""
    rounding = 1e-12 * float(scores.abs().max())
    for _ in range(scores.numel()):
        loads = chosen.sum(dim=0)
        if loads.max() <= most:
            return
        cost, token = _moves(scores, chosen)
        distance = torch.where(loads > most, 0.0, torch.inf).to(cost)
        parent = torch.full_like(loads, -1)
        for _ in range(len(loads)):
            through, via = (distance[:, None] + cost).min(dim=0)
            nearer = through < distance - rounding
            if not nearer.any():
                break
            distance, parent = torch.where(nearer, through, distance), torch.where(nearer, via, parent)
        end = int(torch.where(loads < most, distance, torch.inf).argmin())
        while (start := int(parent[end])) >= 0:
            moved = token[start, end]
            chosen[moved, start], chosen[moved, end] = False, True
            end = start


def _widest(bounds: Tensor) -> Tensor:
    """Return b with b_f - b_e < bounds[e, f] by as much as possible, float64[E]."""
    n_experts = len(bounds)
    walks = [bounds.new_zeros(n_experts)]
    for _ in range(n_experts):
        walks.append((walks[-1][:, None] + bounds).min(dim=0).values)
    steps = torch.arange(n_experts, 0, -1, device=bounds.device)
    before = torch.stack(walks[:-1])
    means = torch.where(before.isfinite(), (walks[-1] - before) / steps[:, None], -torch.inf).amax(dim=0)
    # Half the margin: rounding may not turn the tightest cycle negative. Without a cycle any margin will do.
    margin = means.min() / 2 if means.min().isfinite() else bounds.new_ones(())
    bias = bounds.new_zeros(n_experts)
    for _ in range(n_experts):
        bias = torch.minimum(bias, (bias[:, None] + bounds - margin).min(dim=0).values)
    return bias
