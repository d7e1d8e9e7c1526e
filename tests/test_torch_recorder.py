"""The recorder of expert loads: gates of every interface, masks, steps, ranks, the file, a real model."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pdsearch.errors import BadInputError

torch = pytest.importorskip("torch", reason="torch is not installed")

from pdsearch.balance.learned._module import seeded
from pdsearch.balance.learned.hyper_router import HyperGate
from pdsearch.balance.torch.gates import found_in
from pdsearch.balance.torch.loss_free import LossFree
from pdsearch.balance.torch.recorder import ExpertLoadRecorder

torch.set_num_threads(1)

ROOT = Path(__file__).parents[1]
WIDTH, EXPERTS, TOP = 8, 6, 2


class TopKRouter(torch.nn.Module):
    """A gate as Hugging Face's transformers 5 has it: logits, weights, ids."""

    def __init__(self):
        super().__init__()
        self.top_k, self.num_experts = TOP, EXPERTS
        self.weight = torch.nn.Parameter(torch.randn(EXPERTS, WIDTH))

    def forward(self, hidden):
        logits = hidden.reshape(-1, WIDTH) @ self.weight.T
        weights, ids = torch.softmax(logits.float(), dim=-1).topk(self.top_k, dim=-1)
        return logits, weights, ids


class MegatronRouter(torch.nn.Module):
    """A gate as Megatron-core has it: probabilities and a routing map of all experts; its config knows the number."""

    def __init__(self):
        super().__init__()
        self.config = SimpleNamespace(num_moe_experts=EXPERTS, moe_router_topk=TOP)
        self.weight = torch.nn.Parameter(torch.randn(EXPERTS, WIDTH))

    def forward(self, hidden):
        logits = hidden.reshape(-1, WIDTH) @ self.weight.T
        routing_map = torch.zeros_like(logits, dtype=torch.bool).scatter(1, logits.topk(TOP, dim=1).indices, True)
        return torch.softmax(logits, dim=1) * routing_map, routing_map


class OldBlock(torch.nn.Module):
    """A block as transformers 4 has it: the gate is a linear layer, and the block chooses."""

    def __init__(self):
        super().__init__()
        self.num_experts, self.top_k = EXPERTS, TOP
        self.gate = torch.nn.Linear(WIDTH, EXPERTS, bias=False)

    def forward(self, hidden):
        return self.gate(hidden.reshape(-1, WIDTH))


class Block(torch.nn.Module):
    def __init__(self, gate):
        super().__init__()
        self.gate = gate

    def forward(self, hidden):
        return self.gate(hidden)


class Model(torch.nn.Module):
    """Layers that all see the same hidden states."""

    def __init__(self, *blocks):
        super().__init__()
        self.layers = torch.nn.ModuleList(blocks)

    def forward(self, hidden):
        for layer in self.layers:
            layer(hidden)
        return hidden


def made():
    torch.manual_seed(0)
    return Model(Block(TopKRouter()), Block(MegatronRouter()), OldBlock(), Block(seeded(HyperGate, 0, WIDTH, EXPERTS)))


def weights_of(model):
    """Return what each gate multiplies a token with, and adds."""
    gates = [model.layers[0].gate.weight, model.layers[1].gate.weight, model.layers[2].gate.weight]
    return [(weight, 0) for weight in gates] + [model.layers[3].gate.gate()]


class WrappedRouter(TopKRouter):
    """A gate whose own linear layer is called gate."""

    def __init__(self):
        super().__init__()
        self.gate = torch.nn.Linear(WIDTH, EXPERTS)


def test_the_linear_layer_inside_a_gate_is_no_gate_of_its_own():
    assert list(found_in(Model(Block(WrappedRouter())))) == ["layers.0.gate"]


def right_loads(model, hidden, mask=None):
    rows = hidden.reshape(-1, WIDTH) if mask is None else hidden.reshape(-1, WIDTH)[mask.bool().flatten()]
    chosen = [(rows @ weight.T + bias).topk(TOP, dim=1).indices for weight, bias in weights_of(model)]
    return [torch.bincount(ids.flatten(), minlength=EXPERTS).tolist() for ids in chosen]


def hidden_of(*shape, seed=0):
    return torch.randn(*shape, WIDTH, generator=torch.Generator().manual_seed(seed))


