"""The one place that imports CUDA for Python.

numba-cuda is in maintenance mode (its README, 2026); its successor is ``numba-cuda-mlir``, whose
module has the same names: ``from numba_cuda_mlir import cuda`` here would be the whole change. Without the
extra, numba's own older CUDA target is imported, which is enough for the simulator.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any


def _load() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba announces the end of its own CUDA target at every import
        return importlib.import_module("numba.cuda")


cuda: Any = _load()


def is_simulated() -> bool:
    """Say whether ``NUMBA_ENABLE_CUDASIM=1`` replaced the GPU by Python threads."""
    import numba.core.config

    config: Any = numba.core.config
    return bool(config.ENABLE_CUDASIM)
