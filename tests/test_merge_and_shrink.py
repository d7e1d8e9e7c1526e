"""Merge-and-shrink: exact where it may be, a lower bound everywhere, against exhaustive search on random tasks."""

from itertools import product as iterate

import drivers
import naive
import numpy as np
import pytest
import sas_tasks
from examples import DATA
from schedules import run

from pdsearch import Status, solve
from pdsearch.domains.pancake.stack import Pancake
from pdsearch.domains.planning.abstract_distances import Distances, distances
from pdsearch.domains.planning.contexts import knots
from pdsearch.domains.planning.factors import factors
from pdsearch.domains.planning.labels import label_steps
from pdsearch.domains.planning.linear_merging import merge
from pdsearch.domains.planning.merge_and_shrink import h_tables
from pdsearch.domains.planning.sas import Axiom, Effect, Operator, SasTask, Variable
from pdsearch.domains.planning.semantics import holds, successor
from pdsearch.domains.planning.shrinking import shrink
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.planning.transition_systems import point, product
from pdsearch.errors import BadInputError, TimeLimitError
from pdsearch.heuristics import make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Deadline
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task

PLAIN = {
    "unit costs": {"n_operators": 20},
    "costs": {"max_cost": 9, "n_operators": 20},
    "free operators": {"max_cost": 3, "least_cost": 0, "n_operators": 20},
}
KINDS = PLAIN | {
    "conditional": {"conditional": True, "max_cost": 3},
    "axioms": {"axioms": True},
    "everything": {"conditional": True, "axioms": True, "max_cost": 5, "least_cost": 0},
}
LIMITS = (1, 2, 5, 17, 60, 1000)


EXACT = PLAIN | {"conditional": {"conditional": True, "max_cost": 3, "n_operators": 20}}


@pytest.mark.few(2)
@pytest.mark.parametrize("kind", EXACT)
def test_with_room_for_all_states_h_is_the_distance(kind):
    n_finite = n_dead = 0
    for seed in range(60):
        domain = sas_tasks.planning(seed, **EXACT[kind])
        heuristic = make_heuristic(domain, "merge-and-shrink:2000")

        distance = naive.distances_to_goal(domain)

        for state in naive.reachable(domain):
            assert heuristic.value(state) == distance.get(state, INFINITY)
        n_finite += len(distance)
        n_dead += len(naive.reachable(domain)) - len(distance)
    assert min(n_finite, n_dead) > 100


@pytest.mark.few(12)
@pytest.mark.parametrize("most", LIMITS)
@pytest.mark.parametrize("kind", KINDS)
def test_h_is_never_too_high_and_consistent_and_dead_ends_are_dead(kind, most):
    for seed in range(20):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        heuristic = make_heuristic(domain, f"merge-and-shrink:{most}")
        distance = naive.distances_to_goal(domain)

        h = {state: heuristic.value(state) for state in naive.reachable(domain)}

        assert all(0 <= h[state] <= distance.get(state, INFINITY) for state in h)
        assert all(h[state] <= heuristic.max_h for state in distance)
        for state, edges in naive.reachable(domain).items():
            assert all(h[state] <= cost + h[successor] for successor, cost in edges)


@pytest.mark.wide
@pytest.mark.parametrize("kind", KINDS)
def test_the_compiled_evaluation_is_the_value(kind):
    for seed in range(20):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        heuristic = make_heuristic(domain, "merge-and-shrink:20")

        for state in naive.reachable(domain):
            assert drivers.evaluate_one(heuristic.tables, domain.space, drivers.words_of(state)) == heuristic.value(
                state
            )


@pytest.mark.few(2)
@pytest.mark.parametrize("kind", KINDS)
def test_astar_finds_what_exhaustive_search_finds(kind):
    found = []
    for seed in range(40):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        cost = naive.astar(domain)

        result = solve(domain, "merge-and-shrink:30")

        assert result.cost == cost
        assert result.status is (Status.UNSOLVABLE if cost is None else Status.SOLVED)
        found.append(cost)
    assert None in found
    assert max(cost or 0 for cost in found) >= 3


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", KINDS)
def test_hdastar_finds_the_same_under_every_schedule(kind):
    for seed in range(20):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        task = make_task(domain, "merge-and-shrink:30", "zobrist", 2 + seed % 5, seed=seed)

        result, _ = run(task, Schedule.random(seed))

        assert result.cost == naive.astar(domain)


