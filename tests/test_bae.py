"""BAE* on one rank: costs of A*, expansions of the plainest BAE*, and one line for what it cannot search."""

import itertools
import json

import naive
import pytest
from examples import LARGE, SMALL, make, params

from pdsearch import Status, solve
from pdsearch.domains import DOMAINS
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.manhattan import Manhattan
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.limits import Limits
from pdsearch.search.setup import make_task

FITTING = ("grid", "pancake", "tiles", "topspin")
SERVING = [name for name, cls in HEURISTICS.items() if cls.consistent and cls.towards is not Heuristic.towards]


def both_ways(domain, name):
    """Return h towards the goal and towards the initial state, and the step of f."""
    heuristic = HEURISTICS[name](domain)
    towards = heuristic.towards(domain.backwards())
    return (heuristic.value, towards.value), heuristic.f_step


def check(domain, name):
    """Compare with the plainest versions; the necessary expansions of one node at a time are equal.

    Where b takes many values, on maps, one more may be made: for a bound that an entry is counted in that has
    become too expensive since.
    """
    hs, step = both_ways(domain, name)
    cost, necessary = naive.bae(domain, hs, step)
    result = solve(domain, name, algorithm="bae", batch=1)

    assert result.cost == result.lower_bound == cost == naive.astar(domain, hs[0])
    if result.expanded_before_last_layer is not None:  # costs are too fine for the counts of a heap
        assert necessary <= result.expanded_before_last_layer <= necessary + (domain.name == "grid")
    assert solve(domain, name, algorithm="bae").cost == cost


@pytest.mark.few(0, "manhattan-tiles")
@pytest.mark.parametrize(("domain_name", "text", "options"), params({name: SMALL[name] for name in FITTING}))
@pytest.mark.parametrize("name", SERVING)
def test_costs_and_necessary_expansions_are_those_of_the_plainest_search(name, domain_name, text, options):
    domain = make(domain_name, text, options)
    if not HEURISTICS[name].fits(domain):
        pytest.skip(f"{name} does not serve {domain_name}")

    check(domain, name)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("domain_name", "text", "options", "name"),
    [
        ("tiles", "3x3", {}, "manhattan"),
        ("tiles", "2x4", {"goal": "blank-last"}, "linear-conflict"),
        ("tiles", "3x3", {"goal": "blank-last"}, "walking-distance"),
        ("grid", "20x20", {}, "octile"),
        ("grid", "12x15", {"neighbours": 4}, "octile"),
        ("pancake", "7", {}, "gap"),
        ("topspin", "7", {}, "token-pdb"),
    ],
)
def test_random_instances_take_the_expansions_of_the_plainest_search(domain_name, text, options, name):
    for seed in range(8):
        check(DOMAINS[domain_name].parse(f"random:{text}", seed=seed, **options), name)


@pytest.mark.parametrize(("number", "necessary"), [(12, 23_988), (79, 45_673), (42, 38_821)])
def test_necessary_expansions_on_instances_of_korf(number, necessary):
    """Counted before by another program, written from the rules alone."""
    result = solve(Tiles.korf(number), algorithm="bae", batch=1)

    assert result.expanded_before_last_layer == necessary


def test_every_tenth_thousand_board_of_the_eight_puzzle_takes_its_distance(eight_puzzle):
    for board, distance in itertools.islice(eight_puzzle.items(), 0, None, 4000):
        assert solve(Tiles(board), algorithm="bae").cost == distance


@pytest.mark.heavy
def test_every_board_of_the_eight_puzzle_takes_its_distance(eight_puzzle):
    for board, distance in eight_puzzle.items():
        assert solve(Tiles(board), algorithm="bae").cost == distance


@pytest.mark.wide
@pytest.mark.parametrize(
    ("domain_name", "text", "options", "name"),
    [
        ("tiles", "4x5: 1 5 2 3 0 4 7 8 9 10 6 11 12 13 14 15 16 17 18 19", {}, "manhattan"),  # two words
        ("pancake", "random:20", {"seed": 3}, "gap"),  # two words
        ("grid", "random:200x300", {"seed": 2}, "octile"),  # wide nodes, a heap
    ],
)
def test_large_instances_cost_what_astar_says(domain_name, text, options, name):
    domain = make(domain_name, text, options)

    result = solve(domain, name, algorithm="bae")

    assert result.cost == solve(domain, name, algorithm="astar").cost
    assert (result.cost is None) == (result.status is Status.UNSOLVABLE)


