"""Placements are as published, never worse where they promise it, and exact where they claim it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment, linprog

from pdsearch.balance.assignment import minimum_assignment
from pdsearch.balance.placement import POLICIES, Cluster, Placement, place
from pdsearch.balance.placement.apart import packed_apart
from pdsearch.balance.placement.dispatch import balance_edges, balance_replicas
from pdsearch.balance.placement.local_search import improve
from pdsearch.balance.placement.moves import fewest_moves, moving_cost
from pdsearch.errors import BadInputError, UnknownNameError

# The example of the README of deepseek-ai/EPLB.
GOLDEN = np.array(
    [
        [90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86],
        [20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27],
    ]
)


def test_hierarchical_eplb_gives_the_published_ids():
    placement = place(GOLDEN, n_slots=16, n_gpus=8, n_nodes=2, n_groups=4)

    assert placement.experts.tolist() == [
        [5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1],
        [7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1],
    ]
    assert placement.counts.tolist() == [
        [1, 2, 1, 1, 2, 2, 1, 1, 1, 1, 2, 1],
        [1, 2, 1, 1, 1, 2, 2, 1, 2, 1, 1, 1],
    ]
    assert placement.gpu_loads(GOLDEN).tolist() == [
        [121.5, 86.5, 125, 113, 147.5, 131.5, 156, 152],
        [173, 179.5, 120.5, 172, 123, 152, 118.5, 117.5],
    ]


@pytest.mark.parametrize(("nodes", "groups"), [(1, 1), (2, 3)])
def test_global_eplb_gives_the_known_ids_and_is_the_fallback(nodes, groups):
    placement = place(GOLDEN, n_slots=16, n_gpus=8, n_nodes=nodes, n_groups=groups)

    assert placement.experts.tolist() == [
        [10, 6, 10, 7, 0, 2, 11, 4, 5, 9, 5, 4, 8, 3, 1, 1],
        [1, 10, 2, 4, 5, 11, 5, 0, 6, 7, 6, 3, 8, 8, 9, 7],
    ]
    assert placement.gpu_loads(GOLDEN).max(axis=1).tolist() == [138.5, 172]


@pytest.mark.wide
def test_the_exact_optimum_of_the_example_is_136_and_local_search_comes_within_one_percent():
    largest = {policy: place(GOLDEN, 16, 8, policy=policy).gpu_loads(GOLDEN).max(axis=1) for policy in POLICIES}

    assert largest["optimum"].tolist() == [136, 172]
    assert (largest["local-search"] <= 1.01 * largest["optimum"]).all()


@pytest.mark.wide
def test_the_published_example_of_flashlb():
    loads = [600, 560, 120, 120, 20, 10, 10, 10]

    largest = {policy: place(loads, 16, 8, policy=policy).gpu_loads(loads).max() for policy in POLICIES}

    assert largest["eplb"] == 232
    assert largest["optimum"] == pytest.approx(590 / 3)  # FlashLB, as published: 205
    assert largest["local-search"] <= 205


def test_the_local_search_of_58_layers_is_even_enough_without_duplicates():
    loads = np.random.default_rng(0).zipf(1.3, (58, 256)).clip(max=10**6)

    placement = place(loads, 288, 32, 4, 8, policy="local-search")

    gpu_loads = placement.gpu_loads(loads)
    assert placement.duplicates().sum() == 0
    assert (gpu_loads.max(axis=1) / gpu_loads.mean(axis=1)).mean() <= 1.64


def numpy_eplb(row, n_slots, n_gpus):
    """Global EPLB written out: greedy replicas, then greedy packing, ties to the lowest id, in float32."""
    row = row.astype(np.float32)
    replicas, counts = list(range(len(row))), np.ones(len(row), dtype=np.float32)
    while len(replicas) < n_slots:
        replicas.append(int((row / counts).argmax()))
        counts[replicas[-1]] += 1
    shares = (row / counts)[replicas]
    if n_slots == n_gpus:
        return replicas
    gpus: list[list[int]] = [[] for _ in range(n_gpus)]
    load = [np.float32(0)] * n_gpus
    for item in sorted(range(n_slots), key=lambda i: -shares[i]):
        gpu = min((g for g in range(n_gpus) if len(gpus[g]) < n_slots // n_gpus), key=lambda g: load[g])
        gpus[gpu].append(replicas[item])
        load[gpu] += shares[item]
    return list(itertools.chain(*gpus))


clusters = st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 10), st.integers(0, 10**6))


@given(case=clusters)
def test_global_eplb_equals_the_rule_written_out(case):
    n_gpus, size, n_experts, seed = case
    n_experts = min(n_experts, n_gpus * size)
    loads = np.random.default_rng(seed).integers(0, 30, (2, n_experts))

    placement = place(loads, n_gpus * size, n_gpus)

    assert placement.experts.tolist() == [numpy_eplb(row, n_gpus * size, n_gpus) for row in loads]


@pytest.mark.parametrize("policy", POLICIES)
@given(case=clusters)
@settings(max_examples=30)
def test_every_policy_places_every_expert_and_respects_the_lower_bound(policy, case):
    n_gpus, size, n_experts, seed = case
    n_experts = min(n_experts, n_gpus * size)
    loads = np.random.default_rng(seed).zipf(1.5, (1, n_experts)).clip(max=1000)
    if n_gpus * size > 12:
        n_gpus, size = 3, 4
        loads = loads[:, :8]

    placement = place(loads, n_gpus * size, n_gpus, policy=policy)

    largest = placement.gpu_loads(loads).max()
    bound = max(loads.sum() / n_gpus, (loads / placement.counts).max())
    assert placement.counts.min() >= 1
    assert largest >= bound * (1 - 1e-12)


@pytest.mark.parametrize("policy", ["eplb", "local-search"])
def test_groups_stay_on_one_node(policy):
    loads = np.random.default_rng(1).zipf(1.5, (20, 32))

    placement = place(loads, n_slots=48, n_gpus=8, n_nodes=4, n_groups=8, policy=policy)

    for layer in placement.experts:
        nodes_of_group = [set(np.flatnonzero(layer // 4 == group) // 12) for group in range(8)]
        assert all(len(nodes) == 1 for nodes in nodes_of_group)


@given(case=clusters)
def test_local_search_leaves_no_avoidable_duplicate_on_a_gpu(case):
    n_gpus, size, n_experts, seed = case
    n_experts = min(max(n_experts, size), n_gpus * size)  # as many experts as slots: duplicates are avoidable
    loads = np.random.default_rng(seed).zipf(1.3, (2, n_experts)).clip(max=10**6)

    placement = place(loads, n_gpus * size, n_gpus, policy="local-search")

    assert placement.duplicates().tolist() == [0, 0]


@given(case=clusters)
def test_local_search_never_makes_a_placement_without_duplicates_worse(case):
    n_gpus, size, n_experts, seed = case
    n_experts = min(max(n_experts, size), n_gpus * size)
    rng = np.random.default_rng(seed)
    loads = rng.integers(1, 100, (1, n_experts)).astype(float)
    slots = np.arange(n_gpus * size) % n_experts  # consecutive: no GPU holds an expert twice
    start = Placement(slots[None], n_experts, n_gpus)

    after = Placement(improve(loads, start.experts, Cluster(n_gpus * size, n_gpus)), n_experts, n_gpus)

    assert after.gpu_loads(loads).max() <= start.gpu_loads(loads).max() * (1 + 1e-12)


@given(case=clusters)
def test_local_search_is_never_worse_than_a_known_placement_without_duplicates(case):
    n_gpus, size, n_experts, seed = case
    n_experts = min(max(n_experts, size), n_gpus * size)
    loads = np.random.default_rng(seed).zipf(1.3, (1, n_experts)).clip(max=1000).astype(float)
    published = place(loads, n_gpus * size, n_gpus)
    greedy, largest = packed_apart(loads[0], n_gpus * size, n_gpus)

    reached = place(loads, n_gpus * size, n_gpus, policy="local-search").gpu_loads(loads).max()

    known = [*largest[Placement(greedy, n_experts, n_gpus).duplicates() == 0]]
    if published.duplicates()[0] == 0:
        known.append(published.gpu_loads(loads).max())
    assert reached <= min(known, default=np.inf) * (1 + 1e-12)


def test_local_search_is_more_even_than_eplb_where_that_has_duplicates_too():
    loads = np.random.default_rng(0).zipf(1.5, (200, 24)).clip(max=10**6)
    published, searched = (place(loads, 36, 12, policy=policy) for policy in ("eplb", "local-search"))

    ratio = searched.gpu_loads(loads).max(axis=1) / published.gpu_loads(loads).max(axis=1)

    assert (published.duplicates() > 0).sum() == 144
    assert (searched.duplicates() == 0).all()
    assert ratio.max() <= 1
    assert ratio.mean() < 0.76


@pytest.mark.parametrize("seed", range(20))
def test_local_search_is_within_a_tenth_of_the_optimum_on_small_cases(seed):
    loads = np.random.default_rng(seed).zipf(1.5, (1, 8)).clip(max=1000)

    searched, best = (
        place(loads, 12, 4, policy=policy).gpu_loads(loads).max() for policy in ("local-search", "optimum")
    )

    assert best <= searched * (1 + 1e-12) <= 1.1 * best


def test_two_replicas_side_by_side_can_balance_better_than_anything_without_them():
    published, best = (
        place([4, 3, 1], 4, 2, policy=policy).gpu_loads([4, 3, 1]).max() for policy in ("eplb", "optimum")
    )

    assert (published, best) == (4, 4.5)


@given(case=clusters)
def test_greedy_placements_hold_every_expert_and_know_their_largest_load(case):
    n_gpus, size, n_experts, seed = case
    n_experts = min(n_experts, n_gpus * size)
    loads = np.random.default_rng(seed).random(n_experts)

    slots, largest = packed_apart(loads, n_gpus * size, n_gpus)

    placement = Placement(slots, n_experts, n_gpus)
    assert len(slots) == n_gpus * size - n_experts + 1
    assert placement.counts.min() >= 1
    assert placement.gpu_loads(np.tile(loads, (len(slots), 1))).max(axis=1) == pytest.approx(largest)


def brute_force(loads, n_slots, n_gpus):
    """The least largest load over all ways to fill the slots, no GPU holding an expert twice."""
    size, best = n_slots // n_gpus, np.inf
    choices = list(itertools.combinations(range(len(loads)), size))
    for sets in itertools.combinations_with_replacement(choices, n_gpus):
        counts = np.bincount(np.ravel(sets), minlength=len(loads))
        if counts.min() > 0:
            best = min(best, max(sum(loads[e] / counts[e] for e in held) for held in sets))
    return best


@pytest.mark.parametrize(("n_experts", "n_slots", "n_gpus"), [(4, 6, 3), (5, 6, 2), (4, 6, 2), (5, 8, 4), (6, 9, 3)])
@pytest.mark.parametrize("seed", range(4))
def test_the_optimum_equals_brute_force(n_experts, n_slots, n_gpus, seed):
    loads = np.random.default_rng(seed).integers(1, 60, n_experts)

    placement = place(loads, n_slots, n_gpus, policy="optimum")

    assert placement.gpu_loads(loads).max() == pytest.approx(brute_force(loads, n_slots, n_gpus))


def test_cases_too_large_for_the_optimum_are_refused():
    with pytest.raises(BadInputError, match="64 experts in 96 slots have over 200000 choices"):
        place(np.ones(64), 96, 8, policy="optimum")
    with pytest.raises(BadInputError, match="places globally, not 4 groups on 2 nodes"):
        place(GOLDEN, 16, 8, 2, 4, policy="optimum")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((17, 8, 1, 1), "17 slots cannot be shared equally by 8 GPUs"),
        ((16, 8, 3, 1), "8 GPUs cannot be shared equally by 3 nodes"),
        ((16, 8, 1, 5), "12 experts cannot be shared equally by 5 groups"),
        ((8, 8, 1, 1), "12 experts do not fit 8 slots; give at least 12"),
        ((16, 0, 1, 1), "every number must be at least 1"),
    ],
)
def test_impossible_placements_are_refused(shape, message):
    with pytest.raises(BadInputError, match=message):
        place(GOLDEN, *shape)


def test_loads_that_do_not_fit_and_unknown_policies_are_refused():
    with pytest.raises(BadInputError, match=r"a load is -1"):
        place([-1, 2], 2, 1)
    with pytest.raises(BadInputError, match=r"placement needs \(layers, experts\)"):
        place(np.ones((1, 2, 3)), 3, 1)
    with pytest.raises(BadInputError, match=r"this placement needs \(1, 2\)"):
        place([1, 2], 2, 1).gpu_loads([1, 2, 3])
    with pytest.raises(UnknownNameError, match="did you mean 'eplb'"):
        place([1], 1, 1, policy="eplp")


@given(
    cost=hnp.arrays(
        np.int64,
        st.integers(0, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(n, 9))),
        elements=st.integers(-9, 9),
    )
)
def test_the_assignment_costs_as_little_as_scipys(cost):
    columns = minimum_assignment(cost)

    rows, best = linear_sum_assignment(cost)
    assert len(set(columns)) == len(cost)
    assert cost[np.arange(len(cost)), columns].sum() == cost[rows, best].sum()


def test_an_assignment_needs_enough_columns_and_finite_costs():
    with pytest.raises(BadInputError, match=r"cost has shape \(2, 1\)"):
        minimum_assignment([[1], [2]])
    with pytest.raises(BadInputError, match="infinite or nan"):
        minimum_assignment([[np.inf]])


def random_placement(rng, n_layers=2, n_gpus=4, size=3, n_experts=6):
    rows = [[rng.choice(n_experts, size, replace=False) for _ in range(n_gpus)] for _ in range(n_layers)]
    return Placement(np.array(rows).reshape(n_layers, -1), n_experts, n_gpus)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("n_nodes", [1, 2])
def test_relabelling_moves_as_little_as_any_relabelling_can(seed, n_nodes):
    rng = np.random.default_rng(seed)
    current, new = random_placement(rng, 1), random_placement(rng, 1)

    relabelled = fewest_moves(current, new, n_nodes)

    gpus = new.experts.reshape(4, 3)
    size = 4 // n_nodes
    best = min(
        moving_cost(current, Placement(gpus[list(order)].reshape(1, -1), 6, 4)).n_moved
        for order in itertools.permutations(range(4))
        if all(len({gpu // size for gpu in order[i : i + size]}) == 1 for i in range(0, 4, size))
    )
    assert moving_cost(current, relabelled).n_moved == best
    kept = {frozenset(held) for held in relabelled.experts.reshape(4, 3).tolist()}
    assert kept == {frozenset(held) for held in gpus.tolist()}


def test_a_permuted_placement_costs_nothing_to_reach_and_stays_in_its_slots():
    rng = np.random.default_rng(3)
    current = random_placement(rng)
    shuffled = current.experts.reshape(2, 4, 3)[:, [2, 0, 3, 1], ::-1].reshape(2, -1)

    relabelled = fewest_moves(current, Placement(shuffled, 6, 4))

    assert relabelled.experts.tolist() == current.experts.tolist()
    assert moving_cost(current, relabelled).churn == 0


def test_the_moving_cost_counts_what_arrives_where():
    current = Placement(np.array([[0, 1, 2, 3, 4, 5, 6, 7]]), 8, 4)
    new = Placement(np.array([[2, 1, 2, 3, 0, 1, 6, 7]]), 8, 4)

    cost = moving_cost(current, new, n_nodes=2, bytes_per_expert=10)

    assert (cost.n_moved, cost.busiest, cost.n_between_nodes, cost.n_bytes) == (3, 2, 2, 30)
    assert cost.churn == 3 / 8


def test_placements_of_different_shapes_cannot_be_compared():
    with pytest.raises(BadInputError, match="differ; need the same"):
        moving_cost(place([1, 2], 2, 1), place([1, 2], 2, 2))
    with pytest.raises(BadInputError, match="2 GPUs cannot be shared equally by 3 nodes"):
        moving_cost(place([1, 2], 2, 2), place([1, 2], 2, 2), n_nodes=3)


def least_largest_load(loads, edges, capacity):
    """The linear program min T subject to b + A f <= T, 0 <= f <= capacity, by HiGHS."""
    n, m = len(loads), len(edges)
    inflow = np.zeros((n, m + 1))
    for edge, (source, target) in enumerate(edges):
        inflow[source, edge] -= 1
        inflow[target, edge] += 1
    inflow[:, m] = -1
    bounds = [*[(0, c) for c in capacity], (None, None)]
    return linprog([0] * m + [1], A_ub=inflow, b_ub=-np.asarray(loads), bounds=bounds).fun


@pytest.mark.parametrize("seed", range(20))
def test_balancing_along_edges_meets_the_linear_program(seed):
    rng = np.random.default_rng(seed)
    edges = [(u, (u + step) % 8) for step in (1, 3) for u in range(8)]
    loads = 100 * rng.gamma(1, size=8)
    capacity = np.array([loads[u] for u, _ in edges]) * rng.uniform(0.1, 0.45, 16)

    flow, after, _ = balance_edges(loads, edges, capacity)

    assert after.max() == pytest.approx(least_largest_load(loads, edges, capacity), rel=1e-9)
    assert after.sum() == pytest.approx(loads.sum())
    assert ((flow >= 0) & (flow <= capacity)).all()


def test_diffusion_over_a_connected_graph_levels_everything():
    loads = [100.0, 0, 0, 0, 20]
    both = [(u, v) for u, v in itertools.pairwise(range(5))] + [(v, u) for u, v in itertools.pairwise(range(5))]

    assert balance_edges(loads, both, np.full(8, np.inf)).loads == pytest.approx(np.full(5, 24))


@pytest.mark.parametrize("seed", range(10))
def test_splitting_replicas_freely_meets_the_linear_program_and_beats_the_even_split(seed):
    rng = np.random.default_rng(seed)
    planned, batch = rng.gamma(1, size=(1, 12)), rng.gamma(1, size=(1, 12))
    placement = place(planned, 16, 8)

    shares, gpu_loads = balance_replicas(placement, batch)

    belongs, sits = np.zeros((12, 17)), np.zeros((8, 17))
    belongs[placement.experts[0], np.arange(16)] = 1
    sits[np.arange(16) // 2, np.arange(16)] = 1
    sits[:, 16] = -1
    best = linprog([0] * 16 + [1], A_ub=sits, b_ub=np.zeros(8), A_eq=belongs, b_eq=batch[0]).fun
    assert gpu_loads.max() == pytest.approx(best, rel=1e-9)
    assert gpu_loads.max() <= placement.gpu_loads(batch).max() * (1 + 1e-12)
    assert belongs[:, :16] @ shares[0] == pytest.approx(batch[0])


@pytest.mark.parametrize(
    ("edges", "capacity", "message"),
    [
        ([(0, 2)], [1], "an edge ends at no rank; ranks are 0 to 1"),
        ([(0, 1)], [-1], "a capacity is negative or nan"),
        ([(0, 1)], [1, 2], r"edges \(1, 2\), capacity \(2,\)"),
    ],
)
def test_edges_that_do_not_fit_are_refused(edges, capacity, message):
    with pytest.raises(BadInputError, match=message):
        balance_edges([1, 2], edges, capacity)
