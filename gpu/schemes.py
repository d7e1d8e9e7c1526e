"""Kernels with their arrays on a device: one iteration of one or many instances, by scheme.

Each scheme gets the same states and gives the same counts; what differs is who searches what.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError, PdsearchError
from pdsearch.gpu import persistent, ring, static, steps
from pdsearch.gpu.devices import Device
from pdsearch.gpu.launches import Buffers, Launches, launch, on_device, resident_kernel
from pdsearch.gpu.packets import Packets, deal
from pdsearch.gpu.shim import cuda
from pdsearch.gpu_model import MAX_SLACK, ROOT_AT, ROOT_GROUPS, SLACK_AT, Model

SLICE_STEPS = 2**14  # of a warp between two looks of the host: tens of milliseconds
OURS, BLOCK, THREAD = "persistent", "block", "thread"
SCHEMES = (OURS, BLOCK, THREAD)
_BLOCK_DEPTH = 100  # reserve of the stacks of ``block``, in moves below a root


class KernelError(PdsearchError):
    """Warps gave up waiting: a fault of the program or the device; nothing the search said is to be trusted."""


class Work(NamedTuple):
    """States to search below, those of one instance side by side.

    Attributes
    ----------
    words : uint64[n, 2]
    low : uint32[n]
    slack : int64[n]
        See :mod:`pdsearch.gpu_model`.
    root : int64[n]
        Number of the state, or of its group, within its instance.
    instance : int32[n]
    depth : int
        No path below any of them is longer within its bound.
    """

    words: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint32]
    slack: npt.NDArray[np.int64]
    root: npt.NDArray[np.int64]
    instance: npt.NDArray[np.int32]
    depth: int

    @classmethod
    def joined(cls, works: list[Work]) -> Work:
        """Return the states of several instances as one."""
        columns = [np.concatenate(column) for column in zip(*(work[:-1] for work in works), strict=True)]
        return cls._make([*columns, max(work.depth for work in works)])

    def part(self, which: slice) -> Work:
        """Return some of the states."""
        return Work._make([*(column[which] for column in self[:-1]), self.depth])

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
        assert not len(self.root) or int(self.root.max()) < ROOT_GROUPS
        packed = self.low.astype(np.uint64) | self.slack.astype(np.uint64) << np.uint64(SLACK_AT)
        packed |= self.root.astype(np.uint64) << np.uint64(ROOT_AT)
        return packed.astype(np.uint32)


class Counts(NamedTuple):
    """What came of it.

    Attributes
    ----------
    tallies : uint64[n_instances, 4]
        Generated, expanded, goals, ``root`` of a state with a goal below it.
    loads : uint64[n]
        Steps of each bin: warp, block or thread.
    finished : bool
    """

    tallies: npt.NDArray[np.uint64]
    loads: npt.NDArray[np.uint64]
    finished: bool


GoOn = Callable[[int, int], bool]  # told what was generated and expanded so far, says whether to launch again


class Scheme(ABC):
    """A compiled kernel for one model on one device.

    Attributes
    ----------
    launches : Launches
        How many there were, and how long they took by the device's own clock.
    """

    def __init__(self, model: Model, device: Device) -> None:
        self.model, self.device = model, device
        self.launches = Launches()
        self._tables: Any = None

    @abstractmethod
    def search(self, work: Work, n_instances: int, first_only: bool, go_on: GoOn) -> Counts:
        """Search below all states, until done or ``go_on`` (asked between launches) says no.

        Raises
        ------
        BadInputError
            If there is too little memory.
        KernelError
            If warps gave up waiting.
        """

    def tables(self) -> Any:
        """Return the model's rows and entries on the device, where they stay."""
        if self._tables is None:
            arrays = (self.model.rows, self.model.entries)
            self._tables = [cuda.to_device(np.ascontiguousarray(array)) for array in arrays]
        return self._tables

    def _check_memory(self, n_bytes: int) -> None:
        n_bytes += self.model.entries.nbytes
        if n_bytes > self.device.free_bytes:
            raise BadInputError(
                f"the kernel needs {n_bytes / 2**20:.0f} MiB on {self.device.name}, "
                f"{self.device.free_bytes / 2**20:.0f} MiB are free; end other programs there, or use --device cpu"
            )


@dataclass
class _Resident:
    """A kernel that holds the whole device, and what it was compiled for."""

    sizes: persistent.Layout
    kernel: Any
    blocks: int
    buffers: Buffers = field(default_factory=Buffers)

    @property
    def n_warps(self) -> int:
        return self.blocks * self.sizes.warps


