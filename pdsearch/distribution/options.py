"""Options of distributions, read from the text after the colon."""

from __future__ import annotations

from collections.abc import Sequence

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


def bound_in(option: str | None, default: float, name: str) -> float:
    """Return a number above 1."""
    try:
        bound = default if option is None else float(option)
    except ValueError:
        bound = 0.0
    if not 1 < bound < float("inf"):
        raise BadInputError(f"distribution {name}:{option} is not understood; give a number above 1 as {name}:2")
    return bound


def choices_in(option: str | None, name: str, *kinds: Sequence[str]) -> list[str]:
    """Return one word of each kind, from words between colons in any order; the first of a kind is its default.

    >>> choices_in("b:y", "toy", ("a", "b"), ("x", "y"))
    ['b', 'y']
    """
    words = option.split(":") if option is not None else []
    for i, word in enumerate(words):
        if not any(word in kind and not set(words[:i]) & set(kind) for kind in kinds):
            known = "; ".join(", ".join(kind) for kind in kinds)
            raise BadInputError(f"option {word!r} of {name} is unknown, or there twice; give one of each kind: {known}")
    return [next((word for word in words if word in kind), kind[0]) for kind in kinds]