def test_gates_of_every_interface_are_found_and_counted_step_by_step():
    model = made()
    model.layers[3].gate.register_forward_pre_hook(lambda module, inputs: (inputs[0], TOP))
    assert list(found_in(model)) == ["layers.0.gate", "layers.1.gate", "layers.2.gate", "layers.3.gate"]
    with ExpertLoadRecorder(model) as recorder:
        for step in range(3):
            model(hidden_of(2, 5 + step, seed=step))
            model(hidden_of(2, 5 + step, seed=10 + step))  # a second micro-batch
            recorder.step()

    loads = recorder.loads
    assert loads.dtype == np.uint32
    assert loads.shape == (3, 4, EXPERTS)
    for step in range(3):
        parts = [right_loads(model, hidden_of(2, 5 + step, seed=seed)) for seed in (step, 10 + step)]
        assert loads[step].tolist() == np.sum(parts, axis=0).tolist()
    model(hidden_of(2, 5))  # no longer attached
    recorder.step()
    assert recorder.loads[3].sum() == 0


def test_padding_is_not_counted_and_a_pause_neither():
    model = Model(*list(made().layers)[:3])
    hidden, mask = hidden_of(2, 6), torch.tensor([[1, 1, 1, 1, 1, 0], [1, 1, 0, 0, 0, 0]])
    with ExpertLoadRecorder(model) as recorder:
        recorder.set_mask(mask)
        model(hidden)
        recorder.recording = False
        model(hidden)
        recorder.step()

        rows = hidden.reshape(-1, WIDTH)[mask.bool().flatten()]
        chosen = [(rows @ layer.gate.weight.T).topk(TOP, dim=1).indices for layer in model.layers]
        right = [torch.bincount(ids.flatten(), minlength=EXPERTS).tolist() for ids in chosen]
        assert recorder.loads[0].tolist() == right
        recorder.recording = True
        with pytest.raises(
            BadInputError, match=r"^the mask has 12 entries and layers.0.gate saw 8 tokens; set it anew$"
        ):
            model(hidden_of(2, 4))


def test_any_module_that_returns_ids_can_be_named_and_ids_of_nobody_are_left_out():
    class Chooser(torch.nn.Module):
        def forward(self, ids):
            return {"ids": ids}

    gate = Chooser()
    with ExpertLoadRecorder({"mine": gate}, n_experts=3) as recorder:
        gate(torch.tensor([[0, 2], [2, -1], [3, 1]], dtype=torch.int32))
        recorder.step()

    assert recorder.loads.tolist() == [[[1, 1, 2]]]
    with pytest.raises(BadInputError, match=r"^mine does not say how many experts it has; give n_experts$"):
        ExpertLoadRecorder({"mine": gate})
    with pytest.raises(BadInputError, match=r"^no gate is found in the model; give the gates by name$"):
        ExpertLoadRecorder(torch.nn.Linear(3, 3))


def test_scores_alone_need_k():
    gate = torch.nn.Linear(WIDTH, EXPERTS)
    with (
        ExpertLoadRecorder({"mine": gate}, n_experts=EXPERTS) as recorder,
        pytest.raises(BadInputError, match=r"^mine returns scores alone; give k, the experts of a token$"),
    ):
        gate(hidden_of(4))
    with ExpertLoadRecorder({"mine": gate}, n_experts=EXPERTS, k=3) as recorder:
        gate(hidden_of(4))
        recorder.step()
    assert recorder.loads.sum() == 12


def test_types_and_the_second_pass_of_activation_checkpointing():
    from torch.utils.checkpoint import checkpoint

    gate = LossFree(EXPERTS)
    for reentrant in (True, False):
        scores = torch.randn(10, EXPERTS, dtype=torch.bfloat16).requires_grad_()
        with ExpertLoadRecorder({"gate": gate}) as recorder:
            checkpoint(lambda s: gate(s, TOP).weights, scores, use_reentrant=reentrant).sum().backward()
            recorder.step()
        assert recorder.loads.sum() == 20


def test_gates_are_recorded_inside_a_compiled_model():
    model = Model(*list(made().layers)[:3])
    with ExpertLoadRecorder(model) as recorder:
        torch._dynamo.reset()
        compiled = torch.compile(model, backend="eager")
        for seed in range(3):
            compiled(hidden_of(2, 5, seed=seed))
            recorder.step()

    assert recorder.loads.sum(axis=2).tolist() == [[20] * 3] * 3
    again = ExpertLoadRecorder(model)
    with again:
        for seed in range(3):
            model(hidden_of(2, 5, seed=seed))
            again.step()
    assert (again.loads == recorder.loads).all()


def test_many_steps_leave_the_device_in_between(monkeypatch):
    monkeypatch.setattr("pdsearch.balance.torch.recorder._STEPS_ON_DEVICE", 4)
    gate = TopKRouter()
    with ExpertLoadRecorder({"gate": gate}) as recorder:
        for step in range(11):
            gate(hidden_of(step + 1))
            recorder.step()

    assert recorder.loads.sum(axis=(1, 2)).tolist() == [TOP * (step + 1) for step in range(11)]


