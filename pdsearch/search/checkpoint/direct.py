"""Files that are written and read past the system's memory for files, where the system lets us.

Who writes gigabytes into that memory waits for every page of it that is new: a virtual machine may have to ask its host
for each, and was seen to take 4 to 5 s for a gigabyte that its disk takes 1 s for. Also a search that is held to so
much memory would be charged for it. The system takes whole blocks only, from and to memory that begins at a page: so
what is written passes through two buffers, of which one is on its way to the disk while the other is filled.
"""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType

BLOCK = 1 << 23  # bytes at once
_UNIT = 4096  # what the system takes is a multiple of this
_DIRECT = getattr(os, "O_DIRECT", 0)


def _opened(path: Path, flags: int) -> int:
    """Return a file that is opened past the system's memory, or through it."""
    with suppress(OSError):  # a file system that knows no other way, in memory itself say
        return os.open(path, flags | _DIRECT, 0o666)
    return os.open(path, flags, 0o666)


def _go_through_memory(file: int) -> None:
    import fcntl

    fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) & ~_DIRECT)


class Writer:
    """A new file, written from its beginning to its end.

    Parameters
    ----------
    path : Path
        Of the file; one that is there is lost.
    block : int
        Bytes written at once, a multiple of 4096; there are two such buffers.

    Raises
    ------
    OSError
        From any method: if the disk is full, say.

    Examples
    --------
    >>> import tempfile
    >>> where = Path(tempfile.mkdtemp()) / "file"
    >>> with Writer(where) as file:
    ...     file.write(b"some bytes")
    >>> where.read_bytes()
    b'some bytes'
    """

    def __init__(self, path: Path, block: int = BLOCK) -> None:
        self._file = _opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._block, self._buffers = block, [mmap.mmap(-1, block) for _ in range(2)]
        self._filled = self.size = 0
        self.is_open = True
        self._pool = ThreadPoolExecutor(1, "pdsearch checkpoint")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:
            self.give_up()

    def close(self) -> None:
        """Write what is left."""
        try:
            self._finish()
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Close the file as it is."""
        if self.is_open:
            self.is_open = False
            self._pool.shutdown()
            os.close(self._file)

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes; they may change when this returns."""
        view, at = memoryview(data), 0
        self.size += len(view)
        while at < len(view):
            n = min(len(view) - at, self._block - self._filled)
            self._buffers[0][self._filled : self._filled + n] = view[at : at + n]
            at, self._filled = at + n, self._filled + n
            if self._filled == self._block:
                self._pass_on(self._block)

    def _pass_on(self, n: int) -> None:
        self._wait()
        self._under_way = self._pool.submit(_write, self._file, self._buffers[0], n)
        self._buffers.reverse()
        self._filled = 0

    def _wait(self) -> None:
        if self._under_way is not None:
            self._under_way.result()

    def settled(self) -> tuple[int, bytes]:
        """Return how many bytes are in the file, and those that are not yet."""
        self._wait()
        return self.size - self._filled, self._buffers[0][: self._filled]

    def _finish(self) -> None:
        """Write the last block as a whole, and then cut the file to its size."""
        self._pass_on(-(-self._filled // _UNIT) * _UNIT)
        self._wait()
        os.ftruncate(self._file, self.size)
        self._filled = 0


def _write(file: int, buffer: mmap.mmap, n: int) -> None:
    with memoryview(buffer) as view:
        at = 0
        while at < n:
            try:
                at += os.write(file, view[at:n])
            except OSError as error:
                if error.errno != errno.EINVAL or not _DIRECT:
                    raise
                _go_through_memory(file)


def blocks_of(path: Path) -> Iterator[memoryview]:
    """Yield what is in a file, each block valid until the next."""
    file, view = _opened(path, os.O_RDONLY), memoryview(mmap.mmap(-1, BLOCK))
    try:
        while n := _read(file, view):
            yield view[:n]
    finally:
        os.close(file)


def _read(file: int, view: memoryview) -> int:
    try:
        return os.readv(file, [view])
    except OSError as error:
        if error.errno != errno.EINVAL or not _DIRECT:
            raise
        _go_through_memory(file)
        return os.readv(file, [view])
