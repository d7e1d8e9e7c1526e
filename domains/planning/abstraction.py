"""What cost partitioning asks of an abstraction, whatever made it: projections, and those that were refined.

An abstraction puts every state of a task into one of its own; its transitions are those of the task, so that no
distance to a goal is longer than the real one, whatever operators cost.

Source: Helmert, Haslum and Hoffmann (2007), "Flexible abstraction heuristics for optimal sequential planning", ICAPS;
Seipp, Keller and Helmert (2020), "Saturated cost partitioning for optimal classical planning", JAIR 67, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Abstraction(Protocol):
    """States and transitions; an operator that is a member of no group changes no state.

    :func:`pdsearch.domains.planning.cost_partitioning.goal_distances` and ``saturated_costs`` work on any of them.
    """

    @property
    def live(self) -> Flags:
        """Return whether the initial state may reach each state: bool[n_states]."""

    @property
    def goal(self) -> Flags:
        """Return which states count as goals: bool[n_states]."""

    @property
    def source(self) -> Integers:
        """Return where each transition starts: int64[n_transitions], sorted by target; live states only."""

    @property
    def target(self) -> Integers:
        """Return where each transition leads: int64[n_transitions]."""

    @property
    def group(self) -> Integers:
        """Return the group of operators that make each transition: int64[n_transitions]."""

    @property
    def group_of(self) -> Integers:
        """Return the first of the pairs (group, operator) that say which are in which: int64[n_members], sorted."""

    @property
    def operator_of(self) -> Integers:
        """Return the second of these pairs: int64[n_members]."""

    def state_of(self, values: Sequence[int]) -> int:
        """Return the abstract state of a state that is given by the values of all variables."""
