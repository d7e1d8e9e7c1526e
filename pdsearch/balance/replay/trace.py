"""A trace: the load of every expert of every layer, step by step."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.metrics import as_loads
from pdsearch.errors import BadInputError

_UNREADABLE = (ValueError, TypeError, OverflowError, EOFError, MemoryError, zipfile.BadZipFile)
_NAMES = ("loads", "logical_count")  # what recorders call the array


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Loads of experts over time.

    Parameters
    ----------
    loads : array_like[n_steps, n_layers, n_experts] or array_like[n_steps, n_experts]
        Tokens that each expert served in each step; two dimensions are one layer.
    name : str
        What to call it.

    Attributes
    ----------
    loads : uint32, int64 or float64[n_steps, n_layers, n_experts]
        Of the type given.

    Raises
    ------
    BadInputError
        If there is no step, or a load is negative or not finite.

    Examples
    --------
    >>> Trace([[3, 1], [1, 1]]).loads.shape
    (2, 1, 2)
    """

    loads: npt.NDArray[Any]
    name: str = "trace"

    def __init__(self, loads: npt.ArrayLike, name: str = "trace") -> None:
        array = as_loads(loads)
        if array.ndim not in (2, 3) or 0 in array.shape:
            raise BadInputError(f"the trace has shape {array.shape}; give loads[steps, layers, experts]")
        object.__setattr__(self, "loads", array if array.ndim == 3 else array[:, None, :])
        object.__setattr__(self, "name", name)

    @property
    def n_steps(self) -> int:
        """Return the number of steps."""
        return int(self.loads.shape[0])


def read_trace(path: str) -> Trace:
    """Read a trace from a .npz or .npy file.

    Parameters
    ----------
    path : str
        A .npz file with an array ``loads`` or ``logical_count``, or with one array; or a .npy file.

    Returns
    -------
    Trace

    Raises
    ------
    BadInputError
        If the file cannot be read or holds no trace.
    """
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.lib.npyio.NpzFile):
            with content:
                content = content[_array_of(content.files, path)]
    except OSError as error:
        raise BadInputError(f"cannot read {path}: {error.strerror or error}; give an existing file") from None
    except _UNREADABLE as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(f"{path} holds no trace; give a .npz file with loads[steps, layers, experts]") from None
    return Trace(content, Path(path).name)


def write_trace(path: str, trace: Trace) -> None:
    """Write a trace as a compressed .npz file, whole loads as uint32.

    Raises
    ------
    BadInputError
        If the file cannot be written.
    """
    loads = trace.loads
    if loads.dtype.kind in "iu" and loads.max() < 2**32:
        loads = loads.astype(np.uint32)
    try:
        with Path(path).open("wb") as file:  # numpy would add an ending of its own
            np.savez_compressed(file, loads=loads)
    except OSError as error:
        raise BadInputError(f"cannot write {path!r}: {error.strerror}; give a file in a folder that exists") from None


def _array_of(names: list[str], path: str) -> str:
    found = [name for name in _NAMES if name in names] or (names if len(names) == 1 else [])
    if not found:
        raise BadInputError(f"{path} holds {', '.join(names) or 'nothing'}; need an array called {_NAMES[0]}")
    return found[0]
