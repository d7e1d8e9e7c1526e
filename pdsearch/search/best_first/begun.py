"""From the files of a checkpoint to a search below open nodes: those of a rank, and what is proved of each.

On another number of ranks nodes go where their new owners are, and what is known of each goes with it. A goal that was
found is kept as the way to it, which knows no ranks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pdsearch.comm.termination import Round
from pdsearch.errors import BadInputError
from pdsearch.search.best_first.after import Found
from pdsearch.search.best_first.layered_task import layered
from pdsearch.search.best_first.moving import Moving
from pdsearch.search.best_first.open_nodes import OpenNodes
from pdsearch.search.best_first.under_way import UnderWay
from pdsearch.search.checkpoint.files import read_arrays
from pdsearch.search.task import Task

UNDER_WAY = "under_way_"  # what the names of the arrays of a search that was under way begin with
_PER_NODE = ("f", "h", "g")
_AT_ONCE = 1 << 18  # nodes


class Begun(NamedTuple):
    """How far a search below open nodes came.

    Attributes
    ----------
    opened : OpenNodes
        Of this rank.
    counts : list of int
        What this rank generated and expanded below them.
    last : Round
        How the search ended whose memory was full.
    plan : list of int or None
        The best that it found.
    facts : dict
        What all ranks know: ``incumbent``, ``found``, and what a kind of search adds.
    under_way : UnderWay or None
        The search below some of the nodes that was not at its end, where as many ranks with the same owners wrote it.
    """

    opened: OpenNodes
    counts: list[int]
    last: Round
    plan: list[int] | None
    facts: dict[str, Any]
    under_way: UnderWay | None = None

    @property
    def incumbent(self) -> int:
        """Return the cost of the best plan so far."""
        return int(self.facts["incumbent"])

    def found(self, task: Task) -> Found | None:
        """Return the goal that was found: the way to it begins at the initial state."""
        if self.facts["found"] is None:
            return None
        way, rest = self.facts["found"]
        return Found(
            task.domain.initial, task.no_origin, None, way, None if rest is None else (tuple(rest[0]), rest[1])
        )


def begun_from(moving: Moving, rank: int) -> Begun:
    """Return what a rank goes on from; the nodes of all were moved.

    Raises
    ------
    BadInputError
        If a file of the epoch is of something else.
    """
    facts = moving.epoch.task["continuation"]
    if any(part.lasting is None for part in moving.epoch.parts):
        raise BadInputError("a file of the checkpoint has no table; go on from another")
    files = [read_arrays(moving.epoch.folder, moving.epoch.parts[number]) for number in moving.sources(rank)]
    pieces = [_of_rank(moving, number, file, rank) for number, file in zip(moving.sources(rank), files, strict=True)]
    opened = pieces[0] if len(pieces) == 1 else _joined(pieces)
    counts = np.sum([[0, 0], *(moving.facts[number]["below"] for number in moving.share(rank))], axis=0)
    last = Round(**{**facts["last"], "more": tuple(facts["last"]["more"])})
    return Begun(opened, counts.tolist(), last, facts["plan"], facts, _under_way(moving, rank))


def _under_way(moving: Moving, rank: int) -> UnderWay | None:
    """Return this rank of a search that was under way, with what others had not sent to it yet."""
    if not moving.is_direct or UNDER_WAY not in moving.facts[rank]:
        return None
    files = [read_arrays(moving.epoch.folder, part) for part in moving.epoch.parts]
    arrays = {name.removeprefix(UNDER_WAY): file for name, file in files[rank].items() if name.startswith(UNDER_WAY)}
    found, words = UnderWay(arrays, moving.facts[rank][UNDER_WAY]), layered(moving.task, 0, 0).record_words
    loose = [file[f"{UNDER_WAY}loose"].reshape(-1, words) for file in files]
    return found.with_loose([rows[moving.owned(rows, rank)].reshape(-1) for rows in loose])


def _of_rank(moving: Moving, number: int, file: dict[str, Any], rank: int) -> OpenNodes:
    """Return those open nodes of a file that a rank owns, with their new numbers."""
    is_loose = np.ones(len(file["records"]), np.bool_) if moving.is_direct else moving.owned(file["records"], rank)
    numbers, is_stored = [], []
    for start in range(0, len(file["numbers"]), _AT_ONCE):
        some = file["numbers"][start : start + _AT_ONCE].astype(np.int64)
        owners, new = moving.where(np.full(len(some), number), some)
        is_stored.append(owners == rank)
        numbers.append(new[is_stored[-1]].astype(np.uint32))
    mine = np.concatenate([is_loose, *is_stored])
    arrays = {name: np.array(file[name][mine]) for name in _PER_NODE if name in file}
    records = moving.linked(np.array(file["records"][is_loose]))
    return OpenNodes(records, np.concatenate([np.empty(0, np.uint32), *numbers]), **arrays)


def _joined(pieces: list[OpenNodes]) -> OpenNodes:
    """Return the open nodes of several files as those of one: the loose ones first, then by h."""
    n_loose = [len(one.records) for one in pieces]
    h = np.concatenate([one.h[n:] for one, n in zip(pieces, n_loose, strict=True)])
    order = np.argsort(h, kind="stable")
    arrays = {}
    for name in _PER_NODE:
        given = [getattr(one, name) for one in pieces]
        if any(array is not None for array in given):
            parts = list(zip(given, n_loose, strict=True))
            stored = np.concatenate([array[n:] for array, n in parts])[order]
            arrays[name] = np.concatenate([*(array[:n] for array, n in parts), stored])
    records, numbers = (np.concatenate([one[i] for one in pieces]) for i in range(2))
    return OpenNodes(records, numbers[order], **arrays)
