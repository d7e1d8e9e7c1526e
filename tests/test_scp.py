"""Saturated cost partitioning over projections and Cartesian abstractions, before the search and during it."""

from dataclasses import replace

import drivers
import naive
import numpy as np
import pytest
import sas_tasks
from sas_tasks import KINDS, many_goals
from schedules import run

from pdsearch import Status, solve
from pdsearch.domains.planning import scp, sys_scp
from pdsearch.domains.planning.added_lines import laid_out
from pdsearch.domains.planning.cartesian import Limits, cartesian_abstractions, why_not
from pdsearch.domains.planning.cost_partitioning import (
    DEAD,
    abstractions,
    goal_distances,
    new_scratch,
    partition,
    saturated_costs,
)
from pdsearch.domains.planning.linear_merging import merge
from pdsearch.domains.planning.lookup import Found, lines_of
from pdsearch.domains.planning.orders import Orders
from pdsearch.domains.planning.pdb_tables import most_states, small_projections
from pdsearch.domains.planning.projections import Projector
from pdsearch.domains.planning.scp_tables import partitioned, wanted
from pdsearch.domains.planning.sys_scp import larger_projections
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, TimeLimitError
from pdsearch.heuristics import make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Deadline
from pdsearch.search.best_first import lessons
from pdsearch.search.best_first.sampling import ShortSearch
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.checkpoint.identity import facts_of
from pdsearch.search.setup import make_task


def found_in(domain):
    """Return abstractions of all kinds of a small task."""
    projector = Projector(domain.task, domain.unpack(domain.initial))
    refined = () if why_not(domain.task) else cartesian_abstractions(domain.task, Limits(60, 10**6, 10**9, 100.0))
    merged, _ = merge(domain.task, 12, apart=True)
    return Found(small_projections(domain, projector, 2)[0], refined, [merged])


def abstractions_of(domain):
    """Return abstractions of all kinds of a small task, those of one kind after those of the other."""
    return found_in(domain).all


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", KINDS)
def test_h_is_a_lower_bound_however_much_is_learnt_and_lessons_never_lower_it(kind, monkeypatch):
    monkeypatch.setattr(sys_scp, "_MOST_VARIABLES", 2)  # else one pattern knows all
    raised = positive = dead = 0
    for seed in range(40):
        domain = (sas_tasks.planning, many_goals)[seed % 2](seed, **KINDS[kind])
        heuristic = make_heuristic(domain, "scp:orders-1" + ",projections,cartesian,merge-and-shrink" * (seed % 4 > 1))
        exact, graph = naive.distances_to_goal(domain), naive.reachable(domain)
        states = list(graph)
        for lesson in range(6):
            h = {state: heuristic.value(state) for state in graph}
            for state in graph:
                assert 0 <= h[state] <= exact.get(state, INFINITY)
                assert h[state] <= heuristic.max_h or h[state] == INFINITY
                assert h[state] == drivers.evaluate_one(heuristic.tables, domain.space, drivers.words_of(state))
            shown = states[lesson * 7 % len(states)]
            if heuristic.learn(shown):
                assert heuristic.value(shown) > h[shown]
                raised += 1
            assert all(heuristic.value(state) >= h[state] for state in graph)
        positive += sum(0 < value < INFINITY for value in h.values())
        dead += sum(value == INFINITY for value in h.values())
    assert min(positive, dead) > 30
    assert raised > 0


@pytest.mark.parametrize("kind", ["plain", "costs", "everything"])
def test_an_order_gives_what_plain_python_gives_and_spends_no_more_than_operators_cost(kind):
    rng, gave_back = np.random.default_rng(0), 0
    for seed in range(30):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        some, costs = abstractions_of(domain), domain.space.cost
        if not some:
            continue
        joined, order = abstractions(some), rng.permutation(len(some))
        sample = [one.state_of(domain.unpack(domain.initial)) for one in some]
        left, table = costs.copy(), np.zeros(len(joined.goal), np.int64)

        partition(joined, order, joined.state_first[:-1] + sample, left, table, new_scratch(joined, len(costs)))

        slow, spent = slow_partition(some, order, sample, costs)
        assert np.array_equal(table, np.concatenate(slow))
        assert (left == costs - spent).all()
        assert (left >= 0).all()
        gave_back += (spent < 0).any()
        # no more is spent along any transition of the task than its operator costs
        for state, edges in graph_of(domain).items():
            for operator, successor in edges:
                before, after = ([one.state_of(domain.unpack(s)) for one in some] for s in (state, successor))
                if all(slow_h(one, costs)[s] < DEAD for one, s in zip(some, after, strict=True)):
                    falls = sum(slow[p][before[p]] - slow[p][after[p]] for p in range(len(some)))
                    assert falls <= costs[operator]
    assert gave_back > 0 or kind == "everything"


def slow_h(one, costs):
    return goal_distances(one, costs)


def graph_of(domain):
    return {
        state: [(operator, successor) for operator, successor, _ in naive.successors(domain, state)]
        for state in naive.reachable(domain)
    }


