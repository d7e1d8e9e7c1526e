"""The two published schemes, to be compared with: a thread for each root, a block for each root.

*thread*: every thread searches below its own root depth-first; nothing is shared. The stack
lies in global memory, the entries of neighbouring threads side by side.

*block*: 32 threads search below one root with one stack in shared memory. The top states are dealt
to groups of lanes, one lane a move; children are pushed through an atomic counter. The hardware
hands blocks to multiprocessors, which is all the balancing within an iteration. What is
not as published: the stack cannot overflow (the rule of :mod:`pdsearch.gpu.persistent`), a launch can be
continued, duplicates among the roots are kept, and nothing stops by a trap.

Source: Horie and Fukunaga (2017), "Block-parallel IDA* for GPUs", SoCS (PSIMPLE and BPIDA*).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int32, uint8, uint32, uint64

from pdsearch.gpu.persistent import growth_of
from pdsearch.gpu.shim import cuda
from pdsearch.gpu.steps import EXPANDED, GENERATED, device_within, goal_test, note_goal
from pdsearch.gpu_model import MAX_LOW, MAX_SLACK, ROOT_AT, SLACK_AT, Model

BLOCK = 32
CHECK = 256  # steps between two looks at the stop flags


def stack_depth(model: Model) -> int:
    """Return the entries of a thread's stack: one a move, and the root."""
    return model.max_depth + 2


def build_thread(model: Model) -> Any:
    """Return the kernel of ``thread``; entry ``d`` of thread ``i`` is ``[d, i]``.

    ``meta`` has the next move to try in its top five bits; ``depth`` is -1 for a finished root.
    """
    child, is_goal = model.child(cuda.jit(device=True, inline=True)), goal_test(model)
    within, has_more = device_within(model), model.within is not None
    two, n_moves, has_rows = model.n_words == 2, model.n_moves, len(model.rows) > 1

    def kernel(first, second, meta, depth, owner, stop, tallies, loads, unfinished, rows, entries, steps, first_only):
        me = int32(cuda.grid(1))
        if me >= depth.shape[0] or depth[me] < 0:
            return
        d, instance, done = int32(depth[me]), int32(owner[me]), int32(0)
        generated, expanded = uint32(0), uint32(0)
        while d >= 0 and done < steps:
            done = int32(done + 1)
            if done & (CHECK - 1) == 0 and first_only != 0 and cuda.atomic.add(stop, instance, int32(0)) != 0:
                d = int32(-1)
                break
            m = meta[d, me]
            move = int32(m >> uint32(27))
            if move == 0:
                expanded = uint32(expanded + uint32(1))
            if move == n_moves:
                d = int32(d - 1)
                continue
            meta[d, me] = uint32(m + uint32(1 << 27))
            b = uint64(0)
            if two:
                b = second[d, me]
            slack, before = uint32((m >> uint32(SLACK_AT)) & uint32(MAX_SLACK)), uint32(m & uint32(MAX_LOW))
            row = uint64(0)
            if has_rows:
                row = rows[before]
            legal, ca, cb, low, rise = child(first[d, me], b, before, move, row, entries)
            if not legal:
                continue
            generated = uint32(generated + uint32(1))
            if int32(rise) > int32(slack):
                continue
            if has_more and not within(ca, cb, int32(int32(slack) - int32(rise)), entries):
                continue
            if has_rows:
                row = rows[low]
            if is_goal(ca, cb, row):
                note_goal(tallies, stop, instance, me)
                continue
            d = int32(d + 1)
            first[d, me] = ca
            if two:
                second[d, me] = cb
            meta[d, me] = uint32((uint32(int32(slack) - int32(rise)) << uint32(SLACK_AT)) | low)
        cuda.atomic.add(tallies, (instance, GENERATED), uint64(generated))
        cuda.atomic.add(tallies, (instance, EXPANDED), uint64(expanded))
        loads[me] += uint64(done)
        depth[me] = d
        if d >= 0:
            cuda.atomic.add(unfinished, 0, int32(1))

    return kernel


