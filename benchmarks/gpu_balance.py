"""How evenly the persistent kernel's warps share a search, by a model: each warp makes one step a round.

    python benchmarks/gpu_balance.py [korf:4 korf:10 ...] [--length 2] [--look 64 8] [--roots 262144] [--warps 4224]

Trees, packets, pop rule, looks and gifts are the kernel's own or written after it; what takes time on a device
besides steps (memory, clocks, polls) is left out. Prints a row for the last iteration of each instance: rounds, lanes
used of 32 in a step, max/mean of the warps' steps, and *lanes used over makespan*: expanded / (32 * warps * rounds).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numba
import numpy as np

from pdsearch.domains.tiles import Tiles
from pdsearch.gpu import persistent, roots
from pdsearch.gpu.packets import deal
from pdsearch.gpu.schemes import OURS, Work
from pdsearch.gpu_model import model_of
from pdsearch.search.depth_first.idastar_gpu import WANTED


def main() -> int:
    """Model each instance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instances", nargs="*", default=["korf:4", "korf:10"])
    parser.add_argument("--length", type=int, default=2, help="of forbidden words of moves (2: counts of plain IDA*)")
    parser.add_argument("--look", type=int, nargs=2, default=[persistent.LOOK, persistent.LOOK_OFTEN], metavar="STEPS")
    parser.add_argument("--many", type=int, default=persistent.MANY)
    parser.add_argument("--worth", type=int, default=persistent.WORTH, help="states a lane a stack must have to give")
    parser.add_argument("--roots", type=int, default=WANTED[OURS])
    parser.add_argument("--warps", type=int, default=132 * 32)
    parser.add_argument("--capacity", type=int, help="of a stack (default: the kernel's)")
    arguments = parser.parse_args()
    for name in arguments.instances:
        print(json.dumps(model(Tiles.parse(name), arguments)), flush=True)
    return 0


