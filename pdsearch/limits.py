"""Limits of a search, and the memory a machine can give."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from pdsearch.errors import BadInputError

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
MIN_MEMORY = 2**20  # below this not even the first tables fit
USABLE = 0.8  # share of the free memory taken when no limit is given


@dataclass(frozen=True)
class Limits:
    """When to stop early.

    Parameters
    ----------
    time_s : float
        Wall-clock seconds of search.
    memory_bytes : int or None
        Per rank: node table, open list and buffers. None takes 80 % of what is free, divided by the ranks of the node.
    nodes : int
        Expansions, summed over ranks; several ranks may exceed it by what they expand in one round.

    Raises
    ------
    BadInputError
        If a limit is not a positive number.
    """

    time_s: float = math.inf
    memory_bytes: int | None = None
    nodes: int = 2**62

    def __post_init__(self) -> None:
        if not self.time_s > 0:
            raise BadInputError(f"time limit {self.time_s} makes no sense; give more than 0 seconds")
        if self.memory_bytes is not None and self.memory_bytes < MIN_MEMORY:
            raise BadInputError(f"memory limit {self.memory_bytes} bytes is too small; give at least 1M")
        if self.nodes < 1:
            raise BadInputError(f"node limit {self.nodes} makes no sense; give at least 1")

    def memory(self, ranks_of_node: int) -> int:
        """Return the bytes one rank may use."""
        if self.memory_bytes is not None:
            return self.memory_bytes
        return max(MIN_MEMORY, int(USABLE * free_memory() / ranks_of_node))


def seconds(text: str) -> float:
    """Read a time: ``90``, ``30s``, ``1.5m``, ``2h``.

    >>> seconds("1.5m")
    90.0
    """
    return _number(text, _SECONDS, "time", "30s, 10m or 2h")


def bytes_(text: str) -> int:
    """Read an amount of memory: ``512M``, ``2G``, ``1.5GiB``.

    >>> bytes_("2G") == 2 * 2**30
    True
    """
    return int(_number(text, _BYTES, "memory", "512M or 2G", ("ib", "b")))


def count(text: str) -> int:
    """Read a count: ``1000000``, ``1e6``.

    >>> count("1e6")
    1000000
    """
    number = _number(text, {"": 1}, "count", "1000000 or 1e6")
    if number != int(number):
        raise BadInputError(f"count {text!r} is not a whole number; write it as 1000000 or 1e6")
    return int(number)


def whole(text: str, kind: str) -> int:
    """Read a number that may be 0.

    >>> whole("7", "seed")
    7
    """
    if not text.isdecimal():
        raise BadInputError(f"{kind} {text!r} is not understood; give a whole number from 0 on")
    return int(text)


def _number(
    text: str, units: dict[str, float] | dict[str, int], kind: str, example: str, endings: tuple[str, ...] = ()
) -> float:
    digits = text.strip().lower()
    digits = next((digits.removesuffix(ending) for ending in endings if digits.endswith(ending)), digits)
    unit = digits[-1:] if digits[-1:].isalpha() else ""
    try:
        value = float(digits.removesuffix(unit)) * units[unit]
    except (ValueError, KeyError):
        value = math.nan
    if not 0 < value < math.inf:
        raise BadInputError(f"{kind} {text!r} is not understood; write it as {example}")
    return value


def free_memory() -> int:
    """Return the bytes this process could still use: free on the machine, and within its cgroup."""
    free = [os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable")] or free
        group = Path("/sys/fs/cgroup")
        limit = (group / "memory.max").read_text().strip()
        if limit != "max":
            free.append(int(limit) - int((group / "memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return max(0, min(free))
