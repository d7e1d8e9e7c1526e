"""Optimal solutions of state-space problems on every core, machine and GPU there is.

>>> import pdsearch
>>> from pdsearch.domains.tiles import Tiles
>>> pdsearch.solve(Tiles.parse("1 0 2 3 4 5 6 7 8")).cost
1

Importing this package loads no MPI, no CUDA and no compiler; :func:`solve` does when called.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
imported_s = time.monotonic()  # see pdsearch.console.clock

if TYPE_CHECKING:
    from pdsearch.limits import Limits as Limits
    from pdsearch.result import Result as Result
    from pdsearch.result import Status as Status
    from pdsearch.search import solve as solve

_HOMES = {
    "solve": "pdsearch.search",
    "Limits": "pdsearch.limits",
    "Result": "pdsearch.result",
    "Status": "pdsearch.result",
}


def __getattr__(name: str) -> Any:
    """Import public names on first use, so that ``import pdsearch`` stays fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pdsearch' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
