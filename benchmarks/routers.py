"""The figures of the routers: ratios and balance within one run, one thread, medians.

    python benchmarks/routers.py            all of them, about two minutes
    python benchmarks/routers.py top-k lpr  some of them

Needs scipy, and for top-k and lpr torch, to compare with: without it they are left out. Prints for each figure
what was reached and what was to be reached.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numba
import numpy as np
import scipy.sparse
from scipy.optimize import linear_sum_assignment, linprog

from pdsearch.balance.metrics import gini, max_violation, max_violation_of_batches, min_max_ratio
from pdsearch.balance.routers.base import Base
from pdsearch.balance.routers.bip import BIP, dual_objective, dual_prices
from pdsearch.balance.routers.bip_online import BIPOnline
from pdsearch.balance.routers.top_k import TopK
from pdsearch.benchmarking.routers import skewed_stream
from pdsearch.errors import pip_install

try:
    import torch

    from pdsearch.balance.learned.lpr import LatentPrototypes, seeded
except ImportError:
    torch = None

RUNS = 9
NEED_TORCH = ("top-k", "lpr")
Figure = tuple[str, float, str, float]  # what, reached, ">=" or "<=", to be reached


def main(chosen: list[str]) -> int:
    """Print the figures chosen, all if none; return 1 if one was not reached."""
    if torch is not None:
        torch.set_num_threads(1)
    versions = f"numpy {np.__version__}, numba {numba.__version__}, torch {torch and torch.__version__}"
    print(f"{platform.machine()}, Python {platform.python_version()}, {versions}, one thread")
    missed = 0
    for name in chosen or list(FIGURES):
        if name in NEED_TORCH and torch is None:
            print(f"{name}: torch is not installed; run: {pip_install('torch')}")
            continue
        for what, reached, relation, goal in FIGURES[name]():
            met = reached >= goal if relation == ">=" else reached <= goal
            missed += not met
            print(f"{what:<72}{reached:>10.6g}  {relation} {goal:<8g}{'' if met else 'MISSED'}", flush=True)
    return int(missed > 0)


def fused_top_k() -> Iterator[Figure]:
    """Top-k + bias + weights + counts against the same in torch, interleaved."""
    for n_experts, goal in ((64, 3.5), (128, 5.0), (256, 6.0)):
        rng = np.random.default_rng(0)
        scores = rng.normal(size=(65_536, n_experts)).astype(np.float32)
        bias = (0.1 * rng.normal(size=n_experts)).astype(np.float32)
        raw, offset = torch.from_numpy(scores), torch.from_numpy(bias)
        ours, theirs = (
            partial(TopK(gate="sigmoid").route, scores, 8, bias),
            partial(torch_chain, raw, offset, 8),
        )
        assignment, chain = ours(), theirs()
        assert (assignment.ids == chain[0].numpy()).mean() > 0.99999  # roundings may swap a near tie
        assert np.allclose(assignment.weights, chain[1].numpy(), atol=1e-6)
        mine, torchs = medians(ours, theirs)
        label = f"top 8 of {n_experts}, 65,536 tokens: torch {torchs * 1e3:.0f} ms / ours {mine * 1e3:.0f} ms"
        yield label, torchs / mine, ">=", goal


def torch_chain(scores: torch.Tensor, bias: torch.Tensor, k: int) -> tuple[torch.Tensor, ...]:
    """Sigmoid, bias, top-k, gather, normalise, count."""
    affinities = torch.sigmoid(scores)
    ids = torch.topk(affinities + bias, k, dim=1).indices
    weights = affinities.gather(1, ids)
    weights = weights / weights.sum(dim=1, keepdim=True)
    return ids, weights, torch.bincount(ids.flatten(), minlength=scores.shape[1])


def medians(*calls: Callable[[], Any]) -> list[float]:
    """Return the median seconds of each call, taken in turn so that all see the same machine."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(RUNS):
        for call, seconds in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in times]


def bip_stream() -> Iterator[Figure]:
    """MaxVio over the skewed stream of 60 batches."""
    batches = list(skewed_stream(4096, 64, 60))
    plain = max_violation_of_batches([TopK("identity").route(batch, 8).counts for batch in batches]).average
    print(f"skewed stream, 60 x 4096 tokens, 64 experts, top 8; plain top-k: average MaxVio {plain:.2f}")
    for router, average, supremum in (
        (BIP(4, "identity"), 0.08, 0.7),
        (BIP(14, "identity"), 0.03, 0.25),
        (BIPOnline(gate="identity"), 0.08, 0.7),
    ):
        state, loads, seconds = None, [], []
        for batch in batches:
            start = time.perf_counter()
            assignment = router.route(batch, 8, state)
            seconds.append(time.perf_counter() - start)
            state = assignment.state
            loads.append(assignment.counts)
        violation = max_violation_of_batches(loads)
        ms = statistics.median(seconds) * 1e3
        label = repr(router).replace("gate='identity'", f"{ms:.0f} ms a batch")
        yield f"{label}: average MaxVio", float(violation.average), "<=", average
        yield f"{label}: supremum", float(violation.supremum), "<=", supremum
        yield f"{label}: first batch", float(max_violation(loads[0])), "<=", supremum


