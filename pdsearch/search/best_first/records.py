"""Nodes as messages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.search.best_first.step import write_record
from pdsearch.search.task import Task


def initial_record(task: Task) -> npt.NDArray[np.uint32]:
    """Return the initial state as a message of one record: uint32[record_words]."""
    record = np.zeros(task.record_words, np.uint32)
    state = np.array(task.domain.initial, np.uint64)
    h = task.heuristic.value(task.domain.initial)
    write_record(task.domain.space, record, state, task.no_way, h)
    return record
