"""What a GPU kernel searches: packed states, and functions from a state to its children.

A state on a kernel's stack is two 64-bit words (the second unused by small domains) and a 32-bit word, ``meta``:

====== =====================================================================================
0-10   ``low``, the domain's own: state of the automaton that prunes duplicates, or last flip
11-17  slack: how far f may still rise, in the domain's unit
18-31  number of the root it descends from, or of the group of roots
====== =====================================================================================

All functions are plain integer arithmetic, so that the same ones are compiled for the GPU and for the CPU (roots,
tests that run them in a loop over lanes) and are run as Python by the simulator. ``child`` is all that a
domain must give. A domain may add ``masks`` and ``born``, which share the work that the children of a state have in
common: :func:`pdsearch.gpu.steps.masked` makes a shorter step of them.

A domain's models lie beside the domain (``domains/*/gpu_model.py``) and register a function with :data:`MODELS`. Such a
file must not import CUDA: it is imported with the domains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain, State
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS
from pdsearch.registry import Registry

SLACK_AT, ROOT_AT = 11, 18
MAX_LOW, MAX_SLACK = (1 << SLACK_AT) - 1, (1 << ROOT_AT - SLACK_AT) - 1
ROOT_GROUPS = 1 << 32 - ROOT_AT  # numbers for roots
MAX_ROOTS = 1 << 19  # of a level on the host; numbers of roots are shared by groups of them
NO_ENTRIES = np.zeros(1, np.uint8)
NO_ROWS = np.zeros(1, np.uint64)
AUTOMATON = 8  # length of the words forbidden by default: 6 to 14 KB of rows

Compiler = Callable[[Callable[..., Any]], Any]
Compilable = Callable[[Compiler], Any]


class Root(NamedTuple):
    """An initial state as the kernels see it."""

    first: int
    second: int
    low: int


class Masks(NamedTuple):
    """Functions that share the work of a state's children, given a compiler; bit m stands for move m.

    Attributes
    ----------
    masks : callable
        ``(first, second, meta, row) -> (possible, within, shared)``: uint32 masks of the moves that may be made, and of
        those whose child is within the bound as well, no more than three of them once a first move was made; and 32
        bits for ``born``.
    born : callable
        ``(first, second, meta, row, shared, move) -> (first, second, meta)`` of the child by a move, a literal.
    """

    masks: Compilable
    born: Compilable


@dataclass(frozen=True, eq=False)
class Model:
    """A domain, a heuristic and a goal, as a kernel sees them.

    Attributes
    ----------
    name, heuristic : str
        What messages call it, and the heuristic's name.
    h : callable
        Given a packed state of the domain, returns its heuristic value.
    root : callable
        Given an instance, returns its initial state as a :class:`Root`.
    child : callable
        Given a compiler, such as ``numba.njit``, returns the compiled function
        ``(first, second, low, move, row, entries) -> (legal, first, second, low, rise)``; not legal are also moves that
        lead to duplicates.
    n_words, n_moves : int
        Words of a state in use (1 or 2), and most moves.
    most_children : int
        Of a state that is not an initial one.
    goal : tuple of int
        The goal's words, of which there is one.
    goal_cell : int
        -1, or what bits 24-28 of the goal's row are as well (the cell of the blank), as its words alone do not tell it.
    unit : int
        f rises by multiples of this.
    max_depth : int
        The longest paths for which stacks are made: no optimal one is longer, where that is known.
    first_operator : int
        The domain's number of move 0; the others follow.
    rows : uint64[n]
        By ``low``: what a state's ``low`` says of its moves; see :func:`rows_of`. One row where ``low`` says all.
    entries : uint8[n]
        Tables in the device's global memory.
    within : callable, optional
        Given a compiler, returns the compiled function ``(first, second, slack, entries) -> bool``: whether a state
        that ``h`` leaves some slack is within the bound by all other heuristics as well, whose maximum with ``h`` is
        meant. The first bound is then the heuristic's own value.
    masks : Masks, optional
        See there.
    packed : callable, optional
        Given words (uint64[n, 2]) and ``low`` (uint32[n]) of states, returns the domain's own words: uint64[n,
        n_words]. With it, the CPU's compiled search of the domain finds the moves below a root.
    """

    name: str
    heuristic: str
    h: Callable[[State], int]
    root: Callable[[Any], Root]
    child: Compilable
    n_words: int
    n_moves: int
    most_children: int
    goal: tuple[int, int]
    unit: int
    max_depth: int
    goal_cell: int = -1
    first_operator: int = 0
    rows: npt.NDArray[np.uint64] = field(default_factory=lambda: NO_ROWS)
    entries: npt.NDArray[np.uint8] = field(default_factory=lambda: NO_ENTRIES)
    within: Compilable | None = None
    masks: Masks | None = None
    packed: Callable[[npt.NDArray[np.uint64], npt.NDArray[np.uint32]], npt.NDArray[np.uint64]] | None = None


ModelOf = Callable[[Any, str, int], "Model | None"]  # domain, heuristic, length of forbidden words
MODELS: Registry[ModelOf] = Registry("gpu model", "pdsearch.domains")


def model_of(domain: Domain, heuristic: str | None = None, length: int = AUTOMATON) -> Model:
    """Return the model the kernels have for a domain with a heuristic, its default when none is named.

    Parameters
    ----------
    domain : Domain
        The instance.
    heuristic : str, optional
        By name.
    length : int
        Of the longest words of moves that the automaton forbids; 2 is the test of the last move alone.

    Raises
    ------
    UnknownNameError, BadInputError
        If there is none.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> model_of(Tiles.korf(1)).name
    '4x4 tiles'
    """
    name = heuristic or domain.default_heuristic
    if HEURISTICS[name].fits(domain):
        for give in MODELS.values():
            model = give(domain, name, length)
            if model is not None:
                return model
    raise BadInputError(
        f"there is no GPU kernel for {domain.name} {domain.instance} with heuristic {name!r}; use --device cpu, or one "
        f"of the models {', '.join(MODELS)}"
    )


def shift_of_groups(n: int) -> int:
    """Return by how many bits numbers of ``n`` roots are shortened so that the kernels have room for them."""
    return max(0, (n - 1).bit_length() - (ROOT_GROUPS - 1).bit_length())


def is_goal_row(row: int, model: Model) -> bool:
    """Say whether a state whose words are the goal's is a goal, by the row of its ``low``."""
    return model.goal_cell < 0 or int(row) >> 24 & 31 == model.goal_cell
