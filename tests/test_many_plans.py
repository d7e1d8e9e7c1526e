"""All plans up to a cost: their number against slow counting, the K cheapest against slow listing, on small spaces."""

import json
from collections import Counter
from fractions import Fraction

import pytest
import sas_tasks

from pdsearch import solve
from pdsearch.cli import main
from pdsearch.domains.planning.sas import Effect, Operator, SasTask, Variable
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits
from pdsearch.result import Status
from pdsearch.search.best_first.many_plans import ManyPlans


def numbers_of_plans(domain, most):
    """Return how many operator sequences of each cost up to ``most`` lead to a goal, by counting layer by layer."""
    by_cost = {0: Counter({domain.initial: 1})}
    found = Counter()
    for spent in range(most + 1):  # costs are above 0
        for state, n in by_cost.pop(spent, {}).items():
            if domain.is_goal(state):
                found[spent] += n
            for operator in domain.operators(state):
                after, cost = domain.apply(state, operator)
                if spent + cost <= most:
                    by_cost.setdefault(spent + cost, Counter())[after] += n
    return found


def first_plans(domain, within, n):
    """Return the costs of the n cheapest plans."""
    expected = numbers_of_plans(domain, within)
    return [cost for cost in sorted(expected) for _ in range(expected[cost])][:n]


# --- counting and listing ---


@pytest.mark.parametrize("quality", [1, 1.2])
@pytest.mark.parametrize("text", ["2x3: 3 5 4 2 1 0", "2x3: 1 2 0 5 4 3"])
def test_as_many_plans_of_a_puzzle_are_counted_as_there_are(text, quality):
    puzzle = Tiles.parse(text)

    result = solve(puzzle, algorithm="plans", quality=quality, count=True)

    expected = numbers_of_plans(puzzle, result.within)
    assert result.within == int(Fraction(str(quality)) * result.cost)
    assert min(expected) == result.cost
    assert result.n_plans == sum(expected.values())


@pytest.mark.parametrize("seed", range(10))
def test_plans_of_random_tasks_are_counted_and_listed_as_there_are(seed):
    domain = sas_tasks.planning(seed, max_cost=4, n_variables=4)
    result = solve(domain, "blind", algorithm="plans", quality=1.5, count=True, top_k=50)
    if result.status is Status.UNSOLVABLE:
        assert (result.plans, result.n_plans, result.within) == ([], None, None)
        assert not numbers_of_plans(domain, 12)
        return

    assert result.n_plans == sum(numbers_of_plans(domain, result.within).values())
    assert [one.cost for one in result.plans] == first_plans(domain, result.within, 50)
    assert len({tuple(one.plan) for one in result.plans}) == len(result.plans)


@pytest.mark.parametrize("seed", range(4))
def test_the_k_cheapest_plans_cost_what_the_cheapest_of_all_sequences_cost(seed):
    domain = sas_tasks.planning(seed, max_cost=3, n_variables=4)

    result = solve(domain, "blind", algorithm="plans", top_k=120)

    if result.plans:
        assert len(result.plans) == 120
        assert [one.cost for one in result.plans] == first_plans(domain, result.within, 120)
        assert len({tuple(one.plan) for one in result.plans}) == 120


def test_a_space_with_few_plans_has_no_more_of_them():
    counters = Planning(sas_tasks.counters(n_variables=3, size=3, goal=2), "counters")

    result = solve(counters, "blind", algorithm="plans", top_k=1000)

    assert result.status is Status.SOLVED
    assert [one.cost for one in result.plans] == [6] * 90  # 6! / 2!**3


def test_plans_may_go_on_behind_a_goal():
    variable = Variable("v", -1, ("a", "b", "c"))
    moves = [sas_tasks.changes(f"{u}{v}", ((0, u),), 0, v) for u, v in ((0, 1), (1, 2), (2, 1))]
    domain = Planning(SasTask(False, (variable,), (), (0,), ((0, 1),), tuple(moves)), "behind")

    result = solve(domain, "blind", algorithm="plans", top_k=3)

    assert [one.cost for one in result.plans] == [1, 3, 5]
    assert [len(one.plan) for one in result.plans] == [1, 3, 5]


