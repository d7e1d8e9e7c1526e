"""A 64-bit mixer for packed states.

Two multiply-xorshift rounds per word; every input bit reaches every output bit, so the low
bits may choose a slot of the node table and the high bits serve as its tag. Ownership of a
state never uses this hash: all states of one rank would agree in some of its bits.

Source: Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators",
OOPSLA, section 4 (the form of the finalizer); the multiplier is Maisuradze's (2018).
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import inlined

_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


@inlined
def mix(word):
    """Return a uint64 each bit of which depends on every bit of ``word``."""
    word ^= word >> _HALF
    word *= _MULTIPLIER
    word ^= word >> _HALF
    word *= _MULTIPLIER
    return word ^ (word >> _HALF)


@inlined
def mix_state(states, at, n_words):
    """Mix the ``n_words`` words that begin at ``states[at]`` into one uint64."""
    mixed = np.uint64(0)
    for word in range(n_words):
        mixed = mix(mixed + states[at + word])
    return mixed
