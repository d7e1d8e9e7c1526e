"""Pattern databases of planning tasks: distances against slow Dijkstra, costs shared without overspending."""

import heapq
from dataclasses import replace
from itertools import combinations, product

import drivers
import naive
import networkx as nx
import numpy as np
import pytest
import sas_tasks
from hypothesis import given
from hypothesis import strategies as st
from sas_tasks import KINDS
from schedules import run

from pdsearch import Status, solve
from pdsearch.domains.planning.cost_partitioning import DEAD, abstractions, new_scratch, partition
from pdsearch.domains.planning.patterns import systematic
from pdsearch.domains.planning.projections import Projector
from pdsearch.domains.planning.sas import Effect, Operator, SasTask, Variable
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError
from pdsearch.heuristics import make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task


def slow_distances(task, pattern):
    """Return the distance of each abstract state that the initial one reaches, without conditional effects."""
    before, waiting, seen = {}, [tuple(task.initial[var] for var in pattern)], set()
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        values = dict(zip(pattern, state, strict=True))
        for operator in task.operators:
            if all(values.get(var, value) == value for var, value in operator.preconditions):
                after = values | {e.variable: e.value for e in operator.effects if e.variable in values}
                successor = tuple(after[var] for var in pattern)
                before.setdefault(successor, []).append((state, operator.cost))
                waiting.append(successor)
    goal = dict(task.goal)
    distance = {}
    frontier = [(0, s) for s in seen if all(goal.get(var, v) == v for var, v in zip(pattern, s, strict=True))]
    heapq.heapify(frontier)
    while frontier:
        d, state = heapq.heappop(frontier)
        if state not in distance:
            distance[state] = d
            for predecessor, cost in before.get(state, []):
                heapq.heappush(frontier, (d + cost, predecessor))
    return distance


def state_in(projection, values):
    return int(np.dot(projection.multiplier, [values[var] for var in projection.pattern]))


@given(st.integers(0, 500), st.sets(st.integers(0, 4), min_size=1, max_size=3), st.sampled_from(["plain", "costs"]))
def test_a_single_pattern_tells_the_abstract_distance(seed, pattern, kind):
    domain = sas_tasks.planning(seed, **KINDS[kind])
    pattern = sorted(pattern)
    heuristic = make_heuristic(domain, "pdb:" + ",".join(map(str, pattern)))
    distance = slow_distances(domain.task, pattern)

    for state in naive.reachable(domain):
        values = domain.unpack(state)
        assert heuristic.value(state) == distance.get(tuple(values[var] for var in pattern), INFINITY)


@pytest.mark.parametrize("kind", KINDS)
def test_a_projection_has_the_image_of_every_transition(kind):
    for seed in range(30):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        pattern = tuple(np.random.default_rng(seed).choice(5, 2, replace=False).tolist())
        one = Projector(domain.task, domain.unpack(domain.initial)).project(pattern)
        edges = set(zip(one.source.tolist(), one.target.tolist(), one.group.tolist(), strict=True))
        groups = set(zip(one.operator_of.tolist(), one.group_of.tolist(), strict=True))

        for state in naive.reachable(domain):
            source = state_in(one, domain.unpack(state))
            for operator, successor, _ in naive.successors(domain, state):
                target = state_in(one, domain.unpack(successor))
                assert one.live[source]
                assert source == target or any(
                    (source, target, group) in edges for number, group in groups if number == operator
                )


@pytest.mark.parametrize("n_seen", [2, 5])
def test_conditional_effects_happen_exactly_where_their_conditions_are_seen(n_seen):
    """A pattern of all variables has no transition that the task does not have."""
    n_less = 0
    for seed in range(40):
        domain = sas_tasks.planning(seed, **KINDS["conditional"])
        pattern = tuple(np.random.default_rng(seed).choice(5, n_seen, replace=False).tolist())
        one = Projector(domain.task, domain.unpack(domain.initial)).project(pattern)
        groups = {}
        for number, group in zip(one.operator_of.tolist(), one.group_of.tolist(), strict=True):
            groups.setdefault(group, set()).add(number)
        found = {
            (source, target, number)
            for source, target, group in zip(one.source.tolist(), one.target.tolist(), one.group.tolist(), strict=True)
            for number in groups[group]
        }
        allowed = set(slow_transitions(domain.task, one))

        assert found <= allowed
        assert {edge for edge in allowed if edge[0] != edge[1] and one.live[edge[0]]} <= found
        n_less += len(allowed) < len(list(slow_transitions(domain.task, one, all_may_happen=True)))
    assert n_less > 0


