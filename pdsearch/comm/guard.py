"""What goes wrong on one rank of an MPI job ends the job: the others would wait for that rank for ever.

Errors that all ranks raise together (:mod:`.together`) are raised as in any program.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from pdsearch.comm.world import is_local_rank, launched_ranks
from pdsearch.errors import PdsearchError, WrongPlanError

_BAD_INPUT, _FAULT = 2, 1
_LAST_WORDS_S = 0.2
_hook = None


@contextmanager
def ending_the_job(comm: Any) -> Iterator[None]:
    """Abort an MPI job, after a line that names this rank, where the block raises what the other ranks do not.

    Where a launcher of this machine started the ranks, it sees to that.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm or None
        The ranks that do the block together; None, and one rank, change nothing.
    """
    try:
        yield
    except Exception as error:
        if comm is None or comm.Get_size() == 1 or getattr(error, "is_shared", False) or is_local_rank():
            raise
        abort(comm, error)
        raise  # MPI may come back before the process is ended


def abort(comm: Any, error: BaseException) -> None:
    """Say what this rank raised, a bug with its traceback, and end all ranks."""
    is_bug = not isinstance(error, PdsearchError) or isinstance(error, WrongPlanError)
    if is_bug:
        traceback.print_exception(error)
    say_from(comm.Get_rank(), f"{type(error).__name__}: {error}" if is_bug else str(error))
    end_job(comm, _FAULT if is_bug else _BAD_INPUT)


def end_job(comm: Any, code: int) -> None:
    """End all ranks with an exit code, a moment later: mpiexec does not wait to pass on what a rank wrote last."""
    sys.stdout.flush()
    sys.stderr.flush()
    time.sleep(_LAST_WORDS_S)
    comm.Abort(code)


def say_from(rank: int, words: str) -> None:
    """Print one line on stderr that names the rank."""
    sys.stderr.write(f"pdsearch: rank {rank}: {' '.join(words.split())}\n")
    sys.stderr.flush()


def abort_on_uncaught() -> None:
    """Have an exception that a script does not catch end the whole job, as ``python -m mpi4py`` does.

    Only in a process that a launcher started beside others; the traceback is printed as ever.
    """
    global _hook
    if (launched_ranks() or 1) > 1 and _hook is None:
        _hook, sys.excepthook = sys.excepthook, _uncaught


def _uncaught(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    assert _hook is not None
    _hook(kind, error, where)
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.Is_initialized() and not mpi.Is_finalized() and mpi.COMM_WORLD.Get_size() > 1:
        end_job(mpi.COMM_WORLD, _FAULT)
