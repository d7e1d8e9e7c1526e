"""Capacity, Rectify-Router, SMILE, LocMoE and CARROT: the properties their papers state."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.balance.capacity import capacity, drop_rate, padding_rate
from pdsearch.balance.routers import NOBODY, ROUTERS, kept_score
from pdsearch.balance.routers._beta import regularised_incomplete_beta
from pdsearch.balance.routers.capacity import Capacity, capacity_of
from pdsearch.balance.routers.carrot import Carrot, NearestEstimate
from pdsearch.balance.routers.locmoe import (
    LocMoE,
    capacity_bound,
    class_probability,
    grouped_average_pooling,
    largest_cosine,
    locality,
    locality_loss,
    traffic_of,
)
from pdsearch.balance.routers.rectify import Rectify, gpus_of_tokens
from pdsearch.balance.routers.smile import Smile
from pdsearch.balance.routers.top_k import TopK
from pdsearch.errors import BadInputError


def skewed(seed, n=60, m=8):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, m)) + 1.5 * rng.normal(size=m)


@pytest.mark.parametrize("policy", ["position", "probability", "random"])
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), factor=st.floats(0.1, 3), k=st.integers(1, 4))
def test_no_expert_exceeds_its_capacity_and_none_with_room_refuses(policy, seed, factor, k):
    scores = skewed(seed)
    limit = capacity_of(60, 8, k, factor)

    assignment = Capacity(factor, policy).route(scores, k)

    wanted = TopK().route(scores, k)
    assert (assignment.counts == np.minimum(wanted.counts, limit)).all()
    assert (assignment.drops == wanted.counts - assignment.counts).all()
    served = assignment.ids != NOBODY
    assert (assignment.ids[served] == wanted.ids[served]).all()
    assert (assignment.weights[served] == wanted.weights[served]).all()


def test_by_position_the_first_are_served_and_by_probability_the_likeliest():
    scores = skewed(0)
    wanted = TopK().route(scores, 1)
    full = int(wanted.counts.argmax())
    queue = np.nonzero(wanted.ids[:, 0] == full)[0]
    limit = capacity_of(60, 8, 1, 1.0)
    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)

    by_position = Capacity(1.0, "position").route(scores, 1)
    by_probability = Capacity(1.0, "probability").route(scores, 1)

    assert len(queue) > limit
    assert np.nonzero(by_position.ids[:, 0] == full)[0].tolist() == queue[:limit].tolist()
    likeliest = queue[np.argsort(-softmax[queue, full])[:limit]]
    assert np.nonzero(by_probability.ids[:, 0] == full)[0].tolist() == sorted(likeliest)


@given(n_tokens=st.integers(0, 10_000), n_experts=st.integers(1, 256), tenths=st.integers(1, 40))
def test_the_capacity_is_exact_in_tenths_and_the_metric_s(n_tokens, n_experts, tenths):
    exact = math.ceil(Fraction(tenths, 10) * n_tokens / n_experts)
    loads = np.zeros(n_experts)
    loads[0] = n_tokens

    assert capacity_of(n_tokens, n_experts, 1, tenths / 10) == exact
    assert capacity(loads, tenths / 10) == exact


@pytest.mark.parametrize("inner", [name for name in ROUTERS if ROUTERS[name].reads == "scores"])
def test_any_router_of_scores_can_be_cut_off(inner):
    scores = np.abs(skewed(3))

    assignment = Capacity(0.5, inner=inner).route(scores, 2)

    assert assignment.counts.max() <= capacity_of(60, 8, 2, 0.5)
    assert assignment.n_dropped > 0


@pytest.mark.parametrize("inner", ["hash", "rl-r", "smile"])
def test_a_router_of_anything_else_cannot_be_cut_off(inner):
    with pytest.raises(BadInputError, match=f"{inner} reads .* and capacity cuts off scores; choose another"):
        Capacity(inner=inner)


@pytest.mark.parametrize("factor", [1, 1.25, 1.5, 2])
def test_the_drops_of_a_router_are_the_metric_s_drop_rate(factor):
    scores = skewed(1, n=4096, m=64)
    wanted = TopK().route(scores, 2)

    assignment = Capacity(factor).route(scores, 2)

    assert assignment.n_dropped / (4096 * 2) == pytest.approx(drop_rate(wanted.counts, factor))
    if factor == 1:
        assert drop_rate(wanted.counts, 1) == pytest.approx(padding_rate(wanted.counts, 1))


def test_a_capacity_of_nothing_and_an_unknown_policy_are_errors():
    with pytest.raises(BadInputError, match="the capacity factor is 0; give a positive number"):
        Capacity(factor=0).route(np.zeros((2, 2)), 1)
    with pytest.raises(BadInputError, match="policy is 'lottery'; choose one of position"):
        Capacity(policy="lottery")


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 999), factor=st.floats(0.3, 2), k=st.integers(1, 3), gpus=st.sampled_from([1, 2, 4]))
def test_intra_gpu_rectification_stays_at_home_within_the_capacity_and_asks_nobody_twice(seed, factor, k, gpus):
    scores, limit = skewed(seed), capacity_of(60, 8, k, factor)
    wanted, cut = TopK().route(scores, k), Capacity(factor, "position").route(scores, k)

    rectified = Rectify(gpus, factor, fill=False).route(scores, k)

    per_gpu, home = 8 // gpus, gpus_of_tokens(60, gpus)
    moved = (rectified.ids != cut.ids) & (rectified.ids != NOBODY)
    assert (rectified.ids[moved] // per_gpu == np.broadcast_to(home[:, None], moved.shape)[moved]).all()
    assert (rectified.counts <= np.maximum(limit, cut.counts)).all()
    for token in range(60):
        assert not set(rectified.ids[token][moved[token]]) & set(wanted.ids[token])
        if NOBODY in rectified.ids[token]:  # then nobody at home has room whom the token did not ask
            mates = set(range(home[token] * per_gpu, (home[token] + 1) * per_gpu))
            free = mates - set(wanted.ids[token]) - set(rectified.ids[token])
            assert all(rectified.counts[expert] >= limit for expert in free)


def test_the_refused_fill_their_own_gpu_one_expert_after_the_other():
    scores = np.tile([9.0, 0, 1, 0], (8, 1))  # GPU 0 has tokens 0 to 3 and experts 0, 1; the capacity is 2

    rectified = Rectify(gpus=2, factor=1, fill=False).route(scores, k=1)

    assert rectified.counts.tolist() == [2, 2, 2, 2]
    assert rectified.ids.ravel().tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), factor=st.floats(0.3, 2), k=st.integers(1, 3), gpus=st.sampled_from([1, 2, 4]))
def test_both_rectifications_together_exceed_no_capacity_and_give_nobody_an_expert_twice(seed, factor, k, gpus):
    rectified = Rectify(gpus, factor, policy="random").route(skewed(seed), k)

    assert rectified.counts.max() <= capacity_of(60, 8, k, factor)
    for ids in rectified.ids:
        served = ids[ids != NOBODY]
        assert len(set(served)) == len(served)


def megatron(logits, k, factor, pre_softmax, policy):
    """What Megatron-LM's topk_softmax_with_capacity keeps, bool[T, E]: its capacity is on num_tokens * topk."""
    n_tokens, n_experts = logits.shape
    order = np.argsort(-logits, axis=1)[:, :k]
    top = np.take_along_axis(logits, order, axis=1)
    among = logits if pre_softmax else top
    weights = np.exp(top) / np.exp(among).sum(axis=1, keepdims=True)
    gates = np.zeros_like(logits)
    np.put_along_axis(gates, order, weights if policy == "probs" else 1.0, axis=1)
    limit = math.ceil(n_tokens * k / n_experts * factor)
    kept = np.zeros(logits.shape, bool)
    for expert in range(n_experts):
        best = np.argsort(-gates[:, expert], kind="stable")[:limit]
        kept[best, expert] = gates[best, expert] > 0
    return kept


