"""Ranks without MPI: they give what mpiexec gives, and every way to end leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import jobs
import pytest
from examples import others_wide
from test_mpi import stderr_says

from pdsearch import solve
from pdsearch.cli import _ranks
from pdsearch.comm import launch
from pdsearch.comm.launch import RankLostError, check_size
from pdsearch.console.interrupts import Interrupts
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError, UnknownNameError

HARD = ["solve", "tiles", "korf:88", "--memory", "500M"]


def pdsearch(*words, **more):
    return jobs.run([sys.executable, "-m", "pdsearch", *words], **more)


def left_of(job):
    """Return the processes that bear the session of a job, which is its own."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == job.pid and fields[0] != "Z":
            found.append(folder.name)
    return found


def nothing_is_left_of(job):
    until = time.monotonic() + 10
    while left_of(job) and time.monotonic() < until:
        time.sleep(0.05)
    assert left_of(job) == []
    if Path("/dev/shm").is_dir():
        assert not [path for path in Path("/dev/shm").iterdir() if "pdsearch" in path.name]


def test_ranks_answer_as_under_mpiexec_and_import_no_mpi(tmp_path):
    plugin = tmp_path / "no_mpi.py"
    plugin.write_text("import sys\nsys.modules['mpi4py'] = None\n")

    job = pdsearch("solve", "tiles", "korf:79", "korf:12", "-n", "3", "--json", "-", "--plugin", str(plugin))

    assert job.returncode == 0, job.stderr
    results = [json.loads(line) for line in job.stdout.splitlines()]
    assert [(one["cost"], one["n_ranks"], one["algorithm"]) for one in results] == [(42, 3, "HDA*"), (45, 3, "HDA*")]
    assert all(one["sent"] == one["received"] > 0 for one in results)


@pytest.mark.wide
def test_iterative_deepening_counts_the_same_on_ranks():
    job = pdsearch("ida", "tiles", "korf:79", "-n", "3", "--threads", "1", "--device", "cpu", "--json", "-")

    assert job.returncode == 0, job.stderr
    result = json.loads(job.stdout)
    alone = solve(Tiles.korf(79), algorithm="idastar")
    assert (result["cost"], result["generated"], result["n_ranks"]) == (42, alone.generated, 3)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-n", "0"], "0 ranks on one machine make no sense; give 1 to 256"),
        (["-n", "many"], "number of ranks 'many' is not understood; give a whole number from 0 on"),
        (["-n", "2", "--algorithm", "astar"], "--algorithm astar runs on one rank and -n asks for 2; leave out one of"),
        (["-n", "2", "--heuristic", "none"], "no heuristic is called 'none'"),
        (["-n", "2", "--time-limit", "soon"], "time 'soon' is not understood"),
    ],
)
def test_bad_input_is_one_line(words, says):
    job = pdsearch("solve", "tiles", "korf:79", *words)

    assert (job.returncode, job.stdout) == (2, "")
    assert job.stderr.startswith(f"pdsearch: {says}")
    assert len(job.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        "solve tiles korf:79 -n 2",
        "solve -n2 tiles korf:79",
        "solve tiles -n=2 korf:79",
        "--progress solve -n 2 tiles korf:79",
        "--plugin own.py solve tiles korf:79 -n 2",
    ],
)
def test_the_number_of_ranks_is_found_wherever_it_stands(words):
    ranks, rest = _ranks(words.split())

    assert ranks == 2
    assert [word for word in rest if word not in ("--progress", "--plugin", "own.py")] == ["solve", "tiles", "korf:79"]


def test_ranks_within_mpiexec_are_refused():
    job = pdsearch("solve", "tiles", "korf:79", "-n", "2", env={"PMI_SIZE": "2", "PMI_RANK": "0"})

    assert (job.returncode, job.stdout) == (2, "")
    assert job.stderr.startswith("pdsearch: mpiexec started this process as a rank")


@pytest.mark.few(1)
@pytest.mark.parametrize(("limit", "code"), [("--node-limit=20000", 12), ("--time-limit=5s", 23)])
def test_limits_stop_all_ranks_with_their_code(limit, code):
    job = pdsearch(*HARD, "-n", "3", "--json", "-", *limit.split("="))

    assert job.returncode == code, job.stderr
    assert json.loads(job.stdout)["lower_bound"] >= 43


LAUNCHERS = [["-n"], pytest.param(["mpiexec", "-n"], marks=pytest.mark.mpi)]


def started(launcher, python_on, words, **more):
    """Start a command on three ranks, by -n or by mpiexec."""
    if launcher == ["-n"]:
        return jobs.start([sys.executable, "-m", "pdsearch", *words, "-n", "3"], **more)
    return jobs.start(python_on(3, "-m", "pdsearch", *words), **more)


