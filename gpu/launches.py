"""Compiling, occupancy, launching and memory: what is asked of the driver."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.gpu.shim import cuda, is_simulated


class Launches(NamedTuple):
    """Number of launches, and their time by the device's own clock (the host's, in the simulator)."""

    n: int = 0
    milliseconds: float = 0.0

    def __add__(self, other: Any) -> Launches:
        return Launches(self.n + other.n, self.milliseconds + other.milliseconds)


def resident_kernel(body: Any, signature: tuple[Any, ...], threads: int) -> tuple[Any, int]:
    """Compile a kernel whose blocks must all run at once; return it and the most blocks that do.

    It is launched cooperatively, which the driver refuses when not all blocks fit: a warp that is not running would
    hold a ticket that another waits for. As much on-chip memory as there is becomes shared memory.
    """
    if is_simulated():
        return cuda.jit(body), 1
    kernel = cuda.jit(launch_bounds=threads, shared_memory_carveout="maxshared")(body)
    compiled = kernel.compile(signature)
    compiled.cooperative = True  # the kernel calls no function of cooperative groups that would say so
    return kernel, max(1, compiled.max_cooperative_grid_blocks(threads))


def launch(kernel: Any, blocks: int, threads: int, *arguments: Any) -> Launches:
    """Launch, wait, and return how long it took; plain numbers become int32."""
    values = [np.int32(value) if isinstance(value, int | np.integer) else value for value in arguments]
    if is_simulated():
        start = time.perf_counter()
        kernel[blocks, threads](*values)
        return Launches(1, 1000 * (time.perf_counter() - start))
    begin, end = cuda.event(), cuda.event()
    begin.record()
    kernel[blocks, threads](*values)
    end.record()
    end.synchronize()
    return Launches(1, float(cuda.event_elapsed_time(begin, end)))


def on_device(*arrays: npt.NDArray[Any]) -> list[Any]:
    """Return copies on the device."""
    return [cuda.to_device(np.ascontiguousarray(array)) for array in arrays]


class Buffers:
    """Device memory that is kept and used again; it only grows."""

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def empty(self, name: Any, n: int, kind: Any) -> Any:
        """Return ``n`` entries, not initialised."""
        held = self._kept.get(name)
        if held is None or len(held) < n:
            held = self._kept[name] = cuda.device_array(n, kind)
        return held[:n]

    def filled(self, name: Any, array: npt.NDArray[Any]) -> Any:
        """Return a copy of an array of one or two dimensions."""
        flat = self.empty(name, array.size, array.dtype)
        flat.copy_to_device(np.ascontiguousarray(array).reshape(-1))
        return flat if array.ndim == 1 else flat.reshape(array.shape)
