"""What holds of every router in torch: shapes, types, compilation, padding, gradients, states, errors."""

import copy

import pytest

from pdsearch.errors import BadInputError

torch = pytest.importorskip("torch", reason="torch is not installed")

from pdsearch.balance.learned._module import seeded
from pdsearch.balance.learned.hyper_router import HyperGate
from pdsearch.balance.learned.locmoe import LocalGate
from pdsearch.balance.learned.lpr import LatentPrototypes
from pdsearch.balance.learned.rl_r import PolicyRouter
from pdsearch.balance.learned.smear import MergedExperts
from pdsearch.balance.learned.stable_moe import TwoStage
from pdsearch.balance.torch.bip import BIP
from pdsearch.balance.torch.expert_choice import expert_choice
from pdsearch.balance.torch.loss_free import LossFree
from pdsearch.balance.torch.losses import auxiliary_loss, sequence_auxiliary_loss, z_loss
from pdsearch.balance.torch.quantile import QuantileBalancing
from pdsearch.balance.torch.sinkhorn import Sinkhorn

torch.set_num_threads(1)  # of tensors as small as these more threads only wait for each other

WIDTH, EXPERTS, WORDS = 16, 8, 11  # a balancer reads scores, which here are projected tokens


class Scored(torch.nn.Module):
    """A linear gate before a balancer, as a model has it."""

    def __init__(self, balancer):
        super().__init__()
        self.gate = torch.nn.Linear(WIDTH, EXPERTS, bias=False)
        self.balancer = balancer

    def forward(self, tokens, k, mask=None):
        return self.balancer(self.gate(tokens), k, mask)


class Worded(torch.nn.Module):
    """StableMoE with token ids made of the tokens."""

    def __init__(self, router):
        super().__init__()
        self.router = router

    def forward(self, tokens, k, mask=None):
        words = (tokens[..., 0].abs() * 100).long() % WORDS
        return self.router(tokens, k, mask, token_ids=words)


def learned(kind, **options):
    return seeded(kind, 0, WIDTH, EXPERTS, **options)


def frozen():
    router = learned(TwoStage, vocabulary=WORDS)
    router.freeze()
    return router


MAKERS = {
    "lpr": lambda: learned(LatentPrototypes),
    "lpr moving": lambda: learned(LatentPrototypes, normalised=True, moving=True),
    "hyper-router": lambda: learned(HyperGate),
    "locmoe": lambda: learned(LocalGate),
    "rl-r": lambda: learned(PolicyRouter),
    "stable-moe 1": lambda: Worded(learned(TwoStage, vocabulary=WORDS)),
    "stable-moe 2": lambda: Worded(frozen()),
    "loss-free": lambda: Scored(LossFree(EXPERTS)),
    "quantile": lambda: Scored(QuantileBalancing(EXPERTS)),
    "histogram": lambda: Scored(QuantileBalancing(EXPERTS, "histogram", bins=100)),
    "bip": lambda: Scored(BIP(EXPERTS)),
    "sinkhorn": lambda: Scored(Sinkhorn(iterations=5)),
}
RANDOM = ("rl-r",)  # which experts is drawn in training


def made(name):
    torch.manual_seed(0)
    return MAKERS[name]()


def tokens_of(*shape, dtype=torch.float32, seed=1):
    return torch.randn(*shape, WIDTH, generator=torch.Generator().manual_seed(seed)).to(dtype)


@pytest.mark.parametrize("name", MAKERS)
def test_sequences_are_routed_as_their_tokens_are(name):
    router, tokens = made(name).eval(), tokens_of(3, 10)

    sequences, flat = router(tokens, 2), router(tokens.flatten(0, 1), 2)

    assert sequences.ids.shape == sequences.weights.shape == (3, 10, 2)
    assert (sequences.ids.flatten(0, 1) == flat.ids).all()
    torch.testing.assert_close(sequences.weights.flatten(0, 1), flat.weights)
    assert sequences.counts.tolist() == flat.counts.tolist()


@pytest.mark.parametrize("name", MAKERS)
def test_one_token_alone_and_none_at_all_are_routed(name):
    for training in (False, True):
        router, token = made(name).train(training), tokens_of()
        alone, none = router(token, 2), router(tokens_of(0), 2)

        assert alone.ids.shape == alone.weights.shape == (2,)
        assert none.ids.shape == (0, 2)
        assert not none.counts.any()
        assert all(torch.isfinite(loss) for loss in (*alone.losses.values(), *none.losses.values()))
        if not training:
            assert alone.ids.tolist() == router(token[None], 2).ids[0].tolist()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MAKERS)
