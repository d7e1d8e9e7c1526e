"""BIP, its online variant, Quantile Balancing and Loss-Free: one dual, checked against HiGHS and goldens."""

import itertools

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pdsearch.balance.metrics import gini, max_violation
from pdsearch.balance.routers import kept_score
from pdsearch.balance.routers._flow import flow
from pdsearch.balance.routers.bip import BIP, dual_objective, dual_prices
from pdsearch.balance.routers.bip_online import BIPOnline
from pdsearch.balance.routers.loss_free import LossFree
from pdsearch.balance.routers.quantile import Quantile, quantile_step
from pdsearch.balance.routers.top_k import TopK
from pdsearch.benchmarking.routers import skewed_stream
from pdsearch.errors import BadInputError


def softmax_batch(n, m):
    scores = np.random.default_rng(0).normal(size=(n, m)) + np.random.default_rng(99).normal(size=m)
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def linear_program(scores, k):
    """The greatest score of a balanced assignment, by HiGHS."""
    n, m = scores.shape
    per_token = scipy.sparse.kron(scipy.sparse.eye(n), np.ones((1, m)))
    per_expert = scipy.sparse.kron(np.ones((1, n)), scipy.sparse.eye(m))
    bounds = np.r_[np.full(n, k), np.full(m, n * k / m)]
    constraints = scipy.sparse.vstack([per_token, per_expert])
    answer = linprog(-scores.ravel(), A_ub=constraints, b_ub=bounds, bounds=(0, 1), method="highs")
    return -answer.fun


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 40),
    m=st.integers(1, 9),
    k=st.integers(1, 9),
    iterations=st.integers(0, 12),
    seed=st.integers(0, 99),
)
def test_the_dual_objective_never_rises_and_never_falls_below_an_assignment(n, m, k, iterations, seed):
    k = min(k, m)
    scores = np.random.default_rng(seed).random((n, m))

    values = [dual_objective(scores, k, *dual_prices(scores, k, t)) for t in range(iterations + 1)]

    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(values))
    if n * k % m == 0:
        assert values[-1] >= scores[flow(scores, k)].sum() - 1e-9


def test_the_dual_reaches_the_optimum_of_the_linear_program():
    scores = softmax_batch(512, 16)

    value = dual_objective(scores, 4, *dual_prices(scores, 4, 200))

    optimum = linear_program(scores, 4)
    assert optimum <= value <= 1.0001 * optimum


def test_the_linear_program_has_an_integral_optimum():
    scores = softmax_batch(96, 8)

    assert scores[flow(scores, 2)].sum() == pytest.approx(linear_program(scores, 2), rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "k", "plain", "expected"),
    [
        ((4096, 64), 8, 3.89, {1: 0.867, 2: 0.563, 4: 0.275, 8: 0.133, 14: 0.053, 32: 0.018}),
        ((1024, 16), 4, 1.848, {1: 0.566, 2: 0.449, 4: 0.246, 8: 0.070, 14: 0.059}),
    ],
)
def test_cold_bip_is_as_even_as_was_measured(shape, k, plain, expected):
    affinities = softmax_batch(*shape)

    violations = {t: max_violation(BIP(t, gate="identity").route(affinities, k).counts) for t in [0, *expected]}

    assert violations == pytest.approx({0: plain} | expected, abs=0.006)


def test_bip_with_64_iterations_is_even_by_gini_too():
    counts = BIP(64, gate="identity").route(softmax_batch(4096, 64), 8).counts

    assert gini(counts) == pytest.approx(0.0034, abs=0.0005)
    assert counts.min() / counts.max() == pytest.approx(0.83, abs=0.03)


@pytest.mark.parametrize(
    ("router", "average", "supremum"),
    [
        (TopK("identity"), 3.84, 3.95),
        (BIP(4, "identity"), 0.27, 0.65),
        (BIP(14, "identity"), 0.10, 0.22),
        (Quantile(gate="identity"), 0.6, 3.8),
        (BIPOnline(gate="identity"), 0.2, 0.34),
    ],
    ids=["top-k", "bip-4", "bip-14", "quantile", "bip-online"],
)
def test_the_first_batches_of_the_skewed_stream_are_as_even_as_was_measured(router, average, supremum):
    state, violations = None, []
    for affinities in skewed_stream(4096, 64, 8):
        assignment = router.route(affinities, 8, state)
        state = assignment.state
        violations.append(max_violation(assignment.counts))

    assert np.mean(violations) < average + 0.03
    assert max(violations) < supremum + 0.03


