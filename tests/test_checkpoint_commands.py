"""--checkpoint and pdsearch resume as a user and a batch system meet them: signals, launchers, exit codes, lines."""

import json
import os
import signal
import sys
import time

import jobs
import pytest

from pdsearch.cli import main

BOARD = "14 13 15 7 11 12 9 5 6 0 2 1 4 8 10 3"  # Korf's first: 14 million expansions
COMMAND = ["-m", "pdsearch", "solve", "tiles", BOARD, "--memory", "400M", "--every", "0.2"]


def command_on(launcher, python_on, words):
    """Return the command for two ranks, by -n or by mpiexec, or for one."""
    if launcher == "mpiexec":
        return python_on(2, *words)
    return [sys.executable, *words, *(["-n", "2"] if launcher == "-n" else [])]


def wait_for_epoch(folder, job):
    """Wait until a checkpoint is complete."""
    end = time.monotonic() + 120
    while not list(folder.glob("epoch-*/COMPLETE")):
        assert job.poll() is None, job.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.wide
@pytest.mark.parametrize(
    ("launcher", "number"),
    [
        (None, signal.SIGUSR1),
        ("-n", signal.SIGTERM),
        pytest.param("mpiexec", signal.SIGUSR1, marks=pytest.mark.mpi),
        pytest.param(None, signal.SIGTERM, marks=pytest.mark.wide),
        pytest.param("-n", signal.SIGUSR1, marks=pytest.mark.wide),
        pytest.param("mpiexec", signal.SIGTERM, marks=[pytest.mark.mpi, pytest.mark.wide]),
    ],
)
def test_a_signal_writes_a_checkpoint_and_the_search_goes_on_elsewhere(number, launcher, python_on, tmp_path):
    folder, result_file = tmp_path / "c", tmp_path / "result.json"
    words = [*COMMAND, "--checkpoint", str(folder), "--json", str(result_file)]
    job = jobs.start(command_on(launcher, python_on, words))
    wait_for_epoch(folder, job)

    os.kill(job.pid, number)
    done = jobs.finish(job, timeout=60)

    assert done.returncode == 75, done.stderr
    first = json.loads(result_file.read_text())
    assert (first["status"], first["n_ranks"]) == ("checkpointed", 1 if launcher is None else 2)
    assert first["notes"][-1] == f"a checkpoint was written; go on with: pdsearch resume {folder}"
    assert "Traceback" not in done.stderr

    words = ["-m", "pdsearch", "resume", str(folder), "--node-limit", "1", "--json", str(result_file)]
    done = jobs.run(command_on("-n" if launcher is None else None, python_on, words))

    assert done.returncode == 12, done.stderr
    second = json.loads(result_file.read_text())
    assert (second["status"], second["n_ranks"]) == ("node limit", 2 if launcher is None else 1)
    assert first["expanded"] <= second["expanded"] < first["expanded"] + 100_000
    assert first["lower_bound"] <= second["lower_bound"] <= 57
    assert second["search_s"] > first["search_s"] / 2  # the clock was read when the writing began


def test_resume_reads_files_of_the_instance_from_where_the_search_began_and_refuses_changed_ones(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "board.txt").write_text("8 6 7 2 5 4 3 0 1\n")
    monkeypatch.chdir(tmp_path)
    assert main(["solve", "tiles", "board.txt", "--node-limit", "500", "--checkpoint", "c"]) == 12
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)

    assert main(["resume", "../c", "--json", "result.json"]) == 0
    assert json.loads((other / "result.json").read_text())["status"] == "solved"
    assert os.getcwd() == str(other)
    assert main(["resume", "../c", "--json", "-"]) == 0
    capsys.readouterr()

    (tmp_path / "board.txt").write_text("8 6 7 2 5 4 3 1 0\n")
    assert main(["resume", "../c"]) == 2
    assert "as it was then, which has changed; give the same files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["resume", "missing"], "no complete checkpoint is in"),
        (["solve", "tiles", "random:3x3", "--every", "5m"], "--every '5m' without --checkpoint"),
        (["solve", "tiles", "random:3x3", "--checkpoint", "c", "--every", "soon"], "time 'soon' is not understood"),
        (["solve", "tiles", "random:3x3", "--checkpoint", "no/folder"], "give a folder in one that exists"),
        (["solve", "tiles", "korf:1-2", "--checkpoint", "c"], "2 instances and one folder for checkpoints"),
        (
            ["solve", "tiles", "random:3x3", "--checkpoint", "c", "--algorithm", "plans"],
            "'plans' writes no checkpoints",
        ),
    ],
)
def test_what_makes_no_sense_is_one_line(words, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(words) == 2

    error = capsys.readouterr().err
    assert says in error
    assert len(error.splitlines()) == 1
