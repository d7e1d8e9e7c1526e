"""Entering nodes that lie in a table already into its index: those of a checkpoint."""

from __future__ import annotations

import numpy as np

from pdsearch._jit import kernel
from pdsearch.kernels.intrinsics import compare_line, trailing_zeros
from pdsearch.kernels.layout import load_state, node_size, width
from pdsearch.kernels.mixing import mix_state
from pdsearch.kernels.store import LINE, line_of, name


@kernel
def name_nodes(layout, nodes, index, state, start, end):
    """Enter nodes into the index, which has room; none of their states is in it.

    Parameters
    ----------
    layout : Layout
        Of the nodes.
    nodes, index : uint32 arrays
        Of the table.
    state : uint64[n_words]
        Scratch.
    start, end : int
        The nodes to enter.
    """
    size, n_words = node_size(layout), width(layout)
    for node in range(start, end):
        load_state(nodes, node * size, state, 0, n_words)
        hashed = mix_state(state, 0, n_words)
        line, slot = line_of(index, hashed), np.int64(-1)
        while slot < 0:
            empty = np.uint64(compare_line(index, line, np.uint32(0), np.uint32(0)) & 0xFFFF)
            if empty != 0:
                slot = line + trailing_zeros(empty)
            line = (line + LINE) & (len(index) - 1)
        name(index, slot, hashed, node)