@pytest.mark.parametrize(
    ("policy", "rank_by", "pre_softmax", "theirs"),
    [
        ("probability", "affinity", True, "probs"),
        ("probability", "weight", False, "probs"),
        ("position", "affinity", False, "position"),
    ],
)
def test_who_is_kept_is_who_megatron_keeps(policy, rank_by, pre_softmax, theirs):
    for seed in range(300):
        logits, k = skewed(seed, n=24), 2 + seed % 3

        kept = Capacity(1.0, policy, rank_by).route(logits, k)

        served = np.zeros(logits.shape, bool)
        served[kept.pair_tokens, kept.pair_experts] = True
        assert (served == megatron(logits, k, 1.0, pre_softmax, theirs)).all()


def test_by_choice_no_second_choice_displaces_a_first():
    scores = np.array([[2.0, 1.0, 0.0]] * 2 + [[1.0, 2.0, 0.0]] * 2)

    by_position, by_choice = (Capacity(0.75, policy).route(scores, 2).ids for policy in ("position", "choice"))

    assert by_position.tolist() == [[0, 1], [0, 1], [-1, -1], [-1, -1]]
    assert by_choice.tolist() == [[0, -1], [0, -1], [1, -1], [1, -1]]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    factor=st.floats(0.3, 2),
    k=st.integers(1, 4),
    intra=st.booleans(),
    fill=st.booleans(),
)
def test_what_is_dropped_is_what_tokens_lack_after_rectification(seed, factor, k, intra, fill):
    assignment = Rectify(4, factor, intra=intra, fill=fill).route(skewed(seed), k)

    has = (assignment.ids != NOBODY).sum(axis=1)
    assert assignment.n_dropped == np.maximum(k - has, 0).sum()
    wanted = TopK().route(skewed(seed), k).counts
    assert (assignment.drops <= wanted).all()


