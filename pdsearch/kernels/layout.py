"""How a node, and a record in a message, lie in 32-bit words.

A node is its state (2 * n_words) and what is known of the way there; a record is a node and
its h. There are three layouts, each a type:

======  =======================================================  ============  ===================
        words after the state                                    g up to       ways up to
======  =======================================================  ============  ===================
lean    ``g << 8 | operator << 1 | closed``                      2**24 - 1     operator 2**7 - 2
wide    low g, high g, ``operator << 1 | closed``                2**52         operator 2**31 - 2
linked  low g, parent, ``high g << 17 | rank << 1 | closed``     2**47 - 1     parent 2**32 - 2
======  =======================================================  ============  ===================

The 15-puzzle's nodes are lean: 12 bytes. Real costs are scaled to integers and need the wide
one. Where operators have no inverse (planning), a node says which node of which rank led to it:
the *way* there is then ``rank << 32 | parent``, else an operator. The largest operator or parent is
kept for the initial state, to which none led.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined
from pdsearch.kernels.protocol import NO_OPERATOR

_NO_PARENT = 2**32 - 1
_LEAN_NONE, _WIDE_NONE = 2**7 - 1, 2**31 - 1
Words = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.int64]


class Lean(NamedTuple):
    """The layout of small costs and few operators; its type has the number of words of a state."""

    words: tuple[int, ...]


class Wide(NamedTuple):
    """The layout of large costs."""

    words: tuple[int, ...]


class Linked(NamedTuple):
    """The layout of nodes that keep their parent."""

    words: tuple[int, ...]


Layout = Lean | Wide | Linked


def layout_of(n_words: int, is_wide: bool, is_linked: bool) -> Layout:
    """Return the layout of states of ``n_words`` 64-bit words.

    >>> layout_of(2, False, False)
    Lean(words=(0, 0))
    """
    kind = Linked if is_linked else Wide if is_wide else Lean
    return kind((0,) * n_words)


def node_words(n_words: int, is_wide: bool) -> int:
    """Return the 32-bit words of a node whose state has ``n_words`` 64-bit words."""
    return 2 * n_words + (3 if is_wide else 1)


def record_words(n_words: int, is_wide: bool) -> int:
    """Return the 32-bit words of a node in a message."""
    return 2 * n_words + (5 if is_wide else 2)


def no_origin(is_wide: bool, is_linked: bool = False) -> int:
    """Return what stands for the way to the initial state."""
    return _NO_PARENT if is_linked else _WIDE_NONE if is_wide else _LEAN_NONE


def limits_of(layout: Layout) -> tuple[int, int]:
    """Return the largest g and the largest operator that fit."""
    if isinstance(layout, Linked):
        return 2**47 - 1, 2**62
    return (2**52, _WIDE_NONE - 1) if isinstance(layout, Wide) else (2**24 - 1, _LEAN_NONE - 1)


def parent_of(origin: int) -> tuple[int, int] | None:
    """Return (rank, node) of a linked way; None for the initial state.

    >>> parent_of(3 << 32 | 17), parent_of(no_origin(True, True))
    ((3, 17), None)
    """
    rank, node = divmod(origin, 2**32)
    return None if node == _NO_PARENT else (rank, node)


# --- the same in Python, for one record or for all of a message ---


def new_record(layout: Layout, state: Sequence[int], g: int, origin: int, h: int) -> Words:
    """Return a record."""
    state_words = np.array(state, np.uint64).view(np.uint32)
    if isinstance(layout, Linked):
        rest = [g % 2**32, origin % 2**32, (g >> 32) << 17 | (origin >> 32) << 1, h % 2**32, h >> 32]
    elif isinstance(layout, Wide):
        rest = [g % 2**32, g >> 32, origin << 1, h % 2**32, h >> 32]
    else:
        rest = [g << 8 | origin << 1, h]
    return np.concatenate([state_words, np.array(rest, np.uint32)])


def root_records(states: npt.NDArray[np.uint64], g: Integers, h: Integers, rank: int, numbers: Integers) -> Words:
    """Return linked records whose ways are ``rank << 32 | number``: uint32[n * record_words].

    Parameters
    ----------
    states : uint64[n, n_words]
        Packed.
    g, h, numbers : int64[n]
        Of each; numbers are below 2**32 - 1.
    rank : int
        Below 2**16.
    """
    ways = [g, numbers, (g >> 32) << 17 | rank << 1, h, h >> 32]
    rest = np.column_stack([(part & 0xFFFFFFFF).astype(np.uint32) for part in ways])
    return np.hstack([np.ascontiguousarray(states).view(np.uint32), rest]).reshape(-1)


def g_and_origin(layout: Layout, words: Words) -> tuple[int, int]:
    """Return g of, and the way to, a node or record."""
    rest = words[2 * len(layout.words) :].tolist()
    if isinstance(layout, Linked):
        return rest[0] | rest[2] >> 17 << 32, rest[1] | (rest[2] >> 1 & 0xFFFF) << 32
    if isinstance(layout, Wide):
        return rest[0] | rest[1] << 32, rest[2] >> 1
    return rest[0] >> 8, rest[0] >> 1 & 127


def g_of(layout: Layout, rows: Words) -> npt.NDArray[np.int64]:
    """Return g of many nodes or records, a row each: int64[n]."""
    rest = rows[:, 2 * len(layout.words) :].astype(np.int64)
    if isinstance(layout, Lean):
        return rest[:, 0] >> 8
    g: npt.NDArray[np.int64] = rest[:, 0] | (rest[:, 2] >> 17 if isinstance(layout, Linked) else rest[:, 1]) << 32
    return g


def parents_of(layout: Linked, rows: Words) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return rank and number of the parents of many linked nodes or records; -1 twice where there is none."""
    rest = rows[:, 2 * len(layout.words) :].astype(np.int64)
    is_first = rest[:, 1] == _NO_PARENT
    return np.where(is_first, -1, rest[:, 2] >> 1 & 0xFFFF), np.where(is_first, -1, rest[:, 1])


