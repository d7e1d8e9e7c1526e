"""Costs near and beyond what 64-bit sums hold: the exact cost, or one line that says why not; never a wrong answer."""

from dataclasses import replace

import naive
import pytest
import sas_tasks

from pdsearch import Status, solve
from pdsearch.domains.planning.large_costs import MOST_H, bounded
from pdsearch.domains.planning.sas import SasTask
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import INFINITY

HEURISTICS = ["blind", "hmax", "lmcut", "pdb", "merge-and-shrink"]


def road(first, second, direct):
    """Return a task with two ways from 0 to 2: over 1, and directly."""
    steps = [("a", 0, 1, first), ("b", 1, 2, second), ("c", 0, 2, direct)]
    operators = tuple(
        replace(sas_tasks.changes(name, ((0, before),), 0, after), cost=cost) for name, before, after, cost in steps
    )
    return replace(sas_tasks.counters(1, 3, 2), operators=operators)


def scaled(task: SasTask, factor: int) -> SasTask:
    operators = tuple(replace(operator, cost=operator.cost * factor) for operator in task.operators)
    return replace(task, operators=operators)


@pytest.mark.few(8)
@pytest.mark.parametrize("heuristic", HEURISTICS)
@pytest.mark.parametrize("unused", [2**46, 2**47, 2**47 + 1, 2**52, 2**62, 2**63 - 1])
def test_an_operator_too_dear_to_be_used_does_not_matter(heuristic, unused):
    result = solve(Planning(road(5, 5, unused), "road"), heuristic)

    assert (result.status, result.cost, result.plan) == (Status.SOLVED, 10, ["(a)", "(b)"])


@pytest.mark.parametrize("heuristic", HEURISTICS)
@pytest.mark.parametrize("costs", [(2**46, 2**46, 2**47 + 1), (2**47, 2**47, 2**48), (2**61, 2**61, 2**62 + 1)])
def test_a_plan_too_dear_is_refused_and_not_called_missing(heuristic, costs):
    with pytest.raises(BadInputError, match=r"road: every plan found costs \d+ or more.*common factor"):
        solve(Planning(road(*costs), "road"), heuristic)


@pytest.mark.few(4)
@pytest.mark.parametrize("heuristic", HEURISTICS)
@pytest.mark.parametrize("shift", [43, 44, 52])
def test_scaled_tasks_have_the_scaled_cost_or_are_refused(heuristic, shift):
    exact = refused = 0
    for seed in range(12):
        task = sas_tasks.random_task(seed, max_cost=9, least_cost=1)
        cost = naive.astar(Planning(task, "small"))
        try:
            result = solve(Planning(scaled(task, 2**shift), "large"), heuristic)
        except BadInputError:
            refused += 1
            continue
        exact += 1
        assert result.cost == (None if cost is None else cost << shift)
        assert (result.status is Status.UNSOLVABLE) == (cost is None)
    assert exact > 0 if shift <= 43 else refused > 0


def test_no_plan_is_not_said_to_be_proved_when_successors_may_have_been_left_out():
    task = scaled(sas_tasks.counters(2, 4, 3), 2**45)
    nowhere = replace(task, operators=tuple(one for one in task.operators if one.name != "count 1 2"))

    assert solve(Planning(replace(nowhere, operators=()), "no way"), "blind").status is Status.UNSOLVABLE
    with pytest.raises(BadInputError, match="no plan costs less than 140737488355328"):
        solve(Planning(nowhere, "no way"), "blind")


def test_bounds_leave_room_for_every_sum():
    for n_variables in (2, 40):
        costs = bounded(scaled(sas_tasks.random_task(1, n_variables, 30), 2**60))
        n_facts = sum(len(variable.values) for variable in costs.task.variables)

        assert costs.are_lowered
        assert costs.bound * n_facts <= MOST_H < INFINITY
        assert max(operator.cost for operator in costs.task.operators) == costs.bound


def test_plans_are_replayed_at_the_costs_given():
    domain = Planning(road(5, 5, 2**47), "road", preprocess="h2")

    assert solve(domain, "blind").cost == domain.replay([0, 1]) == 10
