"""Compiled kernels are found again by the next process, and never after any source file has changed."""

import io
import os
import shutil
import sys
import time
from pathlib import Path

import jobs
import pytest

from pdsearch import _cache
from pdsearch._notice import Notice

ROOT = Path(__file__).parents[1]
WHERE = "from pdsearch._jit import cache_folder; print(cache_folder())"
PROBE = "from pdsearch.kernels.probe import probe; print(probe(20))"

# a kernel in one file that calls a helper in another, where numba alone would serve the old answer
HELPER = """
from pdsearch._jit import inlined

@inlined
def helped(number):
    return number + 1
"""
CALLER = """
from pdsearch._jit import kernel
from pdsearch.domains.helper import helped

@kernel
def probe(number):
    return 2 * helped(number)
"""

# a user's own type of tables, for which a pass of the library is compiled, and what one move of it costs
OWN = """
from typing import NamedTuple
from pdsearch._jit import implements
from pdsearch.kernels import frame as slots
from pdsearch.kernels.passes import new_batch
from pdsearch.kernels.successors import expand_all
from pdsearch.kernels.protocol import constants, expand, is_goal, new_moves
from pdsearch.kernels.store import new_table
from pdsearch.search.best_first import step

class Own(NamedTuple):
    number: int

constants(Own, n_words=1)

@implements(is_goal, Own)
def _is_goal(space, state):
    return False

@implements(expand, Own)
def _expand(space, created_by, moves, n):
    moves.cost[n] = 7
    return n + 1

def ask():
    frame, moves = slots.Frame(), new_moves(1, 300)
    passes = slots.np.zeros(step.N_PASSES, slots.np.int64)
    passes[step.SPLIT] = expand_all.made_for(Own(1)).address
    for slot, tables in [(slots.SPACE, Own(1)), (slots.MOVES, moves), (slots.BATCH, new_batch(1, 1, 300))]:
        frame.place(slot, tables)
    frame.words[[slots.N_PARENTS, slots.MAX_MOVES]] = 1, 1
    frame.place(slots.TABLE, new_table(3, 16, 32))
    step.split_index(frame.words, passes)  # calls what is in that place
    return int(moves.cost[0])
"""
# the same in two modules, the rules in the one
RULES = OWN.partition("def ask")[0]
ASKS = (
    "from rules import Own, expand_all, new_batch, new_moves, new_table, slots, step\ndef ask"
    + OWN.partition("def ask")[2]
)


