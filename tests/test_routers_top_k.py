"""Top-k, group-limited top-k and the kernel they share, against NumPy and torch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pdsearch.balance.routers._gates import GATES, affinities_of
from pdsearch.balance.routers.group_limited import GroupLimited
from pdsearch.balance.routers.top_k import TopK
from pdsearch.errors import BadInputError

# Few different values, so that ties are common.
tied = hnp.arrays(np.float32, st.tuples(st.integers(0, 12), st.integers(1, 150)), elements=st.integers(-3, 3))


@settings(max_examples=150, deadline=None)
@given(scores=tied, k=st.integers(1, 20), dtype=st.sampled_from([np.float32, np.float64]))
def test_the_best_come_in_order_with_ties_to_the_lowest_id(scores, k, dtype):
    k = min(k, scores.shape[1])
    affinities = scores.astype(dtype) + 3

    ids = TopK(gate="identity").route(affinities, k).ids

    assert (ids == np.argsort(-affinities, axis=1, kind="stable")[:, :k]).all()


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n_experts", "k"), [(64, 8), (33, 2), (128, 20), (8, 8)])
def test_ids_weights_and_counts_equal_the_torch_chain(gate, biased, dtype, n_experts, k):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    rng = np.random.default_rng(n_experts + k)
    scores = rng.normal(size=(200, n_experts)).astype(dtype)
    if gate == "identity":
        scores = np.abs(scores)
    bias = 0.1 * rng.normal(size=n_experts).astype(dtype) if biased else None

    assignment = TopK(gate=gate).route(scores, k, bias)

    raw = torch.from_numpy(scores)
    affinity = {
        "softmax": torch.softmax(raw, dim=1),
        "sigmoid": torch.sigmoid(raw),
        "sqrt-softplus": torch.sqrt(torch.nn.functional.softplus(raw)),
        "identity": raw,
    }[gate]
    chosen = torch.topk(affinity + (torch.from_numpy(bias) if biased else 0), k, dim=1).indices
    weights = affinity.gather(1, chosen)
    weights = weights / weights.sum(dim=1, keepdim=True)
    assert (assignment.ids == chosen.numpy()).all()
    np.testing.assert_allclose(assignment.weights, weights.numpy(), rtol=3e-6)
    assert (assignment.counts == torch.bincount(chosen.flatten(), minlength=n_experts).numpy()).all()


@given(score=st.floats(-80, 80, width=32))
@settings(max_examples=300, deadline=None)
def test_the_fused_sigmoid_is_as_accurate_as_float32(score):
    # The weights of two experts are sigmoids over their sum; the second's is known exactly: 1/2.
    weights = TopK(gate="sigmoid").route(np.array([[score, 0]], np.float32), 2)
    share = weights.weights[0][weights.ids[0] == 0].item()

    exact = 1 / (1 + np.exp(-np.float64(score)))

    assert share == pytest.approx(exact / (exact + 0.5), rel=1e-6)


@given(scores=tied, gate=st.sampled_from(["softmax", "sigmoid", "sqrt-softplus"]))
@settings(deadline=None)
def test_weights_add_up_to_one_and_do_not_see_the_bias(scores, gate):
    bias = np.linspace(0, 50, scores.shape[1], dtype=np.float32)

    assignment = TopK(gate=gate).route(scores, 1, bias)

    np.testing.assert_allclose(assignment.weights.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("gate", GATES)
def test_affinities_are_those_of_the_definition(gate):
    scores = np.abs(np.random.default_rng(0).normal(size=(5, 7)))

    affinities = affinities_of(scores, gate)

    definition = {
        "softmax": np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True),
        "sigmoid": 1 / (1 + np.exp(-scores)),
        "sqrt-softplus": np.sqrt(np.log(1 + np.exp(scores))),
        "identity": scores,
    }[gate]
    np.testing.assert_allclose(affinities, definition)


def test_a_bias_of_another_length_is_an_error():
    with pytest.raises(BadInputError, match=r"bias has shape \(3,\); \(4,\), one per expert, is needed"):
        TopK().route(np.zeros((2, 4)), 1, np.zeros(3))


def test_negative_scores_are_no_affinities():
    with pytest.raises(BadInputError, match="gate identity takes scores as affinities, all >= 0"):
        TopK(gate="identity").route(np.array([[-1.0, 1.0]]), 1)


def test_an_unknown_gate_is_named():
    with pytest.raises(BadInputError, match="gate is 'relu'; choose one of softmax"):
        TopK(gate="relu").route(np.zeros((2, 4)), 1)


@settings(max_examples=50, deadline=None)
@given(groups=st.sampled_from([1, 2, 4]), kept=st.integers(1, 4), k=st.integers(1, 6), seed=st.integers(0, 1000))
def test_group_limited_top_k_is_the_definition_written_out(groups, kept, k, seed):
    kept = min(kept, groups)
    scores = np.random.default_rng(seed).random((5, 24))
    bias = np.random.default_rng(seed + 1).random(24)
    size = 24 // groups
    k = min(k, kept * size)

    ids = GroupLimited(groups, kept, gate="identity").route(scores, k, bias).ids

    for token, row in enumerate(scores + bias):
        per_group = min(max(1, k // kept), size)
        group_score = [np.sort(row[g * size : (g + 1) * size])[-per_group:].sum() for g in range(groups)]
        open_groups = np.argsort(-np.array(group_score), kind="stable")[:kept]
        allowed = [e for e in range(24) if e // size in open_groups]
        assert ids[token].tolist() == [allowed[i] for i in np.argsort(-row[allowed])[:k]]


def test_group_limited_with_all_groups_is_top_k():
    scores = np.random.default_rng(0).normal(size=(100, 16))

    limited = GroupLimited(groups=4, kept=4, gate="sigmoid").route(scores, 3)

    assert (limited.ids == TopK(gate="sigmoid").route(scores, 3).ids).all()


def test_groups_that_cannot_hold_k_experts_are_an_error():
    with pytest.raises(BadInputError, match="k is 5 and 1 groups hold 4 experts"):
        GroupLimited(groups=4, kept=1).route(np.zeros((2, 16)), 5)
    with pytest.raises(BadInputError, match="3 groups do not divide 16 experts"):
        GroupLimited(groups=3).route(np.zeros((2, 16)), 1)


def test_groups_may_be_chosen_by_their_best_expert():
    scores = np.array([[0.9, 0.0, 0.6, 0.5]])

    by_sum, by_best = (GroupLimited(2, 1, rule, "identity").route(scores, k=2).ids.tolist() for rule in ("sum", "max"))

    assert by_sum == [[2, 3]]
    assert by_best == [[0, 1]]
    with pytest.raises(BadInputError, match="rule is 'mean'; choose one of sum, max"):
        GroupLimited(rule="mean")
