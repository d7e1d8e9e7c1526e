"""Padding has no influence on any router; weights may stay as they are; probabilities go through no second softmax."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.balance.routers import NOBODY, ROUTERS
from pdsearch.balance.routers.options import built
from pdsearch.balance.routers.padding import route_real
from pdsearch.balance.routers.top_k import TopK
from pdsearch.balance.routers.weights import unnormalised
from pdsearch.errors import BadInputError

OF_SCORES = [name for name in ROUTERS if ROUTERS[name].reads == "scores"]


@pytest.mark.parametrize("name", OF_SCORES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999), n_padding=st.integers(0, 40))
def test_a_masked_batch_is_routed_as_its_tokens_alone(name, seed, n_padding):
    rng = np.random.default_rng(seed)
    scores, mask = rng.normal(size=(20 + n_padding, 8)), np.zeros(20 + n_padding, bool)
    mask[rng.choice(len(mask), 20, replace=False)] = True
    scores[~mask] = 30 * np.eye(8)[0]

    masked, alone = route_real(built(name), scores, 2, mask), built(name).route(scores[mask], 2)

    assert (masked.ids[mask] == alone.ids).all()
    assert (masked.weights[mask] == alone.weights).all()
    assert (masked.ids[~mask] == NOBODY).all()
    assert (masked.weights[~mask] == 0).all()
    assert (masked.counts == alone.counts).all()
    assert masked.report().to_dict() == alone.report().to_dict()


def test_padding_neither_hides_balance_nor_moves_a_bias():
    rng = np.random.default_rng(0)
    scores = np.vstack([rng.normal(size=(20, 4)), np.tile([5.0, 0, 0, 0], (100, 1))])
    mask = np.arange(120) < 20
    router = built("loss-free")

    masked, unmasked = route_real(router, scores, 1, mask), router.route(scores, 1)

    assert masked.report()["max_violation"] < 1 < unmasked.report()["max_violation"]
    assert (masked.state == router.route(scores[:20], 1).state).all()
    assert (masked.state != unmasked.state).any()


@pytest.mark.parametrize("mask", [[1, 1], [1, 2, 0], [[1, 0, 1]], ["a", "b", "c"], [1, np.nan, 0]])
def test_a_mask_that_is_none_is_refused(mask):
    with pytest.raises(BadInputError, match="3 rows need as many ones"):
        route_real(TopK(), np.zeros((3, 2)), 1, mask)


def test_weights_without_renormalisation_are_the_affinities():
    scores = np.random.default_rng(0).normal(size=(30, 6))
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)

    one = unnormalised(TopK().route(scores, 1), scores)
    two = unnormalised(built("capacity").route(scores, 2), scores, scale=16)

    np.testing.assert_allclose(one.weights[:, 0], probabilities.max(axis=1))
    served = two.ids != NOBODY
    expected = 16 * np.take_along_axis(probabilities, np.maximum(two.ids, 0), axis=1)
    np.testing.assert_allclose(two.weights[served], expected[served])
    assert (two.weights[~served] == 0).all()
    with pytest.raises(BadInputError, match=r"scores have shape \(29, 6\); this assignment needs \(30, 6\)"):
        unnormalised(one, scores[1:])


@pytest.mark.parametrize("name", [name for name in OF_SCORES if getattr(built(name), "gate", "") == "softmax"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_probabilities_are_refused_by_the_gate_softmax(name, kind):
    scores = np.random.default_rng(0).normal(size=(30, 6)).astype(kind)
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)

    with pytest.raises(BadInputError, match="scores are probabilities, each row adds up to 1; choose gate identity"):
        built(name).route(probabilities, 2)
    built(name, ["gate=identity"]).route(probabilities, 2)
    built(name).route(probabilities - 1, 2)
