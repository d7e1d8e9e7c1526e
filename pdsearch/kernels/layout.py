"""How a node, and a record in a message, lie in 32-bit words.

A node is its state (2 * n_words) and what is known of the way there; a record is a node and
its h. There are three layouts, chosen by the type of the domain:

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

import numpy as np

from pdsearch._jit import inlined
from pdsearch.kernels.protocol import links, wide, width

_NO_PARENT = 2**32 - 1


def node_words(n_words: int, is_wide: bool) -> int:
    """Return the 32-bit words of a node whose state has ``n_words`` 64-bit words."""
    return 2 * n_words + (3 if is_wide else 1)


def record_words(n_words: int, is_wide: bool) -> int:
    """Return the 32-bit words of a node in a message."""
    return 2 * n_words + (5 if is_wide else 2)


def no_way(is_wide: bool, is_linked: bool = False) -> int:
    """Return what stands for the way to the initial state."""
    if is_linked:
        return _NO_PARENT
    return 2**31 - 1 if is_wide else 2**7 - 1


def parent_of(way: int) -> tuple[int, int] | None:
    """Return (rank, node) of a linked way; None for the initial state.

    >>> parent_of(3 << 32 | 17), parent_of(no_way(True, True))
    ((3, 17), None)
    """
    rank, node = divmod(way, 2**32)
    return None if node == _NO_PARENT else (rank, node)


@inlined
def node_size(space):
    """Return the 32-bit words of a node, a constant."""
    return 2 * width(space) + (3 if wide(space) else 1)


@inlined
def record_size(space):
    """Return the 32-bit words of a record, a constant."""
    return 2 * width(space) + (5 if wide(space) else 2)


@inlined
def most_g(space):
    """Return the largest g of a node, a constant."""
    if links(space):
        return 2**47 - 1
    return 2**52 if wide(space) else 2**24 - 1


@inlined
def load_state(space, words, offset, states, at):
    """Copy the state of the node or record at ``words[offset]`` to ``states[at]``."""
    for word in range(width(space)):
        low = np.uint64(words[offset + 2 * word])
        high = np.uint64(words[offset + 2 * word + 1])
        states[at + word] = low | (high << np.uint64(32))


@inlined
def store_state(space, words, offset, states, at):
    """Copy ``states[at]`` to the node or record at ``words[offset]``."""
    for word in range(width(space)):
        words[offset + 2 * word] = np.uint32(states[at + word] & np.uint64(0xFFFFFFFF))
        words[offset + 2 * word + 1] = np.uint32(states[at + word] >> np.uint64(32))


@inlined
def same_state(space, words, offset, states, at):
    """Say whether the node at ``words[offset]`` holds ``states[at]``."""
    same = True
    for word in range(width(space)):
        low = np.uint64(words[offset + 2 * word])
        high = np.uint64(words[offset + 2 * word + 1])
        same = same and (low | (high << np.uint64(32))) == states[at + word]
    return same


@inlined
def load_g(space, words, offset):
    """Return g of the node or record at ``words[offset]``."""
    offset += 2 * width(space)
    if links(space):
        return np.int64(words[offset]) | (np.int64(words[offset + 2] >> np.uint32(17)) << 32)
    if wide(space):
        return np.int64(np.uint64(words[offset]) | (np.uint64(words[offset + 1]) << np.uint64(32)))
    return np.int64(words[offset] >> np.uint32(8))


@inlined
def load_way(space, words, offset):
    """Return the way to the node or record at ``words[offset]``: an operator, or where its parent is."""
    offset += 2 * width(space)
    if links(space):
        rank = np.int64((words[offset + 2] >> np.uint32(1)) & np.uint32(0xFFFF))
        return np.int64(words[offset + 1]) | (rank << 32)
    if wide(space):
        return np.int64(words[offset + 2] >> np.uint32(1))
    return np.int64((words[offset] >> np.uint32(1)) & np.uint32(127))


@inlined
def is_closed(space, words, offset):
    """Say, as 0 or 1, whether the node at ``words[offset]`` is closed."""
    return np.int64(words[offset + node_size(space) - 1] & np.uint32(1))


@inlined
def close(space, words, offset):
    """Mark the node at ``words[offset]`` as closed."""
    words[offset + node_size(space) - 1] |= np.uint32(1)


@inlined
def store_way(space, words, offset, g, way):
    """Write g of, and the way to, the node or record at ``words[offset]``, and that it is open."""
    offset += 2 * width(space)
    if links(space):
        words[offset] = np.uint32(g & 0xFFFFFFFF)
        words[offset + 1] = np.uint32(way & 0xFFFFFFFF)
        words[offset + 2] = np.uint32(((g >> 32) << 17) | ((way >> 32) << 1))
    elif wide(space):
        words[offset] = np.uint32(g & 0xFFFFFFFF)
        words[offset + 1] = np.uint32(g >> 32)
        words[offset + 2] = np.uint32(way << 1)
    else:
        words[offset] = np.uint32((g << 8) | (way << 1))


@inlined
def load_h(space, words, offset):
    """Return h of the record at ``words[offset]``."""
    offset += node_size(space)
    if wide(space):
        return np.int64(np.uint64(words[offset]) | (np.uint64(words[offset + 1]) << np.uint64(32)))
    return np.int64(words[offset])


@inlined
def store_h(space, words, offset, h):
    """Write h of the record at ``words[offset]``."""
    offset += node_size(space)
    words[offset] = np.uint32(h & 0xFFFFFFFF)
    if wide(space):
        words[offset + 1] = np.uint32(h >> 32)
