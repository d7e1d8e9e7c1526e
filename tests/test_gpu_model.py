"""What the GPU kernels search: children, roots, stacks and packets, against the domains and whole searches."""

import math
import random

import numba
import numpy as np
import pytest
from examples import others_wide
from hypothesis import given, settings
from hypothesis import strategies as st
from searches import idastar

from pdsearch.domains.pancake import Pancake
from pdsearch.domains.pancake.gap import Gap
from pdsearch.domains.pancake.gpu_model import pancakes
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.gpu_model import boards, solved_board
from pdsearch.gpu import persistent, roots
from pdsearch.gpu.packets import deal
from pdsearch.gpu.schemes import Work
from pdsearch.gpu_model import AUTOMATON, MAX_ROOTS, NO_ENTRIES, Root, model_of
from pdsearch.heuristics import make_heuristic
from pdsearch.pruning.cached import load
from pdsearch.pruning.words import words_of

# golden counts of whole last iterations: bound, generated, expanded, goals
KORF = {12: (45, 563365, 277724, 1), 42: (42, 867117, 435243, 1), 79: (42, 929645, 452368, 1)}
# the same with words of up to 8 moves forbidden; over all iterations a C++ program counts these totals: 512284,
# 744492, 839838
PRUNED = {12: (426439, 215081, 1, 512284), 42: (599748, 308627, 1, 744492), 79: (670002, 334610, 1, 839838)}
SHAPES = [(2, 3), (4, 4), (4, 5), (5, 5)]