def test_types_and_finite_gradients_in_float32_bfloat16_and_autocast(name, training):
    for dtype, autocast in ((torch.float32, False), (torch.bfloat16, False), (torch.float32, True)):
        router = made(name).to(dtype).train(training)
        tokens = tokens_of(2, 12, dtype=dtype).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            routing = router(tokens, 2)
        (routing.weights.float().square().sum() + sum(routing.losses.values())).backward()

        assert routing.ids.dtype == routing.counts.dtype == torch.int64
        assert routing.weights.dtype in ((torch.bfloat16, torch.float32) if autocast else (dtype,))
        assert all(loss.dtype == torch.float32 and loss.shape == () for loss in routing.losses.values())
        gradients = [p.grad for p in (*router.parameters(), tokens) if p.grad is not None]
        assert gradients
        assert all(torch.isfinite(gradient).all() for gradient in gradients)
        assert int(routing.counts.sum()) == 2 * 24


@pytest.mark.parametrize("name", MAKERS)
def test_bfloat16_chooses_nearly_what_float32_chooses(name):
    tokens = tokens_of(400, dtype=torch.bfloat16)
    wide, narrow = made(name).eval(), made(name).to(torch.bfloat16).eval()

    right, ids = wide(tokens.float(), 2).ids, narrow(tokens, 2).ids

    assert (right.sort(dim=1).values == ids.sort(dim=1).values).all(dim=1).float().mean() > 0.8


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MAKERS)
def test_the_whole_router_is_one_compiled_graph(name, training):
    router = made(name).train(training)
    plain = copy.deepcopy(router)
    tokens, mask = tokens_of(2, 12), torch.arange(24).view(2, 12) % 5 > 0
    torch._dynamo.reset()
    compiled = torch.compile(router, fullgraph=True, backend="aot_eager")

    for _ in range(2):  # the second call is on a state that the first changed
        torch.manual_seed(0)
        ours = compiled(tokens, 2, mask)
        torch.manual_seed(0)
        right = plain(tokens, 2, mask)

        if not (training and name in RANDOM):
            assert (ours.ids == right.ids)[mask].all()
        torch.testing.assert_close(ours.weights.shape, right.weights.shape)
        assert ours.losses.keys() == right.losses.keys()
    if hasattr(router, "balancer") and hasattr(router.balancer, "seen"):
        torch.testing.assert_close(router.balancer.seen, plain.balancer.seen)


def test_the_losses_and_expert_choice_are_one_compiled_graph():
    def everything(scores, mask):
        ids = scores.argmax(dim=-1, keepdim=True)
        counts = torch.zeros(EXPERTS, dtype=torch.int64).scatter_add(0, ids.flatten(), torch.ones_like(ids).flatten())
        return (
            auxiliary_loss(scores, counts, mask=mask)
            + sequence_auxiliary_loss(scores, ids, mask=mask)
            + z_loss(scores, mask=mask)
            + expert_choice(scores, 2, mask=mask).weights.sum()
        )

    scores, mask = tokens_of(2, 6)[..., :EXPERTS].clone(), torch.ones(2, 6, dtype=torch.bool)
    torch._dynamo.reset()

    compiled = torch.compile(everything, fullgraph=True, backend="aot_eager")

    torch.testing.assert_close(compiled(scores, mask), everything(scores, mask))


