"""Compiled kernels are found again by the next process, and never after any source file has changed."""

import os
import shutil
import sys
import time
from pathlib import Path

import jobs
import pytest

from pdsearch import _jit

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

# a user's own type of tables, for which a kernel of the library is compiled
OWN = """
from typing import NamedTuple
import numpy as np
from pdsearch._jit import answers
from pdsearch.kernels.protocol import constants
from pdsearch.kernels.store import find_node, new_table

class Own(NamedTuple):
    number: int

constants(Own, n_words=1)

def ask():
    return int(find_node(Own(1), new_table(3, 16, 32), np.zeros(1, np.uint64)))
"""


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


def test_the_next_process_compiles_nothing(tree, tmp_path):
    cache = tmp_path / "cache"

    first = python(PROBE, tree, cache)
    after_first = compiled(cache)
    second = python(PROBE, tree, cache)

    assert (first, second) == ("42", "42")
    assert after_first
    assert compiled(cache) == after_first


def test_an_edit_shows_in_the_answer_of_a_kernel_that_calls_the_edited_file(tree, tmp_path):
    cache = tmp_path / "cache"
    before = python(PROBE, tree, cache)

    (tree / "domains" / "helper.py").write_text(HELPER.replace("+ 1", "+ 2"))

    assert (before, python(PROBE, tree, cache)) == ("42", "44")


def test_a_users_own_type_is_found_again_and_disturbs_nobody_who_cannot_import_it(tmp_path):
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}.py").write_text(OWN)
    cache = tmp_path / "cache"

    answers = [python(f"import {name}; print({name}.ask())", tmp_path / name, cache) for name in ("one", "other")]
    after_both = compiled(cache)
    again = python("import one; print(one.ask())", tmp_path / "one", cache)

    assert [*answers, again] == ["-1", "-1", "-1"]
    assert after_both
    assert compiled(cache) == after_both


def test_an_edit_of_a_users_own_file_compiles_its_kernels_anew(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    python("import own; own.ask()", tmp_path, tmp_path / "cache")
    before = compiled(tmp_path / "cache")

    (tmp_path / "own.py").write_text(OWN + "# edited")
    python("import own; own.ask()", tmp_path, tmp_path / "cache")

    assert len(compiled(tmp_path / "cache")) > len(before)


def test_a_type_of_the_running_script_is_compiled_each_time(tmp_path):
    for _ in range(2):
        assert python(OWN + "print(ask())", tmp_path, tmp_path / "cache") == "-1"

    assert not compiled(tmp_path / "cache")


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
    monkeypatch.setattr(_jit, "_folder", None)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    monkeypatch.setenv("PDSEARCH_CACHE_DIR", str(tmp_path / "own"))

    assert _jit.cache_folder().parent == tmp_path / "own" / "pdsearch"
    monkeypatch.setattr(_jit, "_folder", None)
    monkeypatch.delenv("PDSEARCH_CACHE_DIR")
    assert _jit.cache_folder().parent == tmp_path / "numba" / "pdsearch"
    monkeypatch.setattr(_jit, "_folder", None)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert _jit.cache_folder().parent.name == "pdsearch"


def test_pruning_removes_old_folders_and_keeps_the_one_in_use(monkeypatch, tmp_path):
    monkeypatch.setattr(_jit, "_folder", tmp_path / "used")
    long_ago = time.time() - 40 * 86_400
    for name in ("used", "old", "recent"):
        (tmp_path / name).mkdir()
    for name in ("used", "old"):
        os.utime(tmp_path / name, (long_ago, long_ago))

    _jit.prune()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["recent", "used"]
    assert (tmp_path / "used").stat().st_mtime > long_ago


def test_pruning_a_cache_that_does_not_exist_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(_jit, "_folder", tmp_path / "nowhere")

    _jit.prune()

    assert not (tmp_path / "nowhere").exists()
