"""The GPU search from outside: batches in the simulator, the command, and what it says without a GPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jobs
import numpy as np
import pytest
from examples import others_wide
from searches import idastar, idastar_gpu

from pdsearch.cli import BAD_INPUT, main
from pdsearch.domains import DOMAINS
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.gpu_model import boards
from pdsearch.errors import BadInputError, MissingDependencyError
from pdsearch.gpu import below, narrow, steps
from pdsearch.gpu.devices import Device, choose
from pdsearch.gpu.roots import Level
from pdsearch.gpu.schemes import Counts, Scheme, make
from pdsearch.gpu.shim import cuda
from pdsearch.gpu_model import model_of
from pdsearch.result import Status
from pdsearch.search.depth_first import idastar_gpu as idastar_algorithm

# golden counts of whole last iterations: bound, generated, expanded, goals
TOYS = {
    "1 2 10 3 4 5 14 7 8 9 6 11 12 13 15 0": (16, 405, 192, 2),
    "4 7 0 3 8 2 5 1 9 10 6 11 12 13 14 15": (20, 1600, 761, 2),
}
MIRRORED = "1 2 10 3 4 5 14 7 8 9 6 11 12 13 15 0"
WIDE = "3x6: 3 1 2 4 7 5 6 10 8 9 13 11 12 0 14 15 16 17"  # two words a board


@pytest.mark.wide
@pytest.mark.parametrize(
    ("scheme", "warps", "wanted"), others_wide([("block", 1, 6), ("thread", 1, 6), ("persistent", 3, 1)])
)
def test_kernels_count_what_the_cpu_counts_in_the_simulator(scheme, warps, wanted):
    board = next(iter(TOYS))

    result = simulate(scheme, warps, 2, 8, wanted, "0", board)["results"][0]

    last = result["iterations"][-1]
    assert (last["bound"], last["nodes"], last["expanded"], result["solutions"]) == TOYS[board]
    assert (result["status"], len(result["plan"])) == ("solved", TOYS[board][0])
    assert result["balance"]["load_balance"] == result["LB"]


# the same last iteration with words of up to 8 moves forbidden
PRUNED_TOY = (16, 402, 192, 2)


@pytest.mark.wide
@pytest.mark.parametrize(
    ("length", "golden", "step"),
    [
        (8, PRUNED_TOY, "default"),
        pytest.param(8, PRUNED_TOY, "one-by-one", marks=pytest.mark.heavy),
        pytest.param(2, TOYS[next(iter(TOYS))], "one-by-one", marks=pytest.mark.heavy),
    ],
)
def test_both_steps_count_alike_with_the_automaton_and_without(length, golden, step):
    result = simulate("persistent", 2, 2, 8, 4, "0", next(iter(TOYS)), length=length, step=step)["results"][0]

    last = result["iterations"][-1]
    cpu = idastar(Tiles.parse(next(iter(TOYS))), mode="all", prune="none" if length == 2 else f"fsm:{length}")
    assert (last["bound"], last["nodes"], last["expanded"], result["solutions"]) == golden
    assert [(one["bound"], one["generated"]) for one in result["iterations"]] == [
        (one.bound, one.generated) for one in cpu.iterations
    ]


@pytest.mark.wide
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
        pytest.param("persistent", ("tiles", "pdb-max"), MIRRORED, marks=pytest.mark.heavy),
        pytest.param("block", ("tiles", "pdb-max"), MIRRORED, marks=pytest.mark.heavy),
        pytest.param("thread", ("tiles", "pdb-max"), MIRRORED, marks=pytest.mark.heavy),
    ],
)
def test_kernels_are_not_welded_to_a_domain_or_heuristic(scheme, kind, text):
    domain = DOMAINS[kind[0]].parse(text)
    expected = idastar(domain, kind[1], mode="all", general=True, prune="none")

    answer = simulate(scheme, 2, 2, 8, 6, "0", text, kind)

    result, last = answer["results"][0], expected.iterations[-1]
    assert (result["status"], result["cost"], result["heuristic"]) == ("solved", expected.cost, kind[1])
    assert (result["iterations"][-1]["nodes"], result["iterations"][-1]["expanded"]) == (last.generated, last.expanded)
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


def simulate(
    scheme,
    warps,
    look,
    slice_,
    wanted,
    first_only,
    texts,
    kind=("tiles", "manhattan"),
    launcher=(),
    length=2,
    step="default",
):
    # Python's integers do not wrap, numpy's warn when they do
    command = [*launcher, sys.executable, "-W", "ignore", str(Path(__file__).with_name("simulated_run.py"))]
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    options = [scheme, *map(str, (warps, look, slice_, wanted)), first_only, str(length), step, *kind, texts]
    run = subprocess.run([*command, *options], capture_output=True, text=True, timeout=300, env=environment)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


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

    assert (choose("auto").word or "").startswith(
        "no GPU: numba has no CUDA here; run: pip install 'pdsearch-hda[gpu]'"
    )
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
        tallies = np.zeros((n_instances, steps.N_TALLIES), np.uint64)
        tallies[:, steps.GOALS] = self.goals
        return Counts(tallies, np.ones(1, np.uint64), self.finished)


@pytest.mark.parametrize(("mode", "status"), [("all", Status.INTERRUPTED), ("first", Status.SOLVED)])
def test_a_batch_for_all_plans_that_is_stopped_after_the_first_says_so(mode, status):
    puzzle, asked = Tiles([1, 2, 0, 3, 4, 5, 6, 7, 8]), []
    kernel = Idle(boards(3, 3, False, 2), goals=1, finished=False)

    def interrupted():
        asked.append(1)
        return len(asked) > 1

    (result,) = idastar_gpu([puzzle], kernel.device, mode=mode, kernel=kernel, wanted=1, interrupted=interrupted)

    assert (result.status, result.cost, result.lower_bound, result.plan) == (status, 2, 2, ["left", "left"])


class Looking(Scheme):
    """Looks on the CPU for a root with a goal below it, and says that there are very many nodes; or finds none."""

    def __init__(self, model, puzzles, finds_again):
        super().__init__(model, Device(0, "none", (9, 0), 1, 2**20))
        self.puzzles, self.finds_again, self.launches_of = puzzles, finds_again, []

    def search(self, work, n_instances, first_only, go_on):
        tallies = np.zeros((n_instances, steps.N_TALLIES), np.uint64)
        tallies[:, steps.GENERATED] = 10**9
        self.launches_of.append(np.bincount(work.instance, minlength=n_instances).tolist())
        for number in range(n_instances if self.finds_again or len(self.launches_of) == 1 else 0):
            mine = np.flatnonzero(work.instance == number)
            level = Level(work.words[mine], work.low[mine], work.slack[mine], np.full(len(mine), -1), mine)
            i, _ = below.solve_below(self.model, self.puzzles[number], level)
            tallies[number, steps.GOALS :] = 1, work.root[mine[i]]
        return Counts(tallies, np.ones(1, np.uint64), True)


@pytest.mark.few(1)
@pytest.mark.parametrize("finds_again", [True, False])
def test_the_device_looks_again_below_large_groups_of_roots(finds_again, monkeypatch):
    puzzles = [Tiles.korf(12), Tiles.korf(79)]
    kernel = Looking(model_of(puzzles[0]), puzzles, finds_again)
    begin = idastar_algorithm._begin
    lengths = {"korf:12": 45, "korf:79": 42}

    def at_the_last_bound(task, *given):
        one = begin(task, *given)
        one.bound = lengths[task.domain.instance]
        return one

    monkeypatch.setattr(idastar_algorithm, "_begin", at_the_last_bound)
    monkeypatch.setattr(narrow, "PARTS", 100)

    results = idastar_gpu(puzzles, kernel.device, kernel=kernel, wanted=60)

    assert [len(result.plan) for result in results] == [45, 42]
    assert len(kernel.launches_of) == 2
    assert all(30 <= n < 200 for launch in kernel.launches_of for n in launch)


def test_a_bound_beyond_what_the_stacks_hold_is_refused():
    puzzle = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1], goal="blank-last")
    kernel = Idle(boards(3, 3, True, 2), goals=0, finished=True)

    with pytest.raises(BadInputError, match="has no plan of 31 moves; the GPU kernels search up to 31 on 3x3 tiles"):
        idastar_gpu([puzzle], kernel.device, kernel=kernel, wanted=1)


@pytest.mark.parametrize(("shape", "diameter"), [((2, 8), 140), ((8, 2), 140), ((4, 4), 80), ((3, 5), 84)])
def test_stacks_hold_the_longest_plans_of_a_board(shape, diameter):
    assert boards(*shape, False, 2).max_depth == diameter


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


@pytest.mark.few(2)
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


FAULT = """
import sys; sys.path.insert(0, {tests!r})
from numpy import errstate
from simulated_warps import install
from pdsearch.domains.tiles import Tiles
from pdsearch.gpu import ring, schemes
from pdsearch.gpu.devices import choose
from pdsearch.gpu_model import model_of
from searches import idastar_gpu
install()
ring.finish = lambda control, lane: None  # as if the count of packets in work were never lowered
puzzle, device = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1]), choose("gpu").device
kernel = schemes.Persistent(model_of(puzzle), device, warps=1, patience=5)
try:
    with errstate(all="ignore"):
        idastar_gpu([puzzle], device, kernel=kernel, wanted=2)
except schemes.KernelError as error:
    print(error)
"""


@pytest.mark.wide
def test_a_fault_in_the_ring_is_an_error_and_no_endless_wait():
    script = FAULT.format(tests=str(Path(__file__).parent))

    job = jobs.run([sys.executable, "-W", "ignore", "-c", script], env={"NUMBA_ENABLE_CUDASIM": "1"})

    assert job.stdout.startswith(
        "simulator gave no result: a warp waited for work that nobody published; use --device cpu"
    )


def test_what_no_kernel_can_do_is_named():
    device = Device(0, "none", (9, 0), 1, 2**20)
    with pytest.raises(BadInputError, match="no GPU kernel for tiles korf:1 with heuristic 'linear-conflict'"):
        model_of(Tiles.korf(1), "linear-conflict")
    with pytest.raises(BadInputError, match="scheme 'warp' is unknown; it is one of persistent, block, thread"):
        make("warp", boards(4, 4, False, 2), device)
    with pytest.raises(BadInputError, match="1 MiB are free; end other programs there"):
        make("thread", boards(4, 4, False, 2), device)._check_memory(2**30)
