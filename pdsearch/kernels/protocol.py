"""What the hot loops ask of a domain, a heuristic, a distribution and an open list.

Each function here is a name only. A domain's file defines a NamedTuple of arrays and says
what the name means for it with ``@answers(expand, MyTables)``; the meaning is chosen by
type, inlined, and found again in numba's disk cache. States are packed into ``n_words`` 64-bit words.

A *feature* is one (variable, value) pair as an integer: tile and cell, sequence and
position. Moves are described by the feature they remove and the one they add, which is all
that incremental heuristics and incremental owners need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import chosen, default, implements
from pdsearch.errors import BadInputError

INFINITY = 2**52  # above every cost: nothing open, no goal found
NO_OPERATOR = -1  # what ``expand`` is given where no operator led to the parent, or none is known


class Moves(NamedTuple):
    """Scratch for the successors of a batch of nodes; successor ``c`` is row ``c`` of each array."""

    parent: npt.NDArray[np.uint64]  # (n_words,) the node being expanded
    states: npt.NDArray[np.uint64]  # (n_moves * n_words,)
    operator: npt.NDArray[np.int64]  # (n_moves,)
    cost: npt.NDArray[np.int64]  # (n_moves,)
    removed: npt.NDArray[np.int64]  # (n_moves * n_changes,) features of the parent; -1 ends a shorter list
    added: npt.NDArray[np.int64]  # (n_moves * n_changes,) features of the successor, as many
    g: npt.NDArray[np.int64]  # (n_moves,)
    h: npt.NDArray[np.int64]  # (n_moves,)
    hashed: npt.NDArray[np.uint64]  # (n_moves,)


def new_moves(n_words: int, n_moves: int, n_changes: int = 1) -> Moves:
    """Return scratch for ``n_moves`` successors of ``n_words`` words, each of ``n_changes`` features at most.

    The arrays are cut from one block at odd distances: rows of arrays that start a multiple
    of 4096 bytes apart would compete for the same cache sets (measured: a third of the speed).
    """
    changes = n_moves * n_changes
    sizes = [n_words, n_moves * n_words, n_moves, n_moves, changes, changes, n_moves, n_moves, n_moves]
    parent, states, hashed, *integers = rows_apart(sizes)
    operator, removed, added, cost, g, h = (array.view(np.int64) for array in integers)
    return Moves(parent, states, operator, cost, removed, added, g, h, hashed)


def rows_apart(sizes: list[int]) -> list[npt.NDArray[np.uint64]]:
    """Return arrays of these sizes, cut from one block at odd distances."""
    starts = np.cumsum([0] + [size + 24 + 8 * (i % 3) for i, size in enumerate(sizes)])
    block = np.zeros(starts[-1], np.uint64)
    return [block[start : start + size] for start, size in zip(starts.tolist(), sizes, strict=False)]


def width(space):
    """Return the number of 64-bit words of a state; a constant, so that loops over words vanish."""


def changes(space):
    """Return the most features one move changes; a constant."""


def wide(space):
    """Say whether nodes have the wide layout; a constant. See :mod:`pdsearch.kernels.layout`."""


def links(space):
    """Say whether nodes keep their parent in place of an operator, which has no inverse; a constant."""


default(changes)(lambda space: 1)
default(wide)(lambda space: False)
default(links)(lambda space: False)


def constants(space: type, *, n_words: int, n_changes: int = 1, is_wide: bool = False, is_linked: bool = False) -> None:
    """Answer the questions above for a domain's type of tables: the one place where they are answered."""
    implements(width, space)(lambda space: n_words)
    implements(changes, space)(lambda space: n_changes)
    implements(wide, space)(lambda space: is_wide)
    implements(links, space)(lambda space: is_linked)


class Shape(NamedTuple):
    """What the type of a domain's tables says of its states and nodes."""

    n_words: int  # 64-bit words of a state
    n_changes: int  # most features that one move changes
    is_wide: bool  # whether nodes have the wide layout
    is_linked: bool  # whether nodes keep their parent


def shape_of(space: Any) -> Shape:
    """Return what the tables of a domain answer to the four questions.

    >>> Tables = NamedTuple("Tables", [("goal", int)])
    >>> constants(Tables, n_words=2, is_wide=True)
    >>> shape_of(Tables(3))
    Shape(n_words=2, n_changes=1, is_wide=True, is_linked=False)

    Raises
    ------
    BadInputError
        If :func:`constants` was not told about this type of tables, or nodes are linked but not wide.
    """
    answered = [chosen(stub, type(space)) for stub in (width, changes, wide, links)]
    if answered[0] is None:
        name = type(space).__name__
        raise BadInputError(f"tables {name} have no shape; say constants({name}, n_words=...) once")
    n_words, n_changes, is_wide, is_linked = (answer(space) for answer in answered if answer is not None)
    shape = Shape(int(n_words), int(n_changes), bool(is_wide), bool(is_linked))
    if shape.is_linked and not shape.is_wide:
        raise BadInputError(f"tables {type(space).__name__} are linked but not wide; give is_wide=True, too")
    return shape


