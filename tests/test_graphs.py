"""Costs that are not 1, heuristics that are not consistent, and nodes that need the wide layout."""

import graphs
import naive
import pytest
from examples import others_wide
from schedules import LIMITS, run
from searches import astar

from pdsearch import Status
from pdsearch.search.best_first.simulation import Schedule

COSTS = {"unit": 1, "small": 9, "large": 2**28}  # the largest is beyond the lean layout, and beyond buckets


def check(result, task):
    expected = naive.astar(task.domain)
    assert result.status is (Status.UNSOLVABLE if expected is None else Status.SOLVED)
    assert result.cost == expected
    if expected is not None:
        assert task.domain.replay([int(operator) for operator in result.plan]) == expected


KINDS = others_wide([("small", True), ("unit", False), ("small", False), ("large", True)])


@pytest.mark.few(1)
@pytest.mark.parametrize("batch", [1, 4, 32])
@pytest.mark.parametrize("open_list", ["auto", "heap"])
@pytest.mark.parametrize(("costs", "wide"), KINDS)
def test_astar_is_optimal_on_random_graphs_with_an_inconsistent_heuristic(costs, wide, open_list, batch):
    reopened = 0
    for seed in range(60):
        task = graphs.random_problem(seed, COSTS[costs], wide=wide)
        result = astar(task, LIMITS, batch=batch, open_list=open_list)
        check(result, task)
        reopened += result.reopened
    assert costs == "unit" or reopened > 0


@pytest.mark.wide
@pytest.mark.parametrize(("costs", "wide"), KINDS)
def test_hdastar_is_optimal_on_random_graphs_under_every_schedule(costs, wide):
    reopened = 0
    for seed in range(150):
        task = graphs.random_problem(seed, COSTS[costs], n_ranks=2 + seed % 5, wide=wide)
        result, _ = run(task, Schedule.random(seed))
        check(result, task)
        reopened += result.reopened
    assert costs == "unit" or reopened > 0
