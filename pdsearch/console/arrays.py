"""Reading arrays that users wrote: .csv, .npy, .json, or CSV on standard input."""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError

# What goes wrong while numpy or json reads a file: a header that promises terabytes is a MemoryError or, where
# the size itself overflows, a ValueError or OverflowError; a boolean or negative dimension is a TypeError or
# ValueError; lists nested a thousand deep are a RecursionError.
UNREADABLE = (ValueError, TypeError, OverflowError, EOFError, MemoryError, RecursionError, zipfile.BadZipFile)


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
    suffix = ".csv" if name == "-" else Path(name).suffix.lower()
    if suffix not in (".csv", ".npy", ".json"):
        raise BadInputError(f"{name} ends in {suffix or 'nothing'}; need a .csv, .npy or .json file")
    if name != "-" and Path(name).is_fifo():  # whoever opens one waits for a writer
        raise BadInputError(f"cannot read {name}: a named pipe; give a file, or CSV on standard input as -")
    try:
        if suffix == ".npy":
            array = _from_npy(name)
        elif suffix == ".json":
            array = np.asarray(json.loads(read_text(name)))
        else:
            array = _from_csv(sys.stdin.read() if name == "-" else read_text(name), name)
    except OSError as error:
        raise BadInputError(f"cannot read {name}: {error.strerror or error}; give an existing file") from None
    except UNREADABLE as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(
            f"{name} holds no array of numbers ({reason(error)}); every row needs equally many"
        ) from None
    return checked_numbers(array, name)


def checked_numbers(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Return the array if it holds numbers and at least one."""
    if array.dtype.kind not in "iuf":
        raise BadInputError(f"{name} holds {array.dtype} values; need numbers")
    if array.size == 0:
        raise BadInputError(f"{name} is empty; give at least one number")
    return array


def read_text(name: str) -> str:
    """Return a text file's content, without the mark that some editors put at its start."""
    return Path(name).read_text(encoding="utf-8-sig")


def reason(error: BaseException) -> str:
    """Return what an error says, in at most one short line."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    return (str(error) or type(error).__name__).split("\n")[0][:120]


def csv_rows(text: str) -> list[list[str]]:
    """Return the cells of each line of CSV; empty lines and those that begin with # do not count."""
    lines = (line for line in io.StringIO(text) if line.strip() and not line.lstrip().startswith("#"))
    return list(csv.reader(lines))


def _from_npy(name: str) -> npt.NDArray[Any]:
    """Load one array; where the header promises more than the file holds, nothing is allocated for it."""
    with open(name, "rb") as file:
        start = file.read(8)
    if start[:4] == b"PK\x03\x04":
        raise BadInputError(f"{name} holds several arrays; need a .npy file with one")
    try:  # mapped first: mmap compares the promised size with the file's
        return np.array(np.load(name, mmap_mode="r", allow_pickle=False))
    except OSError:
        raise
    except Exception as error:  # a header is Python text: what is wrong with it may be an error of any kind
        raise ValueError(reason(error)) from None


def _from_csv(text: str, name: str) -> npt.NDArray[Any]:
    rows = csv_rows(text)
    if len(rows) > 1 and not any(_is_number(cell) for cell in rows[0]):
        rows = rows[1:]  # the names of the columns
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise BadInputError(
                f"row {number} of {name} has {len(row)} values and row 1 {len(rows[0])}; need equal rows"
            )
    return np.array([[_number(cell, number, name) for cell in row] for number, row in enumerate(rows, 1)])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, row: int, name: str) -> int | float:
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        return float(cell)
    except ValueError:
        shown = cell.strip() if len(cell) < 40 else cell.strip()[:40] + "..."
        raise BadInputError(f"{shown!r} in row {row} of {name} is no number; write 1,2,3") from None