def is_goal(space, state):
    """Say whether a state is a goal.

    Parameters
    ----------
    space : NamedTuple
        The domain's tables.
    state : uint64[n_words]
        Packed.

    Returns
    -------
    bool
    """


def expand(space, created_by, moves, n):
    """Write the successors of ``moves.parent`` to rows ``n``, ``n + 1`` ... and return the end.

    Fills ``states``, ``operator``, ``cost``, ``removed`` and ``added``.

    Parameters
    ----------
    space : NamedTuple
        The domain's tables.
    created_by : int64
        The operator that led to the parent, or NO_OPERATOR (-1), and never anything else: a domain may leave out the
        move that undoes it.
    moves : Moves
        Successors, a row each; ``moves.parent`` is the state they come from.
    n : int64
        The first row to write.

    Returns
    -------
    int64
        The row behind the last; at most ``max_moves`` more than ``n``.
    """


def estimate(heuristic, space, parent_h, moves, c):
    """Return h of a successor.

    Parameters
    ----------
    heuristic : NamedTuple
        The heuristic's tables.
    space : NamedTuple
        The domain's tables.
    parent_h : int64
        h of ``moves.parent``.
    moves : Moves
        Successors, a row each; ``moves.parent`` is the state they come from.
    c : int64
        The successor's row.

    Returns
    -------
    int64
        From 0 to ``max_h``.
    """


def evaluate(heuristic, space, states, at):
    """Return h of a new state.

    Asked by the state's owner once it is known to be new, in place of ``estimate``, if a heuristic is so expensive that
    duplicates should not pay for it. See :func:`evaluates`.

    Parameters
    ----------
    heuristic : NamedTuple
        The heuristic's tables.
    space : NamedTuple
        The domain's tables.
    states : uint64[n]
        Packed states.
    at : int64
        Where the state begins.

    Returns
    -------
    int64
        From 0 to ``max_h``, or INFINITY where no goal can be reached.
    """


default(evaluate)(lambda heuristic, space, states, at: 0)


def _least_after_move(heuristic, space, parent_h, moves, c):
    h = parent_h - moves.cost[c]
    return h if h > 0 else 0


def evaluates(tables: type) -> Callable[[Callable[..., Any]], Any]:
    """Register the decorated function as ``evaluate`` for a heuristic's type of tables.

    Until a state is evaluated, its parent bounds it: h* falls by no more than the cost of the move. That bound
    also holds for what is evaluated ("pathmax": Mérő (1984), "A heuristic search algorithm with modifiable
    estimate", AIJ 23), so that f never falls on the way to a goal.
    """
    implements(estimate, tables)(_least_after_move)
    return implements(evaluate, tables)


def owner(distribution, rank, space, moves, c):
    """Return the rank that owns a successor.

    Parameters
    ----------
    distribution : NamedTuple
        The distribution's tables.
    rank : int64
        Who owns ``moves.parent``.
    space : NamedTuple
        The domain's tables.
    moves : Moves
        Successors, a row each; ``moves.parent`` is the state they come from.
    c : int64
        The successor's row.

    Returns
    -------
    int64
        From 0 to the number of ranks less 1.
    """


def take_cursor(open_list):
    """Return the scalars of an open list as a tuple, to live in registers during a kernel.

    The first is the least f open, or a number out of range when nothing is.
    """


def keep_cursor(open_list, cursor):
    """Write the scalars back at the end of a kernel."""


def push(open_list, cursor, f, h, node):
    """Enter a node and return the new cursor.

    Parameters
    ----------
    open_list : NamedTuple
        Its arrays.
    cursor : tuple of int64
        Its scalars, see :func:`take_cursor`.
    f, h : int64
        Below :func:`f_end`, and from 0 to ``max_h``: not checked here.
    node : int64
        Its number in the table.
    """


def pop_batch(open_list, cursor, f_limit, most, nodes, hs):
    """Take nodes of the one least f; those of low h come first, and of equal h the last entered.

    Parameters
    ----------
    open_list : NamedTuple
        Its arrays.
    cursor : tuple of int64
        Its scalars, see :func:`take_cursor`.
    f_limit : int64
        Take nothing of larger f.
    most : int64
        Take no more nodes.
    nodes, hs : int64[batch]
        Filled with the numbers of the nodes and their h.

    Returns
    -------
    int64, int64, tuple of int64
        How many were taken, their f, and the new cursor.
    """


def settle(open_list, cursor):
    """Return the cursor with the least f that is open exactly, where it may be too low after a pop.

    Parameters
    ----------
    open_list : NamedTuple
        Its arrays.
    cursor : tuple of int64
        Its scalars, see :func:`take_cursor`.
    """


default(settle)(lambda open_list, cursor: cursor)


def room(open_list, cursor):
    """Return how many pushes are possible before the list must grow."""


def f_end(open_list):
    """Return the least f that has no place in the list."""
