"""One step of a warp: pop up to 32 states, a lane each, and push their children within the bound.

All lanes stay together; children are placed by counting, without atomics. A goal is met when it is popped, so the
code for it exists once and off the hot path: it counts as popped, has no children, and the host takes it off the
expanded ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int32, uint32, uint64

from pdsearch.gpu.shim import cuda
from pdsearch.gpu_model import MAX_SLACK, ROOT_AT, SLACK_AT, Masks, Model

ALL = 0xFFFFFFFF
# columns of ``tallies``, by instance
GENERATED, EXPANDED, GOALS, GOAL_ROOT, N_TALLIES = 0, 1, 2, 3, 4
_LOW = (1 << SLACK_AT) - 1
_ROOT = ALL ^ ((1 << ROOT_AT) - 1)


def stepper(model: Model) -> Any:
    """Return the device function that makes a step.

    It takes ``(top, top2, top_meta, base, height, n, lane, instance, tallies, stop, generated, rows, entries)`` and
    returns the height of the stack and what this lane generated.
    """
    return one_by_one(model) if model.masks is None else masked(model, model.masks)


def goal_test(model: Model) -> Any:
    """Return the device function that says whether words and row are the goal's."""
    first_word, second_word, cell = np.uint64(model.goal[0]), np.uint64(model.goal[1]), model.goal_cell
    two = model.n_words == 2

    def is_goal(a, b, row):
        reached = a == first_word
        if two:
            reached = reached and b == second_word
        if cell >= 0:
            reached = reached and uint32(uint32(row & uint64(0xFFFFFFFF)) >> uint32(24)) & uint32(31) == uint32(cell)
        return reached

    return cuda.jit(device=True, inline=True)(is_goal)


@cuda.jit(device=True, inline=True)
def note_goal(tallies, stop, instance, root):
    """Count a goal and ask all warps to stop looking for this instance's."""
    cuda.atomic.add(tallies, (instance, GOALS), uint64(1))
    cuda.atomic.exch(tallies, (instance, GOAL_ROOT), uint64(root))
    cuda.atomic.exch(stop, instance, int32(1))


def device_within(model: Model) -> Any:
    """Return the device function that asks a model's other heuristics."""
    if model.within is None:
        return None
    return model.within(cuda.jit(device=True, inline=True))


def one_by_one(model: Model) -> Any:
    """Return the step that makes a child for each move in turn, of any model."""
    child, is_goal = model.child(cuda.jit(device=True, inline=True)), goal_test(model)
    within, has_more = device_within(model), model.within is not None
    two, n_moves, n_rows = model.n_words == 2, model.n_moves, len(model.rows)

    def step(top, top2, top_meta, base, height, n, lane, instance, tallies, stop, generated, rows, entries):
        below = uint32((uint32(1) << uint32(lane)) - uint32(1))
        active = lane < n
        a, b, m, row = uint64(0), uint64(0), uint32(0), uint64(0)
        if active:
            at = uint32(base + height - 1 - lane)
            a, m = top[at], top_meta[at]
            if two:
                b = top2[at]
            if n_rows > 1:
                row = rows[uint32(m & uint32(_LOW))]
            if is_goal(a, b, row):
                active = False
                note_goal(tallies, stop, instance, uint32(m >> uint32(ROOT_AT)))
        height = int32(height - n)
        slack = int32((m >> uint32(SLACK_AT)) & uint32(MAX_SLACK))
        cuda.syncwarp()  # all reads come before any write
        for move in range(n_moves):
            legal, ca, cb, low, rise = child(a, b, uint32(m & uint32(_LOW)), move, row, entries)
            legal = legal and active
            if legal:
                generated = uint32(generated + uint32(1))
            alive = legal and int32(rise) <= slack  # an inconsistent heuristic lets f fall
            if has_more and alive:
                alive = within(ca, cb, int32(slack - int32(rise)), entries)
            mask = uint32(cuda.ballot_sync(ALL, alive))
            if alive:
                to = uint32(base + height + int32(cuda.popc(uint32(mask & below))))
                top[to] = ca
                if two:
                    top2[to] = cb
                top_meta[to] = uint32(
                    (m & uint32(_ROOT)) | (uint32(int32(slack) - int32(rise)) << uint32(SLACK_AT)) | low
                )
            height = int32(height + int32(cuda.popc(mask)))
        cuda.syncwarp()
        return height, generated

    return cuda.jit(device=True, inline=True)(step)


def masked(model: Model, functions: Masks) -> Any:
    """Return the step that asks for the masks of all moves first: two ballots instead of one for each move.

    A lane's children are at most three, so two bits of each lane's count say where they go. Written out for four moves.
    """
    masks = functions.masks(cuda.jit(device=True, inline=True))
    born = functions.born(cuda.jit(device=True, inline=True))
    is_goal = goal_test(model)
    assert (model.n_words, model.n_moves, model.most_children) == (1, 4, 3)

    def step(top, top2, top_meta, base, height, n, lane, instance, tallies, stop, generated, rows, entries):
        below = uint32((uint32(1) << uint32(lane)) - uint32(1))
        s, m, row = uint64(0), uint32(0), uint64(0)
        if lane < n:
            at = uint32(uint32(base + height) - uint32(1) - uint32(lane))
            s, m = top[at], top_meta[at]
            row = rows[uint32(m & uint32(_LOW))]
        height = int32(height - n)
        cuda.syncwarp()  # all reads come before any write
        possible, within, shared = masks(s, uint64(0), m, row)
        if is_goal(s, uint64(0), row):
            possible, within = uint32(0), uint32(0)
            note_goal(tallies, stop, instance, uint32(m >> uint32(ROOT_AT)))
        generated = uint32(generated + uint32(cuda.popc(possible)))
        count = uint32(cuda.popc(within))
        ones = uint32(cuda.ballot_sync(ALL, uint32(count & uint32(1)) != 0))
        twos = uint32(cuda.ballot_sync(ALL, uint32(count & uint32(2)) != 0))
        to = uint32(base + height + int32(cuda.popc(uint32(ones & below))))
        to = uint32(to + uint32(2) * uint32(cuda.popc(uint32(twos & below))))
        if uint32(within & uint32(1)) != 0:
            top[to], _, top_meta[to] = born(s, uint64(0), m, row, shared, 0)
            to = uint32(to + uint32(1))
        if uint32(within & uint32(2)) != 0:
            top[to], _, top_meta[to] = born(s, uint64(0), m, row, shared, 1)
            to = uint32(to + uint32(1))
        if uint32(within & uint32(4)) != 0:
            top[to], _, top_meta[to] = born(s, uint64(0), m, row, shared, 2)
            to = uint32(to + uint32(1))
        if uint32(within & uint32(8)) != 0:
            top[to], _, top_meta[to] = born(s, uint64(0), m, row, shared, 3)
        height = int32(height + int32(cuda.popc(ones)) + int32(2) * int32(cuda.popc(twos)))
        cuda.syncwarp()
        return height, generated

    return cuda.jit(device=True, inline=True)(step)
