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


class Words(NamedTuple):
    """What the moves do.

    Attributes
    ----------
    leads : int32[n_starts, n_moves]
        The start (such as the cell of the blank) that a move leads to, -1 where there is no such move. Domains
        where every move is always possible have one start.
    source : uint8[n_starts, n_moves, n_places]
        ``source[s, m, p]`` is the place whose content a move brings to place ``p``.
    """

    leads: npt.NDArray[np.int32]
    source: npt.NDArray[np.uint8]


WordsOf = Callable[[Any], "Words | None"]  # given a domain of its own kind, else None is returned
WORDS: Registry[WordsOf] = Registry("move words", "pdsearch.domains")


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
