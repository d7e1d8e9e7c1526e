"""What the routers ask of tensors: types, masks, counts, sums over a process group."""

from __future__ import annotations

from typing import TypeAlias

import torch
import torch.distributed as dist
from torch import Tensor

from pdsearch.errors import BadInputError

Group: TypeAlias = "dist.ProcessGroup | None"


def wide(tensor: Tensor) -> Tensor:
    """Return the tensor in float32, or in float64 if it is of that type; refuse integers.

    >>> wide(torch.ones(1, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    if not tensor.is_floating_point():
        raise BadInputError(f"a tensor is of type {tensor.dtype}; floating point is needed")
    return tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.float()


def rows(tensor: Tensor) -> Tensor:
    """Return the tensor, [..., n], as a matrix of its last dimension: also of a single token.

    >>> rows(torch.ones(3)).shape, rows(torch.ones(2, 0, 3)).shape
    (torch.Size([1, 3]), torch.Size([0, 3]))
    """
    return tensor.reshape(-1, tensor.shape[-1])


def checked_mask(mask: Tensor | None, shape: torch.Size) -> Tensor | None:
    """Return the mask as bool, if it is of the tokens' shape."""
    if mask is None:
        return None
    if mask.shape != shape:
        raise BadInputError(f"the mask has shape {tuple(mask.shape)}; {tuple(shape)}, one per token, is needed")
    return mask.bool()


def counts_of(ids: Tensor, n_experts: int, mask: Tensor | None = None) -> Tensor:
    """Return int64[E]: how often each id occurs at real tokens.

    Not ``bincount``, whose answer's length depends on the values: it stalls a GPU and breaks a compiled graph.

    >>> counts_of(torch.tensor([[0, 2], [2, 1]]), 4, torch.tensor([True, False])).tolist()
    [1, 0, 1, 0]
    """
    each = mask[..., None].expand_as(ids).flatten().to(ids.dtype) if mask is not None else ones_for(ids)
    return torch.zeros(n_experts, dtype=ids.dtype, device=ids.device).scatter_add(0, ids.flatten(), each)


def ones_for(ids: Tensor) -> Tensor:
    """Return as many ones as there are ids, in the memory of one."""
    return torch.ones((), dtype=ids.dtype, device=ids.device).expand(ids.numel())


def summed(tensor: Tensor, group: Group) -> Tensor:
    """Return the sum over the group's ranks, without gradient; the tensor itself without a group."""
    if group is None:
        return tensor
    total = tensor.detach().clone()
    dist.all_reduce(total, group=group)
    return total


def gathered(tensor: Tensor, group: Group) -> Tensor:
    """Return the rows of all ranks one below the other; every rank must have as many."""
    if group is None:
        return tensor
    everyone = tensor.new_empty(group.size() * tensor.shape[0], *tensor.shape[1:])
    dist.all_gather_into_tensor(everyone, tensor.contiguous(), group=group)
    return everyone


def token_mean(values: Tensor, mask: Tensor | None = None, group: Group = None) -> Tensor:
    """Return the mean of ``values``, float[..., n], over the tokens: over all leading dimensions.

    With a group it is this rank's sum divided by the ranks' mean number of tokens. 0 without tokens.

    >>> token_mean(torch.tensor([[1.0], [3.0], [9.0]]), torch.tensor([True, True, False])).tolist()
    [2.0]
    """
    each = rows(values)
    if mask is None:
        number = torch.full((), len(each), dtype=values.dtype, device=values.device)
    else:
        each = each * mask.flatten()[:, None].to(values.dtype)
        number = mask.sum().to(values.dtype)
    if group is not None:
        number = summed(number, group) / group.size()
    return each.sum(dim=0) / torch.where(number > 0, number, 1)


def moved(kept: Tensor, device: torch.device) -> Tensor:
    """Return the tensor on a device, its type as it is; zeros if it has no values yet."""
    return torch.zeros_like(kept, device=device) if kept.is_meta else kept.to(device)


def recomputed() -> bool:
    """Say whether this forward pass is the second of activation checkpointing, which must not count again.

    It is one that runs inside a backward pass. A compiled graph takes care of itself.
    """
    return not torch.compiler.is_compiling() and torch._C._current_graph_task_id() != -1
