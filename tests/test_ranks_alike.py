"""Scripts on several ranks: unlike arguments are refused on all, and what one rank raises ends the job."""

import json
import re
import sys

import jobs
import numpy as np
import pytest

from pdsearch.comm.alike import digest
from pdsearch.comm.guard import ending_the_job
from pdsearch.errors import BadInputError

# what rank 1 gives unlike rank 0, one after the other in one job
UNLIKE = """
import json
from mpi4py import MPI
from pdsearch import solve
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.search.setup import make_task

class Two(Tiles):
    def features(self, state):
        return super().features(state)[::-1] if MPI.COMM_WORLD.rank else super().features(state)

board, rank = Tiles.parse("8 7 6 5 4 3 2 1 0"), MPI.COMM_WORLD.rank
built = make_task(board, None, "zobrist", 2, seed=rank).distribution
cases = [
    dict(domain=Tiles.parse("8 7 6 5 4 3 0 1 2")), dict(heuristic="nope"), dict(heuristic="linear-conflict"),
    dict(distribution="multiplicative"), dict(algorithm="idastar"), dict(algorithm="hdastar", message_size=7),
    dict(time_limit=9.0), dict(memory=10**8), dict(seed=1), dict(check_solvable=False),
]
said = []
for case in cases:
    try:
        solve(**({"domain": board} | (case if rank == 1 else {})), comm=MPI.COMM_WORLD)
    except BadInputError as error:
        said.append(str(error))
for case in [dict(distribution=built)]:
    try:
        solve(board, comm=MPI.COMM_WORLD, **case)
    except BadInputError as error:
        said.append(str(error))
for name in ["nope", "pdb:x"]:  # the same mistake on all ranks is raised on all
    try:
        solve(board, name, comm=MPI.COMM_WORLD)
    except Exception as error:
        said.append(type(error).__name__)
result = solve(board, comm=MPI.COMM_WORLD)
said = MPI.COMM_WORLD.gather([*said, result.cost])
if rank == 0:
    print(json.dumps(said))
"""

RAISES = """
import os, signal
from mpi4py import MPI
from pdsearch import solve
from pdsearch.domains.tiles import Tiles
from pdsearch.search import watchdog

rank = MPI.COMM_WORLD.rank
def boom(*_):
    raise RuntimeError("boom")
class Mine(Tiles):
    undo = boom if rank == 1 else Tiles.undo
def stopped():
    global asked
    asked += 1
    if asked > 20:
        os.kill(os.getpid(), signal.SIGSTOP)
    return False
board, asked = Tiles.korf(1), 0
watchdog.GRACE_S = 0.5
{what}
"""
ENDS = {
    "a domain": ("solve(Mine(Tiles.korf(79).board), comm=MPI.COMM_WORLD, memory=10**8)", "rank 1: RuntimeError: boom"),
    "progress": (
        "solve(board, comm=MPI.COMM_WORLD, on_progress=boom if rank == 0 else None, memory=10**8)",
        "rank 0: RuntimeError: boom",
    ),
    "outside": ("boom() if rank else solve(board, comm=MPI.COMM_WORLD, memory=10**8)", "RuntimeError: boom"),
}


@pytest.mark.wide
def test_unlike_arguments_are_one_error_on_all_ranks_and_the_job_goes_on(python_on):
    job = jobs.run(python_on(2, "-c", UNLIKE), timeout=90)

    assert job.returncode == 0, job.stderr
    first, second = json.loads(job.stdout)
    assert first == second
    *unlike, unknown, no_option, cost = first
    names = ["instances", *["heuristics"] * 2, "distributions", *["algorithms"] * 2, *["limits"] * 2]
    assert [line.split(":")[0].removeprefix("the ranks were given different ") for line in unlike] == [
        *names,
        *["seeds or flags"] * 2,
        "distributions",
    ]
    assert "'nope' on rank 1 and 'default' on rank 0" in unlike[1]
    assert (unknown, no_option, cost) == ("UnknownNameError", "BadInputError", 28)


@pytest.mark.parametrize("where", list(ENDS))
def test_what_one_rank_raises_ends_the_job_with_its_line(where, python_on):
    what, line = ENDS[where]

    job = jobs.run(python_on(2, "-c", RAISES.format(what=what)), timeout=60)

    assert job.returncode not in (0, 2)
    assert line in job.stderr
    assert "boom" in job.stderr


@pytest.mark.wide
def test_a_rank_that_does_not_answer_after_the_time_limit_ends_the_job(python_on):
    what = "solve(board, comm=MPI.COMM_WORLD, memory=10**8, time_limit=5.0, interrupted=stopped if rank else None)"

    job = jobs.run(python_on(2, "-c", RAISES.format(what=what)), timeout=60)

    assert job.returncode == 23
    assert "rank 0: the time limit is over and some rank does not answer" in job.stderr
    assert re.search("no plan costs less than 41|nothing was searched", job.stderr)


def test_a_launcher_of_another_mpi_is_refused(tmp_path):
    env = {"PMI_SIZE": "2", "PMI_RANK": "0"}
    job = jobs.run([sys.executable, "-m", "pdsearch", "solve", "tiles", "korf:79"], env=env)

    assert (job.returncode, job.stdout) == (2, "")
    assert job.stderr.startswith("pdsearch: the launcher started 2 processes and the MPI library (")
    assert len(job.stderr.splitlines()) == 1


def test_digests_tell_values_types_shapes_and_order_apart():
    values = [1, "1", 1.0, None, (1,), (1, 2), (2, 1), np.arange(4), np.arange(4).reshape(2, 2), np.arange(4.0)]

    assert len({digest(value) for value in values}) == len(values)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_one_process_raises_what_it_raises():
    with pytest.raises(BadInputError), ending_the_job(None):
        raise BadInputError("as ever")
