"""The source archive and the wheel: built without a warning, complete, and enough by themselves.

python -m pytest -m heavy tests/test_wheel.py               all: builds, and installs into fresh environments
python -m pytest -m heavy tests/test_wheel.py -k archive    builds only, half a minute
PYTHON_OF_WHEEL=python3.13 python -m pytest ...             installs with another interpreter
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
INTERPRETER = os.environ.get("PYTHON_OF_WHEEL", sys.executable)
FOLDERS = {"pdsearch": "pdsearch", "domains": "pdsearch/domains", "gpu": "pdsearch/gpu"}  # and where they are installed
LEFT_OUT = ("__pycache__", ".git", ".venv*", "*.egg-info", "build", "dist", "site", ".*_cache", ".hypothesis")

BALANCE = ["balance", "loads.csv", "--plot", "loads.png"]
PLAN = ["plan", str(ROOT / "tests/data/planning/courier-domain.pddl"), str(ROOT / "tests/data/planning/courier.pddl")]
# of each extra: words of a command, or Python, that needs it, and what is said where it is missing
NEEDED = {
    "plot": (BALANCE, "pdsearch: matplotlib is not installed; run: "),
    "planning": (PLAN, "pdsearch: reading PDDL needs Fast Downward's translator; run: "),
    "torch": ("import pdsearch.balance.torch", "MissingDependencyError: torch is not installed; run: "),
    "unified-planning": (
        "import pdsearch.planning.unified_planning",
        "MissingDependencyError: unified-planning is not installed; run: ",
    ),
    "gpu": (["ida", "tiles", "random:3x3", "--device", "gpu"], "pdsearch: no CUDA device was found"),  # numba looks
    "mpich": ("from pdsearch.comm.world import import_mpi; import_mpi()", "no MPI library was found; run: "),
}


def said(words, cwd):
    """Run a command as somebody would who has no checkout, and return what it printed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PDSEARCH"))}
    env["PDSEARCH_CACHE_DIR"] = os.environ.get("PDSEARCH_CACHE_DIR", str(Path(cwd) / "cache"))
    done = subprocess.run([*map(str, words)], cwd=cwd, env=env, capture_output=True, text=True, timeout=1200)
    return done.returncode, done.stdout + done.stderr


def succeeds(words, cwd):
    """Run a command that must succeed."""
    code, text = said(words, cwd)
    assert code == 0, text[-3000:]
    return text


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build from a copy of the checkout, and return its folder and what the build said."""
    folder = tmp_path_factory.mktemp("build")
    shutil.copytree(ROOT, folder / "checkout", symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    words = [sys.executable, "-m", "build", "--outdir", str(folder / "dist"), "checkout"]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "dist", done.stdout + done.stderr


def only(folder, pattern):
    """Return the one file of that name."""
    (found,) = folder.glob(pattern)
    return found


@pytest.fixture(scope="module")
def wheel(built):
    return only(built[0], "*.whl")


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """The Python of an environment with the wheel and what it depends on, no extra."""
    return environment(tmp_path_factory.mktemp("bare"), wheel, "")


def environment(folder, wheel, extra):
    """Make an environment, install the wheel with an extra, and return its Python."""
    python = folder / "env/bin/python"
    succeeds([INTERPRETER, "-m", "venv", folder / "env"], folder)
    succeeds([python, "-m", "pip", "install", "--quiet", f"{wheel}[{extra}]" if extra else wheel], folder)
    (folder / "loads.csv").write_text("4,3,2,1\n")
    return python


def use(python, what):
    """Run what needs an extra, outside of the checkout."""
    words = ["-c", what] if isinstance(what, str) else ["-m", "pdsearch", *what]
    return said([python, *words], python.parents[2])


def test_the_archive_and_the_wheel_are_built_without_a_warning(built):
    warned = [line for line in built[1].splitlines() if re.search(r"warn|deprecat", line, re.IGNORECASE)]

    assert warned == []


def test_the_archive_of_the_wheel_holds_every_module_and_table_and_nothing_else(wheel):
    wanted = {
        f"{inside}/{file.relative_to(ROOT / folder)}"
        for folder, inside in FOLDERS.items()
        for file in (ROOT / folder).rglob("*")
        if file.suffix in (".py", ".txt", ".csv", ".typed") and not (ROOT / folder / file).is_symlink()
    }
    wanted = {name for name in wanted if not name.startswith(("pdsearch/domains/domains", "pdsearch/gpu/gpu"))}

    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert held == wanted


def test_the_archive_says_who_it_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        metadata = message_from_string(archive.read(next(n for n in archive.namelist() if "METADATA" in n)).decode())
        licences = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]

    assert metadata["Name"] == PROJECT["name"]
    assert metadata["Requires-Python"] == ">=3.11"
    assert set(metadata.get_all("Provides-Extra")) == set(EXTRAS)
    assert metadata["License-Expression"] == "MIT"
    assert len(licences) == 1


def test_the_source_archive_holds_what_the_wheel_is_built_from_and_no_half_of_the_tests(built):
    with tarfile.open(only(built[0], "*.tar.gz")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "domains/__init__.py"} <= names
    assert not any(name.startswith(("tests", "docs", "benchmarks")) for name in names)


@pytest.fixture(scope="module")
def usual(wheel, tmp_path_factory):
    """An environment with what `all` names."""
    return environment(tmp_path_factory.mktemp("usual"), wheel, "all")


def test_the_wheel_alone_is_what_is_imported(usual):
    code, text = use(usual, "import pdsearch.gpu, pdsearch.domains.tiles as tiles; print(tiles.__file__)")

    assert code == 0
    assert "site-packages/pdsearch/domains/tiles" in text


def test_the_wheel_alone_passes_check(usual):
    assert use(usual, ["check", "tiles", "random:3x3"])[0] == 0


def test_the_wheel_alone_runs_the_demo(usual):
    command = usual.with_name("pdsearch")
    text = succeeds([usual.with_name("mpiexec"), "-n", 2, command, "solve", "tiles", "korf:1"], usual.parents[2])

    assert "cost 57 (optimal, 57 steps, replayed)" in text


@pytest.mark.parametrize("extra", sorted(set(EXTRAS) - {"all"}))
def test_what_is_missing_is_named_in_one_line_with_the_right_name(extra, bare):
    what, words = NEEDED[extra]

    code, text = use(bare, what)

    if extra == "mpich" and code == 0:
        pytest.skip("this machine has an MPI library of its own")
    last = text.strip().splitlines()[-1]
    assert code != 0
    assert words in last
    assert re.search(rf"pip install '{PROJECT['name']}\[[\w,-]*{extra}[\w,-]*\]'", last)
    assert isinstance(what, str) or text.count("\n") == 1


@pytest.mark.parametrize("extra", sorted(set(EXTRAS) - {"all"}))
def test_every_extra_installs_alone(extra, wheel, tmp_path):
    python = environment(tmp_path, wheel, extra)

    code, text = use(python, NEEDED[extra][0])

    if extra == "gpu":  # no device is needed to see that the packages are there
        assert "no CUDA device was found" in text or code == 0, text
    else:
        assert code == 0, text[-2000:]