def link(layout: Linked, rows: Words, ranks: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]) -> None:
    """Give linked nodes or records other parents, but for those that have none."""
    at, has = 2 * len(layout.words), ranks >= 0
    kept = rows[has, at + 2] & np.uint32(~(0xFFFF << 1) & 0xFFFFFFFF)
    rows[has, at + 1] = numbers[has].astype(np.uint32)
    rows[has, at + 2] = kept | (ranks[has] << 1).astype(np.uint32)


def ways_of(layout: Layout, rows: Words) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return g of, and the operator that led to, many nodes or records that are not linked: int64[n] each.

    Parameters
    ----------
    layout : Lean or Wide
        Of the nodes.
    rows : uint32[n, node_words or record_words]
        A node or record a row. The operator is NO_OPERATOR for the initial state.
    """
    rest = rows[:, 2 * len(layout.words) :].astype(np.int64)
    if isinstance(layout, Wide):
        g, operator, none = rest[:, 0] | rest[:, 1] << 32, rest[:, 2] >> 1, _WIDE_NONE
    else:
        g, operator, none = rest[:, 0] >> 8, rest[:, 0] >> 1 & 127, _LEAN_NONE
    return g, np.where(operator == none, NO_OPERATOR, operator)


def f_of(layout: Layout, records: Words) -> npt.NDArray[np.int64]:
    """Return f of each record: int64[n_records]."""
    after = 2 * len(layout.words)
    rows = records.reshape(-1, after + (2 if isinstance(layout, Lean) else 5)).astype(np.int64)[:, after:]
    if isinstance(layout, Lean):
        return (rows[:, 0] >> 8) + rows[:, 1]
    high = rows[:, 2] >> 17 if isinstance(layout, Linked) else rows[:, 1]
    f: npt.NDArray[np.int64] = rows[:, 0] + (high << 32) + rows[:, 3] + (rows[:, 4] << 32)
    return f


# --- compiled ---


def width(layout):
    """Return the 64-bit words of a state, a constant."""


def node_size(layout):
    """Return the 32-bit words of a node, a constant."""


def record_size(layout):
    """Return the 32-bit words of a record, a constant."""


def load_g(layout, words, offset):
    """Return g of the node or record at ``words[offset]``."""


def load_origin(layout, words, offset):
    """Return the way to the node or record at ``words[offset]``: an operator, or where its parent is."""


def load_operator(layout, words, offset):
    """Return the operator that led to the node at ``words[offset]``, NO_OPERATOR where it is not known."""


def origin_from(layout, link, operator):
    """Return what is kept of the way by an operator from the node ``link``: ``rank << 32 | node``."""


def store_origin(layout, words, offset, g, origin):
    """Write g of, and the way to, the node or record at ``words[offset]``, and that it is open."""


def load_h(layout, words, offset):
    """Return h of the record at ``words[offset]``."""


def store_h(layout, words, offset, h):
    """Write h of the record at ``words[offset]``."""


for _layout in (Lean, Wide, Linked):
    implements(width, _layout)(lambda layout: len(layout.words))
implements(node_size, Lean)(lambda layout: 2 * len(layout.words) + 1)
implements(record_size, Lean)(lambda layout: 2 * len(layout.words) + 2)
for _layout in (Wide, Linked):
    implements(node_size, _layout)(lambda layout: 2 * len(layout.words) + 3)
    implements(record_size, _layout)(lambda layout: 2 * len(layout.words) + 5)


@implements(load_g, Lean)
def _load_g_lean(layout, words, offset):
    return np.int64(words[offset + 2 * len(layout.words)] >> np.uint32(8))


@implements(load_g, Wide)
def _load_g_wide(layout, words, offset):
    at = offset + 2 * len(layout.words)
    return np.int64(words[at]) | (np.int64(words[at + 1]) << 32)


@implements(load_g, Linked)
def _load_g_linked(layout, words, offset):
    at = offset + 2 * len(layout.words)
    return np.int64(words[at]) | (np.int64(words[at + 2] >> np.uint32(17)) << 32)


@implements(load_origin, Lean)
def _load_origin_lean(layout, words, offset):
    return np.int64((words[offset + 2 * len(layout.words)] >> np.uint32(1)) & np.uint32(127))


@implements(load_origin, Wide)
def _load_origin_wide(layout, words, offset):
    return np.int64(words[offset + 2 * len(layout.words) + 2] >> np.uint32(1))


@implements(load_origin, Linked)
def _load_origin_linked(layout, words, offset):
    at = offset + 2 * len(layout.words)
    return np.int64(words[at + 1]) | (np.int64((words[at + 2] >> np.uint32(1)) & np.uint32(0xFFFF)) << 32)


@implements(load_operator, Lean)
def _load_operator_lean(layout, words, offset):
    operator = np.int64((words[offset + 2 * len(layout.words)] >> np.uint32(1)) & np.uint32(127))
    return NO_OPERATOR if operator == _LEAN_NONE else operator


@implements(load_operator, Wide)
def _load_operator_wide(layout, words, offset):
    operator = np.int64(words[offset + 2 * len(layout.words) + 2] >> np.uint32(1))
    return NO_OPERATOR if operator == _WIDE_NONE else operator


@implements(load_operator, Linked)
def _load_operator_linked(layout, words, offset):
    return NO_OPERATOR


implements(origin_from, Lean)(lambda layout, link, operator: operator)
implements(origin_from, Wide)(lambda layout, link, operator: operator)
implements(origin_from, Linked)(lambda layout, link, operator: link)


@implements(store_origin, Lean)
def _store_origin_lean(layout, words, offset, g, origin):
    words[offset + 2 * len(layout.words)] = np.uint32((g << 8) | (origin << 1))


@implements(store_origin, Wide)
def _store_origin_wide(layout, words, offset, g, origin):
    at = offset + 2 * len(layout.words)
    words[at] = np.uint32(g & 0xFFFFFFFF)
    words[at + 1] = np.uint32(g >> 32)
    words[at + 2] = np.uint32(origin << 1)


@implements(store_origin, Linked)
def _store_origin_linked(layout, words, offset, g, origin):
    at = offset + 2 * len(layout.words)
    words[at] = np.uint32(g & 0xFFFFFFFF)
    words[at + 1] = np.uint32(origin & 0xFFFFFFFF)
    words[at + 2] = np.uint32(((g >> 32) << 17) | ((origin >> 32) << 1))


@implements(load_h, Lean)
def _load_h_lean(layout, words, offset):
    return np.int64(words[offset + 2 * len(layout.words) + 1])


@implements(store_h, Lean)
def _store_h_lean(layout, words, offset, h):
    words[offset + 2 * len(layout.words) + 1] = np.uint32(h)


def _load_h_wide(layout, words, offset):
    at = offset + 2 * len(layout.words) + 3
    return np.int64(words[at]) | (np.int64(words[at + 1]) << 32)


def _store_h_wide(layout, words, offset, h):
    at = offset + 2 * len(layout.words) + 3
    words[at] = np.uint32(h & 0xFFFFFFFF)
    words[at + 1] = np.uint32(h >> 32)


for _layout in (Wide, Linked):
    implements(load_h, _layout)(_load_h_wide)
    implements(store_h, _layout)(_store_h_wide)


@inlined
def load_state(words, offset, states, at, n_words):
    """Copy the state of the node or record at ``words[offset]`` to ``states[at]``."""
    for word in range(n_words):
        low = np.uint64(words[offset + 2 * word])
        high = np.uint64(words[offset + 2 * word + 1])
        states[at + word] = low | (high << np.uint64(32))


@inlined
def store_state(words, offset, states, at, n_words):
    """Copy ``states[at]`` to the node or record at ``words[offset]``."""
    for word in range(n_words):
        words[offset + 2 * word] = np.uint32(states[at + word] & np.uint64(0xFFFFFFFF))
        words[offset + 2 * word + 1] = np.uint32(states[at + word] >> np.uint64(32))


@inlined
def same_state(words, offset, states, at, n_words):
    """Say whether the node at ``words[offset]`` holds ``states[at]``."""
    same = True
    for word in range(n_words):
        low = np.uint64(words[offset + 2 * word])
        high = np.uint64(words[offset + 2 * word + 1])
        same = same and (low | (high << np.uint64(32))) == states[at + word]
    return same


@inlined
def is_closed(words, offset, size):
    """Say, as 0 or 1, whether the node at ``words[offset]`` is closed."""
    return np.int64(words[offset + size - 1] & np.uint32(1))