@numba.njit
def lanes(
    child, within, is_goal, rows, entries, n_moves, growth, goal, cell, words, low, slack, capacity, reserve, per_step
):
    """Search like a warp, a loop over lanes a step; return generated, expanded, goals, steps, highest stack."""
    stack, stack_low = np.zeros((capacity, 2), np.uint64), np.zeros(capacity, np.uint32)
    stack_slack = np.zeros(capacity, np.int64)
    lane_words, lane_low = np.zeros((per_step, 2), np.uint64), np.zeros(per_step, np.uint32)
    lane_slack = np.zeros(per_step, np.int64)
    height, generated, expanded, goals, steps, highest, next_root = 0, 0, 0, 0, 0, 0, 0
    while True:
        if height == 0:
            n = min(32, len(low) - next_root)
            if n == 0:
                break
            for i in range(n):
                stack[i] = words[next_root + i]
                stack_low[i], stack_slack[i] = low[next_root + i], slack[next_root + i]
            height, next_root = n, next_root + n
        n = min(per_step, height, max(1, (capacity - reserve - height) // growth))
        for lane in range(n):
            at = height - 1 - lane
            lane_words[lane], lane_low[lane], lane_slack[lane] = stack[at], stack_low[at], stack_slack[at]
        height -= n
        expanded += n
        steps += 1
        for lane in range(n):
            if is_goal(goal, cell, rows, lane_words[lane, 0], lane_words[lane, 1], lane_low[lane]):
                goals += 1
                expanded -= 1
                continue
            row = roots.row_of(rows, lane_low[lane])
            for move in range(n_moves):
                here = lane_words[lane, 0], lane_words[lane, 1], lane_low[lane]
                legal, a, b, tag, rise = child(here[0], here[1], here[2], move, row, entries)
                if not legal:
                    continue
                generated += 1
                left = lane_slack[lane] - np.int64(rise)
                if left < 0 or not within(a, b, left, entries):
                    continue
                if height == capacity:
                    return generated, expanded, goals, steps, capacity + 1
                stack[height, 0], stack[height, 1] = a, b
                stack_low[height], stack_slack[height] = tag, left
                height += 1
        highest = max(highest, height)
    return generated, expanded, goals, steps, highest


def root_of(domain, bound, heuristic=None, length=2, model=None):
    model = model or model_of(domain, heuristic, length)
    return model, roots.start(model.root(domain), (bound - model.h(domain.initial)) // model.unit)


def search(model, start, wanted, bound):
    """Search as a warp does; return generated, expanded, goals, steps, and the places that its stack had left."""
    cut = roots.cut(model, start, wanted)
    last, reserve = cut.levels[-1], persistent.reserve_of(model, bound - len(cut.levels) + 1)
    capacity = persistent.layout(model, reserve).capacity
    child, within, goal = roots.host_child(model), roots.host_within(model), np.array(model.goal, np.uint64)
    counts = lanes(
        child, within, roots.is_goal, model.rows, model.entries, model.n_moves,
        persistent.growth_of(model), goal, model.goal_cell, last.words, last.low, last.slack, capacity, reserve, 32,
    )  # fmt: skip
    found = cut.generated + counts[0], cut.expanded + counts[1], cut.goals + counts[2]
    return found, counts[3], capacity - counts[4]


@pytest.mark.wide
@pytest.mark.parametrize("number", KORF)
def test_a_warp_of_lanes_counts_what_the_cpu_counts(number):
    bound, *counts = KORF[number]
    model, start = root_of(Tiles.korf(number), bound)

    found, n_steps, left = search(model, start, 500, bound)

    assert list(found) == counts
    assert left >= 0
    assert counts[0] / n_steps > 40  # of the 63 that full warps generate


@pytest.mark.wide
@pytest.mark.parametrize("number", KORF)
def test_both_models_of_the_fifteen_puzzle_count_alike_with_the_automaton(number):
    puzzle, bound = Tiles.korf(number), KORF[number][0]
    rotated, start = root_of(puzzle, bound, length=AUTOMATON)
    plain, plain_start = root_of(puzzle, bound, model=boards(4, 4, False, AUTOMATON))

    found, _, left = search(rotated, start, 500, bound)

    assert (rotated.masks is not None, plain.masks is None) == (True, True)
    assert found == search(plain, plain_start, 2000, bound)[0] == PRUNED[number][:3]
    assert left >= 0
    h, total = rotated.h(puzzle.initial), 0
    for lower in range(h, bound + 1, 2):
        total += roots.cut(rotated, roots.start(rotated.root(puzzle), (lower - h) // 2), 10**7).generated
    assert total == PRUNED[number][3]


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("domain", "heuristic"),
    [
        (Tiles.parse("random:3x4", seed=1), "manhattan"),
        (Tiles.parse("random:4x4", seed=2), "pdb"),
        (Pancake.parse("random:12", seed=3), "gap"),
        pytest.param(Tiles.parse("random:4x4", seed=1, goal="blank-last"), "pdb", marks=pytest.mark.wide),
        pytest.param(Tiles.parse("random:4x4", seed=2), "pdb-max", marks=pytest.mark.wide),
        pytest.param(Pancake.parse("random:16", seed=1), "gap", marks=pytest.mark.wide),
        pytest.param(Tiles.parse("random:4x4", seed=2, goal="blank-last"), "pdb-max", marks=pytest.mark.heavy),
    ],
    ids=lambda value: getattr(value, "instance", value),
)
def test_lanes_count_what_the_cpu_counts_with_every_heuristic(domain, heuristic):
    last = idastar(domain, heuristic, mode="all", general=True, prune="none")
    model, start = root_of(domain, last.cost, heuristic)

    found, _, left = search(model, start, 300, last.cost)

    assert found == (last.iterations[-1].generated, last.iterations[-1].expanded, last.solutions)
    assert left >= 0


@pytest.mark.wide
@pytest.mark.parametrize(
    ("domain", "heuristic", "length"),
    others_wide([(Pancake.parse("random:12", seed=3), "gap", 4), (Tiles.parse("random:4x4", seed=2), "pdb-max", 8)]),
)
def test_lanes_count_what_the_cpu_counts_with_the_same_automaton(domain, heuristic, length):
    last = idastar(domain, heuristic, mode="all", general=True, prune=f"fsm:{length}")

    found = search(*root_of(domain, last.cost, heuristic, length), 300, last.cost)[0]

    assert found == (last.iterations[-1].generated, last.iterations[-1].expanded, last.solutions)


@pytest.mark.few(2)
@pytest.mark.parametrize("wanted", [10**3, 2**16, MAX_ROOTS, 10**7])
@pytest.mark.parametrize("domain", [Tiles.korf(60), Pancake(range(15, -1, -1))], ids=["tiles", "pancakes"])
def test_a_cut_has_no_more_states_than_there_are_numbers_for_roots(domain, wanted):
    model, start = root_of(domain, 60 if domain.name == "tiles" else 16)

    cut = roots.cut(model, start, wanted)

    last, n = cut.levels[-1], len(cut.levels[-1])
    assert min(wanted, MAX_ROOTS // model.n_moves) <= n <= MAX_ROOTS
    assert len(Work(last.words, last.low, last.slack, np.arange(n) >> 6, np.zeros(n), 60).meta()) == n


@pytest.mark.few(4)
@pytest.mark.parametrize(("width", "height"), others_wide(SHAPES, 2))
@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@pytest.mark.parametrize("kind", ["manhattan", "pdb", "not rotated"])
def test_children_are_those_of_the_domain(width, height, goal, kind):
    puzzle, draw = Tiles(range(width * height), width, height, goal), random.Random(1)
    heuristic = make_heuristic(puzzle, "pdb" if kind == "pdb" else "manhattan")
    model = model_of(puzzle, heuristic.name, 2)
    if kind == "not rotated":
        model = boards(width, height, goal == "blank-last", 2)
    child, plain = roots.host_child(model), model.child(lambda function: function)
    board = Tiles(solved_board(width, height, goal == "blank-last").board, width, height, goal)
    here, last, rises = model.root(board), None, set()

    for step in range(150):
        state = board.initial
        arguments = np.uint64(here.first), np.uint64(here.second), np.uint32(here.low)
        found = [child(*arguments, move, model.rows[here.low], model.entries) for move in range(4)]
        legal = [move for move in range(4) if found[move][0]]
        assert legal == [move for move in board.operators(state) if last is None or move != 3 - last]
        for move in legal:
            after = Tiles(puzzle.unpack(puzzle.apply(state, move)[0]), width, height, goal)
            assert tuple(map(int, found[move][1:3])) == model.root(after)[:2]
            assert heuristic.value(state) + 2 * found[move][4] == heuristic.value(after.initial) + 1
            if model.packed is not None:
                words = np.array([found[move][1:3]], np.uint64)
                assert tuple(model.packed(words, np.array([found[move][3]]))[0].tolist()) == after.initial
            rises.add(int(found[move][4]))
            if step < 10:
                with np.errstate(all="ignore"):
                    again = plain(*arguments, move, model.rows[here.low], model.entries)
                assert tuple(map(int, again)) == tuple(map(int, found[move]))
        last = draw.choice(legal)
        board = Tiles(puzzle.unpack(puzzle.apply(state, last)[0]), width, height, goal)
        here = Root(*map(int, found[last][1:4]))

    assert rises >= {0, 1}


def test_sparse_tables_hold_the_entries_of_the_dense_ones():
    puzzle = Tiles.parse("random:3x4", seed=1)
    heuristic, model = make_heuristic(puzzle, "pdb"), model_of(puzzle, "pdb")

    assert model.entries.sum(dtype=np.int64) == sum(
        int(heuristic.tables.entries[start : start + math.perm(12, size)].sum(dtype=np.int64))
        for start, size in zip(heuristic.tables.start.tolist(), heuristic.tables.size.tolist(), strict=True)
    )


@given(stack=st.integers(3, 16).flatmap(lambda n: st.permutations(range(n))), last=st.integers(0, 16))
@settings(max_examples=60, deadline=None)
def test_flips_and_gaps_are_those_of_the_definition(stack, last):
    n = len(stack)
    child, gaps = pancakes(n).child(lambda function: function), Gap(Pancake(range(n)))
    word = sum(size << 4 * i for i, size in enumerate(stack))

    for move in range(n - 1):
        legal, a, _, low, rise = child(
            np.uint64(word), np.uint64(0), np.uint32(last), np.uint32(move), np.uint64(0), NO_ENTRIES
        )

        flipped = [*stack[: move + 2][::-1], *stack[move + 2 :]]
        assert bool(legal) == (low != last)
        assert int(a) == sum(size << 4 * i for i, size in enumerate(flipped))
        assert gaps.value((int(a),)) + 1 == gaps.value((word,)) + rise


@pytest.mark.wide
@pytest.mark.parametrize("length", [3, 4])
def test_pancakes_are_pruned_by_the_automaton_of_flips_as_a_plain_search_is(length):
    stack, bound = Pancake([4, 0, 6, 2, 5, 1, 3]), 8
    automaton, gaps = load(words_of(stack), length), Gap(stack)
    model, start = root_of(stack, bound, length=length, model=pancakes(7, length))

    def plain(state, at, left):
        if stack.is_goal(state):
            return np.array([0, 0, 1])
        counts = np.array([0, 1, 0])
        for move, after in enumerate(automaton.next[at]):
            if after >= 0:
                child = stack.apply(state, move + 2)[0]
                counts[0] += 1
                if gaps.value(child) < left:
                    counts += plain(child, after, left - 1)
        return counts

    expected = plain(stack.initial, automaton.root[0], bound)
    assert search(model, start, 30, bound)[0] == tuple(expected)
    assert search(*root_of(stack, bound, model=pancakes(7)), 30, bound)[0] > tuple(expected)


@pytest.mark.wide
def test_pancakes_are_solved_at_the_cost_of_breadth_first_search():
    model, n = pancakes(6, AUTOMATON), 6
    distance, layer = {tuple(range(n)): 0}, [tuple(range(n))]
    while layer:
        flips = [(s, (*s[:k][::-1], *s[k:])) for s in layer for k in range(2, n + 1)]
        layer = [t for s, t in flips if t not in distance and distance.setdefault(t, distance[s] + 1)]

    for stack in random.Random(1).sample(sorted(distance), 30):
        root, slack = model.root(Pancake(stack)), 0
        while not search(model, roots.start(root, slack), 20, 8)[0][2] and distance[stack]:
            slack += 1
        assert model.h((root.first,)) + slack == distance[stack]


@pytest.mark.wide
@given(spare=st.integers(0, 60), depth=st.integers(1, 90), seed=st.integers(0, 2**32), n_moves=st.sampled_from([4, 15]))
@settings(max_examples=100, deadline=None)
def test_no_tree_overflows_a_stack_with_the_reserve_of_its_depth(spare, depth, seed, n_moves):
    model = boards(4, 4, False, 2) if n_moves == 4 else pancakes(16)
    growth, reserve = persistent.growth_of(model), persistent.reserve_of(model, depth)
    capacity, draw = reserve + 32 + spare, random.Random(seed)
    rule = persistent._popper(model, persistent.Layout(1, capacity, 0))
    n_to_pop = getattr(rule, "py_func", rule)
    stack = [depth] * draw.randint(1, 32)
    for _ in range(3000):
        if not stack:
            break
        n = int(n_to_pop(capacity - reserve, len(stack)))
        assert n == min(32, len(stack), max(1, (capacity - reserve - len(stack)) // growth))
        popped = [stack.pop() for _ in range(n)]
        fullest = draw.random() < 0.9  # mostly the worst case: every move leads on
        for left in popped:
            stack += [left - 1] * ((growth + 1 if fullest else draw.randint(0, growth + 1)) if left else 0)
        assert len(stack) <= capacity


@pytest.mark.parametrize(
    "model", [model_of(Tiles.korf(1)), boards(3, 3, False, 2), boards(5, 5, False, 8), pancakes(16)]
)
@pytest.mark.parametrize("depth", [20, 60, 115, 208])
def test_layouts_fit_the_static_shared_memory_of_every_device(model, depth):
    reserve = persistent.reserve_of(model, min(depth, model.max_depth))
    sizes = persistent.layout(model, reserve)

    assert persistent.shared_bytes(model, sizes) <= 48 * 1024
    assert sizes.capacity >= reserve + 96


@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=4), n_warps=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_packets_hold_every_state_once_and_one_instance_each(sizes, n_warps):
    n = sum(sizes)
    owner = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    words = np.zeros((n, 2), np.uint64)
    words[:, 0] = np.arange(n)
    work = Work(words, np.zeros(n, np.uint32), np.zeros(n, np.int64), np.zeros(n, np.int64), owner, 9)

    packets = deal(work, n_warps)

    held = [packets.first[32 * i : 32 * i + packets.size[i]] for i in range(packets.n)]
    assert sorted(np.concatenate(held).tolist()) == list(range(n))
    for i, states in enumerate(held):
        assert set(owner[states.astype(np.int64)]) == {packets.owner[i]}
