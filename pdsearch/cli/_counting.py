"""Progress of a loop whose length is known: a line on stderr once it takes longer than two seconds."""

from __future__ import annotations

import sys
import time

AFTER_S = 2.0
EVERY_S = 2.0  # off a terminal, where lines are not written over


class Counting:
    """Says how far a loop is; to be given as ``progress(done, of)``.

    Parameters
    ----------
    what : str
        What is counted, in the plural.
    """

    def __init__(self, what: str) -> None:
        self._what, self._begun, self._width = what, time.monotonic(), 0
        self._next = self._begun + AFTER_S

    def __call__(self, done: int, of: int) -> None:
        """Write the line, if it is time to."""
        now = time.monotonic()
        if now < self._next:
            return
        on_terminal = sys.stderr.isatty()
        self._next = now + (0.5 if on_terminal else EVERY_S)
        line = f"{done} of {of} {self._what}, {now - self._begun:.0f} s"
        self._width = max(self._width, len(line))
        sys.stderr.write(f"\r{line.ljust(self._width)}" if on_terminal else f"{line}\n")
        sys.stderr.flush()

    def __enter__(self) -> Counting:
        return self

    def __exit__(self, *_: object) -> None:
        if self._width and sys.stderr.isatty():
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
