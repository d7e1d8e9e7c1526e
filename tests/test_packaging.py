"""The package: its list of modules, the links to its folders, its name, and what importing it asks of a system."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pdsearch.errors import DISTRIBUTION

ROOT = Path(__file__).parents[1]


def test_every_package_in_the_tree_is_listed():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    roots = {"pdsearch": ROOT / "pdsearch"} | {
        name: ROOT / folder for name, folder in setuptools["package-dir"].items()
    }

    found = {
        ".".join([name, *init.parent.relative_to(folder).parts])
        for name, folder in roots.items()
        for init in folder.rglob("__init__.py")
        if not (name == "pdsearch" and init.relative_to(folder).parts[0] in ("domains", "gpu"))
    }

    assert found == set(setuptools["packages"])


def test_the_folders_are_linked_into_the_package():
    for name in ("domains", "gpu"):
        assert (ROOT / "pdsearch" / name).resolve() == ROOT / name


def test_the_folders_refuse_to_be_imported_under_the_wrong_name():
    for name in ("domains", "gpu"):
        run = subprocess.run([sys.executable, "-c", f"import {name}"], cwd=ROOT, capture_output=True, text=True)

        assert f"import pdsearch.{name}, not {name}" in run.stderr


def test_importing_the_package_loads_neither_mpi_nor_cuda_nor_the_compiler():
    heavy = ["numba", "numba.cuda", "mpi4py", "mpi4py.MPI", "matplotlib", "torch"]
    code = f"import sys, pdsearch; print([name for name in {heavy} if name in sys.modules])"

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert run.stdout.strip() == "[]"


def test_a_search_on_one_rank_loads_nothing_that_it_does_not_use():
    heavy = ["numba.cuda", "mpi4py.MPI", "matplotlib", "torch", "scipy.linalg", "networkx"]
    code = (
        "import sys; from pdsearch.cli import main; main(['solve', 'tiles', 'random:3x3']);"
        f"print([name for name in {heavy} if name in sys.modules])"
    )

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert run.stdout.splitlines()[-1] == "[]"


# The distribution: "pdsearch" on the public index is somebody else's program, which no hint may install.
STRANGER = re.compile(r"\bpdsearch\[|\binstall\b[^\n`;]*[\s'\"]pdsearch(?![-\w.=/])|\bversion\(['\"]pdsearch['\"]\)")
EXTRA_OF_OURS = re.compile(r"pdsearch-hda\[([\w,-]+)\]|pip_install\(['\"]([\w,-]+)['\"]\)")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def texts():
    """Yield every page, program and recipe of the repository with its name."""
    folders = ["pdsearch", "domains", "gpu", "tests", "benchmarks", "docs"]
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in (".py", ".md", ".sh")]
    for file in [*files, *ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / ".ci/run"]:
        if file != Path(__file__):
            yield file.relative_to(ROOT), file.read_text()


@pytest.mark.parametrize(
    "hint",
    [
        "pip install pdsearch",
        "pip install 'pdsearch[plot]'",
        'python -m pip install --upgrade "pdsearch"',
        "run: pip install pdsearch, or",
        "the extra pdsearch[mpich]",
        "version('pdsearch')",
    ],
)
def test_a_hint_at_the_stranger_is_recognised(hint):
    assert STRANGER.search(hint)


def test_no_hint_and_no_page_names_the_stranger():
    named = [f"{name}: {found[0]}" for name, text in texts() for found in STRANGER.finditer(text)]

    assert named == []


def test_every_hint_names_the_distribution_and_extras_that_exist():
    hints = [(name, extra) for name, text in texts() for pair in EXTRA_OF_OURS.findall(text) for extra in pair if extra]
    wrong = [
        (name, extra) for name, extra in hints if not set(extra.split(",")) <= set(PROJECT["optional-dependencies"])
    ]

    assert len(hints) > 20
    assert wrong == []
    assert PROJECT["name"] == DISTRIBUTION == "pdsearch-hda"


def test_where_linux_files_and_calls_are_missing_everything_is_imported_and_a_search_runs():
    run = subprocess.run([sys.executable, "-c", ELSEWHERE], cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.split() == ["1"]


# macOS as far as Linux can be made to look like it: no /proc, /sys, /dev/shm, memfd_create, affinity, fallocate
ELSEWHERE = """
import importlib, os, pkgutil, sys
import numba, numpy, mpi4py
for name in ("memfd_create", "sched_getaffinity", "sched_setaffinity", "posix_fallocate"):
    delattr(os, name)
def no_linux(event, arguments):
    if event in ("open", "os.listdir") and str(arguments[0]).startswith(("/proc", "/sys", "/dev/shm")):
        raise FileNotFoundError(2, "No such file or directory", str(arguments[0]))
sys.addaudithook(no_linux)
import pdsearch
for module in pkgutil.walk_packages(pdsearch.__path__, "pdsearch."):
    if not module.name.startswith(("pdsearch.balance.learned", "pdsearch.balance.torch", "pdsearch.gpu")) \\
            and not module.name.endswith(("__main__", "unified_planning")):
        importlib.import_module(module.name)
from pdsearch.domains.tiles import Tiles
print(pdsearch.solve(Tiles.parse("1 0 2 3 4 5 6 7 8")).cost)
from pdsearch.environment import environment
from pdsearch.limits import free_memory
assert environment()["cores"] and free_memory() > 0
"""
