"""HDA* on real ranks: right answers on any number of them, and an end to every way a job can go wrong."""

import json
import math
import os
import re
import signal
import time
from itertools import cycle

import jobs
import pytest
from examples import others_wide

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf

pytestmark = pytest.mark.mpi

EASY = [79, 12, 42, 55, 97]
DOZEN = [*EASY, 19, 94, 93, 47, 9, 48, 31]  # A* expands 30 to 440 thousand nodes
FITTING = [name for name in DISTRIBUTIONS if DISTRIBUTIONS[name].fits(Tiles.korf(1))]
KEYS = re.findall(
    r"\w+",
    "status cost plan lower_bound domain instance heuristic algorithm distribution n_ranks expanded "
    "expanded_before_last_layer generated evaluated reopened duplicates sent received messages search_s total_s "
    "peak_memory_bytes bytes_per_node expanded_per_s LB CO ranks seed environment balance",
)

# solves several instances in one job, and prints a line of JSON for each; run by ``python -m mpi4py``,
# which ends the job when one rank raises
SOLVE = """
import json, sys
from mpi4py import MPI
from pdsearch import solve
from pdsearch.domains.tiles import Tiles

for text, distribution, check in json.loads(sys.argv[1]):
    result = solve(Tiles.parse(text), distribution=distribution, comm=MPI.COMM_WORLD, check_solvable=check)
    everywhere = MPI.COMM_WORLD.gather((result.cost, result.plan, result.expanded))
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps({**result.to_dict(), "alike": len(set(map(str, everywhere)))}), flush=True)
"""

# runs the command line, in which rank 1 does something after a few rounds of the reduction
BROKEN = f"""
import sys
from mpi4py import MPI
from pdsearch.cli import main
from pdsearch.errors import WrongPlanError
{jobs.BROKEN_TURN}
sys.exit(main(["solve", "tiles", "korf:88", "--memory", "500M"]))
"""


# runs a command, in which rank 1 is in some way unlike the others
UNLIKE = """
import os, sys
from mpi4py import MPI
from pdsearch.cli import main

if MPI.COMM_WORLD.rank == 1:
    {what}
sys.exit(main({words!r}))
"""


def replayed(puzzle, plan):
    state = puzzle.initial
    for name in plan:
        state, _ = puzzle.apply(state, next(o for o in range(4) if puzzle.operator_name(o) == name))
    return len(plan) if puzzle.is_goal(state) else None


def check_counts(result):
    """What must hold of the counts of every finished search."""
    ranks = result["ranks"]
    assert [rank["rank"] for rank in ranks] == list(range(result["n_ranks"]))
    for count in ("expanded", "generated", "reopened", "duplicates", "sent", "received", "messages"):
        assert result[count] == sum(rank[count] for rank in ranks)
    assert result["sent"] == result["received"]
    assert result["CO"] == pytest.approx(result["sent"] / result["generated"])
    loads = [rank["expanded"] for rank in ranks]
    assert result["LB"] == pytest.approx(max(loads) / (sum(loads) / len(loads)))
    assert result["alike"] == 1


@pytest.mark.wide
@pytest.mark.parametrize("n_ranks", others_wide([2, 1, 3, 7]))
def test_published_instances_are_solved_optimally_by_every_distribution(n_ranks, python_on):
    assert len(FITTING) <= len(DOZEN)
    tasks = [(f"korf:{number}", name, True) for number, name in zip(DOZEN, cycle(FITTING), strict=False)]

    job = jobs.run(python_on(n_ranks, "-m", "mpi4py", "-c", SOLVE, json.dumps(tasks)), timeout=240)

    assert job.returncode == 0, job.stderr
    results = [json.loads(line) for line in job.stdout.splitlines()]
    assert [(result["instance"], result["n_ranks"]) for result in results] == [(task[0], n_ranks) for task in tasks]
    for result in results:
        number = int(result["instance"].removeprefix("korf:"))
        assert result["status"] == "solved"
        assert result["cost"] == result["lower_bound"] == korf(number).optimal_length
        assert replayed(Tiles.korf(number), result["plan"]) == result["cost"]
        assert result["algorithm"] == "HDA*"
        check_counts(result)
        if n_ranks == 1:
            assert (result["sent"], result["distribution"]) == (0, None)
        else:
            assert min(rank["expanded"] for rank in result["ranks"]) > 0


