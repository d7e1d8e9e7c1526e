"""Run a scheme in numba's CUDA simulator and print what it counted; test_ida_gpu.py starts it in a process of its own.

Usage: NUMBA_ENABLE_CUDASIM=1 python simulated_run.py SCHEME WARPS LOOK SLICE WANTED FIRST_ONLY BOARD[;BOARD...]
"""

import json
import os
import sys

from numpy import errstate
from simulated_warps import install

from pdsearch.domains.tiles import Tiles
from pdsearch.gpu import idastar, persistent, schemes, static
from pdsearch.gpu.devices import choose
from pdsearch.gpu.models import tiles


def world():
    """Return MPI's world under mpiexec, else None."""
    if "PMI_SIZE" not in os.environ:
        return None
    from mpi4py import MPI

    return MPI.COMM_WORLD


def main(scheme, warps, look, slice_, wanted, first_only, boards):
    """Solve the boards as one batch."""
    install()
    persistent.LOOK = static.CHECK = int(look)
    schemes.SLICE_STEPS = int(slice_)
    puzzles = [Tiles.parse(board) for board in boards.split(";")]
    device, comm = choose("gpu").device, world()
    assert device is not None
    mode = "first" if first_only == "1" else "all"
    kernel = None
    if scheme == schemes.OURS:
        model = tiles(puzzles[0].width, puzzles[0].height)
        kernel = schemes.Persistent(model, device, warps=int(warps), blocks=1)
    with errstate(all="ignore"):
        results = idastar.solve_batch(
            puzzles, device, mode=mode, scheme=scheme, comm=comm, kernel=kernel, wanted=int(wanted)
        )
    launches = kernel.launches if kernel else 0
    answer = {"launches": launches, "results": [result.to_dict() for result in results]}
    if comm is None or comm.Get_rank() == 0:
        sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":  # pytest looks into this file for doctests
    main(*sys.argv[1:])
