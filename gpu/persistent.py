"""The default scheme: persistent warps that share work through one queue of packets (:mod:`pdsearch.gpu.ring`).

Each warp takes packets and searches below them with a stack of its own in shared memory, a state a lane and all lanes
converged (:mod:`pdsearch.gpu.steps`); it never leaves before the whole launch ends. Every ``LOOK`` steps, or
every ``LOOK_OFTEN`` while many are hungry, a busy warp looks at how many warps are hungry, and gives the bottom of its
stack, up to half of it, as a new packet, if the stack holds ``WORTH`` states a lane: the oldest states have the largest
subtrees, and packets of few states would leave lanes idle. The warp that has made ``steps`` steps
raises ``PAUSE``; all keep their stacks in global memory, and the next launch goes on with them.

The stack never overflows. A state has at most M children, so popping n of them raises the height by at most (M - 1)
n; with ``n = min(32, height, max(1, (CAPACITY - reserve - height) / (M - 1)))`` the height stays within CAPACITY -
reserve while n > 1, and beyond that the search is depth-first from one state, which needs at most (M - 1) (remaining
depth) + 1 more. ``reserve`` is told at each launch: with unit costs no path below a state at depth d has more than
bound - d moves.

Pop rule and lane-per-state steps follow the analysis of Horie and Fukunaga (2017), "Block-parallel
IDA* for GPUs", SoCS, whose one-subtree-a-block leaves a large GPU idle; the rest is ours.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import int32, uint8, uint32, uint64

from pdsearch.gpu import ring
from pdsearch.gpu.ring import HEAD, PAUSE, TAIL
from pdsearch.gpu.shim import cuda, peek
from pdsearch.gpu.steps import ALL, EXPANDED, GENERATED, stepper
from pdsearch.gpu_model import Model

LANES = 32
# all by the model of benchmarks/gpu_balance.py, Korf 4 with the automaton: .84 of the lanes are used over the makespan,
# .75 with 64, 8 and 16; to look every 2 steps gains .01 more, and would keep one line of memory busy
LOOK, LOOK_OFTEN = 16, 4  # steps between two looks at hungry warps and at the stop flags; powers of two
MANY = 64  # hungry warps are many when they are more than one in so many
WORTH = 2  # a stack is worth giving from when it holds more than so many states a lane
NOBODY = -1

# columns of ``saved``
HEIGHT, INSTANCE, TICKET, N_SAVED = 0, 1, 2, 3

ROWS_IN_SHARED = 8192  # bytes of rows up to which each block keeps them in shared memory
_OF_A_BLOCK = 48 * 1024  # static shared memory of a block, on every device
_OF_A_MULTIPROCESSOR = 227 * 1024  # at compute capability 9.0; 1 KiB of each block is the system's
_LEAST_WORK = 96  # states of a stack beyond the reserve, so that most lanes have work


class Layout(NamedTuple):
    """Compile-time sizes of a kernel.

    Attributes
    ----------
    warps : int
        Of a block.
    capacity : int
        States of a warp's stack.
    n_rows : int
        Rows of the model in shared memory; 0 when they stay in global memory.
    lanes : int
        Of a warp: 32 on every GPU, fewer in tests that schedule warps one access at a time.
    patience : int
        Polls until a warp gives up.
    """

    warps: int
    capacity: int
    n_rows: int
    lanes: int = LANES
    patience: int = ring.PATIENCE


def layout(model: Model, reserve: int | None = None, warps: int = 4) -> Layout:
    """Return sizes for a model: as many warps on a multiprocessor as leave a stack enough beyond its reserve.

    Parameters
    ----------
    model : Model
        What is searched.
    reserve : int, optional
        States that depth-first search of one state may need; what the longest paths need when left out.
    warps : int
        Most warps of a block.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> from pdsearch.gpu_model import model_of
    >>> layout(model_of(Tiles.korf(1)))
    Layout(warps=4, capacity=450, n_rows=804, lanes=32, patience=100000)
    """
    if reserve is None:
        reserve = reserve_of(model, model.max_depth)
    n_rows = len(model.rows) if model.rows.nbytes <= ROWS_IN_SHARED else 0
    per_state = 8 * model.n_words + 4
    for resident in (32, 24, 16, 8, 4):  # warps of a multiprocessor
        blocks = max(1, resident // warps)
        room = min(_OF_A_BLOCK, _OF_A_MULTIPROCESSOR // blocks - 1024) - 8 * max(1, n_rows)
        if room // (warps * per_state) >= reserve + _LEAST_WORK:
            return Layout(warps, room // (warps * per_state), n_rows)
    if warps > 1:
        return layout(model, reserve, warps // 2)
    return Layout(1, (_OF_A_BLOCK - 8 * max(1, n_rows)) // per_state, n_rows)


def reserve_of(model: Model, depth: int) -> int:
    """Return the states that depth-first search below one state may need, its paths being at most ``depth`` long."""
    return growth_of(model) * depth + 3


def growth_of(model: Model) -> int:
    """Return by how much popping one state can raise the stack."""
    return max(1, model.most_children - 1)


def shared_bytes(model: Model, sizes: Layout) -> int:
    """Return the shared memory of a block."""
    return sizes.warps * sizes.capacity * (8 * model.n_words + 4) + 8 * sizes.n_rows


def build(model: Model, sizes: Layout, step: Any = None) -> Any:
    """Return the kernel as a Python function, for ``cuda.jit`` or a compile without a GPU.

    Parameters
    ----------
    model : Model
        What is searched.
    sizes : Layout
        See there.
    step : device function, optional
        See :func:`pdsearch.gpu.steps.stepper`, the default.
    """
    lanes, warps, capacity = sizes.lanes, sizes.warps, sizes.capacity
    places, second_places = warps * capacity, warps * capacity if model.n_words == 2 else 1
    take, give = ring.taker(sizes.patience), _giver(model, sizes)
    worth = max(1, WORTH * lanes)
    step, stage, copy, n_to_pop = step or stepper(model), _stager(sizes), _copier(model, lanes), _popper(model, sizes)
    add = _adder(lanes)
    uint64_, uint32_ = np.uint64, np.uint32

    def kernel(
        first, second, meta, size, owner, sequence, control, stop, tallies, loads,
        kept, kept2, kept_meta, saved, all_rows, entries, reserve, steps, first_only,
    ):  # fmt: skip
        top = cuda.shared.array(places, uint64_)
        top2 = cuda.shared.array(second_places, uint64_)
        top_meta = cuda.shared.array(places, uint32_)
        rows = stage(all_rows)
        lane = int32(cuda.threadIdx.x & (lanes - 1))
        warp = int32(cuda.threadIdx.x // lanes)
        me = int32(cuda.blockIdx.x * warps + warp)
        base, home = int32(warp * capacity), int32(me * capacity)
        height, instance, ticket = int32(saved[me, 0]), int32(saved[me, 1]), int32(saved[me, 2])
        copy(kept, kept2, kept_meta, home, top, top2, top_meta, base, height, lane)
        cuda.syncwarp()
        limit = int32(int32(capacity) - reserve)
        generated, expanded, done, look = uint32(0), uint32(0), int32(0), int32(LOOK - 1)
        paused = False
        while not paused:
            if height == 0:
                if instance >= 0:
                    add(tallies, instance, generated, expanded, lane)
                    ring.finish(control, lane)
                    generated, expanded, instance = uint32(0), uint32(0), int32(-1)
                ticket, slot = take(sequence, control, ticket, lane)
                if slot < 0:
                    break
                height, instance = int32(size[slot]), int32(owner[slot])
                copy(first, second, meta, int32(slot * lanes), top, top2, top_meta, base, height, lane)
                ring.release(sequence, slot, ticket, lane)
                ticket = int32(-1)
            n = n_to_pop(limit, height)
            expanded = uint32(expanded + uint32(n))
            height, generated = step(
                top, top2, top_meta, base, height, n, lane, instance, tallies, stop, generated, rows, entries
            )
            done = int32(done + 1)
            if done & look == 0:
                hungry, halt, pause = int32(0), int32(0), int32(0)
                if lane == 0:
                    hungry = int32(peek(control, HEAD) - peek(control, TAIL))
                    halt = int32(peek(stop, instance))
                    if done >= steps:
                        cuda.atomic.exch(control, PAUSE, int32(1))
                    pause = int32(peek(control, PAUSE))
                hungry, halt = int32(cuda.shfl_sync(ALL, hungry, 0)), int32(cuda.shfl_sync(ALL, halt, 0))
                paused = int32(cuda.shfl_sync(ALL, pause, 0)) != 0
                look = int32(LOOK - 1)
                if hungry * MANY > cuda.gridDim.x * warps:
                    look = int32(LOOK_OFTEN - 1)
                if halt != 0 and first_only != 0:
                    height = int32(0)
                if hungry > 0 and height > worth:
                    arrays = (first, second, meta, size, owner, sequence, control)
                    height = give(arrays, top, top2, top_meta, base, height, lane, instance)
        if instance >= 0:  # paused in the middle of a packet
            add(tallies, instance, generated, expanded, lane)
        copy(top, top2, top_meta, base, kept, kept2, kept_meta, home, height, lane)
        if lane == 0:
            saved[me, 0], saved[me, 1], saved[me, 2] = height, instance, ticket
            loads[me] += uint64(done)

    return kernel


def _popper(model: Model, sizes: Layout) -> Any:
    """Return the device function that says how many states to pop; ``limit`` is what a stack holds beside its reserve.

    All in 32 bits: the rule is asked at every step.
    """
    growth, lanes = growth_of(model), sizes.lanes

    def n_to_pop(limit, height):
        room = int32(limit - height)
        if growth == 2:
            room = int32(room >> int32(1))
        elif growth > 2:
            room = int32(uint32(max(room, int32(0))) // uint32(growth))
        return int32(min(min(int32(lanes), height), max(room, int32(1))))

    return cuda.jit(device=True, inline=True)(n_to_pop)


def _stager(sizes: Layout) -> Any:
    """Return the device function that puts the rows where the steps read them."""
    n_rows, uint64_ = sizes.n_rows, np.uint64

    def into_shared(all_rows):
        rows = cuda.shared.array(n_rows, uint64_)
        i = int32(cuda.threadIdx.x)
        while i < n_rows:
            rows[i] = all_rows[i]
            i = int32(i + cuda.blockDim.x)
        cuda.syncthreads()
        return rows

    def as_they_are(all_rows):
        return all_rows

    return cuda.jit(device=True, inline=True)(into_shared if n_rows else as_they_are)


def _giver(model: Model, sizes: Layout) -> Any:
    """Return the device function that publishes the bottom of a stack as a packet; the height that stays."""
    two, lanes = model.n_words == 2, sizes.lanes
    copy, draw = _copier(model, lanes), ring.opener(sizes.patience)

    def give(arrays, top, top2, top_meta, base, height, lane, instance):
        first, second, meta, size, owner, sequence, control = arrays
        ticket, slot = draw(sequence, control, lane)
        if slot < 0:
            return height
        n = int32(min(int32(lanes), height >> int32(1)))
        copy(top, top2, top_meta, base, first, second, meta, int32(slot * lanes), n, lane)
        if lane == 0:
            size[slot], owner[slot] = n, instance
        ring.publish(sequence, slot, ticket, lane)
        height = int32(height - n)
        start = int32(0)
        while start < height:  # the others move down
            i = int32(start + lane)
            x, y, z = uint64(0), uint64(0), uint32(0)
            if i < height:
                x, z = top[base + i + n], top_meta[base + i + n]
                if two:
                    y = top2[base + i + n]
            cuda.syncwarp()
            if i < height:
                top[base + i], top_meta[base + i] = x, z
                if two:
                    top2[base + i] = y
            cuda.syncwarp()
            start = int32(start + lanes)
        return height

    return cuda.jit(device=True, inline=True)(give)


def _copier(model: Model, lanes: int) -> Any:
    """Return the device function that copies ``n`` states from one place to another, by all lanes."""
    two = model.n_words == 2

    def copy(words, words2, metas, start, to_words, to_words2, to_metas, to, n, lane):
        i = int32(lane)
        while i < n:
            source, target = int32(start + i), int32(to + i)
            to_words[target] = words[source]
            if two:
                to_words2[target] = words2[source]
            to_metas[target] = metas[source]
            i = int32(i + lanes)

    return cuda.jit(device=True, inline=True)(copy)


def _adder(lanes: int) -> Any:
    """Return the device function that adds a warp's counts, summed up by the warp, to its instance's."""

    def add(tallies, instance, generated, expanded, lane):
        half = int32(lanes // 2)
        while half > 0:
            generated = uint32(generated + uint32(cuda.shfl_xor_sync(ALL, int32(generated), half)))
            half = int32(half >> int32(1))
        if lane == 0:
            cuda.atomic.add(tallies, (instance, GENERATED), uint64(generated))
            cuda.atomic.add(tallies, (instance, EXPANDED), uint64(expanded))

    return cuda.jit(device=True, inline=True)(add)


def signature(n_words: int) -> tuple[Any, ...]:
    """Return the types of the kernel's arguments, for a compile without a GPU."""
    words, metas, integers = uint64[::1], uint32[::1], int32[::1]
    return (
        words, words, metas, integers, integers, integers, integers, integers, uint64[:, ::1], words,
        words, words, metas, int32[:, ::1], words, uint8[::1], int32, int32, int32,
    )  # fmt: skip
