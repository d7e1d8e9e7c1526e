"""The ranks that a launcher started: whether this process is one of them, and clear words when there is no MPI library.

Ranks are those of ``mpiexec``, or those that :mod:`pdsearch.comm.launch` started on this machine without MPI.
"""

from __future__ import annotations

import os
from typing import Any

from pdsearch.errors import BadInputError, MissingDependencyError, pip_install

_RANK_OF = {"PMI_SIZE": "PMI_RANK", "OMPI_COMM_WORLD_SIZE": "OMPI_COMM_WORLD_RANK"}  # MPICH and its kin; Open MPI
_RANKS = (*_RANK_OF.values(), "PMIX_RANK")
_local: list[tuple[int, int]] = []  # rank and size, if a launcher on this machine started this process
_joined: list[Any] = []  # LocalRanks, as soon as there are
_asked: list[bool] = []  # not empty once this process has asked for the others


def announce(rank: int, size: int) -> None:
    """Note which of how many ranks of this machine this process is going to be."""
    _local.append((rank, size))


def join(ranks: Any) -> None:
    """Make this process one of the ranks of this machine."""
    _joined.append(ranks)


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
            f"no MPI library was found; run: {pip_install('mpich')}, or load your cluster's MPI"
        ) from error
    _check_launcher(MPI)
    return MPI


def _check_launcher(mpi: Any) -> None:
    """Refuse a launcher and a library that do not know each other: each process would search alone.

    ``srun`` without a process manager that the library speaks is such a launcher, too.
    """
    started = launched_ranks() or _ranks_of_slurm_step()
    if started > 1 and mpi.COMM_WORLD.Get_size() == 1:
        library = mpi.Get_library_version().split("\n")[0].split(",")[0].strip().rstrip("\0")
        raise BadInputError(
            f"the launcher started {started} processes and the MPI library ({library[:60]}) sees each of them alone; "
            "use the mpiexec of that library (pdsearch env shows it), under Slurm srun --mpi=pmi2 or --mpi=pmix"
        )


def _ranks_of_slurm_step() -> int:
    """Return the processes that ``srun`` started, 1 where it did not start this one."""
    tasks = os.environ.get("SLURM_STEP_NUM_TASKS", "") if "SLURM_PROCID" in os.environ else ""
    return int(tasks) if tasks.isdecimal() else 1


def launched_ranks() -> int | None:
    """Return how many ranks a launcher started, without importing MPI; None where it does not say, or there is none."""
    if _local:
        return _local[0][1]
    sizes = [os.environ[name] for name in _RANK_OF if name in os.environ]
    return int(sizes[0]) if sizes and sizes[0].isdecimal() else None


def world() -> Any:
    """Return all ranks if a launcher started several, of which this process is one; else None.

    They are MPI.COMM_WORLD, or this machine's :class:`~pdsearch.comm.local.LocalRanks`.
    """
    _asked[:] = [True]
    if _joined:
        return _joined[0]
    if not is_under_mpiexec() or launched_ranks() == 1:
        return None
    comm = import_mpi().COMM_WORLD
    return None if comm.Get_size() == 1 else comm


def is_under_mpiexec() -> bool:
    """Say whether an MPI launcher started this process, without importing MPI."""
    return any(name in os.environ for name in (*_RANK_OF, "PMIX_RANK")) or _ranks_of_slurm_step() > 1


def is_local_rank() -> bool:
    """Say whether this process is one of several ranks on this machine that need no MPI."""
    return bool(_local)


def local_rank() -> int | None:
    """Return which of them; None before this process has asked for the others: what it does is what all do."""
    return _local[0][0] if _asked else None


def carrier_of(comm: Any = None) -> Any:
    """Return what carries messages between the ranks of a communicator; a single rank's, without MPI, for None."""
    from pdsearch.comm.local import LocalRanks

    if comm is None or isinstance(comm, LocalRanks):
        from pdsearch.comm.rings import RingCommunicator

        return RingCommunicator(comm or LocalRanks.alone())
    from pdsearch.comm.mpi import MpiCommunicator

    return MpiCommunicator(comm)


def speaks() -> bool:
    """Say whether this process is rank 0 of its job, without importing MPI."""
    if _local:
        return _local[0][0] == 0
    return next((os.environ[name] for name in _RANKS if name in os.environ), "0") == "0"
