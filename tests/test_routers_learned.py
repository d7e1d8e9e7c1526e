"""The routers that learn: published values, and what training does to them."""

import numpy as np
import pytest

from pdsearch.balance.metrics import gini
from pdsearch.balance.routers.locmoe import LocMoE, grouped_average_pooling
from pdsearch.balance.routers.losses import auxiliary_loss
from pdsearch.balance.routers.rl_r import RLR
from pdsearch.errors import BadInputError

torch = pytest.importorskip("torch", reason="torch is not installed")

from pdsearch.balance.learned._module import seeded
from pdsearch.balance.learned.hyper_router import HyperGate
from pdsearch.balance.learned.locmoe import LocalGate
from pdsearch.balance.learned.lpr import LatentPrototypes, far_from_orthogonal
from pdsearch.balance.learned.rl_r import PolicyRouter, log_probability
from pdsearch.balance.learned.smear import MergedExperts
from pdsearch.balance.learned.stable_moe import TwoStage

torch.set_num_threads(1)  # of tensors as small as these more threads only wait for each other

KINDS = [HyperGate, LatentPrototypes, LocalGate, MergedExperts, PolicyRouter, TwoStage]


def tokens_of(n=64, d=12, seed=0, dtype=np.float32):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, d)).astype(dtype))


def filled(module):
    """Return the module in float64, its parameters those of the run of the published code: sines, by name."""
    module = module.double()
    for number, (_, parameter) in enumerate(sorted(module.named_parameters())):
        places = torch.arange(parameter.numel(), dtype=torch.float64)
        parameter.data = torch.sin(places * (number + 1.5) + number).view(parameter.shape)
    return module


def published_tokens():
    return torch.cos(torch.arange(240, dtype=torch.float64) * 0.7).view(24, 10)


# The published codes' outputs on these inputs, in float64; see each file for the repository.


def test_latent_prototypes_are_those_of_the_published_code():
    router = filled(LatentPrototypes(10, 6, 4, moving=True))
    router.moving_sum.copy_(router.prototypes)
    torch.manual_seed(0)

    routing = router(published_tokens(), 2)

    assert routing.ids.sum(dim=0).tolist() == [72, 72]
    torch.testing.assert_close(routing.weights[0].tolist(), [0.5037526971291336, 0.4962473028708664])
    assert routing.losses["diversity"].item() == pytest.approx(1.3117279342113493, rel=1e-12)
    assert routing.losses["divergence"].item() == pytest.approx(0.01 * 5.077996022074781, rel=1e-12)
    assert routing.losses["alignment"].item() == pytest.approx(0.1 * 3.416097840672196, rel=1e-12)
    router.update()
    moved = [-0.62936684, -3.29054706, -0.68464606, -2.44928667, -0.74022739, -1.63645421]
    np.testing.assert_allclose(router.prototypes.sum(dim=1).tolist(), moved, rtol=1e-6)


def test_the_losses_of_stable_moe_are_those_of_the_published_code():
    router = TwoStage(10, 6, vocabulary=5, distilled=3).double()
    router.centroids.data = torch.sin(torch.arange(60, dtype=torch.float64)).view(6, 10)
    router.embedding.weight.data = torch.cos(torch.arange(15, dtype=torch.float64)).view(5, 3)
    router.light_centroids.data = torch.sin(torch.arange(18, dtype=torch.float64) * 2).view(6, 3)

    losses = router(published_tokens(), 1, token_ids=torch.arange(24) % 5).losses

    assert losses["balance"].item() == pytest.approx(0.030423250754703146, rel=1e-12)
    assert losses["distillation"].item() == pytest.approx(0.519948201437608, rel=1e-12)


def test_the_hyper_router_is_that_of_the_published_code():
    routing = filled(HyperGate(10, 6, 8))(published_tokens(), 2)

    assert routing.ids.sum(dim=0).tolist() == [73, 77]
    np.testing.assert_allclose(routing.weights.sum(dim=0).tolist(), [13.076989204420489, 10.923010795579511])


def test_merged_adapters_are_those_of_the_published_code():
    out = filled(MergedExperts(10, 6, 3)).eval().apply_merged(published_tokens().view(4, 6, 10))

    right = [-0.7631518010151717, 1.4515011909780504, -0.1182671702395652, -1.1881638558356242]
    np.testing.assert_allclose(out.sum(dim=(1, 2)).tolist(), right)


