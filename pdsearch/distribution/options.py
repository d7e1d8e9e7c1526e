"""Options of distributions, read from the text after the colon."""

from __future__ import annotations

from pdsearch.errors import BadInputError


def share_in(option: str | None, default: float, name: str) -> float:
    """Return a share of 1, from 0 to 1."""
    try:
        share = default if option is None else float(option)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise BadInputError(f"distribution {name}:{option} is not understood; give a share such as {name}:{default}")
    return share


def count_in(option: str | None, default: int, name: str) -> int:
    """Return a positive whole number."""
    number = default if option is None else int(option) if option.isdecimal() else 0
    if number < 1:
        raise BadInputError(f"distribution {name}:{option} is not understood; give a number such as {name}:{default}")
    return number
