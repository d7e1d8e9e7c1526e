"""One line on stderr while kernels are compiled, which takes seconds the first time."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TextIO


class Notice:
    """Says on a stream how many kernels were compiled so far."""

    WAIT_S, EVERY_S = 0.3, 3.0  # before the first line; between two where no terminal rewrites it

    def __init__(self) -> None:
        self.stream: TextIO | None = None
        self.total = self.begun = 0
        self._since = self._last = 0.0

    def begin(self) -> None:
        """Note that a kernel is about to be compiled."""
        now = time.monotonic()
        self.begun += 1
        if self.begun == 1:
            self._since = now
        if self.stream is None or now - self._since < self.WAIT_S:
            return
        is_terminal = self.stream.isatty()
        if is_terminal or self._last == 0 or now - self._last >= self.EVERY_S:
            self._last = now
            line = f"compiling {self.begun} of {max(self.total, self.begun)} kernels ..."
            with contextlib.suppress(OSError, ValueError):  # who reads it may be gone
                self.stream.write(f"\r{line} " if is_terminal else f"{line}\n")
                self.stream.flush()

    def end(self) -> None:
        """Take the line away."""
        if self.stream is not None and self._last and self.stream.isatty():
            with contextlib.suppress(OSError, ValueError):
                self.stream.write("\r" + 40 * " " + "\r")
                self.stream.flush()
        self.total = self.begun = 0
        self._last = 0.0


notice = Notice()


@contextlib.contextmanager
def announced(stream: TextIO | None = None) -> Iterator[None]:
    """Within the block, say in one line on ``stream`` (stderr) while kernels are compiled: ``compiling 3 of 9 ...``.

    Nothing is said where the disk cache has them all, or where they take no time worth a word.
    """
    before, notice.stream = notice.stream, stream or sys.stderr
    try:
        yield
    finally:
        notice.end()
        notice.stream = before


def expect(n_kernels: int) -> None:
    """Say how many kernels are going to be compiled; takes away the line of those before."""
    notice.end()
    notice.total = n_kernels
