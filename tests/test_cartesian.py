"""Cartesian abstractions against brute force: their states, transitions, distances, and the landmarks they are for."""

from itertools import product

import naive
import numpy as np
import pytest
import sas_tasks

from pdsearch.domains.planning.cartesian import (
    Limits,
    Subtask,
    begun,
    cartesian_abstractions,
    finished,
    refined,
    subtasks,
    tree_of,
    why_not,
)
from pdsearch.domains.planning.cartesian_distances import find_distances, new_queue
from pdsearch.domains.planning.cartesian_states import (
    INITIAL,
    N_LOOPS,
    N_MOVES,
    N_STATES,
    CartesianTask,
    cartesian_task,
    has,
)
from pdsearch.domains.planning.cost_partitioning import DEAD, goal_distances
from pdsearch.domains.planning.landmarks import landmarks
from pdsearch.domains.planning.refinement_tree import Tree, Trees
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import TimeLimitError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Deadline

SMALL = Limits(40, 10**6, 10**9, 100.0)
WIDE = Planning(sas_tasks.counters(2, 70, goal=67), "counters")  # a variable takes two words


def abstractions_of(domain, limits=SMALL):
    """Yield subtask, raw states and the abstraction as it is used."""
    flat = cartesian_task(domain.task)
    for subtask in subtasks(domain.task):
        states, _ = refined(flat, subtask, limits)
        yield subtask, states, finished(flat, states)


def sets_of(task: CartesianTask, states):
    """Return the values of each variable in each state, by the bits."""
    n_words = len(states.sets) // len(states.h)
    return [
        [
            {value for value in range(size) if has.py_func(task, states.sets, state * n_words, var, value)}
            for var, size in enumerate(task.size.tolist())
        ]
        for state in range(int(states.counts[N_STATES]))
    ]


@pytest.mark.wide
@pytest.mark.parametrize("seed", range(25))
def test_states_are_a_partition_and_transitions_those_of_the_task(seed):
    domain = sas_tasks.planning(seed, max_cost=3, least_cost=0)
    for _, states, one in abstractions_of(domain):
        sets, expected = sets_of(cartesian_task(domain.task), states), set()
        for values in product(*map(range, domain.sizes)):
            inside = [
                s for s, its in enumerate(sets) if all(v in allowed for v, allowed in zip(values, its, strict=True))
            ]
            assert inside == [one.state_of(values)]
            for number, operator in enumerate(domain.task.operators):
                if all(values[var] == value for var, value in operator.preconditions):
                    after = dict(enumerate(values)) | {effect.variable: effect.value for effect in operator.effects}
                    expected.add((inside[0], number, one.state_of([after[var] for var in range(len(values))])))
        assert sets[int(states.counts[INITIAL])] == sets[one.state_of(domain.task.initial)]
        assert transitions_of(states) == expected


def transitions_of(states):
    n, n_loops = int(states.counts[N_MOVES]), int(states.counts[N_LOOPS])
    moves = zip(states.source[:n].tolist(), states.operator[:n].tolist(), states.target[:n].tolist(), strict=True)
    loops = zip(states.loop_state[:n_loops].tolist(), states.loop_operator[:n_loops].tolist(), strict=True)
    return set(moves) | {(state, operator, state) for state, operator in loops if state >= 0}


def test_distances_after_many_splits_are_those_computed_anew():
    n_states = 0
    for domain in [*(sas_tasks.planning(seed, n_operators=20, max_cost=4) for seed in range(40)), WIDE]:
        flat = cartesian_task(domain.task)
        for _, states, _ in abstractions_of(domain, Limits(200, 10**6, 10**9, 100.0)):
            n = int(states.counts[N_STATES])
            mended = states.h[:n].copy()
            find_distances(flat, states, new_queue(states))
            assert (states.h[:n] == mended).all()
            n_states += n
    assert n_states > 400


@pytest.mark.few(1)
@pytest.mark.parametrize("least_cost", [0, 1])
def test_distances_are_consistent_lower_bounds_on_all_states(least_cost):
    positive = dead = 0
    for seed in range(100):
        domain = sas_tasks.planning(seed, max_cost=1 + seed % 5, least_cost=least_cost)
        exact, graph, costs = naive.distances_to_goal(domain), naive.reachable(domain), domain.space.cost
        for _, _, one in abstractions_of(domain):
            distances = goal_distances(one, costs)
            h = {state: int(distances[one.state_of(domain.unpack(state))]) for state in graph}
            assert all(one.live[one.state_of(domain.unpack(state))] for state in graph)
            for state, edges in graph.items():
                assert h[state] <= exact.get(state, DEAD)
                assert all(h[state] <= cost + h[successor] for successor, cost in edges)
            positive += sum(0 < value < DEAD for value in h.values())
            dead += sum(value == DEAD for value in h.values())
    assert min(positive, dead) > 100


