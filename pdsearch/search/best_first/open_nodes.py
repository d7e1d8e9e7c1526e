"""The open nodes of a rank whose memory is full: what is searched below them is kept beside its table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.comm import Records
from pdsearch.kernels.layout import f_of, g_of
from pdsearch.search.best_first.local_search import Costs, LocalSearch


class OpenNodes(NamedTuple):
    """Nodes of which each has a number, but for those in no table, which come first.

    Attributes
    ----------
    records : uint32[n_loose, record_words]
        Nodes that are in no table, because they arrived too late or were not sent.
    numbers : uint32[n_stored]
        Of the others, those of low h first.
    f, h : int32 or int64[n_loose + n_stored]
        Of all: h as the search knew it, and the least f that is possible below, which rises.
    g : int32 or int64[n_loose + n_stored], optional
        Where it is asked for; it is f - h as long as no f has risen.
    """

    records: npt.NDArray[np.uint32]
    numbers: npt.NDArray[np.uint32]
    f: Costs
    h: Costs
    g: Costs | None = None


def given_up(rank: LocalSearch, unsent: list[Records]) -> OpenNodes:
    """Return the open nodes of a rank, whose open list is given up, and the records that are in no table."""
    numbers, f, h = rank.give_up_open()
    how = rank.task.layout
    records = np.concatenate([np.empty(0, np.uint32), *unsent])
    rows, loose_f = records.reshape(-1, rank.task.record_words), f_of(how, records)
    loose_h = (loose_f - g_of(how, rows)).astype(f.dtype)
    return OpenNodes(rows, numbers, np.concatenate([loose_f.astype(f.dtype), f]), np.concatenate([loose_h, h]))
