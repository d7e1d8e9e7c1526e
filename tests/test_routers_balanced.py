"""BASE, Sinkhorn, Expert Choice and the hash: balanced, and optimal by independent solvers."""

import itertools

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog

from pdsearch.balance.routers import NOBODY
from pdsearch.balance.routers.base import Base
from pdsearch.balance.routers.expert_choice import ExpertChoice
from pdsearch.balance.routers.hash_table import HashTable
from pdsearch.balance.routers.sinkhorn import Sinkhorn, transport_plan
from pdsearch.errors import BadInputError


def total(scores, assignment):
    return scores[assignment.pair_tokens, assignment.pair_experts].sum()


def best_by_lists(scores, k, limit):
    """The best assignment's score, by trying all."""
    n, m = scores.shape
    choices = [np.array(c) for c in itertools.combinations(range(m), k)]
    best = -np.inf
    for pick in itertools.product(choices, repeat=n):
        if (np.bincount(np.concatenate(pick), minlength=m) <= limit).all():
            best = max(best, sum(scores[t, c].sum() for t, c in enumerate(pick)))
    return best


@pytest.mark.wide
@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 5),
    m=st.integers(1, 4),
    k=st.integers(1, 3),
    seed=st.integers(0, 999),
    tied=st.booleans(),
)
def test_base_is_the_best_of_all_balanced_assignments(n, m, k, seed, tied):
    k = min(k, m)
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, size=(n, m)).astype(float) if tied else rng.normal(size=(n, m))

    assignment = Base().route(scores, k)

    assert assignment.counts.max() <= -(-n * k // m)
    assert total(scores, assignment) == pytest.approx(best_by_lists(scores, k, -(-n * k // m)))


@pytest.mark.parametrize("seed", range(3))
def test_base_equals_linear_sum_assignment_on_repeated_columns(seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(256, 16)) + rng.normal(size=16)

    assignment = Base().route(scores, 1)

    columns = scores.repeat(16, axis=1)
    assert assignment.counts.tolist() == [16] * 16
    assert total(scores, assignment) == pytest.approx(columns[linear_sum_assignment(columns, maximize=True)].sum())


@pytest.mark.parametrize(("n", "m", "k"), [(60, 7, 3), (64, 8, 8), (100, 5, 2)])
def test_base_equals_highs_for_several_experts_a_token(n, m, k):
    rng = np.random.default_rng(n)
    scores = rng.normal(size=(n, m)) + 2 * rng.normal(size=m)
    per_token = scipy.sparse.kron(scipy.sparse.eye(n), np.ones((1, m)))
    per_expert = scipy.sparse.kron(np.ones((1, n)), scipy.sparse.eye(m))

    assignment = Base().route(scores, k)

    answer = linprog(
        -scores.ravel(),
        A_eq=per_token,
        b_eq=np.full(n, k),
        A_ub=per_expert,
        b_ub=np.full(m, -(-n * k // m)),
        bounds=(0, 1),
        method="highs",
    )
    assert total(scores, assignment) == pytest.approx(-answer.fun, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 50), m=st.integers(1, 10), seed=st.integers(0, 99))
def test_the_transport_plan_has_equal_rows_and_equal_columns(n, m, seed):
    scores = np.random.default_rng(seed).normal(size=(n, m))

    plan = transport_plan(scores)

    np.testing.assert_allclose(plan.sum(axis=0), 1 / m, rtol=1e-12)
    np.testing.assert_allclose(plan.sum(axis=1), 1 / n, atol=1e-4)
    # d0 exp(s) d1: the ratios within a 2 x 2 block are those of exp(s).
    np.testing.assert_allclose(
        plan[0, 0] * plan[-1, -1] / plan[0, -1] / plan[-1, 0],
        np.exp(scores[0, 0] + scores[-1, -1] - scores[0, -1] - scores[-1, 0]),
        rtol=1e-9,
    )


def test_sinkhorn_tends_to_the_optimal_assignment_as_the_temperature_falls():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(64, 8)) + rng.normal(size=8)
    optimum = total(scores, Base().route(scores, 1))

    gaps = []
    for temperature in (1.0, 0.1, 0.01):
        plan = transport_plan(scores, temperature, tolerance=1e-10, most_iterations=100_000)
        gaps.append(optimum - 64 * (plan * scores).sum())

    assert gaps[0] > gaps[1] > gaps[2] > -1e-6
    assert gaps[2] < 1e-3 * optimum
    cold = Sinkhorn(temperature=0.01, tolerance=1e-10, most_iterations=100_000).route(scores, 1)
    # The plan splits some of the tokens that are indifferent: their argmax is any of their experts.
    assert (cold.ids == Base().route(scores, 1).ids).mean() > 0.85


def test_a_temperature_of_zero_is_an_error():
    with pytest.raises(BadInputError, match="temperature is 0"):
        Sinkhorn(temperature=0).route(np.zeros((2, 2)), 1)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 30),
    m=st.integers(1, 8),
    k=st.integers(1, 8),
    seed=st.integers(0, 99),
    tied=st.booleans(),
)
def test_each_expert_chooses_its_best_tokens(n, m, k, seed, tied):
    k = min(k, m)
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 3, size=(n, m)).astype(float) if tied else rng.random((n, m))
    size = -(-n * k // m)

    assignment = ExpertChoice(gate="identity").route(scores, k)

    assert assignment.counts.tolist() == [size] * m
    for expert in range(m):
        chosen = set(np.nonzero((assignment.ids == expert).any(axis=1))[0])
        assert chosen == set(np.argsort(-scores[:, expert], kind="stable")[:size])
    served = assignment.ids != NOBODY
    assert (assignment.weights[served] == scores[assignment.pair_tokens, assignment.pair_experts]).all()


def test_expert_choice_leaves_tokens_without_an_expert():
    scores = np.array([[0.9, 0.8], [0.7, 0.7], [0.1, 0.1], [0.2, 0.2]])

    assignment = ExpertChoice(gate="identity").route(scores, 1)

    assert assignment.ids[2:].tolist() == [[NOBODY, NOBODY], [NOBODY, NOBODY]]


@settings(max_examples=30, deadline=None)
@given(n_experts=st.integers(1, 20), blocks=st.integers(1, 5), k=st.integers(1, 20), seed=st.integers(0, 99))
def test_the_hash_table_uses_every_expert_equally_often_and_none_twice_for_a_token(n_experts, blocks, k, seed):
    k = min(k, n_experts)
    router = HashTable(n_experts, vocabulary=n_experts * blocks, seed=seed)

    table = router.table(k)

    for column in table.T:
        assert np.bincount(column, minlength=n_experts).tolist() == [blocks] * n_experts
    assert all(len(set(row)) == k for row in table)


def test_hashed_tokens_are_as_uneven_as_balls_thrown_into_bins():
    tokens = np.random.default_rng(0).integers(65_536, size=4096)

    counts = HashTable(n_experts=64).route(tokens, 1).counts

    rng = np.random.default_rng(1)
    thrown = [np.bincount(rng.integers(64, size=4096), minlength=64).max() for _ in range(300)]
    assert np.quantile(thrown, 0.005) <= counts.max() <= np.quantile(thrown, 0.995)


def test_token_ids_outside_the_vocabulary_and_scores_are_no_token_ids():
    with pytest.raises(BadInputError, match="token ids run from 0 to 8; below 8 is needed"):
        HashTable(n_experts=4, vocabulary=8).route(np.arange(9), 1)
    with pytest.raises(BadInputError, match="hash reads token ids and was given float64"):
        HashTable(n_experts=4).route(np.zeros((3, 4)), 1)
