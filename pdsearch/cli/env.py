"""Show versions, machine, compiler cache, the extras that are installed, and whether MPI works."""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

from pdsearch.comm.world import import_mpi, launched_ranks
from pdsearch.environment import environment
from pdsearch.errors import PdsearchError

_PATIENCE_S = 20.0
_EXTRAS = {  # by the modules that each brings
    "mpich": ("mpi4py",),
    "plot": ("matplotlib",),
    "torch": ("torch",),
    "gpu": ("numba_cuda",),
    "planning": ("fast_downward",),
    "unified-planning": ("unified_planning",),
}

EXAMPLES = """\
  pdsearch env
  pdsearch env --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the environment."""
    from pdsearch._jit import cache_folder

    facts = environment() | {"kernel_cache": str(cache_folder())}
    facts["extras"] = {name: _is_installed(modules) for name, modules in _EXTRAS.items()}
    facts |= _mpi()
    if arguments.json:
        print(json.dumps(facts))
    else:
        facts["extras"] = ", ".join(f"{name} {'yes' if there else 'no'}" for name, there in facts["extras"].items())
        print("\n".join(f"{name:14} {value}" for name, value in facts.items()))
    return 0


def _is_installed(modules: tuple[str, ...]) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


def _mpi() -> dict[str, str | None]:
    """Return the library, the launcher, and whether two processes that this one starts see each other."""
    try:
        library = import_mpi().Get_library_version().split("\n")[0].strip().rstrip("\0")
    except PdsearchError as error:
        return {"mpi": None, "mpiexec": None, "mpi_works": str(error)}
    beside = Path(sys.executable).with_name("mpiexec")
    launcher = str(beside) if beside.exists() else shutil.which("mpiexec")
    return {"mpi": library, "mpiexec": launcher, "mpi_works": _works(launcher)}


def _works(launcher: str | None) -> str:
    if launcher is None:
        return "no: no mpiexec beside the interpreter or on PATH"
    if launched_ranks() is not None:
        return "this process is a rank of it"
    command = [launcher, "-n", "2", sys.executable, "-c", "from mpi4py import MPI; print(MPI.COMM_WORLD.Get_size())"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no: {type(error).__name__}"
    sizes = "".join(done.stdout.split())  # what two processes print at once may share a line
    if sizes == "22":
        return "yes: two ranks see each other"
    if sizes == "11":
        return "no: this mpiexec starts processes that do not see each other; it belongs to another MPI library"
    return f"no: {' '.join((done.stderr or done.stdout).split())[:200]}"