@pytest.mark.wide
@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize(
    ("what", "says"),
    others_wide(
        [
            ("os.kill(os.getpid(), signal.SIGKILL)", "9"),
            ("raise RuntimeError('rank 1 broke')", "RuntimeError: rank 1 broke"),
            ("raise BadInputError('rank 1 has enough')", "pdsearch: rank 1: rank 1 has enough"),
        ]
    ),
)
def test_what_goes_wrong_on_one_rank_ends_the_job(what, says, launcher, python_on, tmp_path):
    plugin = tmp_path / "broken.py"
    plugin.write_text(jobs.BROKEN_TURN.format(what=what))

    job = started(launcher, python_on, [*HARD, "--plugin", str(plugin)])
    done = jobs.finish(job, timeout=60)

    assert done.returncode not in (0, 11, 12, 22, 23, 130)
    assert says in done.stdout + done.stderr
    if launcher == ["-n"]:
        assert done.returncode == {"os": 137, "raise R": 1, "raise B": 2}[what.split(".")[0][:7]]
        assert len(done.stderr.splitlines()) == 1 or "Traceback" in done.stderr
    nothing_is_left_of(job)


@pytest.mark.wide
@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("number", others_wide([signal.SIGINT, signal.SIGTERM]))
def test_a_signal_stops_all_ranks_together_and_their_counts_are_reported(number, launcher, python_on, tmp_path):
    result_file, stderr_file = tmp_path / "result.json", tmp_path / "stderr"
    with stderr_file.open("w") as stderr:
        job = started(launcher, python_on, [*HARD, "--progress", "--json", str(result_file)], stderr=stderr)
    stderr_says(stderr_file, "expanded", job)

    os.kill(job.pid, number)
    done = jobs.finish(job, timeout=20)

    assert done.returncode == 130
    result = json.loads(result_file.read_text())
    assert (result["status"], len(result["ranks"])) == ("interrupted", 3)
    assert result["sent"] == result["received"]
    assert "Traceback" not in stderr_file.read_text()
    nothing_is_left_of(job)


@pytest.mark.wide
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_launcher_that_ends_early_leaves_no_rank_behind(number):
    job = jobs.start([sys.executable, "-m", "pdsearch", *HARD, "-n", "3"])
    time.sleep(0.7)

    os.kill(job.pid, number)
    done = jobs.finish(job, timeout=20)

    assert done.returncode in (130, 143, -number)
    assert "Traceback" not in done.stderr
    nothing_is_left_of(job)


def test_a_signal_that_comes_twice_at_once_as_timeout_sends_it_is_one(monkeypatch):
    job, sent = launch._Job([]), []
    send = job.send_signal
    monkeypatch.setattr(job, "send_signal", lambda number: (sent.append(number), send(number)))
    with job.passing_on():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert sent == [signal.SIGTERM]
        job._told[signal.SIGTERM] -= 2 * launch.SAME_SIGNAL_S
        signal.raise_signal(signal.SIGTERM)
        assert len(sent) == 2

    with Interrupts() as interrupts:
        assert not interrupts()
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert interrupts()
        interrupts._since_s -= 2 * launch.SAME_SIGNAL_S
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


# --- from Python ---


@pytest.mark.wide
def test_a_program_searches_on_ranks_and_hears_of_them():
    heard = []

    result = solve(Tiles.korf(12), ranks=2, on_progress=heard.append)

    assert (result.cost, result.n_ranks, result.algorithm) == (45, 2, "HDA*")
    assert result.sent == result.received > 0
    assert 0 < len(heard) < 100


@pytest.mark.wide
def test_a_program_can_end_its_ranks():
    since = time.monotonic()

    result = solve(Tiles.korf(88), ranks=2, memory=500 * 2**20, interrupted=lambda: time.monotonic() - since > 2)

    assert result.status.value == 130
    assert result.lower_bound >= 43


@pytest.mark.wide
def test_errors_of_ranks_are_raised_in_the_program():
    with pytest.raises(UnknownNameError, match="no heuristic is called 'none'"):
        solve(Tiles.korf(79), "none", ranks=2)
    with pytest.raises(BadInputError, match="leave out one of them"):
        solve(Tiles.korf(79), ranks=2, comm=object())
    with pytest.raises(BadInputError, match="cannot be pickled"):
        solve(Tiles.korf(79), ranks=2, message_size=lambda: 1)
    with pytest.raises(BadInputError, match="0 ranks"):
        check_size(0)


# defines a domain of its own, in plain Python, and a rank that is killed
SCRIPT = """
import os, signal, sys
from pdsearch import solve
from pdsearch.comm.launch import RankLostError
from pdsearch.domains.tiles import Tiles

class Own(Tiles):
    def why_unsolvable(self):
        if sys.argv[1:] == ["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().why_unsolvable()

{guard}
    try:
        print(solve(Own.korf(12), ranks=2).cost)
    except RankLostError as error:
        print(error)
"""


@pytest.mark.wide
@pytest.mark.parametrize(
    ("guard", "words", "says"),
    [
        ('if __name__ == "__main__":', [], "45"),
        ('if __name__ == "__main__":', ["kill"], "was killed by signal 9 (SIGKILL)"),
        ("if True:", [], "a launcher started this process as a rank"),
    ],
)
def test_a_script_may_define_the_domain_that_its_ranks_search(guard, words, says, tmp_path):
    script = tmp_path / "own.py"
    script.write_text(textwrap.dedent(SCRIPT).format(guard=guard))

    job = subprocess.run(
        [sys.executable, str(script), *words],
        capture_output=True,
        text=True,
        timeout=90,
        env={**os.environ, "PYTHONPATH": str(jobs.ROOT)},
    )

    assert says in job.stdout + job.stderr
    assert RankLostError.__name__ not in job.stderr
