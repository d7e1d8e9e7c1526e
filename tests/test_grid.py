"""Grid pathfinding: maps and scenarios, exact order of lengths, published and brute-force lengths."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from examples import DATA
from naive import astar

from pdsearch.cli import main
from pdsearch.domains.grid import Grid
from pdsearch.domains.grid.lengths import scale_for, words
from pdsearch.domains.grid.maps import read_scenarios
from pdsearch.errors import BadInputError
from pdsearch.search import solve

PUBLISHED = Path(__file__).parents[2] / "shared" / "data" / "grids" / "arena.map.scen"
ROOMS = DATA / "rooms.map.scen"


def steps_found(grid):
    """Return the straight and the diagonal steps of the path a search finds."""
    plan = solve(grid).plan
    assert plan is not None
    return grid.length_of(plan)


def length_found(grid):
    """Return its length."""
    n_straight, n_diagonal = steps_found(grid)
    return n_straight + n_diagonal * math.sqrt(2)


def test_the_160_published_lengths_of_arena_hold():
    if not PUBLISHED.exists():
        pytest.skip(f"{PUBLISHED} is not there")
    scenarios = read_scenarios(PUBLISHED)

    assert len(scenarios) == 160
    for number, scenario in enumerate(scenarios, 1):
        # published with six digits
        assert length_found(Grid.parse(f"{PUBLISHED}:{number}")) == pytest.approx(scenario.length, rel=1e-5)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_scenario_file_gives_map_start_goal_and_length(number):
    scenario = read_scenarios(ROOMS)[number - 1]
    grid = Grid.parse(f"{ROOMS}:{number}")

    assert (grid.start, grid.goal) == (scenario.start, scenario.goal)
    assert length_found(grid) == pytest.approx(scenario.length, rel=1e-8)


@pytest.mark.parametrize("neighbours", [4, 8])
@pytest.mark.parametrize("seed", range(10))
def test_a_star_finds_the_length_of_dijkstra_or_none(neighbours, seed):
    grid = Grid.parse("random:14x11", seed=seed, neighbours=neighbours)

    result = solve(grid)

    assert result.cost == astar(grid)
    assert (result.plan is None) == (result.status.words == "unsolvable")


def test_a_map_too_large_for_a_narrow_node_is_searched():
    grid = Grid(np.ones((80, 60), bool), (0, 0), (59, 79))

    assert grid.is_wide
    assert steps_found(grid) == (20, 59)


def test_integer_costs_order_lengths_exactly():
    straight, diagonal = scale_for(60)
    pairs = list(itertools.product(range(60), repeat=2))

    # a + b√2 < c + d√2 exactly when (a - c) < (d - b)√2, decided by squares of integers
    def less(one, other):
        left, right = one[0] - other[0], other[1] - one[1]
        return (left < 0 or 2 * right**2 > left**2) if right >= 0 else (left < 0 and left**2 > 2 * right**2)

    rng = np.random.default_rng(0)
    for i, j in rng.integers(len(pairs), size=(20_000, 2)).tolist():
        one, other = pairs[i], pairs[j]
        costs = [a * straight + b * diagonal for a, b in (one, other)]
        if one != other and (one[0] - other[0], one[1] - other[1]) != (0, 0):
            assert (costs[0] < costs[1]) == less(one, other)


def test_diagonal_steps_cut_no_corner():
    cells = np.array([[True, False], [True, True]])

    assert steps_found(Grid(cells, (0, 0), (1, 1))) == (2, 0)


def test_a_length_is_shown_as_straight_and_diagonal_steps(capsys):
    assert main(["solve", "grid", f"{ROOMS}:1"]) == 0

    assert f"length {words(6, 0)}\n0,0 " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"instance '' is not understood; give FILE.map.scen:N"),
        ("rooms.map", "instance 'rooms.map' is not understood"),
        ("no/such.map.scen:1", r"cannot read 'no/such.map.scen' \(No such file"),
        ("no/such.map:1,1-2,2", r"cannot read 'no/such.map' "),
        (f"{ROOMS}:0", "scenario '0' is unknown; rooms.map.scen has 1 to 3"),
        (f"{ROOMS}:4", "scenario '4' is unknown; rooms.map.scen has 1 to 3"),
        (f"{DATA}/rooms.map:4,0-1,0", "start 4,0 is not a passable cell"),
        (f"{DATA}/rooms.map:0,0-10,0", "goal 10,0 is outside the map of 10x8 cells"),
        (f"{DATA}/rooms.map.scen:0,0-1,0", "is no map; it needs the lines type, height, width and map"),
        (f"{DATA}/rooms.map.scen.scen:1", "cannot read"),
        ("random:1x1", "map 1x1 is not supported"),
    ],
)
def test_an_instance_that_makes_no_sense_is_named_in_the_error(text, message):
    with pytest.raises(BadInputError, match=message) as caught:
        Grid.parse(text)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.map", "type octile\nheight x\nwidth 2\nmap\n..\n", "its second and third line must say height and width"),
        ("a.map", "type octile\nheight 2\nwidth 2\nmap\n..\n", "does not have the 2 rows of 2 cells that it claims"),
        ("a.map", "type octile\nheight 1\nwidth 3\nmap\n..\n", "does not have the 1 rows of 3 cells"),
    ],
)
def test_a_broken_map_is_refused(name, content, message, tmp_path):
    (tmp_path / name).write_text(content)

    with pytest.raises(BadInputError, match=message):
        Grid.parse(f"{tmp_path / name}:0,0-1,0")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0 a.map 2 2 0 0 1 1 1\n", "its first line must say version 1"),
        ("version 1\n0 a.map 2 2 0 0 1\n", "line 2 of .* is no scenario: '0 a.map 2 2 0 0 1'"),
        ("version 1\n0 a.map 2 2 0 0 1 1 1.4\n", "the map 'a.map' of .* is not beside it"),
    ],
)
def test_a_broken_scenario_file_is_refused(content, message, tmp_path):
    (tmp_path / "b.map.scen").write_text(content)

    with pytest.raises(BadInputError, match=message):
        Grid.parse(f"{tmp_path / 'b.map.scen'}:1")


def test_only_four_or_eight_neighbours_are_known():
    with pytest.raises(BadInputError, match="6 neighbours given; a cell has 4 or 8"):
        Grid.parse("random:5x5", neighbours=6)