def test_bip_without_iterations_and_prices_is_top_k():
    affinities = np.random.default_rng(0).random((50, 8))

    assert (BIP(0, "identity").route(affinities, 2).ids == TopK("identity").route(affinities, 2).ids).all()


def test_prices_without_tokens_stay():
    prices = np.arange(4.0)

    assert (BIP(3).route(np.empty((0, 4)), 2, prices).state == prices).all()
    assert (Quantile().route(np.empty((0, 4)), 2, prices).state == prices).all()


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 60), m=st.integers(3, 8), k=st.integers(1, 2), seed=st.integers(0, 99))
def test_a_quantile_step_is_a_warm_bip_iteration_without_clamps(n, m, k, seed):
    scores = 10 + np.random.default_rng(seed).random((n, m))  # prices of both kinds are then positive
    rank = n * k // m

    step = quantile_step(scores, k, np.zeros(m))

    alpha = np.sort(scores, axis=1)[:, -(k + 1)]
    expected = [np.sort(scores[:, j] - alpha)[::-1][rank] for j in range(m)]
    np.testing.assert_allclose(step, expected)
    np.testing.assert_allclose(dual_prices(scores, k, 1)[1], np.maximum(expected, 0))


def test_half_a_quantile_step_is_half_way():
    affinities = np.random.default_rng(0).random((100, 4)) * [1, 0.9, 0.8, 0.2]
    prices = np.array([0.1, 0.2, 0.0, 0.0])

    whole = Quantile(rate=1, gate="identity").route(affinities, 1, prices).state
    half = Quantile(rate=0.5, gate="identity").route(affinities, 1, prices).state

    np.testing.assert_allclose(half, (whole + prices) / 2)


def test_loss_free_moves_every_bias_one_step_towards_the_mean_load():
    affinities = np.array([[0.9, 0.1, 0.5], [0.8, 0.2, 0.1], [0.1, 0.2, 0.9]])

    assignment = LossFree(step=0.25, gate="identity").route(affinities, 1)

    assert assignment.counts.tolist() == [2, 0, 1]
    assert assignment.state.tolist() == [-0.25, 0.25, 0.0]


def test_loss_free_becomes_even_in_time():
    rng, state, router = np.random.default_rng(0), None, LossFree(step=0.02, gate="identity")
    bias = np.random.default_rng(99).normal(size=16)
    violations = []
    for _ in range(150):
        affinities = 1 / (1 + np.exp(-rng.normal(size=(512, 16)) - bias))
        assignment = router.route(affinities, 4, state)
        state = assignment.state
        violations.append(max_violation(assignment.counts))

    assert violations[0] > 1
    assert np.mean(violations[-20:]) < 0.3


def test_online_bip_in_pieces_is_online_bip_at_once():
    affinities = np.random.default_rng(0).random((3000, 8)) * np.linspace(0.3, 1, 8)
    router = BIPOnline(gate="identity")

    at_once = router.route(affinities, 2)
    first = router.route(affinities[:1234], 2)
    second = router.route(affinities[1234:], 2, first.state)

    assert (np.concatenate([first.ids, second.ids]) == at_once.ids).all()
    for one, other in zip(second.state, at_once.state, strict=True):
        assert (one == other).all()


def test_bip_keeps_more_score_than_a_random_balanced_assignment_and_less_than_top_k():
    affinities = softmax_batch(1024, 16)

    kept = kept_score(affinities, BIP(14, "identity").route(affinities, 4))

    assert 4 / 16 * affinities.sum() < kept < kept_score(affinities, TopK("identity").route(affinities, 4))


def test_prices_of_another_length_and_affinities_above_one_are_errors():
    with pytest.raises(BadInputError, match=r"state has shape \(3,\)"):
        BIP().route(np.zeros((2, 4)), 1, np.zeros(3))
    with pytest.raises(BadInputError, match=r"affinities reach 2; bip-online needs 0\.\.1"):
        BIPOnline(gate="identity").route(np.full((2, 4), 2.0), 1)
    with pytest.raises(BadInputError, match="the state is not a History of 4 experts"):
        BIPOnline().route(np.zeros((2, 4)), 1, np.zeros(4))
    with pytest.raises(BadInputError, match="iterations is -1"):
        BIP(iterations=-1)
