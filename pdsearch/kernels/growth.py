"""Doubling the index of a node table in place.

The bit by which the new line of a node differs is the first of its old tag: line 2 L or 2 L + 1 instead of L. So the
lines are split from the last to the first, and no node is looked at, except those that may have been displaced by a
full line before theirs. Only the first lines are read from a copy.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import kernel
from pdsearch.kernels.frame import MOVES, RECORDS, TABLE, blank, part
from pdsearch.kernels.intrinsics import compare_line, prefetch, trailing_zeros
from pdsearch.kernels.layout import load_state, node_size, width
from pdsearch.kernels.mixing import mix_state
from pdsearch.kernels.passes import MOVES_KIND, RECORDS_KIND, TABLE_KIND, batch_pass
from pdsearch.kernels.store import LINE

_FETCH_AHEAD = 4 * LINE  # slots
_ALL = 1 << LINE  # behind the bits of the empty slots of a line: a full one has LINE filled slots


@kernel
def lines_to_copy(index):
    """Return how many of the first lines :func:`split` must have in a copy: nearly always one.

    Behind them no node is displaced so far that its new line would be among those still to be split: a line L that
    follows r full ones may hold nodes of line L - r, the new lines of which begin at 2 (L - r), and L <= 2 (L - r).
    And all nodes that went round from the last line to the first are among them.

    Parameters
    ----------
    index : uint32[n_slots]
        The index before it grows.
    """
    n_lines = len(index) // LINE
    copied = 0
    while copied < n_lines and index[copied * LINE + LINE - 1] != 0:  # full: slots are filled from the first on
        copied += 1
    copied += 1
    run = 0
    for line in range(copied, n_lines):
        if 2 * run > line:
            copied = line + 1
        run = run + 1 if index[line * LINE + LINE - 1] != 0 else 0
    return copied if copied < n_lines else n_lines


@batch_pass((width, node_size))
def split(kind, _, frame):
    """Spread the nodes in the lower half of the index, all that there are, over the whole of it.

    RECORDS holds a copy of the first lines (see :func:`lines_to_copy`) and one line of scratch.

    What is written next to what was written just before is not read back, as a look for an empty slot would: the
    processor would have to wait for its own stores, which took two thirds of the time. So the filled slots of the two
    new lines are counted in ``even`` and ``odd``; below 0 they must be looked up.
    """
    layout, table, first = blank(kind), part(TABLE_KIND, frame, TABLE), part(RECORDS_KIND, frame, RECORDS)
    nodes, index, state = table.nodes, table.index, part(MOVES_KIND, frame, MOVES).parent
    size, n_words, n_first = node_size(layout), width(layout), len(first) - LINE
    n_old, mask = len(index) // 2, len(index) - 1
    bits = np.uint64(trailing_zeros(np.uint64(n_old)))
    numbers = np.uint32(n_old - 1)
    of_line, of_tag = np.uint64(67) - bits, bits - np.uint64(3)
    round_full = index[n_old - 1] != 0
    for slot in range(n_first):
        index[slot] = 0
    start = n_old
    while start > 0:
        start -= LINE
        for slot in range(LINE):
            if start < n_first:
                first[n_first + slot] = first[start + slot]
            else:
                first[n_first + slot] = index[start + slot]
                index[start + slot] = 0
        if start == 0:
            after_full = round_full
        elif start <= n_first:
            after_full = first[start - 1] != 0
        else:
            after_full = index[start - 1] != 0
        even = odd = np.int64(-1)
        i = 0
        while i < LINE and first[n_first + i] != 0:
            entry = first[n_first + i]
            i += 1
            if even < 0:
                even = trailing_zeros(np.uint64(compare_line(index, 2 * start, np.uint32(0), np.uint32(0)) | _ALL))
                odd = trailing_zeros(
                    np.uint64(compare_line(index, 2 * start + LINE, np.uint32(0), np.uint32(0)) | _ALL)
                )
            node = np.int64(entry & numbers) - 1
            if after_full:
                load_state(nodes, node * size, state, 0, n_words)
                hashed = mix_state(state, 0, n_words)
            else:
                hashed = np.uint64(start >> 4) << (np.uint64(68) - bits)
                hashed |= np.uint64(entry & ~numbers) << (np.uint64(36) - bits)
            line = np.int64((hashed >> of_line) << np.uint64(4))
            which = (line - 2 * start) >> 4
            n = even + which * (odd - even)
            if 0 <= which <= 1 and n < LINE:
                odd += which
                even += 1 - which
            else:
                even = np.int64(-1)  # the slot may be in one of the two lines
                n = trailing_zeros(np.uint64(compare_line(index, line, np.uint32(0), np.uint32(0)) | _ALL))
                while n == LINE:
                    line = (line + LINE) & mask
                    n = trailing_zeros(np.uint64(compare_line(index, line, np.uint32(0), np.uint32(0)) | _ALL))
            index[line + n] = np.uint32((hashed << of_tag) >> np.uint64(32)) & ~np.uint32(mask) | np.uint32(node + 1)
        later = start - _FETCH_AHEAD
        if later >= LINE and index[later - 1] != 0:  # fetch all the nodes of a line to come at once
            for slot in range(later, later + LINE):
                if index[slot] != 0:
                    prefetch(nodes, (np.int64(index[slot] & numbers) - 1) * size)
    return 0
