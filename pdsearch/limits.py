"""Limits of a search, and the memory a machine can give."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError, shown
from pdsearch.units import sized

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
MIN_MEMORY = 2**20  # below this not even the first tables fit
MOST = 2**62  # of a count, a seed or bytes; what adds two of them up still fits 64 bits
_DIGITS = 20  # no number of so many fits 64 bits
USABLE = 0.8  # share of the free memory taken when no limit is given


@dataclass(frozen=True)
class Limits:
    """When to stop early.

    Parameters
    ----------
    time_s : float
        Wall-clock seconds of search.
    memory_bytes : int or None
        Per rank: node table, open list, buffers, and the tables of domain, heuristic and distribution. None takes
        80 % of what is free, divided by the ranks of the node.
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
            raise BadInputError(f"time limit {shown(self.time_s)} makes no sense; give more than 0 seconds")
        if self.memory_bytes is not None and self.memory_bytes < MIN_MEMORY:
            raise BadInputError(f"memory limit {shown(self.memory_bytes)} bytes is too small; give at least 1M")
        if self.nodes < 1:
            raise BadInputError(f"node limit {shown(self.nodes)} makes no sense; give at least 1")

    def memory(self, ranks_of_node: int, held: int = 0) -> int:
        """Return the bytes one rank may use, of which it holds some already."""
        if self.memory_bytes is not None:
            return self.memory_bytes
        return max(MIN_MEMORY, int(USABLE * free_memory() / ranks_of_node)) + held


class Deadline:
    """When what comes before the search must be done: reading, translating, preprocessing, building tables.

    Such functions call :meth:`check` now and then, at least a few times a second where they can.

    Parameters
    ----------
    time_s : float
        Wall-clock seconds from now.
    memory_bytes : int or None
        The most that what is built may take; None stands for no limit.

    Examples
    --------
    >>> Deadline().check("reading")
    >>> Deadline(0.0).check("reading")
    Traceback (most recent call last):
    pdsearch.errors.TimeLimitError: the time limit ended reading; give more time
    """

    def __init__(self, time_s: float = math.inf, memory_bytes: int | None = None) -> None:
        self.end = time.monotonic() + time_s
        self.memory_bytes = memory_bytes

    @property
    def left_s(self) -> float:
        """Return the seconds left, at least 0."""
        return max(0.0, self.end - time.monotonic())

    @property
    def memory_words(self) -> str:
        """Return in words how much memory there is."""
        return "memory without a limit" if self.memory_bytes is None else f"memory of {sized(self.memory_bytes)}"

    def check(self, doing: str = "the preparation") -> None:
        """Raise TimeLimitError, which says what was being done, once the time is over."""
        if time.monotonic() >= self.end:
            raise TimeLimitError(f"the time limit ended {doing}; give more time")

    def check_memory(self, n_bytes: int, what: str) -> None:
        """Raise MemoryLimitError, which says for what, if so many bytes are more than may be taken."""
        if self.memory_bytes is not None and n_bytes > self.memory_bytes:
            raise MemoryLimitError(
                f"{what} needs {n_bytes} bytes and the memory limit is {self.memory_bytes}; give more memory"
            )


NO_DEADLINE = Deadline()


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
    return _bounded(_number(text, _BYTES, "memory", "512M or 2G", ("ib", "b")), text, "memory")


def count(text: str) -> int:
    """Read a count: ``1000000``, ``1e6``.

    >>> count("1e6")
    1000000
    """
    number = _number(text, {"": 1}, "count", "1000000 or 1e6")
    if number != int(number):
        raise BadInputError(f"count {shown(text)} is not a whole number; write it as 1000000 or 1e6")
    return _bounded(number, text, "count")


def whole(text: str, kind: str) -> int:
    """Read a number that may be 0.

    >>> whole("7", "seed")
    7
    """
    if not (text.isascii() and text.isdecimal()):
        raise BadInputError(f"{kind} {shown(text)} is not understood; give a whole number from 0 on")
    digits = text.lstrip("0") or "0"
    return _bounded(int(digits) if len(digits) < _DIGITS else math.inf, text, kind)


def _bounded(value: float, text: str, kind: str) -> int:
    """Return a number that 64-bit arithmetic can take, with room for a sum."""
    if value > MOST:
        raise BadInputError(f"{kind} {shown(text)} is too large; give {MOST} at most")
    return int(value)


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
        raise BadInputError(f"{kind} {shown(text)} is not understood; write it as {example}")
    return value


def free_memory(root: Path = Path("/")) -> int:
    """Return the bytes this process could still use: free on the machine, and within each of its cgroups."""
    return max(0, min([_free_on_machine(root), *_free_in_groups(root)]))


def _free_on_machine(root: Path) -> int:
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        page = os.sysconf("SC_PAGE_SIZE")
        if "SC_AVPHYS_PAGES" in os.sysconf_names:
            return os.sysconf("SC_AVPHYS_PAGES") * page
        return os.sysconf("SC_PHYS_PAGES") * page // 2  # macOS does not say what is free


def _free_in_groups(root: Path) -> Iterator[int]:
    """Yield what is free in the process's own cgroup and those around it, of version 2 or 1."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _free_up_to(root / "sys/fs/cgroup", path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            yield from _free_up_to(root / "sys/fs/cgroup/memory", path, *names)


def _free_up_to(top: Path, path: str, limit: str, used: str, cached: str) -> Iterator[int]:
    """Yield what is free, the cache given up, in the group at ``path`` and those that hold it, up to ``top``."""
    group = top / path.lstrip("/")
    for folder in (group, *group.parents):
        try:
            free = int((folder / limit).read_text()) - int((folder / used).read_text())
            stat = (folder / "memory.stat").read_text().splitlines()
        except (OSError, ValueError):  # "max": no limit
            continue
        yield free + sum(int(line.split()[1]) for line in stat if line.startswith(f"{cached} "))
