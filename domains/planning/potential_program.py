"""Potentials that are best for given facts: linear programmes, solved by HiGHS and made whole numbers.

Source: Seipp, Pommerening and Helmert (2015), "New optimization functions for potential heuristics", ICAPS; the
solver is that of Huangfu and Hall (2018), "Parallelizing the dual revised simplex method", Mathematical Programming
Computation 10.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains.planning.large_costs import MOST_H
from pdsearch.domains.planning.potential_rows import Rows, are_kept, potential_rows
from pdsearch.domains.planning.sas import SasTask
from pdsearch.errors import MissingDependencyError
from pdsearch.limits import Deadline

# Corners of such programmes are mostly fractions of small denominators: these hold them exactly.
_UNITS = (720720, 5040, 840, 60, 12, 2, 1)
_MOST = 2**61 // _UNITS[0]  # of a potential, so that sums of whole potentials fit 64 bits
_BYTES = 200  # of an entry of the matrix, roughly, in the solver
_SLICE_S = 0.5  # between two looks at signals


class Potentials(NamedTuple):
    """Whole potentials of the facts.

    Attributes
    ----------
    whole : int64[n_facts]
        Of all values of the first variable, then of the second.
    unit : int
        How much of them is a cost of 1.
    """

    whole: npt.NDArray[np.int64]
    unit: int


class Program:
    """The linear programme of a task, whose objective can be changed.

    Parameters
    ----------
    task : SasTask
        Any.
    deadline : Deadline
        When solving must be done, and what memory it may take: where all variables are too many, those with the most
        effects, and no goal, get no potentials.

    Attributes
    ----------
    n_left_out : int
        Variables that get none for want of memory.

    Raises
    ------
    MissingDependencyError
        If HiGHS is not installed.
    MemoryLimitError
        If the matrix is too large.
    """

    def __init__(self, task: SasTask, deadline: Deadline) -> None:
        self.sizes = np.array([len(variable.values) for variable in task.variables], np.int64)
        self.n_facts = int(self.sizes.sum())
        chosen, self.n_left_out = variables_within(task, deadline.memory_bytes)
        self.is_primary = np.repeat(chosen, self.sizes)
        self.rows, self.deadline = potential_rows(task, chosen, deadline), deadline
        deadline.check_memory(_BYTES * len(self.rows.columns), "the linear programme of potentials")
        costs = [operator.cost for operator in task.operators] or [0]
        largest = min(max(1, sum(costs)), _MOST // max(1, len(self.sizes)), MOST_H)
        self._solver = _solver(self.rows, self.n_facts, self.is_primary, float(largest))

    def best(self, objective: npt.NDArray[np.float64]) -> Potentials | None:
        """Return potentials for which ``objective`` is largest, or None where no whole ones near them keep all rows.

        Parameters
        ----------
        objective : float64[n_facts]
            How much the potential of each fact counts.

        Raises
        ------
        TimeLimitError
            If the deadline passes.
        """
        columns = np.arange(self.n_facts, dtype=np.int32)
        self._solver.changeColsCost(self.n_facts, columns, np.where(self.is_primary, objective, 0.0))
        found = self._solved()
        if found is None:
            return None
        for unit in _UNITS:
            whole = np.rint(found * unit).astype(np.int64)
            if are_kept(self.rows, whole, unit, self.sizes):
                return Potentials(whole, unit)
        return None

    def _solved(self) -> npt.NDArray[np.float64] | None:
        """Run the solver a slice of time after the other, for it does not see signals."""
        import highspy

        while True:
            self.deadline.check("the linear programme of potentials")
            self._solver.setOptionValue("time_limit", self._solver.getRunTime() + min(_SLICE_S, self.deadline.left_s))
            self._solver.run()
            status = self._solver.getModelStatus()
            if status != highspy.HighsModelStatus.kTimeLimit:
                break
            time.sleep(0)
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(self._solver.getSolution().col_value[: self.n_facts])


def variables_within(task: SasTask, memory_bytes: int | None) -> tuple[npt.NDArray[np.bool_], int]:
    """Return which variables get potentials: bool[n_variables], and how many get none for want of memory.

    >>> from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
    >>> variables_within(parse_sas(EXAMPLE, "lamp.sas"), None)
    (array([ True]), 0)
    """
    chosen = np.array([variable.layer < 0 for variable in task.variables], np.bool_)
    if memory_bytes is None:
        return chosen, 0
    entries = np.array([2 * len(variable.values) for variable in task.variables], np.int64)
    for operator in task.operators:
        for effect in operator.effects:
            entries[effect.variable] += 6 if effect.conditions else 2
    is_goal = np.isin(np.arange(len(entries)), [var for var, _ in task.goal])
    in_order = np.lexsort((entries, ~is_goal))
    in_order = in_order[chosen[in_order]]
    fits = _BYTES * np.cumsum(entries[in_order]) <= memory_bytes // 2
    chosen[in_order[~fits]] = False
    return chosen, int((~fits).sum())


def _solver(rows: Rows, n_facts: int, is_primary: npt.NDArray[np.bool_], largest: float) -> Any:
    """Return HiGHS with the rows, to maximise."""
    try:
        import highspy
    except ImportError:
        raise MissingDependencyError(
            "potentials need the solver HiGHS; run: pip install highspy, or choose another heuristic"
        ) from None
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = rows.n_columns, len(rows.most)
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = np.zeros(rows.n_columns)
    lower, upper = np.full(rows.n_columns, -largest), np.full(rows.n_columns, largest)
    lower[:n_facts][~is_primary] = upper[:n_facts][~is_primary] = 0.0
    programme.col_lower_, programme.col_upper_ = lower, np.where(np.arange(rows.n_columns) < n_facts, upper, np.inf)
    programme.row_lower_, programme.row_upper_ = np.full(len(rows.most), -np.inf), rows.most.astype(np.float64)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_, programme.a_matrix_.index_ = rows.starts, rows.columns
    programme.a_matrix_.value_ = rows.coefficients.astype(np.float64)
    with _no_output():  # it greets on the standard output, where results are printed, before it can be told not to
        solver = highspy.Highs()
    solver.silent()
    solver.passModel(programme)
    return solver


@contextmanager
def _no_output() -> Iterator[None]:
    """Let nothing come out of what compiled libraries print meanwhile."""
    flush = ctypes.CDLL(None).fflush
    sys.stdout.flush()
    flush(None)
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        flush(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
