"""Smaller subtrees with goals in them: the device looks again below the roots that it found goals under.

A batch of a hundred instances is cut into a few thousand roots each, so a subtree with a goal may hold a tenth of a
hard iteration: seconds of the CPU. Cut again, the subtrees of all instances solved in an iteration are one more launch,
of milliseconds, after which what is left of each is thousands of times smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pdsearch.gpu import roots
from pdsearch.gpu.roots import Cut, Level
from pdsearch.gpu.schemes import Scheme, Work
from pdsearch.gpu.steps import GOAL_ROOT, GOALS
from pdsearch.gpu_model import Model, shift_of_groups

PARTS = 8192  # to cut a group of roots into


class Part(NamedTuple):
    """States below a group of roots, one of which has a goal below it.

    Attributes
    ----------
    cut : Cut, optional
        Of the group; None where the level is the group itself.
    start : int
        Number of the level's first state in the last level of the cut.
    level : Level
        The states.
    """

    cut: Cut | None
    start: int
    level: Level

    def joined(self, i: int, below: list[int]) -> tuple[int, list[int]]:
        """Return the number of a root within the group and the moves from it, for moves below state ``i``."""
        if self.cut is None:
            return i, below
        origin, above = self.cut.origin(self.start + i)
        return origin, above + below


def narrowed(search: Scheme, model: Model, groups: Sequence[Level], depths: Sequence[int]) -> list[Part]:
    """Return a part of each group that has a goal below it, the group itself where the device found none.

    Parameters
    ----------
    search : Scheme
        Compiled for the model.
    model : Model
        What is searched.
    groups : sequence of Level
        Roots, of each group at least one with a goal below it.
    depths : sequence of int
        No path below the roots of a group is longer.
    """
    cuts = [roots.cut(model, group, PARTS) for group in groups]  # less than to hand them to threads
    works = []
    for number, (cut, depth) in enumerate(zip(cuts, depths, strict=True)):
        last = cut.levels[-1]
        n = len(last) if cut.goal_path is None else 0
        root, instance = np.arange(n) >> shift_of_groups(n), np.full(n, number, np.int32)
        left = max(0, depth - len(cut.levels) + 1)
        works.append(Work(last.words[:n], last.low[:n], last.slack[:n].astype(np.int64), root, instance, left))
    work = Work.joined(works)
    tallies = np.zeros((len(cuts), GOAL_ROOT + 1), np.int64)
    if len(work.low):
        tallies = search.search(work, len(cuts), True, lambda generated, expanded: True).tallies.astype(np.int64)
    parts = []
    for group, cut, tally in zip(groups, cuts, tallies, strict=True):
        part = Part(None, 0, group)
        if cut.goal_path is None and tally[GOALS]:
            shift = shift_of_groups(len(cut.levels[-1]))
            start = int(tally[GOAL_ROOT]) << shift
            part = Part(cut, start, roots.part(cut.levels[-1], start, 1 << shift))
        parts.append(part)
    return parts
