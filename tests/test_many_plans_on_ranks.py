"""More than one plan on several ranks: as many as slow counting finds, whatever the schedule; limits end all ranks."""

import numpy as np
import pytest
import sas_tasks
from test_many_plans import first_plans, free_circle, numbers_of_plans

from pdsearch import solve
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits
from pdsearch.result import Status
from pdsearch.search.best_first.many_plans import ManyPlans
from pdsearch.search.best_first.plans_simulation import SimulatedPlans, simulate_plans
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task


def on_ranks(domain, seed, n_ranks=None, heuristic="blind", limits=None, **options):
    task = make_task(domain, heuristic, "zobrist", n_ranks or 2 + seed % 4, seed=seed)
    return simulate_plans(task, Schedule.random(seed), ManyPlans(**options), Run(limits or Limits()))


@pytest.mark.parametrize("seed", range(24))
def test_plans_of_random_tasks_are_counted_and_listed_as_there_are(seed):
    domain = sas_tasks.planning(seed, max_cost=4, n_variables=4)
    result = on_ranks(domain, seed, quality=1.5, count=True, top_k=50)
    if result.status is Status.UNSOLVABLE:
        assert (result.plans, result.n_plans, result.within) == ([], None, None)
        assert not numbers_of_plans(domain, 12)
        return

    alone = solve(domain, "blind", algorithm="plans", quality=1.5, count=True, top_k=50)
    assert result.n_plans == alone.n_plans == sum(numbers_of_plans(domain, result.within).values())
    assert [one.cost for one in result.plans] == first_plans(domain, result.within, 50)
    assert len({tuple(one.plan) for one in result.plans}) == len(result.plans)
    assert (result.cost, result.graph_states, result.graph_moves) == (alone.cost, alone.graph_states, alone.graph_moves)


@pytest.mark.parametrize("seed", range(8))
def test_the_k_cheapest_plans_cost_what_the_cheapest_of_all_sequences_cost(seed):
    domain = sas_tasks.planning(seed, max_cost=3, n_variables=4)

    result = on_ranks(domain, seed, top_k=120)

    if result.plans:
        assert [one.cost for one in result.plans] == first_plans(domain, result.within, 120)
        assert len({tuple(one.plan) for one in result.plans}) == 120


@pytest.mark.parametrize("n_ranks", [1, 2, 3])
@pytest.mark.parametrize("cost", [1, 2])
def test_a_plan_is_listed_that_costs_more_than_anything_open(cost, n_ranks):
    domain = sas_tasks.edges([(0, 1, 1), (1, 3, 1), (0, 2, cost), (2, 3, 5)], 3)

    result = on_ranks(domain, n_ranks, n_ranks, top_k=2)

    assert result.status is Status.SOLVED
    assert [one.cost for one in result.plans] == [2, cost + 5]


def costs_of_plans(domain, state):
    """Return the cost of every way from a state to a goal, where no way leads in a circle."""
    costs = [0] * domain.is_goal(state)
    for operator in domain.operators(state):
        after, cost = domain.apply(state, operator)
        costs += [cost + rest for rest in costs_of_plans(domain, after)]
    return costs


