"""One line on stderr that is written over again while a search runs."""

from __future__ import annotations

import sys
import time

from pdsearch.search.best_first.report import Progress

EVERY_S = 0.5


class ProgressLine:
    """Shows progress from rank 0, when stderr is a terminal or it was asked for."""

    def __init__(self, speaks: bool, wanted: bool) -> None:
        self.is_shown = speaks and (wanted or sys.stderr.isatty())
        self._last_s = 0.0
        self._last: Progress | None = None
        self._width = 0

    def __enter__(self) -> ProgressLine:
        self._last_s = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r" if sys.stderr.isatty() else "\n")
            sys.stderr.flush()

    def show(self, progress: Progress) -> None:
        """Write the line again when half a second has passed."""
        now = time.monotonic()
        if progress.seconds < EVERY_S or now - self._last_s < EVERY_S:
            return
        self._last_s = now
        line = _line(progress, self._last)
        self._last = progress
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = max(self._width, len(line))


def _line(now: Progress, before: Progress | None) -> str:
    since, expanded = (before.seconds, before.expanded) if before else (0.0, 0)
    rate = (now.expanded - expanded) / max(1e-9, now.seconds - since)
    best = f", best plan {now.incumbent}" if now.incumbent is not None else ""
    return (
        f"{now.seconds:6.1f} s  f {now.least_f}{best}  {now.expanded / 1e6:.1f} M expanded, "
        f"{rate / 1e6:.2f} M/s, {now.open / 1e6:.1f} M open, {now.memory_bytes / 2**20:.0f} MiB on the fullest rank"
    )
