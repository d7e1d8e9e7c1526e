"""Iterative deepening in a folder of checkpoints: the bound, what earlier ones counted, and the subtrees that are done.

All ranks stop between two nodes, and rank 0 writes what all of them have finished; subtrees that were begun are
searched again. An iteration is cut into the same subtrees whoever goes on, so that its counts are those of a search
that was never stopped.

Where a subtree takes longer than the time between two checkpoints, it is not lost again and again: the next one is
written when some other subtree has been finished, or the iteration.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.comm.alike import digest
from pdsearch.comm.together import once
from pdsearch.search.checkpoint.files import read_arrays
from pdsearch.search.checkpoint.identity import check_same, facts_of
from pdsearch.search.depth_first.result import Iteration
from pdsearch.search.run import Run
from pdsearch.search.task import Task
from pdsearch.subtrees import Integers, Roots


@dataclass
class Begun:
    """How far a search came.

    Attributes
    ----------
    bound : int
        Of the iteration under way.
    iterations : list of Iteration
        Those that are finished.
    generated, expanded : int
        In these.
    loads : int64[n_workers, 2]
        Of all workers so far.
    counts : int64[n_roots, 4]
        By subtree; zeros where it is not done.
    done : bool[n_roots]
        The subtrees that are done.
    roots : str
        A digest of the subtrees' roots.
    """

    bound: int
    iterations: list[Iteration]
    generated: int
    expanded: int
    loads: Integers
    counts: Integers
    done: npt.NDArray[np.bool_]
    roots: str


class IterationSaving:
    """Reads and writes the checkpoints of a search; does nothing where none are asked for.

    Parameters
    ----------
    task, run : Task, Run
        What is searched.
    comm : Carrier or None
        The ranks.
    kind : str
        The search, its mode and how it prunes: what the counts are of.
    """

    def __init__(self, task: Task, run: Run, comm: Any, kind: str) -> None:
        self.run, self._raw = run, getattr(comm, "raw", None)
        self.is_on = run.checkpoints is not None
        self._facts: dict[str, Any] = {}
        self._last: tuple[int, int] | None = None
        if self.is_on:
            self._facts = once(self._raw, lambda: self._identify(task, kind))

    def _identify(self, task: Task, kind: str) -> dict[str, Any]:
        assert self.run.checkpoints is not None
        if self.run.checkpoints.epoch is not None:
            check_same(self.run.checkpoints.epoch.task, task, kind)
        return facts_of(task, kind)

    def load(self) -> Begun | None:
        """Return how far the search came that this one goes on with, None where it begins."""
        checkpoints = self.run.checkpoints
        if checkpoints is None or checkpoints.epoch is None:
            return None
        epoch, checkpoints.epoch = checkpoints.epoch, None
        (part,) = epoch.parts
        arrays, facts = read_arrays(epoch.folder, part), part.facts
        self.run.before_s = float(epoch.task["search_s"])
        iterations = [Iteration(**one) for one in facts["iterations"]]
        numbers = {name: int(facts[name]) for name in ("bound", "generated", "expanded")}
        counts, done = np.array(arrays["counts"]), np.array(arrays["done"]).astype(bool)
        return Begun(
            **numbers, iterations=iterations, loads=arrays["loads"], counts=counts, done=done, roots=facts["roots"]
        )

    def is_due(self, bound: int, n_done: int) -> bool:
        """Say, on rank 0, whether it is time, and something was finished since the last one."""
        return self.run.wants_checkpoint and (bound, n_done) != self._last

    def save(self, begun: Begun) -> None:
        """Write how far the search is; on rank 0."""
        assert self.run.checkpoints is not None
        self._last = begun.bound, int(begun.done.sum())
        counts = np.where(begun.done[:, None], begun.counts, 0)
        facts = {name: getattr(begun, name) for name in ("bound", "generated", "expanded", "roots")}
        facts["iterations"] = [asdict(one) for one in begun.iterations]
        task = {**self._facts, "search_s": self.run.search_s, "seed": self.run.seed}
        arrays = {"counts": counts, "done": begun.done.astype(np.uint8), "loads": begun.loads}
        self.run.checkpoints.save(task, arrays, facts, writers=1)

    def end(self, stop: int) -> list[str]:
        """Wait for the disk; return what to say of it to who reads the result. All ranks must call."""
        return [] if self.run.checkpoints is None else self.run.checkpoints.ended(self._raw, bool(stop))


def digest_of_roots(roots: Roots) -> str:
    """Return a digest of roots of subtrees."""
    return digest((roots.words, roots.g, roots.created_by, roots.state))