def test_refinement_never_lowers_the_distance_of_the_initial_state_and_ends_at_the_cost_of_a_plan():
    exact = 0
    for seed in range(30):
        domain = sas_tasks.planning(seed, max_cost=3)
        flat, cost = cartesian_task(domain.task), naive.astar(domain)
        if cost is None:
            continue
        whole = Subtask(domain.task.goal, None)
        first = begun(flat, whole)
        last = int(first.h[first.counts[INITIAL]])
        for n_states in (3, 5, 8, 13, 10_000):
            states, _ = refined(flat, whole, Limits(n_states, 10**6, 10**9, 100.0))
            h = int(states.h[states.counts[INITIAL]])
            assert h >= last
            last = h
        assert last == cost
        exact += cost > 0
    assert exact > 5


def test_a_tree_finds_values_beyond_the_first_word():
    flat = cartesian_task(WIDE.task)
    states, _ = refined(flat, subtasks(WIDE.task)[-1], Limits(3000, 10**6, 10**9, 100.0))
    sets, tree = sets_of(flat, states), tree_of(flat, states)

    for values in ([0, 0], [63, 64], [69, 65], [64, 0]):
        state = tree.leaf(values)
        assert Trees.of([tree], [7], WIDE.sizes).lines(values) == [7 + state]
        assert all(value in allowed for value, allowed in zip(values, sets[state], strict=True))
    assert states.counts[N_STATES] > 100
    assert states.h[states.counts[INITIAL]] > 64


def test_a_variable_that_a_tree_asks_for_again_and_again_is_one_node_with_a_place_for_each_value():
    n = 3000  # trials of each value one after the other would be as many array operations as the square of this
    nodes, bits_at = np.arange(n - 1), 47 * np.arange(n - 1)
    child = np.array([[node + 1 if node < n - 2 else -n, -1 - node] for node in nodes.tolist()]).reshape(-1)
    bits = np.zeros(47 * (n - 1), np.uint64)
    bits[bits_at + nodes // 64] = np.uint64(1) << (nodes % 64).astype(np.uint64)
    tree = Tree(0, np.zeros(n - 1, np.int64), bits_at, np.full(n - 1, 47), child, bits)

    trees = Trees.of([tree, tree], [0, n], [n])

    assert len(trees.nodes) == 2 * (1 + n)
    assert all(trees.lines([value]) == [value, n + value] for value in range(n))


def test_no_plan_avoids_a_landmark_from_any_state_in_which_it_is_still_to_come():
    n = 0
    for seed in range(60):
        domain = sas_tasks.planning(seed, n_operators=10)
        for variable, value, before in landmarks(domain.task):
            ahead = {
                state: [(after, 1) for after, _ in edges]
                for state, edges in naive.reachable(domain).items()
                if domain.unpack(state)[variable] != value
            }
            for state in ahead:
                if all(before[var][v] for var, v in enumerate(domain.unpack(state))):
                    assert not any(domain.is_goal(other) for other in closure(ahead, state))
                    n += 1
    assert n > 15


def closure(graph, start):
    """Return what is reached from a state through the states of a graph."""
    seen, waiting = set(), [start]
    while waiting:
        state = waiting.pop()
        if state in graph and state not in seen:
            seen.add(state)
            waiting += [successor for successor, _ in graph[state]]
    return seen


def test_limits_hold_for_all_abstractions_together():
    domain = sas_tasks.planning(4, n_variables=8, n_operators=60)
    found = cartesian_abstractions(domain.task, Limits(30, 10**6, 10**9, 100.0))

    assert found
    assert sum(len(one.live) for one in found) <= 30 + len(found)
    assert why_not(domain.task) is None
    assert why_not(sas_tasks.random_task(3, conditional=True)) == "conditional effects"
    assert why_not(sas_tasks.random_task(3, axioms=True)) == "axioms"
    assert why_not(sas_tasks.random_task(3, least_cost=2**31, max_cost=2**31)) == "large costs"
    with pytest.raises(TimeLimitError, match="refining Cartesian abstractions"):
        refined(cartesian_task(domain.task), Subtask(domain.task.goal, None), SMALL, Deadline(0.0))


def test_dead_states_are_known_to_be_dead():
    dead = 0
    for seed in range(30):
        domain = sas_tasks.planning(seed)
        exact = naive.distances_to_goal(domain)
        for _, _, one in abstractions_of(domain):
            h = goal_distances(one, np.ones(len(domain.task.operators), np.int64))
            for state in naive.reachable(domain):
                if h[one.state_of(domain.unpack(state))] == DEAD:
                    assert exact.get(state, INFINITY) == INFINITY
                    dead += 1
    assert dead > 0
