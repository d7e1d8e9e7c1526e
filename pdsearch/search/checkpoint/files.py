"""The files of one epoch: each rank's arrays in a file, and a last one, ``COMPLETE``, that says what they hold.

Arrays that do not change from one epoch to the next lie in a file of their own, which the epochs share.

A file is written beside its place, brought to the disk and then renamed; ``COMPLETE`` comes after all others are there
and holds size and SHA-256 of each, and of itself. So an epoch is complete, or as if it were not there: a kill at any
moment, a full disk, a file that was cut, damaged or taken from elsewhere all show when it is read.

The arrays are written past the system's memory for files (:mod:`.direct`) while the search waits; the digests and the
renaming follow while it goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.search.checkpoint.direct import Writer, blocks_of

COMPLETE = "COMPLETE"
FORMAT = 2
_HASHED = 1 << 20  # bytes read at once for a digest
_ALIGNED = 64
Arrays = Mapping[str, npt.NDArray[Any]]


class TornError(Exception):
    """An epoch that is not complete or was damaged; says in words what is wrong with it."""


class Part(NamedTuple):
    """What an epoch says of one file.

    Attributes
    ----------
    file : str
        Its name in the folder of the epoch.
    bytes, sha256 : int, str
        Its size and digest.
    arrays : dict of str to (dtype, shape, offset)
        Where the arrays lie in it.
    facts : dict
        What else the rank has to say, as JSON knows it.
    shared : list, optional
        Another such part, whose file other epochs have, too.
    """

    file: str
    bytes: int
    sha256: str
    arrays: dict[str, Any]
    facts: dict[str, Any]
    shared: Any = None

    @property
    def lasting(self) -> Part | None:
        """Return the part whose file other epochs have, too."""
        return None if self.shared is None else Part(*self.shared)


def write_arrays(folder: Path, name: str, arrays: Arrays) -> tuple[int, dict[str, Any]]:
    """Write arrays to a file beside its place; return its size, and where each array lies.

    Raises
    ------
    OSError
        If the disk is full, say; nothing is left then.
    """
    places: dict[str, Any] = {}
    folder.mkdir(parents=True, exist_ok=True)
    beside = _beside(folder / name)
    try:
        with Writer(beside) as file:
            at = 0
            for label, array in arrays.items():
                at += _write(file, bytes(-at % _ALIGNED))
                places[label] = [array.dtype.str, list(array.shape), at]
                at += _write(file, np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        return at, places
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _write(file: Writer, data: bytes | memoryview) -> int:
    file.write(data)
    return len(data)


def settle(folder: Path, name: str, with_digest: bool = True) -> str:
    """Bring a file that was written beside its place to the disk, and then to its place; return its digest."""
    beside = _beside(folder / name)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    digest = digest_of(blocks_of(beside)) if with_digest else ""
    beside.replace(folder / name)
    sync_folder(folder)
    return digest


def share(earlier: Path, folder: Path, name: str) -> None:
    """Give a file of an earlier epoch to another, too: no second copy is made where the file system can do without."""
    beside = _beside(folder / name)
    beside.unlink(missing_ok=True)
    try:
        os.link(earlier, beside)
    except OSError:
        shutil.copyfile(earlier, beside)
    settle(folder, name, with_digest=False)


def write_json(folder: Path, name: str, content: Mapping[str, Any]) -> None:
    """Write JSON to a file, which has all of it or is not there; it holds a digest of itself."""
    text = json.dumps(content, sort_keys=True)
    sealed = json.dumps({"content": json.loads(text), "sha256": hashlib.sha256(text.encode()).hexdigest()})
    beside = _beside(folder / name)
    with beside.open("w", encoding="utf-8") as file:
        file.write(sealed + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / name)
    sync_folder(folder)


def read_json(path: Path) -> dict[str, Any]:
    """Return what :func:`write_json` wrote.

    Raises
    ------
    TornError
        If it is something else.
    """
    try:
        sealed = json.loads(path.read_text(encoding="utf-8"))
        content: dict[str, Any] = sealed["content"]
        is_whole = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest() == sealed["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TornError(f"{path.name} cannot be read") from error
    if not is_whole:
        raise TornError(f"{path.name} is damaged")
    return content


def check(folder: Path, part: Part) -> None:
    """Raise TornError unless a file, and what lasts of it, is as its epoch says."""
    if part.lasting is not None:
        check(folder, part.lasting)
    path = folder / part.file
    try:
        size = path.stat().st_size
        if size != part.bytes:
            raise TornError(f"{part.file} has {size} bytes instead of {part.bytes}")
        if digest_of(_blocks(path)) != part.sha256:
            raise TornError(f"{part.file} is damaged, or of another search")
    except OSError as error:
        raise TornError(f"{part.file} cannot be read") from error


def read_arrays(folder: Path, part: Part) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a file, not read yet: they are mapped, and what is written to them stays in memory."""
    found: dict[str, npt.NDArray[Any]] = {}
    for label, (kind, shape, offset) in part.arrays.items():
        empty = not np.prod(shape)
        mapped = None if empty else np.memmap(folder / part.file, kind, "c", offset, tuple(shape))
        found[label] = np.empty(shape, kind) if mapped is None else np.asarray(mapped)
    return found


def digest_of(blocks: Iterable[bytes | memoryview]) -> str:
    """Return the SHA-256 of the blocks of a file."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield what is in a file, which stays in the system's memory: it is read again."""
    with path.open("rb") as file:
        while block := file.read(_HASHED):
            yield block


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Give a folder for files of the moment, which are gone at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
