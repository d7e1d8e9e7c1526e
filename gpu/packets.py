"""The first packets of an iteration, dealt on the host; warps make the others (:mod:`pdsearch.gpu.ring`)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.gpu.persistent import LANES


class Packets(NamedTuple):
    """A ring of slots, the first ``n`` of which hold packets.

    Attributes
    ----------
    first, second : uint64[n_slots * lanes]
    meta : uint32[n_slots * lanes]
        States, those of a slot side by side.
    size, owner, sequence : int32[n_slots]
        States and instance of each packet, and whose turn a slot is.
    """

    n: int
    first: npt.NDArray[np.uint64]
    second: npt.NDArray[np.uint64]
    meta: npt.NDArray[np.uint32]
    size: npt.NDArray[np.int32]
    owner: npt.NDArray[np.int32]
    sequence: npt.NDArray[np.int32]


def deal(work: Any, n_warps: int, lanes: int = LANES) -> Packets:
    """Deal the states of each instance into packets, and leave room for what warps give away.

    A packet takes every n-th state: neighbours in the tree have subtrees of like size.

    Parameters
    ----------
    work : Work
        States, those of one instance side by side.
    n_warps : int
        That will search; a publisher's slot was read long before, as there are two for each of them.
    lanes : int
        States of a full packet.
    """
    starts = np.flatnonzero(np.diff(work.instance, prepend=-1))
    rows = [_rows(start, end, n_warps // len(starts), lanes) for start, end in pairwise([*starts, len(work.instance)])]
    states = np.concatenate(rows)
    held = states >= 0
    n, n_slots = len(states), len(states) + 2 * n_warps + 2
    first, second = np.zeros((n_slots, lanes), np.uint64), np.zeros((n_slots, lanes), np.uint64)
    meta, size, owner = np.zeros((n_slots, lanes), np.uint32), np.zeros(n_slots, np.int32), np.zeros(n_slots, np.int32)
    first[:n][held], second[:n][held] = work.words[states[held]].T
    meta[:n][held] = work.meta()[states[held]]
    size[:n], owner[:n] = held.sum(axis=1), work.instance[states[:, 0]]
    sequence = np.arange(n_slots, dtype=np.int32)
    sequence[:n] += 1
    return Packets(n, first.reshape(-1), second.reshape(-1), meta.reshape(-1), size, owner, sequence)


def _rows(start: int, end: int, n_warps: int, lanes: int) -> npt.NDArray[np.int64]:
    """Return the states of each packet, filled from the left, -1 behind: int64[n, lanes]."""
    share = min(lanes, max(1, (end - start) // max(1, n_warps)))
    n = -(-(end - start) // share)
    states = start + np.arange(n)[:, None] + n * np.arange(lanes)[None, :]
    return np.where(states < end, states, -1)
