"""One line on stderr while kernels are compiled, or something else that takes seconds the first time is made."""

from __future__ import annotations

import contextlib
import math
import sys
import threading
from collections.abc import Iterator
from typing import TextIO


class Notice:
    """Says on a stream how many kernels were compiled so far, again and again while one takes long."""

    WAIT_S, EVERY_S = 0.3, 1.2  # before the first line; between two where no terminal rewrites it

    def __init__(self) -> None:
        self.stream: TextIO | None = None
        self.total = self.begun = self._compiling = 0
        self.what: str | None = None  # is made, if not a kernel
        self._ended: threading.Event | None = None
        self._is_shown = False

    def begin(self) -> None:
        """Note that a kernel is about to be compiled."""
        self.begun += 1
        self._compiling += 1
        if self.stream is not None and self._ended is None and not math.isinf(self.WAIT_S):
            self._ended = threading.Event()
            threading.Thread(target=self._say, args=(self._ended,), daemon=True).start()

    def done(self) -> None:
        """Note that a kernel was compiled."""
        self._compiling = max(0, self._compiling - 1)

    def _say(self, ended: threading.Event) -> None:
        wait_s = self.WAIT_S
        while not ended.wait(wait_s):
            stream = self.stream
            if stream is None:
                return
            if not self._compiling:
                continue
            line = f"{self.what or f'compiling {self.begun} of {max(self.total, self.begun)} kernels'} ..."
            with contextlib.suppress(OSError, ValueError):  # who reads it may be gone
                is_terminal = stream.isatty()
                wait_s, self._is_shown = 0.3 if is_terminal else self.EVERY_S, True
                stream.write(f"\r{line} " if is_terminal else f"{line}\n")
                stream.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._ended is not None:
            self._ended.set()
        with contextlib.suppress(OSError, ValueError):
            if self.stream is not None and self._is_shown and self.stream.isatty():
                self.stream.write("\r" + 40 * " " + "\r")
                self.stream.flush()
        self.total = self.begun = self._compiling = 0
        self._ended, self._is_shown = None, False


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


@contextlib.contextmanager
def making(what: str) -> Iterator[None]:
    """Within an announced block, say in the same way what is being made while the block inside runs."""
    notice.end()
    notice.what = what
    notice.begin()
    try:
        yield
    finally:
        notice.what = None
        notice.end()


def expect(n_kernels: int) -> None:
    """Say how many kernels are going to be compiled; takes away the line of those before."""
    notice.end()
    notice.total = n_kernels
