"""The list of packages in pyproject.toml is the list of packages in the tree."""

import subprocess
import sys
import tomllib
from pathlib import Path

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


def test_a_search_on_one_rank_loads_neither_mpi_nor_cuda():
    heavy = ["numba.cuda", "mpi4py.MPI", "matplotlib", "torch"]
    code = (
        "import sys; from pdsearch.cli import main; main(['solve', 'tiles', 'random:3x3']);"
        f"print([name for name in {heavy} if name in sys.modules])"
    )

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert run.stdout.splitlines()[-1] == "[]"