class Persistent(Scheme):
    """See :mod:`pdsearch.gpu.persistent`.

    Parameters
    ----------
    model, device
        What is searched, and where.
    warps : int
        Of a block, at most.
    blocks : int, optional
        As many as the driver says can run at once, when left out.
    step : device function, optional
        See :func:`pdsearch.gpu.steps.stepper`, the default.
    patience : int
        Polls until a warp gives up.
    """

    def __init__(
        self,
        model: Model,
        device: Device,
        warps: int = 4,
        blocks: int | None = None,
        step: Any = None,
        patience: int = ring.PATIENCE,
    ) -> None:
        super().__init__(model, device)
        self.warps, self.blocks, self.step, self.patience = warps, blocks, step, patience
        self.resident: _Resident | None = None

    def search(self, work: Work, n_instances: int, first_only: bool, go_on: GoOn) -> Counts:
        """Launch the same warps again and again until no packet is left in work."""
        cuda.select_device(self.device.number)
        reserve = persistent.reserve_of(self.model, work.depth)
        held = self._resident(reserve)
        packets = deal(work, held.n_warps)
        arrays = self._arrays(held, packets, n_instances)
        control, tallies, loads = arrays[6], arrays[8], arrays[9]
        words, pending = control.copy_to_host(), packets.n
        while pending and go_on(*_so_far(tallies)):
            words[ring.PAUSE] = 0
            control.copy_to_device(words)
            self.launches += launch(
                held.kernel, held.blocks, 32 * held.sizes.warps, *arrays, reserve, SLICE_STEPS, first_only
            )
            words = control.copy_to_host()
            pending = int(words[ring.PENDING])
            if words[ring.ERROR]:
                raise KernelError(
                    f"{self.device.name} gave no result: {ring.ERRORS[int(words[ring.ERROR])]}; use --device cpu, and "
                    "report this"
                )
        found = tallies.copy_to_host()
        found[:, steps.EXPANDED] -= found[:, steps.GOALS]  # goals were popped, too
        return Counts(found, loads.copy_to_host(), pending == 0)

    def _resident(self, reserve: int) -> _Resident:
        """Return the kernel; compiled again when a bound needs larger stacks than any before."""
        held = self.resident
        if held is None or held.sizes.capacity < reserve + PACKET_AND_MORE:
            sizes = persistent.layout(self.model, max(reserve, _typical(self.model)), self.warps)
            sizes = sizes._replace(patience=self.patience)
            if sizes.capacity < reserve + PACKET_AND_MORE:
                raise BadInputError(
                    f"stacks for {reserve} states do not fit shared memory on {self.device.name}; use --device cpu"
                )
            body = persistent.build(self.model, sizes, self.step)
            kernel, most = resident_kernel(body, persistent.signature(self.model.n_words), 32 * sizes.warps)
            held = self.resident = _Resident(sizes, kernel, self.blocks or most)
        return held

    def _arrays(self, held: _Resident, packets: Packets, n_instances: int) -> list[Any]:
        """Return the kernel's arrays up to ``entries``, in memory that is kept for the next iteration."""
        n_warps, two = held.n_warps, self.model.n_words == 2
        kept = n_warps * held.sizes.capacity
        self._check_memory(20 * kept + 20 * len(packets.first))
        control = np.zeros(ring.N_CONTROL, np.int32)
        control[ring.TAIL] = control[ring.PENDING] = packets.n
        saved = np.full((n_warps, persistent.N_SAVED), persistent.NOBODY, np.int32)
        saved[:, persistent.HEIGHT] = 0
        given: list[Any] = [
            packets.first,
            packets.second if two else np.zeros(1, np.uint64),
            *packets[3:],
            control,
            np.zeros(n_instances, np.int32),
            np.zeros((n_instances, steps.N_TALLIES), np.uint64),
            np.zeros(n_warps, np.uint64),
        ]
        buffers = held.buffers
        arrays = [buffers.filled(i, array) for i, array in enumerate(given)]
        # stacks between launches; what they hold at first is never read
        for name, n, kind in (("k", kept, np.uint64), ("k2", kept if two else 1, np.uint64), ("km", kept, np.uint32)):
            arrays.append(buffers.empty(name, n, kind))
        return [*arrays, buffers.filled("saved", saved), *self.tables()]


PACKET_AND_MORE = 32 + 32  # what a stack must hold beyond its reserve


def _typical(model: Model) -> int:
    """Return the reserve that a kernel is first compiled for; most bounds of the shape need no more."""
    return persistent.reserve_of(model, min(model.max_depth, 115))


def _so_far(tallies: Any) -> tuple[int, int]:
    """Return what all instances together generated and expanded."""
    generated, expanded = tallies.copy_to_host()[:, : steps.EXPANDED + 1].sum(axis=0).tolist()
    return generated, expanded


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
        arrays = on_device(
            *stacks,
            work.instance.astype(np.int32),
            np.zeros(n_instances, np.int32),
            np.zeros((n_instances, steps.N_TALLIES), np.uint64),
            np.zeros(len(work.low), np.uint64),
        )
        unfinished = 1
        while unfinished and go_on(*_so_far(arrays[6])):
            (left,) = on_device(np.zeros(1, np.int32))
            self.launches += launch(
                self.kernel, blocks, threads, *arrays, left, *self.tables(), SLICE_STEPS, first_only
            )
            unfinished = int(left.copy_to_host()[0])
        return Counts(arrays[6].copy_to_host(), arrays[7].copy_to_host(), unfinished == 0)


class Block(_Static):
    """A block for each state; see :func:`pdsearch.gpu.static.build_block`."""

    def __init__(self, model: Model, device: Device) -> None:
        super().__init__(model, device)
        reserve = persistent.reserve_of(model, min(model.max_depth, _BLOCK_DEPTH))
        self.sizes = persistent.layout(model, reserve, 1)
        self.reserve = reserve
        self.kernel = cuda.jit(static.build_block(model, self.sizes.capacity, reserve))

    def _stacks(self, work: Work) -> tuple[list[Any], int, int]:
        if persistent.reserve_of(self.model, work.depth) > self.reserve:
            raise BadInputError(f"paths of {work.depth} moves are too long for scheme block; use --scheme persistent")
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
        found = counts.tallies[:, steps.GOAL_ROOT].astype(np.int64)
        counts.tallies[:, steps.GOAL_ROOT] = self._numbers[found]
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
