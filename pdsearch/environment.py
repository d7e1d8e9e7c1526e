"""Where a result was computed: versions, machine, compiler settings."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pdsearch import __version__


def environment() -> dict[str, Any]:
    """Return versions and machine facts as JSON-ready values; imports nothing heavy."""
    facts: dict[str, Any] = {name: _version(name) for name in ("numpy", "numba", "mpi4py")}
    facts["pdsearch"] = __version__
    facts["python"] = platform.python_version()
    facts["platform"] = platform.platform()
    facts["processor"] = _processor()
    facts["cores"] = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts["mpi"] = _mpi_library()
    facts["variables"] = {k: v for k, v in os.environ.items() if k.startswith(("NUMBA_", "PDSEARCH_"))}
    return facts


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _mpi_library() -> str | None:
    if "mpi4py.MPI" not in sys.modules:
        return None
    from mpi4py import MPI

    return str(MPI.Get_library_version()).split("\n")[0].strip().rstrip("\0")
