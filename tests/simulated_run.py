"""Run a scheme in numba's CUDA simulator and print what it counted; test_ida_gpu.py starts it in a process of its own.

Usage: NUMBA_ENABLE_CUDASIM=1 python simulated_run.py
    SCHEME WARPS LOOK SLICE WANTED FIRST_ONLY LENGTH STEPPER DOMAIN HEURISTIC INSTANCE[;INSTANCE...]
"""

import json
import os
import sys

from numpy import errstate
from searches import idastar_gpu
from simulated_warps import install

from pdsearch.domains import DOMAINS
from pdsearch.gpu import persistent, schemes, static, steps
from pdsearch.gpu.devices import choose
from pdsearch.gpu_model import model_of


def world():
    """Return MPI's world under mpiexec, else None."""
    if "PMI_SIZE" not in os.environ:
        return None
    from mpi4py import MPI

    return MPI.COMM_WORLD


def main(scheme, warps, look, slice_, wanted, first_only, length, stepper, domain, heuristic, texts):
    """Solve the instances as one batch."""
    install()
    persistent.WORTH = 0
    persistent.LOOK = persistent.LOOK_OFTEN = static.CHECK = int(look)
    schemes.SLICE_STEPS = int(slice_)
    puzzles = [DOMAINS[domain].parse(text) for text in texts.split(";")]
    device, comm = choose("gpu").device, world()
    assert device is not None
    mode = "first" if first_only == "1" else "all"
    kernel, told = None, []
    if scheme == schemes.OURS:
        model = model_of(puzzles[0], heuristic, int(length))
        step = steps.one_by_one(model) if stepper == "one-by-one" else None
        kernel = schemes.Persistent(model, device, warps=int(warps), blocks=1, step=step)
    with errstate(all="ignore"):
        results = idastar_gpu(
            puzzles,
            device,
            heuristic=heuristic,
            mode=mode,
            scheme=scheme,
            comm=comm,
            on_progress=lambda now: told.append((now.least_f, now.generated, now.done)),
            kernel=kernel,
            wanted=int(wanted),
            prune=f"fsm:{length}",
            seed=3,
        )
    launches = kernel.launches.n if kernel else 0
    answer = {"launches": launches, "told": told, "results": [result.to_dict() for result in results]}
    if comm is None or comm.Get_rank() == 0:
        sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":  # pytest looks into this file for doctests
    main(*sys.argv[1:])