def test_the_open_list_makes_no_difference_to_cost():
    domain = Tiles.korf(12)

    assert solve(domain, algorithm="bae", open_list="heap").cost == 45


def test_a_goal_that_is_the_initial_state_costs_nothing():
    assert solve(Tiles(range(9)), algorithm="bae").plan == []


@pytest.mark.parametrize("board", ["2x3: 0 2 1 3 4 5", "1 0 2 3 4 5 6 8 7"])
def test_what_has_no_plan_is_searched_to_its_end(board):
    result = solve(Tiles.parse(board), algorithm="bae", check_solvable=False)

    assert result.status is Status.UNSOLVABLE


@pytest.mark.parametrize("limit", [{"memory": 3 * 2**20}, {"time_limit": 1e-9}])
def test_what_a_limit_ends_has_a_lower_bound(limit):
    domain = Tiles.korf(79)
    result = solve(domain, algorithm="bae", **limit)

    assert result.status in (Status.MEMORY_LIMIT, Status.TIME_LIMIT)
    assert Manhattan(domain).value(domain.initial) <= result.lower_bound <= 42


def test_bounds_rise_with_the_expansions_and_stay_below_the_cost():
    bounds = []
    for nodes in (1, 100, 3000, 20_000):
        result = solve(Tiles.korf(12), algorithm="bae", limits=Limits(nodes=nodes))
        assert result.expanded <= nodes
        bounds.append(result.lower_bound)
    assert bounds == sorted(bounds)
    assert bounds[-1] <= 45


@pytest.mark.parametrize("domain_name", ["msa", "planning", "rubik2"])
def test_a_domain_without_a_way_back_is_refused(domain_name):
    domain = make(domain_name, *LARGE[domain_name][0])

    with pytest.raises(BadInputError, match=f"'bae' searches from the goal, too, and domain '{domain_name}'"):
        solve(domain, "blind", algorithm="bae")


class _Inconsistent(Manhattan):
    name = "halved"
    consistent = False


class _OneGoal(Manhattan):
    name = "one-goal"

    def towards(self, instance):
        return None


class _Lies(Manhattan):
    """Consistent, it says, and is not: the distances are doubled."""

    name = "lies"
    max_rise = 4

    def __init__(self, domain):
        super().__init__(domain)
        self.tables = self.tables._replace(distance=2 * self.tables.distance)
        self.max_h *= 2

    def towards(self, instance):
        return Manhattan(instance)


@pytest.mark.parametrize(
    ("cls", "words"),
    [(_Inconsistent, "'halved' is not consistent"), (_OneGoal, "'one-goal' knows the way to the goal")],
)
def test_a_heuristic_that_does_not_serve_is_refused_by_name(cls, words):
    domain = Tiles.korf(79)

    with pytest.raises(BadInputError, match=words) as error:
        solve(domain, cls(domain), algorithm="bae")
    assert str(error.value).endswith("that serve: blind, linear-conflict, manhattan, walking-distance")


def test_a_heuristic_that_is_found_out_to_be_inconsistent_gives_no_answer():
    domain = Tiles.korf(79)

    with pytest.raises(BadInputError, match="'lies' is not consistent"):
        solve(domain, _Lies(domain), algorithm="bae")


def test_half_of_the_memory_holds_more_than_half_of_the_search():
    result = solve(Tiles.korf(19), algorithm="bae")
    alone = solve(Tiles.korf(19), algorithm="astar")

    assert result.cost == alone.cost == 46
    assert sum(rank.stored for rank in result.ranks) < sum(rank.stored for rank in alone.ranks) / 3


def test_equal_calls_count_alike():
    one, other = (json.dumps(solve(Tiles.korf(12), algorithm="bae").to_dict()["ranks"]) for _ in range(2))

    assert one == other


def test_the_way_back_is_that_of_the_domain():
    domain = Tiles.korf(1)
    task = make_task(domain.backwards())

    assert domain.backwards().backwards().initial == domain.initial
    assert task.heuristic.value(domain.initial) == 0
