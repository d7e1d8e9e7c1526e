"""The threads of one process at work on the subtrees of an iteration."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.depth_first.queue import Queue, chunk_ends
from pdsearch.search.depth_first.tree import Tree, cut_up
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, LEAST_PRUNED, TOO_LARGE, Integers, Roots, Subtrees

SLICE = 2**22  # nodes between two looks at the others: about 10 ms
SPLIT_DEPTH = 8  # levels below a subtree that is too large
_LOOK_S = 0.02


@dataclass
class Counted:
    """What an iteration found below its roots.

    Attributes
    ----------
    counts : int64[n_roots, 4]
        By subtree, of all ranks; zeros where nobody got to.
    loads : int64[n_workers, 2]
        Generated and expanded by each worker of all ranks.
    """

    counts: Integers
    loads: Integers


class Team:
    """``n_threads`` workers, each with its own compiled search.

    Parameters
    ----------
    engine : Subtrees
        What the first worker searches with, and the others with fresh ones of the same kind.
    queue : Queue
        Shared with the other ranks, if any.
    """

    def __init__(self, engine: Subtrees, n_threads: int, queue: Queue) -> None:
        self.queue = queue
        self.engines = [engine, *(engine.fresh() for _ in range(n_threads - 1))]
        self.loads = np.zeros((n_threads, 2), np.int64)
        self.done = np.zeros(0, np.bool_)
        self._errors: list[BaseException] = []

    def search(
        self,
        roots: Roots,
        bound: int,
        first: bool,
        watch: Callable[[], int],
        before: tuple[Integers, npt.NDArray[np.bool_]] | None = None,
    ) -> Counted:
        """Search below all roots; ``first``: not beyond the first root with a goal below it.

        ``watch`` is called some fifty times a second and says why to stop, 0 for going on. ``before`` are the counts
        of roots that are done already, on one of the ranks, and which these are, on all.
        """
        self.roots, self.bound, self.first = roots, bound, first
        self.counts = np.zeros((len(roots), 4), np.int64)
        self.done = np.zeros(len(roots), np.bool_)
        self.loads[:] = 0
        self.queue.begin()
        if before is not None:
            self.counts[:], self.done[:] = before
            self._announce(0, len(roots))
        self._ends = chunk_ends(len(roots), len(self.engines) * self.queue.size)
        if len(roots) == 1:
            self._work(0, lambda: self._watch(watch))
        else:
            self._work_in_threads(watch)
        return Counted(*self.queue.add_up(self.counts, self.loads))

    def _work_in_threads(self, watch: Callable[[], int]) -> None:
        threads = [threading.Thread(target=self._guarded, args=(i,), daemon=True) for i in range(len(self.engines))]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK_S)
                self._watch(watch)
        if self._errors:
            raise self._errors[0]

    def _watch(self, watch: Callable[[], int]) -> bool:
        status = watch()
        if status:
            self.queue.stop(status)
        return self.queue.look() != 0

    def _guarded(self, worker: int) -> None:
        try:
            self._work(worker, lambda: self.queue.look() != 0)
        except BaseException as error:
            self._errors.append(error)
            self.queue.stop(1)

    def _work(self, worker: int, stopped: Callable[[], bool]) -> None:
        engine, queue = self.engines[worker], self.queue
        engine.prepare(self.roots, self.bound, self.first)
        while not stopped() and (chunk := queue.take()) < len(self._ends):
            at, end = self._ends[chunk - 1] if chunk else 0, self._ends[chunk]
            while at < end and at <= queue.last[0]:
                if self.done[at]:
                    at += 1
                    continue
                start, till = at, at + int(np.argmax(self.done[at:end])) if self.done[at:end].any() else end
                before = self._sums(start, till)
                at = finished = engine.run(at, till, SLICE, queue.last, self.counts)
                if at < till and self.counts[at, GOALS] == TOO_LARGE:
                    self.counts[at] = split(engine, self.roots, at, self.bound, stopped)
                    at += 1
                self.loads[worker] += self._sums(start, till) - before
                self._announce(start, min(at + 1, till))
                has_stopped = stopped()
                self.done[start : finished if has_stopped else at] = True  # a part of a split may be missing
                if has_stopped:
                    return

    def _sums(self, at: int, end: int) -> Integers:
        sums: Integers = self.counts[at:end, : EXPANDED + 1].sum(axis=0)
        return sums

    def _announce(self, start: int, end: int) -> None:
        if self.first:
            with_goals = np.flatnonzero(self.counts[start:end, GOALS] > 0)
            if len(with_goals):
                self.queue.lower(start + int(with_goals[0]))


def split(kind: Subtrees, roots: Roots, i: int, bound: int, stopped: Callable[[], bool]) -> Integers:
    """Return the counts of a subtree too large for a search of a kind, in parts: int64[4]."""
    cut = cut_up(Tree(kind.domain, kind.heuristic, kind.pruner), roots, i, bound, SPLIT_DEPTH)
    total = np.array([cut.generated, cut.expanded, 0, cut.least_pruned], np.int64)
    counts = np.zeros((len(cut.roots), 4), np.int64)
    engine = kind.fresh()
    engine.prepare(cut.roots, bound)
    at, end, last = 0, len(counts), np.array([INFINITY], np.int64)
    while at < end and not stopped():
        at = engine.run(at, end, SLICE, last, counts)
        if at < end and counts[at, GOALS] == TOO_LARGE:
            counts[at] = split(kind, cut.roots, at, bound, stopped)
            at += 1
    total[:LEAST_PRUNED] += counts[:, :LEAST_PRUNED].sum(axis=0)
    total[LEAST_PRUNED] = min(total[LEAST_PRUNED], counts[:at, LEAST_PRUNED].min(initial=INFINITY))
    return total


def first_solution(
    kind: Subtrees, tree: Tree, roots: Roots, i: int, bound: int, size: int
) -> tuple[int, int, list[int]]:
    """Return generated, expanded and path of a depth-first search of one subtree that stops at its first goal.

    The subtree has ``size`` generated nodes and a goal. Large ones are cut up again, and the parts
    before the goal counted by the faster search.
    """
    if size <= SLICE:
        tree.begin(roots, i, bound)
        if not tree.counts[GOALS]:
            tree.go_on(bound, 2**62, stops_at_goal=True)
        return int(tree.counts[GENERATED]), int(tree.counts[EXPANDED]), tree.path()
    cut = cut_up(tree, roots, i, bound, SPLIT_DEPTH)
    counts, goal_at = _until_goal(kind, cut.roots, bound)
    generated, expanded, path = first_solution(kind, tree, cut.roots, goal_at, bound, int(counts[goal_at, GENERATED]))
    generated += int(cut.roots.generated_before[goal_at] + counts[:goal_at, GENERATED].sum())
    expanded += int(cut.roots.expanded_before[goal_at] + counts[:goal_at, EXPANDED].sum())
    return generated, expanded, cut.roots.path(goal_at) + path


def _until_goal(kind: Subtrees, roots: Roots, bound: int) -> tuple[Integers, int]:
    """Search roots in order up to the first with a goal below it; return the counts and that root."""
    counts, last = np.zeros((len(roots), 4), np.int64), np.array([0], np.int64)
    engine = kind.fresh()
    engine.prepare(roots, bound)
    for at in range(len(roots)):
        last[0] = at
        stop = at
        while stop == at:
            stop = engine.run(at, at + 1, SLICE, last, counts)
            if stop == at and counts[at, GOALS] == TOO_LARGE:
                counts[at] = split(kind, roots, at, bound, lambda: False)
                break
        if counts[at, GOALS] > 0:
            return counts, at
    raise AssertionError("a subtree said to hold a goal does not")
