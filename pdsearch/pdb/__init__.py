"""Pattern databases: exact distances in an abstraction, computed once and kept in the cache folder.

A database is a flat uint8 array with an entry per abstract state. Its file is a line that says
what it is, a line of JSON (what it was made for, entries, checksum) and the entries. A file is
trusted only if all of these hold; it is never replaced unless the user asks for that.

Source: Culberson and Schaeffer (1998), "Pattern databases", Computational Intelligence 14.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from pdsearch._jit import cache_folder
from pdsearch.errors import BadInputError
from pdsearch.limits import NO_DEADLINE, Deadline
from pdsearch.pdb.places import Places

MAGIC = b"pdsearch pattern database 1\n"
AUTOMATIC_ENTRIES = 1 << 24  # databases up to this size, some seconds of work, are built when first used

Entries = npt.NDArray[np.uint8]
Filled = Callable[[int, int], None]  # told (entries filled, entries in all) while a database is built


class MissingDatabaseError(BadInputError):
    """A large database has not been built yet."""


class DamagedDatabaseError(BadInputError):
    """A file in the cache folder is not the database it should be."""


@dataclass(frozen=True)
class Database:
    """A database that can be built.

    Attributes
    ----------
    name : str
        Of its file, without suffix.
    facts : dict
        All that the entries depend on, as JSON-ready values.
    n_entries : int
        At least 1.
    build : callable
        Computes the entries: uint8[n_entries].
    command : str
        What a user types to build it.
    places : tuple of Places
        What its tables are, one after the other, when they are of places on a grid: a GPU can build those.
    """

    name: str
    facts: dict[str, Any]
    n_entries: int
    build: Callable[[Filled], Entries]
    command: str
    places: tuple[Places, ...] = ()

    @property
    def path(self) -> Path:
        """Return the file; whatever else was ever kept under the same name has another one."""
        facts = hashlib.blake2b(json.dumps(self.facts).encode(), digest_size=4).hexdigest()
        return database_folder() / f"{self.name}-{facts}.pdb"

    def load(
        self,
        rebuild: bool = False,
        automatic: bool = True,
        filled: Filled | None = None,
        deadline: Deadline = NO_DEADLINE,
        build: Callable[[Filled], Entries] | None = None,
    ) -> Entries:
        """Return the entries from the cache folder, built first if they are not there: uint8[n_entries], read-only.

        Parameters
        ----------
        rebuild : bool
            Build them even if a file is there.
        automatic : bool
            Refuse to build more than ``AUTOMATIC_ENTRIES``.
        filled : callable, optional
            Told the progress of building.
        deadline : Deadline, optional
            When it must be built, and the memory it may take.
        build : callable, optional
            Computes the entries instead of the database's own, such as on a GPU.

        Raises
        ------
        TimeLimitError, MemoryLimitError
            If it is not built before the deadline, or larger than the memory.
        BadInputError
            If the cache folder cannot be written to.
        MissingDatabaseError
            If it is not there and is too large to be built unasked.
        DamagedDatabaseError
            If the file is foreign, cut short or damaged.
        """
        deadline.check_memory(self.n_entries, f"pattern database {self.name}")
        if rebuild or not self.path.exists():
            if automatic and self.n_entries > AUTOMATIC_ENTRIES:
                raise MissingDatabaseError(
                    f"pattern database {self.name} of {self.n_entries:,} entries is not built; run: {self.command}"
                )
            with _writing(self.path), _alone(self.path):
                self._sweep()
                if rebuild or not self.path.exists():  # another process may have built it meanwhile
                    self._write((build or self.build)(_until(deadline, filled or _ignore)))
        return self._read()

    def _sweep(self) -> None:
        """Remove what processes that were killed left unfinished; whoever holds the lock is alone."""
        for path in self.path.parent.glob(f"{self.path.stem}.*"):
            if path.suffix[1:].isdecimal():
                path.unlink(missing_ok=True)

    def _write(self, entries: Entries) -> None:
        """Write the file under another name first, so that no reader ever sees half of it."""
        header = {"facts": self.facts, "entries": self.n_entries, "blake2b": _checksum(entries)}
        unfinished = self.path.with_suffix(f".{os.getpid()}")
        try:
            with unfinished.open("wb") as file:
                file.write(MAGIC + json.dumps(header).encode() + b"\n")
                entries.tofile(file)
            unfinished.replace(self.path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _read(self) -> Entries:
        if not self.path.is_file():  # a folder, or a pipe that would wait for ever
            raise DamagedDatabaseError(f"pattern database {self.path} is no regular file; remove it")
        try:
            with self.path.open("rb") as file:
                header = self._header(file)
                start = file.tell()
                size = os.fstat(file.fileno()).st_size - start
        except OSError as error:
            raise DamagedDatabaseError(f"cannot read pattern database {self.path}: {error.strerror}") from None
        if size != self.n_entries:
            raise self._damaged(f"holds {size:,} entries instead of {self.n_entries:,}")
        entries: Entries = np.asarray(np.memmap(self.path, np.uint8, "r", start))  # ranks of one machine share it
        if _checksum(entries) != header["blake2b"]:
            raise self._damaged("has a wrong checksum")
        return entries

    def _header(self, file: BinaryIO) -> dict[str, Any]:
        if file.readline(200) != MAGIC:
            raise self._damaged("does not begin like one")
        try:
            header = dict(json.loads(file.readline(10_000)))
            found, _ = header["facts"], header["blake2b"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._damaged("has no readable header") from None
        if found != self.facts:
            raise self._damaged("was made for something else")
        return header

    def _damaged(self, reason: str) -> DamagedDatabaseError:
        return DamagedDatabaseError(
            f"pattern database {self.path} {reason}; build it again with: {self.command} --rebuild"
        )


def database_folder() -> Path:
    """Return the folder of all databases: beside the compiled kernels, and kept when the library changes."""
    folder = cache_folder().parent / "pdb"
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _until(deadline: Deadline, filled: Filled) -> Filled:
    """Return ``filled``, which also looks at the clock."""

    def told(done: int, of: int) -> None:
        deadline.check("building a pattern database")
        filled(done, of)

    return told


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what keeps the cache folder from being written into one line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise BadInputError(
            f"cannot write pattern database {path}: {reason}; name another folder in PDSEARCH_CACHE_DIR"
        ) from None


def _ignore(filled: int, of: int) -> None:
    """Take no interest in progress."""


def _checksum(entries: Entries) -> str:
    return hashlib.blake2b(entries.data, digest_size=16).hexdigest()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock, so that of all ranks that need a database one builds it and the others wait."""
    try:
        import fcntl
    except ImportError:  # Windows: each builds its own, the last replaces the others
        yield
        return
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