def slow_partition(some, order, sample, costs):
    """Return the tables of an order that is gone through twice, perim and all, and what is spent of each operator."""
    tables, left = [np.zeros(len(one.live), np.int64) for one in some], costs.copy()
    for is_capped in (True, False):
        for p in order:
            one = some[p]
            h = slow_h(one, left)
            cap = h[sample[p]] if is_capped else DEAD - 1
            capped = np.where(h < DEAD, np.minimum(h, cap), DEAD)
            tables[p] += np.where(h < DEAD, capped, 0)
            taken = {}
            operators = {group: one.operator_of[one.group_of == group] for group in set(one.group_of.tolist())}
            for source, target, group in zip(one.source.tolist(), one.target.tolist(), one.group.tolist(), strict=True):
                if capped[target] < DEAD:
                    for operator in operators[group].tolist():
                        fall = min(capped[source], cap) - capped[target]
                        taken[operator] = max(taken.get(operator, -DEAD), fall)
            for operator, fall in taken.items():
                left[operator] -= fall
    return tables, costs - left


def test_the_value_of_its_state_is_at_least_that_of_saturating_for_all_states_and_of_the_first():
    compared = 0
    for seed in range(40):
        domain = sas_tasks.planning(seed, max_cost=5)
        some, costs = abstractions_of(domain), domain.space.cost
        sample = [one.state_of(domain.unpack(domain.initial)) for one in some]
        full = [goal_distances(one, costs)[s] for one, s in zip(some, sample, strict=True)]
        if not some or max(full) >= DEAD:
            continue
        joined = abstractions(some)
        for first in range(len(some)):
            order = np.array([first, *(p for p in range(len(some)) if p != first)])
            left, table = costs.copy(), np.zeros(len(joined.goal), np.int64)
            partition(joined, order, joined.state_first[:-1] + sample, left, table, new_scratch(joined, len(costs)))
            value = table[joined.state_first[:-1] + sample].sum()
            left, saturated = costs.copy(), 0
            for p in order:
                saturated += goal_distances(some[p], left)[sample[p]]
                left = left - saturated_costs(some[p], left)
            assert value >= saturated >= full[first]
            compared += 1
    assert compared > 50


@pytest.mark.parametrize("kind", ["costs", "everything"])
def test_orders_that_begin_with_the_first_abstractions_tell_at_least_what_these_tell_alone(kind):
    gains = 0
    for seed in range(8):
        domain = many_goals(seed, **KINDS[kind])
        projector = Projector(domain.task, domain.unpack(domain.initial))
        found, _ = small_projections(domain, projector, 2)
        n = sum(len(one.pattern) == 1 for one in found)
        joined, costs = abstractions(found), domain.space.cost
        lookup = Found(found).lookup(joined.state_first[:-1], domain.sizes)
        states = np.array([*naive.reachable(domain)][:40], np.uint64).reshape(-1)
        both, alone = Orders(joined, costs), Orders(abstractions(found[:n]), costs)
        samples = lines_of(lookup, domain.space, states)
        samples = samples[(both.h[samples] < DEAD).all(axis=1)]
        if not 1 < n < len(found) or not len(samples):
            continue

        tables = both.best(samples, 1000, begins=alone)
        first = alone.best(np.ascontiguousarray(samples[:, :n]), 1000)

        told = np.max([table[samples].sum(axis=1) for table in tables], axis=0)
        told_by_first = np.max([table[samples[:, :n]].sum(axis=1) for table in first], axis=0)
        assert (told >= told_by_first).all()
        gains += (told > told_by_first).sum()
    assert gains > 0


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", ["costs", "everything"])
def test_the_same_cost_on_any_number_of_ranks_whenever_they_learn(kind, monkeypatch):
    monkeypatch.setattr(scp, "_EVERY", 3)
    monkeypatch.setattr(scp, "_MOVES_PER_EVALUATION", 10**6)
    monkeypatch.setattr(lessons, "_LOOKS", 2)
    monkeypatch.setattr(sys_scp, "_MOST_VARIABLES", 2)
    learnt = []
    learn = scp.Scp.learn
    monkeypatch.setattr(scp.Scp, "learn", lambda *given: learnt.append(learn(*given)) or learnt[-1])
    for seed in range(25):
        domain = (sas_tasks.planning, many_goals)[seed % 2](seed, n_variables=6, n_operators=25, **KINDS[kind])
        cost = naive.astar(domain)

        alone = solve(domain, "scp:orders-1")
        shared, _ = run(make_task(domain, "scp:orders-1", "zobrist", 2 + seed % 4, seed=seed), Schedule.random(seed))

        assert alone.cost == shared.cost == cost
        assert alone.status is (Status.UNSOLVABLE if cost is None else Status.SOLVED)
    assert len(learnt) > 30
    assert any(learnt)


