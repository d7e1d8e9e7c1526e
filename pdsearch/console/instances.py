"""One syntax of instances for every command: ``korf:1-20``, ``random:4x4``, a file, several of these."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pdsearch.comm.shared import SharedArrays
from pdsearch.comm.together import once, together
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError


def instances(domain: type[Domain], texts: Sequence[str], options: dict[str, Any], comm: Any = None) -> list[Domain]:
    """Return the instances that some words name.

    Parameters
    ----------
    domain : type of Domain
        What they are instances of.
    texts : sequence of str
        Names, sets of numbered instances, or files; of domains that have lines, a file holds one instance a line.
    options : dict
        For the domain's ``parse``.
    comm : mpi4py.MPI.Comm, optional
        All its ranks must call; what takes long to read is read by rank 0, and large tables are built once a machine.

    Raises
    ------
    BadInputError
        If there are none, or one of them makes no sense.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> [puzzle.instance for puzzle in instances(Tiles, ["korf:1,4-6", "random:3x3"], {})]
    ['korf:1', 'korf:4', 'korf:5', 'korf:6', 'random:3x3 seed 0']
    """
    names = together(comm, lambda: [name for text in texts for name in domain.instance_set(text.strip())])
    return [one for name in names for one in _read(domain, name, options, comm)]


def _read(domain: type[Domain], name: str, options: dict[str, Any], comm: Any) -> list[Domain]:
    if domain.has_lines and once(comm, lambda: len(name) < 4096 and _is_file(name)):
        return together(comm, lambda: _from_lines(domain, name, options))
    began = time.perf_counter()
    fetched = once(comm, lambda: domain.fetch(name, **options))
    share = SharedArrays(comm) if comm is not None and domain.is_shared else None
    own = {"fetched": fetched, "share": share}
    given = options | {name: value for name, value in own.items() if value is not None}
    one = together(comm, lambda: domain.parse(name, **given))
    if share is not None:
        share.close()  # not when a rank raised: closing waits for all
    spent = time.perf_counter() - began - sum(one.phases.values())
    one.phases = {"read": spent, **one.phases}
    return [one]


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def _from_lines(domain: type[Domain], name: str, options: dict[str, Any]) -> list[Domain]:
    """Read one instance a line; a file whose first line is none is one instance as a whole."""
    try:
        lines = [line.strip() for line in Path(name).read_text().splitlines() if line.strip()]
        found = [domain.parse(lines[0], **options)]
    except (OSError, UnicodeDecodeError, IndexError, BadInputError):
        return [domain.parse(name, **options)]
    for number, line in enumerate(lines[1:], 2):
        try:
            found.append(domain.parse(line, **options))
        except BadInputError as error:
            raise BadInputError(f"{name}, instance {number}: {error}") from error
    return found
