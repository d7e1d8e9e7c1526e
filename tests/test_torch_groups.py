"""Routers and losses on two ranks of a gloo process group: as if one process had all the tokens."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

ROOT = Path(__file__).parents[1]
SETUP = """
import datetime, os, sys
import torch
import torch.distributed as dist
torch.set_num_threads(1)
dist.init_process_group(
    "gloo", f"tcp://127.0.0.1:{sys.argv[2]}", datetime.timedelta(seconds=60), world_size=2, rank=int(sys.argv[1])
)
rank, group = dist.get_rank(), dist.group.WORLD
generator = torch.Generator().manual_seed(0)

def mean(value):  # what data-parallel training makes of gradients
    value = value.detach().clone()
    dist.all_reduce(value)
    return value / 2
"""
BALANCERS = """
from pdsearch.balance.torch.bip import BIP
from pdsearch.balance.torch.loss_free import LossFree
from pdsearch.balance.torch.quantile import QuantileBalancing
from pdsearch.balance.torch.sinkhorn import Sinkhorn
scores = torch.randn(128, 8, generator=generator) + torch.linspace(-2, 2, 8)
mask = torch.arange(128) % 7 > 0
mine = slice(64 * rank, 64 * rank + 64)
for make in (lambda: LossFree(8), lambda: QuantileBalancing(8, "histogram")):
    whole, part = make(), make()
    for _ in range(3):
        whole(scores, 2, mask), part(scores[mine], 2, mask[mine])
        whole.update(), part.update(group)
        torch.testing.assert_close(whole.bias, part.bias)
        assert whole.bias.any()
for router in (BIP(8), Sinkhorn()):
    whole, part = router(scores, 2, mask), router(scores[mine], 2, mask[mine], group)
    assert (whole.ids[mine] == part.ids)[mask[mine]].all()
quantile, halves = QuantileBalancing(8), [QuantileBalancing(8) for _ in range(2)]
quantile(scores[mine], 2)
quantile.update(group)
for half, router in enumerate(halves):
    router(scores[64 * half : 64 * half + 64], 2)
    router.update()
torch.testing.assert_close(quantile.bias, (halves[0].bias + halves[1].bias) / 2)
"""
LOSSES = """
from pdsearch.balance.torch.losses import auxiliary_loss, z_loss
from pdsearch.balance.torch.choice import choose
# Loads of the review: [64, 0, 0, 0] on one rank and [0, 61, 0, 3] on the other.
counts = torch.tensor([[64, 0, 0, 0], [0, 61, 0, 3]])
scores = torch.randn(2, 64, 4, generator=generator)
probabilities = torch.softmax(scores, dim=2).mean(dim=1)
shared = 4 * (counts.sum(dim=0) / 128 * probabilities[rank]).sum()
torch.testing.assert_close(auxiliary_loss(scores[rank], counts[rank], group=group), shared)
alone = 4 * (counts[rank] / 64 * probabilities[rank]).sum()
torch.testing.assert_close(auxiliary_loss(scores[rank], counts[rank]), alone)
# The average over ranks is the loss of all tokens, and so is its gradient, with unequal padding.
mask = torch.arange(128).view(2, 64) < 64 + 10  # 64 real tokens on one rank, 10 on the other
for loss in (
    lambda s, c, m, g: auxiliary_loss(s, c, "sigmoid", mask=m, group=g),
    lambda s, c, m, g: z_loss(s, mask=m, group=g),
):
    everything = scores.clone().requires_grad_()
    right = loss(everything, counts.sum(dim=0), mask, None)
    right.backward()
    own = scores.clone().requires_grad_()
    ours = loss(own[rank], counts[rank], mask[rank], group)
    ours.backward()
    torch.testing.assert_close(mean(ours), right)
    torch.testing.assert_close(mean(own.grad), everything.grad)
"""
LEARNED = """
from pdsearch.balance.learned._module import seeded
from pdsearch.balance.learned.locmoe import LocalGate
from pdsearch.balance.learned.lpr import LatentPrototypes
from pdsearch.balance.learned.stable_moe import TwoStage
tokens = torch.randn(128, 12, generator=generator)
words = torch.randint(0, 9, (128,), generator=generator)
mine = slice(64 * rank, 64 * rank + 64)
stable = seeded(TwoStage, 0, 12, 4, vocabulary=9)
whole = stable(tokens, 1, token_ids=words).losses
part = stable(tokens[mine], 1, group=group, token_ids=words[mine]).losses
for name in whole:
    torch.testing.assert_close(mean(part[name]), whole[name])
local = LocalGate(12, 4, gpus=2)
whole, part = local(tokens, 2).losses, local(tokens[mine], 2, group=group).losses
for name in whole:
    torch.testing.assert_close(mean(part[name]), whole[name])
prototypes = seeded(LatentPrototypes, 0, 12, 4, moving=True)
scores, codes = prototypes.scores(tokens), tokens[:, :16].repeat(1, 2)[:, :16]
ids = scores.topk(2, dim=1).indices
whole = prototypes.misalignment(scores, ids, codes)
prototypes.seen.zero_()
part = prototypes.misalignment(scores[mine], ids[mine], codes[mine], group=group)
torch.testing.assert_close(part, whole)
prototypes.update(group)
once = seeded(LatentPrototypes, 0, 12, 4, moving=True)
once.misalignment(scores, ids, codes)
once.update()
torch.testing.assert_close(prototypes.prototypes, once.prototypes)
"""
DATA_PARALLEL = """
from pdsearch.balance.torch.balancer import update_with
from pdsearch.balance.torch.loss_free import LossFree
class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate, self.balancer = torch.nn.Linear(6, 4), LossFree(4)
    def forward(self, tokens):
        return self.balancer(self.gate(tokens), 2).weights.square().sum()
torch.manual_seed(0)
model = Model()
parallel = torch.nn.parallel.DistributedDataParallel(model)  # which sends rank 0's buffers to all at each pass
optimiser = torch.optim.SGD(model.parameters(), lr=0.0)
update_with(optimiser, model, group)
tokens = torch.randn(2, 3, 32, 6, generator=generator)
load = torch.zeros(4, dtype=torch.int64)
for step in range(3):
    parallel(tokens[rank, step]).backward()
    if step < 2:
        continue
    for other in range(2):
        for batch in range(3):
            ids = torch.sigmoid(model.gate(tokens[other, batch])).topk(2, dim=1).indices
            load += torch.bincount(ids.flatten(), minlength=4)
    optimiser.step()
right = 1e-3 * torch.sign(load.double().mean() - load).float()
torch.testing.assert_close(model.balancer.bias, right)
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def on_two_ranks(script):
    code = SETUP + script + "\ndist.destroy_process_group()\n"
    port = free_port()
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(rank), str(port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [rank.communicate(timeout=120)[0] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], "\n".join(outputs)


def test_two_ranks_do_what_one_would():
    on_two_ranks(BALANCERS + LOSSES + LEARNED + DATA_PARALLEL)  # one job: most of its time is the import of torch
