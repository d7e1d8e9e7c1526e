"""Reading permutations, and what is asked of their states: what the permutation puzzles share."""

from __future__ import annotations

from collections.abc import Sequence

from pdsearch.errors import BadInputError, shown
from pdsearch.reading import integers, read_text, whole_number


def item_at(space, states, at, place):
    """Return the item on a place of the permutation at ``states[at]``; compiled, by type of the domain's tables."""


def numbers_in(text: str, kinds: str) -> list[int]:
    """Return the numbers of an instance, written out or in the file it names.

    ``kinds`` says in messages how else an instance may be written.
    """
    if not text.strip():
        raise BadInputError(f"the instance is empty; give {kinds}")
    is_written_out = set(text) <= set("0123456789 ,-\n\t")
    return integers(text if is_written_out else read_text(text, kinds), f"instance {shown(text)}")


def size_in(text: str, what: str, least: int, most: int) -> int:
    """Return a size; BadInputError unless it is a number from ``least`` to ``most``."""
    try:
        return whole_number(text, "size", least, most)
    except BadInputError:
        raise BadInputError(f"size {shown(text.strip())} is not supported; {what} has {least} to {most}") from None


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
