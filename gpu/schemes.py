"""Kernels with their arrays on a device: one iteration of one or many instances, by scheme.

Each scheme gets the same states and gives the same counts; what differs is who searches what.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError
from pdsearch.gpu import persistent, static
from pdsearch.gpu.devices import Device
from pdsearch.gpu.models import MAX_ROOTS, MAX_SLACK, ROOT_AT, SLACK_AT, Model
from pdsearch.gpu.persistent import PACKET
from pdsearch.gpu.shim import cuda

SLICE_STEPS = 2**14  # of a warp between two looks of the host: tens of milliseconds
OURS, BLOCK, THREAD = "persistent", "block", "thread"
SCHEMES = (OURS, BLOCK, THREAD)


class Work(NamedTuple):
    """States to search below, those of one instance side by side."""

    words: npt.NDArray[np.uint64]  # (n, 2)
    low: npt.NDArray[np.uint32]  # (n,)
    slack: npt.NDArray[np.int64]  # (n,)
    root: npt.NDArray[np.int64]  # (n,) number within its instance
    instance: npt.NDArray[np.int32]  # (n,)

    def meta(self) -> npt.NDArray[np.uint32]:
        """Return the third words of the states.

        Raises
        ------
        BadInputError
            If a number does not fit its bits.
        """
        if len(self.slack) and int(self.slack.max()) > MAX_SLACK:
            raise BadInputError(
                f"f may rise by {int(self.slack.max())} units above h of the start; the kernels hold at most "
                f"{MAX_SLACK}; use --device cpu"
            )
        assert not len(self.root) or int(self.root.max()) < MAX_ROOTS
        packed = self.low.astype(np.uint64) | self.slack.astype(np.uint64) << np.uint64(SLACK_AT)
        packed |= self.root.astype(np.uint64) << np.uint64(ROOT_AT)
        return packed.astype(np.uint32)


class Counts(NamedTuple):
    """What came of it."""

    tallies: npt.NDArray[np.uint64]  # (n_instances, 4) generated, expanded, goals, root of a goal
    loads: npt.NDArray[np.uint64]  # steps of each bin: warp, block or thread
    finished: bool


GoOn = Callable[[int, int], bool]  # told what was generated and expanded so far, says whether to launch again


class Scheme(ABC):
    """A compiled kernel for one model on one device."""

    def __init__(self, model: Model, device: Device) -> None:
        self.model, self.device = model, device
        self._entries: Any = None

    @abstractmethod
    def search(self, work: Work, n_instances: int, first_only: bool, go_on: GoOn) -> Counts:
        """Search below all states, until done or ``go_on`` (asked between launches) says no."""

    def entries(self) -> Any:
        """Return the model's tables on the device, where they stay."""
        if self._entries is None:
            self._entries = cuda.to_device(np.ascontiguousarray(self.model.entries))
        return self._entries

    def _check_memory(self, n_bytes: int) -> None:
        n_bytes += self.model.entries.nbytes
        if n_bytes > self.device.free_bytes:
            raise BadInputError(
                f"the kernel needs {n_bytes / 2**20:.0f} MiB on {self.device.name}, "
                f"{self.device.free_bytes / 2**20:.0f} MiB are free; end other programs there, or use --device cpu"
            )


