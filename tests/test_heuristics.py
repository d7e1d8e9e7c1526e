"""Every registered heuristic keeps its promises: never too high, compiled and from-scratch values equal."""

import drivers
import numpy as np
import pytest
from examples import LARGE, SMALL, make, params, walk
from naive import distances_to_goal, reachable, successors

from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError, UnknownNameError
from pdsearch.heuristics import HEURISTICS, Heuristic, make_heuristic
from pdsearch.heuristics.blind import Blind
from pdsearch.kernels.protocol import INFINITY
from pdsearch.pdb import MissingDatabaseError

# run always beside h = 0: in each domain the heuristic that is the default, where it compiles in a second or three
INFORMED = ["octile-grid", "pairwise-msa", "gap-pancake", "manhattan-tiles", "walking-distance-tiles"]


def heuristic_for(name, domain):
    if not HEURISTICS[name].fits(domain):
        pytest.skip(f"{name} does not fit {domain.name}")
    try:
        return HEURISTICS[name](domain)
    except (MissingDatabaseError, BadInputError) as error:  # not built, or cannot handle what the instance has
        pytest.skip(str(error))


@pytest.mark.parametrize("name", HEURISTICS)
def test_a_heuristic_says_what_it_is_and_where_it_comes_from(name):
    heuristic = HEURISTICS[name]

    assert heuristic.name == name
    assert heuristic.source
    assert heuristic.__doc__
    assert isinstance(heuristic.admissible, bool)
    assert isinstance(heuristic.consistent, bool)


@pytest.mark.few(1, *INFORMED)
@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL))
@pytest.mark.parametrize("name", HEURISTICS)
def test_h_never_exceeds_the_exact_distance(name, domain_name, text, options):
    domain = make(domain_name, text, options)
    heuristic = heuristic_for(name, domain)
    if not heuristic.admissible:
        pytest.skip("does not claim to be admissible")

    for state, distance in distances_to_goal(domain).items():
        assert 0 <= heuristic.value(state) <= min(distance, heuristic.max_h)


@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@pytest.mark.parametrize("name", HEURISTICS)
def test_h_never_exceeds_the_exact_distance_on_the_eight_puzzle(name, goal, eight_puzzle):
    heuristic = heuristic_for(name, Tiles.parse("random:3x3", goal=goal))
    boards = list(eight_puzzle)

    for i in np.random.default_rng(0).choice(len(boards), 4000, replace=False).tolist():
        board, distance = boards[i], eight_puzzle[boards[i]]
        if goal == "blank-last":  # turned by half and renumbered, a board is as far from the other goal
            board = tuple(9 - tile if tile else 0 for tile in reversed(board))
        assert heuristic.value(Tiles(board, goal=goal).initial) <= distance


@pytest.mark.few(1, *INFORMED)
@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL))
@pytest.mark.parametrize("name", HEURISTICS)
def test_h_falls_by_no_more_than_a_move_costs(name, domain_name, text, options):
    domain = make(domain_name, text, options)
    heuristic = heuristic_for(name, domain)
    if not heuristic.consistent:
        pytest.skip("does not claim to be consistent")
    graph = reachable(domain)
    h = {state: heuristic.value(state) for state in graph}

    assert all(h[state] <= cost + h[successor] for state, edges in graph.items() for successor, cost in edges)


@pytest.mark.few(1, *INFORMED)
@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL) + params(LARGE))
@pytest.mark.parametrize("name", HEURISTICS)
def test_f_rises_by_no_more_than_the_heuristic_says(name, domain_name, text, options):
    domain = make(domain_name, text, options)
    heuristic = heuristic_for(name, domain)

    for state, _ in walk(domain, 40, seed=4):
        h = heuristic.value(state)
        assert h <= heuristic.max_h or h == INFINITY
        for _, successor, cost in successors(domain, state):
            after = heuristic.value(successor)
            assert after == INFINITY or cost + after - h <= heuristic.max_rise


@pytest.mark.few(1, *INFORMED)
@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL))
@pytest.mark.parametrize("name", HEURISTICS)
def test_h_is_zero_at_the_goal(name, domain_name, text, options):
    domain = make(domain_name, text, options)
    heuristic = heuristic_for(name, domain)
    goals = [state for state in reachable(domain) if domain.is_goal(state)]

    assert goals
    assert [heuristic.value(goal) for goal in goals] == [0] * len(goals)


@pytest.mark.few(1, *INFORMED)
@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL) + params(LARGE))
@pytest.mark.parametrize("name", HEURISTICS)
def test_the_compiled_estimate_is_the_value_from_scratch_along_a_walk(name, domain_name, text, options):
    domain = make(domain_name, text, options)
    heuristic = heuristic_for(name, domain)
    estimates = np.empty(domain.max_moves, np.int64)

    for state, _ in walk(domain, 50, seed=5):
        moves, n = drivers.expanded(domain, state)
        if heuristic.is_lazy:
            drivers.evaluate_all(heuristic.tables, domain.space, moves, n, estimates)
        else:
            drivers.estimate_all(heuristic.tables, domain.space, heuristic.value(state), moves, n, estimates)
        assert estimates[:n].tolist() == [
            heuristic.value(successor) for _, successor, _ in drivers.rows(domain, moves, n)
        ]


def test_linear_conflict_adds_two_moves_for_tiles_that_must_pass_each_other():
    puzzle = Tiles.parse("0 2 1 3 4 5 6 7 8")

    assert make_heuristic(puzzle, "manhattan").value(puzzle.initial) == 2
    assert make_heuristic(puzzle, "linear-conflict").value(puzzle.initial) == 4


@pytest.mark.parametrize("text", ["korf:1", "random:5x5", "random:2x12"])
def test_linear_conflict_is_at_least_manhattan_distance_and_of_its_parity(text):
    puzzle = Tiles.parse(text)
    manhattan, conflict = (make_heuristic(puzzle, name) for name in ("manhattan", "linear-conflict"))

    for state, _ in walk(puzzle, 100):
        more = conflict.value(state) - manhattan.value(state)
        assert more >= 0
        assert more % 2 == 0


def test_the_domains_own_heuristic_is_the_default():
    assert make_heuristic(Tiles.korf(1), None).name == "manhattan"


def test_a_misspelt_heuristic_gets_a_suggestion():
    with pytest.raises(UnknownNameError, match="no heuristic is called 'manhatan'; did you mean 'manhattan'"):
        make_heuristic(Tiles.korf(1), "manhatan")


def test_a_heuristic_that_does_not_fit_is_refused_with_those_that_do(monkeypatch):
    monkeypatch.setattr(Blind, "fits", classmethod(lambda cls, domain: False))

    with pytest.raises(
        BadInputError, match=r"heuristic 'blind' does not fit domain 'tiles' \(korf:1\); those that do: "
    ):
        make_heuristic(Tiles.korf(1), "blind")
    with pytest.raises(BadInputError, match="heuristic 'blind' does not fit domain 'tiles'"):
        Heuristic.__init__(Blind.__new__(Blind), Tiles.korf(1))
