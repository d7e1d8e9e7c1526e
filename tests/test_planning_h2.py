"""h^2 against a slow reference, against all states of small tasks, and costs with it against costs without."""

import json
from dataclasses import replace
from itertools import combinations_with_replacement, product
from pathlib import Path

import naive
import pytest
import sas_tasks

from pdsearch import Status, solve
from pdsearch.cli import main
from pdsearch.domains.planning.h2 import find_possible, reduce_by_h2, unpack
from pdsearch.domains.planning.sas import Effect, Operator, SasTask, Variable
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import UnknownNameError

DATA = Path(__file__).parent / "data" / "planning"
KINDS = {
    "few operators": {"n_operators": 12, "max_cost": 9, "least_cost": 0},
    "many operators": {"n_operators": 25, "max_cost": 9, "least_cost": 0},
    "many variables": {"n_variables": 7, "n_operators": 22, "max_cost": 3, "least_cost": 0},
}


def facts_of(task):
    return [(var, value) for var, variable in enumerate(task.variables) for value in range(len(variable.values))]


def impossible(task, found):
    """Return the impossible pairs as frozensets of facts; a fact that is impossible alone is a set of one."""
    facts = facts_of(task)
    possible = unpack(found.pairs)
    pairs = combinations_with_replacement(range(len(facts)), 2)
    return {frozenset((facts[i], facts[j])) for i, j in pairs if not possible[i, j]}


def pairs_of(facts):
    return {frozenset(pair) for pair in combinations_with_replacement(sorted(facts), 2)}


def slow_h2(task):
    """Return the possible pairs and the numbers of the usable operators, by sets and the definitions."""
    facts = facts_of(task)
    possible = {pair for pair in pairs_of(facts) if len({var for var, _ in pair}) == len(pair)}
    goal = dict(task.goal)
    last = [(var, value) for var, value in facts if goal.get(var, value) == value]
    while True:
        before = possible
        possible = slow_closure(task, facts, pairs_of(enumerate(task.initial)) & possible, possible, forward=True)
        possible = slow_closure(task, facts, pairs_of(last) & possible, possible, forward=False)
        if possible == before:
            break
    links = [sides(task, operator) for operator in task.operators]
    usable = [pairs_of(pre) | pairs_of(post) <= possible for pre, post, _ in links]
    return possible, usable


def sides(task, operator):
    """Return what holds before an operator, what holds after it, and the variables it sets."""
    pre = dict(operator.preconditions)
    made = {effect.variable: effect.value for effect in operator.effects}
    return set(pre.items()), set((pre | made).items()), set(made)


def slow_closure(task, facts, reached, possible, forward):
    reached = set(reached)
    while True:
        before = len(reached)
        for operator in task.operators:
            pre, post, changed = sides(task, operator)
            need, give = (pre, post) if forward else (post, pre)
            if not (pairs_of(need) <= reached and pairs_of(give) <= possible):
                continue
            fixed = {var for var, _ in give}
            free = {fact for fact in facts if fact[0] in changed and fact[0] not in fixed}
            kept = {
                fact
                for fact in facts
                if fact[0] not in changed and all(frozenset((fact, other)) in reached for other in need | {fact})
            }
            new = {fact for fact in give if fact[0] in changed} | free
            after = {fact for fact in kept | new if all(frozenset((fact, other)) in possible for other in give)}
            reached |= {frozenset(pair) for pair in product(new & after, after)} & possible
        if len(reached) == before:
            return reached


@pytest.mark.parametrize(
    ("options", "n_seeds"),
    [
        *((options, 25) for options in KINDS.values()),
        ({"n_variables": 25, "n_operators": 50}, 3),
    ],
)
def test_pairs_and_operators_are_those_of_the_definition(options, n_seeds):
    for seed in range(n_seeds):
        task = sas_tasks.random_task(seed, **options)

        found = find_possible(task)

        possible, usable = slow_h2(task)
        assert impossible(task, found) == pairs_of(facts_of(task)) - possible
        assert found.usable.tolist() == usable


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutex_holds_in_no_reachable_state(kind):
    found_any = False
    for seed in range(60):
        task = replace(sas_tasks.random_task(seed, **KINDS[kind]), goal=())  # every state is a goal: none is a dead end
        domain = Planning(task, "any state")

        mutexes = impossible(task, find_possible(task))

        for state in naive.reachable(domain):
            assert mutexes.isdisjoint(pairs_of(enumerate(domain.unpack(state))))
        found_any = found_any or any(len({var for var, _ in pair}) == 2 for pair in mutexes)
    assert found_any


