"""The persistent kernel itself, run as Python under a schedule drawn from a seed.

Each warp is a Python thread, one lane wide (``Layout.lanes``), of which one runs at a time. Before each access to
global memory another may be chosen, so any interleaving can happen. A plain write first goes to a buffer of the
warp's own and reaches memory at some later moment, in any order, unless the warp fences: what the kernel says to
others without a fence they may see too early. Atomics and volatile reads go to memory at once. The arrays stay
between launches.
"""

import contextlib
import random
import threading
from typing import Any

import numpy as np

from pdsearch.gpu import persistent, ring, steps
from pdsearch.gpu.packets import deal

MOST_EVENTS = 200_000


class HangError(Exception):
    """Warps ran for longer than any schedule needs."""


class Memory:
    """An array in global memory as one kernel argument."""

    def __init__(self, gpu, array):
        self.gpu, self.array, self.shape = gpu, array, array.shape

    def __getitem__(self, index):
        self.gpu.turn()
        return self.gpu.buffer().get((id(self), index), self.array[index])

    def __setitem__(self, index, value):
        self.gpu.turn()
        self.gpu.arrays[id(self)] = self
        self.gpu.buffer()[id(self), index] = value

    def now(self, index):
        """Return the entry to change at once, the warp's own write to it done before."""
        self.gpu.turn()
        own = self.gpu.buffer()
        if (id(self), index) in own:
            self.array[index] = own.pop((id(self), index))
        return self.array[index]


class Gpu:
    """What the kernels call ``cuda``, and the scheduler."""

    def __init__(self, seed, fences=True):
        self.draw, self.fences = random.Random(seed), fences
        self.arrays: dict[int, Memory] = {}
        self.atomic, self.shared = self, self
        self.blockDim, self.gridDim = Dim(1), Dim(1)
        self.events = 0

    # the schedule

    def launch(self, kernel, n_warps, arguments):
        """Run a kernel by so many warps, each a block of its own, until all have left."""
        self.gridDim, self.alive, self.error = Dim(n_warps), list(range(n_warps)), None
        self.buffers: list[dict[Any, Any]] = [{} for _ in range(n_warps)]
        self.batons = [threading.Semaphore(0) for _ in range(n_warps)]
        self.ended = threading.Semaphore(0)
        threads = [threading.Thread(target=self._warp, args=(kernel, i, arguments)) for i in range(n_warps)]
        for thread in threads:
            thread.start()
        self.batons[self.draw.choice(self.alive)].release()
        self.ended.acquire()
        for thread in threads:
            thread.join()
        if self.error is not None:
            raise self.error

    def _warp(self, kernel, number, arguments):
        here.number, here.gpu = number, self
        self.batons[number].acquire()
        try:
            if self.error is None:
                with np.errstate(all="ignore"):  # numpy warns where integers wrap
                    kernel(*arguments)
        except Exception as error:
            self.error = self.error or error
        self._flush(number, len(self.buffers[number]))
        self.alive.remove(number)
        if self.alive:
            self.batons[self.draw.choice(self.alive)].release()
        else:
            self.ended.release()

    def turn(self):
        """Let some warp go on, this one or another; let some writes arrive."""
        self.events += 1
        if self.events > MOST_EVENTS or self.error is not None:
            raise self.error or HangError("warps hang")
        if self.draw.random() < 0.2:
            self._flush(self.draw.choice(self.alive), 1)
        after = self.draw.choice(self.alive)
        if after != here.number:
            self.batons[after].release()
            self.batons[here.number].acquire()

    def buffer(self):
        return self.buffers[here.number]

    def _flush(self, number, n):
        """Let ``n`` of a warp's writes arrive, any of them first."""
        buffer = self.buffers[number]
        for key in self.draw.sample(list(buffer), min(n, len(buffer))):
            memory, index = key
            self.arrays[memory].array[index] = buffer.pop(key)

    # what kernels call

    @property
    def threadIdx(self):  # noqa: N802
        return Dim(0)

    @property
    def blockIdx(self):  # noqa: N802
        return Dim(here.number)

    def jit(self, *arguments, **options):
        return lambda function: function

    def array(self, n, kind):
        return np.zeros(n, kind)

    def add(self, memory, index, value):
        before = memory.now(index)
        memory.array[index] += value
        return before

    def sub(self, memory, index, value):
        before = memory.now(index)
        memory.array[index] -= value
        return before

    def exch(self, memory, index, value):
        before = memory.now(index)
        memory.array[index] = value
        return before

    def ballot_sync(self, mask, predicate):
        return int(bool(predicate))

    def shfl_sync(self, mask, value, source):
        return value

    def syncwarp(self):
        pass

    syncthreads = syncwarp

    def threadfence(self):
        if self.fences:
            self._flush(here.number, len(self.buffer()))

    def nanosleep(self, nanoseconds):
        self.turn()

    def popc(self, value):
        return int(value).bit_count()


