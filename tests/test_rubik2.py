"""The 2×2×2 cube: scrambles, turns, and the published number of cubes at each distance."""

import numpy as np
import pytest

from pdsearch.domains.rubik2 import Rubik2
from pdsearch.errors import BadInputError
from pdsearch.heuristics import make_heuristic
from pdsearch.search import solve


def test_the_table_has_the_published_number_of_cubes_at_each_distance():
    # half-turn metric: Jaap Scherphuis, and OEIS A080601
    table = make_heuristic(Rubik2.parse("random"), "cube-table").tables.entries

    assert np.bincount(table).tolist() == [
        1, 9, 54, 321, 1847, 9992, 50136, 227536, 870072, 1887748, 623800, 2644
    ]  # fmt: skip


@pytest.mark.parametrize("face", "URF")
def test_four_quarters_of_a_face_are_no_turn_at_all(face):
    assert Rubik2.parse(f"{face} {face} {face} {face}").is_goal(Rubik2.parse(f"{face}2 {face}2").initial)
    assert Rubik2.parse(f"{face} {face}").initial == Rubik2.parse(f"{face}2").initial
    assert Rubik2.parse(f"{face} {face}'").initial == Rubik2.parse(f"{face}2 {face}2").initial


def test_a_well_known_sequence_has_its_order():
    # R U R' U' repeated six times solves the cube, and not before
    orders = [n for n in range(1, 7) if Rubik2.parse("R U R' U' " * n).is_goal(Rubik2.parse("R U R' U' " * n).initial)]

    assert orders == [6]


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(3))
def test_a_star_finds_the_same_length_with_and_without_the_table(seed):
    cube = Rubik2.parse("random:6", seed=seed)

    exact, abstract = solve(cube, "cube-table"), solve(cube, "cube-pdb")

    assert exact.cost == abstract.cost == make_heuristic(cube, "cube-table").value(cube.initial)


@pytest.mark.parametrize("seed", range(20))
def test_the_abstract_distances_never_exceed_the_exact_one(seed):
    cube = Rubik2.parse("random", seed=seed)

    assert make_heuristic(cube, "cube-pdb").value(cube.initial) <= make_heuristic(cube, "cube-table").value(
        cube.initial
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the instance is empty; give random, random:12"),
        ("R L", "turn 'L' is unknown; give random, random:12 .* of the faces U, R and F"),
        ("random:", "number of random turns '' is not supported; give 0 to 1000"),
        ("random:x", "number of random turns 'x' is not supported"),
        ("R3", "turn 'R3' is unknown"),
    ],
)
def test_an_instance_that_makes_no_sense_is_named_in_the_error(text, message):
    with pytest.raises(BadInputError, match=message):
        Rubik2.parse(text)


@pytest.mark.parametrize(
    ("cube", "message"),
    [
        ([(0, 0)] * 7, "corners .* given; a cube has 0 to 6 once each"),
        ([(corner, 1 if corner == 0 else 0) for corner in range(7)], "twists .* their sum is divisible by 3"),
    ],
)
def test_a_cube_that_no_turns_make_is_refused(cube, message):
    with pytest.raises(BadInputError, match=message):
        Rubik2(cube)
