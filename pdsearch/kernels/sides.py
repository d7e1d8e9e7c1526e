"""Two sides of one search, from the initial state and from the goal: what their passes share.

A node is a state and two parts, what the forward and what the backward side know of the way to it, each as
:mod:`pdsearch.kernels.layout` says of one: 16 bytes for the 15-puzzle. A part of which nothing is known has the
largest g. A record is a state, the part of one side and both its h; its closed bit says which side sent it.

So the functions of a layout answer for either part, at the offset of the node moved on by :func:`shifted`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.kernels.frame import STATISTICS
from pdsearch.kernels.layout import Layout, Lean, g_and_origin, limits_of, new_record, node_size, record_size, width
from pdsearch.kernels.passes import N_STATISTICS
from pdsearch.kernels.protocol import INFINITY

FORWARD, BACKWARD = 0, 1

# slots of the frame; those of two words have one for each side
_FIRST = 56
SIDE, TURN, OTHER_SPACE, OTHER_H, PARENT_H, B, B_END, B_RISE = range(_FIRST, _FIRST + 8)
UNKNOWN, F_STEP, F_BASE, UNSENT_B, NIPPED = range(_FIRST + 8, _FIRST + 13)
OPENS, PAIRS, SPACES, LEASTS, PROVED, TRUSTED, WINDOW, ROOMS = range(_FIRST + 14, _FIRST + 30, 2)
assert STATISTICS + N_STATISTICS <= _FIRST


class Pair(NamedTuple):
    """The tables of a side's own heuristic, and of the other side's."""

    own: Any
    other: Any


class TwoLean(NamedTuple):
    """What the growth of an index must know of nodes with two lean parts."""

    words: tuple[int, ...]


class TwoWide(NamedTuple):
    """The same with two wide parts."""

    words: tuple[int, ...]


for _layout, _part in ((TwoLean, 1), (TwoWide, 3)):
    implements(width, _layout)(lambda layout: len(layout.words))
implements(node_size, TwoLean)(lambda layout: 2 * len(layout.words) + 2)
implements(node_size, TwoWide)(lambda layout: 2 * len(layout.words) + 6)


def part_words(layout: Layout) -> int:
    """Return the 32-bit words of a part."""
    return 1 if isinstance(layout, Lean) else 3


def two_of(layout: Layout) -> TwoLean | TwoWide:
    """Return the type of nodes with two parts of a layout.

    >>> two_of(Lean((0, 0)))
    TwoLean(words=(0, 0))
    """
    return TwoLean(layout.words) if isinstance(layout, Lean) else TwoWide(layout.words)


def h_words(layout: Layout) -> int:
    """Return the 32-bit words of an h in a record."""
    return 1 if isinstance(layout, Lean) else 2


def unknown_g(layout: Layout) -> int:
    """Return the g of a part of which nothing is known."""
    return limits_of(layout)[0]


def side_record(layout: Layout, state: tuple[int, ...], side: int, hs: tuple[int, int]) -> npt.NDArray[np.uint32]:
    """Return the record of the state where a side begins; ``hs`` are its own h and the other side's."""
    none = 127 if isinstance(layout, Lean) else 2**31 - 1
    record = new_record(layout, state, 0, none, hs[0])
    other = [hs[1]] if isinstance(layout, Lean) else [hs[1] % 2**32, hs[1] >> 32]
    record[2 * len(layout.words) + part_words(layout) - 1] |= side
    return np.concatenate([record, np.array(other, np.uint32)])


def sides_and_b(layout: Layout, records: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which side sent each record, and its b: int64[n_records]."""
    n, part = 2 * len(layout.words), part_words(layout)
    rows = records.reshape(-1, n + part + 2 * h_words(layout)).astype(np.int64)[:, n:]
    if isinstance(layout, Lean):
        return rows[:, 0] & 1, 2 * (rows[:, 0] >> 8) + rows[:, 1] - rows[:, 2]
    g, own, other = (rows[:, at] | rows[:, at + 1] << 32 for at in (0, 3, 5))
    return rows[:, 2] & 1, 2 * g + own - other


def part_of(layout: Layout, node: npt.NDArray[np.uint32], side: int) -> tuple[int, int] | None:
    """Return g of a node's part, and the operator that led there; None where nothing is known."""
    n, part = 2 * len(layout.words), part_words(layout)
    g, operator = g_and_origin(layout, np.concatenate([node[:n], node[n + side * part : n + (side + 1) * part]]))
    return None if g == unknown_g(layout) else (g, operator)


@inlined
def shifted(layout, offset, side):
    """Return where a node must be taken to begin for its layout to find the part of a side."""
    return offset + side * (node_size(layout) - 2 * width(layout))


@inlined
def two_size(layout):
    """Return the 32-bit words of a node with two parts."""
    return 2 * (node_size(layout) - width(layout))


@inlined
def two_record_size(layout):
    """Return the 32-bit words of a record with two h."""
    return 2 * record_size(layout) - node_size(layout)


@inlined
def cost_bound(one, other, step, base):
    """Return what a plan costs at least when nothing open, of either side, has a smaller b than these two.

    Half their sum, rounded up to ``base`` and a multiple of ``step``.
    """
    if one >= INFINITY or other >= INFINITY:
        return np.int64(INFINITY)
    bound = (one + other + 1) >> 1
    beyond = (bound - base) % step
    return bound + step - beyond if beyond != 0 else bound