class Dim:
    def __init__(self, x):
        self.x = np.int32(x)


here: Any = threading.local()


@contextlib.contextmanager
def kernels_on(gpu):
    """Let the kernels' modules call this GPU."""
    changed = [(module, "cuda", gpu) for module in (ring, persistent, steps)]
    changed += [(module, "peek", lambda memory, i: memory.now(i)) for module in (ring, persistent)]
    plain = [(ring, name) for name in ("release", "publish", "finish")] + [(steps, "note_goal")]
    changed += [
        (module, name, getattr(getattr(module, name), "py_func", getattr(module, name))) for module, name in plain
    ]
    saved = [(module, name, getattr(module, name)) for module, name, _ in changed]
    try:
        for module, name, value in changed:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in saved:
            setattr(module, name, value)


class Run:
    """One search: the arrays on the device, and launches until all is done."""

    def __init__(self, model, work, n_warps, seed, steps_a_launch=10**6, first_only=0, **options):
        n_instances = int(work.instance.max()) + 1
        reserve = persistent.reserve_of(model, work.depth)
        fences = options.pop("fences", True)
        sizes = persistent.Layout(
            1, reserve + options.pop("spare", 4), 0, lanes=1, patience=options.pop("patience", 10**5)
        )
        self.gpu, self.model, self.n_warps = Gpu(seed, fences), model, n_warps
        packets = deal(work, n_warps, lanes=1)
        control = np.zeros(ring.N_CONTROL, np.int32)
        control[ring.TAIL] = control[ring.PENDING] = packets.n
        saved = np.full((n_warps, persistent.N_SAVED), persistent.NOBODY, np.int32)
        saved[:, persistent.HEIGHT] = 0
        self.control, self.tallies = control, np.zeros((n_instances, steps.N_TALLIES), np.uint64)
        self.loads, self.saved = np.zeros(n_warps, np.uint64), saved
        kept = n_warps * sizes.capacity
        arrays = [
            *packets[1:], control, np.zeros(n_instances, np.int32), self.tallies, self.loads,
            np.zeros(kept, np.uint64), np.zeros(kept, np.uint64), np.zeros(kept, np.uint32), saved,
        ]  # fmt: skip
        self.arguments = [Memory(self.gpu, array) for array in arrays]
        self.arguments += [model.rows, model.entries, np.int32(reserve), np.int32(steps_a_launch), np.int32(first_only)]
        self.launches = 0
        with kernels_on(self.gpu):
            kernel = persistent.build(model, sizes, options.pop("step", None))
            options.pop("fault", lambda: None)()
            while control[ring.PENDING] and not control[ring.ERROR]:
                control[ring.PAUSE] = 0
                self.gpu.launch(kernel, n_warps, self.arguments)
                self.launches += 1
        self.generated, self.expanded, self.goals = self.tallies[:, :3].astype(np.int64).T.tolist()
        self.expanded = [popped - goals for popped, goals in zip(self.expanded, self.goals, strict=True)]
