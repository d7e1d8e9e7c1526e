"""What potentials must satisfy, as rows of a linear programme, and the exact check of potentials made whole.

Each fact has a potential, and h(s) is the sum of those of the facts of s. It is consistent and 0 or less in goals,
and so a lower bound, if

- for each operator the potentials that it may lose add up to at most its cost, and
- those of a goal state, where unknown the largest of a variable, add up to at most 0.

An effect on a variable of unknown value may lose the largest potential of the variable; one whose conditions may not
hold may lose nothing, too. Derived variables have no potentials: axioms may change them at any time.

Source: Pommerening, Helmert, Röger and Seipp (2015), "From non-negative to general operator cost partitioning", AAAI,
section on potential heuristics; conditional effects and derived variables are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains.planning.sas import Effect, Operator, SasTask
from pdsearch.limits import NO_DEADLINE, Deadline

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Row = dict[int, int]  # coefficient of each column
_AT_ONCE = 1000  # operators between two looks at the clock


class Rows(NamedTuple):
    """Columns are the facts of all variables, then the largest potential of each variable, then losses.

    Attributes
    ----------
    first : int64[n_variables]
        Column of value 0 of each variable.
    n_columns : int
        In all.
    starts, columns, coefficients : int64[n_rows + 1], int64[n_entries], int64[n_entries]
        The rows, one after the other.
    most : int64[n_rows]
        What each may add up to.
    losses : int64[n_loss_rows]
        The rows that say what a loss is at least: its column has coefficient -1.
    """

    first: Integers
    n_columns: int
    starts: Integers
    columns: Integers
    coefficients: Integers
    most: Integers
    losses: Integers


def potential_rows(task: SasTask, with_potentials: Flags, deadline: Deadline = NO_DEADLINE) -> Rows:
    """Return what the potentials of a task must satisfy.

    Parameters
    ----------
    task : SasTask
        Any.
    with_potentials : bool[n_variables]
        The facts of the other variables have potential 0; derived variables must be among these.
    deadline : Deadline, optional
        When this must be done.

    Raises
    ------
    TimeLimitError
        If the deadline passes.
    """
    return _Writer(task, with_potentials).written(deadline)


class _Writer:
    """Writes rows down, each once, with the least bound."""

    def __init__(self, task: SasTask, with_potentials: Flags) -> None:
        self.task, self.has = task, with_potentials.tolist()
        sizes = [len(variable.values) for variable in task.variables]
        self.first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.largest = int(self.first[-1])  # column of the largest potential of variable 0
        self.n_columns = self.largest + len(sizes)
        self.rows: dict[tuple[tuple[int, int], ...], int] = {}
        self.losses: dict[tuple[tuple[int, int], ...], int] = {}

    def written(self, deadline: Deadline) -> Rows:
        for var, variable in enumerate(self.task.variables):
            for value in range(len(variable.values) if self.has[var] else 0):
                self._enter({self._fact(var, value): 1, self.largest + var: -1}, 0)
        for number, operator in enumerate(self.task.operators):
            if number % _AT_ONCE == 0:
                deadline.check("the linear programme of potentials")
            row: Row = {}
            for column, coefficient in self._lost(operator):
                row[column] = row.get(column, 0) + coefficient
            self._enter(row, operator.cost)
        self._enter(self._goal(), 0)
        return self._flat()

    def _fact(self, variable: int, value: int) -> int:
        return int(self.first[variable]) + value

    def _goal(self) -> Row:
        goal = dict(self.task.goal)
        counted = [var for var, has in enumerate(self.has) if has]
        return {self._fact(var, goal[var]) if var in goal else self.largest + var: 1 for var in counted}

    def _lost(self, operator: Operator) -> Iterator[tuple[int, int]]:
        """Yield the columns that add up to the most that an operator may lose."""
        before = dict(operator.preconditions)
        by_variable: dict[int, list[Effect]] = {}
        for effect in operator.effects:
            by_variable.setdefault(effect.variable, []).append(effect)
        for var, effects in by_variable.items():
            if not self.has[var]:
                continue
            if not effects[-1].conditions:  # the last effect on a variable wins
                yield self._before(var, before), 1
                yield self._fact(var, effects[-1].value), -1
            else:
                yield self._loss(var, before, effects), 1

    def _before(self, variable: int, known: dict[int, int]) -> int:
        return self._fact(variable, known[variable]) if variable in known else self.largest + variable

    def _loss(self, variable: int, before: dict[int, int], effects: list[Effect]) -> int:
        """Return the column of the most that conditional effects on a variable may lose, which may be nothing."""
        pairs = set()
        for effect in effects:
            known = {**before, **dict(effect.conditions)}
            pairs.add((self._before(variable, known), self._fact(variable, effect.value)))
        key = tuple(sorted((lost, won) for lost, won in pairs if lost != won))
        if key not in self.losses:
            self.losses[key] = loss = self.n_columns
            self.n_columns += 1
            self._enter({loss: -1}, 0)
            for lost, won in key:
                self._enter({lost: 1, won: -1, loss: -1}, 0)
        return self.losses[key]

    def _enter(self, row: Row, most: int) -> None:
        key = tuple(sorted((column, coefficient) for column, coefficient in row.items() if coefficient))
        if key:
            self.rows[key] = min(most, self.rows.get(key, most))

    def _flat(self) -> Rows:
        entries = np.array([entry for key in self.rows for entry in key], np.int64).reshape(-1, 2)
        starts = np.cumsum([0, *map(len, self.rows)])
        last = [max(key) for key in self.rows]
        is_loss = [column >= self.largest + len(self.task.variables) and value < 0 for column, value in last]
        return Rows(
            self.first[:-1],
            self.n_columns,
            starts.astype(np.int64),
            entries[:, 0].copy(),
            entries[:, 1].copy(),
            np.array(list(self.rows.values()), np.int64),
            np.flatnonzero(is_loss).astype(np.int64),
        )


def are_kept(rows: Rows, potentials: Integers, unit: int, sizes: Integers) -> bool:
    """Say, in exact arithmetic, whether whole potentials, of which ``unit`` make a cost of 1, keep every row.

    Parameters
    ----------
    rows : Rows
        What must hold.
    potentials : int64[n_facts]
        Whole potentials of the facts.
    unit : int
        At least 1.
    sizes : int64[n_variables]
        Values of each variable.
    """
    values = np.zeros(rows.n_columns, np.int64)
    values[: len(potentials)] = potentials
    values[len(potentials) : len(potentials) + len(sizes)] = np.maximum.reduceat(potentials, rows.first)
    reached = _sums(rows, values)
    last = rows.columns[rows.starts[1:] - 1]
    np.maximum.at(values, last[rows.losses], reached[rows.losses])  # what is least for losses, which begin at 0
    return bool((_sums(rows, values) <= rows.most * unit).all())


def _sums(rows: Rows, values: Integers) -> Integers:
    return np.add.reduceat(rows.coefficients * values[rows.columns], rows.starts[:-1])
