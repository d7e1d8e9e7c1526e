"""Ranks that search together must have been given the same: they compare digests before they begin.

Different instances, heuristics or owners on two ranks end in a wait for ever, or in a wrong plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from pdsearch.errors import BadInputError, shown


def digest(value: Any) -> str:
    """Return a digest of plain values, arrays, and tuples, lists and mappings of these.

    Of other objects only the type counts, and what they say of themselves unless that names their address.

    >>> digest([1, np.arange(3)]) == digest([1, np.arange(3)]), digest(1) == digest("1")
    (True, False)
    """
    found = hashlib.blake2b(digest_size=12)
    _add(found, value)
    return found.hexdigest()


def _add(found: Any, value: Any) -> None:
    found.update(f"{type(value).__module__}.{type(value).__qualname__};".encode())
    if isinstance(value, np.ndarray):
        found.update(f"{value.dtype}{value.shape};".encode())
        found.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
    elif isinstance(value, Mapping):
        _add(found, sorted(value.items()))
    elif isinstance(value, tuple | list):
        for part in value:
            _add(found, part)
    elif value is None or isinstance(value, str | bytes | int | float | np.generic):
        found.update(repr(value).encode())


def compare(comm: Any, given: Mapping[str, Any]) -> None:
    """BadInputError, on all ranks, where something was given that is not the same on each; all must call.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm or None
        The ranks.
    given : mapping of str to (shown, value)
        By name: what a message shows of it, and what is compared.
    """
    if comm is None or comm.Get_size() == 1:
        return
    mine = {name: (str(words), digest(value)) for name, (words, value) in given.items()}
    everywhere = comm.allgather(mine)
    for name in mine:
        other = next((rank for rank, its in enumerate(everywhere) if its[name][1] != everywhere[0][name][1]), None)
        if other is not None:
            told = [shown(everywhere[rank][name][0]) for rank in (other, 0)]
            differ = f"{told[0]} on rank {other} and {told[1]} on rank 0"
            error = BadInputError(
                f"the ranks were given different {name}: {differ}; call with the same arguments on all"
            )
            error.is_shared = True
            raise error
