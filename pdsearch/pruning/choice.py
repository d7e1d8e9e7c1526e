"""How a user names duplicate pruning: ``none``, ``fsm`` or ``fsm:LENGTH``."""

from __future__ import annotations

import re

from pdsearch.errors import BadInputError

NONE = 2  # on a GPU: length of words that forbids no more than to undo the last move


def length_of(text: str, default: int) -> int:
    """Return the length of the longest forbidden words.

    Parameters
    ----------
    text : str
        ``none``, ``fsm`` (the default length) or ``fsm:LENGTH``.
    default : int
        What ``fsm`` alone means.

    Raises
    ------
    BadInputError
        If it is neither.

    Examples
    --------
    >>> length_of("none", 8), length_of("fsm", 8), length_of("fsm:12", 8)
    (2, 8, 12)
    """
    match = re.fullmatch(r"none|fsm(?::(\d{1,2}))?", text)
    if match is None or (match[1] and int(match[1]) < NONE):
        raise BadInputError(
            f"pruning {text[:20]!r} is unknown; give none, fsm or fsm:LENGTH with a length of 2 or more"
        )
    if text == "none":
        return NONE
    return int(match[1] or default)
