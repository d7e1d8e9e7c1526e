"""Many instances from one word of a command line: ``korf:1-20``, ``korf:1,4,7``, ``korf:all``, a file of boards."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pdsearch.domains import Domain
from pdsearch.errors import BadInputError

_MOST = 10_000


def instances(domain: type[Domain], text: str, options: dict[str, Any]) -> list[Domain]:
    """Return the instances a word names.

    Raises
    ------
    BadInputError
        If there are none, or one of them makes no sense.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> [puzzle.instance for puzzle in instances(Tiles, "korf:1,4-6", {})]
    ['korf:1', 'korf:4', 'korf:5', 'korf:6']
    """
    match = re.fullmatch(r"(\w+):([\d,\-]+|all)", text)
    if match is not None and match[2] == "all":
        return _all(domain, match[1], options)
    if match is not None:
        return [domain.parse(f"{match[1]}:{number}", **options) for number in _numbers(match[2], text)]
    if len(text) < 4096 and Path(text).is_file():
        return _from_file(domain, text, options)
    return [domain.parse(text, **options)]


def _numbers(text: str, whole: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise BadInputError(
                f"instances {whole!r} are not understood; write them as korf:1, korf:1,4,7 or korf:1-20"
            )
        if dash and int(last) - int(first) >= _MOST:
            raise BadInputError(f"instances {whole!r} are more than {_MOST}; give fewer at a time")
        numbers += range(int(first), int(last) + 1) if dash else [int(first)]
    return numbers


def _all(domain: type[Domain], kind: str, options: dict[str, Any]) -> list[Domain]:
    found: list[Domain] = []
    while True:
        try:
            found.append(domain.parse(f"{kind}:{len(found) + 1}", **options))
        except BadInputError:
            if not found:
                raise
            return found


def _from_file(domain: type[Domain], name: str, options: dict[str, Any]) -> list[Domain]:
    """Read one instance a line; a file whose first line is none is one instance as a whole."""
    try:
        lines = [line.strip() for line in Path(name).read_text().splitlines() if line.strip()]
        first = domain.parse(lines[0], **options)
    except (OSError, UnicodeDecodeError, IndexError, BadInputError):
        return [domain.parse(name, **options)]
    found = [first]
    for number, line in enumerate(lines[1:], 2):
        try:
            found.append(domain.parse(line, **options))
        except BadInputError as error:
            raise BadInputError(f"{name}, instance {number}: {error}") from error
    return found