def slow_transitions(task, projection, all_may_happen=False):
    """Yield what each operator can do to each state of a pattern, by definition."""
    sizes = [len(task.variables[var].values) for var in projection.pattern]
    for state in product(*map(range, sizes)):
        values = dict(zip(projection.pattern, state, strict=True))
        for number, operator in enumerate(task.operators):
            if any(values.get(var, value) != value for var, value in operator.preconditions):
                continue
            after = [{value} for value in state]
            for effect in operator.effects:
                if effect.variable in values:
                    is_seen = all(var in values for var, _ in effect.conditions) and not (
                        all_may_happen and effect.conditions
                    )
                    if all(values.get(var, value) == value for var, value in effect.conditions):
                        at = projection.pattern.index(effect.variable)
                        after[at] = {effect.value} if is_seen else after[at] | {effect.value}
            for successor in product(*after):
                source, target = (int(np.dot(projection.multiplier, one)) for one in (state, successor))
                yield source, target, number


@given(st.integers(0, 500), st.randoms(use_true_random=False), st.sampled_from(sorted(KINDS)))
def test_no_order_spends_more_than_an_operator_costs(seed, random, kind):
    domain = sas_tasks.planning(seed, **KINDS[kind])
    projector = Projector(domain.task, domain.unpack(domain.initial))
    patterns = [(var,) for var in domain.primary] + [(0, 1), (1, 3), (2, 4)]
    projections = [projector.project(pattern) for pattern in patterns]
    joined = abstractions(projections)
    order = np.array(random.sample(range(len(patterns)), len(patterns)))
    graph = [(domain.unpack(state), naive.successors(domain, state)) for state in naive.reachable(domain)]
    of_initial = [state_in(one, graph[0][0]) for one in projections] + joined.state_first[:-1]
    table, left = np.zeros(len(joined.goal), np.int64), domain.space.cost.copy()

    partition(joined, order, of_initial, left, table, new_scratch(joined, len(left)))

    spent = np.full((len(patterns), len(left)), -DEAD)
    for values, edges in graph:
        for operator, successor, _ in edges:
            for p, one in enumerate(projections):
                first, after = joined.state_first[p], domain.unpack(successor)
                fall = table[first + state_in(one, values)] - table[first + state_in(one, after)]
                if not is_dead(joined, p, state_in(one, after)):
                    spent[p, operator] = max(spent[p, operator], fall)
    used = (spent > -DEAD).all(axis=0)
    assert (left >= 0).all()
    assert (spent.sum(axis=0) <= domain.space.cost)[used].all()


def is_dead(joined, p, state):
    """Say whether no goal can be reached from a state of projection ``p``."""
    first, end = joined.state_first[p : p + 2]
    alive = joined.goal.copy()
    target = np.repeat(np.arange(len(joined.goal)), np.diff(joined.incoming))
    for _ in range(end - first):
        alive[joined.source[alive[target]]] = True
    return not alive[first + state]


@pytest.mark.parametrize("kind", KINDS)
def test_h_is_admissible_and_consistent_and_knows_only_true_dead_ends(kind):
    positive = dead = 0
    for seed in range(60):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        heuristic = make_heuristic(domain, "pdb")
        distance, graph = naive.distances_to_goal(domain), naive.reachable(domain)
        h = {state: heuristic.value(state) for state in graph}

        for state, edges in graph.items():
            assert 0 <= h[state] <= distance.get(state, INFINITY)
            assert h[state] <= heuristic.max_h or h[state] == INFINITY
            assert all(h[state] <= cost + h[successor] for successor, cost in edges)
        positive += sum(0 < value < INFINITY for value in h.values())
        dead += sum(value == INFINITY for value in h.values())
    assert positive > 30
    assert dead > 30


@pytest.mark.parametrize("kind", KINDS)
def test_the_compiled_evaluation_is_the_value(kind):
    for seed in range(20):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        heuristic = make_heuristic(domain, "pdb")

        for state in naive.reachable(domain):
            h = drivers.evaluate_one(heuristic.tables, domain.space, drivers.words_of(state))
            assert h == heuristic.value(state)


@pytest.mark.few(3)
@pytest.mark.parametrize("kind", KINDS)
def test_astar_and_hdastar_find_what_exhaustive_search_finds(kind):
    for seed in range(40):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        cost = naive.astar(domain)
        task = make_task(domain, "pdb", "zobrist", 2 + seed % 3, seed=seed)

        result = solve(domain, "pdb")
        distributed, _ = run(task, Schedule.random(seed))

        assert result.cost == distributed.cost == cost
        assert result.status is (Status.UNSOLVABLE if cost is None else Status.SOLVED)


@pytest.mark.parametrize(("factor", "bits"), [(1, 16), (10**4, 32), (10**9, 64)])
def test_large_costs_get_wider_entries_and_the_same_distances(factor, bits):
    widest = 0
    for seed in range(10):
        task = sas_tasks.random_task(seed, max_cost=9, least_cost=1)
        operators = tuple(replace(operator, cost=operator.cost * factor) for operator in task.operators)
        domain, scaled = Planning(task, "task"), Planning(replace(task, operators=operators), "scaled")
        small, large = make_heuristic(domain, "pdb:0,1,2"), make_heuristic(scaled, "pdb:0,1,2")

        assert np.iinfo(large.tables.entries.dtype).max >= large.max_h
        widest = max(widest, 8 * large.tables.entries.itemsize)
        for state in naive.reachable(domain):
            assert large.value(state) == (INFINITY if small.value(state) == INFINITY else factor * small.value(state))
    assert widest == bits


