"""How what takes long to make is made once for several ranks: who makes it does not know who they are.

A function that makes large arrays is given a *share*, one that makes another object a *once*. Both are called with what
makes it, on all ranks alike, and return it on all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Made = TypeVar("Made")
Arrays = tuple[npt.NDArray[np.generic], ...]
Share = Callable[[Callable[[], Arrays]], Arrays]
Once = Callable[[Callable[[], Any]], Any]


def build_here(build: Callable[[], Arrays]) -> Arrays:
    """Build arrays in this process; ranks of one machine would share them, and only read them."""
    return build()


def make_here(make: Callable[[], Made]) -> Made:
    """Make an object in this process; of several ranks one would make it and send it to the others."""
    return make()
