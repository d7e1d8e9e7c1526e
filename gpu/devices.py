"""Which device a search runs on, and clear words when it cannot."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pdsearch.errors import BadInputError, MissingDependencyError, pip_install
from pdsearch.gpu.cuda import cuda as numba_cuda

FORMS = "auto, cpu, gpu or gpu:N"
_OLDEST = (7, 0)  # kernels synchronise warps explicitly, which Volta introduced


class Device(NamedTuple):
    """A CUDA device."""

    number: int
    name: str
    compute_capability: tuple[int, int]
    n_multiprocessors: int
    free_bytes: int


class Choice(NamedTuple):
    """What was chosen; ``device`` is None for the CPU, ``word`` says why there is no GPU when one was looked for."""

    device: Device | None
    word: str | None


def choose(text: str, rank: int = 0) -> Choice:
    """Return the device for ``auto``, ``cpu``, ``gpu`` or ``gpu:N``.

    Parameters
    ----------
    text : str
        ``gpu`` takes device ``rank`` modulo their number, one for each MPI rank of a machine.
    rank : int
        Of this process on its machine.

    Raises
    ------
    BadInputError, MissingDependencyError
        If a GPU is asked for and there is none that can be used.

    Examples
    --------
    >>> choose("cpu")
    Choice(device=None, word=None)
    """
    match = re.fullmatch(r"(auto|cpu|gpu)(?::(\d+))?", text)
    if match is None or (match[2] and match[1] != "gpu"):
        raise BadInputError(f"device {text!r} is unknown; give {FORMS}")
    if match[1] == "cpu":
        return Choice(None, None)
    try:
        devices = available()
    except MissingDependencyError as error:
        if match[1] == "gpu":
            raise
        return Choice(None, f"no GPU: {error}; searching on the CPU")
    number = int(match[2]) if match[2] else rank % len(devices)
    if number >= len(devices):
        raise BadInputError(f"device gpu:{number} does not exist; there are gpu:0 to gpu:{len(devices) - 1}")
    device = devices[number]
    if device.compute_capability < _OLDEST:
        capability = ".".join(map(str, device.compute_capability))
        raise BadInputError(
            f"device gpu:{number} ({device.name}) has compute capability {capability}; "
            "the kernels need 7.0 or more; use --device cpu"
        )
    return Choice(device, None)


def available() -> list[Device]:
    """Return the CUDA devices of this machine, at least one.

    Raises
    ------
    MissingDependencyError
        If there is no driver, no device, or no CUDA package.
    """
    cuda = numba_cuda()
    from pdsearch.gpu.shim import is_simulated

    if is_simulated():
        return [Device(0, "simulator", (9, 0), 1, 2**30)]
    if not cuda.is_available():
        raise MissingDependencyError(
            f"no CUDA device was found (looked for an NVIDIA driver); run: {pip_install('gpu')} "
            "on a machine with one, or use --device cpu"
        )
    return [_describe(cuda, number) for number in range(len(cuda.gpus))]


def _describe(cuda: Any, number: int) -> Device:
    device = cuda.gpus[number]
    with device:
        free = int(cuda.current_context().get_memory_info()[0])
    name = device.name.decode() if isinstance(device.name, bytes) else str(device.name)
    return Device(number, name, tuple(device.compute_capability), device.MULTIPROCESSOR_COUNT, free)
