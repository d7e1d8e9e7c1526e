"""One thing done on all ranks of a job: what goes wrong on one of them, all of them raise.

A rank that raised alone would leave the others waiting for it in their next message. The functions take mpi4py's
communicators, :class:`~pdsearch.comm.local.LocalRanks`, or None where there is one process alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from pdsearch.errors import PdsearchError

Value = TypeVar("Value")
_NAP_S = 1e-3


def together(comm: Any, act: Callable[[], Value]) -> Value:
    """Return ``act()`` of each rank; all must call.

    Raises
    ------
    PdsearchError
        That of the lowest rank on which ``act`` raised one. Other errors are bugs and stay where they are.
    """
    if comm is None:
        return act()
    value, error = _attempt(act)
    _raise_what_any_has(comm, error)
    return cast(Value, value)


def once(comm: Any, act: Callable[[], Value], root: int = 0) -> Value:
    """Return on every rank what ``act()`` returns on ``root``, the only one to do it; all must call."""
    if comm is None:
        return act()
    mine = _attempt(act) if comm.Get_rank() == root else None
    wait_for_all(comm)
    value, error = comm.bcast(mine, root)
    if error is not None:
        error.is_shared = True
        raise error
    return cast(Value, value)


def in_turn(comm: Any, act: Callable[[], Value]) -> Value:
    """Do as :func:`together`, but rank 0 first: it compiles, or computes, what the others find in the cache.

    Where it raises, the others do not begin.
    """
    if comm is None:
        return act()
    value, error = _attempt(act) if comm.Get_rank() == 0 else (None, None)
    wait_for_all(comm)
    refused = comm.bcast(error, 0)
    if comm.Get_rank() != 0:
        value, error = (None, refused) if refused is not None else _attempt(act)
    wait_for_all(comm)
    _raise_what_any_has(comm, error)
    return cast(Value, value)


def wait_for_all(comm: Any) -> None:
    """Wait politely: one of the others may be compiling on the core this one would spin on."""
    request = comm.Ibarrier()
    while not request.Test():
        time.sleep(_NAP_S)


def machine_of(comm: Any) -> Any:
    """Return the communicator of the ranks that share this machine's memory, to be freed; all must call."""
    if hasattr(comm, "machine"):  # LocalRanks
        return comm.machine()
    from mpi4py import MPI

    return comm.Split_type(MPI.COMM_TYPE_SHARED)


def ranks_of_node(comm: Any) -> tuple[int, int]:
    """Return which of the ranks that share this machine's memory this is, and how many they are; all must call."""
    node = machine_of(comm)
    place = int(node.Get_rank()), int(node.Get_size())
    node.Free()
    return place


def _attempt(act: Callable[[], Value]) -> tuple[Value | None, PdsearchError | None]:
    try:
        return act(), None
    except PdsearchError as error:
        return None, error


def _raise_what_any_has(comm: Any, error: PdsearchError | None) -> None:
    errors: list[PdsearchError | None] = comm.allgather(error)
    first = next((one for one in errors if one is not None), None)
    if first is not None:
        first.is_shared = True
        raise first
