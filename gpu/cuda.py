"""Asking for CUDA in words: what is missing, and what to install.

Kernels can be compiled to PTX, and run in numba's simulator (``NUMBA_ENABLE_CUDASIM=1``), without a GPU.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from pdsearch.errors import MissingDependencyError, pip_install


def cuda() -> Any:
    """Return ``numba.cuda``, imported on first use.

    Raises
    ------
    MissingDependencyError
        If numba has no CUDA part.
    """
    try:
        return importlib.import_module("pdsearch.gpu.shim").cuda
    except ImportError:
        raise MissingDependencyError(f"numba has no CUDA here; run: {pip_install('gpu')}") from None


def has_gpu() -> bool:
    """Say whether kernels can run here, on a GPU or in the simulator."""
    try:
        return bool(cuda().is_available())
    except MissingDependencyError:
        return False


def require_gpu() -> Any:
    """Return ``numba.cuda``, or say that there is nothing to run on.

    Raises
    ------
    MissingDependencyError
        If there is no GPU, or numba has no CUDA part.
    """
    module = cuda()
    if not module.is_available():
        raise MissingDependencyError(
            "no GPU is there, or no CUDA driver; run on a machine that has one, or set NUMBA_ENABLE_CUDASIM=1"
        )
    return module


def to_ptx(function: Callable[..., None], signature: str, capability: tuple[int, int] = (8, 0)) -> str:
    """Compile a kernel to PTX, which needs no GPU but NVIDIA's compiler library.

    Parameters
    ----------
    function : callable
        The body of a kernel.
    signature : str
        Its types, such as ``"void(int64[::1])"``.
    capability : tuple[int, int]
        The compute capability to compile for.

    Raises
    ------
    MissingDependencyError
        If numba's CUDA part or NVIDIA's compiler library is not installed.
    """
    module = cuda()
    try:
        ptx, _ = module.compile_ptx(function, signature, cc=capability)
    except Exception as error:  # the loaders of NVVM raise errors of their own kinds, none of them public
        if type(error).__name__ in ("NvvmSupportError", "DynamicLibNotFoundError", "CudaSupportError"):
            raise MissingDependencyError(
                f"NVIDIA's compiler library is not installed; run: {pip_install('gpu')}"
            ) from None
        raise
    return str(ptx)
