"""The default scheme: persistent warps that share work through one queue of packets.

A *packet* is up to 32 states of one instance. Each warp takes packets and searches below them with
a stack of its own in shared memory, a state a lane and all lanes converged; it never leaves
before the whole launch ends. The queue is a ring of slots. Who wants a packet draws a ticket,
whether or not a packet is there yet; so *tickets drawn beyond packets published* says how many
warps are hungry. A busy warp looks at that every ``LOOK`` steps, and gives the bottom of its stack,
up to half, as a new packet: the oldest states have the largest subtrees. Each packet in work counts in ``PENDING``:
raised before a packet is published, lowered when the warp that took it has emptied its stack. At
zero every warp leaves.

Slot ``t mod n_slots`` goes through ``sequence`` values t (free for the packet of ticket t), t + 1 (published) and
t + n_slots (read, free for the next round). Contents are written before the fence and
the sequence after it.

The stack never overflows. A state has at most M moves, so popping n of them raises the height by
at most (M - 1) n; with ``n = min(32, height, max(1, (CAPACITY - RESERVE - height) / (M - 1)))`` the height stays within
CAPACITY - RESERVE while n > 1, and beyond that the search is depth-first from one state, which needs at most
(M - 1) (remaining depth) + 1 more: ``RESERVE`` is chosen from the slack left and the domain's depth, and
every launch checks it.

Pop rule and lane-per-state steps follow the analysis of Horie and Fukunaga (2017), "Block-parallel
IDA* for GPUs", SoCS, whose one-subtree-a-block leaves a large GPU idle; the rest is ours.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import int32, uint8, uint32, uint64

from pdsearch.gpu.models import ROOT_AT, SLACK_AT, Model
from pdsearch.gpu.shim import cuda

PACKET = 32
ALL = 0xFFFFFFFF
LOOK = 64  # steps between two looks at hungry warps and at the stop flags
NOBODY = -1

# entries of ``control``
HEAD, TAIL, PENDING, PAUSE, N_CONTROL = 0, 1, 2, 3, 4
# columns of ``saved``
HEIGHT, INSTANCE, TICKET, N_SAVED = 0, 1, 2, 3
# columns of ``tallies``, by instance
GENERATED, EXPANDED, GOALS, GOAL_ROOT, N_TALLIES = 0, 1, 2, 3, 4


class Layout(NamedTuple):
    """Compile-time sizes of a kernel."""

    warps: int  # of a block
    capacity: int  # of a stack
    reserve: int  # of it, for depth-first search of one state


def layout(model: Model, warps: int = 4) -> Layout:
    """Return sizes for a model: the working part holds 384 states, or what fits 48 KiB for a block.

    >>> from pdsearch.gpu.models import tiles
    >>> layout(tiles(4, 4))
    Layout(warps=4, capacity=547, reserve=163)
    """
    reserve = growth_of(model) * model.max_depth + 3
    room = (48 * 1024) // (warps * (8 * model.n_words + 4))
    while room < reserve + 64 and warps > 1:
        warps //= 2
        room = (48 * 1024) // (warps * (8 * model.n_words + 4))
    return Layout(warps, min(room, reserve + 384), reserve)


def shared_bytes(model: Model, sizes: Layout) -> int:
    """Return the shared memory of a block.

    >>> from pdsearch.gpu.models import tiles
    >>> shared_bytes(tiles(4, 4), layout(tiles(4, 4)))
    26256
    """
    return sizes.warps * sizes.capacity * (8 * model.n_words + 4)


def growth_of(model: Model) -> int:
    """Return by how much popping one state can raise the stack; a move never undoes the last one."""
    return model.n_moves - 1 if model.n_moves > 4 else 2


def build(model: Model, sizes: Layout) -> Any:
    """Return the kernel as a Python function, for ``cuda.jit`` or a compile without a GPU."""
    n_warps, capacity, _ = sizes
    places, second_places = n_warps * capacity, n_warps * capacity if model.n_words == 2 else 1
    take, step, give = _taker(), _stepper(model), _giver(model)
    copy = _copier(model)
    reserve, growth = sizes.reserve, growth_of(model)
    uint64_, uint32_ = np.uint64, np.uint32

    def kernel(
        first, second, meta, size, owner, sequence, control, stop, tallies, loads,
        kept, kept2, kept_meta, saved, entries, steps, first_only,
    ):  # fmt: skip
        top = cuda.shared.array(places, uint64_)
        top2 = cuda.shared.array(second_places, uint64_)
        top_meta = cuda.shared.array(places, uint32_)
        lane = int32(cuda.threadIdx.x & 31)
        warp = int32(cuda.threadIdx.x >> 5)
        me = int32(cuda.blockIdx.x * n_warps + warp)
        base, home = int32(warp * capacity), int32(me * capacity)
        height, instance, ticket = int32(saved[me, 0]), int32(saved[me, 1]), int32(saved[me, 2])
        copy(kept, kept2, kept_meta, home, top, top2, top_meta, base, height, lane)
        cuda.syncwarp()
        generated, expanded, done = uint32(0), uint32(0), int32(0)
        paused = False
        while not paused:
            if height == 0:
                if instance >= 0:
                    _finish(tallies, control, instance, generated, expanded, lane)
                    generated, expanded, instance = uint32(0), uint32(0), int32(-1)
                ticket, slot = take(sequence, control, ticket, lane)
                if slot < 0:
                    break
                cuda.threadfence()
                height, instance = int32(size[slot]), int32(owner[slot])
                copy(first, second, meta, int32(slot * 32), top, top2, top_meta, base, height, lane)
                cuda.threadfence()
                cuda.syncwarp()
                if lane == 0:
                    cuda.atomic.exch(sequence, slot, int32(ticket + size.shape[0]))
                ticket = int32(-1)
            n = int32(min(32, height, max(int32(1), int32((capacity - reserve - height) // growth))))
            expanded = uint32(expanded + uint32(n))
            height, generated = step(
                top, top2, top_meta, base, height, n, lane, instance, tallies, stop, generated, entries
            )
            done = int32(done + 1)
            if done & (LOOK - 1) == 0:
                hungry, halt, pause = int32(0), int32(0), int32(0)
                if lane == 0:
                    hungry = int32(cuda.atomic.add(control, 0, int32(0)) - cuda.atomic.add(control, 1, int32(0)))
                    halt = int32(cuda.atomic.add(stop, instance, int32(0)))
                    if done >= steps:
                        cuda.atomic.exch(control, 3, int32(1))
                    pause = int32(cuda.atomic.add(control, 3, int32(0)))
                hungry, halt = int32(cuda.shfl_sync(ALL, hungry, 0)), int32(cuda.shfl_sync(ALL, halt, 0))
                paused = int32(cuda.shfl_sync(ALL, pause, 0)) != 0
                if halt != 0 and first_only != 0:
                    height = int32(0)
                if hungry > 0 and height > 1:
                    arrays = (first, second, meta, size, owner, sequence, control)
                    height = give(arrays, top, top2, top_meta, base, height, lane, instance)
        if instance >= 0:  # paused in the middle of a packet
            _add(tallies, instance, generated, expanded, lane)
        copy(top, top2, top_meta, base, kept, kept2, kept_meta, home, height, lane)
        if lane == 0:
            saved[me, 0], saved[me, 1], saved[me, 2] = height, instance, ticket
            loads[me] += uint64(done)

    return kernel


def _stepper(model: Model) -> Any:
    """Return the device function that pops ``n`` states, a lane each, and pushes their children within the bound."""
    child = model.child(cuda.jit(device=True, inline=True))
    two, n_moves = model.n_words == 2, model.n_moves
    goal_first, goal_second = np.uint64(model.goal[0]), np.uint64(model.goal[1])

    def step(top, top2, top_meta, base, height, n, lane, instance, tallies, stop, generated, entries):
        below = uint32((uint32(1) << uint32(lane)) - uint32(1))
        at = int32(base + height - 1 - lane)
        active = lane < n
        a, b, m = uint64(0), uint64(0), uint32(0)
        if active:
            a, m = top[at], top_meta[at]
            if two:
                b = top2[at]
        height = int32(height - n)
        slack = uint32((m >> uint32(SLACK_AT)) & uint32(127))
        cuda.syncwarp()  # all reads come before any write
        for move in range(n_moves):
            legal, ca, cb, low, rise = child(a, b, uint32(m & uint32(255)), move, entries)
            legal = legal and active
            if legal:
                generated = uint32(generated + uint32(1))
            alive = legal and int32(rise) <= int32(slack)  # an inconsistent heuristic lets f fall
            if alive and ca == goal_first and (not two or cb == goal_second):
                alive = False
                cuda.atomic.add(tallies, (instance, 2), uint64(1))
                cuda.atomic.exch(tallies, (instance, 3), uint64(m >> uint32(ROOT_AT)))
                cuda.atomic.exch(stop, instance, int32(1))
            mask = uint32(cuda.ballot_sync(ALL, alive))
            if alive:
                to = int32(base + height + int32(cuda.popc(uint32(mask & below))))
                top[to] = ca
                if two:
                    top2[to] = cb
                top_meta[to] = uint32(
                    (m & uint32(0xFFFF8000)) | (uint32(int32(slack) - int32(rise)) << uint32(SLACK_AT)) | low
                )
            height = int32(height + int32(cuda.popc(mask)))
        cuda.syncwarp()
        return height, generated

    return cuda.jit(device=True, inline=True)(step)


def _taker() -> Any:
    """Return the device function that waits for a packet: (ticket, slot), slot -1 when there will be none."""

    def take(sequence, control, ticket, lane):
        if ticket < 0:
            drawn = int32(0)
            if lane == 0:
                drawn = cuda.atomic.add(control, 0, int32(1))
            ticket = int32(cuda.shfl_sync(ALL, drawn, 0))
        slot = int32(ticket % sequence.shape[0])
        word = int32(0)
        while word == 0:
            cuda.nanosleep(uint32(100))
            if lane == 0:
                if cuda.atomic.add(sequence, slot, int32(0)) == int32(ticket + 1):
                    word = int32(1)
                elif cuda.atomic.add(control, 2, int32(0)) == 0 or cuda.atomic.add(control, 3, int32(0)) != 0:
                    word = int32(2)
            word = int32(cuda.shfl_sync(ALL, word, 0))
        if word == 2:
            slot = int32(-1)
        return ticket, slot

    return cuda.jit(device=True, inline=True)(take)


def _giver(model: Model) -> Any:
    """Return the device function that publishes the bottom of a stack as a packet; the height that stays."""
    two = model.n_words == 2
    copy = _copier(model)

    def give(arrays, top, top2, top_meta, base, height, lane, instance):
        first, second, meta, size, owner, sequence, control = arrays
        n = int32(min(32, height // 2))
        slot, drawn = int32(0), int32(0)
        if lane == 0:
            cuda.atomic.add(control, 2, int32(1))
            drawn = cuda.atomic.add(control, 1, int32(1))
            slot = int32(drawn % sequence.shape[0])
            while cuda.atomic.add(sequence, slot, int32(0)) != drawn:
                pass  # whoever read this slot a round ago is about to say so
        slot, drawn = int32(cuda.shfl_sync(ALL, slot, 0)), int32(cuda.shfl_sync(ALL, drawn, 0))
        cuda.threadfence()
        copy(top, top2, top_meta, base, first, second, meta, int32(slot * 32), n, lane)
        if lane == 0:
            size[slot], owner[slot] = n, instance
        cuda.threadfence()
        cuda.syncwarp()
        if lane == 0:
            cuda.atomic.exch(sequence, slot, int32(drawn + 1))
        height = int32(height - n)
        for start in range(0, height, 32):  # the others move down
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
        return height

    return cuda.jit(device=True, inline=True)(give)


def _copier(model: Model) -> Any:
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
            i = int32(i + 32)

    return cuda.jit(device=True, inline=True)(copy)


@cuda.jit(device=True, inline=True)
def _add(tallies, instance, generated, expanded, lane):
    """Add a warp's counts to its instance's."""
    cuda.atomic.add(tallies, (instance, 0), uint64(generated))
    if lane == 0:
        cuda.atomic.add(tallies, (instance, 1), uint64(expanded))


@cuda.jit(device=True, inline=True)
def _finish(tallies, control, instance, generated, expanded, lane):
    """Say that all work of a packet is done, after its counts are where the host reads them."""
    _add(tallies, instance, generated, expanded, lane)
    cuda.threadfence()
    cuda.syncwarp()
    if lane == 0:
        cuda.atomic.sub(control, 2, int32(1))


def signature(n_words: int) -> tuple[Any, ...]:
    """Return the types of the kernel's arguments, for a compile without a GPU."""
    words, metas, integers = uint64[::1], uint32[::1], int32[::1]
    return (
        words, words, metas, integers, integers, integers, integers, integers,
        uint64[:, ::1], words, words, words, metas, int32[:, ::1], uint8[::1], int32, int32,
    )  # fmt: skip