def test_more_states_tell_more():
    sums = dict.fromkeys(LIMITS, 0)
    for seed in range(40):
        domain = sas_tasks.planning(seed, max_cost=4)
        for most in LIMITS:
            heuristic = make_heuristic(domain, f"merge-and-shrink:{most}")
            sums[most] += sum(heuristic.value(state) for state in naive.distances_to_goal(domain))

    assert list(sums.values()) == sorted(sums.values())
    assert sums[1] == 0
    assert sums[17] < sums[1000]


def test_reduced_labels_change_no_distance():
    n_labels = n_reduced = 0
    for seed in range(30):
        task = sas_tasks.random_task(seed, n_variables=4, n_operators=30, max_cost=2)
        costs = np.array([operator.cost for operator in task.operators])
        parts = factors(task)
        steps, _ = label_steps(parts, costs)
        plain, reduced = point(len(costs)), point(len(steps[0].group))

        for (part, _), labels in zip(parts.values(), steps, strict=True):
            plain = product(plain, part, np.arange(len(costs)))
            reduced = reduced._replace(group=reduced.group[labels.before])
            reduced = product(reduced, part._replace(group=labels.group), labels.reduced)

            expected, found = distances(plain, costs), distances(reduced, labels.cost_after)
            assert found.g.tolist() == expected.g.tolist()
            assert found.h.tolist() == expected.h.tolist()
            n_labels += len(plain.group)
            n_reduced += len(reduced.group)
    assert n_reduced < 0.8 * n_labels


