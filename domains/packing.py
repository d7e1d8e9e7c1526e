"""Small numbers packed side by side into 64-bit words, in Python and compiled.

``len(words)`` says how: one word holds 16 cells of 4 bits; more words hold ``64 // bits``
cells each. Compiled code gets the number of words as a constant, so that nothing of the
choice is left at run time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pdsearch._jit import inlined


def pack(cells: Sequence[int], bits: int) -> tuple[int, ...]:
    """Return the words of cells of ``bits`` bits each.

    >>> pack([1, 2, 15], 4)
    (3873,)
    """
    per_word = 64 // bits
    return tuple(
        sum(cell << (bits * i) for i, cell in enumerate(cells[start : start + per_word]))
        for start in range(0, len(cells), per_word)
    )


def unpack(words: Sequence[int], n: int, bits: int) -> tuple[int, ...]:
    """Return the first ``n`` cells.

    >>> unpack((3873,), 3, 4)
    (1, 2, 15)
    """
    per_word = 64 // bits
    return tuple((words[i // per_word] >> (bits * (i % per_word))) & ((1 << bits) - 1) for i in range(n))


@inlined
def cell_at(states, at, i, n_words, wide_bits):
    """Return cell ``i`` of the state at ``states[at]``: 4 bits in one word, ``wide_bits`` in several."""
    if n_words == 1:
        return np.int64((states[at] >> np.uint64(4 * i)) & np.uint64(15))
    per_word = 64 // wide_bits
    word = states[at + i // per_word] >> np.uint64(wide_bits * (i % per_word))
    return np.int64(word & np.uint64((1 << wide_bits) - 1))


@inlined
def flip_cell(states, at, i, difference, n_words, wide_bits):
    """Change cell ``i`` by exclusive or with ``difference``."""
    if n_words == 1:
        states[at] ^= np.uint64(difference) << np.uint64(4 * i)
    else:
        per_word = 64 // wide_bits
        states[at + i // per_word] ^= np.uint64(difference) << np.uint64(wide_bits * (i % per_word))
