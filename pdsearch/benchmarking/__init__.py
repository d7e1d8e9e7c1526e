"""The benchmarks of ``pdsearch bench``: one module of this package per benchmark, found by its name.

A module has a docstring whose first line is its help, ``EXAMPLES`` (a str), and the two functions
``add_arguments(parser)`` and ``run(arguments) -> int``, as a command has. Only the one that is run is
imported.
"""

from __future__ import annotations

import ast
import importlib.util
import pkgutil
from pathlib import Path


def benchmark_names() -> list[str]:
    """Return the names of all benchmarks."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def summary(name: str) -> str:
    """Return the first line of a benchmark's docstring without importing it.

    >>> summary("routers")
    'Balance, kept score and time of routers on one stream of batches'
    """
    spec = importlib.util.find_spec(f"{__name__}.{name}")
    assert spec is not None
    assert spec.origin is not None
    doc = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return doc.split("\n")[0].rstrip(".")
