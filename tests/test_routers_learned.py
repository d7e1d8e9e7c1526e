"""The routers that learn, where torch is; and what they say where it is not."""

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pdsearch.balance.metrics import gini
from pdsearch.balance.routers.losses import auxiliary_loss
from pdsearch.balance.routers.stable_moe import fluctuation, stable_balance_loss

ROOT = Path(__file__).parents[1]
LEARNED = {
    "hyper-router": "hyper_router.HyperGate",
    "lpr": "lpr.LatentPrototypes",
    "smear": "smear.MergedExperts",
    "stable-moe": "stable_moe.TwoStage",
}
WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # makes `import torch` fail as if it were not installed
import importlib
from pdsearch.errors import MissingDependencyError
for name in {names}:
    try:
        importlib.import_module(f"pdsearch.balance.learned.{{name}}")
    except MissingDependencyError as error:
        assert str(error) == "torch is not installed; run: pip install 'pdsearch[torch]'", error
    else:
        raise AssertionError(name)
"""


def test_without_torch_a_learned_router_says_so_in_one_line():
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH.format(names=[kind.split(".")[0] for kind in LEARNED.values()])],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stderr


def test_listing_all_routers_imports_no_torch():
    code = "import sys; from pdsearch.balance.routers import ROUTERS as r; len(r); print('torch' in sys.modules)"

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert run.stdout.strip() == "False", run.stderr


def tokens_of(n=64, d=12, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def module_of(name, n_experts=64, seed=0, n_features=12):
    home, _, kind = LEARNED[name].partition(".")
    learned = importlib.import_module(f"pdsearch.balance.learned.{home}")
    return learned.seeded(getattr(learned, kind), seed, n_features, n_experts)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is not installed")


@pytest.mark.parametrize("name", LEARNED)
def test_the_seed_decides_the_parameters_and_the_module_keeps_them(name, torch):
    tokens = tokens_of()

    first, second = module_of(name, seed=3).route(tokens, 2), module_of(name, seed=3).route(tokens, 2)
    again = first.state.route(tokens, 2)

    assert (first.ids == second.ids).all()
    assert (again.ids == first.ids).all()
    np.testing.assert_array_equal(first.weights, again.weights)


@pytest.mark.parametrize("name", LEARNED)
def test_routing_neither_uses_the_global_seed_nor_leaves_training_mode(name, torch):
    module = module_of(name)
    module.train()
    torch.manual_seed(0)
    before = torch.random.get_rng_state()

    module.route(tokens_of(), 2)

    assert module.training
    assert (torch.random.get_rng_state() == before).all()


def test_the_gradient_of_a_hyper_router_reaches_its_embedding_alone(torch):
    module = module_of("hyper-router", n_experts=6)

    _, weights = module(torch.from_numpy(tokens_of()), 2)
    weights[:, 0].sum().backward()

    reached = {name for name, parameter in module.named_parameters() if parameter.grad is not None}
    assert reached == {"embedding"}
    assert module.embedding.grad.abs().sum() > 0


def test_a_merged_linear_expert_is_the_weighted_sum_of_the_experts_outputs(torch):
    module = module_of("smear", n_experts=5).eval()
    tokens = torch.from_numpy(tokens_of())

    merged = module.apply_merged(tokens)

    _, weights = module(tokens, 1)
    ensemble = sum(weights[:, [e]] * (tokens @ module.experts[e].T) for e in range(5))
    torch.testing.assert_close(merged, ensemble)


def test_the_load_of_merged_experts_is_even(torch):
    assert module_of("smear", n_experts=5).route(tokens_of(), 1).counts.tolist() == [64] * 5


def test_expert_dropout_never_drops_all_experts(torch):
    module = module_of("smear", n_experts=2)
    module.dropout = 0.9

    _, weights = module(torch.from_numpy(tokens_of(500)), 1)

    assert torch.isfinite(weights).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(500))


def test_a_frozen_router_does_not_fluctuate_whatever_is_trained_on(torch):
    module = module_of("stable-moe", n_experts=6)
    tokens = torch.from_numpy(tokens_of(256))
    optimiser = torch.optim.Adam(module.parameters(), lr=0.05)
    moved = []
    for stage in (1, 2):
        before = module.route(tokens.numpy(), 1).ids
        for _ in range(10):
            optimiser.zero_grad()
            _, alpha = module(tokens, 1)
            (sum(module.losses(tokens, 1).values()) + alpha.mean()).backward()  # the task's loss, say
            optimiser.step()
        moved.append(fluctuation(before, module.route(tokens.numpy(), 1).ids))
        if stage == 1:
            module.freeze()

    assert moved[0] > 0
    assert moved[1] == 0


def test_the_weight_of_the_one_expert_is_the_sigmoid_of_its_centroid_s_score(torch):
    module = module_of("stable-moe", n_experts=6)
    tokens = tokens_of()
    centroids = module.centroids.detach().numpy()

    for stage in (1, 2):
        assignment = module.route(tokens, 1)

        scores = np.take_along_axis(tokens @ centroids.T, assignment.ids, axis=1)
        np.testing.assert_allclose(assignment.weights, 1 / (1 + np.exp(-scores)), rtol=1e-5)
        assert module.stage == stage
        module.freeze()


def test_a_saved_router_is_loaded_in_its_stage(torch):
    frozen, loaded = module_of("stable-moe", n_experts=6), module_of("stable-moe", n_experts=6, seed=1)
    frozen.freeze()
    tokens = tokens_of()

    loaded.load_state_dict(frozen.state_dict())

    assert loaded.stage == 2
    assert (loaded.route(tokens, 1).ids == frozen.route(tokens, 1).ids).all()
    trained = {name for name, parameter in loaded.named_parameters() if parameter.requires_grad}
    assert trained == {"centroids"}
    loaded.load_state_dict(module_of("stable-moe", n_experts=6).state_dict())
    assert loaded.stage == 1
    assert all(parameter.requires_grad for parameter in loaded.parameters())


def test_distillation_learns_to_route_like_the_centroids(torch):
    module = module_of("stable-moe", n_experts=6)
    tokens = torch.from_numpy(tokens_of(512))
    optimiser = torch.optim.Adam([module.projection.weight, module.light_centroids], lr=0.02)
    for _ in range(200):
        optimiser.zero_grad()
        module.losses(tokens, 1)["distillation"].backward()
        optimiser.step()
    teacher = module.route(tokens.numpy(), 1).ids

    module.freeze()

    assert fluctuation(teacher, module.route(tokens.numpy(), 1).ids) < 0.1


def test_the_balance_loss_of_the_module_is_the_published_value(torch):
    module = module_of("stable-moe", n_experts=6)
    tokens = torch.from_numpy(tokens_of())

    loss = module.losses(tokens, 1)["balance"].item()

    scores = module.scores(tokens).detach().numpy()
    assert loss == pytest.approx(0.3 * stable_balance_loss(scores, scores.argmax(axis=1)[:, None]), rel=1e-4)


def test_the_auxiliary_loss_of_the_local_gate_is_the_value_and_local_traffic_costs_least(torch):
    from pdsearch.balance.learned.locmoe import LocalGate, seeded

    gate = seeded(LocalGate, 0, 12, 4)
    tokens = torch.from_numpy(tokens_of(40))
    probabilities = torch.softmax(gate.scores(tokens), dim=1).detach()
    ids = gate.route(tokens.numpy(), 2).ids

    assert gate.losses(tokens, 2)["auxiliary"].item() == pytest.approx(
        0.01 * auxiliary_loss(probabilities.numpy(), ids), rel=1e-5
    )
    home = torch.arange(40) * 2 // 40
    local = torch.zeros(40, 4).index_put_((torch.arange(40), 2 * home), torch.tensor(1.0))
    assert gate.divergence(local) < gate.divergence(probabilities) < gate.divergence(local.flip(0))


def test_the_losses_of_lpr_are_those_of_their_definitions(torch):
    module = module_of("lpr", n_experts=6).eval()
    tokens = torch.from_numpy(tokens_of())

    losses = module.losses(tokens, 2)

    mean, log_variance, _ = module.encode(tokens)
    normal = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
    kl = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(dim=1).mean()
    torch.testing.assert_close(losses["divergence"], 0.01 * kl)
    ids = module.route(tokens.numpy(), 2).ids
    apart = torch.zeros(6, mean.shape[1])
    for expert in range(6):
        served = torch.from_numpy((ids == expert).any(axis=1))
        if served.any():
            apart[expert] = (module.prototypes[expert] - mean[served].mean(dim=0)).abs()
    torch.testing.assert_close(losses["alignment"], 0.1 * apart.mean())


def test_lpr_routes_by_the_mean_code_in_training_too(torch):
    module = module_of("lpr", n_experts=6).train()
    tokens = torch.from_numpy(tokens_of())

    scores = module.scores(tokens)

    mean = module.encode(tokens)[0]
    cosines = torch.nn.functional.cosine_similarity(mean[:, None], module.prototypes[None], dim=2)
    torch.testing.assert_close(scores, cosines)


def test_latent_prototypes_become_more_even_within_a_few_steps(torch):
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, 16))
    module = module_of("lpr", n_experts=32, n_features=16)
    optimiser = torch.optim.Adam(module.parameters(), lr=5e-3)

    def batch(n):
        tokens = centres[rng.choice(10, n, p=1 / np.arange(1, 11) / np.sum(1 / np.arange(1, 11)))]
        return torch.from_numpy((tokens + 0.5 * rng.normal(size=tokens.shape)).astype(np.float32))

    held_out = batch(4096).numpy()
    before = gini(module.route(held_out, 4).counts)
    torch.manual_seed(0)
    for _ in range(60):
        optimiser.zero_grad()
        sum(module.losses(batch(512), 4).values()).backward()
        optimiser.step()

    assert gini(module.route(held_out, 4).counts) < before / 2
