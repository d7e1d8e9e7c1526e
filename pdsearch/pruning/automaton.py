"""Duplicate pruning by a finite automaton over the moves: which moves may follow those made so far.

Two words of moves from the same start that permute the places alike lead from any state to the same state. Words are
ordered by length, then by the numbers of their moves; a word is forbidden when a smaller one does the same. The
least of all optimal solutions holds no forbidden word: to replace one would make it smaller, or shorter. So a
search that never makes a forbidden word still finds an optimal solution, if its heuristic is admissible, and never
meets most of the duplicates that a depth-first search meets. What it costs is one look-up, which also says
which moves are possible and replaces the test of the last move: with words of length 2 the
automaton forbids no more than that test does, where moves undo each other and no two commute.

Words are grown level by level. Each *alive* word (no part of it forbidden) keeps a link to its longest proper
suffix, so a longer word holds a forbidden part beyond its own end exactly when its suffix' child is not alive. States
are the alive words up to length L - 1, from each start; alike states are then merged (Moore 1956).

The smaller word needs no more than the forbidden one: it begins at the same start, which is all that a move depends on.
Where moves had preconditions on contents, or costs of their own, a word could be forbidden only for one that applies
wherever it does and costs no more (Burch and Holte 2011).

Sources: Taylor and Korf (1993), "Pruning duplicate nodes in depth-first search", AAAI, sections 3 to 5; Burch and Holte
(2011), "Automatic move pruning in general single-player games", SoCS; Moore (1956),
"Gedanken-experiments on sequential machines", Automata Studies, on merging states.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError
from pdsearch.limits import NO_DEADLINE, Deadline
from pdsearch.pruning.words import Words

FORBIDDEN = -1
MAX_WORDS = 1 << 24  # alive words of one length; some gigabytes while they are grown

_DOING = "building the automaton of moves"

Integers = npt.NDArray[np.int32]


class Automaton(NamedTuple):
    """A merged automaton.

    Attributes
    ----------
    next : int32[n_states, n_moves]
        The state after a move, -1 where the move is not possible or need not be made.
    root : int32[n_starts]
        The state at a start before any move.
    start : int32[n_states]
        The start (such as the cell of the blank) that each state is at.
    """

    next: Integers
    root: Integers
    start: Integers


class _Level(NamedTuple):
    """Alive words of one length, in ascending order within each start."""

    start: Integers  # (n,) where the word begins
    here: Integers  # (n,) where it leads
    suffix: Integers  # (n,) number of the word without its first move, one level up
    permutation: npt.NDArray[np.uint8]  # (n, n_places)


def build(words: Words, length: int, deadline: Deadline = NO_DEADLINE) -> Automaton:
    """Build the automaton that forbids words up to a length.

    Parameters
    ----------
    words : Words
        The moves, all of the same cost.
    length : int
        Of the longest words looked at, 1 or more; 1 forbids only moves that do nothing.
    deadline : Deadline, optional
        Looked at after each length, and while states are merged.

    Raises
    ------
    BadInputError
        If the length makes no sense, or there are too many words of that length.
    TimeLimitError
        If the time is over before it is built.

    Examples
    --------
    >>> from pdsearch.domains.tiles.words import board_words
    >>> build(board_words(4, 4), 2).next.shape  # a state for each cell and last move, and for each cell without
    (64, 4)
    """
    if length < 1:
        raise BadInputError(f"words of length {length} make no sense; give 1 or more")
    levels, children = _grow(words, length, deadline)
    following, start = _states(words, levels, children)
    number = _merged(following, start, deadline)
    first = np.unique(number, return_index=True)[1]
    following = np.where(following < 0, FORBIDDEN, number[following])[first]
    return Automaton(following.astype(np.int32), number[: len(words.leads)].astype(np.int32), start[first])


def _grow(words: Words, length: int, deadline: Deadline) -> tuple[list[_Level], list[Integers]]:
    """Return the alive words of each length, and for each the number of its child by each move: -1 if not alive."""
    n_starts, _, n_places = words.source.shape
    starts = np.arange(n_starts, dtype=np.int32)
    nothing = np.tile(np.arange(n_places, dtype=np.uint8), (n_starts, 1))
    level = _Level(starts, starts, np.zeros(n_starts, np.int32), nothing)
    levels, seen = [level], _keys(level)
    children: list[Integers] = []
    for _ in range(length):
        deadline.check(_DOING)
        level, child, seen = _next(words, levels[-1], children, seen)
        levels.append(level)
        children.append(child)
    return levels, children


def _next(
    words: Words, level: _Level, children: list[Integers], seen: npt.NDArray[np.uint64]
) -> tuple[_Level, Integers, npt.NDArray[np.uint64]]:
    """Return the next level, the children of this one, and the keys of all words so far."""
    parent, move = np.nonzero(words.leads[level.here] >= 0)
    if children:  # the word without its first move must be alive with this move
        whole = children[-1][level.suffix[parent], move] >= 0
        parent, move = parent[whole], move[whole]
        suffix = children[-1][level.suffix[parent], move]
    else:
        suffix = words.leads[level.here[parent], move]  # the empty word where the move leads
    if len(parent) > MAX_WORDS:
        raise BadInputError(f"{len(parent):,} words of moves are too many to prune by; give a smaller length")
    at = level.here[parent]
    permutation = np.take_along_axis(level.permutation[parent], words.source[at, move].astype(np.intp), axis=1)
    grown = _Level(level.start[parent], words.leads[at, move], suffix.astype(np.int32), permutation)
    both = np.concatenate([seen, _keys(grown)])
    firsts = _first_of_each(both)
    alive = firsts[firsts >= len(seen)] - len(seen)
    child = np.full((len(level.start), words.leads.shape[1]), FORBIDDEN, np.int32)
    child[parent[alive], move[alive]] = np.arange(len(alive))
    columns: Any = (column[alive] for column in grown)
    return _Level(*columns), child, both[firsts]


def _first_of_each(rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    """Return where each different row is met first, in ascending order; np.unique takes ten times as long."""
    order = np.lexsort(rows.T)
    ordered = rows[order]
    is_first = np.ones(len(rows), bool)
    is_first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return np.sort(order[is_first])  # lexsort is stable: of equal rows the first comes first


def _keys(level: _Level) -> npt.NDArray[np.uint64]:
    """Return rows that are equal for words of the same start and permutation: uint64[n, n_columns]."""
    row = np.column_stack([level.start.astype("<u2").view(np.uint8).reshape(-1, 2), level.permutation])
    padded = np.zeros((len(row), -(-row.shape[1] // 8) * 8), np.uint8)
    padded[:, : row.shape[1]] = row
    return padded.view(np.uint64)


def _states(words: Words, levels: list[_Level], children: list[Integers]) -> tuple[npt.NDArray[np.int64], Integers]:
    """Return the moves between the alive words of all lengths but the last, and where each is."""
    offsets = np.cumsum([0] + [len(level.start) for level in levels])
    tables = []
    for depth, child in enumerate(children):
        if depth + 1 < len(children):
            to = child.astype(np.int64) + offsets[depth + 1]
        else:  # a longest word goes on as its suffix
            to = np.append(levels[depth + 1].suffix, 0)[child] + offsets[depth]
        tables.append(np.where(child >= 0, to, FORBIDDEN))
    return np.concatenate(tables), np.concatenate([level.here for level in levels[:-1]])


def _merged(following: npt.NDArray[np.int64], start: Integers, deadline: Deadline) -> npt.NDArray[np.int64]:
    """Return the class of each state: alike states are at the same start and lead to alike states by every move.

    Classes are numbered in the order of their first states.
    """
    number, n = start.astype(np.int64), 0
    while True:
        deadline.check(_DOING)
        row = number
        for to in following.T:  # two numbers below 2**32 make one
            row = np.unique(row << 32 | np.where(to < 0, 0, number[to] + 1), return_inverse=True)[1]
        _, first, classes = np.unique(row, return_index=True, return_inverse=True)
        order = np.argsort(np.argsort(first))
        number = order[classes]
        if len(first) == n:
            return number
        n = len(first)
