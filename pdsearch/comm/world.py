"""MPI's world: whether this process is one of its ranks, and clear words when there is no MPI library."""

from __future__ import annotations

import os
from typing import Any

from pdsearch.errors import MissingDependencyError

_RANK_OF = {"PMI_SIZE": "PMI_RANK", "OMPI_COMM_WORLD_SIZE": "OMPI_COMM_WORLD_RANK"}  # MPICH and its kin; Open MPI
_RANKS = (*_RANK_OF.values(), "PMIX_RANK")


def import_mpi() -> Any:
    """Return mpi4py.MPI, which starts MPI.

    Raises
    ------
    MissingDependencyError
        If no MPI library is found.
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise MissingDependencyError(
            "no MPI library was found; run: pip install 'pdsearch[mpich]', or load your cluster's MPI"
        ) from error
    return MPI


def launched_ranks() -> int | None:
    """Return how many ranks a launcher started, without importing MPI; None where it does not say, or there is none."""
    sizes = [os.environ[name] for name in _RANK_OF if name in os.environ]
    return int(sizes[0]) if sizes and sizes[0].isdecimal() else None


def world() -> Any:
    """Return MPI.COMM_WORLD if a launcher started several ranks, of which this process is one; else None."""
    if not any(name in os.environ for name in (*_RANK_OF, "PMIX_RANK")) or launched_ranks() == 1:
        return None
    comm = import_mpi().COMM_WORLD
    return None if comm.Get_size() == 1 else comm


def speaks() -> bool:
    """Say whether this process is rank 0 of its MPI job, without importing MPI."""
    return next((os.environ[name] for name in _RANKS if name in os.environ), "0") == "0"
