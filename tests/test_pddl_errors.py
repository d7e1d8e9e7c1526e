"""What is wrong with PDDL is one line that names file, line and word; and the translator is kept in bounds."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pdsearch.domains.planning.task import Planning
from pdsearch.domains.planning.translate import translate
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError
from pdsearch.limits import Deadline

DATA = Path(__file__).parent / "data" / "planning"
DOMAIN, PROBLEM = "courier-domain.pddl", "courier.pddl"
LOAD = "(in ?c ?v) (increase (total-cost) 1)"
TRANSLATOR = pytest.mark.skipif(
    importlib.util.find_spec("fast_downward") is None,
    reason="the extra pdsearch-hda[planning] is not installed",
)

# (file, what is replaced, by what, words of the error)
CHECKED = [
    (DOMAIN, LOAD, LOAD + " (increase (total-cost) 2)", "line 12: action 'load' increases (total-cost) twice"),
    (DOMAIN, LOAD, "(when (free ?v) (increase (total-cost) 1))", "line 12: the cost of action 'load' depends"),
    (DOMAIN, LOAD, "(increase (length ?p ?p) 1)", "line 12: action 'load' increases another number"),
    (DOMAIN, LOAD, "(increase (total-cost) (+ 1 2))", "line 12: the cost of action 'load' is an expression"),
    (DOMAIN, LOAD, "(assign (total-cost) 1)", "line 12: (assign ...): numeric fluents are not supported"),
    (DOMAIN, "(lies ?c ?p) (free ?v))", "(> (length ?p ?p) 1))", "line 11: (> ...): numeric fluents"),
    (DOMAIN, ":action load", ":durative-action load", "line 10: :durative-action: durative actions and other timed"),
    (DOMAIN, ":typing", ":durative-actions", "line 3: :durative-actions: durative actions"),
    (
        DOMAIN,
        "load :parameters (?c - parcel ?v - van",
        "load :parameters (?c - parcel ?v - vann",
        "line 10: type 'vann'",
    ),
    (DOMAIN, "(define", "define", "line 2: '(define' is needed, not 'define'"),
    (DOMAIN, "(define", "(defnie", "line 2: '(define' is needed, not 'defnie'"),
    (DOMAIN, "(increase (total-cost) 0))))", "(increase (total-cost) 0)))", "line 2: the '(' here is never closed"),
    (DOMAIN, "(increase (total-cost) 0))))", "(increase (total-cost) 0))))) x", "line 15: the definition is complete"),
    (PROBLEM, "p1 p2 p3", "p1 p2 p1", "line 2: object 'p1' is named already in line 2"),
    (PROBLEM, "p3 - parcel", "p3 - parcell", "line 2: type 'parcell' is not declared"),
    (PROBLEM, "(:domain courier)", "(:domain trucks)", "line 1: the problem is of domain 'trucks', but"),
    (PROBLEM, "(define", "(définir (define", "'définir' is not ASCII"),
]
TRANSLATED = [
    (DOMAIN, "(street ?a ?b))\n", "(strett ?a ?b))\n", "line 8: Expected logical operator or predicate name: 'strett'"),
    (DOMAIN, LOAD, "(in ?c ?v) (increase (total-cost) 1.5)", "line 12: Fractional numbers are not supported: '1.5'"),
    (PROBLEM, "(lies p1 south)", "(lies p9 south)", "line 7: Undefined object: 'p9'"),
    (PROBLEM, "(parked red north)", "(parked red)", "line 6: Predicate 'parked' of arity 2 used with 1 arguments"),
    (PROBLEM, "minimize", "maximize", "line 8: Invalid metric definition"),
    (PROBLEM, ":goal", ":gaol", "line 7: Expected a non-empty block"),
]


def spoiled(folder, file, old, new):
    """Write both files, one of them changed, and return their names."""
    for name in (DOMAIN, PROBLEM):
        text = (DATA / name).read_text()
        assert name != file or old in text
        (folder / name).write_text(text.replace(old, new, 1) if name == file else text)
    return str(folder / DOMAIN), str(folder / PROBLEM)


def complaint(names):
    with pytest.raises(BadInputError) as error:
        translate(*names)
    return str(error.value)


@pytest.mark.parametrize(("file", "old", "new", "words"), CHECKED)
def test_pddl_that_would_be_misunderstood_is_refused_by_file_and_line(file, old, new, words, tmp_path):
    said = complaint(spoiled(tmp_path, file, old, new))

    assert words in said
    assert str(tmp_path / file) in said.split(", line")[0] or "ASCII" in said
    assert "\n" not in said


@TRANSLATOR
@pytest.mark.parametrize(("file", "old", "new", "words"), TRANSLATED)
def test_what_the_translator_refuses_has_its_line(file, old, new, words, tmp_path):
    said = complaint(spoiled(tmp_path, file, old, new))

    assert words in said
    assert said.startswith(repr(str(tmp_path / file)))


def test_empty_and_swapped_files_are_recognised(tmp_path):
    (tmp_path / "empty.pddl").write_text("; nothing\n")
    domain, task, empty = str(DATA / DOMAIN), str(DATA / PROBLEM), str(tmp_path / "empty.pddl")

    assert "empty.pddl' is empty" in complaint((empty, task))
    assert "empty.pddl' is empty" in complaint((domain, empty))
    assert complaint((task, domain)).endswith("swap them")
    assert "line 2: it is a domain; give the PDDL file of a problem" in complaint((domain, domain))
    assert "give the PDDL files" in complaint((domain, str(tmp_path)))


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """Return the files of a task with 40^6 actions."""
    folder = tmp_path_factory.mktemp("endless")
    names = [f"x{i}" for i in range(40)]
    variables = [f"?v{i}" for i in range(6)]
    needed = " ".join(f"(on {variable})" for variable in variables)
    (folder / "domain.pddl").write_text(
        f"(define (domain many) (:predicates (on ?x) (near ?x ?y)) (:action join :parameters ({' '.join(variables)})"
        f" :precondition (and {needed}) :effect (near ?v0 ?v5)))"
    )
    (folder / "problem.pddl").write_text(
        f"(define (problem p) (:domain many) (:objects {' '.join(names)})"
        f" (:init {' '.join(f'(on {name})' for name in names)}) (:goal (near x0 x1)))"
    )
    return str(folder / "domain.pddl"), str(folder / "problem.pddl")


def translators(task):
    """Return the processes that translate a problem."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--sas-file" in words and os.fsencode(task) in words:
            found.append(folder.name)
    return found


