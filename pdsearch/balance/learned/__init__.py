"""Routers that learn, as torch modules. Importing this package needs torch, the optional extra ``torch``.

Each module reads token features, float[T, d], and has

``scores(tokens)``
    float[T, E], differentiable.
``forward(tokens, k)``
    Expert ids, int64[T, k], and differentiable weights.
``losses(tokens, k)``
    The terms its authors add to the task's loss, by name, already weighted.
``route(tokens, k)``
    The :class:`~pdsearch.balance.routers.Assignment` of NumPy tokens in evaluation, for the same report as
    any.
"""

from __future__ import annotations

from pdsearch.errors import MissingDependencyError

try:
    import torch as torch
except ImportError:
    raise MissingDependencyError("torch is not installed; run: pip install 'pdsearch[torch]'") from None
