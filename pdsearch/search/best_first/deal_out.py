"""A search that some ranks hold is dealt out to all: its nodes go to where their new owners are.

As a checkpoint is read on another number of ranks, but the arrays lie in memory that all ranks of the machine see, and
not in files. What was expanded is not expanded again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pdsearch.comm import Records
from pdsearch.search.best_first.hold import Hold
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.moving import Moving, compile_loading
from pdsearch.search.run import Run
from pdsearch.search.task import Task


def deal_out(
    task: Task, run: Run, comm: Any, sources: range, hold: Hold | None, make: Callable[[], LocalSearch]
) -> Hold:
    """Return this rank's part of a search; all must call.

    Parameters
    ----------
    task : Task
        With all ranks and their owners.
    run : Run
        Told the seconds.
    comm : Carrier
        All ranks, on one machine.
    sources : range
        Those that hold the search.
    hold : Hold or None
        Of one of them what it holds, which is given up.
    make : callable
        Returns an empty rank.

    Raises
    ------
    BadInputError, MemoryLimitError
        On all ranks, where memory is too short for a part.
    """
    arrays = None if hold is None else _arrays_of(hold)
    told = comm.exchange(None if hold is None else (list(arrays or ()), _facts_of(hold), hold.search_s))
    files = []
    for source in sources:
        brought = comm.share(lambda: tuple((arrays or {}).values()), source)
        files.append(dict(zip(told[source][0], brought, strict=True)))
    if hold is not None:
        arrays, hold.rank = None, None
    rank = make()
    with run.phase("compile"):
        comm.in_turn(lambda: compile_loading(rank))
    moving = Moving.of_arrays(task, files, [told[source][1] for source in sources])
    moving.find_owners()
    counted = comm.together(lambda: moving.load(rank))
    return Hold(rank, told[sources[0]][2], counted=counted)


def _arrays_of(hold: Hold) -> dict[str, Any]:
    assert hold.rank is not None
    loose: list[Records] = [np.empty(0, np.uint32), hold.unsent[1], *hold.late]
    return {**hold.rank.saved(), "records": np.concatenate(loose)}


def _facts_of(hold: Hold) -> dict[str, Any]:
    assert hold.rank is not None
    return {**hold.rank.known_goal(), **hold.counted}
