"""The moves of a domain as permutations of places: what an automaton of forbidden words is made from.

A domain registers a function beside itself (``domains/*/words.py``) that gives its :class:`Words`. All moves must
cost the same, and what a move does to the places must not depend on what lies there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError
from pdsearch.registry import Registry


def _only_start(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    return np.zeros(len(words), np.int64)


class Words(NamedTuple):
    """What the moves do.

    Attributes
    ----------
    leads : int32[n_starts, n_moves]
        The start (such as the cell of the blank) that a move leads to, -1 where there is no such move. Domains
        where every move is always possible have one start.
    source : uint8[n_starts, n_moves, n_places]
        ``source[s, m, p]`` is the place whose content a move brings to place ``p``.
    first : int
        The domain's number of move 0; the others follow.
    length : int
        Of the longest words forbidden by default: that of the least wall time, as measured on this domain.
    start_of : callable
        Given packed states (uint64[n, n_words]), returns their starts: int64[n].
    """

    leads: npt.NDArray[np.int32]
    source: npt.NDArray[np.uint8]
    first: int = 0
    length: int = 2
    start_of: Callable[[npt.NDArray[np.uint64]], npt.NDArray[np.int64]] = _only_start


WordsOf = Callable[[Any], "Words | None"]  # given a domain of its own kind, else None is returned
WORDS: Registry[WordsOf] = Registry("move words", "pdsearch.domains")


def length_within(n_moves: int, most: int = 200_000) -> int:
    """Return the length of the longest words of which there are no more than ``most``, forbidden ones included; 2 to 6.

    With 200,000 an automaton is built in a tenth of a second; longer words saved less than they took on pancakes and
    TopSpin.

    >>> length_within(12), length_within(39)
    (4, 3)
    """
    return next((length for length in range(6, 2, -1) if n_moves**length <= most), 2)


def words_of(domain: Any) -> Words:
    """Return the moves of a domain as permutations.

    Parameters
    ----------
    domain : Domain
        The instance.

    Raises
    ------
    BadInputError
        If the domain's moves are no permutations of places, or nobody wrote them down.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> words_of(Tiles.korf(1)).leads.shape
    (16, 4)
    """
    for give in WORDS.values():
        words = give(domain)
        if words is not None:
            return words
    raise BadInputError(f"domain {domain.name!r} has no words of moves; use --prune none")


def has_words(domain: Any) -> bool:
    """Say whether the moves of a domain are permutations that somebody wrote down."""
    return any(give(domain) is not None for give in WORDS.values())
