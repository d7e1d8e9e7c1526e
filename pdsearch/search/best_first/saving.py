"""A best-first search in a folder of checkpoints: at a cut every rank writes its nodes, and goes on from such files.

The cut is that of a search that ends early: every node that was expanded has its successors in a table, or in a record
that is written, too; nothing is under way. So a search from a checkpoint finds what the one that wrote it would have.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.comm import Records
from pdsearch.comm.together import in_turn, once, together
from pdsearch.errors import BadInputError
from pdsearch.result import Status
from pdsearch.search.best_first.begun import Begun, begun_from
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.moving import Moving, compile_loading
from pdsearch.search.checkpoint.files import scratch
from pdsearch.search.checkpoint.identity import check_same, facts_of
from pdsearch.search.run import Run
from pdsearch.search.task import Task

_CONTINUATION = "continuation"  # of what an epoch says of the search
NOTHING: dict[str, Any] = {"sent": 0, "received": 0, "messages": 0, "idle_s": 0.0}


class Saving:
    """Reads and writes the checkpoints of a search; does nothing where none are asked for.

    Parameters
    ----------
    task, run : Task, Run
        What is searched.
    comm : Carrier or None
        The ranks.
    goes_on : bool
        When memory is full, the search is to go on below the open nodes.

    Raises
    ------
    BadInputError
        On all ranks: if equal states have different owners, or the checkpoint is of something else.
    """

    def __init__(self, task: Task, run: Run, comm: Any = None, goes_on: bool = True) -> None:
        self.task, self.run, self.comm = task, run, comm
        self.is_on = run.checkpoints is not None
        self.begun: Begun | None = None  # where memory was full already: the search below the open nodes
        self._facts: dict[str, Any] = {}
        if run.checkpoints is not None:
            self._facts = once(self._raw, lambda: self._identify(goes_on))

    @property
    def _raw(self) -> Any:
        return getattr(self.comm, "raw", None)

    def _identify(self, goes_on: bool) -> dict[str, Any]:
        assert self.run.checkpoints is not None
        if not self.task.has_owners:
            assert self.task.distribution is not None
            name = self.task.distribution.name
            raise BadInputError(
                f"distribution {name!r} gives equal states different owners, and no checkpoint can be written; choose "
                "another"
            )
        if self.run.checkpoints.epoch is not None:
            check_same(self.run.checkpoints.epoch.task, self.task, self.task.kind)
            if not goes_on and _CONTINUATION in self.run.checkpoints.epoch.task:
                raise BadInputError(
                    "the checkpoint is of a search that went on when memory was full; leave out when_full 'stop'"
                )
        return facts_of(self.task, self.task.kind)

    def load(self, rank: LocalSearch) -> dict[str, Any] | None:
        """Fill a rank from the checkpoint that the search goes on from; all must call.

        Returns what was counted outside of the rank; None where the search begins.
        """
        checkpoints = self.run.checkpoints
        if checkpoints is None or checkpoints.epoch is None:
            return None
        epoch = checkpoints.epoch
        with self.run.phase("compile"):
            in_turn(self._raw, lambda: compile_loading(rank))
        with self.run.phase("checkpoint", is_watched=False):
            moving = Moving(self.task, epoch)
            if self.comm is None or moving.is_direct or self.task.n_ranks == 1:
                moving.find_owners()
            else:
                self._find_owners(moving)
            counted = together(self._raw, lambda: self._load(moving, rank))
        self.run.before_s = float(epoch.task["search_s"])
        checkpoints.epoch = None
        return counted

    def _load(self, moving: Moving, rank: LocalSearch) -> dict[str, Any]:
        goes_on_below = _CONTINUATION in moving.epoch.task
        counted = moving.load(rank, opens=not goes_on_below)
        if goes_on_below:
            assert self.run.checkpoints is not None
            self.begun = begun_from(moving, rank.rank)
            if moving.is_direct:
                self.run.checkpoints.lasts(moving.epoch.folder, moving.epoch.parts[rank.rank].lasting)
        return counted

    def _find_owners(self, moving: Moving) -> None:
        assert self.run.checkpoints is not None
        folder = self.run.checkpoints.folder / "moving"
        try:
            folder.mkdir(exist_ok=True)
            moving.find_owners(self.comm, folder)
            self.comm.barrier()
        except OSError as error:
            reason = error.strerror or error
            raise BadInputError(f"cannot write {folder}: {reason}; make room beside the checkpoint") from None
        if self.comm.rank == 0:
            with scratch(folder):
                pass

    def save(self, rank: LocalSearch, loose: list[Records], counted: dict[str, Any] = NOTHING) -> None:
        """Write a rank at a cut.

        Parameters
        ----------
        rank : LocalSearch
            Between two calls.
        loose : list of uint32 arrays
            Records that are in no table.
        counted : dict
            What was counted outside of the rank.
        """
        assert self.run.checkpoints is not None
        records = np.concatenate([np.empty(0, np.uint32), *loose])
        arrays = {**rank.saved(), "records": records}
        self.run.checkpoints.save(self.about(), arrays, {**rank.known_goal(), **counted}, self.task.n_ranks)

    def about(self) -> dict[str, Any]:
        """Return what an epoch says of the search."""
        return {**self._facts, "search_s": self.run.search_s, "seed": self.run.seed}

    def end(self, stop: Status | int | None) -> list[str]:
        """Wait for the disk; return what to say of it to who reads the result. All ranks must call."""
        return [] if self.run.checkpoints is None else self.run.checkpoints.ended(self._raw, bool(stop))