# All of them.


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_the_parameters_and_the_global_one_is_left_alone(kind):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()

    first, again, other = (seeded(kind, seed, 12, 4).state_dict() for seed in (3, 3, 4))

    assert (torch.random.get_rng_state() == before).all()
    assert all((first[name] == again[name]).all() for name in first)
    assert kind is LocalGate or any((first[name] != other[name]).any() for name in first)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_route_takes_arrays_and_tensors_of_any_type_and_leaves_the_mode(kind, dtype):
    module = seeded(kind, 0, 12, 4).to(dtype)
    tokens = tokens_of().to(dtype)

    plain = module.route(tokens.double().numpy(), 2)
    tensor = module.route(tokens.requires_grad_(), 2)

    assert module.training
    assert (plain.ids == tensor.ids).all()
    np.testing.assert_array_equal(plain.weights, tensor.weights)
    assert plain.counts.sum() == plain.ids.size
    assert plain.state is module


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_of_another_width_and_infinite_ones_are_errors(kind):
    module = seeded(kind, 0, 12, 4)

    with pytest.raises(BadInputError, match=r"^tokens have 5 features; the module reads 12$"):
        module.route(np.zeros((2, 5)), 1)
    with pytest.raises(BadInputError, match=r"^tokens hold nan at row 0, column 0"):
        module.route(np.full((2, 12), np.nan), 1)
    with pytest.raises(BadInputError, match=r"^tokens .*[^\n]$"):
        module.route([[1.0, 2.0], [3.0]], 1)
    with pytest.raises(BadInputError, match=r"^k is 5 and there are 4 experts"):
        module.route(np.zeros((2, 12)), 5)


# HyperRouter and SMEAR.


def test_the_gradient_of_a_hyper_router_reaches_its_embedding_alone():
    module = seeded(HyperGate, 0, 12, 6)

    module(tokens_of(), 2).weights[:, 0].sum().backward()

    reached = {name for name, parameter in module.named_parameters() if parameter.grad is not None}
    assert reached == {"embedding"}
    assert module.embedding.grad.abs().sum() > 0


def test_a_merged_expert_is_one_adapter_with_averaged_weights_and_no_average_of_outputs():
    module = seeded(MergedExperts, 0, 12, 5).eval()
    for parameter in (module.down, module.down_bias, module.up, module.up_bias):
        torch.nn.init.normal_(parameter)
    sequences = tokens_of(24).view(4, 6, 12)
    shares = module.weights(sequences)

    merged = module.apply_merged(sequences)

    def adapter(x, down, down_bias, up, up_bias):
        hidden = torch.nn.functional.gelu(torch.nn.functional.linear(x, down, down_bias))
        return torch.nn.functional.linear(hidden, up, up_bias)

    experts = [tuple(part[e] for part in (module.down, module.down_bias, module.up, module.up_bias)) for e in range(5)]
    for example, (x, share) in enumerate(zip(sequences, shares, strict=True)):
        averaged = (sum(s * part for s, part in zip(share, parts, strict=True)) for parts in zip(*experts, strict=True))
        torch.testing.assert_close(merged[example], adapter(x, *averaged))
        ensemble = sum(s * adapter(x, *expert) for s, expert in zip(share, experts, strict=True))
        assert (merged[example] - ensemble).abs().max() > 0.1


def test_padding_takes_no_part_in_an_example_s_merged_expert():
    module = seeded(MergedExperts, 0, 12, 5).eval()
    sequence, mask = tokens_of(6)[None], torch.tensor([[1, 1, 1, 1, 0, 0]])

    padded = module.apply_merged(sequence, mask)

    torch.testing.assert_close(padded[:, :4], module.apply_merged(sequence[:, :4]))
    assert not padded[:, 4:].any()


def test_expert_dropout_leaves_shares_that_add_up_to_one():
    module = seeded(MergedExperts, 0, 12, 2, dropout=0.9)

    shares = module(tokens_of(500), 1).weights

    assert torch.isfinite(shares).all()
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(500))
    assert ((shares - 0.5).abs() < 1e-6).all(dim=1).sum() > 300  # both dropped: both alike, as published


def test_the_gradient_of_merged_experts_is_right():
    module = seeded(MergedExperts, 0, 4, 3).double().eval()
    tokens = tokens_of(6, 4, dtype=np.float64).view(2, 3, 4).requires_grad_()

    assert torch.autograd.gradcheck(module.apply_merged, tokens)


# StableMoE.


