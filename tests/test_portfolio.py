"""The heuristic of a planning task is chosen by trying: what is foretold, and that no choice changes an answer."""

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import sas_tasks
from sas_tasks import KINDS

from pdsearch import Limits, Status, solve
from pdsearch.comm.launch import call_on_ranks
from pdsearch.comm.world import carrier_of, world
from pdsearch.domains.planning import task as planning
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.search import solve_all
from pdsearch.search.best_first import portfolio
from pdsearch.search.best_first.astar import AStar
from pdsearch.search.best_first.hdastar import HdaStar
from pdsearch.search.best_first.hold import Hold
from pdsearch.search.prediction import Probe, growths, own_growth, predicted_s, ranking
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task, task_of_ranks

DATA = Path(__file__).parent / "data" / "planning"
BUDGETS = ("FIRST_S", "LONG_S", "_TRIAL_S")


@pytest.fixture
def no_time(monkeypatch):
    """End every short search after its first steps; leave out what other tests do not compile anyway."""
    for name in BUDGETS:
        monkeypatch.setattr(portfolio, name, 0.0)
    monkeypatch.setattr(portfolio, "_LEAST_S", math.inf)
    monkeypatch.setattr(planning, "_CANDIDATES", ("blind",))
    monkeypatch.setattr(planning, "_PRUNINGS", ())


def courier():
    return Planning.parse(str(DATA / "courier.sas"))


def probe(name, bound, expanded, below, search_s=1.0, initial_h=10, **more):
    return Probe(name, 0.0, search_s, initial_h, bound, expanded, below, **more)


def names(probes):
    return [one.heuristic for _, one in ranking(probes)]


# --- the prediction ---


def test_who_proves_more_at_the_same_growth_is_first():
    slow, fast = probe("slow", 14, 2000, 1000), probe("fast", 12, 200_000, 100_000, initial_h=4)

    assert growths([slow, fast]) == pytest.approx([math.log(1000) / 4, math.log(100_000) / 8])
    assert names([slow, fast]) == ["slow", "fast"]


def test_of_equal_bounds_the_one_that_took_fewer_seconds_is_first():
    assert names([probe("quick", 12, 500, 400, 0.2), probe("late", 12, 90_000, 80_000, 2.0)]) == ["quick", "late"]


def test_a_layer_that_was_begun_takes_half_as_long_again_at_least():
    early, stuck = probe("early", 12, 1000, 990), probe("stuck", 12, 1000, 10)

    assert predicted_s(stuck, 13, math.log(3)) == 1.5
    assert predicted_s(early, 13, math.log(3)) == pytest.approx(2.97)
    assert predicted_s(stuck, 12, math.log(3)) == 0.01


def test_who_goes_on_needs_the_rest_of_the_time_at_the_pace_of_late():
    held = probe("held", 12, 1000, 1000, is_held=True)

    assert predicted_s(held, 13, math.log(3)) == pytest.approx(2.0)
    assert predicted_s(replace(held, late_s=0.01), 13, math.log(3)) == pytest.approx(20.0)


def test_growth_is_that_of_the_last_layers():
    """Ten layers of one node each, then layers that are ten times as large as those before."""
    layers = (*((10 + n, n) for n in range(1, 11)), (21, 100), (22, 1000), (23, 10_000))

    assert own_growth(probe("late", 24, 100_000, 100_000, layers=layers)) == pytest.approx(math.log(10))
    assert own_growth(probe("flat", 20, 10, 10, layers=layers[:9])) == pytest.approx(math.log(10) / 9)
    assert own_growth(probe("one layer", 12, 10**6, 10**6)) == pytest.approx(math.log(10**6) / 2)
    assert own_growth(probe("stuck", 10, 10**6, 0)) is None


def test_growth_of_few_nodes_is_that_of_the_others():
    steady = [probe("a", 15, 10**5, 10**5), probe("b", 14, 10**4, 10**4)]
    mean = (math.log(10**5) / 5 + math.log(10**4) / 4) / 2
    *_, one, none = growths([*steady, probe("one", 11, 30, 1), probe("none", 10, 30, 0)])

    assert one == none == pytest.approx(mean)
    *_, few = growths([*steady, probe("few", 11, 90, 32)])
    assert few > mean  # its own is log 32, and half as sure


