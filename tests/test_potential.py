"""Potentials are exact lower bounds and consistent on small tasks of every shape; what breaks a row is found out."""

import heapq
import re
import sys
from collections import defaultdict

import numpy as np
import pytest
import sas_tasks

from pdsearch.domains.planning.potential import Potential
from pdsearch.domains.planning.potential_rows import are_kept, potential_rows
from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
from pdsearch.domains.planning.semantics import holds, successor
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, MissingDependencyError, TimeLimitError
from pdsearch.limits import Deadline

pytest.importorskip("highspy")


def explored(domain):
    """Every reachable state with its successors and costs, and the cost from each to a goal where there is a way."""
    task, todo, after, before = domain.task, [tuple(domain.unpack(domain.initial))], {}, defaultdict(list)
    while todo:
        state = todo.pop()
        if state in after:
            continue
        applicable = [operator for operator in task.operators if holds(operator.preconditions, state)]
        after[state] = [(successor(task, state, operator), operator.cost) for operator in applicable]
        for other, cost in after[state]:
            before[other].append((state, cost))
            todo.append(other)
    costs = {state: 0 for state in after if holds(task.goal, state)}
    queue = [(0, state) for state in costs]
    while queue:
        cost, state = heapq.heappop(queue)
        for other, more in before[state] if cost == costs[state] else []:
            if cost + more < costs.get(other, np.inf):
                costs[other] = cost + more
                heapq.heappush(queue, (cost + more, other))
    return after, costs


SHAPES = [{}, {"conditional": True}, {"axioms": True}, {"conditional": True, "axioms": True}]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("least_cost", [0, 1])
def test_no_state_costs_less_and_no_move_lowers_h_by_more_than_it_costs(shape, least_cost):
    solvable = 0
    for seed in range(10):
        domain = sas_tasks.planning(seed, max_cost=1 + seed % 4, least_cost=least_cost, n_operators=14, **shape)
        heuristic = Potential(domain, "3")
        after, costs = explored(domain)
        h = {state: heuristic.value(domain.pack(state)) for state in after}
        assert all(0 <= h[state] <= heuristic.max_h for state in h)
        assert all(h[state] <= cost for state, cost in costs.items())
        assert all(h[state] <= cost + h[other] for state in after for other, cost in after[state])
        solvable += bool(costs)
    assert solvable > 0


def test_without_memory_for_all_variables_some_have_no_potentials_and_the_bound_is_one_still():
    left_out = 0
    for seed in range(6):
        domain = sas_tasks.planning(seed, max_cost=3, n_operators=14, conditional=bool(seed % 2))
        domain.deadline = Deadline(memory_bytes=2**13)
        heuristic = Potential(domain, "2")
        _, costs = explored(domain)
        assert all(heuristic.value(domain.pack(state)) <= cost for state, cost in costs.items())
        said = heuristic.notes()
        assert not said or re.fullmatch(r"potential: \d of \d variables have no potentials, for memory of 8 KiB", *said)
        left_out += len(said)
    assert left_out > 0


def test_counters_that_are_independent_are_solved_by_the_potentials_alone():
    domain = Planning(sas_tasks.counters(4, 5, goal=3), "counters")

    assert Potential(domain, "1").value(domain.initial) == 4 * 3


def test_a_row_that_is_broken_by_the_least_is_found():
    domain = Planning(sas_tasks.counters(2, 3, goal=2), "counters")
    rows, sizes = potential_rows(domain.task, np.ones(2, bool)), np.array(domain.sizes)
    whole = np.array([2, 1, 0] * 2)

    assert are_kept(rows, 7 * whole, 7, sizes)
    for fact in (0, 3, 2, 5):  # one more lost by the first move, or above 0 in a goal
        more = 7 * whole
        more[fact] += 1
        assert not are_kept(rows, more, 7, sizes)


@pytest.mark.parametrize("option", ["0", "65", "x", "9" * 5000])
def test_a_number_of_functions_that_is_none_is_refused(option):
    with pytest.raises(BadInputError, match="give a number of functions from 1 to 64"):
        Potential(Planning(parse_sas(EXAMPLE, "lamp.sas"), "lamp"), option)


def test_time_and_a_missing_solver_are_said_in_a_line(monkeypatch):
    lamp = parse_sas(EXAMPLE, "lamp.sas")
    late = Planning(lamp, "lamp", deadline=Deadline())
    late.deadline = Deadline(0.0)
    with pytest.raises(TimeLimitError, match="linear programme of potentials"):
        Potential(late)
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(MissingDependencyError, match="pip install highspy"):
        Potential(Planning(lamp, "lamp"))


def test_the_solver_prints_nothing(capfd):
    Potential(Planning(parse_sas(EXAMPLE, "lamp.sas"), "lamp"))

    assert capfd.readouterr() == ("", "")
