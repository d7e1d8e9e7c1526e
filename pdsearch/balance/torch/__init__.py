"""Routers and losses of balance as torch modules and functions; the optional extra ``torch``.

What training uses, on the device of its input: :mod:`.choice` (top-k with a bias), :mod:`.loss_free`,
:mod:`.quantile`, :mod:`.bip`, :mod:`.sinkhorn`, :mod:`.expert_choice`, :mod:`.losses`, and :mod:`.recorder`, which
writes the loads of a running model. Routers that learn are in :mod:`pdsearch.balance.learned`. The same rules in
NumPy are :mod:`pdsearch.balance.routers`.

What holds of all of them:

- Scores are float[..., E] and tokens float[..., d] with any leading dimensions, as [B, S, d]; answers have the same.
- ``mask`` is bool of the leading dimensions, True for a real token. Padding gets weight 0 and an expert's id that
  means nothing; it is neither counted nor priced nor in any loss.
- Choices, losses and biases are computed in float32, or float64 for float64, also in autocast and in bfloat16;
  weights have the type of the input. NaN and infinities are not looked for: that would stall the device.
- ``group`` is a ``torch.distributed`` process group. Counts are then of all its ranks, and a mean over tokens is
  scaled such that the average over the ranks, which data-parallel training makes of the gradients, is the mean over
  the tokens of all.
- Ties go to the lowest id.
- Without ``renormalise`` set, the weights of k > 1 experts add up to 1, and the one weight of k = 1 is its affinity
  (Switch): divided by itself it would be 1 and have no gradient.
- No call depends on a tensor's values for its control flow, except where the docstring says so: all of it goes
  through ``torch.compile(fullgraph=True)``.
"""

from __future__ import annotations

from pdsearch.errors import MissingDependencyError, pip_install

try:
    import torch as torch
except ImportError:
    raise MissingDependencyError(f"torch is not installed; run: {pip_install('torch')}") from None