def test_a_layer_that_was_begun_is_what_the_next_ones_begin_with():
    """One that is stuck in its first layer has ended no node of it, and many were expanded."""
    assert predicted_s(probe("stuck", 10, 100, 0), 13, math.log(10)) == pytest.approx(1.5 * 100)


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


@pytest.mark.few(1)
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


def test_the_winner_goes_on_where_it_stopped(no_time, monkeypatch):
    """What was expanded in short searches is not expanded again: all of it together is what one search expands."""
    go_on, pieces = AStar.go_on, Counter()

    def kept(self, task, run, comm, hold):
        before = hold.rank
        outcome = go_on(self, task, run, comm, hold)
        assert hold.rank is before or before is None
        pieces[id(hold), before is not None] += 1
        return outcome

    monkeypatch.setattr(AStar, "go_on", kept)
    result = solve(courier())
    assert max(n for (_, is_further), n in pieces.items() if is_further) >= 1
    alone = solve(courier(), result.heuristic)

    assert (result.expanded, result.generated) == (alone.expanded, alone.generated)
    held = [one.expanded for one in result.probes if one.heuristic == result.heuristic]
    assert held == sorted(held) != []


def test_the_choice_is_told_when_it_is_made(no_time):
    told = []
    (result,) = solve_all([courier()], Run(say=told.append))

    assert len(told) == 1
    assert told[0].startswith("chosen after ")
    assert told[0].endswith(result.choice)


def test_what_was_asked_for_by_name_stays():
    domain = Planning.parse(str(DATA / "courier.sas"), preprocess="h2", pruning="stubborn")

    assert domain.for_long_search(math.inf) is domain
    assert domain.pruned() == []
    assert Planning.parse(str(DATA / "courier.sas"), pruning="symmetry").for_long_search(math.inf).leaves_out_plans


def test_each_pruning_that_may_pay_is_a_form_of_the_task():
    domain = Planning(sas_tasks.balls(4), "balls")
    forms = domain.pruned()

    assert [one.made_by for one in forms] == [{"pruning": "symmetry"}, {"pruning": "stubborn"}]
    assert all(one.without_pruning() is domain for one in forms)
    assert domain.without_pruning() is domain
    longer = Planning(sas_tasks.counters(3, 4, 1), "counters").for_long_search(math.inf)
    assert longer.made_by == {"preprocess": "h2"}
    assert [one.made_by["preprocess"] for one in longer.pruned()] == ["h2", "h2"]


@pytest.mark.parametrize("begins_elsewhere", [False, True])
def test_tables_are_made_anew_where_images_are_states_that_are_not_reached(begins_elsewhere):
    task = sas_tasks.balls(4)
    domain = Planning(replace(task, initial=(*task.initial[:-1], int(begins_elsewhere))), "balls")
    symmetric = domain.pruned()[0]
    short = portfolio._Choice(portfolio.Portfolio(), make_task(domain, "blind"), Run(), None).short
    plain = short.task("blind").heuristic
    short.use(symmetric)

    assert symmetric.leaves_reachable == begins_elsewhere
    assert (short.task("blind").heuristic is plain) == (not begins_elsewhere)


def test_symmetries_are_used_where_they_pay(monkeypatch):
    """Of a dozen balls 69 states are left to expand, and 376,806 otherwise."""
    for name, seconds in zip(BUDGETS, (0.0, 0.0, 10.0), strict=True):
        monkeypatch.setattr(portfolio, name, seconds)
    domain = Planning(sas_tasks.balls(12), "balls")
    domain.candidates = ("blind",)
    result = solve(domain)

    assert (result.status, result.cost) == (Status.SOLVED, 35)
    assert any("symmetries that" in note for note in result.notes)
    assert "with pruning symmetry" in result.choice
    assert result.expanded < 100