class Persistent(Scheme):
    """See :mod:`pdsearch.gpu.persistent`."""

    def __init__(self, model: Model, device: Device, warps: int = 4, blocks: int | None = None) -> None:
        super().__init__(model, device)
        self.sizes = persistent.layout(model, warps)
        self.kernel = cuda.jit(persistent.build(model, self.sizes))
        self.blocks = blocks
        self.launches = 0

    def search(self, work: Work, n_instances: int, first_only: bool, go_on: GoOn) -> Counts:
        """Launch the same warps again and again until no packet is left in work."""
        cuda.select_device(self.device.number)
        blocks = self.blocks or self._resident_blocks()
        n_warps = blocks * self.sizes.warps
        packets = _packets(work, n_warps)
        kept = n_warps * self.sizes.capacity
        self._check_memory(20 * kept + 20 * 32 * len(packets.size))
        control = np.zeros(persistent.N_CONTROL, np.int32)
        control[persistent.TAIL] = control[persistent.PENDING] = packets.n
        saved = np.full((n_warps, persistent.N_SAVED), persistent.NOBODY, np.int32)
        saved[:, persistent.HEIGHT] = 0
        two = self.model.n_words == 2
        arrays = [
            packets.first,
            packets.second if two else np.zeros(1, np.uint64),
            packets.meta,
            packets.size,
            packets.owner,
            packets.sequence,
            control,
            np.zeros(n_instances, np.int32),
            np.zeros((n_instances, persistent.N_TALLIES), np.uint64),
            np.zeros(n_warps, np.uint64),
        ]
        on_device = [cuda.to_device(array) for array in arrays]
        # stacks between launches; what they hold at first is never read
        stacks = [(kept, np.uint64), (kept if two else 1, np.uint64), (kept, np.uint32)]
        on_device += [cuda.device_array(n, kind) for n, kind in stacks] + [cuda.to_device(saved), self.entries()]
        pending = packets.n
        while pending and go_on(*_so_far(on_device[8])):
            control = on_device[6].copy_to_host()
            control[persistent.PAUSE] = 0
            on_device[6].copy_to_device(control)
            self.kernel[blocks, 32 * self.sizes.warps](*on_device, np.int32(SLICE_STEPS), np.int32(first_only))
            self.launches += 1
            pending = int(on_device[6].copy_to_host()[persistent.PENDING])
        return Counts(on_device[8].copy_to_host(), on_device[9].copy_to_host(), pending == 0)

    def _resident_blocks(self) -> int:
        """Return as many blocks as run at once; a warp that is not running must hold no ticket."""
        self.kernel.compile(persistent.signature(self.model.n_words))
        registers = max(self.kernel.get_regs_per_thread().values())
        gpu = cuda.gpus[self.device.number]
        threads = 32 * self.sizes.warps
        fits = (
            gpu.MAX_SHARED_MEMORY_PER_MULTIPROCESSOR // (persistent.shared_bytes(self.model, self.sizes) + 1024),
            gpu.MAX_REGISTERS_PER_MULTIPROCESSOR // (-(-registers // 8) * 8 * threads),
            gpu.MAX_THREADS_PER_MULTIPROCESSOR // threads,
            gpu.MAX_BLOCKS_PER_MULTIPROCESSOR,
        )
        return max(1, int(min(fits))) * self.device.n_multiprocessors


def _so_far(tallies: Any) -> tuple[int, int]:
    """Return what all instances together generated and expanded."""
    generated, expanded = tallies.copy_to_host()[:, : persistent.EXPANDED + 1].sum(axis=0).tolist()
    return generated, expanded


class _Packets(NamedTuple):
    n: int
    first: npt.NDArray[np.uint64]
    second: npt.NDArray[np.uint64]
    meta: npt.NDArray[np.uint32]
    size: npt.NDArray[np.int32]
    owner: npt.NDArray[np.int32]
    sequence: npt.NDArray[np.int32]


