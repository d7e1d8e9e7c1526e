"""What a rank does of an iteration of IDA* on GPUs, and what all ranks know of it after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pdsearch.result import Status
from pdsearch.search.depth_first.result import Iteration

if TYPE_CHECKING:  # these load CUDA
    from pdsearch.gpu.schemes import Counts, Work

GENERATED, EXPANDED, GOALS, GOAL_ROOT = range(4)  # columns of the counts of pdsearch.gpu.schemes
_GROWTH = 6  # of iterations of the 15-puzzle, at most about
_BELOW_ROOT, _FEWEST = 64, 64  # nodes below a root that are worth a root on the host; roots at least


class Share(NamedTuple):
    """How an iteration is cut, and dealt to ranks."""

    comm: Any
    wanted: int
    first: bool
    is_fitted: bool  # fewer roots for an iteration that is likely to be small

    @property
    def n_ranks(self) -> int:
        """Return how many take part."""
        return 1 if self.comm is None else int(self.comm.Get_size())

    def roots_of(self, iterations: Sequence[Iteration], most: int) -> int:
        """Return the states to cut an instance's next iteration into, after those it had."""
        if not self.is_fitted:
            return most
        expected = _GROWTH * iterations[-1].generated if iterations else 0
        return min(most, max(_FEWEST, expected // _BELOW_ROOT))

    def agreed(self, stop: Status | None) -> Status | None:
        """Return why any rank wants to stop."""
        if self.comm is None:
            return stop
        stops: list[Status] = [one for one in self.comm.allgather(stop) if one is not None]
        return stops[0] if stops else None

    def mine(self, work: Work) -> Work:
        """Return this rank's states."""
        if self.comm is None:
            return work
        return work.part(slice(self.comm.Get_rank(), None, self.comm.Get_size()))

    def sum_up(self, counts: Counts) -> Counts:
        """Return the counts of all ranks; of the roots above goals, the last."""
        if self.comm is None:
            return counts
        every: list[Counts] = self.comm.allgather(counts)
        tallies = np.zeros_like(counts.tallies)
        for one in every:
            tallies += one.tallies
        roots_found = [np.where(one.tallies[:, GOALS] > 0, one.tallies[:, GOAL_ROOT], 0) for one in every]
        tallies[:, GOAL_ROOT] = np.max(roots_found, axis=0)
        loads = np.concatenate([one.loads for one in every])
        return type(counts)(tallies, loads, all(one.finished for one in every))
