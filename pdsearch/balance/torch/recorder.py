"""Expert loads of a running model: hooks on its gates, sums on the device, a file for ``pdsearch balance``.

Attached to a model it finds the gates of Hugging Face's Mixture-of-Experts blocks and of Megatron, and this
library's own; any other module that returns the chosen ids can be named. Each forward pass adds to the loads of the
present step; :meth:`ExpertLoadRecorder.step` closes it. Nothing waits for the device before
:attr:`ExpertLoadRecorder.loads` is read, or a few hundred steps have come together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist
from torch import Tensor, nn

from pdsearch.balance.torch._tensors import Group, recomputed
from pdsearch.balance.torch.gates import Gate, found_in
from pdsearch.errors import BadInputError

_STEPS_ON_DEVICE = 256


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
        self._gates = [Gate(name, gate, block, n_experts, k) for name, (gate, block) in found.items()]
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
        narrow: npt.NDArray[np.uint32] = loads.astype(np.uint32)
        return narrow

    def write(self, path: str | Path) -> None:
        """Write ``loads`` of all closed steps as .npz, the file that ``pdsearch balance replay`` reads."""
        try:
            np.savez_compressed(path, loads=self.loads)
        except OSError as error:
            raise BadInputError(f"cannot write {path}: {error.strerror or error}") from None

    def _device(self) -> torch.device:
        """Return where the loads are added up; that of the first gate that has some."""
        return next((gate.load.device for gate in self._gates if gate.load is not None), torch.device("cpu"))

    def _hook(self, gate: Gate) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if self.recording and not recomputed():
                with torch.no_grad():
                    gate.add(output, self._mask)

        return hook