@pytest.mark.parametrize("seed", range(12))
def test_the_k_cheapest_plans_of_graphs_without_circles_are_those_of_a_list_of_all(seed):
    rng = np.random.default_rng(seed)
    pairs = np.sort(rng.integers(8, size=(14, 2))).tolist()
    costs = rng.integers(seed % 2, 10, size=len(pairs)).tolist()
    ways = [(*pair, cost) for pair, cost in zip(pairs, costs, strict=True) if pair[0] < pair[1]]
    domain = sas_tasks.edges([(0, 1, 1), *ways, (6, 7, 2)], 7)
    expected = sorted(costs_of_plans(domain, domain.initial))

    for k in (1 + len(expected) // 2, len(expected) + 3):
        result = on_ranks(domain, seed, 1 + seed % 3, top_k=k)

        assert [one.cost for one in result.plans] == expected[:k]
        assert len({tuple(one.plan) for one in result.plans}) == len(result.plans)


@pytest.mark.parametrize("n_ranks", [1, 2, 5])
@pytest.mark.parametrize("text", ["2x3: 3 5 4 2 1 0", "2x3: 1 2 0 5 4 3"])
def test_as_many_plans_of_a_puzzle_are_counted_as_there_are(text, n_ranks):
    puzzle = Tiles.parse(text)

    result = on_ranks(puzzle, n_ranks, n_ranks, "manhattan", quality=1.2, count=True)

    expected = numbers_of_plans(puzzle, result.within)
    assert min(expected) == result.cost
    assert result.n_plans == sum(expected.values())


def test_plans_without_end_are_not_counted():
    counted, listed = on_ranks(free_circle(), 3, count=True), on_ranks(free_circle(), 3, all_optimal=100)

    assert counted.n_plans is None
    assert "operators without cost lead in a circle" in counted.notes[-1]
    assert len(listed.plans) == 8


def test_nodes_are_read_some_at_a_time(monkeypatch):
    monkeypatch.setattr("pdsearch.search.best_first.shared_plan_graph.AT_ONCE", 40)
    monkeypatch.setattr("pdsearch.search.best_first.shared_plan_graph._FEWEST", 7)
    puzzle = Tiles.parse("2x3: 3 5 4 2 1 0")

    result = on_ranks(puzzle, 3, 3, "manhattan", quality=1.2, count=True)

    assert result.n_plans == sum(numbers_of_plans(puzzle, result.within).values())


# --- limits ---


def test_a_graph_that_rank_0_has_no_memory_for_is_a_status_and_one_line(monkeypatch):
    monkeypatch.setattr("pdsearch.search.best_first.shared_plan_graph._STATE_BYTES", 2**40)

    result = on_ranks(Tiles.parse("2x3: 3 5 4 2 1 0"), 3, 3, "manhattan", count=True)

    assert result.status is Status.MEMORY_LIMIT
    assert result.status.exit_code == 22
    assert "states on plans and" in result.notes[-1]
    assert "give --memory more" in result.notes[-1]
    assert "\n" not in result.notes[-1]
    assert (result.n_plans, len(result.plans), result.plans[0].cost) == (None, 1, result.cost)
    assert result.lower_bound == result.cost


def test_a_limit_before_any_plan_is_known_gives_a_bound():
    result = on_ranks(Tiles.korf(1), 3, 3, "manhattan", Limits(nodes=100), count=True)

    assert result.status is Status.NODE_LIMIT
    assert (result.cost, result.plans) == (None, [])
    assert result.lower_bound >= 41


def test_a_limit_after_the_best_plan_is_known_says_so_and_keeps_it():
    puzzle = Tiles.parse("3x3: 8 6 7 2 5 4 3 0 1")
    alone = solve(puzzle)

    result = on_ranks(puzzle, 2, 2, "manhattan", Limits(nodes=2 * alone.expanded + 6000), top_k=100_000)

    assert result.status is Status.NODE_LIMIT
    assert (result.cost, result.lower_bound, len(result.plan)) == (27, 27, 27)


def test_a_signal_while_the_graph_is_read_ends_all_ranks():
    signals = []

    class Signalled(SimulatedPlans):
        def graph(self, *arguments):
            signals.append("SIGTERM")
            return super().graph(*arguments)

    run = Run(interrupted=lambda: bool(signals))
    ranks = Signalled(make_task(Tiles.parse("2x3: 3 5 4 2 1 0"), "manhattan", "zobrist", 3), run, Schedule())
    run.search_begins()

    outcome = ManyPlans(count=True).explored(ranks, run)

    assert outcome.stop is Status.INTERRUPTED
    assert outcome.incumbent == outcome.lower_bound


def test_a_signal_that_one_rank_sees_while_it_lowers_distances_ends_all_ranks(monkeypatch):
    sweeps = []

    def sweep(*arrays):
        sweeps.append(arrays)
        return len(sweeps) <= 6

    monkeypatch.setattr("pdsearch.search.best_first.shared_plan_graph.sweep", sweep)
    run = Run(interrupted=lambda: len(sweeps) == 6)
    task = make_task(Tiles.parse("2x3: 3 5 4 2 1 0"), "manhattan", "zobrist", 3)
    ranks = SimulatedPlans(task, run, Schedule())
    run.search_begins()

    outcome = ManyPlans(count=True).explored(ranks, run)

    assert outcome.stop is Status.INTERRUPTED
    assert outcome.incumbent == outcome.lower_bound
    assert len(sweeps) == 8  # the others have lowered theirs, too, before anybody is told


def test_states_of_several_owners_are_refused():
    domain = sas_tasks.planning(3)
    task = make_task(domain, "blind", "random", 2)

    with pytest.raises(BadInputError, match="needs one owner of each state"):
        ManyPlans(count=True).search(task, Run())


@pytest.mark.wide
@pytest.mark.mpi
def test_real_ranks_count_as_one_does(python_on):
    domain = Planning(sas_tasks.counters(n_variables=3, size=3, goal=2), "counters")

    result = solve(domain, "blind", algorithm="plans", count=True, ranks=2)

    assert (result.cost, result.n_plans) == (6, 90)
