"""Balancing in torch: against the test vectors, the NumPy routers, published values and exact balance."""

import math

import numpy as np
import pytest

from pdsearch.benchmarking.router_vectors import vectors
from pdsearch.errors import BadInputError

torch = pytest.importorskip("torch", reason="torch is not installed")

from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.balance.routers import expert_choice as numpy_expert_choice
from pdsearch.balance.routers import loss_free as numpy_loss_free
from pdsearch.balance.routers import quantile as numpy_quantile
from pdsearch.balance.routers.losses import auxiliary_loss as numpy_auxiliary_loss
from pdsearch.balance.torch.balancer import update_balance, update_with
from pdsearch.balance.torch.bip import BIP
from pdsearch.balance.torch.choice import choose, top_ids
from pdsearch.balance.torch.exact import balanced_bias
from pdsearch.balance.torch.expert_choice import expert_choice
from pdsearch.balance.torch.loss_free import LossFree
from pdsearch.balance.torch.losses import auxiliary_loss, sequence_auxiliary_loss, z_loss
from pdsearch.balance.torch.quantile import QuantileBalancing, quantile_of
from pdsearch.balance.torch.sinkhorn import Sinkhorn, log_factors

torch.set_num_threads(1)  # of tensors as small as these more threads only wait for each other

VECTORS = vectors()
ROUTERS = {case["name"]: case for case in VECTORS["routers"] if case["router"] != "expert-choice"}
BALANCERS = {"loss-free": LossFree, "quantile": QuantileBalancing, "bip": BIP}


