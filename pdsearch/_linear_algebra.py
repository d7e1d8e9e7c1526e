"""numba without scipy, until something multiplies matrices.

Before numba compiles or loads anything it asks whether there is a library of linear algebra, by importing scipy's,
which takes a fifth of a second. That scipy is installed says as much; who compiles a product of matrices imports it
then.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

_ASKS = "numba.np.arraymath"  # on import


def put_off_linear_algebra() -> None:
    """Have numba take an installed scipy at its word; nothing changes where numba has asked already, or finds none."""
    if _ASKS in sys.modules or importlib.util.find_spec("scipy") is None:
        return
    algebra: Any = importlib.import_module("numba.np.linalg")
    ensure = getattr(algebra, "ensure_blas", None)
    if ensure is None:  # a numba that asks in another way
        return
    algebra.ensure_blas = _trust
    try:
        importlib.import_module(_ASKS)
    finally:
        algebra.ensure_blas = ensure


def _trust() -> None:
    """Believe that it is there."""