def test_fill_in_may_keep_more_score_than_top_k_which_gives_k_experts_to_each_token():
    affinities = np.abs(skewed(0))

    rectified, plain = (router.route(affinities, 1) for router in (Rectify(2, 2.0, gate="identity"), TopK("identity")))

    assert rectified.counts.sum() > plain.counts.sum()
    assert kept_score(affinities, rectified) > kept_score(affinities, plain)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), factor=st.floats(0.5, 2), k=st.integers(1, 3))
def test_fill_in_takes_the_next_choices_and_never_exceeds_the_capacity(seed, factor, k):
    scores = skewed(seed)
    before = Rectify(2, factor, intra=False, fill=False).route(scores, k)
    limit = capacity_of(60, 8, k, factor)

    filled = Rectify(2, factor, intra=False, fill=True).route(scores, k)

    assert (filled.counts >= before.counts).all()
    assert (filled.counts <= limit).all()
    assert (filled.ids[:, :k] == before.ids).all()
    extra = filled.ids[:, k]
    taken = extra != NOBODY
    next_choice = TopK().route(scores, k + 1).ids[:, k]
    assert (extra[taken] == next_choice[taken]).all()
    for expert in range(8):  # whoever still wants an expert that did not fill up got it
        assert filled.counts[expert] == min(limit, before.counts[expert] + (next_choice == expert).sum())


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), nodes=st.integers(1, 4), places=st.integers(1, 5))
def test_two_level_routing_is_flat_routing_where_scores_factorise(seed, nodes, places):
    scores = np.random.default_rng(seed).normal(size=(20, nodes + places))
    node, place = scores[:, :nodes], scores[:, nodes:]

    assignment = Smile(nodes).route(scores, 1)

    flat = (node[:, :, None] + place[:, None, :]).reshape(20, -1)  # logarithms: products become sums
    assert (assignment.ids[:, 0] == flat.argmax(axis=1)).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), nodes=st.integers(1, 4), places=st.integers(2, 5), k=st.integers(1, 2))
