"""How the states of a rank are dealt to its shares: by a hash that knows nothing of owners, nor of the index's hash.

The owner of a state among the ranks is asked first. What another rank owns goes there, and is dealt when it arrives:
so a rank need not know how many shares the others have.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import types

from pdsearch._jit import inlined, kernel
from pdsearch.kernels.frame import BATCH, FRAME_TYPE, MOVES, N_ROWS, RANK, blank, call, part
from pdsearch.kernels.layout import width
from pdsearch.kernels.passes import BATCH_KIND, LAYOUT, MOVES_KIND, batch_pass

# slots of the frame, after those of pdsearch.kernels.layers
RANK_OWNER = 64  # address of the pass that asks which rank owns a row
REAL_RANK, FIRST_SHARE, N_SHARES = 65, 66, 67  # the rank of the shares, the number of its first one, how many there are
_FOLD, _SPREAD = 0xD1342543DE82EF95, 0x94D049BB133111EB  # odd, and unrelated to other hashes here


@inlined
def _folded(key, word):
    """Add a word to the key of a state."""
    return (key ^ (key >> np.uint64(29))) * np.uint64(_FOLD) + word


@inlined
def _share(key, n_shares):
    """Return the share of a key: its upper half, scaled."""
    key = (key ^ (key >> np.uint64(32))) * np.uint64(_SPREAD)
    return np.int64(((key >> np.uint64(32)) * np.uint64(n_shares)) >> np.uint64(32))


@batch_pass(LAYOUT)
def deal(kind, _, frame):
    """Ask which rank owns each row, and deal those of this rank to its shares."""
    layout = blank(kind)
    batch, moves = part(BATCH_KIND, frame, BATCH), part(MOVES_KIND, frame, MOVES)
    n_words, share, rank = width(layout), frame[RANK], frame[REAL_RANK]
    first, n_shares = frame[FIRST_SHARE], frame[N_SHARES]
    frame[RANK] = rank
    call(frame[RANK_OWNER], frame)
    frame[RANK] = share
    for c in range(frame[N_ROWS]):
        if batch.owners[c] == rank:
            key = np.uint64(0)
            for word in range(n_words):
                key = _folded(key, moves.states[c * n_words + word])
            batch.owners[c] = first + _share(key, n_shares)
    return 0


@kernel
def share_records(records, size, n_words, n_shares, shares):
    """Find the share of each record.

    Parameters
    ----------
    records : uint32[n * size]
        They begin with their states.
    size, n_words : int
        32-bit words of a record, 64-bit words of a state.
    n_shares : int
        Below 2**32.
    shares : int64[n]
        Written: 0 .. n_shares - 1.
    """
    for i in range(len(shares)):
        key = np.uint64(0)
        for word in range(n_words):
            at = i * size + 2 * word
            key = _folded(key, np.uint64(records[at]) | np.uint64(records[at + 1]) << np.uint64(32))
        shares[i] = _share(key, n_shares)


def shares_of(records: npt.NDArray[np.uint32], size: int, n_words: int, n_shares: int) -> npt.NDArray[np.int64]:
    """Return the share of each record."""
    shares = np.empty(len(records) // size, np.int64)
    share_records(records, size, n_words, n_shares, shares)
    return shares


def compile_dealing() -> None:
    """Compile what deals records that arrive, or load it from the disk cache."""
    number = types.int64
    share_records.compile((types.Array(types.uint32, 1, "C"), number, number, number, FRAME_TYPE))
