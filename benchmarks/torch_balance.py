"""The figures of the routers and the recorder in torch, on one thread; CPU time, so that a shared machine serves.

    python benchmarks/torch_balance.py              all of them, about a minute and a half
    python benchmarks/torch_balance.py lpr stream   some of them

``recorder`` runs a Mixtral of random weights where transformers is installed, else a model of the same interface.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from pdsearch.balance.torch.bip import BIP
from pdsearch.balance.torch.choice import choose
from pdsearch.balance.torch.exact import balanced_bias
from pdsearch.balance.torch.loss_free import LossFree
from pdsearch.balance.torch.losses import auxiliary_loss
from pdsearch.balance.torch.quantile import QuantileBalancing
from pdsearch.balance.torch.recorder import ExpertLoadRecorder
from pdsearch.benchmarking.routers import skewed_stream

Figure = tuple[str, float, str, float]  # what, reached, "<=", to be reached
RUNS = 7
LPR_STEP = """
import sys, time
import torch
from pdsearch.balance.learned.lpr import LatentPrototypes
torch.set_num_threads(1)
width = int(sys.argv[1])
tokens, router = torch.randn(16_384, width), LatentPrototypes(width, 64)
optimiser = torch.optim.Adam(router.parameters())
def step(rows):
    optimiser.zero_grad()
    sum(router(rows, 8).losses.values()).backward()
    optimiser.step()
step(tokens[:8])
def kilobytes(name):
    return int(open("/proc/self/status").read().split(name + ":")[1].split()[0])
open("/proc/self/clear_refs", "w").write("5")  # forgets the peak of the imports
before = kilobytes("VmRSS")
times = []
for _ in range(5):
    start = time.process_time()
    step(tokens)
    times.append(time.process_time() - start)