def trained_stable(n_words=150, d=16, experts=8):
    """Return a router in stage 1, a backbone, and token ids."""
    torch.manual_seed(0)
    words = torch.randint(0, n_words, (256,))
    backbone = torch.nn.Sequential(torch.nn.Embedding(n_words, d), torch.nn.Linear(d, d), torch.nn.Tanh())
    return seeded(TwoStage, 0, d, experts, vocabulary=n_words), backbone, words


def trained(router, backbone, words, steps):
    optimiser = torch.optim.Adam([*backbone.parameters(), *router.parameters()], lr=0.02)
    for _ in range(steps):
        optimiser.zero_grad()
        routing = router(backbone(words), 1, token_ids=words)
        task = (routing.weights - 0.3).square().sum() + backbone(words).square().mean()
        (task + sum(routing.losses.values())).backward()
        optimiser.step()


def test_after_freezing_no_token_changes_its_expert_while_the_backbone_trains_a_hundred_steps():
    router, backbone, words = trained_stable()
    moved = []
    for _ in (1, 2):
        before, hidden = router(backbone(words), 1, token_ids=words).ids, backbone(words).detach()
        trained(router, backbone, words, 100)
        assert (backbone(words) - hidden).abs().mean() > 0.05  # the hidden states are others
        moved.append(int((router(backbone(words), 1, token_ids=words).ids != before).sum()))
        router.freeze()

    assert moved[0] > 25
    assert moved[1] == 0


def test_the_losses_of_stable_moe_do_not_grow_with_the_batch():
    router, backbone, words = trained_stable()
    hidden = backbone(words)

    once = router(hidden, 1, token_ids=words).losses
    often = router(hidden.repeat(16, 1), 1, token_ids=words.repeat(16)).losses

    for name in ("balance", "distillation"):
        torch.testing.assert_close(often[name], once[name])


def test_the_weight_of_the_one_expert_is_the_sigmoid_of_its_centroid_s_score_in_both_stages():
    router, backbone, words = trained_stable()
    hidden = backbone(words).detach()
    for stage in (1, 2):
        routing = router(hidden, 1, token_ids=words)

        scores = (hidden @ router.centroids.T).gather(1, routing.ids)
        torch.testing.assert_close(routing.weights, torch.sigmoid(scores))
        assert router.stage == stage
        assert bool(routing.losses) == (stage == 1)
        router.freeze()


def test_stage_two_and_training_need_token_ids():
    router, backbone, words = trained_stable()
    hidden = backbone(words)
    line = "^no token ids are given; the light router of stable-moe reads them$"

    with pytest.raises(BadInputError, match=line):
        router(hidden, 1)
    assert router.eval()(hidden, 1).ids.shape == (256, 1)
    router.freeze()
    with pytest.raises(BadInputError, match=line):
        router.route(hidden, 1)
    with pytest.raises(BadInputError, match=r"^token ids have shape"):
        router(hidden, 1, token_ids=words[:5])
    assert router.route(hidden, 1, token_ids=words).counts.sum() == 256


def test_a_saved_router_is_loaded_in_its_stage():
    saved, backbone, words = trained_stable()
    loaded = seeded(TwoStage, 1, 16, 8, vocabulary=150)
    first_stage = {name: tensor.clone() for name, tensor in saved.state_dict().items()}
    saved.freeze()

    loaded.load_state_dict(saved.state_dict())

    assert loaded.stage == 2
    hidden = backbone(words)
    assert (loaded(hidden, 1, token_ids=words).ids == saved(hidden, 1, token_ids=words).ids).all()
    trained_of = {name for name, parameter in loaded.named_parameters() if parameter.requires_grad}
    assert trained_of == {"centroids"}
    loaded.load_state_dict(first_stage)
    assert loaded.stage == 1
    assert all(parameter.requires_grad for parameter in loaded.parameters())


def test_distillation_learns_to_route_like_the_centroids():
    router, backbone, words = trained_stable()
    hidden = backbone(words).detach()
    optimiser = torch.optim.Adam([router.embedding.weight, router.light_centroids], lr=0.05)
    for _ in range(150):
        optimiser.zero_grad()
        router(hidden, 1, token_ids=words).losses["distillation"].backward()
        optimiser.step()
    teacher = router(hidden, 1, token_ids=words).ids

    router.freeze()

    assert (router(hidden, 1, token_ids=words).ids == teacher).float().mean() > 0.95


# LocMoE.


