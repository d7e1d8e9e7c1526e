"""What a file holds before it is known whose it is: values of JSON, arrays of .npz and .pt, lines of .yaml and .csv."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.errors import BadInputError, MissingDependencyError, pip_install

_ENDINGS = (".json", ".pt", ".npz", ".yaml", ".yml", ".csv")
_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    EOFError,
    MemoryError,
    RecursionError,
    KeyError,
    zipfile.BadZipFile,
)


class Text(str):
    """The text of a .yaml or .csv file, which its format parses itself; ``ending`` says which."""

    ending: str = ""


def document_of(name: str) -> Any:
    """Return lists, dictionaries and arrays of a file, or its :class:`Text`."""
    ending = Path(name).suffix.lower()
    if ending not in _ENDINGS:
        raise BadInputError(f"{name} ends in {ending or 'nothing'}; need one of {', '.join(_ENDINGS)}")
    try:
        if ending == ".pt":
            return _from_torch(name)
        if ending == ".npz":
            with np.load(name, allow_pickle=False) as arrays:
                return {key: arrays[key] for key in arrays.files}
        text = Path(name).read_text(encoding="utf-8-sig")
        if ending == ".json":
            return json.loads(text)
    except OSError as error:
        raise BadInputError(f"cannot read {name}: {error.strerror or error}; give an existing file") from None
    except _UNREADABLE as error:
        if isinstance(error, MissingDependencyError | BadInputError):
            raise
        raise fault(name, f"cannot be read as {ending} ({type(error).__name__})") from None
    document = Text(text)
    document.ending = ending
    return document


def _from_torch(name: str) -> Any:
    try:
        import torch
    except ImportError:
        raise MissingDependencyError(f"torch is not installed; run: {pip_install('torch')}") from None
    with open(name, "rb"):  # a missing file is named as any other
        pass
    try:
        return torch.load(name, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its unpickler meets
        raise fault(name, f"holds more than tensors and plain values, or is broken ({type(error).__name__})") from None


def fault(name: str, what: str) -> BadInputError:
    """Return the error that a file is not what it should be."""
    return BadInputError(f"{name} {what}; see pdsearch place --help for the formats")


def integers(values: Any, name: str, what: str, n_dimensions: int) -> npt.NDArray[np.int64]:
    """Return an array of integers, not empty, of so many dimensions."""
    array = _array(values, name, what)
    if array.ndim != n_dimensions or array.dtype.kind not in "iu" or not array.size:
        raise fault(name, f"has {what} of shape {array.shape} and type {array.dtype}, not {n_dimensions}-d integers")
    return array.astype(np.int64)


def counts_of(values: Any, name: str, what: str) -> npt.NDArray[np.float64]:
    """Return float64[n_steps, n_layers, n], where the steps may be missing."""
    array = _array(values, name, what)
    if array.ndim not in (2, 3) or array.dtype.kind not in "iuf" or not array.size:
        raise fault(name, f"has {what} of shape {array.shape} and type {array.dtype}, not (steps, layers, experts)")
    counts = array.astype(np.float64).reshape(-1, *array.shape[-2:])
    if not (np.isfinite(counts).all() and counts.min() >= 0):
        raise fault(name, f"has {what} that are negative or not finite")
    return counts


def _array(values: Any, name: str, what: str) -> npt.NDArray[Any]:
    try:
        return as_array(values, what)
    except BadInputError:
        raise fault(name, f"has {what} that are no array of numbers") from None