@pytest.mark.parametrize("n_ranks", [3])
@pytest.mark.wide
def test_boards_without_a_solution_are_recognised_and_exhausted(n_ranks, python_on):
    odd = "1 0 2 3 4 5 6 8 7"
    names = [name for name in FITTING if DISTRIBUTIONS[name].is_function]
    tasks = [(odd, None, True), *((odd, name, False) for name in names), ("0 1 2 3 4 5 6 7 8", None, True)]

    job = jobs.run(python_on(n_ranks, "-m", "mpi4py", "-c", SOLVE, json.dumps(tasks)), timeout=240)

    assert job.returncode == 0, job.stderr
    by_parity, *exhausted, solved = [json.loads(line) for line in job.stdout.splitlines()]
    assert (by_parity["status"], by_parity["expanded"], by_parity["n_ranks"]) == ("unsolvable", 0, n_ranks)
    for result in exhausted:
        assert (result["status"], result["cost"], result["lower_bound"]) == ("unsolvable", None, None)
        assert result["expanded"] - result["reopened"] == math.factorial(9) // 2
        assert sum(rank["stored"] for rank in result["ranks"]) == math.factorial(9) // 2
        check_counts(result)
    assert (solved["status"], solved["plan"]) == ("solved", [])


@pytest.mark.heavy
@pytest.mark.parametrize("n_ranks", [2, 3, 7])
def test_more_ranks_than_cores_never_hang_nor_err(n_ranks, python_on):
    tasks = [(f"korf:{number}", name, True) for _ in range(3) for number in EASY for name in FITTING]

    job = jobs.run(python_on(n_ranks, "-m", "mpi4py", "-c", SOLVE, json.dumps(tasks)), timeout=900)

    assert job.returncode == 0, job.stderr
    costs = [json.loads(line)["cost"] for line in job.stdout.splitlines()]
    assert costs == [korf(int(task[0].removeprefix("korf:"))).optimal_length for task in tasks]


def test_a_result_has_all_its_keys_and_the_plan_file_a_plan(mpirun, tmp_path):
    result_file, plan_file = tmp_path / "result.json", tmp_path / "plan.txt"

    job = mpirun(2, "solve", "tiles", "korf:12", "--json", str(result_file), "--plan-file", str(plan_file))

    assert job.returncode == 0, job.stderr
    assert job.stderr == ""
    assert job.stdout.startswith("tiles korf:12: solved\n  cost 45 (optimal, 45 steps, replayed)\n")
    result = json.loads(result_file.read_text())
    assert set(KEYS) <= set(result)
    *plan, cost = plan_file.read_text().splitlines()
    assert plan == result["plan"]
    assert cost == "; cost = 45"
    assert replayed(Tiles.korf(12), plan) == 45
    assert result["environment"]["mpi"]


# --- wrong input, limits ---


@pytest.mark.wide
@pytest.mark.parametrize(
    ("words", "message"),
    others_wide(
        [
            (["tiles", "korf:0"], "pdsearch: instance korf:0 is unknown; there are korf:1 to korf:100"),
            (
                ["tiles", "korf:1", "--distribution", "zobrits"],
                "pdsearch: no distribution is called 'zobrits'; did you",
            ),
            (
                ["tiles", "korf:1", "--memory", "lots"],
                "pdsearch: memory 'lots' is not understood; write it as 512M or 2G",
            ),
            (["tiles", "korf:1", "--frobnicate"], "pdsearch: unrecognized arguments: --frobnicate; see pdsearch"),
        ]
    ),
)
def test_wrong_input_is_one_line_from_one_rank(words, message, mpirun):
    job = mpirun(3, "solve", *words)

    lines = [line for line in job.stderr.splitlines() if line.strip()]
    assert job.returncode == 2
    assert job.stdout == ""
    assert len(lines) == 1
    assert lines[0].startswith(message)


@pytest.mark.wide
@pytest.mark.parametrize(
    ("limit", "code", "status"),
    others_wide(
        [
            (["--time-limit", "15s"], 23, "time limit"),
            (["--node-limit", "20000"], 12, "node limit"),
            (["--memory", "4M", "--when-full", "stop"], 22, "memory limit"),
        ]
    ),
)
def test_a_limit_stops_all_ranks_with_a_status_and_a_lower_bound(limit, code, status, mpirun):
    job = mpirun(3, "solve", "tiles", "korf:88", "--json", "-", *limit)

    assert job.returncode == code, job.stderr
    result = json.loads(job.stdout)
    assert result["status"] == status
    assert 43 <= result["lower_bound"] <= 65
    assert result["sent"] == result["received"]
    assert result["expanded"] > 0
    assert job.stderr == ""


