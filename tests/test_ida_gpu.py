"""What can be known of the GPU search without a GPU: its steps, its stacks, its queue, its code."""

import dataclasses
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jobs
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searches import idastar, idastar_gpu

from pdsearch.cli import BAD_INPUT, main
from pdsearch.domains import DOMAINS
from pdsearch.domains.pancake import Pancake
from pdsearch.domains.pancake.gap import Gap
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.partitions import partition
from pdsearch.domains.tiles.pdb import _tables
from pdsearch.errors import BadInputError, MissingDependencyError
from pdsearch.gpu import models, persistent, roots, static
from pdsearch.gpu.devices import Device, choose
from pdsearch.gpu.models import solved_board
from pdsearch.gpu.patterns import pattern_child
from pdsearch.gpu.schemes import Counts, Scheme, Work, _packets, make
from pdsearch.gpu.shim import cuda
from pdsearch.heuristics import make_heuristic
from pdsearch.result import Status
from pdsearch.search.depth_first.idastar_gpu import model_of

# golden counts of whole last iterations: bound, generated, expanded, goals
TOYS = {
    "1 2 10 3 4 5 14 7 8 9 6 11 12 13 15 0": (16, 405, 192, 2),
    "4 7 0 3 8 2 5 1 9 10 6 11 12 13 14 15": (20, 1600, 761, 2),
}
KORF = {12: (45, 563365, 277724, 1), 42: (42, 867117, 435243, 1), 79: (42, 929645, 452368, 1)}
SHAPES = [(2, 3), (4, 4), (4, 5), (5, 5)]


@numba.njit
def lanes(child, entries, n_moves, growth, goal, words, low, slack, capacity, reserve, per_step, most_steps):
    """Search like a warp, a loop over lanes a step; return generated, expanded, goals, steps, highest stack."""
    stack, stack_low = np.zeros((capacity, 2), np.uint64), np.zeros(capacity, np.uint32)
    stack_slack = np.zeros(capacity, np.int64)
    lane_words, lane_low = np.zeros((per_step, 2), np.uint64), np.zeros(per_step, np.uint32)
    lane_slack = np.zeros(per_step, np.int64)
    height, generated, expanded, goals, steps, highest, next_root = 0, 0, 0, 0, 0, 0, 0
    while steps < most_steps:
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
        for move in range(n_moves):
            for lane in range(n):
                legal, a, b, tag, rise = child(lane_words[lane, 0], lane_words[lane, 1], lane_low[lane], move, entries)
                if not legal:
                    continue
                generated += 1
                if np.int64(rise) > lane_slack[lane]:
                    continue
                if a == goal[0] and b == goal[1]:
                    goals += 1
                    continue
                if height == capacity:
                    return generated, expanded, goals, steps, capacity + 1
                stack[height, 0], stack[height, 1] = a, b
                stack_low[height], stack_slack[height] = tag, lane_slack[lane] - np.int64(rise)
                height += 1
        highest = max(highest, height)
    return generated, expanded, goals, steps, highest


def root_of(domain, bound, heuristic=None):
    model = model_of(domain, heuristic)
    slack = (bound - model.h(domain.initial)) // model.unit
    return model, roots.start((*domain.initial, 0)[:2], model.low(domain), slack)


def search(model, start, wanted, sizes):
    cut = roots.cut(model, start, wanted)
    last = cut.levels[-1]
    child, goal = roots.host_child(model), np.array(model.goal, np.uint64)
    counts = lanes(
        child, model.entries, model.n_moves, persistent.growth_of(model), goal, last.words, last.low, last.slack,
        sizes.capacity, sizes.reserve, 32, 2**62,
    )  # fmt: skip
    return cut.generated + counts[0], cut.expanded + counts[1], cut.goals + counts[2], counts[3], counts[4]


@pytest.mark.parametrize("number", KORF)
def test_a_warp_of_lanes_counts_what_the_cpu_counts(number):
    bound, *counts = KORF[number]
    model, start = root_of(Tiles.korf(number), bound)

    *found, steps, highest = search(model, start, 500, persistent.layout(model))

    assert found == counts
    assert highest <= persistent.layout(model).capacity
    assert counts[0] / steps > 40  # of the 63 that full warps generate


