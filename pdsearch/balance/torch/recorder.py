"""Expert loads of a running model: hooks on its gates, sums on the device, a file for ``pdsearch balance``.

Attached to a model it finds the gates of Hugging Face's Mixture-of-Experts blocks and of Megatron, and this
library's own; any other module that returns the chosen ids can be named. Each forward pass adds to the loads of the
present step; :meth:`ExpertLoadRecorder.step` closes it. Nothing waits for the device before
:attr:`ExpertLoadRecorder.loads` is read, or a few hundred steps have come together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist
from torch import Tensor, nn

from pdsearch.balance.torch._tensors import Group, recomputed, rows
from pdsearch.balance.torch.choice import top_ids
from pdsearch.errors import BadInputError

_STEPS_ON_DEVICE = 256
_EXPERTS = ("num_experts", "n_experts", "n_routed_experts", "num_local_experts")
_CHOSEN = ("top_k", "topk", "num_experts_per_tok")


class ExpertLoadRecorder:
    """Records how many tokens each expert serves, layer by layer and step by step.

    Parameters
    ----------
    gates : nn.Module or mapping of str to nn.Module
        A model whose gates are to be found, or the gates themselves by name, in the order of the layers.
    n_experts : int, optional
        Where the gates do not say it themselves.
    k : int, optional
        Experts per token of gates that return scores alone, where neither they nor their blocks say it.
    layer_of : callable, optional
        The layer's number of a gate's name. Needed where a process holds a part of the layers, as in a pipeline;
        otherwise gates are numbered in their order.
    n_layers : int, optional
        Of all processes together; with ``layer_of``.

    Raises
    ------
    BadInputError
        If no gate is found, or the number of experts is unknown.

    Examples
    --------
    >>> from pdsearch.balance.torch.loss_free import LossFree
    >>> gate = LossFree(3)
    >>> with ExpertLoadRecorder({"layer 0": gate}) as recorder:
    ...     _ = gate(torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]), 2)
    ...     recorder.step()
    >>> recorder.loads.tolist()
    [[[1, 2, 1]]]
    """

    def __init__(
        self,
        gates: nn.Module | Mapping[str, nn.Module],
        n_experts: int | None = None,
        k: int | None = None,
        layer_of: Callable[[str], int] | None = None,
        n_layers: int | None = None,
    ) -> None:
        found = {name: (gate, None) for name, gate in gates.items()} if isinstance(gates, Mapping) else found_in(gates)
        if not found:
            raise BadInputError("no gate is found in the model; give the gates by name")
        self.names = list(found)
        self._layers = [layer_of(name) if layer_of else number for number, name in enumerate(self.names)]
        self.n_layers = n_layers or max(self._layers) + 1
        if (
            len(set(self._layers)) < len(self._layers)
            or not 0 <= min(self._layers) <= max(self._layers) < self.n_layers
        ):
            raise BadInputError(f"the gates' layers are {self._layers}; give different numbers below {self.n_layers}")
        self._gates = [_Gate(name, gate, block, n_experts, k) for name, (gate, block) in found.items()]
        self.n_experts = max(gate.n_experts for gate in self._gates)
        self._done: list[Tensor] = []  # [steps, layers, experts], on the CPU
        self._recent: list[Tensor] = []  # [layers, experts], on the device
        self._mask: Tensor | None = None
        self._handles: list[Any] = []
        self.recording = True  # set to False to pause

    def attach(self) -> ExpertLoadRecorder:
        """Hook the gates; once."""
        if not self._handles:
            self._handles = [gate.module.register_forward_hook(self._hook(gate)) for gate in self._gates]
        return self

    def detach(self) -> None:
        """Take the hooks away; what was recorded stays."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def __enter__(self) -> ExpertLoadRecorder:
        return self.attach()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()

    def set_mask(self, mask: Tensor | None) -> None:
        """Count only tokens at which the mask is True in the forward passes that follow; None counts all.

        Parameters
        ----------
        mask : bool or int, one entry a token
            As Hugging Face's ``attention_mask``: 1 for a real token.
        """
        self._mask = None if mask is None else mask.bool().flatten()

    def step(self) -> None:
        """Close the present step: what comes is of the next."""
        step = torch.zeros(self.n_layers, self.n_experts, dtype=torch.int64, device=self._device())
        for layer, gate in zip(self._layers, self._gates, strict=True):
            if gate.load is not None:
                step[layer, : gate.n_experts].copy_(gate.load, non_blocking=True)
                gate.load = torch.zeros_like(gate.load)
        self._recent.append(step)
        if len(self._recent) == _STEPS_ON_DEVICE:
            self._done.append(torch.stack(self._recent).cpu())
            self._recent = []

    def all_reduce(self, group: Group = None) -> None:
        """Add up what all ranks of the group, or of all, recorded; every rank must have closed as many steps."""
        if not (self._done or self._recent):
            return
        steps = torch.cat([*self._done, *(step[None].cpu() for step in self._recent)])
        steps = steps.to(self._device())
        dist.all_reduce(steps, group=group)
        self._done, self._recent = [steps.cpu()], []

    @property
    def loads(self) -> npt.NDArray[np.uint32]:
        """The loads of all closed steps, uint32[steps, layers, experts]."""
        parts = [*self._done, *([torch.stack(self._recent).cpu()] if self._recent else [])]
        if not parts:
            return np.zeros((0, self.n_layers, self.n_experts), np.uint32)
        loads = torch.cat(parts).numpy()
        if loads.max(initial=0) > np.iinfo(np.uint32).max:
            raise BadInputError(f"a load is {loads.max()}, more than 32 bits hold; close steps more often")
        return loads.astype(np.uint32)

    def write(self, path: str | Path) -> None:
        """Write ``loads`` of all closed steps as .npz, the file that ``pdsearch balance replay`` reads."""
        try:
            np.savez_compressed(path, loads=self.loads)
        except OSError as error:
            raise BadInputError(f"cannot write {path}: {error.strerror or error}") from None

    def _device(self) -> torch.device:
        """Return where the loads are added up; that of the first gate that has some."""
        return next((gate.load.device for gate in self._gates if gate.load is not None), torch.device("cpu"))

    def _hook(self, gate: _Gate) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if self.recording and not recomputed():
                with torch.no_grad():
                    gate.add(output, self._mask)

        return hook


