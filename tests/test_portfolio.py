"""The heuristic of a planning task is chosen by trying: what is foretold, and that no choice changes an answer."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import sas_tasks
from sas_tasks import KINDS

from pdsearch import Limits, Status, solve
from pdsearch.domains.planning import task as planning
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.search.best_first import portfolio
from pdsearch.search.prediction import Probe, growth, predicted_s, ranking

DATA = Path(__file__).parent / "data" / "planning"
BUDGETS = ("FIRST_S", "SECOND_S", "LONG_S", "_TRIAL_S")


@pytest.fixture
def no_time(monkeypatch):
    """End every short search after its first steps; leave out what other tests do not compile anyway."""
    for name in BUDGETS:
        monkeypatch.setattr(portfolio, name, 0.0)
    monkeypatch.setattr(planning, "_CANDIDATES", ("blind",))
    monkeypatch.setattr(planning, "_MOST_PRUNED", 0)


def courier():
    return Planning.parse(str(DATA / "courier.sas"))


def probe(name, bound, expanded, below, search_s=1.0, initial_h=10, **more):
    return Probe(name, 0.0, search_s, initial_h, bound, expanded, below, **more)


def names(probes):
    return [one.heuristic for _, one in ranking(probes)]


# --- the prediction ---


def test_who_proves_more_at_the_same_growth_is_first():
    slow, fast = probe("slow", 14, 2000, 1000), probe("fast", 12, 200_000, 100_000, initial_h=4)

    assert growth([slow, fast]) == pytest.approx(math.log(100_000) / 8)
    assert names([slow, fast]) == ["slow", "fast"]
    assert predicted_s(fast, 15, growth([slow, fast])) > 10 * predicted_s(slow, 15, growth([slow, fast]))


def test_of_equal_bounds_the_one_that_took_fewer_seconds_is_first():
    assert names([probe("quick", 12, 500, 400, 0.2), probe("late", 12, 90_000, 80_000, 2.0)]) == ["quick", "late"]


def test_a_layer_that_was_begun_takes_as_long_again():
    early, stuck = probe("early", 12, 1000, 990), probe("stuck", 12, 1000, 10)

    assert predicted_s(stuck, 13, math.log(3)) == 2.0
    assert predicted_s(early, 13, math.log(3)) == pytest.approx(2.97)
    assert predicted_s(stuck, 12, math.log(3)) == 0.01


def test_the_median_of_growths_is_not_moved_by_one_that_is_odd():
    steady = [probe("a", 15, 10**5, 10**5), probe("b", 14, 10**4, 10**4)]

    assert growth([*steady, probe("odd", 11, 10**9, 10**9)]) == growth(steady)


def test_nobody_left_the_first_f_and_the_highest_is_best():
    assert names([probe("low", 10, 100, 0), probe("high", 14, 100, 0, initial_h=14)]) == ["high", "low"]


def test_who_fills_the_memory_before_is_last():
    full = probe("full", 12, 1000, 900, room=1000, is_full=True)

    assert names([probe("roomy", 12, 1000, 900), full]) == ["roomy", "full"]
    assert names([probe("roomy", 12, 1000, 900), probe("as good", 12, 1000, 900)]) == ["as good", "roomy"]


def test_of_equals_the_later_is_first_and_numbers_do_not_overflow():
    assert names([probe("a", 12, 100, 50), probe("b", 12, 100, 50)]) == ["b", "a"]
    assert names([probe("a", 10**9, 10**9, 10**9), probe("b", 11, 10**9, 10**9)]) == ["a", "b"]


# --- the choice ---


def test_a_small_task_is_solved_by_the_first_short_search():
    result = solve(courier())

    assert (result.status, result.cost, result.heuristic, result.algorithm) == (Status.SOLVED, 18, "lmcut", "A*")
    assert [one.heuristic for one in result.probes] == ["lmcut"]
    assert result.choice == "lmcut, which ended the search while it was tried"
    assert json.loads(result.to_json())["probes"][0]["expanded"] == result.expanded
    assert result.choice in result.summary()


@pytest.mark.parametrize("kind", ["costs", "everything"])
def test_no_choice_changes_the_cost(kind, no_time):
    tried = set()
    for seed in range(30):
        domain = sas_tasks.planning(seed, n_operators=20, **KINDS[kind])
        result, sure = solve(domain), solve(domain, "hmax")

        assert (result.status, result.cost) == (sure.status, sure.cost)
        tried |= {one.heuristic for one in result.probes}
    assert tried == {"lmcut", "blind"}


def test_every_candidate_is_tried_and_the_choice_is_told(no_time):
    result = solve(courier())

    assert (result.status, result.cost) == (Status.SOLVED, 18)
    assert {one.heuristic for one in result.probes} == {"lmcut", "blind"}
    assert result.choice.startswith(f"{result.heuristic}; seconds predicted to prove more than ")
    assert "short searches" in result.phases


def test_preparation_proves_that_there_is_no_plan(no_time):
    """Two goals that h2 knows to exclude each other, which no short search of a few steps does."""
    task = replace(sas_tasks.counters(12, 3, 2), goal=((0, 2), (1, 2)))
    change = tuple(replace(one, preconditions=(*one.preconditions, (1, 0))) for one in task.operators[:2])
    other = tuple(replace(one, preconditions=(*one.preconditions, (0, 0))) for one in task.operators[2:4])
    result = solve(Planning(replace(task, operators=(*change, *other, *task.operators[4:])), "excluded"))

    assert result.status is Status.UNSOLVABLE
    assert "possible pairs" in result.reason


def test_what_was_asked_for_by_name_stays():
    domain = Planning.parse(str(DATA / "courier.sas"), preprocess="h2", pruning="stubborn")
    longer = domain.for_long_search(math.inf)

    assert longer is domain
    assert courier().for_long_search(math.inf).leaves_out_plans
    assert not courier().for_long_search(math.inf).without_pruning().leaves_out_plans


def test_the_domain_is_the_old_one_where_nothing_pays():
    domain = courier()
    longer = domain.for_long_search(math.inf)

    assert longer.made_by == {"preprocess": "h2", "pruning": "stubborn"}
    assert (longer.without_pruning() is domain) == (longer.task is domain.task)


# --- limits ---


@pytest.mark.parametrize("after", [0, 1, 3, 6, 12, 25])
def test_an_interruption_ends_it_wherever_it_is(after, no_time):
    calls = []

    def interrupted():
        calls.append(1)
        return len(calls) > after

    result = solve(courier(), interrupted=interrupted)

    assert result.status in (Status.INTERRUPTED, Status.SOLVED)
    assert (result.lower_bound or 0) <= 18
    assert after > 1 or result.status is Status.INTERRUPTED


@pytest.mark.parametrize("nodes", [1, 20, 60, 200])
def test_the_node_limit_counts_all_searches(nodes, no_time):
    result = solve(courier(), limits=Limits(nodes=nodes))

    assert result.status is Status.NODE_LIMIT
    others = result.probes if result.choice else result.probes[:-1]
    assert nodes <= result.expanded + sum(one.expanded for one in others) <= nodes + 2
    assert result.lower_bound <= 18


def test_the_time_limit_ends_it_with_what_is_proved(no_time):
    result = solve(courier(), time_limit=1e-6)

    assert result.status is Status.TIME_LIMIT
    assert result.cost is None


def test_memory_that_is_too_small_for_tables_leaves_a_candidate_out(no_time):
    result = solve(courier(), memory=2**21, when_full="stop")

    assert (result.status, result.cost) == (Status.SOLVED, 18)


# --- checkpoints ---


def test_a_checkpoint_is_one_of_what_was_chosen(no_time, tmp_path, monkeypatch):
    cut = solve(courier(), checkpoint=tmp_path / "c", limits=Limits(nodes=150))
    monkeypatch.undo()
    result = solve(courier(), checkpoint=tmp_path / "c", resume=True)

    assert cut.status is Status.NODE_LIMIT
    assert cut.choice
    assert (result.status, result.cost, result.heuristic) == (Status.SOLVED, 18, cut.heuristic)
    assert result.choice == f"{cut.heuristic}, as before the checkpoint"


def test_before_the_choice_no_checkpoint_is_written_and_a_note_says_so(no_time, tmp_path):
    result = solve(courier(), checkpoint=tmp_path / "c", limits=Limits(nodes=10))

    assert result.status is Status.NODE_LIMIT
    assert any("no checkpoint was written" in note for note in result.notes)


# --- what is refused, and ranks ---


@pytest.mark.parametrize(
    ("domain", "heuristic", "words"),
    [(courier, "pdb", "chooses the heuristic, and 'pdb' is named"), (lambda: Tiles.korf(79), None, "no heuristics to")],
)
def test_what_leaves_no_choice_is_refused(domain, heuristic, words):
    with pytest.raises(BadInputError, match=words):
        solve(domain(), heuristic, algorithm="portfolio")


def test_a_named_algorithm_or_heuristic_is_not_replaced():
    assert not hasattr(solve(courier(), "blind"), "choice")
    assert not hasattr(solve(courier(), algorithm="astar"), "choice")


@pytest.mark.heavy  # compiles everything there is to choose from
@pytest.mark.parametrize("kind", KINDS)
def test_all_candidates_and_stubborn_sets_find_the_same_cost(kind, monkeypatch):
    for name in BUDGETS:
        monkeypatch.setattr(portfolio, name, 0.0)
    for seed in range(8):
        domain = sas_tasks.planning(seed, n_operators=20, **KINDS[kind])

        assert solve(domain).cost == solve(domain, "hmax").cost


@pytest.mark.heavy  # compiled for half a minute
def test_ranks_choose_the_same():
    result = solve(Planning.parse(str(DATA / "courier.sas")), ranks=2, time_limit=100)

    assert (result.status, result.cost, result.algorithm, result.n_ranks) == (Status.SOLVED, 18, "HDA*", 2)