def test_the_gate_of_locmoe_is_the_same_in_numpy_and_torch():
    for d in (12, 13, 17):  # 5 experts do not divide them
        tokens = tokens_of(50, d, dtype=np.float64)
        module = LocalGate(d, 5, gpus=1).double().eval()

        np.testing.assert_allclose(module.scores(tokens).numpy(), grouped_average_pooling(tokens.numpy(), 5))
        right = LocMoE(n_experts=5, factor=5.0).route(tokens.numpy(), 2)
        ours = module.route(tokens, 2)
        assert (ours.ids == right.ids).all()
        np.testing.assert_allclose(ours.weights, right.weights)


def test_the_auxiliary_loss_of_the_local_gate_is_the_value_and_local_traffic_costs_least():
    gate, tokens = LocalGate(12, 4), tokens_of(40)
    routing = gate(tokens, 2)
    probabilities = torch.softmax(gate.scores(tokens), dim=1)

    right = 0.01 * auxiliary_loss(probabilities.numpy(), routing.ids.numpy().astype(np.int32))
    assert routing.losses["auxiliary"].item() == pytest.approx(right, rel=1e-5)
    home = torch.arange(40) * 2 // 40
    local = torch.zeros(40, 4).index_put_((torch.arange(40), 2 * home), torch.tensor(1.0))
    assert gate.divergence(local) < gate.divergence(probabilities) < gate.divergence(local.flip(0))


def test_the_gradient_of_the_divergence_is_right():
    gate = LocalGate(12, 4).double()
    probabilities = torch.softmax(tokens_of(6, 4, dtype=np.float64), dim=1).requires_grad_()

    assert torch.autograd.gradcheck(gate.divergence, probabilities)


# Latent Prototype Routing.


def test_the_losses_of_lpr_are_those_of_their_definitions():
    router, tokens = seeded(LatentPrototypes, 0, 12, 6), tokens_of()
    torch.manual_seed(0)
    losses = router(tokens, 2).losses
    torch.manual_seed(0)

    mean, log_variance = router.encode(tokens)
    codes = mean + torch.randn_like(mean) * torch.exp(log_variance / 2)
    normal = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
    kl = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(dim=1).mean()
    torch.testing.assert_close(losses["divergence"], 0.01 * kl)
    cosines = torch.nn.functional.cosine_similarity(mean[:, None], router.prototypes[None], dim=2)
    best = torch.zeros_like(cosines).scatter(1, *reversed(cosines.topk(2, dim=1)))
    target = torch.softmax(best, dim=1).T @ codes
    torch.testing.assert_close(losses["alignment"], 0.1 * (router.prototypes - target).abs().mean())
    apart = 0.0
    for rows in (mean, router.prototypes):
        unit = torch.nn.functional.normalize(rows, dim=1)
        apart = apart + ((unit @ unit.T - torch.eye(len(rows))) ** 2).mean()
    torch.testing.assert_close(losses["diversity"], apart)


def test_the_normalised_alignment_does_not_grow_with_the_batch():
    router, tokens = seeded(LatentPrototypes, 0, 12, 6, normalised=True), tokens_of()
    scores, codes = router.scores(tokens), tokens_of(64, 16)
    ids = scores.topk(2, dim=1).indices

    once = router.misalignment(scores, ids, codes)

    often = router.misalignment(*(part.repeat(16, 1) for part in (scores, ids, codes)))
    torch.testing.assert_close(once, often)
    router.normalised = False
    assert router.misalignment(*(part.repeat(16, 1) for part in (scores, ids, codes))) > 3 * once


def test_orthogonality_needs_no_matrix_of_tokens_and_its_gradient_is_right():
    rows = tokens_of(9, 4, dtype=np.float64).requires_grad_()
    mask = torch.tensor([1, 1, 1, 0, 1, 1, 0, 1, 1], dtype=torch.bool)
    unit = torch.nn.functional.normalize(rows, dim=1)

    torch.testing.assert_close(far_from_orthogonal(rows), ((unit @ unit.T - torch.eye(9)) ** 2).mean())
    torch.testing.assert_close(far_from_orthogonal(rows, mask), far_from_orthogonal(rows[mask]))
    assert torch.autograd.gradcheck(lambda r: far_from_orthogonal(r, mask), rows)


def test_moving_prototypes_follow_the_tokens_they_serve():
    router = seeded(LatentPrototypes, 0, 12, 3, moving=True)
    before = router.prototypes.detach().clone()
    router.eval()(tokens_of(), 1)
    router.update()
    for _ in range(40):
        router.train()(tokens_of(), 1)
        router.update()

    assert not torch.allclose(router.prototypes, before)
    codes = router.encode(tokens_of())[0]
    assert (router.prototypes.mean(dim=0) - codes.mean(dim=0)).abs().max() < 0.2
    still = seeded(LatentPrototypes, 0, 12, 3)
    still(tokens_of(), 1)
    still.update()
    assert (still.prototypes == before).all()


