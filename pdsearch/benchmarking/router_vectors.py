"""Test vectors of routers and their losses, for other implementations to be held to: ``bench routers --vectors``.

Inputs and right answers, computed in float64 by the NumPy routers and, where there is none, by the definition. Scores
are multiples of 1/64 below 4, which bfloat16 holds exactly. Every choice is clear by at least :data:`MARGIN`, so that
rounding does not decide it, except in the cases named ``ties``, which tie exactly and go to the lowest id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.routers import Assignment
from pdsearch.balance.routers._gates import affinities_of
from pdsearch.balance.routers.bip import dual_prices
from pdsearch.balance.routers.expert_choice import best_of_columns
from pdsearch.balance.routers.loss_free import LossFree
from pdsearch.balance.routers.losses import auxiliary_loss, sequence_auxiliary_loss, z_loss
from pdsearch.balance.routers.quantile import quantile_step
from pdsearch.balance.routers.sinkhorn import transport_plan
from pdsearch.balance.routers.top_k import TopK

MARGIN = 1e-4
ABOUT = (
    "scores are logits, one row a token; bias is added to the affinities gate(scores) for the choice alone; a batch's "
    "bias_before is what it is routed with, bias_after what the next one gets; mask is 1 for a real token, and rows "
    "of padding have ids null, as have rows whose choice is not clear (bip makes ties; counts are null then); weights "
    "are affinities at the ids, divided by their sum if renormalise, times scale"
)
Floats = npt.NDArray[np.float64]
Next = Callable[[Floats, int, Floats], tuple[Floats, Floats]]  # affinities, k, bias -> of this batch, of the next
_TOKENS, _EXPERTS = 24, 6


def vectors() -> dict[str, Any]:
    """Return all cases as plain values.

    Examples
    --------
    >>> case = vectors()["routers"][0]
    >>> case["name"], case["router"], case["k"], len(case["batches"][0]["ids"])
    ('top-k, softmax', 'top-k', 2, 24)
    """
    return {"version": 1, "about": ABOUT, "margin": MARGIN, "routers": list(routers()), "losses": list(losses())}


def routers() -> Iterator[dict[str, Any]]:
    """Yield the cases of routers that give each token k experts, then those of Expert Choice."""
    for gate in ("softmax", "sigmoid", "sqrt-softplus"):
        yield case(f"top-k, {gate}", "top-k", gate, constant(None))
        yield case(f"top-k, {gate}, bias", "top-k", gate, constant(drawn_bias()))
    yield case("top-k, one expert, its affinity as weight", "top-k", "softmax", constant(None), 1, renormalise=False)
    yield case("top-k, not renormalised, scaled", "top-k", "sigmoid", constant(None), 2, scale=2.5, renormalise=False)
    yield case("top-k, ties", "top-k", "softmax", constant(None), 3, ties=True)
    for masked in (False, True):
        end = ", padding" if masked else ""
        yield case(f"loss-free{end}", "loss-free", "sigmoid", loss_free, masked=masked, options={"step": 0.125})
        yield case(f"quantile{end}", "quantile", "sigmoid", quantile, masked=masked)
        histogram = {"estimator": "histogram", "bins": 50}
        yield case(f"quantile by histogram{end}", "quantile", "sigmoid", binned, masked=masked, options=histogram)
        yield case(f"bip{end}", "bip", "softmax", bip, masked=masked, options={"iterations": 4})
        yield case(f"sinkhorn{end}", "sinkhorn", "sigmoid", plain, 1, masked=masked, chosen=by_plan)
        yield expert_choice_case(f"expert-choice{end}", masked)


def case(
    name: str,
    router: str,
    gate: str,
    following: Next,
    k: int = 2,
    *,
    renormalise: bool = True,
    scale: float = 1.0,
    ties: bool = False,
    masked: bool = False,
    options: dict[str, Any] | None = None,
    chosen: Callable[[Floats, Floats], Floats] | None = None,
) -> dict[str, Any]:
    """Return three batches of the first seed at which every choice is clear."""
    for seed in range(1000):
        batches = [
            batch for batch in stream(seed, k, gate, following, renormalise, scale, ties, masked, chosen) if batch
        ]
        if len(batches) == 3:
            rest = {"k": k, "gate": gate, "renormalise": renormalise, "scale": scale, "options": options or {}}
            return {"name": name, "router": router} | rest | {"batches": batches}
    raise AssertionError(f"{name}: no seed has clear choices")


def stream(
    seed: int,
    k: int,
    gate: str,
    following: Next,
    renormalise: bool,
    scale: float,
    ties: bool,
    masked: bool,
    chosen: Callable[[Floats, Floats], Floats] | None,
) -> Iterator[dict[str, Any] | None]:
    """Yield batches, None in place of one whose choice is not clear."""
    rng = np.random.default_rng(seed)
    bias = np.zeros(_EXPERTS)
    for _ in range(3):
        scores = drawn_scores(rng, ties)
        mask = rng.random(_TOKENS) < 0.7 if masked else np.ones(_TOKENS, np.bool_)
        affinities = affinities_of(scores[mask], gate)
        used, bias = following(affinities, k, bias)
        order = scores[mask] if gate == "softmax" and not used.any() else affinities + used
        order = order if chosen is None else chosen(scores[mask], used)
        told = np.ones(len(order), np.bool_) if ties else clear(order, k)
        if not told.all() and following is not bip:
            yield None
            continue
        ids = TopK("identity").route(order - order.min(), k).ids
        weights = np.take_along_axis(affinities, ids, axis=1)
        weights = scale * (weights / weights.sum(axis=1, keepdims=True) if renormalise else weights)
        yield {
            "scores": scores.tolist(),
            "mask": mask.astype(int).tolist(),
            "bias_before": used.tolist(),
            "ids": spread(ids, mask, told),
            "weights": spread(weights, mask, told),
            "counts": np.bincount(ids.ravel(), minlength=_EXPERTS).tolist() if told.all() else None,
            "bias_after": bias.tolist(),
        }


def drawn_scores(rng: np.random.Generator, ties: bool = False) -> Floats:
    """Return float64[24, 6], skewed towards the last experts."""
    if ties:
        return rng.integers(0, 3, (_TOKENS, _EXPERTS)).astype(np.float64)
    scores = np.clip(rng.integers(-200, 136, (_TOKENS, _EXPERTS)) + 24 * np.arange(_EXPERTS), -255, 255)
    return np.asarray(scores / 64)


def drawn_bias() -> Floats:
    """Return a bias in multiples of 1/64."""
    return np.asarray(np.random.default_rng(7).integers(-32, 33, _EXPERTS) / 64)


def clear(order: Floats, k: int) -> npt.NDArray[np.bool_]:
    """Say of each row whether its k + 1 best lie at least the margin apart."""
    best = -np.sort(-order, axis=1)[:, : k + 1]
    return np.asarray((best[:, :-1] - best[:, 1:]).min(axis=1, initial=np.inf) >= MARGIN)


def spread(rows: npt.NDArray[Any], mask: npt.NDArray[np.bool_], told: npt.NDArray[np.bool_]) -> list[Any]:
    """Return the rows that are told at their places, None elsewhere."""
    answer: list[Any] = [None] * len(mask)
    for place, row, known in zip(np.flatnonzero(mask), rows.tolist(), told, strict=True):
        answer[place] = row if known else None
    return answer


def constant(bias: Floats | None) -> Next:
    """Return the rule that keeps a bias."""
    return lambda affinities, k, _: (np.zeros(_EXPERTS) if bias is None else bias,) * 2


def plain(affinities: Floats, k: int, bias: Floats) -> tuple[Floats, Floats]:
    """Keep the bias."""
    return bias, bias


def loss_free(affinities: Floats, k: int, bias: Floats) -> tuple[Floats, Floats]:
    """Move the bias by an eighth towards the mean load."""
    routed: Assignment = LossFree(0.125, "identity").route(affinities, k, bias)
    return bias, routed.state


def quantile(affinities: Floats, k: int, bias: Floats) -> tuple[Floats, Floats]:
    """Take the bias at which this batch would have been balanced."""
    return bias, -quantile_step(affinities, k, -bias).astype(np.float64)


def binned(affinities: Floats, k: int, bias: Floats, bins: int = 50) -> tuple[Floats, Floats]:
    """Take the same from a histogram, interpolated in its bin, less its mean (Kimi K3, appendix D)."""
    low, high = bias.min() - 1, bias.max() + 1
    cutoff = -np.sort(-(affinities + bias), axis=1)[:, k]
    target = k / affinities.shape[1] * len(affinities)
    found = np.empty(affinities.shape[1])
    for expert, needed in enumerate((cutoff[:, None] - affinities).T):
        counts, edges = np.histogram(np.clip(needed, low, high), bins, (low, high))
        below = np.cumsum(counts)
        place = int(np.searchsorted(below, target))
        inside = (target - below[place] + counts[place]) / counts[place]
        found[expert] = edges[place] + inside * (edges[1] - edges[0])
    return bias, found - found.mean()


def bip(affinities: Floats, k: int, bias: Floats) -> tuple[Floats, Floats]:
    """Price this batch before it is routed, four iterations from the prices of the last."""
    price = dual_prices(affinities, k, 4, -bias)[1].astype(np.float64)
    return -price, -price


def by_plan(scores: Floats, _: Floats) -> Floats:
    """Return the logarithm of the balanced plan, which orders the experts of a token."""
    return np.log(transport_plan(scores, tolerance=1e-12))


def expert_choice_case(name: str, masked: bool) -> dict[str, Any]:
    """Return one batch in which each expert takes its best tokens; tokens are given in their order."""
    rng = np.random.default_rng(5)
    scores, k = drawn_scores(rng), 2
    mask = rng.random(_TOKENS) < 0.7 if masked else np.ones(_TOKENS, np.bool_)
    affinities = affinities_of(scores[mask], "softmax")
    capacity = -(-int(mask.sum()) * k // _EXPERTS)
    marked = best_of_columns(affinities, capacity)
    places = np.flatnonzero(mask)
    batch = {
        "scores": scores.tolist(),
        "mask": mask.astype(int).tolist(),
        "tokens": [places[column].tolist() for column in marked.T],
        "weights": [affinities[column, expert].tolist() for expert, column in enumerate(marked.T)],
        "counts": marked.sum(axis=0).tolist(),
    }
    return {"name": name, "router": "expert-choice", "k": k, "gate": "softmax", "batches": [batch]}


def losses() -> Iterator[dict[str, Any]]:
    """Yield the cases of losses: scores, ids, and the right value."""
    for masked in (False, True):
        rng = np.random.default_rng(11 + masked)
        scores = drawn_scores(rng)
        mask = rng.random(_TOKENS) < 0.7 if masked else np.ones(_TOKENS, np.bool_)
        ids, every = TopK().route(scores[mask], 2).ids, np.ones(int(mask.sum()), np.bool_)
        given = {"scores": scores.tolist(), "mask": mask.astype(int).tolist(), "ids": spread(ids, mask, every), "k": 2}
        for gate in ("softmax", "sigmoid"):
            affinities = affinities_of(scores[mask], gate)
            shares = affinities / affinities.sum(axis=1, keepdims=True)
            yield given | {"loss": "auxiliary", "gate": gate, "value": auxiliary_loss(shares, ids)}
            lengths = mask.reshape(4, -1).sum(axis=1)
            value = sequence_auxiliary_loss(shares, ids, lengths)
            yield given | {"loss": "sequence auxiliary", "gate": gate, "sequences": 4, "value": value}
        yield given | {"loss": "z", "value": z_loss(scores[mask])}