def bip_dual() -> Iterator[Figure]:
    """The dual after 200 iterations against the optimum of the linear program, by HiGHS."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(512, 16)) + np.random.default_rng(99).normal(size=16)
    affinities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    value = dual_objective(affinities, 4, *dual_prices(affinities, 4, 200))
    ratio = value / linear_program(affinities, 4)
    yield "BIP dual after 200 iterations / LP optimum (512 x 16, top 4)", ratio, "<=", 1.0001


def linear_program(scores: np.ndarray[Any, Any], k: int) -> float:
    """The greatest score of a balanced assignment."""
    n, m = scores.shape
    per_token = scipy.sparse.kron(scipy.sparse.eye(n), np.ones((1, m)))
    per_expert = scipy.sparse.kron(np.ones((1, n)), scipy.sparse.eye(m))
    constraints = scipy.sparse.vstack([per_token, per_expert])
    bounds = np.r_[np.full(n, k), np.full(m, n * k / m)]
    return -float(linprog(-scores.ravel(), A_ub=constraints, b_ub=bounds, bounds=(0, 1), method="highs").fun)


def exact_assignment() -> Iterator[Figure]:
    """BASE against SciPy's assignment on repeated columns: the same optimum, and the time."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(1024, 16)) + rng.normal(size=16)
    columns = scores.repeat(64, axis=1)
    Base().route(scores, 1)  # compiles
    start = time.perf_counter()
    assignment = Base().route(scores, 1)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    pairs = linear_sum_assignment(columns, maximize=True)
    theirs = time.perf_counter() - start
    kept = scores[assignment.pair_tokens, assignment.pair_experts].sum()
    yield (
        "BASE score / linear_sum_assignment's (1024 x 16, top 1)",
        kept / columns[pairs].sum(),
        ">=",
        1 - 1e-12,
    )
    yield f"its time: SciPy {theirs * 1e3:.0f} ms / ours {ours * 1e3:.1f} ms", theirs / ours, ">=", 1.0


def lpr_toy() -> Iterator[Figure]:
    """Latent prototypes on clustered tokens, without a task's loss: a toy, and not the paper's experiment."""
    print("LPR toy: 40 Zipf clusters in 64 dimensions, noise .5, 128 experts, top 8, batch 2048, no task loss,")
    print("  Adam 5e-3 with cosine decay, published loss weights; loads of 16,384 held-out tokens, evaluation")
    for seed in range(3):
        for normalised, goal in ((True, 8.0), (False, 4.0)):
            before, after = trained_prototypes(seed, 300, normalised)
            shown = " -> ".join(f"{gini(counts):.3f}" for counts in (before, after))
            label = f"LPR, aligned to {'means' if normalised else 'sums, as published'}, seed {seed}"
            yield f"{label}: Gini {shown}: fall", float(gini(before) / gini(after)), ">=", goal
            yield f"{label}: min/max after 300 steps", float(min_max_ratio(after)), ">=", 0.5


def trained_prototypes(seed: int, n_steps: int, normalised: bool) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the loads before and after training."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(40, 64))
    share = 1 / np.arange(1, 41)

    def tokens(n: int) -> torch.Tensor:
        cluster = rng.choice(40, n, p=share / share.sum())
        return torch.from_numpy((centres[cluster] + 0.5 * rng.normal(size=(n, 64))).astype(np.float32))

    held_out = tokens(16_384).numpy()
    router = seeded(LatentPrototypes, seed, 64, 128, normalised=normalised)
    optimiser = torch.optim.Adam(router.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, n_steps)
    before = router.route(held_out, 8).counts
    torch.manual_seed(seed)
    for _ in range(n_steps):
        optimiser.zero_grad()
        torch.stack(list(router(tokens(2048), 8).losses.values())).sum().backward()
        optimiser.step()
        schedule.step()
    return before, router.route(held_out, 8).counts


FIGURES: dict[str, Callable[[], Iterator[Figure]]] = {
    "top-k": fused_top_k,
    "bip": bip_stream,
    "dual": bip_dual,
    "base": exact_assignment,
    "lpr": lpr_toy,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