@pytest.mark.parametrize("name", MAKERS)
def test_padding_changes_no_real_token_no_loss_and_no_count(name):
    real, mask = tokens_of(2, 6), torch.arange(10).expand(2, 10) < 6
    padded = torch.cat([real, 100 * tokens_of(2, 4, seed=2)], dim=1)
    for training in (False, True):
        router = made(name).train(training)
        for module in router.modules():
            if isinstance(module, LocalGate):
                module.gpus = 1  # which tokens lie on which GPU depends on the padding
        whole = router(padded, 2, mask)
        if training and name in RANDOM:
            assert int(whole.counts.sum()) == 24
            continue

        torch.manual_seed(0)
        masked = router(padded, 2, mask).losses
        torch.manual_seed(0)
        part = router(real, 2)

        assert (whole.ids[mask] == part.ids.flatten(0, 1)).all()
        torch.testing.assert_close(whole.weights[mask], part.weights.flatten(0, 1))
        assert not whole.weights[~mask].any()
        assert whole.counts.tolist() == part.counts.tolist()
        for key in set(part.losses) - {"alignment"}:  # of which the sample of the codes depends on the shape
            torch.testing.assert_close(masked[key], part.losses[key])


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "locmoe"])
def test_one_expert_a_token_has_a_task_gradient(name):
    router = made(name).train()
    tokens = tokens_of(32)

    router(tokens, 1).weights.square().sum().backward()

    reached = [p for p in router.parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert reached


def test_one_expert_of_locmoe_has_a_gradient_to_the_model_below():
    tokens = tokens_of(32).requires_grad_()

    made("locmoe")(tokens, 1).weights.square().sum().backward()

    assert tokens.grad.abs().sum() > 0


@pytest.mark.parametrize("kind", [HyperGate, LatentPrototypes, LocalGate, PolicyRouter])
def test_weights_are_renormalised_scaled_or_left_as_they_are(kind):
    tokens = tokens_of(20)
    usual = learned(kind).eval()(tokens, 2)
    scaled = learned(kind, scale=2.5).eval()(tokens, 2)
    raw = learned(kind, renormalise=False).eval()(tokens, 2)
    ones = learned(kind, renormalise=True).eval()(tokens, 1)

    torch.testing.assert_close(usual.weights.sum(dim=1), torch.ones(20))
    torch.testing.assert_close(scaled.weights, 2.5 * usual.weights)
    probabilities = torch.softmax(learned(kind).scores(tokens), dim=1)
    torch.testing.assert_close(raw.weights, probabilities.gather(1, raw.ids))
    torch.testing.assert_close(ones.weights, torch.ones(20, 1))
    torch.testing.assert_close(learned(kind).eval()(tokens, 1).weights, probabilities.gather(1, ones.ids))


@pytest.mark.parametrize("name", MAKERS)
def test_the_state_that_is_saved_is_the_state_that_is_loaded(name):
    first, second = made(name), made(name)
    for _ in range(3):
        first(tokens_of(40), 2)
        for module in first.modules():
            if hasattr(module, "update"):
                module.update()
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.add_(0.1)

    second.load_state_dict(first.state_dict())

    assert (first.eval()(tokens_of(40), 2).ids == second.eval()(tokens_of(40), 2).ids).all()


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("k", [0, EXPERTS + 1])
def test_more_experts_than_there_are_is_a_one_line_error(name, k):
    router = made(name)
    for training in (True, False):
        with pytest.raises(BadInputError, match=f"^k is {k} and there are 8 experts; give 1 <= k <= 8$"):
            router.train(training)(tokens_of(5), k)


@pytest.mark.parametrize("make", [lambda: LossFree(4, 1e-3), lambda: learned(LatentPrototypes, moving=True)])
def test_what_is_accumulated_stays_float32_where_the_model_does_not(make):
    module = make().to(torch.bfloat16)

    kept = [*module.buffers(), module.seen]

    assert kept
    assert all(tensor.dtype in (torch.float32, torch.int64) for tensor in kept)
    assert module.to("meta").to_empty(device="cpu") is module


def test_a_bias_of_a_half_still_moves_by_a_thousandth_in_a_bfloat16_model():
    router = LossFree(2, 1e-3).to(torch.bfloat16)
    router.bias.fill_(0.5)
    router(torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.bfloat16), 1)

    router.update()

    torch.testing.assert_close(router.bias, torch.tensor([0.499, 0.501]))


@pytest.mark.parametrize("make", [LossFree, QuantileBalancing, BIP, lambda n: Sinkhorn()])
def test_scores_that_are_integers_are_a_one_line_error(make):
    with pytest.raises(BadInputError, match=r"^a tensor is of type torch.int64; floating point is needed$"):
        make(4)(torch.ones(3, 4, dtype=torch.int64), 2)


def test_merged_experts_keep_shape_and_type():
    router = learned(MergedExperts)
    for dtype in (torch.float32, torch.bfloat16):
        for training in (True, False):
            merged = copy.deepcopy(router).to(dtype).train(training)
            tokens = tokens_of(3, 5, dtype=dtype).requires_grad_()
            out = merged.apply_merged(tokens, torch.ones(3, 5))
            out.float().square().sum().backward()

            assert out.shape == tokens.shape
            assert out.dtype == dtype
            assert torch.isfinite(tokens.grad).all()
    torch._dynamo.reset()
    compiled = torch.compile(router.eval().apply_merged, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(tokens_of(3, 5)), router.apply_merged(tokens_of(3, 5)))
    with torch.autocast("cpu", torch.bfloat16):
        assert router.apply_merged(tokens_of(3, 5)).shape == (3, 5, WIDTH)