def test_layers_of_a_pipeline_keep_their_numbers():
    model = Model(Block(TopKRouter()), Block(TopKRouter()))  # layers 4 and 5 of 6
    numbered = {"layer_of": lambda name: 4 + int(name.split(".")[1]), "n_layers": 6}
    with ExpertLoadRecorder(model, **numbered) as recorder:
        model(hidden_of(5))
        recorder.step()

    assert recorder.loads.sum(axis=2).tolist() == [[0, 0, 0, 0, 10, 10]]
    with pytest.raises(BadInputError, match=r"^the gates' layers are \[1, 1\]; give different numbers below 6$"):
        ExpertLoadRecorder(model, layer_of=lambda name: 1, n_layers=6)


def test_the_file_holds_the_loads(tmp_path):
    gate = TopKRouter()
    with ExpertLoadRecorder({"gate": gate}) as recorder:
        assert recorder.loads.shape == (0, 1, EXPERTS)
        gate(hidden_of(5))
        recorder.step()
    recorder.write(tmp_path / "loads.npz")

    with np.load(tmp_path / "loads.npz") as file:
        assert list(file) == ["loads"]
        assert (file["loads"] == recorder.loads).all()
        assert file["loads"].dtype == np.uint32
    with pytest.raises(BadInputError, match=r"^cannot write .*: No such file or directory$"):
        recorder.write(tmp_path / "missing" / "loads.npz")


def test_the_example_of_the_page_runs(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "torch.md").read_text(), re.DOTALL)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "loads.npz") as file:
        assert file["loads"].sum(axis=2).tolist() == [[128]] * 10


RANK = """
import sys, datetime, torch
import torch.distributed as dist
from pdsearch.balance.torch.gates import found_in
from pdsearch.balance.torch.loss_free import LossFree
from pdsearch.balance.torch.recorder import ExpertLoadRecorder
rank = int(sys.argv[1])
dist.init_process_group(
    "gloo", init_method="file://" + sys.argv[2], timeout=datetime.timedelta(seconds=60), world_size=2, rank=rank
)
gate = LossFree(3)
with ExpertLoadRecorder({"gate": gate}) as recorder:
    for step in range(2):
        gate(torch.nn.functional.one_hot(torch.full((4 + step,), rank), 3).float(), 1)
        recorder.step()
recorder.all_reduce()
assert recorder.loads.tolist() == [[[4, 4, 0]], [[5, 5, 0]]], recorder.loads
recorder.step()
assert recorder.loads.shape == (3, 1, 3)
dist.destroy_process_group()
"""


def test_the_loads_of_two_ranks_are_added_on_request(tmp_path):
    command = [sys.executable, "-c", RANK]
    ranks = [
        subprocess.Popen(
            [*command, str(rank), str(tmp_path / "meet")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [rank.communicate(timeout=120)[0] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], "\n".join(outputs)


needs_transformers = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="transformers is not installed"
)
SMALL = {
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_experts_per_tok": 2,
    "pad_token_id": None,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def transformer_of(family, **options):
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**SMALL, **options)
    return getattr(transformers, f"{family}ForCausalLM")(config)


@needs_transformers
@pytest.mark.filterwarnings("ignore")  # those of transformers are not ours
def test_a_mixtral_of_hugging_face_is_recorded():
    model = transformer_of("Mixtral", num_local_experts=8).to(torch.bfloat16)
    words, mask = torch.randint(0, 100, (2, 16)), torch.ones(2, 16, dtype=torch.int64)
    mask[1, 10:] = 0
    with ExpertLoadRecorder(model) as recorder:
        recorder.set_mask(mask)
        answer = model(input_ids=words, attention_mask=mask, output_router_logits=True)
        recorder.step()

    chosen = [
        torch.softmax(logits.float(), dim=1).topk(2, dim=1).indices[mask.bool().flatten()]
        for logits in answer.router_logits
    ]
    right = [torch.bincount(ids.flatten(), minlength=8).tolist() for ids in chosen]
    assert recorder.names == [f"model.layers.{layer}.mlp.gate" for layer in range(3)]
    assert recorder.loads.tolist() == [right]


@needs_transformers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("family", "options", "layers"),
    [
        ("Qwen3Moe", {"num_experts": 8, "moe_intermediate_size": 16, "head_dim": 8}, 3),
        ("GptOss", {"num_local_experts": 8, "head_dim": 8}, 3),
        ("Olmoe", {"num_experts": 8}, 3),
        ("GraniteMoe", {"num_local_experts": 8}, 3),
        ("Phimoe", {"num_local_experts": 8}, 3),
    ],
)
def test_other_families_of_hugging_face_are_recorded(family, options, layers):
    model = transformer_of(family, **options)
    with ExpertLoadRecorder(model) as recorder:
        model(input_ids=torch.randint(0, 100, (2, 16)))
        recorder.step()

    assert recorder.loads.shape == (1, layers, 8)
    assert recorder.loads.sum(axis=2).tolist() == [[64] * layers]