def build_block(model: Model, capacity: int, reserve: int) -> Any:
    """Return the kernel of ``block``; stack entry ``i`` of root ``r`` is kept as ``[r, i]`` between launches."""
    child, is_goal = model.child(cuda.jit(device=True, inline=True)), goal_test(model)
    within, has_more = device_within(model), model.within is not None
    two, n_moves, has_rows = model.n_words == 2, model.n_moves, len(model.rows) > 1
    group = 4 if n_moves <= 4 else 16  # lanes of a state
    second_places = capacity if two else 1
    growth = growth_of(model)
    uint64_, uint32_, int32_ = np.uint64, np.uint32, np.int32

    def kernel(first, second, meta, height, owner, stop, tallies, loads, unfinished, rows, entries, steps, first_only):
        top = cuda.shared.array(capacity, uint64_)
        top2 = cuda.shared.array(second_places, uint64_)
        top_meta = cuda.shared.array(capacity, uint32_)
        count = cuda.shared.array(1, int32_)
        lane, me = int32(cuda.threadIdx.x), int32(cuda.blockIdx.x)
        n = int32(height[me])
        if n == 0:
            return
        instance, done, generated = int32(owner[me]), int32(0), uint32(0)
        expanded = uint32(0)
        for i in range(lane, n, 32):
            top[i], top_meta[i] = first[me, i], meta[me, i]
            if two:
                top2[i] = second[me, i]
        if lane == 0:
            count[0] = n
        cuda.syncthreads()
        while n > 0 and done < steps:
            take = int32(min(32 // group, n, max(int32(1), int32((capacity - reserve - n) // growth))))
            slot, move = int32(lane // group), int32(lane & (group - 1))
            active = slot < take and move < n_moves
            a, b, m = uint64(0), uint64(0), uint32(0)
            if active:
                a, m = top[n - 1 - slot], top_meta[n - 1 - slot]
                if two:
                    b = top2[n - 1 - slot]
            expanded = uint32(expanded + uint32(take))
            cuda.syncthreads()
            if lane == 0:
                count[0] = int32(n - take)
            cuda.syncthreads()
            if active:
                slack, before = uint32((m >> uint32(SLACK_AT)) & uint32(MAX_SLACK)), uint32(m & uint32(MAX_LOW))
                row = uint64(0)
                if has_rows:
                    row = rows[before]
                legal, ca, cb, low, rise = child(a, b, before, move, row, entries)
                if legal:
                    generated = uint32(generated + uint32(1))
                    alive = int32(rise) <= int32(slack)
                    if has_more and alive:
                        alive = within(ca, cb, int32(int32(slack) - int32(rise)), entries)
                    if alive:
                        if has_rows:
                            row = rows[low]
                        if is_goal(ca, cb, row):
                            note_goal(tallies, stop, instance, uint32(m >> uint32(ROOT_AT)))
                        else:
                            to = cuda.atomic.add(count, 0, int32(1))
                            top[to] = ca
                            if two:
                                top2[to] = cb
                            kept = uint32(m & uint32(0xFFFFFFFF ^ (2**ROOT_AT - 1)))
                            top_meta[to] = uint32(kept | (uint32(int32(slack) - int32(rise)) << uint32(SLACK_AT)) | low)
            cuda.syncthreads()
            done = int32(done + 1)
            if done & (CHECK - 1) == 0 and first_only != 0:
                if lane == 0 and cuda.atomic.add(stop, instance, int32(0)) != 0:
                    count[0] = int32(0)
                cuda.syncthreads()
            n = int32(count[0])
            cuda.syncthreads()
        cuda.atomic.add(tallies, (instance, GENERATED), uint64(generated))
        for i in range(lane, n, 32):
            first[me, i], meta[me, i] = top[i], top_meta[i]
            if two:
                second[me, i] = top2[i]
        if lane == 0:
            cuda.atomic.add(tallies, (instance, EXPANDED), uint64(expanded))
            loads[me] += uint64(done)
            height[me] = n
            if n > 0:
                cuda.atomic.add(unfinished, 0, int32(1))

    return kernel


def signature() -> tuple[Any, ...]:
    """Return the types of both kernels' arguments, for a compile without a GPU."""
    table, metas, integers = uint64[:, ::1], uint32[:, ::1], int32[::1]
    states = (table, table, metas, integers, integers, integers, table)
    return (*states, uint64[::1], integers, uint64[::1], uint8[::1], int32, int32)
