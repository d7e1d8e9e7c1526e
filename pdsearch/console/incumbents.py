"""A line on stderr for each better plan that an anytime search finds, and for each better bound that it has proved."""

from __future__ import annotations

import sys

from pdsearch.console.progress import ProgressLine
from pdsearch.search.run import Progress


class Incumbents:
    """To be given as ``on_progress``; goes on to the progress line where that is shown.

    Parameters
    ----------
    line : ProgressLine
        Cleared before something else is printed.
    """

    def __init__(self, line: ProgressLine) -> None:
        self._line = line
        self._told: tuple[int, int] | None = None

    def show(self, now: Progress) -> None:
        """Print what is new."""
        if now.incumbent is not None:
            found = now.incumbent, now.proved
            if self._told is None or found[0] < self._told[0] or found[1] > self._told[1]:
                self._told = found
                self._line.clear()
                sys.stderr.write(_words(now.seconds, *found))
                sys.stderr.flush()
        if self._line.is_shown:
            self._line.show(now)


def _words(seconds: float, cost: int, bound: int) -> str:
    gap = f", gap {100 * (cost / bound - 1):.1f} %" if bound else ""
    return f"{seconds:.1f} s: a plan of cost {cost}, none costs less than {bound}{gap}\n"
