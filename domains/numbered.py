"""Sets of instances that have numbers: ``1-20``, ``1,4,7``, ``all``."""

from __future__ import annotations

from pdsearch.errors import BadInputError


def numbers_in(text: str, kind: str, last: int) -> list[int]:
    """Return the numbers that follow ``kind:``, each from 1 to ``last``.

    Raises
    ------
    BadInputError
        If the text is no such list.

    Examples
    --------
    >>> numbers_in("1,4-6", "korf", 100)
    [1, 4, 5, 6]
    """
    if text == "all":
        return list(range(1, last + 1))
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, end = (word.strip() for word in part.partition("-"))
        if not _is_number(first, last) or (dash and not (_is_number(end, last) and int(first) <= int(end))):
            raise BadInputError(
                f"instance {kind}:{text[:40]} is unknown; there are {kind}:1 to {kind}:{last}, written as {kind}:1, "
                f"{kind}:1,4,7, {kind}:1-{min(last, 20)} or {kind}:all"
            )
        numbers += range(int(first), int(end if dash else first) + 1)
    return numbers


def _is_number(word: str, last: int) -> bool:
    return word.isdecimal() and len(word) <= 9 and 1 <= int(word) <= last
