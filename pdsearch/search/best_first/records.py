"""Nodes as messages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.kernels.layout import new_record
from pdsearch.search.best_first.pipeline import layout_of_task
from pdsearch.search.task import Task


def initial_record(task: Task) -> npt.NDArray[np.uint32]:
    """Return the initial state as a message of one record: uint32[record_words]."""
    h = task.heuristic.value(task.domain.initial)
    return new_record(layout_of_task(task), task.domain.initial, 0, task.no_origin, h)
