"""Losses and measures of balance as values: closed forms and torch."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.balance.metrics import coefficient_of_variation
from pdsearch.balance.routers.capacity import Capacity
from pdsearch.balance.routers.losses import auxiliary_loss, importance_loss, sequence_auxiliary_loss, z_loss
from pdsearch.balance.routers.padding import route_real
from pdsearch.balance.routers.smile import smile_loss
from pdsearch.balance.routers.stable_moe import fluctuation, stable_balance_loss
from pdsearch.balance.routers.top_k import TopK
from pdsearch.errors import BadInputError


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@given(seed=st.integers(0, 999), n=st.integers(1, 40), m=st.integers(2, 8))
@settings(max_examples=40, deadline=None)
def test_the_auxiliary_loss_is_that_of_torch_and_n_sum_p_squared_where_probabilities_are_shares(seed, n, m):
    scores = np.random.default_rng(seed).normal(size=(n, m))
    ids = TopK().route(scores, 2).ids
    shares = np.bincount(ids.ravel(), minlength=m) / ids.size

    value = auxiliary_loss(softmax(scores), ids, coefficient=0.01)

    assert value == pytest.approx(0.01 * m * (shares * softmax(scores).mean(axis=0)).sum())
    same = auxiliary_loss(np.tile(shares, (n, 1)), ids)
    assert same == pytest.approx(m * (shares**2).sum())
    assert same == pytest.approx(1 + coefficient_of_variation(shares) ** 2)


def test_the_losses_equal_torch_s():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    scores = np.random.default_rng(0).normal(size=(50, 6))
    raw = torch.from_numpy(scores)

    importance = torch.softmax(raw, dim=1).sum(dim=0)

    assert z_loss(scores) == pytest.approx((torch.logsumexp(raw, dim=1) ** 2).mean().item())
    assert importance_loss(softmax(scores)) == pytest.approx(
        (importance.var(correction=0) / importance.mean() ** 2).item()
    )


def test_sequences_are_balanced_each_on_their_own():
    probabilities = softmax(np.random.default_rng(0).normal(size=(10, 4)))
    ids = TopK("identity").route(probabilities, 1).ids

    value = sequence_auxiliary_loss(probabilities, ids, [4, 6])

    parts = auxiliary_loss(probabilities[:4], ids[:4]), auxiliary_loss(probabilities[4:], ids[4:])
    assert value == pytest.approx(np.mean(parts))
    with pytest.raises(BadInputError, match="lengths add up to 9, not to the 10 tokens"):
        sequence_auxiliary_loss(probabilities, ids, [4, 5])


def test_counts_of_the_global_batch_replace_those_of_the_batch():
    probabilities = np.array([[0.75, 0.25]])

    value = auxiliary_loss(probabilities, np.array([[0]]), counts=[1, 3])

    assert value == pytest.approx(2 * (0.25 * 0.75 + 0.75 * 0.25))


def test_no_token_costs_nothing():
    nothing = np.empty((0, 4))

    assert auxiliary_loss(nothing, np.empty((0, 1), np.int32)) == 0
    assert z_loss(nothing) == importance_loss(nothing) == 0
    assert stable_balance_loss(nothing, np.empty((0, 1), np.int32)) == 0


def test_one_expert_with_everything_costs_the_number_of_experts_at_each_level():
    node, place = np.eye(3)[[0, 0]], np.eye(4)[[0, 0]]

    assert smile_loss(node, place, np.array([[0], [0]])) == 3 + 4


def test_the_z_loss_of_large_scores_does_not_overflow():
    assert z_loss(np.full((2, 4), 1e4)) == pytest.approx((1e4 + math.log(4)) ** 2)


@settings(deadline=None)
@given(seed=st.integers(0, 99), k=st.integers(1, 4))
def test_fluctuation_is_0_between_equal_1_between_disjoint_and_blind_to_order(seed, k):
    rng = np.random.default_rng(seed)
    ids = np.array([rng.choice(8, k, replace=False) for _ in range(20)])

    assert fluctuation(ids, ids) == 0
    assert fluctuation(ids, ids[:, ::-1]) == 0
    assert fluctuation(ids, ids + 8) == 1


def test_fluctuation_of_nothing_is_nan_and_of_different_items_an_error():
    assert math.isnan(fluctuation([], []))
    with pytest.raises(BadInputError, match=r"bins have shapes \(2,\) and \(3,\)"):
        fluctuation([0, 1], [0, 1, 2])


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([[0], [2]], "ids go from 0 to 2; 2 experts have 0 to 1"),
        ([[-1], [0]], "ids go from -1 to 0"),
        ([[0]], r"ids have shape \(1, 1\) and scores \(2, 2\); give one expert for each token"),
        ([[0, 1], [0, 1]], r"ids have shape \(2, 2\)"),
    ],
)
def test_the_balance_loss_needs_one_expert_a_token_that_exists(ids, message):
    with pytest.raises(BadInputError, match=message):
        stable_balance_loss(np.zeros((2, 2)), np.array(ids))


def test_what_a_capacity_refused_counts_as_chosen():
    scores = np.random.default_rng(0).normal(size=(200, 8)) + 2 * np.linspace(0, 1, 8)
    plain, cut = TopK().route(scores, 2), Capacity(factor=1).route(scores, 2)

    before, after = auxiliary_loss(softmax(scores), plain), auxiliary_loss(softmax(scores), cut)

    assert before == after == auxiliary_loss(softmax(scores), plain.ids)
    assert before > 1.15 * auxiliary_loss(softmax(scores), cut.ids, counts=cut.counts)
    with pytest.raises(BadInputError, match="ids have empty slots, whose experts refused the token"):
        auxiliary_loss(softmax(scores), cut.ids)


def test_the_first_choice_alone_may_be_counted():
    scores = np.random.default_rng(0).normal(size=(50, 5))
    ids = TopK().route(scores, 3).ids

    assert auxiliary_loss(softmax(scores), ids, first_choice=True) == auxiliary_loss(softmax(scores), ids[:, :1])


@pytest.mark.parametrize("loss", [lambda p: auxiliary_loss(p, np.zeros((2, 1), int)), importance_loss])
@pytest.mark.parametrize("rows", [[[1e-20, 2e-20], [0.5, 0.5]], [[0.9, 0.8], [0.5, 0.5]], [[2.0, -1.0], [0.5, 0.5]]])
def test_affinities_that_are_no_probabilities_are_refused(loss, rows):
    with pytest.raises(BadInputError, match="row 0 of the probabilities adds up to"):
        loss(rows)


def test_padding_counts_in_no_loss():
    rng = np.random.default_rng(0)
    scores, mask = rng.normal(size=(30, 6)), np.arange(30) < 20
    scores[20:, 0] = 50
    ids = TopK().route(scores, 2).ids

    for masked, alone in [
        (z_loss(scores, mask), z_loss(scores[:20])),
        (importance_loss(softmax(scores), mask), importance_loss(softmax(scores[:20]))),
        (auxiliary_loss(softmax(scores), ids, mask=mask), auxiliary_loss(softmax(scores[:20]), ids[:20])),
        (
            sequence_auxiliary_loss(softmax(scores), ids, [10, 15, 5], mask=mask),
            sequence_auxiliary_loss(softmax(scores[:20]), ids[:20], [10, 10]),
        ),
        (
            auxiliary_loss(softmax(scores), route_real(TopK(), scores, 2, mask), mask=mask),
            auxiliary_loss(softmax(scores[:20]), ids[:20]),
        ),
    ]:
        assert masked == pytest.approx(alone, rel=1e-12)
