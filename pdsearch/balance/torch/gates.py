"""Gates of running models: where they are, and how many tokens each expert gets from what they return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pdsearch.balance.torch._tensors import rows
from pdsearch.balance.torch.choice import top_ids
from pdsearch.errors import BadInputError

_EXPERTS = ("num_experts", "n_experts", "n_routed_experts", "num_local_experts")
_CHOSEN = ("top_k", "topk", "num_experts_per_tok")


class Gate:
    """A gate, what is known of it, and its loads of the present step.

    Parameters
    ----------
    name : str
    module : nn.Module
    block : nn.Module, optional
        What the gate is in, which may know what the gate does not.
    n_experts, k : int, optional
        Where neither says it.

    Examples
    --------
    >>> gate = Gate("mine", nn.Identity(), None, n_experts=3, k=None)
    >>> gate.add((torch.rand(2, 2), torch.tensor([[0, 2], [2, 1]])), None)  # weights, ids
    >>> gate.load.tolist()
    [1, 1, 2]
    """

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
        """Add what the gate returned to the loads; the mask is bool[T], or None for all."""
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
