"""Routers that learn, as torch modules. Importing this package needs torch, the optional extra ``torch``.

Each module reads token features, float[..., d], and has

``scores(tokens)``
    float[..., E], differentiable.
``forward(tokens, k, mask=None, group=None)``
    A :class:`~pdsearch.balance.torch.choice.Routing`: expert ids, differentiable weights, counts and, in training,
    the terms its authors add to the task's loss, by name, already weighted. Masks, process groups, types and the
    weight at k = 1 are as :mod:`pdsearch.balance.torch` says.
``route(tokens, k)``
    The :class:`~pdsearch.balance.routers.Assignment` of tokens in evaluation, for the same report as any.

Each file names the equations it implements and what it leaves out.
"""

from __future__ import annotations

from pdsearch.balance.torch import torch as torch
