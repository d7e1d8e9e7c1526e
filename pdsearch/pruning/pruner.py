"""What a depth-first search asks about its moves: the automaton by the domain's numbers of operators, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain
from pdsearch.pruning.cached import load
from pdsearch.pruning.choice import length_of
from pdsearch.pruning.words import has_words, words_of


class Pruner(NamedTuple):
    """An automaton as a search of a domain uses it; false when it prunes nothing.

    Attributes
    ----------
    following : int32[n_states, n_operators]
        The state after an operator, -1 where it need not be looked at; no rows: nothing is pruned.
    root : int32[n_starts]
        The state at a start before any move.
    start_of : callable
        See :class:`pdsearch.pruning.words.Words`.
    length : int
        Of the longest forbidden words, 0 for none.
    """

    following: npt.NDArray[np.int32]
    root: npt.NDArray[np.int32]
    start_of: Callable[[npt.NDArray[np.uint64]], npt.NDArray[np.int64]]
    length: int

    def __bool__(self) -> bool:
        return self.length > 0

    def states(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Return the automaton's state at each packed state (uint64[n, n_words]), before any move: int64[n]."""
        return self.root[self.start_of(words)].astype(np.int64)

    @property
    def name(self) -> str:
        """Return it as it is named on the command line."""
        return f"fsm:{self.length}" if self else "none"


def _zeros(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    return np.zeros(len(words), np.int64)


NO_PRUNER = Pruner(np.empty((0, 0), np.int32), np.zeros(1, np.int32), _zeros, 0)


def pruner_of(domain: Domain, prune: str | None = None) -> Pruner:
    """Return the automaton that a search of a domain goes by.

    Parameters
    ----------
    domain : Domain
        The instance.
    prune : str, optional
        ``none``, ``fsm`` (words of the length that the domain recommends) or ``fsm:LENGTH``; left out, ``fsm`` where
        the domain's moves are registered as words, else ``none``.

    Raises
    ------
    BadInputError
        If ``prune`` is none of these, or an automaton is asked for and the domain has no words.
    TimeLimitError
        If the deadline of the domain is over before the automaton is built.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> pruner_of(Tiles.korf(1), "fsm:8").following.shape, pruner_of(Tiles.korf(1), "none").name
    ((804, 4), 'none')
    """
    if prune == "none" or (prune is None and not has_words(domain)):
        return NO_PRUNER
    words = words_of(domain)
    length = length_of(prune or "fsm", words.length)
    automaton = load(words, length, domain.deadline)
    following = np.pad(automaton.next, ((0, 0), (words.first, 0)), constant_values=-1)
    return Pruner(following, automaton.root, words.start_of, length)