def _packets(work: Work, n_warps: int) -> _Packets:
    """Deal the states of each instance into packets, and leave room for what warps give away.

    A packet takes every n-th state: neighbours in the tree have subtrees of like size.
    """
    starts = np.flatnonzero(np.diff(work.instance, prepend=-1))
    rows = [_deal(start, end, n_warps // len(starts)) for start, end in pairwise([*starts, len(work.instance)])]
    states = np.concatenate(rows)
    held = states >= 0
    n, n_slots = len(states), len(states) + 2 * n_warps + 2
    first, second = np.zeros((n_slots, PACKET), np.uint64), np.zeros((n_slots, PACKET), np.uint64)
    meta, size, owner = np.zeros((n_slots, PACKET), np.uint32), np.zeros(n_slots, np.int32), np.zeros(n_slots, np.int32)
    first[:n][held], second[:n][held] = work.words[states[held]].T
    meta[:n][held] = work.meta()[states[held]]
    size[:n], owner[:n] = held.sum(axis=1), work.instance[states[:, 0]]
    sequence = np.arange(n_slots, dtype=np.int32)
    sequence[:n] += 1
    return _Packets(n, first.reshape(-1), second.reshape(-1), meta.reshape(-1), size, owner, sequence)


def _deal(start: int, end: int, n_warps: int) -> npt.NDArray[np.int64]:
    """Return the states of each packet, filled from the left, -1 behind: int64[n, PACKET]."""
    share = min(PACKET, max(1, (end - start) // max(1, n_warps)))
    n = -(-(end - start) // share)
    states = start + np.arange(n)[:, None] + n * np.arange(PACKET)[None, :]
    return np.where(states < end, states, -1)


class _Static(Scheme):
    """One bin for each state; launches go on until every bin is done."""

    kernel: Any

    @abstractmethod
    def _stacks(self, work: Work) -> tuple[list[Any], int, int]:
        """Return first, second, meta and height, blocks and threads of a block."""

    def search(self, work: Work, n_instances: int, first_only: bool, go_on: GoOn) -> Counts:
        """Launch again until no bin has work left."""
        cuda.select_device(self.device.number)
        stacks, blocks, threads = self._stacks(work)
        self._check_memory(sum(array.nbytes for array in stacks))
        arrays = [
            *stacks,
            work.instance.astype(np.int32),
            np.zeros(n_instances, np.int32),
            np.zeros((n_instances, persistent.N_TALLIES), np.uint64),
            np.zeros(len(work.low), np.uint64),
        ]
        on_device = [cuda.to_device(array) for array in arrays]
        unfinished = 1
        while unfinished and go_on(*_so_far(on_device[6])):
            left = cuda.to_device(np.zeros(1, np.int32))
            bounds = np.int32(SLICE_STEPS), np.int32(first_only)
            self.kernel[blocks, threads](*on_device, left, self.entries(), *bounds)
            unfinished = int(left.copy_to_host()[0])
        return Counts(on_device[6].copy_to_host(), on_device[7].copy_to_host(), unfinished == 0)


class Block(_Static):
    """A block for each state; see :func:`pdsearch.gpu.static.build_block`."""

    def __init__(self, model: Model, device: Device) -> None:
        super().__init__(model, device)
        self.sizes = persistent.layout(model, 1)
        self.kernel = cuda.jit(static.build_block(model, self.sizes.capacity, self.sizes.reserve))

    def _stacks(self, work: Work) -> tuple[list[Any], int, int]:
        n, capacity = len(work.low), self.sizes.capacity
        words, meta = np.zeros((2, n, capacity), np.uint64), np.zeros((n, capacity), np.uint32)
        words[:, :, 0], meta[:, 0] = work.words.T, work.meta()
        return [words[0], words[1], meta, np.ones(n, np.int32)], n, static.BLOCK


class Thread(_Static):
    """A thread for each state; see :func:`pdsearch.gpu.static.build_thread`."""

    def __init__(self, model: Model, device: Device) -> None:
        super().__init__(model, device)
        self.kernel = cuda.jit(static.build_thread(model))

    def _stacks(self, work: Work) -> tuple[list[Any], int, int]:
        n, depth = len(work.low), static.stack_depth(self.model)
        words, meta = np.zeros((2, depth, n), np.uint64), np.zeros((depth, n), np.uint32)
        # the root's number is the thread's; its bits hold the next move
        words[:, 0], meta[0] = work.words.T, work.meta() & np.uint32(2**ROOT_AT - 1)
        threads = 128
        self._numbers = work.root
        return [words[0], words[1], meta, np.zeros(n, np.int32)], -(-n // threads), threads

    def search(self, work: Work, n_instances: int, first_only: bool, go_on: GoOn) -> Counts:
        """Search, and turn the number of the thread that found a goal into that of its root."""
        counts = super().search(work, n_instances, first_only, go_on)
        found = counts.tallies[:, persistent.GOAL_ROOT].astype(np.int64)
        counts.tallies[:, persistent.GOAL_ROOT] = self._numbers[found]
        return counts


def make(scheme: str, model: Model, device: Device) -> Scheme:
    """Return a scheme by name.

    Raises
    ------
    BadInputError
        If there is none of that name.
    """
    kinds: dict[str, type[Scheme]] = {OURS: Persistent, BLOCK: Block, THREAD: Thread}
    if scheme not in kinds:
        raise BadInputError(f"scheme {scheme!r} is unknown; it is one of {', '.join(SCHEMES)}")
    return kinds[scheme](model, device)
