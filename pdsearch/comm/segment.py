"""The memory that the ranks of one machine share: where in it everything lies.

It is a file without a name, which the system frees with the last process that has it open, however that ends:
nothing is left in ``/dev/shm``. All of it is asked for before anything is written, for a file that cannot grow ends
whoever touches it by SIGBUS.

Every word has one writer, except ``atoms``, and stands on a cache line of its own or of its writer.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from pdsearch.errors import BadInputError

if TYPE_CHECKING:  # who only starts ranks does not load it
    import numpy as np
    import numpy.typing as npt

LINE = 8  # int64 words of a cache line
N_ATOMS = 8
ROUND = 32  # int64 words of a rank's part in a reduction: its number, then values
BOARD = 1 << 18  # bytes of a board: what one step of a collective call carries from each rank
MOST_RANKS = 256
_RING_BYTES = 1 << 14, 1 << 17  # at least, at most
_BYTES_OF = {"int64": 8, "uint32": 4, "uint8": 1}
_ALL_RINGS = 1 << 23  # bytes of all rings, as far as the least allows


class Segment(NamedTuple):
    """Views of the memory.

    Attributes
    ----------
    ready : int64[8]
        ``[0]`` is 1 once rank 0 has the kernels that touch this memory in the disk cache.
    atoms : int64[N_ATOMS]
        Counters that any rank changes, by undivided instructions only.
    arrived : int64[size, 8]
        ``[rank, 0]``: how many collective calls the rank has made.
    boards : uint8[size, 2, BOARD]
        What each rank says in a collective call, in turn here and there.
    rounds : int64[size, 2, 32]
        Each rank's part in a reduction, in turn here and there.
    heads, tails : int64[size * size, 8]
        Of the ring ``receiver * size + sender``: words written by the sender; words read by the receiver and
        messages begun by it.
    rings : uint32[size * size, capacity]
        The words of messages; the capacity is a power of two.
    """

    ready: npt.NDArray[np.int64]
    atoms: npt.NDArray[np.int64]
    arrived: npt.NDArray[np.int64]
    boards: npt.NDArray[np.uint8]
    rounds: npt.NDArray[np.int64]
    heads: npt.NDArray[np.int64]
    tails: npt.NDArray[np.int64]
    rings: npt.NDArray[np.uint32]


def create(size: int) -> int:
    """Return the file of the memory for so many ranks, all zeros.

    Raises
    ------
    BadInputError
        If the machine does not have so much.
    """
    n_bytes = bytes_of(size)
    file = unnamed_file(n_bytes)
    if file is None:
        raise BadInputError(
            f"{size} ranks need {n_bytes} bytes of shared memory, which cannot be had; give fewer ranks"
        )
    return file


def attach(file: int, size: int) -> Segment:
    """Return the views of a file made by :func:`create`."""
    return views(mmap.mmap(file, bytes_of(size)), size)


def views(memory: mmap.mmap, size: int, at: int = 0) -> Segment:
    """Return the views of memory for so many ranks that begins at a byte; all of it is 0 at first."""
    import numpy as np

    arrays = []
    for dtype, shape in _parts(size):
        arrays.append(np.ndarray(shape, dtype, memory, at))
        at += arrays[-1].nbytes
    return Segment(*arrays)


def in_process(size: int) -> Segment:
    """Return such memory of this process alone."""
    import numpy as np

    return Segment(*(np.zeros(shape, dtype) for dtype, shape in _parts(size)))


def _parts(size: int) -> list[tuple[str, tuple[int, ...]]]:
    """Return type and shape of each part; all are multiples of a cache line."""
    least, most = _RING_BYTES
    capacity = 1 << (min(most, max(least, _ALL_RINGS // size**2)) // 4).bit_length() - 1
    return [
        ("int64", (LINE,)),
        ("int64", (N_ATOMS,)),
        ("int64", (size, LINE)),
        ("uint8", (size, 2, BOARD)),
        ("int64", (size, 2, ROUND)),
        ("int64", (size * size, LINE)),
        ("int64", (size * size, LINE)),
        ("uint32", (size * size, capacity)),
    ]


def bytes_of(size: int) -> int:
    """Return how much memory so many ranks share: a multiple of a cache line."""
    return sum(_BYTES_OF[dtype] * prod(shape) for dtype, shape in _parts(size))


def unnamed_file(n_bytes: int) -> int | None:
    """Return a file without a name that has so many bytes of memory; None where that is too much, or no such files."""
    file = None
    try:
        if hasattr(os, "memfd_create"):
            file = os.memfd_create("pdsearch")
        else:
            file, path = tempfile.mkstemp(prefix="pdsearch-")
            os.unlink(path)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, n_bytes)
        else:  # macOS
            os.write(file, bytes(n_bytes))
    except OSError:
        if file is not None:
            os.close(file)
        return None
    return file