def test_two_level_weights_are_the_products_of_both_gates(seed, nodes, places, k):
    scores = np.random.default_rng(seed).normal(size=(20, nodes + places))
    p, q = (np.exp(part) / np.exp(part).sum(axis=1, keepdims=True) for part in np.split(scores, [nodes], axis=1))

    assignment = Smile(nodes).route(scores, k)

    products = (p[:, :, None] * q[:, None, :]).reshape(20, -1)
    np.testing.assert_allclose(assignment.weights, np.take_along_axis(products, assignment.ids, axis=1))


def test_the_published_two_level_weight_of_one_token():
    assignment = Smile(nodes=2).route([[0.0, 1, 5, 3, 4]], 1)

    assert assignment.weights.item() == pytest.approx(0.4863, abs=5e-5)  # .7311 of the machine, .6652 of the place


def test_a_token_goes_to_one_machine_only():
    scores = np.random.default_rng(0).normal(size=(50, 4 + 6))

    ids = Smile(nodes=4).route(scores, 3).ids

    assert (ids // 6 == ids[:, :1] // 6).all()


@settings(max_examples=200, deadline=None)
# Not up to 1: within a few roundings of it, scipy's own answer is 3e-9 off the closed form of I_x(1/2, 1/2).
@given(a=st.floats(0.3, 50), b=st.floats(0.3, 500), x=st.floats(0, 1 - 1e-9))
def test_the_incomplete_beta_function_is_scipy_s(a, b, x):
    assert regularised_incomplete_beta(a, b, x) == pytest.approx(scipy.special.betainc(a, b, x), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("x", [1e-12, 0.3, 0.9, 1 - 2**-53])
def test_the_incomplete_beta_function_of_halves_is_an_arcsine(x):
    small = 2 / math.pi * math.asin(math.sqrt(min(x, 1 - x)))
    expected = small if x < 0.5 else 1 - small

    assert regularised_incomplete_beta(0.5, 0.5, x) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("delta", "dimension"), [(0.2, 16), (0.5, 4), (0.05, 256)])
def test_the_class_probability_is_that_of_random_directions(delta, dimension):
    directions = np.random.default_rng(0).normal(size=(200_000 if dimension < 100 else 40_000, dimension))
    cosines = directions[:, 0] / np.linalg.norm(directions, axis=1)

    share = (np.abs(cosines) > delta).mean()

    assert class_probability(delta, dimension) == pytest.approx(share, abs=5 * math.sqrt(0.25 / len(cosines)))


@pytest.mark.parametrize(("delta", "dimension"), [(0.03, 4096), (0.1, 512), (0.2, 128)])
def test_the_capacity_bound_exceeds_its_exponential_form(delta, dimension):
    exponential = math.exp(delta**2 * dimension / (2 - delta**2)) / 8

    assert capacity_bound(delta, dimension, 8) > exponential


def test_pooling_rows_are_orthogonal_and_average_their_group():
    tokens = np.random.default_rng(0).normal(size=(10, 24))

    pooled = grouped_average_pooling(tokens, 4)

    np.testing.assert_allclose(pooled, tokens.reshape(10, 4, 6).mean(axis=2))
    assert largest_cosine(np.eye(24)[:1], 4) == pytest.approx(1 / math.sqrt(6))


def test_locmoe_never_serves_fewer_than_the_bound():
    tokens = np.tile(np.eye(64)[0], (100, 1))

    loose = LocMoE(n_experts=8, factor=0.1, delta=0.4).route(tokens, 1)

    assert loose.counts.max() == min(100, math.ceil(capacity_bound(0.4, 64, 8))) > capacity_of(100, 8, 1, 0.1)


def test_locality_is_the_diagonal_of_the_traffic_and_its_loss_vanishes_there():
    tokens = np.zeros((4, 4))
    tokens[[0, 1, 2, 3], [0, 1, 2, 3]] = 9.0
    assignment = LocMoE(n_experts=4, factor=4).route(tokens, 1)

    assert traffic_of(assignment, 2).tolist() == [[2, 0], [0, 2]]
    assert locality(assignment, 2) == 1
    assert locality_loss(assignment, 2, leak=0.01) == pytest.approx(-math.log(0.99))
    swapped = LocMoE(n_experts=4, factor=4).route(tokens[::-1].copy(), 1)
    assert locality(swapped, 2) == 0
    assert locality_loss(swapped, 2, leak=0.01) == pytest.approx(-math.log(0.01))


def test_cost_alone_chooses_the_cheapest_quality_alone_the_best_and_the_frontier_is_monotone():
    rng = np.random.default_rng(0)
    quality, cost = rng.random((50, 6)), rng.random(6)

    chosen = [Carrot(mu).route(quality, 1, cost).ids[:, 0] for mu in np.linspace(0, 1, 21)]

    assert (chosen[0] == quality.argmax(axis=1)).all()
    assert (chosen[-1] == cost.argmin()).all()
    tokens = np.arange(50)
    kept = np.array([quality[tokens, ids] for ids in chosen])
    paid = np.array([cost[ids] for ids in chosen])
    assert (np.diff(kept, axis=0) <= 0).all()
    assert (np.diff(paid, axis=0) <= 0).all()


def test_quality_and_cost_are_the_means_over_the_nearest_queries():
    rng = np.random.default_rng(0)
    known, quality, cost = rng.normal(size=(30, 4)), rng.random((30, 3)), rng.random((30, 3))
    asked = rng.normal(size=(7, 4))

    estimated = NearestEstimate(known, quality, cost, neighbours=5)(asked)

    for i, query in enumerate(asked):
        nearest = np.argsort(np.linalg.norm(known - query, axis=1))[:5]
        np.testing.assert_allclose(estimated[0][i], quality[nearest].mean(axis=0))
        np.testing.assert_allclose(estimated[1][i], cost[nearest].mean(axis=0))


def test_estimated_costs_make_the_router_choose_what_known_costs_would():
    rng = np.random.default_rng(1)
    queries = rng.normal(size=(4000, 2))
    quality = np.stack([0.5 + 0.4 * np.sin(queries[:, 0]), 0.5 + 0.4 * np.cos(queries[:, 1])], axis=1)
    cost = np.stack([1 + queries[:, 0] ** 2, 0.5 + queries[:, 1] ** 2], axis=1) / 10
    known, asked = slice(0, 3800), slice(3800, None)

    estimate = NearestEstimate(queries[known], quality[known], cost[known], neighbours=5)

    by_estimate = Carrot(0.5).route(*estimate(queries[asked])[:1], 1, estimate(queries[asked])[1]).ids
    by_truth = Carrot(0.5).route(quality[asked], 1, cost[asked]).ids
    assert (by_estimate == by_truth).mean() > 0.95


def test_carrot_without_costs_and_estimates_that_do_not_fit_are_errors():
    with pytest.raises(BadInputError, match="carrot was given no costs"):
        Carrot().route(np.ones((2, 3)), 1)
    with pytest.raises(BadInputError, match="give one row of qualities and costs per query"):
        NearestEstimate(np.ones((3, 2)), np.ones((3, 4)), np.ones((3, 5)), 1)
    with pytest.raises(BadInputError, match="neighbours is 4"):
        NearestEstimate(np.ones((3, 2)), np.ones((3, 4)), np.ones((3, 4)), 4)
    with pytest.raises(BadInputError, match="embeddings have 3 numbers and the known queries 2"):
        NearestEstimate(np.ones((3, 2)), np.ones((3, 4)), np.ones((3, 4)), 1)(np.ones((1, 3)))


def test_gpus_that_do_not_divide_the_experts_and_mu_above_one_are_errors():
    with pytest.raises(BadInputError, match="3 gpus do not divide 8 experts"):
        Rectify(gpus=3).route(np.zeros((2, 8)), 1)
    with pytest.raises(BadInputError, match="mu is 2; give a number from 0 to 1"):
        Carrot(mu=2)
    with pytest.raises(BadInputError, match="9 experts share 8 features"):
        LocMoE(n_experts=9).route(np.zeros((2, 8)), 1)
    with pytest.raises(BadInputError, match="4 columns are not 4 nodes and their places"):
        Smile(nodes=4).route(np.zeros((2, 4)), 1)