class _Gate:
    """A gate, what is known of it, and its loads of the present step."""

    def __init__(
        self, name: str, module: nn.Module, block: nn.Module | None, n_experts: int | None, k: int | None
    ) -> None:
        self.name, self.module = name, module
        owners = [module, getattr(module, "config", None), block]
        known = n_experts or _said(owners, _EXPERTS) or getattr(owners[1], "num_moe_experts", None)
        if known is None:
            raise BadInputError(f"{name} does not say how many experts it has; give n_experts")
        self.n_experts = int(known)
        self.k = k or _said(owners, _CHOSEN)
        self.load: Tensor | None = None

    def add(self, output: Any, mask: Tensor | None) -> None:
        counts = self.counts(output, mask)
        self.load = counts if self.load is None else self.load.to(counts.device) + counts

    def counts(self, output: Any, mask: Tensor | None) -> Tensor:
        """Return int64[E] from what a gate returns: a routing map, ids, or scores."""
        own = getattr(output, "counts", None)
        if isinstance(own, Tensor):
            return own
        tensors = list(_tensors(output))
        maps = [tensor for tensor in tensors if tensor.dtype == torch.bool and tensor.shape[-1:] == (self.n_experts,)]
        if maps:
            chosen = rows(maps[-1])
            return (chosen if mask is None else chosen & self._fitting(mask, len(chosen))[:, None]).sum(dim=0)
        integers = [tensor for tensor in tensors if tensor.dtype in (torch.int64, torch.int32, torch.int16)]
        if integers:
            return self._counted(rows(integers[-1]).long(), mask)
        return self._counted(top_ids(rows(self._scores(tensors)), self._known_k()), mask)

    def _counted(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        # Ids outside 0..E-1 stand for nobody: they, and padding, go to one more place.
        outside = (ids < 0) | (ids >= self.n_experts)
        if mask is not None:
            outside = outside | ~self._fitting(mask, len(ids))[:, None]
        place = ids.masked_fill(outside, self.n_experts).flatten()
        counts = torch.zeros(self.n_experts + 1, dtype=torch.int64, device=ids.device)
        return counts.scatter_add_(0, place, torch.ones_like(place))[: self.n_experts]

    def _fitting(self, mask: Tensor, n_tokens: int) -> Tensor:
        if len(mask) != n_tokens:
            raise BadInputError(f"the mask has {len(mask)} entries and {self.name} saw {n_tokens} tokens; set it anew")
        return mask

    def _scores(self, tensors: list[Tensor]) -> Tensor:
        scores = [tensor for tensor in tensors if tensor.shape[-1:] == (self.n_experts,)]
        if not scores:
            raise BadInputError(f"{self.name} returns neither ids nor scores of {self.n_experts} experts")
        return scores[0].float()

    def _known_k(self) -> int:
        if self.k is None:
            raise BadInputError(f"{self.name} returns scores alone; give k, the experts of a token")
        return int(self.k)


def found_in(model: nn.Module) -> dict[str, tuple[nn.Module, nn.Module | None]]:
    """Return the gates of a model by name, each with the block it is in.

    A gate is a module whose class is named a router or a gate and that knows its number of experts, or a linear
    layer named ``gate`` or ``router`` in a block that knows it (Hugging Face's transformers before version 5).
    """
    modules = dict(model.named_modules())
    gates: dict[str, tuple[nn.Module, nn.Module | None]] = {}
    for name, module in modules.items():
        above, _, last = name.rpartition(".")
        block = modules.get(above) if name else None
        kind = type(module).__name__
        named = kind.endswith(("Router", "Gate")) or _is_own(module)
        knows = _said([module, getattr(module, "config", None)], (*_EXPERTS, "num_moe_experts"))
        plain = isinstance(module, nn.Linear) and last in ("gate", "router") and _said([block], _EXPERTS)
        if ((named and knows) or plain) and above not in gates:  # not the linear layer inside a gate
            gates[name] = (module, block)
    return gates


def _is_own(module: nn.Module) -> bool:
    return type(module).__module__.startswith(("pdsearch.balance.torch.", "pdsearch.balance.learned."))


def _said(owners: list[Any], names: tuple[str, ...]) -> int | None:
    """Return the first whole number that an owner has under one of the names."""
    values = (getattr(owner, name, None) for owner in owners if owner is not None for name in names)
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)


def _tensors(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping):
        for part in output.values():
            yield from _tensors(part)
    elif isinstance(output, (tuple, list)):
        for part in output:
            yield from _tensors(part)