def test_what_searches_the_same_layers_in_the_least_time_is_used():
    choice = portfolio._Choice(portfolio.Portfolio(), make_task(courier(), "blind"), Run(), None)
    forms = [courier() for _ in range(3)]
    for domain, (expanded, seconds) in zip(forms, [(10_000, 1.0), (4000, 1.0), (8000, 0.4)], strict=True):
        one = choice.short.tried("blind", domain)
        one.probe = probe("blind", 12, expanded, expanded, seconds)
        one.expanded_below = lambda bound, n=expanded: n

    assert choice._cheapest(forms, 0.0) == 2  # cheap evaluations: 1, 1 and .4 seconds
    assert choice._cheapest(forms, 0.01) == 1  # expensive ones: 100, 41 and 80
    assert choice._cheapest(forms[:1], 0.01) == 0


# --- a search that is held ---


@pytest.mark.parametrize("kind", ["costs", "everything"])
def test_a_search_in_pieces_is_the_search_in_one(kind):
    for seed in range(20):
        task = make_task(sas_tasks.planning(seed, n_operators=20, **KINDS[kind]), "blind")
        whole, hold, nodes = AStar(batch=1).search(task, Run()), Hold(), 0
        outcome = AStar(batch=1).go_on(task, Run(Limits(nodes=1)), None, hold)
        kept = hold.rank
        while outcome.stop is Status.NODE_LIMIT:
            nodes += 7
            before, outcome = outcome, AStar(batch=1).go_on(task, Run(Limits(nodes=nodes)), None, hold)
            assert hold.rank is kept
            assert before.lower_bound <= outcome.lower_bound
        assert (outcome.incumbent, outcome.lower_bound, outcome.plan) == (
            whole.incumbent,
            whole.lower_bound,
            whole.plan,
        )
        assert outcome.ranks[0].expanded == whole.ranks[0].expanded


def test_a_search_that_is_held_is_written_and_gone_on_with(no_time, tmp_path):
    cut = solve(courier(), checkpoint=tmp_path / "c", limits=Limits(nodes=190))
    result = solve(courier(), cut.heuristic, checkpoint=tmp_path / "c", resume=True)

    assert cut.choice
    assert (result.cost, result.expanded) == (18, solve(courier(), cut.heuristic).expanded)


def in_pieces(name, steps):
    """Search in pieces on the ranks of the process; return cost, sent and received, and how often it went on."""
    comm = carrier_of(world())
    task = task_of_ranks(comm, Run(), courier(), name, None, comm.size)
    hold, kept, nodes, further = Hold(), None, 0, -1
    while True:
        nodes, further = nodes + steps, further + 1
        outcome = HdaStar(when_full="stop").go_on(task, Run(Limits(nodes=nodes)), comm, hold)
        kept = kept or hold.rank
        assert hold.rank is kept
        if outcome.stop is None:
            sent, received = (sum(getattr(one, of) for one in outcome.ranks) for of in ("sent", "received"))
            return outcome.incumbent, sent, received, further


@pytest.mark.wide
@pytest.mark.mpi
def test_ranks_go_on_with_what_was_under_way(python_on):
    cost, sent, received, further = call_on_ranks(2, in_pieces, "blind", 40, heard=print, wants_end=lambda: False)

    assert cost == 18
    assert sent == received
    assert further >= 1


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
    others = {one.heuristic: one.expanded for one in result.probes if one.heuristic != result.heuristic}
    assert nodes <= result.expanded + sum(others.values()) <= nodes + 2
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
def test_all_candidates_and_prunings_find_the_same_cost(kind, monkeypatch):
    for name in BUDGETS:
        monkeypatch.setattr(portfolio, name, 0.0)
    for seed in range(8):
        domain = sas_tasks.planning(seed, n_operators=20, **KINDS[kind])

        assert solve(domain).cost == solve(domain, "hmax").cost


@pytest.mark.heavy  # compiled for half a minute
def test_ranks_choose_the_same():
    result = solve(Planning.parse(str(DATA / "courier.sas")), ranks=2, time_limit=100)

    assert (result.status, result.cost, result.algorithm, result.n_ranks) == (Status.SOLVED, 18, "HDA*", 2)
