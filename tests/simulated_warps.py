"""The warp intrinsics that numba's CUDA simulator lacks, for blocks of any number of full warps.

The simulator runs each CUDA thread as a Python thread. A barrier for each warp and a board of 32
entries make ballot and shuffle; masks must be full and all lanes take part, which is how the kernels use them.
"""

import threading
import time
from collections import defaultdict
from typing import Any

from numba import cuda as real_cuda
from numba.cuda.simulator import kernel, kernelapi

from pdsearch.gpu import persistent, ring, static, steps


class _Warp:
    def __init__(self):
        self.barrier = threading.Barrier(32)
        self.board = [0] * 32


_warps: dict[Any, _Warp] = defaultdict(_Warp)
_lock = threading.Lock()


def _here():
    thread: Any = threading.current_thread()
    number = thread.threadIdx.x
    with _lock:
        return _warps[thread._manager, number // 32], number % 32


def _exchange(value):
    warp, lane = _here()
    warp.board[lane] = value
    warp.barrier.wait()
    values = list(warp.board)
    warp.barrier.wait()
    return values


class Intrinsics:
    """Mixed into the simulator's ``cuda`` module."""

    def ballot_sync(self, mask, predicate):
        return sum(1 << lane for lane, value in enumerate(_exchange(bool(predicate))) if value)

    def shfl_sync(self, mask, value, source):
        return _exchange(value)[source]

    def shfl_xor_sync(self, mask, value, bits):
        return _exchange(value)[_here()[1] ^ int(bits)]

    def syncwarp(self, mask=0xFFFFFFFF):
        _exchange(0)

    def nanosleep(self, nanoseconds):
        time.sleep(0)


class _Cuda:
    """Stands for ``cuda`` in the modules of device functions.

    The simulator puts its own module in place of ``cuda`` while a device function runs and takes it away when the
    first of many threads leaves: the others then find the real one, which has no intrinsics (a race in numba 0.68).
    """

    def __getattr__(self, name):
        return getattr(kernel._get_kernel_context() or real_cuda, name)


def install():
    """Add the intrinsics to the simulator."""
    for name in ("ballot_sync", "shfl_sync", "shfl_xor_sync", "syncwarp", "nanosleep"):
        setattr(kernelapi.FakeCUDAModule, name, getattr(Intrinsics, name))
    for module in (persistent, ring, static, steps):
        if hasattr(module, "cuda"):
            module.cuda = _Cuda()