def python(code, cwd, cache):
    env = {"PDSEARCH_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    job = jobs.run([sys.executable, "-c", code], timeout=200, env=env, cwd=cwd)
    assert job.returncode == 0, job.stderr
    return job.stdout.strip()


def compiled(cache):
    """Return every file of a cache with its time of change."""
    return {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb[ic]")}


@pytest.fixture
def tree(tmp_path):
    """Return a copy of the source tree, with two files more, which may be edited."""
    for name in ("pdsearch", "domains", "gpu"):
        shutil.copytree(
            ROOT / name, tmp_path / "tree" / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    (tmp_path / "tree" / "domains" / "helper.py").write_text(HELPER)
    (tmp_path / "tree" / "pdsearch" / "kernels" / "probe.py").write_text(CALLER)
    return tmp_path / "tree"


@pytest.mark.wide
def test_the_next_process_compiles_nothing(tree, tmp_path):
    cache = tmp_path / "cache"

    first = python(PROBE, tree, cache)
    after_first = compiled(cache)
    second = python(PROBE, tree, cache)

    assert (first, second) == ("42", "42")
    assert after_first
    assert compiled(cache) == after_first


@pytest.mark.wide
def test_an_edit_shows_in_the_answer_of_a_kernel_that_calls_the_edited_file(tree, tmp_path):
    cache = tmp_path / "cache"
    before = python(PROBE, tree, cache)

    (tree / "domains" / "helper.py").write_text(HELPER.replace("+ 1", "+ 2"))

    assert (before, python(PROBE, tree, cache)) == ("42", "44")


@pytest.mark.wide
def test_a_users_own_type_is_found_again_and_disturbs_nobody_who_cannot_import_it(tmp_path):
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}.py").write_text(OWN)
    cache = tmp_path / "cache"

    implements = [python(f"import {name}; print({name}.ask())", tmp_path / name, cache) for name in ("one", "other")]
    after_both = compiled(cache)
    again = python("import one; print(one.ask())", tmp_path / "one", cache)

    assert [*implements, again] == ["7", "7", "7"]
    assert after_both
    assert compiled(cache) == after_both


@pytest.mark.wide
def test_an_edit_of_a_users_own_file_compiles_its_kernels_anew(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    python("import own; own.ask()", tmp_path, tmp_path / "cache")
    before = compiled(tmp_path / "cache")

    (tmp_path / "own.py").write_text(OWN + "# edited")
    python("import own; own.ask()", tmp_path, tmp_path / "cache")

    assert len(compiled(tmp_path / "cache")) > len(before)


@pytest.mark.wide
def test_a_type_of_the_running_script_is_compiled_each_time(tmp_path):
    script = tmp_path / "own.py"
    script.write_text(OWN + "print(ask())")
    for _ in range(2):
        job = jobs.run([sys.executable, str(script)], timeout=200, env={"PDSEARCH_CACHE_DIR": str(tmp_path / "cache")})
        assert job.stdout == "7\n", job.stderr

    assert not [path for path in compiled(tmp_path / "cache") if "expand_all" in path.name]


@pytest.mark.wide
def test_an_edit_of_a_users_second_module_compiles_anew(tmp_path):
    (tmp_path / "asks.py").write_text(ASKS)
    (tmp_path / "rules.py").write_text(RULES)
    before = python("import asks; print(asks.ask())", tmp_path, tmp_path / "cache")

    (tmp_path / "rules.py").write_text(RULES.replace("= 7", "= 8"))

    assert (before, python("import asks; print(asks.ask())", tmp_path, tmp_path / "cache")) == ("7", "8")


@pytest.mark.wide
def test_a_constant_from_a_third_module_counts(tmp_path):
    (tmp_path / "asks.py").write_text(ASKS)
    (tmp_path / "rules.py").write_text(
        RULES.replace("= 7", "= COST").replace("class Own", "from cost import COST\nclass Own")
    )
    implements = []
    for cost in (7, 8):
        (tmp_path / "cost.py").write_text(f"COST = {cost}")
        implements.append(python("import asks; print(asks.ask())", tmp_path, tmp_path / "cache"))

    assert implements == ["7", "8"]


@pytest.mark.wide
def test_a_users_module_whose_name_begins_as_ours_is_not_ours(tmp_path):
    (tmp_path / "pdsearch_x.py").write_text(OWN)
    before = python("import pdsearch_x; print(pdsearch_x.ask())", tmp_path, tmp_path / "cache")

    (tmp_path / "pdsearch_x.py").write_text(OWN.replace("= 7", "= 8"))

    assert (before, python("import pdsearch_x; print(pdsearch_x.ask())", tmp_path, tmp_path / "cache")) == ("7", "8")


@pytest.mark.wide
@pytest.mark.parametrize("kept", [0, 20, 500])
def test_a_kernel_file_that_was_cut_is_compiled_anew(tmp_path, kept):
    (tmp_path / "own.py").write_text(OWN)
    python("import own; own.ask()", tmp_path, tmp_path / "cache")
    for path in compiled(tmp_path / "cache"):
        path.write_bytes(path.read_bytes()[:kept])

    assert python("import own; print(own.ask())", tmp_path, tmp_path / "cache") == "7"
    assert all(path.stat().st_size > 500 for path in compiled(tmp_path / "cache"))


def asked(folder):
    """Ask ``own`` in a process of its own, with the cache in the folder."""
    return jobs.run(
        [sys.executable, "-c", "import own; print(own.ask())"],
        timeout=200,
        env={"PDSEARCH_CACHE_DIR": str(folder / "cache")},
        cwd=folder,
    )


@pytest.mark.wide
@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_folder_that_others_may_write_is_not_used_and_that_is_one_line(tmp_path, mode):
    (tmp_path / "own.py").write_text(OWN)
    folder = tmp_path / "cache" / "pdsearch"
    folder.mkdir(parents=True)
    folder.chmod(mode)

    job = asked(tmp_path)

    assert job.stdout == "7\n"
    assert job.stderr.count("\n") == 1
    assert "may be written by others" in job.stderr
    assert not compiled(tmp_path / "cache")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "cache").write_text("a file")

    job = asked(tmp_path)

    assert job.stdout == "7\n"
    assert job.stderr.count("\n") == 1
    assert "cannot be used" in job.stderr


@pytest.mark.wide
def test_a_line_says_that_kernels_are_compiled_and_only_then(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    code = "import own\nfrom pdsearch._jit import announced, expect\nwith announced():\n expect(2)\n print(own.ask())"
    command = [sys.executable, "-c", code]
    cold, warm = (
        jobs.run(command, timeout=200, env={"PDSEARCH_CACHE_DIR": str(tmp_path / "cache")}, cwd=tmp_path)
        for _ in range(2)
    )

    assert (cold.stdout, warm.stdout) == ("7\n", "7\n"), cold.stderr
    assert cold.stderr in ("", "compiling 2 of 2 kernels ...\n")  # a fast machine has nothing to say
    assert warm.stderr == ""


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "edited",
    [
        "pdsearch/kernels/mixing.py",
        "pdsearch/search/step.py",
        "domains/tiles/space.py",
        "gpu/__init__.py",
    ],
)
def test_an_edit_of_any_source_file_opens_a_new_cache(edited, tree, tmp_path):
    before = python(WHERE, tree, tmp_path)

    with (tree / edited).open("a") as file:
        file.write("\n# edited\n")

    assert python(WHERE, tree, tmp_path) != before


def test_a_file_that_was_removed_opens_a_new_cache(tree, tmp_path):
    before = python(WHERE, tree, tmp_path)

    (tree / "pdsearch" / "py.typed").unlink()  # not compiled
    unchanged = python(WHERE, tree, tmp_path)
    (tree / "pdsearch" / "environment.py").unlink()

    assert unchanged == before
    assert python(WHERE, tree, tmp_path) != before


def test_the_cache_lies_in_the_folder_the_user_names_or_in_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setattr(_cache, "_folder", None)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    monkeypatch.setenv("PDSEARCH_CACHE_DIR", str(tmp_path / "own"))

    assert _cache.cache_folder().parent == tmp_path / "own" / "pdsearch"
    monkeypatch.setattr(_cache, "_folder", None)
    monkeypatch.delenv("PDSEARCH_CACHE_DIR")
    assert _cache.cache_folder().parent == tmp_path / "numba" / "pdsearch"
    monkeypatch.setattr(_cache, "_folder", None)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert _cache.cache_folder().parent.name == "pdsearch"


def test_pruning_removes_only_what_the_library_made_and_keeps_the_one_in_use(monkeypatch, tmp_path):
    used, old, recent, unmarked = (str(digit) * 16 for digit in range(4))
    names = [used, old, recent, unmarked, "pdb", "docs"]
    monkeypatch.setattr(_cache, "_folder", tmp_path / used)
    long_ago = time.time() - 40 * 86_400
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("mine")
        if name in (used, old, recent, "docs"):
            (tmp_path / name / _cache._MARK).touch()
        if name != recent:
            os.utime(tmp_path / name, (long_ago, long_ago))

    _cache.prune()

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({*names} - {old})
    assert (tmp_path / used).stat().st_mtime > long_ago


def test_pruning_a_cache_that_does_not_exist_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(_cache, "_folder", tmp_path / "nowhere")

    _cache.prune()

    assert not (tmp_path / "nowhere").exists()


def test_what_compiles_is_said_again_and_again_until_it_ends():
    class Quick(Notice):
        WAIT_S = EVERY_S = 0.001

    quick, stream = Quick(), io.StringIO()
    quick.stream, quick.total = stream, 9
    quick.begin()
    while stream.getvalue().count("compiling 1 of 9 kernels ...\n") < 3:
        time.sleep(0.001)
    quick.done()
    time.sleep(0.1)  # a line that was begun
    lines = stream.getvalue()
    time.sleep(0.05)
    assert stream.getvalue() == lines
    ended = quick._ended
    quick.end()

    assert ended.is_set()
    assert quick.begun == 0


PRODUCT = """
import sys
{before}
import numba, numpy as np
from pdsearch._jit import read_tables
read_tables()
print("scipy.linalg" in sys.modules)
{what}
"""


@pytest.mark.parametrize(
    ("before", "what", "says"),
    [
        ("", "print(numba.njit(lambda a, b: np.dot(a, b))(np.ones(3), np.ones(3)))", ["False", "3.0"]),
        ("sys.modules['scipy'] = None", "print(numba.njit(lambda a: a + 1)(1))", ["False", "2"]),
    ],
)
def test_scipy_is_imported_when_something_is_multiplied(before, what, says):
    job = jobs.run([sys.executable, "-c", PRODUCT.format(before=before, what=what)])

    assert (job.stdout.splitlines(), job.returncode) == (says, 0), job.stderr
