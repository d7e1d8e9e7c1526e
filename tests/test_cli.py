"""The command line: what the documentation shows works, and every mistake is one clear line."""

import importlib
import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path

import jobs
import pytest

from pdsearch import Status
from pdsearch.cli import command_names, main
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import DOMAINS
from pdsearch.domains.planning.preprocessing import PREPROCESSORS
from pdsearch.domains.planning.pruning import PRUNINGS
from pdsearch.heuristics import HEURISTICS

UNSOLVABLE = "1 0 2 3 4 5 6 8 7"
PDSEARCH = [sys.executable, "-m", "pdsearch"]


def run(capsys, *words):
    """Return (exit code, stdout, stderr) of a command run in this process."""
    try:
        code: object = main(list(words))
    except SystemExit as left:  # argparse leaves so
        code = left.code
    output = capsys.readouterr()
    return code, output.out, jobs.without_notice(output.err)


def complaint(capsys, *words):
    """Return the single line that a mistake prints."""
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert err.endswith("\n")
    assert len(err.splitlines()) == 1
    assert err.startswith("pdsearch: ")
    message = err.removeprefix("pdsearch: ").rstrip("\n")
    assert not message[0].isupper()
    assert not message.endswith(".")
    return message


# --- solve ---


def test_a_solved_puzzle_is_summed_up_for_a_person(capsys):
    code, out, err = run(capsys, "solve", "tiles", "korf:79")

    assert (code, err) == (0, "")
    assert out.startswith("tiles korf:79: solved\n  cost 42 (optimal, 42 steps, replayed)\n  A* on one rank, ")


def test_a_plan_is_shown_with_its_first_and_its_last_board(capsys):
    _, out, _ = run(capsys, "solve", "tiles", "1 2 0 3 4 5 6 7 8")

    assert out.splitlines()[-4:] == [
        "  plan, moves of the blank: left, left",
        "     1  2  .        .  1  2",
        "     3  4  5  -->   3  4  5",
        "     6  7  8        6  7  8",
    ]


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["pancake", "2 1 0 3"], "  plan, flip N turns over the upper N: flip 3\n    2 1 0 3  -->  0 1 2 3\n"),
        (["topspin", "3 2 1 0 4", "--turnstile", "4"], "places from 0: turn 0\n    3 2 1 0 4  -->  0 1 2 3 4\n"),
        (["rubik2", "R"], "  plan, quarter turns clockwise, ' the other way, 2 half turns: R'\n"),
    ],
)
def test_a_plan_says_what_its_moves_mean(words, shown, capsys):
    assert run(capsys, "solve", *words)[1].endswith(shown)


@pytest.mark.parametrize("heuristic", ["blind", "manhattan", "linear-conflict", "pdb"])
def test_json_on_stdout_is_one_object_and_nothing_else(heuristic, capsys):
    code, out, err = run(capsys, "solve", "tiles", "random:3x3", "--seed", "7", "--heuristic", heuristic, "--json", "-")

    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    result = json.loads(out)
    assert result["status"] == "solved"
    assert result["heuristic"] == heuristic
    assert result["seed"] == 7
    assert len(result["plan"]) == result["cost"] == result["lower_bound"]
    assert {"numba", "python", "processor", "cores", "platform"} <= set(result["environment"])


def test_json_knows_no_nan(capsys):
    _, out, _ = run(capsys, "solve", "tiles", UNSOLVABLE, "--json", "-")

    result = json.loads(out, parse_constant=lambda name: pytest.fail(name))
    assert result["LB"] is None


@pytest.mark.wide
def test_the_documented_commands_work_as_processes(tmp_path):
    result_file, plan_file = tmp_path / "result.json", tmp_path / "plan.txt"
    for words in (
        "solve tiles korf:79 --heuristic manhattan --json -",
        f"solve tiles random:3x3 --seed 7 --time-limit 30s --memory 2G --json {result_file} --plan-file {plan_file}",
        "list",
    ):
        job = jobs.run([*PDSEARCH, *shlex.split(words)], timeout=120)

        assert (job.returncode, job.stderr) == (0, "")
        assert job.stdout
    assert json.loads(result_file.read_text())["status"] == "solved"
    assert plan_file.read_text().splitlines()[-1].startswith("; cost = ")