@pytest.mark.wide
def test_astar_on_several_ranks_is_refused_or_answers_once(mpirun):
    job = mpirun(2, "solve", "tiles", "korf:79", "--algorithm", "astar", "--json", "-")

    if job.returncode == 2:
        assert (job.stdout, len(job.stderr.splitlines())) == ("", 1)
    else:
        assert json.loads(job.stdout)["cost"] == 42


# --- signals, faults ---


def stderr_says(file, what, job, deadline=60.0):
    """Wait until a job's stderr shows something."""
    until = time.monotonic() + deadline
    while what not in file.read_text():
        if job.poll() is not None or time.monotonic() > until:
            os.killpg(job.pid, signal.SIGKILL) if job.poll() is None else None
            pytest.fail(f"{what!r} did not show up: {file.read_text()[-2000:]}")
        time.sleep(0.02)


@pytest.mark.wide
@pytest.mark.parametrize(
    ("number", "to"),
    others_wide([(signal.SIGTERM, "mpiexec"), (signal.SIGINT, "all processes"), (signal.SIGINT, "mpiexec")]),
)
def test_a_signal_stops_all_ranks_together_and_their_counts_are_reported(number, to, python_on, tmp_path):
    result_file, stderr_file = tmp_path / "result.json", tmp_path / "stderr"
    words = ["solve", "tiles", "korf:88", "--memory", "500M", "--progress", "--json", str(result_file)]
    with stderr_file.open("w") as stderr:
        job = jobs.start(python_on(3, "-m", "pdsearch", *words), stderr=stderr)
    stderr_says(stderr_file, "expanded", job)

    (os.kill if to == "mpiexec" else os.killpg)(job.pid, number)
    done = jobs.finish(job, timeout=20)

    assert done.returncode == 130
    result = json.loads(result_file.read_text())
    assert result["status"] == "interrupted"
    assert 43 <= result["lower_bound"] <= 65
    assert len(result["ranks"]) == 3
    assert result["sent"] == result["received"]
    assert "Traceback" not in stderr_file.read_text()


def test_an_exception_on_one_rank_ends_the_job_with_its_traceback(python_on):
    job = jobs.run(python_on(3, "-c", BROKEN.format(what="raise RuntimeError('rank 1 broke')")), timeout=60)

    assert job.returncode not in (0, 2, 11, 12, 22, 23, 130)
    assert "Traceback (most recent call last)" in job.stderr
    assert "RuntimeError: rank 1 broke" in job.stderr
    assert job.stdout.count("solved") == 0


def test_a_plan_that_does_not_survive_its_replay_is_an_internal_error(python_on):
    job = jobs.run(python_on(3, "-c", BROKEN.format(what="raise WrongPlanError('it leads nowhere')")), timeout=60)

    assert job.returncode not in (0, 2, 11, 12, 22, 23, 130)
    assert "Traceback (most recent call last)" in job.stderr
    assert "WrongPlanError: it leads nowhere" in job.stderr


def test_a_complaint_of_one_rank_in_the_middle_ends_the_job(python_on):
    job = jobs.run(python_on(3, "-c", BROKEN.format(what="raise BadInputError('the file has gone')")), timeout=60)

    assert job.returncode == 2
    assert "pdsearch: rank 1: the file has gone" in job.stderr
    assert "Traceback" not in job.stderr


@pytest.mark.wide
@pytest.mark.parametrize("command", others_wide(["solve", "ida"]))
def test_a_file_that_one_rank_lacks_is_one_line_and_the_end(command, python_on, tmp_path):
    (tmp_path / "board").write_text("8 7 6 5 4 3 2 1 0")
    code = UNLIKE.format(what="os.chdir('/')", words=[command, "tiles", "board"])

    job = jobs.run(python_on(3, "-c", code), timeout=60, cwd=tmp_path)

    assert (job.returncode, job.stdout) == (2, "")
    assert len(job.stderr.strip().splitlines()) == 1
    assert job.stderr.startswith("pdsearch: ")


@pytest.mark.wide
def test_files_are_written_by_rank_0_and_need_be_writable_there_only(python_on, tmp_path):
    (tmp_path / "out").mkdir()
    code = UNLIKE.format(what="os.chdir('/')", words=["solve", "tiles", "korf:79", "--json", "out/result.json"])

    job = jobs.run(python_on(2, "-c", code), timeout=60, cwd=tmp_path)

    assert job.returncode == 0, job.stderr
    assert json.loads((tmp_path / "out" / "result.json").read_text())["cost"] == 42