@pytest.mark.parametrize(
    ("domain", "heuristic"),
    [
        (Tiles.parse("random:4x4", seed=2), "pdb"),
        (Tiles.parse("random:4x4", seed=1, goal="blank-last"), "pdb"),
        (Pancake.parse("random:12", seed=3), "gap"),
        (Pancake.parse("random:16", seed=1), "gap"),
    ],
    ids=lambda value: getattr(value, "instance", value),
)
def test_lanes_count_what_the_cpu_counts_with_every_heuristic(domain, heuristic):
    last = idastar(domain, heuristic, mode="all", general=True)
    model, start = root_of(domain, last.cost, heuristic)

    generated, expanded, goals, _, highest = search(model, start, 300, persistent.layout(model))

    assert (generated, expanded) == (last.iterations[-1].nodes, last.iterations[-1].expanded)
    assert goals == last.solutions
    assert highest <= persistent.layout(model).capacity


@pytest.mark.parametrize("wanted", [10**3, 2**16, models.MAX_ROOTS, 10**7])
@pytest.mark.parametrize("domain", [Tiles.korf(60), Pancake(range(15, -1, -1))], ids=["tiles", "pancakes"])
def test_a_cut_has_no_more_states_than_there_are_numbers_for_roots(domain, wanted):
    model, start = root_of(domain, 60 if domain.name == "tiles" else 16)

    cut = roots.cut(model, start, wanted)

    last, n = cut.levels[-1], len(cut.levels[-1])
    assert min(wanted, models.MAX_ROOTS // model.n_moves) <= n <= models.MAX_ROOTS
    assert len(Work(last.words, last.low, last.slack, np.arange(n), np.zeros(n)).meta()) == n


@pytest.mark.parametrize(("width", "height"), SHAPES)
@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_children_are_those_of_the_domain(width, height, goal, data):
    puzzle = Tiles(range(width * height), width, height, goal)
    heuristic = make_heuristic(puzzle, None)
    model = model_of(puzzle, None)
    child = roots.host_child(model)
    moves = data.draw(st.lists(st.integers(0, 3), max_size=40))
    state, last = puzzle.pack(puzzle.goal_board()), models.NO_LAST
    for move in moves:
        if move in puzzle.operators(state) and move != 3 - last:
            state, last = puzzle.apply(state, move)[0], move
    words, blank = (*state, 0)[:2], puzzle.unpack(state).index(0)

    for move in range(4):
        low = np.uint32(blank | last << 5)
        legal, a, b, low, rise = child(np.uint64(words[0]), np.uint64(words[1]), low, move, model.entries)

        assert bool(legal) == (move in puzzle.operators(state) and move != 3 - last)
        if legal:
            after = puzzle.apply(state, move)[0]
            assert (int(a), int(b))[: len(state)] == after
            assert (low & 31, low >> 5) == (puzzle.unpack(after).index(0), move)
            assert heuristic.value(state) + 2 * rise == heuristic.value(after) + 1


@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@pytest.mark.parametrize(("width", "height"), [(3, 3), (4, 4), (3, 6)])
def test_children_rise_as_the_pattern_databases_say(width, height, goal):
    puzzle = Tiles(range(width * height), width, height, goal)
    heuristic, model = make_heuristic(puzzle, "pdb"), model_of(puzzle, "pdb")
    child, plain = roots.host_child(model), model.child(lambda function: function)
    state, last, draw = puzzle.pack(puzzle.goal_board()), models.NO_LAST, random.Random(1)

    rises = set()
    for step in range(300):
        words, blank = (*state, 0)[:2], puzzle.unpack(state).index(0)
        here = np.uint64(words[0]), np.uint64(words[1]), np.uint32(blank | last << 5)
        found = [child(*here, move, model.entries) for move in range(4)]
        legal = [move for move in range(4) if found[move][0]]
        for move in legal:
            after = puzzle.apply(state, move)[0]
            assert (int(found[move][1]), int(found[move][2]))[: len(state)] == after
            assert heuristic.value(state) + 2 * found[move][4] == heuristic.value(after) + 1
            if step < 10:
                assert tuple(map(int, plain(*here, move, model.entries))) == tuple(map(int, found[move]))
            rises.add(int(found[move][4]))
        last = draw.choice(legal)
        state = puzzle.apply(state, last)[0]

    assert rises >= {0, 1}


@given(stack=st.integers(3, 16).flatmap(lambda n: st.permutations(range(n))), last=st.integers(0, 16))
@settings(max_examples=60, deadline=None)
def test_flips_and_gaps_are_those_of_the_definition(stack, last):
    n = len(stack)
    child, gaps = models.pancakes(n).child(lambda function: function), Gap(Pancake(range(n)))
    word = sum(size << 4 * i for i, size in enumerate(stack))

    for move in range(n - 1):
        legal, a, _, low, rise = child(
            np.uint64(word), np.uint64(0), np.uint32(last), np.uint32(move), models.NO_ENTRIES
        )

        flipped = [*stack[: move + 2][::-1], *stack[move + 2 :]]
        assert bool(legal) == (low != last)
        assert int(a) == sum(size << 4 * i for i, size in enumerate(flipped))
        assert gaps.value((int(a),)) + 1 == gaps.value((word,)) + rise


def test_pancakes_are_solved_at_the_cost_of_breadth_first_search():
    model, n = models.pancakes(6), 6
    distance, layer = {tuple(range(n)): 0}, [tuple(range(n))]
    while layer:
        flips = [(s, (*s[:k][::-1], *s[k:])) for s in layer for k in range(2, n + 1)]
        layer = [t for s, t in flips if t not in distance and distance.setdefault(t, distance[s] + 1)]

    for stack in random.Random(1).sample(sorted(distance), 30):
        word, slack = sum(size << 4 * i for i, size in enumerate(stack)), 0
        while not search(model, roots.start((word, 0), 0, slack), 20, persistent.layout(model))[2] and distance[stack]:
            slack += 1
        assert model.h((word,)) + slack == distance[stack]


@given(spare=st.integers(0, 60), depth=st.integers(1, 90), seed=st.integers(0, 2**32), n_moves=st.sampled_from([4, 15]))
@settings(max_examples=100, deadline=None)
def test_no_tree_overflows_a_stack_with_the_reserve_of_its_depth(spare, depth, seed, n_moves):
    growth = n_moves - 1 if n_moves > 4 else 2
    reserve = growth * depth + 3
    capacity, draw = reserve + 32 + spare, random.Random(seed)
    stack = [depth] * draw.randint(1, 32)
    for _ in range(3000):
        if not stack:
            break
        n = min(32, len(stack), max(1, (capacity - reserve - len(stack)) // growth))
        popped = [stack.pop() for _ in range(n)]
        fullest = draw.random() < 0.9  # mostly the worst case: every move leads on
        for left in popped:
            stack += [left - 1] * ((growth if fullest else draw.randint(0, growth)) if left else 0)
        assert len(stack) <= capacity


@pytest.mark.parametrize("model", [models.tiles(4, 4), models.tiles(3, 3), models.tiles(5, 5), models.pancakes(16)])
def test_layouts_fit_the_static_shared_memory_of_every_device(model):
    sizes = persistent.layout(model)

    assert persistent.shared_bytes(model, sizes) <= 48 * 1024
    assert sizes.capacity >= sizes.reserve + 64
    assert sizes.reserve >= persistent.growth_of(model) * model.max_depth + 3


WIDE = "3x6: 3 1 2 4 7 5 6 10 8 9 13 11 12 0 14 15 16 17"  # two words a board


class Warps:
    """The queue of :mod:`pdsearch.gpu.persistent` at work under a schedule drawn from a seed.

    A warp is a generator that yields before each access to shared memory, so that
    any interleaving can happen. Work is a number: a state of work w has w - 1 below it, in two parts.
    """

    def __init__(self, n_warps, packets, seed, look):
        self.draw, self.look, self.n_warps = random.Random(seed), look, n_warps
        self.n_slots = len(packets) + 2 * n_warps + 2
        self.head, self.tail, self.pending = 0, len(packets), len(packets)
        self.sequence = [t + (t < len(packets)) for t in range(self.n_slots)]
        self.slots: list[Any] = [list(packet) for packet in packets] + [[]] * (self.n_slots - len(packets))
        self.done = [0] * n_warps

    def run(self):
        alive = [self.warp(i) for i in range(self.n_warps)]
        for _ in range(10**6):
            if not alive:
                return
            warp = self.draw.choice(alive)
            if next(warp, "left") == "left":
                alive.remove(warp)
        raise AssertionError("warps hang")

    def warp(self, me):
        steps, busy = 0, False
        stack: list[int] = []
        while True:
            if not stack:
                if busy:
                    yield
                    self.pending -= 1
                yield
                ticket, self.head = self.head, self.head + 1
                slot = ticket % self.n_slots
                while True:
                    yield
                    if self.sequence[slot] == ticket + 1:
                        break
                    yield
                    if self.pending == 0:
                        return
                stack, busy = list(self.slots[slot]), True
                self.slots[slot] = None  # what a late reader would see
                yield
                self.sequence[slot] = ticket + self.n_slots
            work = stack.pop() - 1
            self.done[me] += 1
            stack += [part for part in (work // 3, work - work // 3) if part]
            steps += 1
            if steps % self.look == 0:
                yield
                hungry = self.head - self.tail
                if hungry > 0 and len(stack) > 1:
                    yield from self.give(stack)

    def give(self, stack):
        n = min(32, len(stack) // 2)
        yield
        self.pending += 1
        yield
        drawn, self.tail = self.tail, self.tail + 1
        slot = drawn % self.n_slots
        while self.sequence[slot] != drawn:
            yield
        self.slots[slot] = stack[:n]
        yield
        self.sequence[slot] = drawn + 1
        del stack[:n]


@given(
    n_warps=st.integers(1, 12),
    packets=st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=8), min_size=1, max_size=6),
    seed=st.integers(0, 2**32),
    look=st.integers(1, 5),
)
@settings(max_examples=150, deadline=None)
def test_warps_finish_all_work_once_and_leave_under_any_schedule(n_warps, packets, seed, look):
    warps = Warps(n_warps, packets, seed, look)

    warps.run()

    assert sum(warps.done) == sum(map(sum, packets))
    assert warps.pending == 0


def test_donated_work_reaches_warps_that_had_none():
    warps = Warps(8, [[4000]], seed=3, look=4)

    warps.run()

    assert min(warps.done) > 0
    assert max(warps.done) < 3 * sum(warps.done) / 8


@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=4), n_warps=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_packets_hold_every_state_once_and_one_instance_each(sizes, n_warps):
    n = sum(sizes)
    owner = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    words = np.zeros((n, 2), np.uint64)
    words[:, 0] = np.arange(n)
    work = Work(words, np.zeros(n, np.uint32), np.zeros(n, np.int64), np.zeros(n, np.int64), owner)

    packets = _packets(work, n_warps)

    held = [packets.first[32 * i : 32 * i + packets.size[i]] for i in range(packets.n)]
    assert sorted(np.concatenate(held).tolist()) == list(range(n))
    for i, states in enumerate(held):
        assert set(owner[states.astype(np.int64)]) == {packets.owner[i]}


@pytest.mark.parametrize(("scheme", "warps", "wanted"), [("thread", 1, 6), ("block", 1, 6), ("persistent", 3, 1)])
def test_kernels_count_what_the_cpu_counts_in_the_simulator(scheme, warps, wanted):
    board = next(iter(TOYS))

    result = simulate(scheme, warps, 2, 8, wanted, "0", board)["results"][0]

    last = result["iterations"][-1]
    assert (last["bound"], last["nodes"], last["expanded"], result["solutions"]) == TOYS[board]
    assert (result["status"], len(result["plan"])) == ("solved", TOYS[board][0])
    assert result["balance"]["load_balance"] == result["LB"]


@pytest.mark.parametrize(
    ("scheme", "kind", "text"),
    [
        ("persistent", ("pancake", "gap"), "3 0 2 5 1 4"),
        ("persistent", ("tiles", "pdb"), "3 1 2 6 4 5 7 8 0"),
        pytest.param("block", ("pancake", "gap"), "3 0 2 5 1 4", marks=pytest.mark.heavy),
        pytest.param("thread", ("pancake", "gap"), "3 0 2 5 1 4", marks=pytest.mark.heavy),
        pytest.param("block", ("tiles", "pdb"), "3 1 2 6 4 5 7 8 0", marks=pytest.mark.heavy),
        pytest.param("thread", ("tiles", "pdb"), "3 1 2 6 4 5 7 8 0", marks=pytest.mark.heavy),
        pytest.param("persistent", ("tiles", "pdb"), WIDE, marks=pytest.mark.heavy),
    ],
)
def test_kernels_are_not_welded_to_a_domain_or_heuristic(scheme, kind, text):
    domain = DOMAINS[kind[0]].parse(text)
    expected = idastar(domain, kind[1], mode="all", general=True)

    answer = simulate(scheme, 2, 2, 8, 6, "0", text, kind)

    result, last = answer["results"][0], expected.iterations[-1]
    assert (result["status"], result["cost"], result["heuristic"]) == ("solved", expected.cost, kind[1])
    assert (result["iterations"][-1]["nodes"], result["iterations"][-1]["expanded"]) == (last.nodes, last.expanded)
    assert (result["solutions"], len(result["plan"]), result["seed"]) == (expected.solutions, expected.cost, 3)
    bounds, generated, done = zip(*answer["told"], strict=True)
    assert sorted(bounds) == list(bounds)
    assert sorted(generated) == list(generated)
    assert done[-1] == 1


@pytest.mark.heavy
@pytest.mark.parametrize("first_only", ["0", "1"])
def test_a_batch_gives_each_instance_its_own_counts_in_the_simulator(first_only):
    answer = simulate("persistent", 2, 2, 6, 6, first_only, ";".join(TOYS))

    assert answer["launches"] > 8  # iterations were paused and continued
    for result, golden in zip(answer["results"], TOYS.values(), strict=True):
        assert result["cost"] == golden[0]
        if first_only == "0":
            last = result["iterations"][-1]
            assert (last["bound"], last["nodes"], last["expanded"], result["solutions"]) == golden


@pytest.mark.heavy
@pytest.mark.mpi
def test_ranks_with_a_gpu_each_count_together_in_the_simulator(python_on):
    board = next(iter(TOYS))

    result = simulate("persistent", 1, 2, 8, 8, "0", board, launcher=python_on(2)[:-1])["results"][0]

    last = result["iterations"][-1]
    assert (last["bound"], last["nodes"], last["expanded"], result["solutions"]) == TOYS[board]


def simulate(scheme, warps, look, slice_, wanted, first_only, texts, kind=("tiles", "manhattan"), launcher=()):
    # Python's integers do not wrap, numpy's warn when they do
    command = [*launcher, sys.executable, "-W", "ignore", str(Path(__file__).with_name("simulated_run.py"))]
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    options = [scheme, *map(str, (warps, look, slice_, wanted)), first_only, *kind, texts]
    run = subprocess.run([*command, *options], capture_output=True, text=True, timeout=300, env=environment)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def ptx(kernel, signature, capability):
    try:
        return cuda.compile_ptx(kernel, signature, cc=capability)[0]
    except Exception as error:  # which one depends on what is missing
        if cuda.is_available():
            raise
        pytest.skip(f"no CUDA compiler: {str(error).splitlines()[0]}; run: pip install 'pdsearch[gpu]'")


def registers_and_spills(text, capability, folder):
    assembler = shutil.which("ptxas")
    if assembler is None:
        pytest.skip("ptxas is not on PATH; it comes with the CUDA toolkit")
    source = folder / "kernel.ptx"
    # a toolkit reads its own and older PTX; the kernels use nothing younger than 7.0
    source.write_text(re.sub(r"(?m)^\.version .*", ".version 7.8", text))
    arch = f"-arch=sm_{capability[0]}{capability[1]}"
    run = subprocess.run(
        [assembler, "-v", arch, str(source), "-o", str(folder / "kernel.cubin")], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    (registers,) = re.findall(r"Used (\d+) registers", run.stderr)
    (spills,) = re.findall(r"(\d+) bytes spill stores", run.stderr)
    return int(registers), int(spills)


@pytest.mark.parametrize(
    ("capability", "most"), [((9, 0), 40), pytest.param((8, 0), 40, marks=pytest.mark.heavy), ((7, 5), 56)]
)
def test_the_default_kernel_keeps_its_registers(capability, most, tmp_path):
    model = models.tiles(4, 4)
    text = ptx(persistent.build(model, persistent.layout(model)), persistent.signature(1), capability)

    registers, spills = registers_and_spills(text, capability, tmp_path)

    assert spills == 0
    assert registers <= most


def without_entries(width, height, name):
    """Return the model of a board with pattern databases that nobody has built: their code, not their entries."""
    puzzle = solved_board(width, height, False)
    tables = _tables(puzzle, partition(width, height, name), models.NO_ENTRIES)
    model = models.tiles(width, height)
    return dataclasses.replace(model, name=f"{model.name}, {name}", child=pattern_child(puzzle, tables))


COMPILED = [
    models.tiles(3, 3),
    models.tiles(5, 5),
    models.pancakes(16),
    without_entries(4, 4, "pdb-7-8"),
    without_entries(5, 5, "pdb-6-6-6-6"),
]


def test_the_kernel_with_pattern_databases_compiles_and_reads_global_memory():
    model = without_entries(5, 5, "pdb-6-6-6-6")

    text = ptx(persistent.build(model, persistent.layout(model)), persistent.signature(2), (9, 0))

    assert re.search(r"ld\.global(\.nc)?\.u8", text)


@pytest.mark.heavy
@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (9, 0)])
@pytest.mark.parametrize("model", COMPILED, ids=lambda m: m.name)
def test_every_kernel_compiles_without_spills(model, capability, tmp_path):
    sizes = persistent.layout(model, 1)
    kernels = [
        (persistent.build(model, persistent.layout(model)), persistent.signature(model.n_words)),
        (static.build_block(model, sizes.capacity, sizes.reserve), static.signature()),
        (static.build_thread(model), static.signature()),
    ]
    for kernel, signature in kernels:
        assert registers_and_spills(ptx(kernel, signature, capability), capability, tmp_path)[1] == 0


def test_without_a_gpu_auto_says_so_and_gpu_is_refused(capsys):
    if cuda.is_available():
        pytest.skip("there is a GPU")

    choice = choose("auto")

    assert choice.device is None
    assert (choice.word or "").startswith("no GPU: no CUDA device was found")
    with pytest.raises(MissingDependencyError, match="use --device cpu"):
        choose("gpu:1")
    assert main(["ida", "tiles", "korf:79", "--device", "gpu"]) == BAD_INPUT
    assert "no CUDA device was found" in capsys.readouterr().err


def test_without_cuda_for_python_auto_says_so_and_gpu_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "pdsearch.gpu.shim", None)  # as if it could not be imported

    assert (choose("auto").word or "").startswith("no GPU: numba has no CUDA here; run: pip install 'pdsearch[gpu]'")
    with pytest.raises(MissingDependencyError, match="numba has no CUDA here"):
        choose("gpu")


@pytest.mark.parametrize("text", ["gpu:", "gpu:x", "cpu:1", "tpu", "auto:0"])
def test_a_wrong_device_is_named(text):
    with pytest.raises(BadInputError, match=f"device '{text}' is unknown; give auto, cpu, gpu or gpu:N"):
        choose(text)


class Idle(Scheme):
    """Says that root 0 has so many goals below it, and that all was searched or not."""

    def __init__(self, model, goals, finished):
        super().__init__(model, Device(0, "none", (9, 0), 1, 2**20))
        self.goals, self.finished = goals, finished

    def search(self, work, n_instances, first_only, go_on):
        go_on(0, 0)
        tallies = np.zeros((n_instances, persistent.N_TALLIES), np.uint64)
        tallies[:, persistent.GOALS] = self.goals
        return Counts(tallies, np.ones(1, np.uint64), self.finished)


@pytest.mark.parametrize(("mode", "status"), [("all", Status.INTERRUPTED), ("first", Status.SOLVED)])
def test_a_batch_for_all_plans_that_is_stopped_after_the_first_says_so(mode, status):
    puzzle, asked = Tiles([1, 0, 2, 3, 4, 5, 6, 7, 8]), []
    kernel = Idle(models.tiles(3, 3), goals=1, finished=False)

    def interrupted():
        asked.append(1)
        return len(asked) > 1

    (result,) = idastar_gpu([puzzle], kernel.device, mode=mode, kernel=kernel, wanted=1, interrupted=interrupted)

    assert (result.status, result.cost, result.lower_bound, result.plan) == (status, 1, 1, ["left"])


def test_a_bound_beyond_what_the_stacks_hold_is_refused():
    puzzle = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1], goal="blank-last")
    kernel = Idle(models.tiles(3, 3, True), goals=0, finished=True)

    with pytest.raises(BadInputError, match="has no plan of 31 moves; the GPU kernels search up to 31 on 3x3 tiles"):
        idastar_gpu([puzzle], kernel.device, kernel=kernel, wanted=1)