def skewed(n=512, m=16, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(n, m, generator=generator, dtype=torch.float64)
    return (scores + torch.linspace(-2, 2, m, dtype=torch.float64)).to(dtype)


def max_violation(counts):
    counts = counts.double()
    return float(counts.max() / counts.mean() - 1)


def router_of(case):
    weights = {"gate": case["gate"], "renormalise": case["renormalise"], "scale": case["scale"]}
    if case["router"] == "top-k":
        return lambda scores, k, mask, bias: choose(scores, k, bias=bias if bias.any() else None, mask=mask, **weights)
    if case["router"] == "sinkhorn":
        module = Sinkhorn(iterations=200, **weights)
        return lambda scores, k, mask, bias: module(scores, k, mask)
    module = BALANCERS[case["router"]](6, **case["options"], **weights)

    def routed(scores, k, mask, bias):
        if case["router"] != "bip":
            torch.testing.assert_close(module.bias, bias, atol=1e-5, rtol=0)
        routing = module(scores, k, mask)
        module.update()
        return routing

    routed.module = module
    return routed


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", ROUTERS)
def test_routers_agree_with_the_test_vectors(name, dtype):
    case, atol = ROUTERS[name], 2e-2 if dtype == torch.bfloat16 else 1e-5
    route = router_of(case)
    for batch in case["batches"]:
        scores, mask = torch.tensor(batch["scores"], dtype=dtype), torch.tensor(batch["mask"], dtype=torch.bool)
        assert (scores.double() == torch.tensor(batch["scores"], dtype=torch.float64)).all()  # bfloat16 holds them

        routing = route(scores, case["k"], mask, torch.tensor(batch["bias_before"], dtype=torch.float32))

        told = [row for row, ids in enumerate(batch["ids"]) if ids is not None]
        assert told
        assert routing.ids[told].tolist() == [batch["ids"][row] for row in told]
        right = torch.tensor([batch["weights"][row] for row in told], dtype=dtype)
        torch.testing.assert_close(routing.weights[told], right, atol=atol, rtol=1e-2 if atol > 1e-3 else 1e-5)
        assert (routing.weights[~mask] == 0).all()
        if batch["counts"] is not None:
            assert routing.counts.tolist() == batch["counts"]
        if case["router"] in BALANCERS:
            right = torch.tensor(batch["bias_after"], dtype=torch.float32)
            torch.testing.assert_close(route.module.bias, right, atol=1e-5, rtol=0)


@pytest.mark.parametrize("case", [c for c in VECTORS["routers"] if c["router"] == "expert-choice"], ids=str)
def test_expert_choice_agrees_with_the_test_vectors(case):
    (batch,) = case["batches"]

    chosen = expert_choice(torch.tensor(batch["scores"]), case["k"], mask=torch.tensor(batch["mask"]))

    served = chosen.weights > 0
    assert chosen.counts.tolist() == batch["counts"]
    for expert, right in enumerate(batch["tokens"]):
        tokens, order = chosen.tokens[expert][served[expert]].sort()
        assert tokens.tolist() == right
        torch.testing.assert_close(
            chosen.weights[expert][served[expert]][order], torch.tensor(batch["weights"][expert])
        )


@pytest.mark.parametrize("case", VECTORS["losses"], ids=lambda case: f"{case['loss']}-{case.get('gate')}")
def test_losses_agree_with_the_test_vectors(case):
    scores, mask = torch.tensor(case["scores"], dtype=torch.float64), torch.tensor(case["mask"], dtype=torch.bool)
    ids = torch.tensor([row or [0, 0] for row in case["ids"]])
    counts = torch.bincount(ids[mask].flatten(), minlength=6)

    if case["loss"] == "auxiliary":
        value = auxiliary_loss(scores, counts, case["gate"], mask=mask)
    elif case["loss"] == "z":
        value = z_loss(scores, mask=mask)
    else:
        parts = (part.unflatten(0, (case["sequences"], -1)) for part in (scores, ids, mask))
        scores, ids, mask = parts
        value = sequence_auxiliary_loss(scores, ids, case["gate"], mask=mask)

    assert value.item() == pytest.approx(case["value"], rel=1e-9)


@given(st.integers(0, 30), st.integers(1, 9), st.data())
@settings(deadline=None, max_examples=60)
def test_routers_agree_with_the_numpy_ones_on_any_shape(n, m, data):
    k, seed = data.draw(st.integers(1, m)), data.draw(st.integers(0, 10**6))
    gate = data.draw(st.sampled_from(["softmax", "sigmoid", "sqrt-softplus"]))
    weights = {"gate": gate, "renormalise": True}
    pairs = [
        (LossFree(m, 0.125, **weights), numpy_loss_free.LossFree(0.125, gate)),
        (QuantileBalancing(m, **weights), numpy_quantile.Quantile(gate=gate)),
    ]
    scores = [skewed(n, m, seed + batch, torch.float64) for batch in range(2)]
    for ours, theirs in pairs:
        state = None
        for batch in scores:
            routing, right = ours(batch, k), theirs.route(batch.numpy(), k, state)
            ours.update()
            state = right.state
            assert routing.ids.tolist() == right.ids.tolist()
            np.testing.assert_allclose(routing.weights, right.weights, rtol=1e-9)
            assert routing.counts.tolist() == right.counts.tolist()
    chosen, right = (
        expert_choice(scores[0], k, gate),
        numpy_expert_choice.ExpertChoice(gate).route(scores[0].numpy(), k),
    )
    assert chosen.counts.tolist() == right.counts.tolist()
    served = [sorted(np.nonzero((right.ids == expert).any(axis=1))[0].tolist()) for expert in range(m)]
    assert [sorted(tokens.tolist()) for tokens in chosen.tokens] == served


def test_the_gradients_of_the_losses_are_right():
    scores = skewed(6, 4, dtype=torch.float64).requires_grad_()
    counts, mask = torch.tensor([1, 4, 5, 2]), torch.tensor([1, 1, 0, 1, 1, 1])
    ids = top_ids(scores, 2).view(2, 3, 2)

    for gate in ("softmax", "sigmoid", "sqrt-softplus"):
        assert torch.autograd.gradcheck(lambda s, g=gate: auxiliary_loss(s, counts, g, mask=mask), scores)
        assert torch.autograd.gradcheck(
            lambda s, g=gate: sequence_auxiliary_loss(s.view(2, 3, 4), ids, g, mask=mask.view(2, 3)), scores
        )
    assert torch.autograd.gradcheck(lambda s: z_loss(s, mask=mask), scores)


def test_a_sigmoid_gate_cannot_lower_the_auxiliary_loss_by_low_scores():
    scores, counts = skewed(64, 4), torch.tensor([10, 20, 30, 4])

    for gate in ("sigmoid", "sqrt-softplus"):
        low = auxiliary_loss(scores - 30, counts, gate).item()
        assert low == pytest.approx(numpy_auxiliary_of(scores - 30, counts, gate), rel=1e-4)
        assert low > 0.5


def numpy_auxiliary_of(scores, counts, gate):
    from pdsearch.balance.routers._gates import affinities_of

    affinities = affinities_of(scores.double().numpy(), gate)
    shares = affinities / affinities.sum(axis=1, keepdims=True)
    ids = np.repeat(np.arange(len(counts)), counts)[:, None].astype(np.int32)
    return numpy_auxiliary_loss(np.repeat(shares.mean(axis=0)[None], len(ids), axis=0), ids)


@given(st.lists(st.lists(st.integers(-2, 2), min_size=5, max_size=5), min_size=1, max_size=6), st.integers(1, 5))
@settings(deadline=None, max_examples=50)
def test_ties_go_to_the_lowest_id_in_every_type(rows, k):
    right = [sorted(range(5), key=lambda e: (-row[e], e))[:k] for row in rows]

    for dtype in (torch.float32, torch.float64):
        assert top_ids(torch.tensor(rows, dtype=dtype), k).tolist() == right
        assert top_ids(-0.0 * torch.tensor(rows, dtype=dtype), k).tolist() == [list(range(k))] * len(rows)


@given(st.integers(1, 60), st.integers(2, 9), st.data())
@settings(deadline=None, max_examples=40)
def test_at_the_exact_bias_no_expert_has_more_than_its_share_rounded_up(n, m, data):
    k = data.draw(st.integers(1, m))
    scores = skewed(n, m, seed=data.draw(st.integers(0, 10**6)), dtype=torch.float64)

    bias = balanced_bias(scores, k)

    counts = choose(scores, k, "identity", bias=bias).counts
    assert counts.max() <= math.ceil(n * k / m)
    assert max_violation(counts) <= m / (n * k) + 1e-9
    assert abs(bias.mean()) < 1e-9


def test_the_exact_choice_has_the_score_of_the_balanced_optimum():
    from pdsearch.balance.routers.base import Base

    scores = torch.sigmoid(skewed(96, 8, dtype=torch.float64))

    ids = choose(scores, 2, "identity", bias=balanced_bias(scores, 2)).ids

    best = Base("identity").route(scores.numpy(), 2)
    right = scores.numpy()[best.pair_tokens, best.pair_experts].sum()
    assert scores.gather(1, ids).sum().item() == pytest.approx(right, abs=1e-9)


def test_both_quantile_estimators_balance_the_same_batch_within_a_few_steps():
    scores = skewed(2048, 16)
    plain = max_violation(choose(scores, 4).counts)
    for options, goal in (({}, 0.1), ({"estimator": "histogram"}, 0.1), ({"estimator": "histogram", "bins": 40}, 0.4)):
        router = QuantileBalancing(16, gate="sigmoid", **options)
        for _ in range(8):
            routing = router(scores, 4)
            router.update()
        assert max_violation(routing.counts) < goal < plain / 4


def test_the_quantile_of_a_histogram_is_torchtitan_s():
    # Expected values of tests/unit_tests of torchtitan's Kimi K3 quantile balancing: 4 experts, 1 chosen, 10 bins.
    counts = torch.zeros(4, 10, dtype=torch.int64)
    for expert in range(4):
        counts[expert, 2 + 2 * expert], counts[expert, 3 + 2 * expert] = 2, 6

    found = quantile_of(counts, 0.25, torch.tensor(-1.0), torch.tensor(1.0))

    torch.testing.assert_close(found - found.mean(), torch.tensor([-0.6, -0.2, 0.2, 0.6]))


def test_the_quantile_step_is_megatron_s():
    # Scores of Megatron-core's test of qb_dual_update; its rule: the (T k // E + 1)-th largest of s - alpha.
    scores = torch.tensor(
        [
            [0.1, 0.5, 0.2, 0.0],
            [0.7, 0.3, 0.4, 0.2],
            [0.6, 0.9, 0.1, 0.8],
            [0.2, 0.4, 0.6, 0.3],
            [0.9, 0.0, 0.5, 0.7],
            [0.3, 0.8, 0.7, 0.4],
        ]
    )
    router = QuantileBalancing(4, gate="identity")
    router(scores, 2)
    router.update()

    torch.testing.assert_close(-router.bias, torch.tensor([0.0, 0.1, 0.1, 0.0]))


def test_evaluation_moves_no_bias_and_training_moves_it_at_the_update_alone():
    for router in (LossFree(16), QuantileBalancing(16), QuantileBalancing(16, "histogram"), BIP(16)):
        router.eval()(skewed(), 4)
        router.update()
        assert not router.bias.any()
        router.train()(skewed(), 4)
        assert not router.bias.any()
        router.update()
        assert router.bias.any()


@pytest.mark.parametrize("reentrant", [True, False])
def test_the_second_pass_of_activation_checkpointing_counts_nothing(reentrant):
    from torch.utils.checkpoint import checkpoint

    router, scores = LossFree(16), skewed().requires_grad_()

    checkpoint(lambda s: router(s, 4).weights, scores, use_reentrant=reentrant).sum().backward()

    assert router.seen.sum() == 4 * len(scores)


def test_checkpointed_bip_finds_the_same_experts_again():
    from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop

    router, scores, seen = BIP(16), skewed().requires_grad_(), []

    def block(s):
        routing = router(s, 4)
        seen.append(routing.ids)
        return routing.weights

    with set_checkpoint_early_stop(False):
        out = checkpoint(block, scores, use_reentrant=False)
    out.square().sum().backward()

    assert len(seen) == 2
    assert (seen[0] == seen[1]).all()


def test_micro_batches_of_a_step_count_together():
    scores = skewed(512, 16)
    whole, parts = (QuantileBalancing(16, "histogram") for _ in range(2))
    whole(scores, 4)
    for part in scores.split(128):
        parts(part, 4)

    assert (whole.seen == parts.seen).all()
    for router in (whole, parts):
        router.update()
    torch.testing.assert_close(whole.bias, parts.bias)


def test_an_optimiser_s_step_updates_all_balancers():
    model = torch.nn.Sequential(torch.nn.Linear(4, 16), LossFree(16), QuantileBalancing(16))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    handle = update_with(optimiser, model)
    scores = model[0](torch.randn(64, 4))
    (model[1](scores, 2).weights.sum() + model[2](scores, 2).weights.sum()).backward()

    optimiser.step()

    assert all(model[i].bias.any() for i in (1, 2))
    handle.remove()
    before = model[1].bias.clone()
    model[1](scores, 2)
    optimiser.step()
    assert (model[1].bias == before).all()
    update_balance(model)
    assert not model[1].seen.any()


def test_padding_neither_counts_nor_moves_the_bias():
    # 20 real rows and 100 of padding: as if the padding were not there.
    scores = skewed(120, 8)
    mask = torch.arange(120) < 20
    makers = (
        lambda: LossFree(8, 0.1),
        lambda: QuantileBalancing(8),
        lambda: QuantileBalancing(8, "histogram"),
        lambda: BIP(8),
        lambda: Sinkhorn(),
    )
    for make in makers:
        whole, part = make(), make()
        for _ in range(3):
            padded, real = whole(scores, 2, mask), part(scores[mask], 2)
            assert padded.ids[mask].tolist() == real.ids.tolist()
            assert padded.counts.tolist() == real.counts.tolist()
            assert (padded.weights[~mask] == 0).all()
            update_balance(torch.nn.ModuleList([whole, part]))
        if hasattr(whole, "bias"):
            torch.testing.assert_close(whole.bias, part.bias)


def test_a_batch_of_padding_alone_and_an_empty_one_do_nothing():
    for router in (LossFree(8), QuantileBalancing(8), QuantileBalancing(8, "histogram"), BIP(8), Sinkhorn()):
        padding = router(skewed(5, 8), 2, torch.zeros(5, dtype=torch.bool))
        empty = router(torch.zeros(0, 8), 2)
        update_balance(router)

        assert not padding.counts.any()
        assert torch.isfinite(padding.weights).all()
        assert empty.ids.shape == (0, 2)
        assert all(torch.isfinite(buffer).all() for buffer in router.buffers())


@pytest.mark.parametrize(("temperature", "iterations"), [(1.0, 30), (0.1, 100), (0.01, 1500)])
def test_sinkhorn_s_plan_is_even(temperature, iterations):
    scores = skewed(256, 8) / temperature

    plan = torch.softmax(scores + log_factors(scores, iterations), dim=1)

    torch.testing.assert_close(plan.sum(dim=0), torch.full((8,), 32.0), rtol=1e-3, atol=0)


def test_sinkhorn_balances_in_training_and_takes_the_best_in_evaluation():
    router = Sinkhorn(temperature=0.05, iterations=300)

    assert max_violation(router(skewed(1024, 8), 1).counts) < 0.1
    assert (router.eval()(skewed(1024, 8), 1).ids == skewed(1024, 8).argmax(dim=1, keepdim=True)).all()


def test_bip_with_two_iterations_balances_the_first_batch():
    scores = skewed(2048, 16)

    assert max_violation(BIP(16, 8)(scores, 4).counts) < 0.15 < max_violation(choose(scores, 4).counts)


@pytest.mark.parametrize("k", [0, 17])
def test_more_experts_a_token_than_there_are_is_a_one_line_error(k):
    scores = skewed()
    for router in (LossFree(16), QuantileBalancing(16), BIP(16), Sinkhorn(), Sinkhorn().eval(), expert_choice):
        with pytest.raises(BadInputError, match=f"^k is {k} and there are 16 experts; give 1 <= k <= 16$"):
            router(scores, k)


def test_a_mask_of_another_shape_is_a_one_line_error():
    for router in (LossFree(16), BIP(16), Sinkhorn()):
        with pytest.raises(BadInputError, match=r"^the mask has shape \(3,\); \(512,\), one per token, is needed$"):
            router(skewed(), 2, torch.ones(3))
