"""Stubborn sets: what they leave out is never needed, they leave something out, and give up where they do not."""

import json
from dataclasses import replace
from pathlib import Path

import drivers
import naive
import numpy as np
import pytest
import sas_tasks
from schedules import run

from pdsearch import Status, solve
from pdsearch.cli import main
from pdsearch.domains.planning.interference import Interference, ways
from pdsearch.domains.planning.sas import SasTask, Variable
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, UnknownNameError
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task

DATA = Path(__file__).parent / "data" / "planning"
KINDS = {
    "few operators": {"n_operators": 12, "max_cost": 9, "least_cost": 0},
    "many operators": {"n_operators": 22, "max_cost": 9, "least_cost": 0},
    "many variables": {"n_variables": 7, "n_operators": 20, "max_cost": 3, "least_cost": 0},
    "no costs": {"n_variables": 6, "n_operators": 18, "max_cost": 0, "least_cost": 0},
}


def pruned(task):
    return Planning(task, "with stubborn sets", pruning="stubborn")


def without_interference(domain):
    """Return a domain whose sets are not stubborn: no operator brings in those that interfere with it."""
    stubborn = domain.space.stubborn
    foes_first = np.zeros_like(stubborn.foes_first)
    domain.space = domain.space._replace(stubborn=stubborn._replace(foes_first=foes_first))
    return domain


def without_achievers(domain):
    """Return a domain whose sets are not stubborn: of the achievers of a fact they have the first only."""
    stubborn = domain.space.stubborn
    rows = np.split(stubborn.operators, stubborn.list_first[1:-1])
    rows = [row[:1] if number < len(stubborn.value) else row for number, row in enumerate(rows)]
    list_first = np.cumsum([0, *map(len, rows)])
    domain.space = domain.space._replace(
        stubborn=stubborn._replace(list_first=list_first, operators=np.concatenate(rows))
    )
    return domain


WRONG = [without_interference, without_achievers]


def check_every_state(kind, n_seeds, change=lambda domain: domain):
    """AssertionError unless, in each state, an operator that is kept begins a shortest of the cheapest plans.

    An operator that costs c is made to cost 1000 c + 1: of plans of equal cost, the shortest is then the cheapest.
    """
    for seed in range(n_seeds):
        task = sas_tasks.random_task(seed, **KINDS[kind])
        dearer = tuple(replace(operator, cost=1000 * operator.cost + 1) for operator in task.operators)
        domain = change(pruned(replace(task, operators=dearer)))
        to_go = naive.distances_to_goal(domain)
        for state, distance in to_go.items():
            if distance:
                kept = drivers.rows(domain, *drivers.expanded(domain, state))
                assert set(kept) <= set(naive.successors(domain, state))
                assert distance in [cost + to_go[successor] for _, successor, cost in kept if successor in to_go]


def check_costs(kind, n_seeds, change=lambda domain: domain):
    """AssertionError unless the optimal cost is that of a search without pruning; return the costs."""
    costs = []
    for seed in range(n_seeds):
        domain = change(pruned(sas_tasks.random_task(seed, **KINDS[kind])))

        result = solve(domain, "blind")

        assert result.cost == naive.astar(domain)
        costs.append(result.cost)
    return costs


@pytest.mark.wide
@pytest.mark.parametrize("kind", KINDS)
def test_in_every_state_an_operator_of_a_shortest_cheapest_plan_is_kept(kind):
    check_every_state(kind, 60)


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", KINDS)
def test_the_optimal_cost_stays(kind):
    costs = check_costs(kind, 120)

    assert None in costs
    assert max(cost or 0 for cost in costs) >= KINDS[kind]["max_cost"]


@pytest.mark.parametrize("change", WRONG)
def test_sets_that_are_not_stubborn_fail_both_tests(change):
    with pytest.raises(AssertionError):
        check_every_state("many operators", 60, change)
    with pytest.raises(AssertionError):
        check_costs("many operators", 120, change)


@pytest.mark.wide
@pytest.mark.parametrize("kind", KINDS)
def test_the_optimal_cost_stays_under_every_schedule(kind):
    for seed in range(60):
        domain = pruned(sas_tasks.random_task(seed, **KINDS[kind]))
        task = make_task(domain, "blind", "zobrist", 2 + seed % 5, seed=seed)

        result, _ = run(task, Schedule.random(seed))

        assert result.cost == naive.astar(domain)


def test_the_optimal_cost_stays_with_preprocessing_too():
    for seed in range(120):
        given = sas_tasks.planning(seed, **KINDS["many operators"])
        domain = Planning(given.task, "with both", preprocess="h2", pruning="stubborn")

        result = solve(domain, "blind", check_solvable=False)

        assert result.cost == naive.astar(given)