@pytest.mark.parametrize(("shape", "diameter"), [((2, 8), 140), ((8, 2), 140), ((4, 4), 80), ((3, 5), 84)])
def test_stacks_hold_the_longest_plans_of_a_board(shape, diameter):
    assert models.tiles(*shape).max_depth == diameter


# what the command says on a machine with one (simulated) GPU
COMMAND = """
import sys
from pdsearch.gpu import devices
from pdsearch.cli import main

{change}
sys.exit(main({words!r}))
"""
LITTLE = "devices.available = lambda: [devices.Device(0, 'simulator', (9, 0), 1, 1000)]"
OLD = "devices.available = lambda: [devices.Device(0, 'simulator', (6, 1), 1, 2**30)]"


@pytest.mark.parametrize(
    ("domain", "text", "device", "change", "code", "message"),
    [
        ("tiles", "0 2 1 3 4 5 6 7 8", "gpu", "", Status.UNSOLVABLE.value, ""),
        ("tiles", "1 0 2 3 4 5 6 7 8", "gpu", "", 0, ""),
        ("tiles", "1 0 2 3 4 5 6 7 8", "gpu:3", "", BAD_INPUT, "device gpu:3 does not exist; there are gpu:0 to gpu:0"),
        ("tiles", "korf:79", "gpu:0", LITTLE, BAD_INPUT, "MiB are free; end other programs there, or use --device cpu"),
        ("tiles", "1 0 2 3 4 5 6 7 8", "gpu", OLD, BAD_INPUT, "compute capability 6.1; the kernels need 7.0 or more"),
        ("pancake", "3 0 2 5 1 4", "gpu", "", 0, ""),
        ("pancake", "random:17", "gpu", "", BAD_INPUT, "at most 16 pancakes with gap"),
    ],
)
def test_the_command_says_what_a_device_cannot_do(domain, text, device, change, code, message):
    words = ["ida", domain, text, "--device", device, "--scheme", "thread"]

    job = jobs.run(
        [sys.executable, "-W", "ignore", "-c", COMMAND.format(change=change, words=words)],
        env={"NUMBA_ENABLE_CUDASIM": "1"},
    )

    assert job.returncode == code, job.stderr
    assert message in job.stderr
    assert len(job.stderr.strip().splitlines()) == (1 if message else 0)


def test_what_no_kernel_can_do_is_named():
    device = Device(0, "none", (9, 0), 1, 2**20)
    with pytest.raises(BadInputError, match="no GPU kernel for tiles korf:1 with heuristic 'linear-conflict'"):
        model_of(Tiles.korf(1), "linear-conflict")
    with pytest.raises(BadInputError, match="scheme 'warp' is unknown; it is one of persistent, block, thread"):
        make("warp", models.tiles(4, 4), device)
    with pytest.raises(BadInputError, match="1 MiB are free; end other programs there"):
        make("thread", models.tiles(4, 4), device)._check_memory(2**30)