def chain(n):
    """Return a task in which each variable may change once the one before has; the last is the goal."""
    operators = tuple(sas_tasks.changes(f"o{v}", ((v - 1, 1),) if v else (), v, 1) for v in range(n))
    task = sas_tasks.counters(n, 2, goal=1)
    return Planning(replace(task, goal=((n - 1, 1),), operators=operators), "chain")


def test_larger_patterns_are_chosen_where_they_tell_more():
    domain = chain(5)

    assert make_heuristic(domain, "pdb").value(domain.initial) == 2
    assert make_heuristic(domain, "scp:projections").value(domain.initial) == 5
    assert make_heuristic(domain, "scp:cartesian").value(domain.initial) == 5


def test_what_has_no_room_is_left_out():
    domain = chain(5)
    projector = Projector(domain.task, domain.unpack(domain.initial))
    small, _ = small_projections(domain, projector, 2)

    assert larger_projections(domain, projector, small, 0, 10**6) == []
    assert larger_projections(domain, projector, small, 10**6, 0) == []
    assert max(len(one.pattern) for one in larger_projections(domain, projector, small, 8, 10**6)) == 3
    with pytest.raises(TimeLimitError, match="choosing patterns"):
        larger_projections(Planning(domain.task, "late", deadline=Deadline(0.0)), projector, small, 100, 10**6)


def test_states_in_any_order_are_looked_up_as_if_each_were_the_first_with_more_variables_than_bits():
    task, rng = sas_tasks.counters(70, 2, goal=1), np.random.default_rng(0)
    joint = sas_tasks.changes("joint", ((0, 1), (64, 0), (69, 1)), 3, 0)
    domain = Planning(replace(task, operators=(*task.operators, joint)), "counters")
    heuristic, state = (
        make_heuristic(domain, "scp:offline,orders-1,projections,cartesian,merge-and-shrink"),
        domain.initial,
    )
    states = [state]
    for _ in range(200):
        operators = list(domain.operators(state))
        state, _ = domain.apply(state, operators[rng.integers(len(operators))])
        states.append(state if len(states) % 60 else domain.initial)
        state = states[-1]

    for at in rng.permutation(len(states)).tolist():
        found = drivers.evaluate_one(heuristic.tables, domain.space, drivers.words_of(states[at]))
        assert found == heuristic.value(states[at])
        assert heuristic.tables.last.lines.tolist() == heuristic._lines(states[at]).tolist()


@pytest.mark.parametrize("memory", [2**20, 2**22])
def test_tables_shrink_to_the_memory_that_is_given(memory):
    task = sas_tasks.counters(6, 30, goal=25)
    domain = Planning(task, "counters", deadline=Deadline(memory_bytes=memory))

    parts, *_ = partitioned(domain, wanted(None))
    tables = laid_out(parts, domain.sizes, most_states(domain))

    assert sum(array.nbytes for array in (tables.entries, *tables.joined, *tables.added)) <= memory
    assert make_heuristic(domain, "scp").value(domain.initial) <= 150


@pytest.mark.parametrize("option", ["", "x", "orders-", "orders-0", "orders-33", "offline,", "orders-²"])
def test_a_wrong_option_is_refused(option):
    with pytest.raises(BadInputError, match=r"scp option .* is unknown; give words"):
        make_heuristic(sas_tasks.planning(0), f"scp:{option}")


def test_hill_climbing_without_patterns_is_refused():
    with pytest.raises(
        BadInputError, match="'cartesian,hill-climbing' leaves no patterns to grow; add projections, or"
    ):
        wanted("cartesian,hill-climbing")
    assert wanted("cartesian,projections,hill-climbing") == wanted("hill-climbing")


def test_a_checkpoint_stays_one_of_the_same_task_whatever_is_learnt():
    domain = many_goals(3, n_variables=6, n_operators=25)
    before = facts_of(make_task(domain, "scp"), "A*")
    task = make_task(domain, "scp")
    task.heuristic.tables.entries[:1] += 1

    assert facts_of(task, "A*") == before
    task = make_task(domain, "scp:offline")
    before = facts_of(task, "A*")
    task.heuristic.tables.entries[:1] += 1
    assert facts_of(task, "A*") != before


def test_nothing_is_learnt_where_that_was_not_wanted():
    domain = sas_tasks.planning(1)

    assert make_heuristic(domain, "scp:offline").lesson_every == 0
    assert make_heuristic(domain, "scp").lesson_every > 0


def test_a_short_search_before_the_search_teaches_nothing_to_tables_that_ranks_share(monkeypatch):
    monkeypatch.setattr(scp, "_EVERY", 3)
    monkeypatch.setattr(scp, "_MOVES_PER_EVALUATION", 10**6)
    monkeypatch.setattr(lessons, "_LOOKS", 2)
    learnt = []
    monkeypatch.setattr(scp.Scp, "learn", lambda *given: bool(learnt.append(given)))
    task = make_task(many_goals(3, n_variables=6, n_operators=25), "scp:orders-1")

    short = ShortSearch(task)
    short.states(100)

    assert short.expanded > 2
    assert not learnt
    solve(task.domain, "scp:orders-1")
    assert learnt