def test_an_instance_may_be_numbers_or_a_file(capsys, tmp_path):
    file = tmp_path / "board"
    file.write_text("8 7 6 5 4 3 2 1 0")

    from_numbers = run(capsys, "solve", "tiles", "8 7 6 5 4 3 2 1 0", "--json", "-")
    from_file = run(capsys, "solve", "tiles", str(file), "--json", "-")

    assert json.loads(from_numbers[1])["cost"] == json.loads(from_file[1])["cost"] == 28


def test_the_goal_may_have_the_blank_last(capsys):
    code, out, _ = run(capsys, "solve", "tiles", "1 2 3 4 5 6 7 0 8", "--goal", "blank-last", "--plan-file", "-")

    assert code == 0
    assert out.endswith("right\n; cost = 1\n")


def test_the_same_seed_gives_the_same_instance(capsys):
    boards = [json.loads(run(capsys, "solve", "tiles", "random:3x3", "--json", "-")[1]) for _ in range(2)]

    assert boards[0]["instance"] == "random:3x3 seed 0"
    assert boards[0]["plan"] == boards[1]["plan"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["random:3x3"], Status.SOLVED),
        ([UNSOLVABLE], Status.UNSOLVABLE),
        (["korf:88", "--node-limit", "1e3"], Status.NODE_LIMIT),
        (["korf:88", "--memory", "2M", "--when-full", "stop"], Status.MEMORY_LIMIT),
        (["korf:88", "--time-limit", "0.05"], Status.TIME_LIMIT),
    ],
)
def test_the_exit_code_says_how_the_search_ended(words, status, capsys):
    code, out, err = run(capsys, "solve", "tiles", *words)

    assert (code, err) == (status.value, "")
    assert out.startswith(f"tiles {words[0]}")
    assert out.splitlines()[0].endswith(f": {status.words}")
    if status in (Status.NODE_LIMIT, Status.MEMORY_LIMIT, Status.TIME_LIMIT):
        assert "no plan found; any plan costs at least " in out


def test_a_limit_that_ends_reading_is_told_in_the_json(capsys):
    task = Path(__file__).parent / "data" / "planning" / "depots"
    code, out, err = run(capsys, "plan", f"{task}-domain.pddl", f"{task}.pddl", "--time-limit", "1e-4", "--json", "-")

    assert code == Status.TIME_LIMIT.value
    assert json.loads(out) == {"status": "time limit", "error": err.removeprefix("pdsearch: ").strip()}
    assert "the time limit ended" in err


def test_exit_codes_are_the_documented_ones():
    assert {status.name: status.value for status in Status} == {
        "SOLVED": 0,
        "WITHIN_BOUND": 3,
        "UNSOLVABLE": 11,
        "NODE_LIMIT": 12,
        "MEMORY_LIMIT": 22,
        "TIME_LIMIT": 23,
        "CHECKPOINTED": 75,
        "INTERRUPTED": 130,
    }


@pytest.mark.wide
def test_one_rank_of_hdastar_can_be_asked_for():
    job = jobs.run([*PDSEARCH, *shlex.split("solve tiles korf:79 --algorithm hdastar --json -")], timeout=120)

    if "no MPI library was found" in job.stderr:
        pytest.skip("no MPI library")
    result = json.loads(job.stdout)
    assert (result["algorithm"], result["n_ranks"], result["cost"]) == ("HDA*", 1, 42)


@pytest.mark.wide
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_search_with_a_result(number, tmp_path):
    stderr_file = tmp_path / "stderr"
    with stderr_file.open("w") as stderr:
        words = "solve tiles korf:88 --memory 800M --progress --json -"
        job = jobs.start([*PDSEARCH, *words.split()], stderr=stderr)
    for _ in range(3000):
        if "expanded" in stderr_file.read_text():
            break
        time.sleep(0.02)

    os.kill(job.pid, number)
    done = jobs.finish(job, timeout=20)

    assert done.returncode == 130
    result = json.loads(done.stdout)
    assert result["status"] == "interrupted"
    assert 43 <= result["lower_bound"] <= 65


@pytest.mark.wide
def test_a_signal_while_kernels_compile_is_one_line(tmp_path):
    job = jobs.start([*PDSEARCH, "solve", "tiles", "korf:88"], env={"PDSEARCH_CACHE_DIR": str(tmp_path)})
    time.sleep(3.0)

    os.kill(job.pid, signal.SIGINT)
    done = jobs.finish(job, timeout=30)

    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "pdsearch: interrupted before the search began\n"


