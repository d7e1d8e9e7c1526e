"""Scratch among tables: what compiled code writes to, of which each thread needs its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T", bound=type)
_FIELDS: dict[type, tuple[str, ...]] = {}


def scratch(*fields: str) -> Callable[[T], T]:
    """Say which fields of the decorated NamedTuple are scratch: arrays, or NamedTuples of nothing else."""

    def note(tables: T) -> T:
        _FIELDS[tables] = fields
        return tables

    return note


def with_own_scratch(tables: Any) -> Any:
    """Return tables for another thread: scratch is copied, all else shared.

    >>> from typing import NamedTuple
    >>> import numpy as np
    >>> Tables = scratch("stack")(NamedTuple("Tables", [("costs", np.ndarray), ("stack", np.ndarray)]))
    >>> one = Tables(np.zeros(3), np.zeros(2))
    >>> other = with_own_scratch(one)
    >>> other.costs is one.costs, other.stack is one.stack
    (True, False)
    """
    if not hasattr(tables, "_fields"):
        return tables
    own = _FIELDS.get(type(tables), ())
    pairs = zip(tables._fields, tables, strict=True)
    return type(tables)(*(_copy(value) if name in own else with_own_scratch(value) for name, value in pairs))


def without_scratch(tables: Any) -> Any:
    """Return what of tables no search changes: tuples of their fields, as far as these are not scratch.

    >>> from typing import NamedTuple
    >>> Tables = scratch("stack")(NamedTuple("Tables", [("costs", int), ("stack", int)]))
    >>> without_scratch((Tables(1, 2), 3))
    ((1,), 3)
    """
    if not isinstance(tables, tuple):
        return tables
    own = _FIELDS.get(type(tables), ())
    names = getattr(tables, "_fields", [""] * len(tables))
    return tuple(without_scratch(value) for name, value in zip(names, tables, strict=True) if name not in own)


def _copy(value: Any) -> Any:
    return type(value)(*map(_copy, value)) if isinstance(value, tuple) else value.copy()