@pytest.mark.parametrize("kind", KINDS)
def test_states_and_operators_on_a_way_to_a_goal_are_kept(kind):
    for seed in range(60):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        on_a_way = naive.distances_to_goal(domain)

        found = find_possible(domain.task)

        ruled_out = impossible(domain.task, found)
        for state in on_a_way:
            assert ruled_out.isdisjoint(pairs_of(enumerate(domain.unpack(state))))
            for operator, successor, _ in naive.successors(domain, state):
                assert found.usable[operator] or successor not in on_a_way
        assert found.is_solvable or domain.initial not in on_a_way


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", KINDS)
def test_the_cost_is_that_of_the_task_as_it_was_given(kind):
    costs, removed = [], 0
    for seed in range(120):
        given = sas_tasks.planning(seed, **KINDS[kind])
        domain = Planning(given.task, "with h2", preprocess="h2")

        result = solve(domain, "blind", check_solvable=False)

        assert result.cost == naive.astar(given)
        if result.plan is not None:
            numbers = {given.operator_name(operator): operator for operator in range(len(given.task.operators))}
            assert given.replay([numbers[name] for name in result.plan]) == result.cost
        costs.append(result.cost)
        removed += "h2 removed" in result.notes[0] and result.cost is not None
    assert None in costs
    assert max(cost or 0 for cost in costs) >= 3
    assert removed >= 10


@pytest.mark.parametrize("budget", [0, 60, 200])
def test_work_that_ends_early_keeps_the_cost(budget):
    early = 0
    for seed in range(60):
        given = sas_tasks.planning(seed, **KINDS["many operators"])

        prepared = reduce_by_h2(given.task, budget)

        assert naive.astar(Planning(prepared.task, "early")) == naive.astar(given)
        early += prepared.note.endswith(", and stopped early")
    assert early


def test_an_unsolvable_task_is_proved_so_without_a_search():
    stuck = Planning.parse(str(DATA / "stuck.sas"), preprocess="h2")

    result = solve(stuck, "blind")

    assert result.status is Status.UNSOLVABLE
    assert result.reason == "no plan has possible pairs of facts only (h2)"
    assert result.expanded == 0


@pytest.mark.parametrize(
    ("options", "why"), [({"conditional": True}, "conditional effects"), ({"axioms": True}, "axioms")]
)
def test_a_task_it_is_not_defined_for_is_left_as_it_is(options, why):
    task = sas_tasks.random_task(1, **options)

    domain = Planning(task, "with h2", preprocess="h2")

    assert domain.task is task
    assert domain.notes() == [f"h2 is off: the task has {why}"]


def test_a_task_without_anything_to_remove_is_left_as_it_is():
    courier = Planning.parse(str(DATA / "courier.sas"), preprocess="h2")

    assert courier.notes() == ["h2 is off: it found nothing to remove"]
    assert courier.task == Planning.parse(str(DATA / "courier.sas")).task


def two_lamps(goal, *operators):
    """Return a task over two binary variables, both 0 at first."""
    variables = tuple(Variable(name, -1, ("off", "on")) for name in ("left", "right"))
    return SasTask(True, variables, (((0, 1), (1, 1)),), (0, 0), goal, operators)


def press(preconditions, *made, cost=1):
    name = f"press {preconditions} {made}"
    return Operator(name, preconditions, tuple(Effect((), var, value) for var, value in made), cost)


def test_a_variable_with_one_value_left_disappears_and_with_it_its_mutex_group():
    broken = press(((1, 1),), (1, 0))
    task = two_lamps(((0, 1),), press(((1, 0),), (0, 1)), broken)

    prepared = reduce_by_h2(task)

    assert [variable.name for variable in prepared.task.variables] == ["left"]
    assert prepared.task.mutexes == ()
    assert prepared.task.operators == (replace(task.operators[0], preconditions=()),)
    assert prepared.operators == (0,)
    assert prepared.note == "h2 removed 1 of 2 operators and 1 of 4 facts"


def test_a_task_whose_variables_all_stay_as_they_are_keeps_one():
    task = two_lamps((), press(((0, 1),), (1, 1)))

    prepared = reduce_by_h2(task)

    assert len(prepared.task.variables) == 1
    assert solve(Planning(prepared.task, "nothing to do"), "blind").cost == 0


def test_a_value_that_a_precondition_implies_becomes_one():
    left_on, to_right = press(((0, 0), (1, 0)), (0, 1)), press(((0, 1),), (0, 0), (1, 1))  # never both on
    task = two_lamps(((1, 1),), left_on, to_right, press(((0, 1), (1, 1)), (0, 0)))

    prepared = reduce_by_h2(task)

    assert prepared.operators == (0, 1)
    assert prepared.task.operators[1].preconditions == ((0, 1), (1, 0))


def test_operators_of_equal_name_are_told_apart_when_a_plan_is_replayed():
    useless, expensive, cheap = press(((1, 1),), (0, 1)), press((), (0, 1), cost=7), press((), (0, 1), cost=2)
    task = two_lamps(((0, 1),), *(replace(operator, name="press") for operator in (useless, expensive, cheap)))

    result = solve(Planning(task, "same names", preprocess="h2"), "blind")

    assert (result.cost, result.plan) == (2, ["(press)"])


def test_the_command_line_says_what_was_done(capsys):
    code = main(["solve", "planning", str(DATA / "stuck.sas"), "--preprocess", "h2", "--json", "-"])

    assert code == Status.UNSOLVABLE.value
    assert json.loads(capsys.readouterr().out)["notes"] == ["h2 removed all operators"]


def test_an_unknown_name_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="no preprocessor is called 'h22'; did you mean 'h2'"):
        Planning.parse(str(DATA / "courier.sas"), preprocess="h22")