@pytest.mark.wide
def test_progress_is_one_line_written_over_again_and_only_when_asked_for(tmp_path):
    said = []
    for more in ([], ["--progress"]):
        with (tmp_path / "stderr").open("w") as stderr:
            words = [
                *PDSEARCH,
                *shlex.split("solve tiles korf:88 --time-limit 10s --memory 800M --when-full stop"),
                *more,
            ]
            jobs.finish(jobs.start(words, stderr=stderr), timeout=60)
        said.append((tmp_path / "stderr").read_bytes().decode())

    quiet, asked = said
    assert quiet == ""
    assert " expanded, " in asked
    assert "on the fullest rank" in asked
    assert asked.count("\n") == 1


@pytest.mark.wide
def test_a_reader_that_goes_away_is_no_reason_for_a_traceback():
    job = jobs.run(["sh", "-c", f"{shlex.join(PDSEARCH)} solve tiles korf:79 --json - | true"], timeout=60)

    assert "Traceback" not in job.stderr


# --- mistakes ---


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tile", "korf:1"], "no domain is called 'tile'; did you mean 'tiles'? known: "),
        (["tiles", "korf:101"], "instance korf:101 is unknown; there are korf:1 to korf:100"),
        (["tiles", "1 2 3"], "3 tiles given; a square board needs 4, 9, 16 or 25"),
        (["tiles", "0 1 2 3 4 5 6 7 7"], "tile 7 is there twice and tile 8 is missing"),
        (["tiles", "0 1 2 3 4 5 6 7 9"], "tile 9 is out of range; 9 cells hold the numbers 0 to 8"),
        (["tiles", "no/such/file"], "cannot read 'no/such/file' (No such file or directory); give korf:1"),
        (["tiles", "line one\nline two"], "cannot read 'line one\\nline two' (No such file"),
        (["tiles", ""], "the instance is empty"),
        (["tiles", "random:9x9"], "board 9x9 is not supported; both sides at least 2, at most 25 cells"),
        (["tiles", "korf:1", "--goal", "middle"], "goal 'middle' is unknown; it is one of blank-first, blank-last"),
        (
            ["tiles", "korf:1", "--heuristic", "manhatan"],
            "no heuristic is called 'manhatan'; did you mean 'manhattan'?",
        ),
        (
            ["tiles", "korf:1", "--distribution", "zobrits"],
            "no distribution is called 'zobrits'; did you mean 'zobrist'?",
        ),
        (["tiles", "korf:1", "--algorithm", "bstar"], "no algorithm is called 'bstar'; did you mean 'astar'?"),
        (["tiles", "korf:1", "--time-limit", "soon"], "time 'soon' is not understood; write it as 30s, 10m or 2h"),
        (["tiles", "korf:1", "--time-limit", "-1"], "time '-1' is not understood"),
        (["tiles", "korf:1", "--time-limit", "0"], "time '0' is not understood"),
        (["tiles", "korf:1", "--time-limit", "nan"], "time 'nan' is not understood"),
        (["tiles", "korf:1", "--memory", "2Q"], "memory '2Q' is not understood; write it as 512M or 2G"),
        (["tiles", "korf:1", "--memory", "1K"], "memory limit 1024 bytes is too small; give at least 1M"),
        (["tiles", "korf:1", "--node-limit", "1.5"], "count '1.5' is not a whole number; write it as 1000000 or 1e6"),
        (["tiles", "korf:1", "--node-limit", "many"], "count 'many' is not understood; write it as 1000000 or 1e6"),
        (["tiles", "korf:1", "--seed", "x"], "seed 'x' is not understood; give a whole number from 0 on"),
        (["tiles", "random:3x3", "--seed", "-1"], "seed"),
        (["tiles", "korf:1", "--seed", "-1"], "seed"),
        (["tiles"], "the following arguments are required: INSTANCE; see pdsearch solve --help"),
        (
            ["tiles", "korf:1", "--json", "no/such/folder/r.json"],
            "cannot write 'no/such/folder/r.json'; give a file in",
        ),
        (["tiles", "korf:79", "--solution", "f"], "plans of tiles are moves and no more; write them by --plan-file"),
        (
            ["tiles", "korf:1", "--plan-file", "."],
            "cannot write '.'; give a file in a folder that exists and is writable",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words, message, capsys):
    assert message in complaint(capsys, "solve", *words)


