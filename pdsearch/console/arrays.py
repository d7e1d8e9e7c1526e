"""Reading arrays that users wrote: .csv, .npy, .json, or CSV on standard input."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError


def read_array(name: str) -> npt.NDArray[Any]:
    """Return the numbers in a file, or say in one line why there are none.

    Parameters
    ----------
    name : str
        A file ending in .csv, .npy or .json, or ``-`` for CSV on standard input.

    Returns
    -------
    int64[...] or float64[...]
        A CSV file gives two dimensions.

    Raises
    ------
    BadInputError
        If the file cannot be read, is of another kind, or does not hold an array of numbers.
    """
    array: npt.NDArray[Any]
    suffix = ".csv" if name == "-" else Path(name).suffix.lower()
    if suffix not in (".csv", ".npy", ".json"):
        raise BadInputError(f"{name} ends in {suffix or 'nothing'}; need a .csv, .npy or .json file")
    try:
        if suffix == ".npy":
            array = np.load(name, allow_pickle=False)
        elif suffix == ".json":
            array = np.asarray(json.loads(Path(name).read_text()))
        else:
            array = _from_csv(sys.stdin.read() if name == "-" else Path(name).read_text(), name)
    except OSError as error:
        raise BadInputError(f"cannot read {name}: {error.strerror or error}; give an existing file") from None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, BadInputError):
            raise
        reason = str(error).split("\n")[0]
        raise BadInputError(f"{name} holds no array of numbers ({reason}); every row needs equally many") from None
    if not isinstance(array, np.ndarray):
        raise BadInputError(f"{name} holds several arrays; need a .npy file with one")
    if array.dtype.kind not in "iuf":
        raise BadInputError(f"{name} holds {array.dtype} values; need numbers")
    if array.size == 0:
        raise BadInputError(f"{name} is empty; give at least one number")
    return array


def _from_csv(text: str, name: str) -> npt.NDArray[Any]:
    rows = [line.split(",") for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise BadInputError(
                f"row {number} of {name} has {len(row)} values and row 1 {len(rows[0])}; need equal rows"
            )
    return np.array([[_number(cell, number, name) for cell in row] for number, row in enumerate(rows, 1)])


def _number(cell: str, row: int, name: str) -> int | float:
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        return float(cell)
    except ValueError:
        raise BadInputError(f"{cell.strip()!r} in row {row} of {name} is no number; write 1,2,3") from None