@pytest.mark.wide
@TRANSLATOR
def test_the_translator_ends_with_the_time_and_with_the_memory(endless):
    began = time.monotonic()
    with pytest.raises(TimeLimitError, match="ended the translation"):
        Planning.parse(endless[1], domain_file=endless[0], deadline=Deadline(2.0))
    assert time.monotonic() - began < 4

    with pytest.raises(MemoryLimitError, match="needs more than 134217728 bytes"):
        translate(*endless, Deadline(60.0, memory_bytes=2**27))
    assert not translators(endless[1])


@TRANSLATOR
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are looked for in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_translator_ends_with_the_process_that_started_it(number, endless, tmp_path):
    program = f"from pdsearch.domains.planning.translate import translate; translate(*{endless!r})"
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    job = subprocess.Popen([sys.executable, "-c", program], env=environment)
    limit = time.monotonic() + 60
    while not translators(endless[1]) and time.monotonic() < limit:
        time.sleep(0.05)
    assert translators(endless[1])

    job.send_signal(number)
    job.wait()
    limit = time.monotonic() + 5
    while translators(endless[1]) and time.monotonic() < limit:
        time.sleep(0.05)

    assert not translators(endless[1])
    assert [*tmp_path.iterdir()] == []


@TRANSLATOR
def test_the_translator_runs_nothing_of_the_folder_it_is_started_in(tmp_path, monkeypatch):
    (tmp_path / "argparse.py").write_text("raise SystemExit('this file must not run')")
    for name, given in ((DOMAIN, "--domain.pddl"), (PROBLEM, "-p.pddl")):
        (tmp_path / given).write_text((DATA / name).read_text())
    monkeypatch.chdir(tmp_path)

    assert translate("--domain.pddl", "-p.pddl") == translate(str(DATA / DOMAIN), str(DATA / PROBLEM))
