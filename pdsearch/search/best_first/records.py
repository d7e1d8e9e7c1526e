"""Nodes as messages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError
from pdsearch.kernels.layout import new_record
from pdsearch.kernels.passes import H_OUT_OF_RANGE
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.pipeline import fault_of
from pdsearch.search.task import Task


def initial_record(task: Task) -> npt.NDArray[np.uint32]:
    """Return the initial state as a message of one record: uint32[record_words].

    Raises
    ------
    BadInputError
        If its h is not among those that the heuristic declares.
    """
    h, heuristic = task.heuristic.value(task.domain.initial), task.heuristic
    if not 0 <= h <= heuristic.max_h and h < INFINITY:
        raise BadInputError(fault_of(task, H_OUT_OF_RANGE))
    return new_record(task.layout, task.domain.initial, 0, task.no_origin, h)
