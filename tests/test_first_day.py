"""What a newcomer meets outside of the search: help, lists, closed streams, early signals, tables of numbers."""

import json
import os
import subprocess
import sys

import jobs
import numpy as np
import pytest
from jobs import ROOT

import pdsearch
from pdsearch.cli import main
from pdsearch.cli.env import _works
from pdsearch.console.arrays import read_array
from pdsearch.console.fitting import domains_of, heuristics_of
from pdsearch.domains import DOMAINS
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS


def help_of(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    return capsys.readouterr().out


def test_what_a_script_needs_is_at_the_top():
    assert pdsearch.Limits(time_s=1.0).time_s == 1.0
    assert {pdsearch.solve.__name__, pdsearch.Result.__name__, pdsearch.Status.__name__} == {
        "solve",
        "Result",
        "Status",
    }


def test_help_names_only_what_fits_the_command(capsys):
    plan, ida, solve = (help_of(command, capsys) for command in ("plan", "ida", "solve"))

    assert "lmcut" in plan
    assert "manhattan" not in plan
    assert "--neighbours" not in plan
    assert "--preprocess" in plan
    assert "--weight" in plan
    assert "--threads" in ida
    assert "--weight" not in ida
    assert "hdastar" not in ida
    assert "--anytime" in solve


def test_heuristics_say_which_domains_they_fit_and_whose_default_they_are(capsys):
    assert main(["list", "heuristics"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[lines.index(next(line for line in lines if line.startswith("  manhattan"))) + 1].split() == (
        ["for:", "tiles;", "default", "of", "tiles"]
    )
    assert heuristics_of(DOMAINS["planning"])[:2] == ["lmcut", "blind"]
    for name in HEURISTICS:
        if name != "own":
            assert domains_of(HEURISTICS[name])


def test_a_named_pipe_is_no_table_of_numbers(tmp_path, capsys):
    os.mkfifo(tmp_path / "loads.npy")

    assert main(["balance", str(tmp_path / "loads.npy")]) == 2
    assert "a named pipe; give a file" in capsys.readouterr().err


def test_two_processes_that_print_at_once_are_two_ranks(monkeypatch):
    done = subprocess.CompletedProcess([], 0, "22\n\n", "")
    monkeypatch.setattr("pdsearch.cli.env.launched_ranks", lambda: None)
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: done)

    assert _works("mpiexec") == "yes: two ranks see each other"


def test_a_closed_stderr_changes_nothing():
    command = f'"{sys.executable}" -m pdsearch solve tiles "1 0 2 3 4 5 6 7 8" --json - 2>&-'

    job = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=90, check=False)

    assert job.returncode == 0
    assert json.loads(job.stdout)["cost"] == 1


def test_sigterm_before_the_search_is_an_interruption():
    code = """
import sys, time
from pdsearch.cli import main

class Waiting:
    def read(self):
        print("ready", flush=True)
        time.sleep(60)

sys.stdin = Waiting()
sys.exit(main(["balance", "-"]))
"""
    job = jobs.start([sys.executable, "-c", code])
    assert job.stdout.readline() == "ready\n"

    job.terminate()
    done = jobs.finish(job, timeout=30)

    assert done.returncode == 130
    assert done.stderr == "pdsearch: interrupted before the search began\n"


def test_columns_of_a_csv_file_may_have_names(tmp_path):
    (tmp_path / "named.csv").write_text("# loads\na,b,c\n1,2,3\n4,5,6\n")
    (tmp_path / "wrong.csv").write_text("1,x,3\n4,5,6\n")
    (tmp_path / "words.csv").write_text("a,b,c\n")

    assert read_array(str(tmp_path / "named.csv")).tolist() == [[1, 2, 3], [4, 5, 6]]
    for name in ("wrong.csv", "words.csv"):
        with pytest.raises(BadInputError, match="is no number"):
            read_array(str(tmp_path / name))


def test_place_shows_its_placement(tmp_path, capsys):
    np.save(tmp_path / "loads.npy", np.array([[1.0, 2.0, 3.0, 10.0], [4.0, 3.0, 2.0, 1.0]]))
    words = ["place", str(tmp_path / "loads.npy"), "--gpus", "2", "--replicas", "6"]

    assert main(words) == 0
    shown = capsys.readouterr().out.splitlines()
    assert main([*words, "--json", "-"]) == 0
    layers = json.loads(capsys.readouterr().out)["layers"]

    lines = [line for line in shown if "experts" in line and line.startswith("layer ")]
    assert lines == [
        f"layer {number}, GPU {gpu}: experts {' '.join(map(str, layer['experts'][3 * gpu : 3 * gpu + 3]))}"
        for number, layer in enumerate(layers)
        for gpu in range(2)
    ]


def test_env_lists_extras_and_says_whether_mpi_works(capsys):
    assert main(["env", "--json"]) == 0

    facts = json.loads(capsys.readouterr().out)
    assert set(facts["extras"]) == {"mpich", "plot", "torch", "gpu", "planning", "unified-planning"}
    assert facts["mpi_works"].startswith(("yes", "no", "this process"))


def test_numbers_are_shown_in_units_that_fit(capsys):
    assert main(["solve", "tiles", "1 0 2 3 4 5 6 7 8"]) == 0

    text = capsys.readouterr().out

    assert "KiB" in text
    assert "bytes per node" not in text  # of a dozen nodes
    assert "0.00 M" not in text
    assert "None" not in text


def test_one_name_of_an_option_goes_with_every_command(capsys):
    texts = {command: help_of(command, capsys) for command in ("simulate", "balance", "solve")}

    assert "--distributions" in texts["simulate"]
    assert "--plots" in texts["balance"]
    assert "--batch" in texts["solve"]
