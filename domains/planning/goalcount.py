"""The number of goals that do not hold yet: not a lower bound, for one operator may reach several.

Source: Fikes and Nilsson (1971), "STRIPS: a new approach to the application of theorem proving to problem
solving", AIJ 2 (differences between a state and the goal).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain, State
from pdsearch.domains.planning.space import value_of
from pdsearch.domains.planning.task import Planning
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import evaluates


class GoalTables(NamedTuple):
    """The facts of the goal."""

    variable: npt.NDArray[np.int64]  # (n_goals,)
    value: npt.NDArray[np.int64]  # (n_goals,)


@evaluates(GoalTables)
def _evaluate(heuristic, space, states, at):
    missing = 0
    for i in range(len(heuristic.variable)):
        missing += value_of(space, states, at, heuristic.variable[i]) != heuristic.value[i]
    return missing


@HEURISTICS.add("goalcount")
class GoalCount(Heuristic):
    """Goals that do not hold; plans found with it need not be cheapest."""

    name = "goalcount"
    source = "Fikes and Nilsson (1971), AIJ 2"
    admissible = False
    consistent = False
    is_lazy = True

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Planning)
        self.planning = domain
        goal = np.array(domain.task.goal, np.int64).reshape(-1, 2)
        self.tables = GoalTables(goal[:, 0].copy(), goal[:, 1].copy())
        self.max_h = len(goal)
        self.max_rise = domain.max_cost + self.max_h

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every planning task."""
        return isinstance(domain, Planning)

    def value(self, state: State) -> int:
        """Count the goals that do not hold."""
        values = self.planning.unpack(state)
        return sum(values[variable] != value for variable, value in self.planning.task.goal)
