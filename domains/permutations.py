"""Reading permutations, and what is asked of their states: what the permutation puzzles share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pdsearch.errors import BadInputError


def item_at(space, states, at, place):
    """Return the item on a place of the permutation at ``states[at]``; compiled, by type of the domain's tables."""


def numbers_in(text: str, kinds: str) -> list[int]:
    """Return the numbers of an instance, written out or in the file it names.

    ``kinds`` says in messages how else an instance may be written.
    """
    if not text.strip():
        raise BadInputError(f"the instance is empty; give {kinds}")
    content = text
    if not set(text) <= set("0123456789 ,-\n\t"):
        try:
            content = Path(text).read_text()
        except (OSError, UnicodeDecodeError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            raise BadInputError(f"instance {text[:60]!r} is not {kinds} ({reason})") from error
    try:
        return [int(word) for word in content.replace(",", " ").split()]
    except ValueError:
        raise BadInputError(f"instance {text.strip()[:60]!r} does not hold numbers; give {kinds}") from None


def size_in(text: str, what: str, least: int, most: int) -> int:
    """Return a size; BadInputError unless it is a number from ``least`` to ``most``."""
    if not text.strip().isdecimal() or not least <= int(text) <= most:
        raise BadInputError(f"size {text.strip()!r} is not supported; {what} has {least} to {most}")
    return int(text)


def check_permutation(numbers: Sequence[int], what: str) -> None:
    """BadInputError unless the numbers are 0 to n - 1, each once."""
    n = len(numbers)
    wrong = [number for number in numbers if not 0 <= number < n]
    if wrong:
        raise BadInputError(f"{what} {wrong[0]} is out of range; {n} of them are numbered 0 to {n - 1}")
    missing = sorted(set(range(n)) - set(numbers))
    if missing:
        repeated = next(number for number in numbers if list(numbers).count(number) > 1)
        raise BadInputError(f"{what} {repeated} is there twice and {what} {missing[0]} is missing")