def test_parts_that_do_not_touch_are_dealt_with_one_after_the_other():
    task = sas_tasks.counters(n_variables=6, size=3, goal=2)

    without, with_sets = solve(Planning(task, "counters"), "blind"), solve(pruned(task), "blind")

    assert without.cost == with_sets.cost == 12
    assert without.expanded == 3**6 - 1
    assert with_sets.expanded == with_sets.generated == 12
    assert with_sets.notes[0].startswith("stubborn sets left out")


def test_a_state_from_which_no_operator_leads_to_the_goal_is_left_at_once():
    task = sas_tasks.counters(n_variables=4, size=2, goal=1)
    task = replace(task, operators=tuple(operator for operator in task.operators if operator.name != "count 0 0"))

    result = solve(pruned(task), "blind")

    assert result.status is Status.UNSOLVABLE
    assert (result.expanded, result.generated) == (1, 0)


@pytest.mark.wide
def test_pruning_that_leaves_out_too_little_ends_after_a_thousand_states():
    ring = tuple(
        sas_tasks.changes(f"step {by} from {at}", ((0, at),), 0, (at + by) % 1200)
        for at in range(1200)
        for by in (1, -1)
    )
    task = SasTask(True, (Variable("place", -1, ("",) * 1200),), (), (0,), ((0, 600),), ring)
    domain = pruned(task)

    result = solve(domain, "blind", distribution="zobrist")

    assert result.cost == 600
    assert result.generated == solve(Planning(task, "ring"), "blind", distribution="zobrist").generated
    assert domain.notes() == ["stubborn sets are off: they left out 0.0 % of the successors of 1,000 states"]


@pytest.mark.wide
def test_pruning_that_pays_goes_on_after_a_thousand_states():
    task = sas_tasks.counters(n_variables=2, size=1100, goal=1099)

    result = solve(pruned(task), "blind", distribution="zobrist")

    assert result.expanded == result.cost == 2 * 1099
    assert result.notes[0].startswith("stubborn sets left out")


def interferes(one, other, sizes):
    """Say whether two operators interfere, by applying them to the states of the variables that they touch."""
    touched = sorted({var for operator in (one, other) for var in touches(operator)})
    for values in np.ndindex(*(sizes[var] for var in touched)):
        state = dict(zip(touched, values, strict=True))
        if applies(one, state) and applies(other, state):
            after_one, after_other = apply(one, state), apply(other, state)
            if not (applies(other, after_one) and applies(one, after_other)):
                return True
            if apply(other, after_one) != apply(one, after_other):
                return True
    return False


def touches(operator):
    return {var for var, _ in operator.preconditions} | {effect.variable for effect in operator.effects}


def applies(operator, state):
    return all(state[var] == value for var, value in operator.preconditions)


def apply(operator, state):
    return state | {effect.variable: effect.value for effect in operator.effects}


def test_every_operator_that_interferes_is_named():
    some = 0
    for seed in range(30):
        task = sas_tasks.random_task(seed, n_variables=4, n_operators=15)
        sizes = [len(variable.values) for variable in task.variables]
        interference = Interference(task)
        for one in task.operators:
            named = {foe for way, _ in ways(one) for foe in interference.foes(way)}
            for number, other in enumerate(task.operators):
                if other is not one and interferes(one, other, sizes):
                    assert number in named
                    some += 1
    assert some > 100


@pytest.mark.parametrize(
    ("options", "words"), [({"conditional": True}, "conditional effects"), ({"axioms": True}, "axioms")]
)
def test_a_task_it_is_not_defined_for_is_refused(options, words):
    task = sas_tasks.random_task(1, **options)

    with pytest.raises(BadInputError, match=f"'stubborn' is not defined for {words}, which the task has; leave out"):
        pruned(task)


def test_an_unknown_name_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="no pruning is called 'stuborn'; did you mean 'stubborn'"):
        Planning.parse(str(DATA / "courier.sas"), pruning="stuborn")


def test_the_command_line_says_what_was_left_out(capsys):
    words = ["solve", "planning", str(DATA / "courier.sas"), "--heuristic", "blind", "--json", "-"]
    main(words)
    without = json.loads(capsys.readouterr().out)

    main([*words, "--pruning", "stubborn"])

    result = json.loads(capsys.readouterr().out)
    assert result["cost"] == without["cost"]
    assert result["notes"][0].startswith("stubborn sets")
    assert without["notes"] == []


@pytest.mark.wide
@pytest.mark.mpi
def test_real_ranks_find_the_same_cost(mpirun):
    words = ["solve", "planning", str(DATA / "courier.sas"), "--preprocess", "h2", "--pruning", "stubborn"]
    words += ["--heuristic", "blind"]

    job = mpirun(2, *words, "--json", "-")

    assert json.loads(job.stdout)["cost"] == solve(Planning.parse(str(DATA / "courier.sas"))).cost
