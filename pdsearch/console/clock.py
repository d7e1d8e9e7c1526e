"""When the command began: limits of time count from there.

That is when its process was started, for the user waits while Python starts and imports, too: a second and more.
Of ranks that ``-n`` starts it is when the process that starts them was. A command that is called within a Python
program begins when it is called.
"""

from __future__ import annotations

import os
import time

import pdsearch

_MOST_S = 5.0  # from the start of a process until it imports this package; more was something else, which it replaced
_began: list[float] = []  # in time.monotonic()


def begin(at: float) -> None:
    """Note when the command began, by ``time.monotonic()``."""
    _began[:] = [at]


def spent_s() -> float:
    """Return the seconds since the command began; 0 where there is none."""
    return time.monotonic() - _began[0] if _began else 0.0


def process_began() -> float:
    """Return when this process was started, by ``time.monotonic()``.

    Where the system does not say, or what it says cannot be, it is when this package was imported. A process that was
    forked after that began when it was forked.
    """
    imported = pdsearch.imported_s
    try:
        with open("/proc/self/stat") as file:
            ticks = int(file.read().rpartition(")")[2].split()[19])  # field 22: since the machine started
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):  # no Linux
        return imported
    now = time.monotonic()
    began = now - age_s
    return began if imported - _MOST_S <= began <= now else imported