@pytest.mark.wide
def test_a_rank_with_too_little_memory_to_begin_ends_all_with_a_status(python_on):
    too_little = "from pdsearch.limits import Limits; Limits.memory = lambda *_: 1000"
    code = UNLIKE.format(what=too_little, words=["solve", "tiles", "korf:79"])

    job = jobs.run(python_on(3, "-c", code), timeout=60)

    assert job.returncode == 22
    assert "memory limit 1000 bytes is too small for the first tables" in job.stdout
    assert "Traceback" not in job.stderr


def test_buffers_of_messages_are_counted_and_used_again(python_on):
    code = """
import numpy as np
from pdsearch.comm.mpi import MpiCommunicator

comm, records, held = MpiCommunicator(), np.arange(1000, dtype=np.uint32), []
for _ in range(3):
    for n in (1000, 10):
        comm.send(0, records[:n])
        while (received := comm.receive()) is None:
            pass
        assert received.tolist() == records[:n].tolist()
        assert comm.unfinished(0) == 0
    held.append(comm.buffer_bytes)
print(held[0] >= 2 * records.nbytes, held[0] == held[2])
"""

    job = jobs.run(python_on(1, "-c", code), timeout=60)

    assert (job.stdout, job.stderr) == ("True True\n", "")


@pytest.mark.parametrize("threads", ["1", "2"])
def test_an_exception_on_one_rank_ends_iterative_deepening_with_its_traceback(threads, python_on):
    broken = "from pdsearch.search.depth_first.team import Team; Team._work = None"
    code = UNLIKE.format(what=broken, words=["ida", "tiles", "korf:94", "--device", "cpu", "--threads", threads])

    job = jobs.run(python_on(3, "-c", code), timeout=60)

    assert job.returncode not in (0, 2, 11, 12, 22, 23, 130)
    assert "TypeError: 'NoneType' object is not callable" in job.stderr


@pytest.mark.wide
def test_a_killed_rank_ends_the_job_and_is_named(python_on):
    job = jobs.run(python_on(3, "-c", BROKEN.format(what="os.kill(os.getpid(), signal.SIGKILL)")), timeout=60)

    assert job.returncode != 0
    assert re.search(r"signal:? *9|killed", job.stdout + job.stderr, re.IGNORECASE)


# --- the compiler cache ---


COUNTED = """
import sys
from pdsearch import _cache
from pdsearch.cli import main

save = _cache.KernelCache.save_overload

def counted(self, signature, result):
    print("saved", self._path(getattr(signature, "args", signature), result.target_context).name, flush=True)
    save(self, signature, result)

_cache.KernelCache.save_overload = counted
sys.exit(main(["solve", "tiles", "korf:79"]))
"""


@pytest.mark.wide
def test_ranks_that_start_on_a_cold_cache_compile_each_kernel_once(python_on, tmp_path):
    env = {"PDSEARCH_CACHE_DIR": str(tmp_path)}

    cold, warm = (jobs.run(python_on(2, "-c", COUNTED), timeout=200, env=env) for _ in range(2))

    saved = re.findall(r"saved (\S+)", cold.stdout)
    assert cold.returncode == warm.returncode == 0, cold.stderr + warm.stderr
    assert len(saved) == len(set(saved)) == len(list(tmp_path.rglob("*.nbc"))) > 0
    assert "saved" not in warm.stdout


@pytest.mark.wide
@pytest.mark.parametrize("n_ranks", others_wide([2, 1, 3]))
def test_a_search_from_both_ends_is_optimal_on_any_number_of_ranks(mpirun, n_ranks, tmp_path):
    found = tmp_path / "results.jsonl"
    job = mpirun(n_ranks, "solve", "tiles", "korf:12", "korf:79", "--algorithm", "bae", "--json", str(found))

    assert job.returncode == 0, job.stderr
    results = [json.loads(line) for line in found.read_text().splitlines()]
    assert [result["cost"] for result in results] == [45, 42]
    assert [len(result["plan"]) for result in results] == [45, 42]
    assert {result["algorithm"] for result in results} == {"BAE*" if n_ranks == 1 else "HDA-BAE*"}
    assert all(len(result["ranks"]) == n_ranks and result["sent"] == result["received"] for result in results)