def test_latent_prototypes_become_more_even_within_a_few_steps():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, 16))
    module = seeded(LatentPrototypes, 0, 16, 32)
    optimiser = torch.optim.Adam(module.parameters(), lr=5e-3)

    def batch(n):
        tokens = centres[rng.choice(10, n, p=1 / np.arange(1, 11) / np.sum(1 / np.arange(1, 11)))]
        return torch.from_numpy((tokens + 0.5 * rng.normal(size=tokens.shape)).astype(np.float32))

    held_out = batch(4096)
    before = gini(module.route(held_out, 4).counts)
    torch.manual_seed(0)
    for _ in range(60):
        optimiser.zero_grad()
        sum(module(batch(512), 4).losses.values()).backward()
        optimiser.step()

    assert gini(module.route(held_out, 4).counts) < before / 2


# RL-R.


def test_the_expected_policy_gradient_is_the_gradient_of_the_expected_reward():
    router = seeded(PolicyRouter, 0, 6, 4).double()
    token, rewards = tokens_of(1, 6, dtype=np.float64), torch.tensor([0.3, 1.7, -0.4, 0.9], dtype=torch.float64)
    probabilities = torch.softmax(router.scores(token), dim=1)[0]

    (exact,) = torch.autograd.grad(-(probabilities * rewards).sum(), router.policy.weight)
    expected = torch.zeros_like(exact)
    for expert, share in enumerate(probabilities.detach()):
        losses = router.reinforce(token, torch.tensor([[expert]]), rewards[expert : expert + 1])
        expected += share * torch.autograd.grad(losses["policy"], router.policy.weight)[0]

    torch.testing.assert_close(expected, exact)


def test_the_losses_of_rl_r_have_the_gradient_of_the_numpy_router():
    router = seeded(PolicyRouter, 0, 6, 4, balance=0.3, value=0.7).double()
    tokens, reward = tokens_of(40, 6, dtype=np.float64), tokens_of(40, 1, dtype=np.float64)[:, 0]
    routing = router(tokens, 1)

    losses = routing.losses | router.reinforce(tokens, routing.ids, reward)
    sum(losses.values()).backward()

    layers = (router.policy, router.baseline)
    policy = np.hstack([np.vstack([layer.weight.detach().numpy().T, layer.bias.detach().numpy()]) for layer in layers])
    ours = np.hstack([np.vstack([layer.weight.grad.numpy().T, layer.bias.grad.numpy()]) for layer in layers])
    right = RLR(balance=0.3, value=0.7).gradient(tokens.numpy(), routing.ids[:, 0].numpy(), reward.numpy(), policy)
    np.testing.assert_allclose(-ours, right, atol=1e-12)


def test_drawn_experts_have_the_probability_that_is_said_of_them():
    router = seeded(PolicyRouter, 0, 6, 3)
    token = tokens_of(1, 6).expand(40_000, 6)
    torch.manual_seed(0)

    ids = router(token, 2).ids

    for first in range(3):
        for second in set(range(3)) - {first}:
            pair = torch.tensor([[first, second]])
            right = log_probability(router.scores(token[:1]), pair).exp().item()
            seen = ((ids == pair).all(dim=1)).float().mean().item()
            assert seen == pytest.approx(right, abs=0.012)


def test_rl_r_learns_which_expert_serves_which_cluster():
    torch.manual_seed(0)
    centres = 2 * torch.nn.functional.one_hot(torch.arange(4), 8).float()
    router = seeded(PolicyRouter, 0, 8, 4, balance=0.1, value=0.5)
    optimiser = torch.optim.Adam(router.parameters(), lr=0.02)
    for _ in range(400):
        cluster = torch.randint(0, 4, (128,))
        tokens = centres[cluster] + 0.2 * torch.randn(128, 8)
        routing = router(tokens, 1)
        reward = (routing.ids[:, 0] == cluster).float()
        losses = routing.losses | router.reinforce(tokens, routing.ids, reward)
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()

    cluster = torch.arange(4).repeat(64)
    best = router.eval()(centres[cluster] + 0.2 * torch.randn(256, 8), 1)
    assert (best.ids[:, 0] == cluster).float().mean() == 1.0
    assert best.counts.tolist() == [64] * 4