def test_an_unwritable_file_is_refused_before_the_search(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("pdsearch.cli.solve.solve_all", lambda *_, **__: pytest.fail("it searched"))
    monkeypatch.setattr(os, "access", lambda *_: False)  # as for a user who is not root

    assert "cannot write" in complaint(capsys, "solve", "tiles", "korf:1", "--json", str(tmp_path / "result.json"))


def test_an_unreadable_file_says_why(tmp_path, capsys):
    binary = tmp_path / "board"
    binary.write_bytes(b"\xff\xfe")

    assert "(not a text file)" in complaint(capsys, "solve", "tiles", str(binary))
    assert "(not a regular file)" in complaint(capsys, "solve", "tiles", str(tmp_path))


def test_an_unknown_command_is_one_line(capsys):
    assert "invalid choice: 'sovle'" in complaint(capsys, "sovle")


@pytest.mark.few(1)
@pytest.mark.parametrize("words", [["tiles", "korf:0"], ["tiles", "korf:1", "--frobnicate"], ["nothing", "korf:1"]])
def test_a_mistake_shows_no_traceback_as_a_process_either(words):
    job = jobs.run([*PDSEARCH, "solve", *words], timeout=60)

    assert (job.returncode, job.stdout) == (2, "")
    assert len(job.stderr.splitlines()) == 1
    assert job.stderr.startswith("pdsearch: ")


def test_a_bug_shows_its_traceback_and_exit_code_1():
    code = """
import sys
import pdsearch.cli.solve
pdsearch.cli.solve.solve_all = lambda *_, **__: 1 / 0
sys.exit(pdsearch.cli.main(["solve", "tiles", "korf:1"]))
"""

    job = jobs.run([sys.executable, "-c", code], timeout=60)

    assert job.returncode == 1
    assert "ZeroDivisionError" in job.stderr


# --- the other commands ---


@pytest.mark.parametrize("name", command_names())
def test_the_help_of_every_command_has_its_examples(name, capsys):
    code, out, _ = run(capsys, name, "--help")

    examples = importlib.import_module(f"pdsearch.cli.{name}").EXAMPLES
    assert code == 0
    assert examples.strip() in out
    assert f"pdsearch {name}" in examples


def test_help_lists_every_command_with_a_line(capsys):
    code, out, _ = run(capsys, "--help")
    bare_code, bare_out, _ = run(capsys)

    assert (code, bare_code) == (0, 0)
    assert out == bare_out
    for name in command_names():
        assert any(line.split()[:1] == [name] and len(line.split()) > 3 for line in out.splitlines())


def test_version_is_that_of_the_package(capsys):
    from pdsearch import __version__

    assert run(capsys, "--version")[:2] == (0, f"pdsearch {__version__}\n")


@pytest.mark.parametrize(
    ("kind", "registry"),
    [
        ("domains", DOMAINS),
        ("heuristics", HEURISTICS),
        ("distributions", DISTRIBUTIONS),
        ("preprocessors", PREPROCESSORS),
        ("prunings", PRUNINGS),
    ],
)
def test_list_shows_every_entry_with_its_source(kind, registry, capsys):
    everything = run(capsys, "list")[1].splitlines()
    as_json = json.loads(run(capsys, "list", kind, "--json")[1])

    assert kind in everything
    assert list(as_json[kind]) == list(registry)
    for name, cls in registry.items():
        assert any(line.split()[:1] == [name] and line.endswith(f"[{cls.source}]") for line in everything)
        assert as_json[kind][name]["summary"]
        assert as_json[kind][name]["source"] == cls.source


def test_list_shows_the_options_of_distributions_and_their_defaults(capsys):
    everything = run(capsys, "list", "distributions")[1]
    as_json = json.loads(run(capsys, "list", "distributions", "--json")[1])["distributions"]

    assert as_json["zobrist"]["option"] == ""
    for name, facts in as_json.items():
        assert facts["option"] in everything
        assert not facts["option"] or "default" in facts["option"], name


def test_list_refuses_a_kind_there_is_not(capsys):
    assert "invalid choice: 'heuristic'" in complaint(capsys, "list", "heuristic")


@pytest.mark.wide
def test_env_shows_what_results_record_and_the_cache(capsys):
    facts = json.loads(run(capsys, "env", "--json")[1])

    assert {"python", "numba", "numpy", "mpi4py", "pdsearch", "platform", "processor", "cores"} <= set(facts)
    assert "pdsearch" in facts["kernel_cache"]
    assert all(name in run(capsys, "env")[1] for name in facts)
