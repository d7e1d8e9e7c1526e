"""When a command begins, from which its time limit counts, and how its process ends."""

import builtins
import json
import os
import sys
import time
from pathlib import Path

import jobs
import pytest

import pdsearch
from pdsearch.cli import main
from pdsearch.console import clock
from pdsearch.result import Status

COURIER = str(Path(__file__).parent / "data" / "planning" / "courier.sas")


# --- the beginning ---


says_when = pytest.mark.skipif(
    not Path("/proc/self/stat").is_file(), reason="the system does not say when a process was started"
)


@says_when
def test_a_process_begins_before_it_imports():
    code = "import time; t = time.monotonic(); time.sleep(0.2); import pdsearch; from pdsearch.console import clock; "
    job = jobs.run([sys.executable, "-c", code + "print(clock.process_began() - t)"])

    assert -clock._MOST_S < float(job.stdout) < 0.1  # ticks of a hundredth


@says_when
def test_a_process_that_was_forked_began_then():
    code = (
        "import os, time; from pdsearch.console import clock; time.sleep(0.5); t = time.monotonic()\n"
        "if os.fork(): os.wait()\n"
        "else: print(clock.process_began() - t)"
    )
    job = jobs.run([sys.executable, "-c", code])

    assert abs(float(job.stdout)) < 0.3


@pytest.mark.parametrize("text", [None, "7 (a) b) S 1", "7 (a) S " + "0 " * 40])
def test_where_the_system_does_not_say_it_is_when_the_package_was_imported(text, tmp_path, monkeypatch):
    """The file is not there, cut, or says that the process was started with the machine."""
    file = tmp_path / "stat"
    if text is not None:
        file.write_text(text)
    real = builtins.open
    monkeypatch.setattr(
        builtins, "open", lambda name, *given: real(file if name == "/proc/self/stat" else name, *given)
    )

    assert clock.process_began() == pdsearch.imported_s


@pytest.mark.parametrize("ranks", [[], ["-n", "2"]])
def test_what_went_by_before_counts_for_the_time_limit(ranks, tmp_path):
    out = tmp_path / "result.json"
    words = ["plan", COURIER, "--heuristic", "blind", *ranks, "--json", str(out)]

    assert main([*words, "--time-limit", "9e5"], time.monotonic() - 1e6) == Status.TIME_LIMIT.value
    assert json.loads(out.read_text())["status"] == "time limit"
    assert main([*words, "--time-limit", "2e6"], time.monotonic() - 1e6) == 0


def test_of_several_instances_each_has_the_time(capsys):
    words = ["solve", "tiles", "random:3x3", "random:3x3", "--time-limit", "9e5"]

    assert main(words, time.monotonic() - 1e6) == 0


# --- the end ---

END = """
import atexit, os, sys, tempfile, threading, time
from pdsearch.comm.leave import leave
folder = tempfile.TemporaryDirectory()
atexit.register(lambda: sys.stdout.write("at exit\\n"))
class Slow:
    def __del__(self, write=os.write):
        write(1, b"taken apart\\n")
kept = Slow()
sys.stdout.write(folder.name + "\\n")
{what}
leave(7)
"""


def ended(what="", stdout=""):
    """Return what a process says that leaves."""
    return jobs.run(["sh", "-c", f'"$0" -c "$1"{stdout}', sys.executable, END.format(what=what)])


def test_what_is_to_be_done_at_exit_is_done_and_nothing_is_taken_apart():
    job = ended()
    folder, *said = job.stdout.splitlines()

    assert (job.returncode, said, job.stderr) == (7, ["at exit"], "")
    assert not os.path.exists(folder)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("threading.Thread(target=lambda: (time.sleep(0.3), sys.stdout.write('done\\n'))).start()", "done"),
        ("sys.setprofile(lambda *_: None)", "taken apart"),
        ("sys.modules['mpi4py.MPI'] = sys", "taken apart"),
        ("try: (lambda: leave(7))()\nexcept SystemExit: print('caught')", "caught"),
        ("try: exec('leave(7)')\nexcept SystemExit: print('caught')", "caught"),
    ],
)
def test_who_still_needs_python_has_it(what, says):
    job = ended(what)

    assert job.returncode == 7
    assert says in job.stdout.splitlines()


def test_who_runs_the_program_within_another_goes_on():
    code = (
        "import runpy, sys; sys.argv = ['pdsearch', 'list', 'domains']\n"
        "try: runpy.run_module('pdsearch', run_name='__main__')\n"
        "except SystemExit as ended: print('ended', ended.code)"
    )
    job = jobs.run([sys.executable, "-c", code])

    assert job.stdout.splitlines()[-1:] == ["ended 0"], job.stderr


def test_what_a_plug_in_leaves_open_is_written(tmp_path):
    file = tmp_path / "logs.py"
    file.write_text(f"log = open({str(tmp_path / 'log')!r}, 'w')\nlog.write('a line')\n")
    job = jobs.run([sys.executable, "-m", "pdsearch", "list", "domains", "--plugin", str(file)])

    assert job.returncode == 0, job.stderr
    assert (tmp_path / "log").read_text() == "a line"


def test_streams_may_be_closed():
    code = "from pdsearch.comm.leave import leave; leave(7)"
    job = jobs.run(["sh", "-c", '"$0" -c "$1" >&- 2>&-', sys.executable, code])

    assert job.returncode == 7


def test_a_reader_that_has_gone_is_a_broken_pipe():
    line = '"$0" -c "$1" | true; exit ${PIPESTATUS[0]}'
    leaves = "import sys, time; from pdsearch.comm.leave import leave; sys.stdout.write('x'); time.sleep(0.3); leave(7)"
    job = jobs.run(["bash", "-c", line, sys.executable, leaves], env={"PYTHONUNBUFFERED": ""})

    assert (job.returncode, job.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_what_cannot_be_written_is_told():
    job = ended(stdout=" > /dev/full")

    assert job.returncode not in (0, 7)
    assert "No space left" in job.stderr