print(sorted(times)[2], (kilobytes("VmHWM") - before) / 1024)
"""


def main(chosen: list[str]) -> int:
    """Print the figures chosen, all if none; return 1 if one was not reached."""
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, CPU time")
    missed = 0
    for name in chosen or list(FIGURES):
        for what, reached, relation, goal in FIGURES[name]():
            missed += reached > goal
            print(f"{what:<72}{reached:>10.4g}  {relation} {goal:<8g}{'MISSED' if reached > goal else ''}", flush=True)
    return int(missed > 0)


def lpr_step() -> Iterator[Figure]:
    """One step of latent prototypes, forward, backward and Adam, and the memory it adds."""
    for width in (64, 256, 1024):
        run = subprocess.run([sys.executable, "-c", LPR_STEP, str(width)], capture_output=True, text=True, check=True)
        seconds, megabytes = map(float, run.stdout.split())
        label = f"LPR, one step, 16,384 tokens of {width} features, 64 experts"
        yield f"{label}: s", seconds, "<=", 0.3
        yield f"{label}: MB", megabytes, "<=", 300.0


def stream() -> Iterator[Figure]:
    """MaxVio batch by batch on the skewed stream: average, greatest, last."""
    batches = [torch.from_numpy(batch) for batch in skewed_stream(4096, 64, 60)]
    print("skewed stream, 60 x 4096 tokens, 64 experts, top 8: MaxVio average, greatest, last; kept score; ms a batch")
    best = sum(float(batch.topk(8, dim=1).values.sum()) for batch in batches)
    for label, route in STREAM.items():
        violations, kept, times = [], 0.0, []
        router = route()
        for batch in batches:
            start = time.process_time()
            routing = router(batch)
            times.append(time.process_time() - start)
            counts = routing.counts.double()
            violations.append(float(counts.max() / counts.mean() - 1))
            kept += float(batch.gather(1, routing.ids).sum())
        shown = f"{statistics.mean(violations):8.3f} {max(violations):8.3f} {violations[-1]:8.3f}"
        print(f"  {label:<40}{shown} {kept / best:8.4f} {1e3 * statistics.median(times):8.1f}", flush=True)
        if label == "exact bias of the batch":
            yield "exact bias: greatest MaxVio, of rounding E / (m k) at most", max(violations), "<=", 64 / (4096 * 8)


def exact() -> Callable[[torch.Tensor], Any]:
    """Return the rule that solves each batch exactly."""
    return lambda batch: choose(batch.double(), 8, "identity", bias=balanced_bias(batch, 8))


def balanced(balancer: Any) -> Callable[[torch.Tensor], Any]:
    """Return the rule that routes with a balancer and updates it."""

    def route(batch: torch.Tensor) -> Any:
        routing = balancer(batch, 8)
        balancer.update()
        return routing

    return route


def by_loss() -> Callable[[torch.Tensor], Any]:
    """Return the rule that moves logits by Adam against the auxiliary loss alone."""
    offset = torch.zeros(64, requires_grad=True)
    optimiser = torch.optim.Adam([offset], lr=0.05)

    def route(batch: torch.Tensor) -> Any:
        logits = torch.logit(batch) + offset
        routing = choose(logits, 8, "sigmoid")
        optimiser.zero_grad()
        auxiliary_loss(logits, routing.counts, "sigmoid").backward()
        optimiser.step()
        return routing

    return route


STREAM: dict[str, Callable[[], Callable[[torch.Tensor], Any]]] = {
    "top-k": lambda: lambda batch: choose(batch, 8, "identity"),
    "auxiliary loss alone, Adam .05": by_loss,
    "loss-free, step .001": lambda: balanced(LossFree(64, 1e-3, "identity")),
    "loss-free, step .01": lambda: balanced(LossFree(64, 1e-2, "identity")),
    "quantile": lambda: balanced(QuantileBalancing(64, gate="identity")),
    "quantile by histogram, 10 bins": lambda: balanced(QuantileBalancing(64, "histogram", 10, gate="identity")),
    "quantile by histogram, 100 bins": lambda: balanced(QuantileBalancing(64, "histogram", 100, gate="identity")),
    "quantile by histogram, 1000 bins": lambda: balanced(QuantileBalancing(64, "histogram", gate="identity")),
    "bip, 4 iterations": lambda: balanced(BIP(64, 4, "identity")),
    "bip, 14 iterations": lambda: balanced(BIP(64, 14, "identity")),
    "exact bias of the batch": exact,
}


def recorder() -> Iterator[Figure]:
    """The share of a training step that the recorder takes: its hooks and the close of the step, timed alone."""
    model, step = mixtral() or look_alike()
    step()
    steps = sorted(timed(step) for _ in range(RUNS))
    with ExpertLoadRecorder(model) as recorded:
        outputs: list[Any] = []
        handles = [
            gate.module.register_forward_hook(lambda module, inputs, output, gate=gate: outputs.append((gate, output)))
            for gate in recorded._gates
        ]
        step()
        for handle in handles:
            handle.remove()

        def work() -> None:
            for _ in range(50):
                with torch.no_grad():
                    for gate, output in outputs:
                        gate.add(output, None)
                recorded.step()

        work()
        cost = sorted(timed(work) / 50 for _ in range(RUNS))
    print(f"{type(model).__name__}, {len(outputs)} gates: step {1e3 * steps[RUNS // 2]:.1f} ms, recorder", end=" ")
    print(f"{1e6 * cost[RUNS // 2]:.0f} us")
    yield "recorder: share of a training step, %", 100 * cost[RUNS // 2] / steps[RUNS // 2], "<=", 2.0


def timed(call: Callable[[], Any]) -> float:
    """Return the CPU seconds of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def mixtral() -> tuple[torch.nn.Module, Callable[[], None]] | None:
    """Return a Mixtral of random weights, 4 layers of 256 features and 8 experts, and its training step."""
    try:
        from transformers import MixtralConfig, MixtralForCausalLM
    except ImportError:
        return None
    config = MixtralConfig(
        vocab_size=1000,
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=4,
        num_local_experts=8,
        num_experts_per_tok=2,
    )
    model = MixtralForCausalLM(config)
    words = torch.randint(0, 1000, (4, 128))
    return model, lambda: model(input_ids=words, labels=words).loss.backward()


class Router(torch.nn.Module):
    """A gate of the same interface."""

    def __init__(self) -> None:
        super().__init__()
        self.num_experts, self.top_k = 8, 2
        self.gate = torch.nn.Linear(256, 8)

    def forward(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        logits = self.gate(hidden)
        weights, ids = torch.softmax(logits, dim=1).topk(2, dim=1)
        return logits, weights, ids


class LookAlike(torch.nn.Module):
    """A gate and a dense layer of as much work as two experts, four times."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = torch.nn.ModuleList(Router() for _ in range(4))
        self.dense = torch.nn.ModuleList(
            torch.nn.Sequential(torch.nn.Linear(256, 1536), torch.nn.SiLU(), torch.nn.Linear(1536, 256))
            for _ in range(4)
        )

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        for gate, dense in zip(self.gates, self.dense, strict=True):
            hidden = hidden + gate(hidden)[1].sum(dim=1, keepdim=True) * dense(hidden)
        return hidden


def look_alike() -> tuple[torch.nn.Module, Callable[[], None]]:
    """Return a model of four gates and dense layers, and its training step, on 512 tokens."""
    model, hidden = LookAlike(), torch.randn(512, 256)
    return model, lambda: model(hidden).square().mean().backward()


FIGURES: dict[str, Callable[[], Iterator[Figure]]] = {"lpr": lpr_step, "stream": stream, "recorder": recorder}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
