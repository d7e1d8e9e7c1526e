"""One line on stderr that is written over again while searches run."""

from __future__ import annotations

import sys
import time

from pdsearch.search.run import Progress
from pdsearch.units import scaled, sized

FIRST_S, EVERY_S = 0.3, 0.5  # a search that is done before the first shows none


class ProgressLine:
    """Shows progress from rank 0, when stderr is a terminal or it was asked for.

    Parameters
    ----------
    speaks : bool
        Whether this is rank 0.
    wanted : bool
        Show it even where stderr is no terminal.
    n : int
        Instances that are searched one after the other; shown if there are several.
    """

    def __init__(self, speaks: bool, wanted: bool, n: int = 1) -> None:
        self.is_shown = speaks and (wanted or sys.stderr.isatty())
        self.n, self.done = n, 0
        self._last_s = 0.0
        self._last: Progress | None = None
        self._width = 0

    def __enter__(self) -> ProgressLine:
        self._last_s = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the line away, so that something else can be printed."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r" if sys.stderr.isatty() else "\n")
            sys.stderr.flush()
        self._width, self._last = 0, None

    def end(self) -> None:
        """Note that an instance is done."""
        self.done += 1
        self.clear()

    def show(self, progress: Progress) -> None:
        """Write the line again when half a second has passed."""
        now = time.monotonic()
        if progress.seconds < FIRST_S or now - self._last_s < EVERY_S:
            return
        self._last_s = now
        line = _line(progress, self._last)
        if self.n > 1:
            line = f"{self.done + progress.done} of {self.n} done  {line}"
        self._last = progress
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = max(self._width, len(line))


def _line(now: Progress, before: Progress | None) -> str:
    if now.generated:  # depth first: nothing is stored
        rate = _rate(now, before, "generated")
        return f"{now.seconds:6.1f} s  bound {now.least_f}  {scaled(now.generated)} generated, {scaled(rate)}/s"
    best = f", best plan {now.incumbent}" if now.incumbent is not None else ""
    return (
        f"{now.seconds:6.1f} s  f {now.least_f}{best}  {scaled(now.expanded)} expanded, "
        f"{scaled(_rate(now, before, 'expanded'))}/s, {scaled(now.open)} open, "
        f"{sized(now.memory_bytes)} on the fullest rank"
    )


def _rate(now: Progress, before: Progress | None, count: str) -> float:
    since, so_far = (before.seconds, getattr(before, count)) if before else (0.0, 0)
    counted: int = getattr(now, count) - so_far
    return max(0.0, counted / max(1e-3, now.seconds - since))
