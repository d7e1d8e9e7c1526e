"""Arrays that ranks of one machine share: from memory without a name, or as copies where there is none to be had."""

import os
from pathlib import Path

import jobs
import pytest

pytest.importorskip("mpi4py", reason="no MPI library is installed")

PROGRAM = r"""
import errno, os, sys
import numpy as np
from mpi4py import MPI
from pdsearch.comm import shared
from pdsearch.errors import BadInputError

def refuse(*_):
    raise OSError(errno.ENOSPC, "No space left on device")

world = MPI.COMM_WORLD
{before}
share = shared.SharedArrays(world)
counts = []
def build():
    counts.append(1)
    return np.arange(5, dtype=np.uint16), np.zeros((0, 3)), np.full((70, 1000), 2.5), np.array(7)
small, empty, large, number = share(build)
assert len(counts) == (world.rank == 0)
assert small.tolist() == [0, 1, 2, 3, 4] and small.dtype == np.uint16
assert empty.shape == (0, 3) and number == 7
assert large.shape == (70, 1000) and (large == 2.5).all()
assert all(array.ctypes.data % 64 == 0 and array.flags.writeable for array in (small, large)) or world.rank == 0
assert share(lambda: ()) == ()
world.Barrier()
if world.rank == 0:
    large[0, 0] = -1
world.Barrier()
assert share.first(world.rank) == (0 if large[0, 0] == -1 else world.rank)
sys.stdout.write(f"sees {{large[0, 0]}}\n")
sys.stdout.flush()
def wrong():
    raise BadInputError("this makes no sense")
try:
    share(wrong)
except BadInputError as error:
    sys.stdout.write(f"hears {{error}}\n")
share.close()
"""


def run(python_on, n_ranks, before=""):
    job = jobs.run(python_on(n_ranks, "-c", PROGRAM.format(before=before)), 60)
    assert job.returncode == 0, job.stderr
    assert job.stdout.count("hears this makes no sense") == n_ranks
    return sorted(line for line in job.stdout.splitlines() if line.startswith("sees"))


@pytest.mark.mpi
def test_ranks_see_one_memory(python_on):
    if not hasattr(os, "memfd_create"):
        pytest.skip("the system has no memory files")
    assert run(python_on, 3) == ["sees -1.0"] * 3


@pytest.mark.wide
@pytest.mark.mpi
@pytest.mark.parametrize(
    "before",
    [
        "os.posix_fallocate = refuse",
        "os.memfd_create = refuse",
        "shared._identity = lambda file: (world.rank, 0, 0)",  # as if the others had opened another file
        "shared.os.open = refuse",
    ],
)
def test_where_there_is_too_little_memory_each_has_a_copy(before, python_on):
    assert run(python_on, 2, before) == ["sees -1.0", "sees 2.5"]


@pytest.mark.mpi
@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="the system has no /dev/shm")
def test_nothing_stays_after_a_rank_is_killed(python_on):
    before = {path.name for path in Path("/dev/shm").iterdir() if "pdsearch" in path.name}

    program = PROGRAM.format(before="").replace("sys.stdout.flush()", "os.kill(os.getpid(), 9)")
    job = jobs.run(python_on(2, "-c", program), 60)

    assert job.returncode != 0
    assert {path.name for path in Path("/dev/shm").iterdir() if "pdsearch" in path.name} == before