# --- operators without cost ---


def free_circle():
    """Return a task in which two operators without cost lead there and back, on the way to the goal."""
    switch, counter = Variable("switch", -1, ("off", "on")), Variable("counter", -1, ("0", "1", "2"))
    flips = [Operator(f"to {v}", ((0, 1 - v),), (Effect((), 0, v),), 0) for v in (0, 1)]
    counts = [Operator(f"count {v}", ((1, v),), (Effect((), 1, v + 1),), 2) for v in (0, 1)]
    return Planning(SasTask(True, (switch, counter), (), (0, 0), ((1, 2),), (*flips, *counts)), "free")


def test_plans_without_end_are_not_counted_and_those_listed_come_to_no_state_twice():
    result = solve(free_circle(), "blind", algorithm="plans", all_optimal=100)
    counted = solve(free_circle(), "blind", algorithm="plans", count=True)

    assert result.status is counted.status is Status.SOLVED
    assert counted.n_plans is None
    assert "operators without cost lead in a circle" in counted.notes[-1]
    assert len(result.plans) == 8  # the switch is flipped or not, before, between and after
    assert {one.cost for one in result.plans} == {4}


# --- limits, mistakes, outputs ---


def test_a_limit_after_the_best_plan_is_known_says_so_and_keeps_it():
    puzzle = Tiles.parse("3x3: 8 6 7 2 5 4 3 0 1")
    alone = solve(puzzle)

    result = solve(puzzle, algorithm="plans", top_k=100_000, limits=Limits(nodes=alone.expanded + 6000))

    assert result.status is Status.NODE_LIMIT
    assert (result.cost, result.lower_bound, len(result.plan)) == (27, 27, 27)


def test_a_limit_before_any_plan_is_known_gives_a_bound():
    result = solve(Tiles.korf(1), algorithm="plans", count=True, limits=Limits(nodes=100))

    assert result.status is Status.NODE_LIMIT
    assert (result.cost, result.plans) == (None, [])
    assert result.lower_bound >= 41


def test_memory_that_is_full_ends_the_search():
    result = solve(Tiles.korf(1), algorithm="plans", count=True, memory=2_000_000)

    assert result.status is Status.MEMORY_LIMIT


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"all_optimal": 3, "quality": 2}, "all_optimal with top_k or quality; give all_optimal alone"),
        ({"quality": 0.5}, "weight 0.5 is not understood"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(BadInputError, match=message):
        ManyPlans(**options)


def test_prunings_are_refused():
    with pytest.raises(BadInputError, match="needs every move of a state; leave out --pruning"):
        solve(Planning(sas_tasks.random_task(1), "pruned", pruning="stubborn"), "blind", algorithm="plans")


def test_the_command_lists_counts_and_writes_all_of_them(tmp_path, capsys):
    plans, file = tmp_path / "plans", tmp_path / "result.json"
    words = ["solve", "tiles", "2x3: 3 5 4 2 1 0", "--quality", "1.2", "--count", "--top-k", "4"]

    assert main([*words, "--plan-file", str(plans), "--json", str(file)]) == 0

    result = json.loads(file.read_text())
    costs = f"{result['cost']} to {result['within']}"
    assert len(result["plans"]) == 4
    assert result["n_plans"] > 4
    assert plans.read_text().count("; cost = ") == 4
    assert f"{result['n_plans']:,} plans of cost {costs}; 4 listed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["--top-k", "0"], ["--all-optimal", "x"], ["--quality", "0.1"], ["--top-k", "9" * 5000]]
)
def test_a_number_of_plans_that_makes_no_sense_is_refused_in_one_line(words, capsys):
    assert main(["solve", "tiles", "2x3: 1 2 0 5 4 3", *words]) == 2

    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "is not understood" in line
    assert len(line) < 300
