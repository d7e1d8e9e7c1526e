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


def _peek() -> Any:
    """Return the device function that reads ``array[i]`` from memory, whatever caches hold."""
    if is_simulated():
        return lambda array, i: array[i]
    try:
        return importlib.import_module("numba.cuda.cache_hints").ldcv_intrinsic  # ld.global.cv
    except (ImportError, AttributeError):  # an older CUDA target
        return cuda.jit(device=True, inline=True)(lambda array, i: cuda.atomic.add(array, i, 0))


peek: Any = _peek()