def task_of(conditions_and_effects, goal, sizes):
    """Return a task of operators (conditions, effects); effects are (variable, value) pairs."""
    variables = tuple(Variable(f"v{v}", -1, tuple(map(str, range(size)))) for v, size in enumerate(sizes))
    operators = tuple(
        Operator(f"o{i}", conditions, tuple(Effect((), *fact) for fact in effects), 1)
        for i, (conditions, effects) in enumerate(conditions_and_effects)
    )
    return SasTask(True, variables, (), (0,) * len(sizes), goal, operators)


def test_interesting_pairs_are_a_cause_with_its_goal_or_goals_that_change_together():
    chain = [(((0, 1),), ((1, 1),)), (((1, 1),), ((2, 1),)), ((), ((0, 1),)), ((), ((2, 1), (3, 1)))]
    task = task_of(chain, ((2, 1), (3, 1)), (2, 2, 2, 2))

    assert systematic(task, 1) == [(2,), (3,)]
    assert systematic(task, 2) == [(2,), (3,), (1, 2), (2, 3)]


@pytest.mark.parametrize("kind", KINDS)
def test_interesting_patterns_are_connected_and_all_their_variables_lead_to_a_goal(kind):
    for seed in range(20):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        causes, linked, goals = slow_graphs(domain)
        subsets = [p for k in (1, 2, 3) for p in combinations(domain.primary, k)]

        expected = [
            p
            for p in subsets
            if nx.is_connected(linked.subgraph(p))
            and set(p) == set().union(*(nx.ancestors(causes.subgraph(p), var) | {var} for var in goals & set(p)))
        ]

        assert systematic(domain.task, 3) == expected


def slow_graphs(domain):
    """Return the arcs from conditions to effects, the links of both kinds, and the goal variables."""
    causes, linked = nx.DiGraph(), nx.Graph()
    for graph in (causes, linked):
        graph.add_nodes_from(domain.primary)
    for operator in domain.task.operators:
        for effect in operator.effects:
            causes.add_edges_from((var, effect.variable) for var, _ in (*operator.preconditions, *effect.conditions))
            linked.add_edges_from((other.variable, effect.variable) for other in operator.effects)
    linked.add_edges_from(causes.edges)
    return causes, linked, {var for var, _ in domain.task.goal} & set(domain.primary)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_dead_end_is_known_if_any_pattern_knows_it(most):
    dead = 0
    for seed in range(40):
        domain = sas_tasks.planning(seed, max_cost=9, least_cost=0)
        heuristic = make_heuristic(domain, f"pdb:systematic-{most}")
        distances = {pattern: slow_distances(domain.task, pattern) for pattern in systematic(domain.task, most)}

        for state in naive.reachable(domain):
            values = domain.unpack(state)
            known = any(tuple(values[var] for var in pattern) not in distances[pattern] for pattern in distances)
            assert (heuristic.value(state) == INFINITY) == known
            dead += known
    assert dead > 30


def test_what_a_mutex_group_forbids_is_no_way_to_the_goal():
    hand = [(((2, 0), (v, 0)), ((2, 1), (v, 1))) for v in (0, 1)] + [(((v, 1),), ((2, 0), (v, 2))) for v in (0, 1)]
    both = (((0, 1), (1, 1)), ((0, 2), (1, 2)))  # needs two things in one hand
    task = task_of([*hand, both], ((0, 2), (1, 2)), (3, 3, 2))
    known = replace(task, mutexes=(((0, 1), (1, 1)),))

    h = [
        make_heuristic(domain, "pdb:0,1").value(domain.initial) for domain in (Planning(t, "t") for t in (task, known))
    ]

    assert h == [3, 4]


def test_patterns_of_two_variables_see_what_those_of_one_do_not():
    key_then_door = task_of([((), ((0, 1),)), (((0, 1),), ((1, 1),))], ((1, 1),), (2, 2))
    domain = Planning(key_then_door, "door")

    assert make_heuristic(domain, "pdb:systematic-1").value(domain.initial) == 1
    assert make_heuristic(domain, "pdb").value(domain.initial) == 2


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("systematic-4", "pdb option 'systematic-4' is unknown; give systematic-1, -2"),
        ("", "pdb option '' is unknown"),
        ("0,x", "pdb option '0,x' is unknown"),
        ("0,99", "pdb cannot look at variable 99"),
        ("0,5", "pdb cannot look at variable 5"),
    ],
)
def test_a_wrong_option_is_refused(option, words):
    domain = sas_tasks.planning(0, axioms=True)

    with pytest.raises(BadInputError, match=words):
        make_heuristic(domain, f"pdb:{option}")


def test_a_pattern_that_is_too_large_is_refused():
    domain = Planning(task_of([((), ((0, 1),))], ((0, 1),), (2000, 2000)), "large")

    with pytest.raises(BadInputError, match=r"pattern '0,1' has more than 1048576 states"):
        make_heuristic(domain, "pdb:0,1")