def tied_task(seed, n_operators=8):
    """Return a task of four variables, most of whose effects look at one or two others."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 4, 4).tolist()

    def facts(n):
        chosen = sorted(rng.choice(4, size=n, replace=False).tolist())
        return tuple((var, int(rng.integers(sizes[var]))) for var in chosen)

    operators = tuple(
        Operator(
            f"act {number}",
            facts(int(rng.integers(2))),
            tuple(Effect(facts(int(rng.integers(3))), *facts(1)[0]) for _ in range(rng.integers(1, 5))),
            int(rng.integers(4)),
        )
        for number in range(n_operators)
    )
    variables = tuple(Variable(f"var {var}", -1, tuple(map(str, range(size)))) for var, size in enumerate(sizes))
    return SasTask(True, variables, (), (0,) * 4, facts(2), operators)


def transitions_of(one):
    """Return the transitions of an abstraction that change its state, operator by operator."""
    members = {}
    for group, operator in zip(one.group_of.tolist(), one.operator_of.tolist(), strict=True):
        members.setdefault(group, []).append(operator)
    edges = zip(one.source.tolist(), one.target.tolist(), one.group.tolist(), strict=True)
    return {(a, b, operator) for a, b, group in edges for operator in members[group] if a != b}


def slow_transitions_of(task, one):
    """Return them by definition, but for those of states that are dead or that the initial one does not reach."""
    last, found = len(one.live) - 1, set()
    for values in iterate(*(range(len(variable.values)) for variable in task.variables)):
        for number, operator in enumerate(task.operators):
            if holds(operator.preconditions, values):
                a, b = one.state_of(values), one.state_of(successor(task, values, operator))
                if a != b and last not in (a, b):
                    found.add((a, b, number))
    return found


@pytest.mark.parametrize("most", [4, 12, 1000])
def test_transitions_are_those_of_the_task_and_conditional_effects_happen_where_their_conditions_hold(most):
    n_transitions = n_knots = 0
    for seed in range(40):
        task = tied_task(seed) if seed % 4 else sas_tasks.random_task(seed, max_cost=3)
        one, _ = merge(task, most, apart=True)

        found = transitions_of(one)

        assert found == slow_transitions_of(task, one)
        n_transitions += len(found)
        n_knots += sum(len(factor.cases) for factor in factors(task).values())
    assert n_transitions > (400 if most > 4 else 50)
    assert n_knots > 100


def test_h_is_the_distance_where_effects_are_tied_and_all_states_have_room_and_lower_where_not():
    n = n_lower = 0
    for seed in range(40):
        domain = Planning(tied_task(seed), f"tied task {seed}")
        exact, roomy, small = (
            naive.distances_to_goal(domain),
            *(make_heuristic(domain, f"merge-and-shrink:{n}") for n in (1000, 6)),
        )
        for state in naive.reachable(domain):
            assert roomy.value(state) == exact.get(state, INFINITY) >= small.value(state)
            n_lower += small.value(state) < roomy.value(state)
        n += len(exact)
    assert min(n, n_lower) > 100


@pytest.mark.parametrize("most", [1, 3, 20])
def test_with_too_many_cases_effects_happen_or_not_and_h_is_still_a_lower_bound(most, monkeypatch):
    monkeypatch.setattr("pdsearch.domains.planning.factors.MOST_CASES", most)
    n_more = 0
    for seed in range(40):
        domain = Planning(tied_task(seed), f"tied task {seed}")
        one, _ = merge(domain.task, 1000, apart=True)
        found, expected = transitions_of(one), slow_transitions_of(domain.task, one)
        heuristic = make_heuristic(domain, "merge-and-shrink")
        exact = naive.distances_to_goal(domain)

        assert expected <= found
        assert all(heuristic.value(state) <= exact.get(state, INFINITY) for state in naive.reachable(domain))
        n_more += len(found) > len(expected)
    assert (n_more > 0) == (most < 20)


def test_knots_that_are_open_at_once_have_no_more_cases_together_than_allowed():
    effects = tuple(Effect(((var, 1),), (var + 3) % 6, 1) for var in range(6))
    operator, sizes = Operator("act", (), effects, 1), dict.fromkeys(range(6), 3)

    for most in (1, 5, 20, 1000):
        found = knots(operator, sizes, most)
        assert np.prod([len(knot.cases) for knot in found]) <= most
        for knot in found:
            for values in iterate(range(3), repeat=len(knot.variables)):
                given = dict(zip(knot.variables, values, strict=True))
                assert sum(all(given[var] in case[var] for var in given) for case in knot.cases) == 1
    assert [knot.variables for knot in found] == [(0, 3), (1, 4), (2, 5)]


def test_knots_of_many_effects_have_fewer_cases_and_keep_the_deadline():
    effects = tuple(Effect(((var + 1 & 7, value),), var, value) for var in range(8) for value in range(20))
    operator, sizes = Operator("turn", (), effects, 1), dict.fromkeys(range(8), 20)
    looks = 8 * 20 * 20  # to ask once

    assert [len(one.cases) for one in knots(operator, sizes, looks=5 * looks)] == [5]
    assert not knots(operator, sizes, looks=looks)
    with pytest.raises(TimeLimitError):
        knots(operator, sizes, deadline=Deadline(0.0))


def test_operators_have_fewer_cases_where_memory_is_short():
    def n_cases(memory):
        parts = factors(tied_task(1), Deadline(1e9, memory)).values()
        return sum(len(knot.cases) for part in parts for knot, _ in part.cases.values())

    assert n_cases(None) == n_cases(2**20) > n_cases(30_000) > n_cases(1000) == 0


def test_what_is_asked_of_variables_of_one_value_is_known():
    variables = (Variable("one", -1, ("a",)), Variable("two", -1, ("a", "b")))
    there_and_back = Operator("act", (), (Effect((), 1, 1), Effect(((0, 0),), 1, 0)), 1)
    task = SasTask(True, variables, (), (0, 0), ((1, 1),), (there_and_back,))

    assert h_tables(task, 10)[0][1:].max() < 0  # of the second variable
    assert not transitions_of(merge(task, 10, everywhere=True, apart=True)[0])


def random_distances(seed):
    rng = np.random.default_rng(seed)
    found = Distances(rng.integers(0, 6, 60), rng.integers(0, 6, 60))
    found.g[rng.integers(60, size=5)] = INFINITY
    found.h[rng.integers(60, size=5)] = INFINITY
    return found


@pytest.mark.parametrize("most", [1, 3, 10, 30, 40, 59, 60, 100])
def test_shrinking_combines_the_highest_f_and_then_the_lowest_h_first(most):
    for seed in range(20):
        found = random_distances(seed)
        alive = np.flatnonzero(found.alive)
        bucket = {state: (-found.g[state] - found.h[state], found.h[state]) for state in alive.tolist()}
        n_buckets = len(set(bucket.values()))

        to, n = shrink(found, most, np.random.default_rng(seed))

        assert n == min(most, len(alive))
        assert (to[~found.alive] == -1).all()
        assert sorted(set(to[alive].tolist())) == list(range(n))
        workers = [[state for state in alive.tolist() if to[state] == i] for i in range(n)]
        shared = [{bucket[state] for state in group} for group in workers if len(group) > 1]
        alone = [bucket[group[0]] for group in workers if len(group) == 1]
        if most >= n_buckets:  # f is preserved, and no bucket is touched before those that come first are one state
            assert all(len(buckets) == 1 for buckets in shared)
            counts = {key: len({int(to[s]) for s in bucket if bucket[s] == key}) for key in bucket.values()}
            touched = [key for key in counts if counts[key] < list(bucket.values()).count(key)]
            assert all(counts[key] == 1 for key in counts if touched and key < max(touched))
        else:  # the first buckets are one state together, and every other is one by itself
            assert len([buckets for buckets in shared if len(buckets) > 1]) == 1
            assert len(set(alone)) == len(alone)


@pytest.mark.parametrize("most", LIMITS)
def test_no_table_is_larger_than_the_limit_allows(most):
    for seed in range(10):
        task = sas_tasks.random_task(seed, n_variables=7)

        entries, order, _ = h_tables(task, most)

        assert len(order) == 7
        assert len(entries) <= sum(most * len(variable.values) for variable in task.variables)
        assert entries.dtype == np.int32


def test_a_task_without_operators_is_a_dead_end_at_once():
    stuck = Planning.parse(str(DATA / "planning" / "stuck.sas"))

    assert make_heuristic(stuck, "merge-and-shrink").value(stuck.initial) == INFINITY
    assert solve(stuck, "merge-and-shrink").status is Status.UNSOLVABLE


def test_nothing_is_known_of_a_task_with_derived_variables_only():
    lit = Variable("lit", 0, ("Atom lit()", "NegatedAtom lit()"))
    task = Planning(SasTask(True, (lit,), (), (1,), ((0, 0),), (), (Axiom(((0, 1),), 0, 0),)), "lit")

    assert make_heuristic(task, "merge-and-shrink").value(task.initial) == 0


def test_costs_that_no_entry_can_hold_are_cut_off_at_the_largest():
    domain = sas_tasks.planning(2, max_cost=2**40, least_cost=2**40)

    heuristic = make_heuristic(domain, "merge-and-shrink")

    assert heuristic.max_h == 2**31 - 1
    assert {heuristic.value(state) for state in naive.distances_to_goal(domain)} == {0, 2**31 - 1}


def test_a_task_is_always_abstracted_the_same_way_and_by_whoever_is_asked_to_build():
    task = sas_tasks.planning(7, n_variables=9, n_operators=40)
    built = []

    def share(build):
        built.append(build())
        return built[-1]

    shared = make_heuristic(task, "merge-and-shrink:50", share=share)
    alone = make_heuristic(task, "merge-and-shrink:50")

    assert len(built) == 1
    assert shared.tables.entries is built[0][0]
    assert shared.tables.entries.tolist() == alone.tables.entries.tolist()


@pytest.mark.parametrize("option", ["", "0", "-3", "many", "1e3", "1000001", "³"])
def test_an_option_that_is_no_number_of_states_is_refused(option):
    with pytest.raises(BadInputError, match="the most abstract states are a number from 1 to 1000000") as error:
        make_heuristic(sas_tasks.planning(0), f"merge-and-shrink:{option}")

    assert f"not '{option}'" in str(error.value)


def test_it_is_for_planning_only():
    with pytest.raises(BadInputError, match="'merge-and-shrink' does not fit domain 'pancake'"):
        make_heuristic(Pancake((1, 0, 2)), "merge-and-shrink")
