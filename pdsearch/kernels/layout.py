"""How a node, and a record in a message, lie in 32-bit words.

A node is its state (2 * n_words) and what is known of the way there; a record is a node and
its h. There are two layouts, chosen by the type of the domain:

======  ==========================================  ============  ==================
        words after the state                       g up to       operators up to
======  ==========================================  ============  ==================
lean    ``g << 8 | operator << 1 | closed``         2**24 - 1     2**7 - 2
wide    low g, high g, ``operator << 1 | closed``   2**52         2**31 - 2
======  ==========================================  ============  ==================

The 15-puzzle's nodes are lean: 12 bytes. Real costs are scaled to integers and need the wide
one. The largest operator number is kept for the initial state, to which none led.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import inlined
from pdsearch.kernels.protocol import wide, width


def node_words(n_words: int, is_wide: bool) -> int:
    """Return the 32-bit words of a node whose state has ``n_words`` 64-bit words."""
    return 2 * n_words + (3 if is_wide else 1)


def record_words(n_words: int, is_wide: bool) -> int:
    """Return the 32-bit words of a node in a message."""
    return 2 * n_words + (5 if is_wide else 2)


def no_operator(is_wide: bool) -> int:
    """Return the operator number of the initial state."""
    return 2**31 - 1 if is_wide else 2**7 - 1


@inlined
def node_size(space):
    """Return the 32-bit words of a node, a constant."""
    return 2 * width(space) + (3 if wide(space) else 1)


@inlined
def record_size(space):
    """Return the 32-bit words of a record, a constant."""
    return 2 * width(space) + (5 if wide(space) else 2)


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
    if wide(space):
        return np.int64(np.uint64(words[offset]) | (np.uint64(words[offset + 1]) << np.uint64(32)))
    return np.int64(words[offset] >> np.uint32(8))


@inlined
def load_operator(space, words, offset):
    """Return the operator that led to the node or record at ``words[offset]``."""
    if wide(space):
        return np.int64(words[offset + 2 * width(space) + 2] >> np.uint32(1))
    return np.int64((words[offset + 2 * width(space)] >> np.uint32(1)) & np.uint32(127))


@inlined
def is_closed(space, words, offset):
    """Say, as 0 or 1, whether the node at ``words[offset]`` is closed."""
    return np.int64(words[offset + node_size(space) - 1] & np.uint32(1))


@inlined
def close(space, words, offset):
    """Mark the node at ``words[offset]`` as closed."""
    words[offset + node_size(space) - 1] |= np.uint32(1)


@inlined
def store_way(space, words, offset, g, operator):
    """Write g and operator of the node or record at ``words[offset]``, and that it is open."""
    offset += 2 * width(space)
    if wide(space):
        words[offset] = np.uint32(g & 0xFFFFFFFF)
        words[offset + 1] = np.uint32(g >> 32)
        words[offset + 2] = np.uint32(operator << 1)
    else:
        words[offset] = np.uint32((g << 8) | (operator << 1))


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