def model(puzzle: Tiles, arguments: Any) -> dict[str, Any]:
    """Return the row of an instance."""
    searched = model_of(puzzle, None, arguments.length)
    bound = known_length(puzzle)
    start = roots.start(searched.root(puzzle), (bound - searched.h(puzzle.initial)) // searched.unit)
    cut = roots.cut(searched, start, arguments.roots)
    last, depth = cut.levels[-1], bound - len(cut.levels) + 1
    group = np.zeros(len(last), np.int64)
    work = Work(last.words, last.low, last.slack, group, np.zeros(len(last), np.int32), depth)
    packets, reserve = deal(work, arguments.warps), persistent.reserve_of(searched, depth)
    capacity = (
        arguments.capacity or persistent.layout(searched, max(reserve, persistent.reserve_of(searched, 80))).capacity
    )
    began = time.perf_counter()
    counts, loads, by_round, working = _rounds(
        roots.host_child(searched), searched.rows, searched.entries, np.array(searched.goal, np.uint64),
        searched.goal_cell, packets.first.reshape(-1, 32), packets.meta.reshape(-1, 32), packets.size, packets.n,
        arguments.warps, capacity, reserve, *arguments.look, arguments.many, 32 * arguments.worth,
    )  # fmt: skip
    generated, expanded, goals, rounds, highest = counts.tolist()
    return {
        "instance": puzzle.instance,
        "length": arguments.length,
        "look": arguments.look,
        "capacity": capacity,
        "reserve": reserve,
        "highest": highest,
        "generated": generated + cut.generated,
        "goals": goals + cut.goals,
        "rounds": rounds,
        "lanes": round(expanded / int(loads.sum()), 2),
        "LB": round(float(loads.max() / loads.mean()), 3),
        "lanes_over_makespan": round(expanded / (32 * arguments.warps * rounds), 3),
        "by_tenth": [
            round(float(part.mean() / 32 / arguments.warps), 2) for part in np.array_split(by_round[:rounds], 10)
        ],
        "busy": [round(float(part.mean() / arguments.warps), 2) for part in np.array_split(working[:rounds], 10)],
        "seconds": round(time.perf_counter() - began, 1),
    }


def known_length(puzzle: Tiles) -> int:
    """Return the optimal length of one of Korf's instances."""
    from pdsearch.domains.tiles.instances import korf

    length = korf(int(puzzle.instance.split(":")[1])).optimal_length
    assert length is not None
    return length


@numba.njit
def _rounds(
    child,
    rows,
    entries,
    goal,
    goal_cell,
    first,
    meta,
    size,
    n_packets,
    n_warps,
    capacity,
    reserve,
    look,
    often,
    many,
    worth,
):
    """Let all warps make a step a round until no work is left; the first packets are there at the start."""
    words, metas = np.zeros((n_warps, capacity), np.uint64), np.zeros((n_warps, capacity), np.uint32)
    n_slots = 2 * n_warps + 2
    ring, ring_meta = np.zeros((n_slots, 32), np.uint64), np.zeros((n_slots, 32), np.uint32)
    ring_size = np.zeros(n_slots, np.int64)
    height, steps, looks = np.zeros(n_warps, np.int64), np.zeros(n_warps, np.int64), np.full(n_warps, look, np.int64)
    ticket = np.full(n_warps, -1, np.int64)
    head, tail = 0, n_packets
    generated, expanded, goals, rounds, highest = 0, 0, 0, 0, 0
    lane_words, lane_metas = np.zeros(32, np.uint64), np.zeros(32, np.uint32)
    by_round, working = np.zeros(1 << 20, np.int64), np.zeros(1 << 20, np.int64)
    busy = 1
    while busy > 0:
        busy, before = 0, expanded
        rounds += 1
        for w in range(n_warps):
            if height[w] == 0:
                if ticket[w] < 0:
                    ticket[w] = head
                    head += 1
                t = ticket[w]
                if t >= tail:
                    continue
                if t < n_packets:
                    height[w] = size[t]
                    words[w, : size[t]], metas[w, : size[t]] = first[t, : size[t]], meta[t, : size[t]]
                else:
                    slot = t % n_slots
                    height[w] = ring_size[slot]
                    words[w, : height[w]] = ring[slot, : height[w]]
                    metas[w, : height[w]] = ring_meta[slot, : height[w]]
                ticket[w] = -1
            busy += 1
            h = height[w]
            n = min(32, h, max(1, (capacity - reserve - h) >> 1))
            for lane in range(n):
                lane_words[lane], lane_metas[lane] = words[w, h - 1 - lane], metas[w, h - 1 - lane]
            h -= n
            expanded += n
            for lane in range(n):
                low, slack = lane_metas[lane] & np.uint32(2047), np.int64(lane_metas[lane] >> np.uint32(11)) & 127
                if roots.is_goal(goal, goal_cell, rows, lane_words[lane], np.uint64(0), low):
                    goals += 1
                    continue
                row = rows[low]
                for move in range(4):
                    legal, a, _, tag, rise = child(lane_words[lane], np.uint64(0), low, move, row, entries)
                    if legal:
                        generated += 1
                        if np.int64(rise) <= slack:
                            words[w, h] = a
                            metas[w, h] = np.uint32(tag) | np.uint32(slack - np.int64(rise)) << np.uint32(11)
                            h += 1
            steps[w] += 1
            highest = max(highest, h)
            if steps[w] & (looks[w] - 1) == 0:
                hungry = head - tail
                looks[w] = often if hungry * many > n_warps else look
                if hungry > 0 and h > worth:
                    n = min(32, h >> 1)
                    slot = tail % n_slots
                    tail += 1
                    ring[slot, :n], ring_meta[slot, :n], ring_size[slot] = words[w, :n], metas[w, :n], n
                    for i in range(n, h):
                        words[w, i - n], metas[w, i - n] = words[w, i], metas[w, i]
                    h -= n
            height[w] = h
        by_round[rounds - 1], working[rounds - 1] = expanded - before, busy
    return np.array([generated, expanded, goals, rounds - 1, highest]), steps, by_round, working


if __name__ == "__main__":
    sys.exit(main())
